"""Draws and inspections: every rule has a cheat, and every refusal names the rule and leaves the log as it was."""

import pytest

from domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from tests.domain.cheating import (
    CODE,
    Cheat,
    Cheats,
    committed,
    completed,
    first_drawn,
    frozen,
    must_be_refused,
    notified,
    opened,
    party,
    plan,
    ready,
    result,
    revealed,
    today,
    told_draw,
)
from tests.story import Story, inspectors

CHEATS: Cheats = {
    "a draw under a plan that is not published": (
        lambda t: t.do("market", "open_draw", plan=plan(t), item=CODE, objects="registry/a", inspectors="registry/b"),
        Conflict,
        "is not published",
    ),
    "a draw for an item outside the plan": (
        lambda t: (
            lambda r: t.do("market", "open_draw", plan=r[0], item="CCSW-009", objects=r[1][0], inspectors=r[1][1])
        )(ready(t)),
        Conflict,
        "CCSW-009 is not in",
    ),
    "a freeze without the discipline office": (
        lambda t: t.do(
            "market",
            "freeze",
            draw=opened(t),
            parties=party(),
            t_commit=t.ledger._seconds() + 60,
            t_reveal=t.ledger._seconds() + 120,
            delta=600,
            beacons=[{"kind": "dice", "sides": 10, "rolls": 40, "simulated": True}],
            waivers=dict.fromkeys(("C", "D"), "不足五户"),
            cap=None,
            fallback=[],
        ),
        Conflict,
        "has not checked in for the phase freeze",
    ),
    "the witness checks in out of order": (
        lambda t: t.do("discipline", "check_in", draw=opened(t), phase="commit"),
        Conflict,
        "next expects the check-in for freeze",
    ),
    "too few dice": (
        lambda t: frozen(t, beacons=[{"kind": "dice", "sides": 10, "rolls": 20, "simulated": True}]),
        Invalid,
        "too few",
    ),
    "one lottery alone": (
        lambda t: frozen(t, beacons=[{"kind": "lottery", "name": "3D", "issue": "1", "ordered": [True]}]),
        Invalid,
        "one lottery alone",
    ),
    "a cap that could leave objects without a team": (
        lambda t: frozen(t, cap=1, fallback=[{"cap": 2}]),
        Invalid,
        "the last rung must be without a cap",
    ),
    "a second plan for an item that was drawn": (
        lambda t: (lambda d, p, r: t.do("market", "open_draw", plan=p, item=CODE, objects=r[0], inspectors=r[1]))(
            told_draw(t), t.plan({CODE: "general"}), (f"registry/objects-{CODE}", "registry/inspectors")
        ),
        Conflict,
        "no second draw",
    ),
    "a special roster": (
        lambda t: (
            t.do("market", "create_registry", registry="all", type="inspectors", title="全体", item=None),
            t.do(
                "market",
                "import_rows",
                registry="registry/all",
                rows=[{**row, "id": f"X-{row['id']}"} for row in inspectors(3, [CODE])],
                mode="merge",
                source=b"all",
            ),
            frozen(t),
        ),
        Conflict,
        "there is no special roster",
    ),
    "reveals are closed when the beacon could be known": (
        lambda t: (lambda d: (t.ledger.advance_clock(3000), t.do("market", "close_reveals", draw=d)))(revealed(t)),
        Conflict,
        "before the time of the beacon",
    ),
    "no beacon": (lambda t: frozen(t, beacons=[]), Invalid, "at least one beacon"),
    "a drand network nobody knows": (
        lambda t: frozen(t, beacons=[{"kind": "drand", "chain_hash": "00" * 32}]),
        Invalid,
        "drand",
    ),
    "one party only": (lambda t: frozen(t, parties=party()[:1]), Invalid, "at least two parties"),
    "one account in two parties": (
        lambda t: frozen(t, parties=party(account="discipline")),
        Invalid,
        "at least two parties",
    ),
    "a party with a role it does not have": (
        lambda t: frozen(t, parties=party(account="clerk")),
        Invalid,
        "does not have the role organiser",
    ),
    "a delay below ten minutes": (lambda t: frozen(t, delta=599), Invalid, "at least 600"),
    "deadlines in the wrong order": (lambda t: frozen(t, t_commit=2), Invalid, "t_commit < t_reveal"),
    "no waiver for a stratum of three": (lambda t: frozen(t, waivers={}), Invalid, "waivers are needed"),
    "a waiver where none is needed": (
        lambda t: frozen(t, waivers={"A": "想要", "D": "不足五户"}),
        Invalid,
        "waivers are needed for exactly",
    ),
    "a second commitment of one party": (
        lambda t: t.do("discipline", "commit", draw=committed(t), party="discipline", commitment="cd" * 32),
        Conflict,
        "already committed",
    ),
    "a commitment for somebody else": (
        lambda t: t.do("discipline", "commit", draw=committed(t), party="organiser", commitment="cd" * 32),
        Forbidden,
        "not for the account discipline",
    ),
    "commitments closed while a party still has time": (
        lambda t: t.do("market", "close_commitments", draw=committed(t)),
        Conflict,
        "parties are missing",
    ),
    "a reveal before the commitments are closed": (
        lambda t: t.do("discipline", "reveal", draw=committed(t), party="discipline", secret="ab" * 32),
        Conflict,
        "needs committed",
    ),
    "a draw before the seed": (
        lambda t: t.do("market", "draw_objects", draw=committed(t)),
        Conflict,
        "needs seeded",
    ),
    "a notice to an object that was not drawn": (
        lambda t: t.do("clerk", "notify", draw=told_draw(t), object_id="NOBODY", visit_on="2026-03-03"),
        NotFound,
        "was not drawn",
    ),
    "a notice in the past": (
        lambda t: (lambda d: t.do("clerk", "notify", draw=d, object_id=first_drawn(t, d), visit_on="2026-03-01"))(
            told_draw(t)
        ),
        Invalid,
        "lies in the past",
    ),
    "a visit after the plan's period": (
        lambda t: (lambda d: t.do("clerk", "notify", draw=d, object_id=first_drawn(t, d), visit_on="2026-12-24"))(
            told_draw(t)
        ),
        Conflict,
        "outside the period",
    ),
    "an inspection completed tomorrow": (
        lambda t: t.do("inspector", "complete", inspection=notified(t), completed_on="2026-12-01", methods=["onsite"]),
        Invalid,
        "must lie between",
    ),
    "an inspection without a method": (
        lambda t: t.do("inspector", "complete", inspection=notified(t), completed_on=today(t), methods=[]),
        Invalid,
        "methods",
    ),
    "a result that is no category": (
        lambda t: result(t, categories=["FINE"], not_checkable=None),
        Invalid,
        "a result has categories",
    ),
    "no problem and a problem at once": (
        lambda t: result(t, categories=["NO_PROBLEM", "CORRECTED"], not_checkable=None),
        Invalid,
        "a result has categories",
    ),
    "a method nobody knows": (
        lambda t: t.do("inspector", "complete", inspection=notified(t), completed_on=today(t), methods=["weird"]),
        Invalid,
        "the methods are some of",
    ),
    "a visitor who is suspended by then": (
        lambda t: (
            lambda i: (
                t.do(
                    "market",
                    "import_rows",
                    registry="registry/inspectors",
                    rows=[{**row, "status": "suspended"} for row in inspectors(20, [CODE])],
                    mode="merge",
                    source=b"suspended",
                ),
                t.do("inspector", "complete", inspection=i, completed_on=today(t), methods=["onsite"]),
            )
        )(notified(t)),
        Conflict,
        "could not act as an inspector",
    ),
    "a result and a not-checkable state at once": (
        lambda t: result(t, categories=["NO_PROBLEM"], not_checkable="DEREGISTERED"),
        Invalid,
        "a result has categories",
    ),
    "no result at all": (lambda t: result(t, categories=[], not_checkable=None), Invalid, "a result has categories"),
    "publication before the result": (
        lambda t: t.do("clerk", "publish_result", inspection=completed(t), channel="网站", reference="1"),
        Conflict,
        "needs recorded",
    ),
}


@pytest.mark.parametrize(("cheat", "refusal", "words"), CHEATS.values(), ids=CHEATS.keys())
def test_the_cheat_is_refused_with_its_rule(told: Story, cheat: Cheat, refusal: type[Refusal], words: str) -> None:
    must_be_refused(told, cheat, refusal, words)
