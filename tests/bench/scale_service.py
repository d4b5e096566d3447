"""The service of a scale run: one process with the ledger and its HTTP service, that says how long each step took.

python -m tests.bench.scale_service FOLDER '{"rows":N,"store":{…},"notices":N|null}'
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from api.app import create_app
from api.reading import page
from api.serving import Service
from api.settings import Settings
from domain.ledger import Ledger
from projections import draws, follow, registries
from tests.api.made_up import code
from tests.bench.scale_memory import forget_peak, own_peak
from tests.story import Story, drawn_objects, inspectors, new_ledger

T = TypeVar("T")
ITEM = "CCSW-003"
TOGETHER = 500
"""So many notices are one request."""
HEADER = ("uscc", "name", "established", "entity_kind", "district_code", "commerce_tag", "credit_risk_class")


def main(folder: Path, wanted: dict[str, Any]) -> None:
    count = wanted["rows"]
    table = folder / "objects.csv"
    write_objects(table, count)
    with new_ledger(folder / "log", store=wanted["store"]) as ledger:
        story = Story(ledger)
        story.organise()
        plan = story.plan({ITEM: "general"})
        people = inspectors(max(40, count // 2000), [ITEM])
        for number, person in enumerate(people):
            person["conflicts"] = [code(number)] if number % 4 == 0 else []
        with Service(create_app(ledger, Settings(keep=False)), "127.0.0.1", 0) as service:
            run(story, service, plan, table, people, wanted["notices"])


def run(
    story: Story, service: Service, plan: str, table: Path, people: list[dict[str, Any]], notices: int | None
) -> None:
    """Go through the round, step by step."""
    ledger = story.ledger
    name = f"objects-{ITEM}"
    story.do("market", "create_registry", registry=name, type="objects", title="名录库", item=ITEM)
    story._fill("registry/inspectors", "inspectors", None, people)
    token = ledger.private.issue_token("market")
    with step("import"):
        upload(service, f"/api/v1/registries/{name}/imports", token, table)
    with step("views after the import"):
        follow.wait_for(ledger.store, ledger.size, 3600)
    with step("dry run of the same file"):
        upload(service, f"/api/v1/registries/{name}/imports?dry_run=true", token, table)
    story.do("coordination", "file_registry", registry=f"registry/{name}", reference="备案1号")
    story.do("market", "pair_registries", registry=f"registry/{name}", inspectors="registry/inspectors")
    timed = {"freeze": "freeze", "draw_objects": "draw", "assign_inspectors": "teams"}
    for name_of_step, shown in timed.items():
        setattr(ledger, name_of_step, stepped(shown, getattr(ledger, name_of_step)))
    ledger.preview_freeze = stepped("preview of the freeze", ledger.preview_freeze)  # type: ignore[method-assign]
    draw = story.freeze(plan, ITEM, (f"registry/{name}", "registry/inspectors"))
    story.ceremony(draw)
    drawn = drawn_objects(ledger, draw)
    with step("notices"):
        notify(ledger, draw, drawn[:notices])
    with step("views after the notices"):
        follow.wait_for(ledger.store, ledger.size, 3600)
    with step("last pages"):
        page(ledger, lambda c: registries.rows(c, f"registry/{name}", code(len(drawn)), 1000), 1000)
        page(ledger, lambda c: draws.drawn(c, draw, drawn[len(drawn) // 2], 1000), 1000, "object")
    ledger.publish_checkpoint()
    with step("export.tar"):
        download(service, "/export.tar")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say how long a step took, and the peak of this process in it."""
    forget_peak()
    started = time.perf_counter()
    yield
    print(json.dumps({"step": name, "seconds": time.perf_counter() - started, "mb": own_peak()}), flush=True)


def stepped(name: str, act: Callable[..., T]) -> Callable[..., T]:
    """Return a command that is measured as a step."""

    def measured(*given: Any, **named: Any) -> T:
        with step(name):
            return act(*given, **named)

    return measured


def write_objects(table: Path, count: int) -> None:
    """Write fictional businesses: nearly all of class A, some of every other class, some without one or closed."""
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*HEADER, "registration_status"))
        for number in range(count):
            risk = "BCD"[number // 100 % 3] if number % 100 == 0 else ("" if number % 100 == 50 else "A")
            status = "closed" if number % 50 == 7 else "active"
            writer.writerow(
                (code(number), f"示例商行{number:07d}", "2019-07-25", "enterprise", "220102", "零售", risk, status)
            )


def upload(service: Service, path: str, token: str, table: Path) -> None:
    client("upload", service, path, token, str(table))


def download(service: Service, path: str) -> None:
    client("download", service, path)


def client(act: str, service: Service, path: str, *arguments: str) -> None:
    """Let another process ask, so that its work is not counted here."""
    command = [sys.executable, "-m", "tests.bench.scale_client", act, service.host, str(service.port), path, *arguments]
    subprocess.run(command, check=True)


def notify(ledger: Ledger, draw: str, drawn: list[str]) -> None:
    clerk, today = ledger.actor("clerk"), ledger.clock.now()[:10]
    for start in range(0, len(drawn), TOGETHER):
        some = drawn[start : start + TOGETHER]
        ledger.carry_out(
            [ledger.notify.intent(clerk, f"n-{each}", draw=draw, object_id=each, visit_on=today) for each in some]
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
