"""Lists, plans and registries: every rule has a cheat, and every refusal names the rule and leaves the log as it was."""

import pytest

from domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from tests.domain.cheating import CODE, Cheat, Cheats, listed, must_be_refused, plan, ready
from tests.story import CALENDAR_2026, Story, item, objects

CHEATS: Cheats = {
    "a unit is registered twice": (
        lambda t: t.do("admin", "register_unit", unit="220102", name="又一个", kind="county", parent="220100"),
        Conflict,
        "exists already",
    ),
    "an account in a unit nobody registered": (
        lambda t: t.do("admin", "open_account", account="x", role="clerk", unit="999"),
        NotFound,
        "no unit/999",
    ),
    "an account named like the log itself": (
        lambda t: t.do("admin", "open_account", account="system", role="clerk", unit="220102"),
        Invalid,
        "the log's own",
    ),
    "a reviewer in the office that drafts": (
        lambda t: t.do("admin", "open_account", account="x", role="legal", unit="220100.market"),
        Invalid,
        "cannot be in 220100.market",
    ),
    "a witness in the office that draws": (
        lambda t: t.do("admin", "open_account", account="x", role="discipline", unit="220100.market"),
        Invalid,
        "cannot be in 220100.market",
    ),
    "a phone number as the tag of a business": (
        lambda t: (
            t.do("market", "create_registry", registry="other", type="objects", title="库", item=CODE),
            t.do(
                "market",
                "import_rows",
                registry="registry/other",
                rows=[{**objects(1)[0], "tags": ["联系 13800138000"]}],
                mode="merge",
                source=b"1",
            ),
        ),
        Invalid,
        "must not become public",
    ),
    "an identity number in the legal basis of an item": (
        lambda t: t.do(
            "market",
            "draft_item_list",
            title="清单",
            items=[{**item(CODE, "general"), "legal_basis": "见 11010519491231002X 来信"}],
        ),
        Invalid,
        "must not become public",
    ),
    "the last administrator is closed": (
        lambda t: t.do("admin", "close_account", account="admin", reason="离岗"),
        Conflict,
        "last administrator",
    ),
    "a calendar with a day on both lists": (
        lambda t: t.do("admin", "record_calendar", record={**CALENDAR_2026, "makeup_workdays": ["2026-01-01"]}),
        Invalid,
        "not both holiday and working day",
    ),
    "a calendar from nowhere": (
        lambda t: t.do("admin", "record_calendar", record={**CALENDAR_2026, "papers": []}),
        Invalid,
        "the notice is named",
    ),
    "a second object registry for an item": (
        lambda t: (
            ready(t),
            t.do("market", "create_registry", registry="other", type="objects", title="另一库", item=CODE),
        ),
        Conflict,
        "has its object registry",
    ),
    "a registry is paired again": (
        lambda t: (
            lambda r: (
                t.do("market", "create_registry", registry="friends", type="inspectors", title="库", item=None),
                t.do("market", "pair_registries", registry=r[1][0], inspectors="registry/friends"),
            )
        )(ready(t)),
        Conflict,
        "stays so",
    ),
    "an identity number in a public text": (
        lambda t: t.do("admin", "close_account", account="clerk", reason="11010519491231002X 离岗"),
        Invalid,
        "must not become public",
    ),
    "a phone number in a public text": (
        lambda t: t.do("admin", "close_account", account="clerk", reason="请致电13812345678"),
        Invalid,
        "must not become public",
    ),
    "an unknown role": (
        lambda t: t.do("admin", "open_account", account="x", role="king", unit="220102"),
        Invalid,
        "data.role",
    ),
    "a role that may not": (
        lambda t: t.do("clerk", "draft_item_list", title="清单", items=[item(CODE, "general")]),
        Forbidden,
        "is for organiser",
    ),
    "a calendar with days of another year": (
        lambda t: t.do("admin", "record_calendar", record={**CALENDAR_2026, "holidays": ["2027-01-01"]}),
        Invalid,
        "2027-01-01 is not a day of 2026",
    ),
    "a general item up to 30 %": (lambda t: listed(t, ratio_max_bp=3000), Invalid, "not acceptable"),
    "a key item from 10 %": (
        lambda t: t.do("market", "draft_item_list", title="清单", items=[{**item(CODE, "key"), "ratio_min_bp": 1000}]),
        Invalid,
        "not acceptable",
    ),
    "an item twice": (
        lambda t: t.do("market", "draft_item_list", title="清单", items=[item(CODE, "key"), item(CODE, "key")]),
        Invalid,
        "not acceptable",
    ),
    "the justice review before the legality review": (
        lambda t: t.do("justice", "review_justice", stream=listed(t), passed=True, reason="好", reference="1"),
        Conflict,
        "needs legality-passed",
    ),
    "published without reviews": (
        lambda t: t.do("market", "publish", stream=listed(t), channel="网站", reference="1"),
        Conflict,
        "needs justice-passed",
    ),
    "a plan over an unpublished list": (
        lambda t: plan(t, itemlist=listed(t)),
        Conflict,
        "is not published",
    ),
    "a plan for an item outside the list": (
        lambda t: plan(t, items=[{"item": "CCSW-999", "quota_bp": {"A": 500, "B": 500, "C": 500, "D": 500}}]),
        Invalid,
        "not in the cited item list",
    ),
    "a plan below 5 %": (
        lambda t: plan(t, items=[{"item": CODE, "quota_bp": {"A": 100, "B": 500, "C": 500, "D": 500}}]),
        Invalid,
        "100 basis points",
    ),
    "a plan without a ratio for class D": (
        lambda t: plan(t, items=[{"item": CODE, "quota_bp": {"A": 500, "B": 500, "C": 500}}]),
        Invalid,
        "each of the classes",
    ),
    "a plan over the end of the year": (
        lambda t: plan(t, period={"from": "2026-12-01", "to": "2027-01-31"}),
        Invalid,
        "must lie within 2026",
    ),
    "a registry that does not exist is filed": (
        lambda t: t.do("coordination", "file_registry", registry="registry/nothing", reference="1"),
        NotFound,
        "no registry/nothing",
    ),
    "an empty registry is filed": (
        lambda t: (
            t.do("market", "create_registry", registry="r", type="objects", title="库", item=CODE),
            t.do("coordination", "file_registry", registry="registry/r", reference="1"),
        ),
        Conflict,
        "does not allow registry.filed",
    ),
    "a draw from a registry that is not filed": (
        lambda t: (
            t.do("market", "create_registry", registry="r", type="objects", title="库", item=CODE),
            t.do("market", "create_registry", registry="i", type="inspectors", title="库", item=None),
            t.do("market", "import_rows", registry="registry/r", rows=objects(9), mode="merge", source=b"x"),
            t.do(
                "market",
                "open_draw",
                plan=t.plan({CODE: "general"}),
                item=CODE,
                objects="registry/r",
                inspectors="registry/i",
            ),
        ),
        Conflict,
        "registry/r is not filed",
    ),
    "an import that changes nothing": (
        lambda t: (
            lambda r: t.do("market", "import_rows", registry=r[1][0], rows=objects(60), mode="merge", source=b"again")
        )(ready(t)),
        Conflict,
        "change nothing",
    ),
    "a row of a form that is none": (
        lambda t: (
            t.do("market", "create_registry", registry="r", type="objects", title="库", item=CODE),
            t.do("market", "import_rows", registry="registry/r", rows=[{"id": "x"}], mode="merge", source=b"x"),
        ),
        Invalid,
        "lacks the key",
    ),
    "an object registry without its item": (
        lambda t: t.do("market", "create_registry", registry="r", type="objects", title="库", item=None),
        Invalid,
        "names its check item",
    ),
    "an id of a command with a space": (
        lambda t: t.ledger.close_account(t.actor("admin"), "a b", account="clerk", reason="离岗"),
        Invalid,
        "a command id",
    ),
    "control characters in a name": (
        lambda t: t.do("admin", "register_unit", unit="u", name="甲\u202e乙", kind="county", parent=None),
        Invalid,
        "U+202E",
    ),
}


@pytest.mark.parametrize(("cheat", "refusal", "words"), CHEATS.values(), ids=CHEATS.keys())
def test_the_cheat_is_refused_with_its_rule(told: Story, cheat: Cheat, refusal: type[Refusal], words: str) -> None:
    must_be_refused(told, cheat, refusal, words)


def test_a_rejected_draft_goes_no_further(told: Story) -> None:
    stream = listed(told)
    told.do("legal", "review_legality", stream=stream, passed=False, reason="依据已废止")

    with pytest.raises(Conflict, match="needs legality-passed"):
        told.do("justice", "review_justice", stream=stream, passed=True, reason="好", reference="1")


def test_a_closed_account_acts_no_more(told: Story) -> None:
    told.do("admin", "close_account", account="clerk", reason="离岗")

    with pytest.raises(Forbidden, match="closed"):
        told.ledger.actor("clerk")
