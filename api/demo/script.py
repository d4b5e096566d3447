"""The script of the demonstration: every step of one inspection round, as the people of a bureau would send it.

Every command has a fixed id, and everything random is made once and kept in the run's folder, so that a run which was
killed goes on where it stood and does nothing twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from api.demo.client import Client
from api.demo.invented import invented_result
from api.demo.materials import Item, Materials
from api.demo.papers import CHANNEL, Papers
from verify import canonical, seed
from verify.beacon import dice_key_string

Progress = Callable[[str, int, int], None]


class Script(Papers):
    """One run of the round; afterwards `draws`, `drawn`, `assigned` and `published` say what was done."""

    def __init__(self, client: Client, materials: Materials, folder: Path, progress: Progress) -> None:
        super().__init__(client, materials, folder)
        self._progress = progress
        self.draws: dict[str, str] = {}
        self.drawn = self.assigned = self.published = 0

    def run(self) -> None:
        """Do the whole round."""
        self._organise()
        plans = self._plan()
        self._inspector_registry()
        total = len(self._materials.drawable)
        for number, item in enumerate(self._materials.drawable, start=1):
            self._progress(f"{item.code} {item.line['name']}", number, total)
            self._round(item, plans[self._office(item.line)])
        self._do("admin", "release-verifier", "/verifier", {})

    def _round(self, item: Item, plan: str) -> None:
        account, code = self._office(item.line), item.code
        objects = self._registry(
            account, f"objects-{code}", "objects", f"{item.line['name']}名录库", code, item.objects
        )
        pairing = {"inspectors": "registry/inspectors"}
        self._do(account, f"pair-{code}", f"/registries/objects-{code}/pairing", pairing)
        opening = {"plan": plan, "item": code, "objects": objects, "inspectors": "registry/inspectors"}
        draw = self._do(account, f"open-{code}", "/draws", opening)["stream"]
        self.draws[code] = draw
        self._ceremony(account, code, draw)
        self._inspect(code, draw)

    def _ceremony(self, account: str, code: str, draw: str) -> None:
        path = f"/draws/{draw.partition('/')[2]}"
        self._watch(code, path, "freeze")
        if f"demo-freeze-{code}" not in self._client.receipts:
            needed = self._client.get(account, f"{path}/freeze-preview")["waivers_needed"]
            terms = self._memory.once(f"terms-{code}", lambda: self._terms(account, needed))
            self._do(account, f"freeze-{code}", f"{path}/freeze", terms)
        # A party computes C0 itself, from the freeze it can read, before it binds itself to it.
        steps = self._client.get(account, path)["steps"]
        freeze = next(step["data"]["freeze"] for step in steps if step["kind"] == "draw.frozen")
        c0 = seed.freeze_hash(canonical.encode(freeze))
        parties = {"discipline": "discipline", "organiser": account}
        self._watch(code, path, "commit")
        for party, hand in parties.items():
            body = {"party": party, "commitment": seed.commitment(c0, party, self._secret(code, party)).hex()}
            self._do(hand, f"commit-{code}-{party}", f"{path}/commitments", body)
        self._do(account, f"close-commitments-{code}", f"{path}/commitments-closing", {})
        self._watch(code, path, "reveal")
        for party, hand in parties.items():
            body = {"party": party, "secret": self._secret(code, party).hex()}
            self._do(hand, f"reveal-{code}-{party}", f"{path}/reveals", body)
        self._do(account, f"close-reveals-{code}", f"{path}/reveals-closing", {})
        self._watch(code, path, "beacon")
        if f"demo-beacon-{code}" not in self._client.receipts:
            self._wait_until(self._memory.once(f"terms-{code}", dict)["t_reveal"] + 600)
            rolls = self._memory.once(f"dice-{code}", lambda: [secrets.randbelow(10) for _ in range(40)])
            outcome = {"position": 0, "key_string": dice_key_string(rolls, 10)}
            self._do(account, f"beacon-{code}", f"{path}/beacons", outcome)
        self._do(account, f"seed-{code}", f"{path}/seed", {})
        self._watch(code, path, "result")
        self._do(account, f"objects-{code}", f"{path}/objects", {})
        self._do(account, f"assign-{code}", f"{path}/assignment", {})
        statement = {"statement": "全程在场监督，未发现异常（演示）"}
        self._do("discipline", f"sign-off-{code}", f"{path}/sign-off", statement)

    def _watch(self, code: str, path: str, phase: str) -> None:
        self._do("discipline", f"check-in-{code}-{phase}", f"{path}/check-ins", {"phase": phase})

    def _terms(self, account: str, needed: list[str]) -> dict[str, Any]:
        now = int(datetime.fromisoformat(self._now()).timestamp())
        return {
            "parties": [
                {"id": "discipline", "role": "discipline", "account": "discipline", "key": None},
                {"id": "organiser", "role": "organiser", "account": account, "key": None},
            ],
            "t_commit": now + 600,
            "t_reveal": now + 1200,
            "delta": 600,
            "beacons": [{"kind": "dice", "sides": 10, "rolls": 40, "simulated": True}],
            "waivers": dict.fromkeys(needed, "该类对象不足五户，任何抽取数均不能落在5%至20%之间，备案豁免"),
            "cap": None,
            "fallback": [],
        }

    def _inspect(self, code: str, draw: str) -> None:
        name = draw.partition("/")[2]
        rows = self._drawn(name)
        drawn = [row["object"] for row in rows if row["inspectors"]]
        self.drawn += len(rows)
        self.assigned += len(drawn)
        visit = self._next_working_day(code)
        for object_id in drawn:
            notice = {"draw": draw, "object": object_id, "visit_on": visit}
            self._do("supervision", f"notify-{name}-{object_id}", "/inspections", notice)
        self._wait_until(int(datetime.fromisoformat(f"{visit}T09:00:00+08:00").timestamp()))
        for object_id in drawn:
            path = f"/inspections/{name}/{object_id}"
            completion = {"completed_on": visit, "methods": ["onsite"]}
            self._do("enforcement", f"complete-{name}-{object_id}", f"{path}/completion", completion)
            self._do("enforcement", f"result-{name}-{object_id}", f"{path}/result", invented_result(object_id))
        late = drawn[-1] if code == self._materials.drawable[-1].code else None
        for object_id in drawn:
            if object_id == late:  # one result of the demonstration is published late, so that a late one can be seen
                self._wait_until(int(datetime.fromisoformat(f"{visit}T09:00:00+08:00").timestamp()) + 14 * 86400)
            body = {"channel": CHANNEL, "reference": f"演示公示 {name}"}
            path = f"/inspections/{name}/{object_id}/publication"
            self._do("supervision", f"publish-{name}-{object_id}", path, body)
        self.published += len(drawn)

    def _drawn(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            answer = self._client.get("discipline", f"/draws/{name}", after=after, limit=1000)
            found.extend(answer["drawn"])
            after = answer["next"]
        return found
