"""One page per draw: every step with its place in the log, every hash, the quotas, and who was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.context import TheLedger
from api.pages import words
from api.pages.rendering import instant, render
from api.reading import existing, named, up_to_date
from api.routes.reviews import Name
from projections import draws
from projections.tables import Record

router = APIRouter()
SHOWN = 1000
"""Drawn objects on one page."""

Fact = tuple[str, str, str]
"""What is stated: Chinese, English, value."""


@router.api_route("/draws/{name}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def draw(
    request: Request, name: Name, ledger: TheLedger, after: Annotated[str, Query(max_length=128)] = ""
) -> HTMLResponse:
    """Show one draw, its drawn list from behind the object `after`."""
    stream = f"draw/{name}"
    with up_to_date(ledger) as snapshot:
        found = named(existing(draws.draw(snapshot.connection, stream)))
        steps = draws.steps(snapshot.connection, stream)
        drawn = draws.drawn(snapshot.connection, stream, after, SHOWN)
    first = {step["kind"]: step["data"] for step in reversed(steps)}
    values = {
        "draw": found,
        "steps": [{**step, "facts": facts_of(step["kind"], step["data"], first)} for step in steps],
        "frozen": first.get("draw.frozen"),
        "strata": strata_of(first),
        "drawn": drawn,
        "next": drawn[-1]["object"] if len(drawn) == SHOWN else None,
        "check_ins": [step for step in steps if step["kind"] == "draw.witness-checked-in"],
    }
    return render(request, ledger, "draw.html", snapshot.index, **values)


def strata_of(first: Mapping[str, Record]) -> list[dict[str, Any]]:
    """Return one row per risk class: the share of the freeze, and once drawn how many of how many, and the threshold."""
    if "draw.frozen" not in first:
        return []
    freeze = first["draw.frozen"]["freeze"]
    drawn = first.get("draw.objects-drawn", {}).get("strata", {})
    empty = {"n": None, "k": None, "threshold": None}
    names = sorted(freeze["quota_bp"].keys() | drawn.keys())
    return [
        {
            "name": name,
            "quota_bp": freeze["quota_bp"].get(name),
            "waiver": freeze["waivers"].get(name),
            **drawn.get(name, empty),
        }
        for name in names
    ]


def facts_of(kind: str, data: Record, first: Mapping[str, Record]) -> list[Fact]:
    """Return what one step states, each value as it stands in the log."""
    match kind:
        case "draw.opened":
            return [("计划", "plan", data["plan"]), ("事项", "item", data["item"])]
        case "draw.witness-checked-in":
            return [("环节", "phase", " / ".join(words.pair(words.WATCHED, data["phase"])))]
        case "draw.frozen":
            return _frozen(data)
        case "draw.contribution-committed":
            covered = f"{data['covered']['size']}"
            return [_party(data), ("承诺", "commitment", data["commitment"]), ("所依据的检查点", "checkpoint", covered)]
        case "draw.contribution-revealed":
            return [_party(data), ("揭示值", "secret", data["secret"])]
        case "draw.contribution-withheld":
            return [_party(data)]
        case "draw.commitments-closed":
            return [("承诺集 C1", "commit set C1", data["c1"])]
        case "draw.reveals-closed":
            return [("揭示集 C2", "reveal set C2", data["c2"])]
        case "draw.beacon-recorded":
            return _beacon(data, first)
        case "draw.seed-derived":
            return [("种子", "seed", data["seed"])]
        case "draw.objects-drawn":
            return [("抽中户数", "drawn", str(data["count"])), ("名单根哈希", "root of the list", data["root"])]
        case "draw.inspectors-assigned":
            return [
                ("未能选派", "unassigned", str(data["unassigned"])),
                ("名单根哈希", "root of the list", data["root"]),
            ]
        case "draw.witness-signed-off":
            return [("意见", "statement", data["statement"])]
    return []


def _party(data: Record) -> Fact:
    return ("参与方", "party", data["party"])


def _frozen(data: Record) -> list[Fact]:
    freeze = data["freeze"]
    parties = "、".join(f"{party['id']}（{words.role(party['role'])}）" for party in freeze["parties"])
    return [
        ("冻结哈希 C0", "freeze hash C0", data["c0"]),
        ("名录基准日", "as of", freeze["as_of"]),
        ("参与方", "parties", parties),
        ("承诺截止", "commit until", instant(freeze["t_commit"])),
        ("揭示截止", "reveal until", instant(freeze["t_reveal"])),
        ("信标不早于", "beacon not before", instant(freeze["t_reveal"] + freeze["delta"])),
        ("信标", "beacons", "；".join(_beacon_name(beacon) for beacon in freeze["beacons"])),
        ("校验程序", "verifier", freeze["verifier"]),
    ]


def _beacon_name(beacon: Record) -> str:
    name = words.pair(words.BEACONS, beacon["kind"])[0]
    details = {
        "dice": lambda: f"{beacon.get('sides')} 面 × {beacon.get('rolls')} 次",
        "lottery": lambda: f"{beacon.get('name')} 第 {beacon.get('issue')} 期",
        "drand": lambda: f"第 {beacon.get('round')} 轮",
    }[beacon["kind"]]()
    return f"{name} {details}" + ("（模拟 simulated）" if beacon.get("simulated") else "")


def _beacon(data: Record, first: Mapping[str, Record]) -> list[Fact]:
    named_in_freeze = first["draw.frozen"]["freeze"]["beacons"][data["position"]]
    value = data.get("key_string") or data.get("signature") or "—"
    return [
        ("信标", "beacon", _beacon_name(named_in_freeze)),
        ("取值", "value", value),
        ("信标哈希 B", "hash B", data["b"]),
    ]
