"""The numbers in `verify/SPEC.md` are those that the program computes, so that others can try theirs on them."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from tests.twins import ed25519, notes
from verify import (
    assignment,
    beacon,
    canonical,
    chance,
    checkpoint,
    documents,
    entries,
    note,
    personal,
    placed,
    pool,
    proof,
    seed,
    selection,
    selfcheck,
    tiles,
    tree,
)
from verify.calendar import Calendar
from verify.checkpoint import Checkpoint
from verify.checks.kept import SAYINGS
from verify.kinds import ALONE, CATEGORIES, KINDS, METHODS, NOT_CHECKABLE, ROLE_UNITS, ROLES
from verify.rows import Rows
from verify.tree import leaf_hash
from verify.witness.key import CosignerKey

VERIFY = Path(__file__).resolve().parents[2] / "verify"
SPEC = (VERIFY / "SPEC.md").read_text(encoding="utf-8")

SYSTEM = {"account": "system", "role": "system", "unit": "system"}
UNIT = {"unit": "220100", "name": "商务局", "kind": "bureau", "parent": None}
ROW: dict[str, Any] = {
    "id": "A",
    "name": "示例商行",
    "type": None,
    "district": None,
    "tags": [],
    "established": None,
    "risk": None,
}
ROW |= {"status": "active"}

TAIL = entries.tail("unit/220100", 1, "unit.registered", SYSTEM, "c-1", UNIT)
RAW = entries.compose(entries.genesis("demo.example/1"), 0, "2026-03-02T09:00:00.000+08:00", TAIL)
LIST = documents.listing([{"id": "b", "n": 1}, {"id": "a", "n": 2}, {"id": "c", "n": 3}])
C0 = seed.freeze_hash(b"{}")
C_A, C_B = seed.commitment(C0, "a", bytes(32)), seed.commitment(C0, "b", b"\x01" * 32)
C1 = seed.commit_set(C0, {"a": C_A, "b": C_B})
C2 = seed.reveal_set(C1, {"a": bytes(32), "b": None})
DICE = beacon.dice_key_string([1, 2, 3] * 4, 6)
B = seed.beacon_hash_text("dice", DICE)
S = seed.seed(C0, C1, C2, [B])
K_OBJECT, K_ASSIGN = seed.subkey("object", S), seed.subkey("assign", S)

LEAVES = [tree.leaf_hash(entry) for entry in (b"a", b"b", b"c")]
HEAD = checkpoint.Checkpoint("demo.example/1", 1, entries.parse(RAW).leaf).text()
SIGNED = HEAD + b"\n" + notes.line("demo.example/1", 1, b"\x02" * 32, HEAD)
VKEY = notes.vkey("demo.example/1", 1, ed25519.public(b"\x02" * 32))
YEAR = {"year": 2026, "holidays": ["2026-05-01"], "makeup_workdays": ["2026-05-09"]}

NUMBERS: dict[str, str] = {
    "canonical JSON": "`" + canonical.encode({"b": [1, True], "a": "第"}).decode() + "`",
    "an entry": RAW.decode(),
    "its leaf": "leaf  " + entries.parse(RAW).leaf.hex(),
    "a list": b"".join(LIST.pieces()).decode() + f"count {LIST.count}  root {LIST.root.hex()}",
    "its hash": str(LIST.reference["sha256"]),
    "a personal field": personal.field_commitment("inspectors/INS-1/name", bytes(32), "检查员0001").hex(),
    "a recusal": personal.field_commitment(
        personal.recusal_label("220100-2026-0001", "A"), bytes(32), personal.recusal_value(["INS-2", "INS-1"])
    ).hex(),
    "a row": canonical.encode(ROW).decode(),
    "its hash in the pool": next(pool.object_lines(Rows.of([ROW])))["row"],
    "a receipt": proof.Proof(1, [leaf_hash(b"a"), leaf_hash(b"c")], b"", b"b").to_bytes().decode().rstrip("\n"),
    "the leaves of proofs": f"leaves of a, c   {LEAVES[0].hex()} {LEAVES[2].hex()}",
    "their root": f"root of 3        {tree.root(LEAVES).hex()}",
    "the root before": f"root of 2        {tree.root(LEAVES[:2]).hex()}",
    "a signed checkpoint": f"{VKEY}\n\n{SIGNED.decode()}",
    "a tile path": f"1234067 is `{tiles.tile_path(0, 1234067).removeprefix('tile/0/')}`",
    "the tiles of a log": f"{len([*tiles.tiles_of(70_000), *tiles.bundles_of(70_000)])} such files",
    "the drand chain": f"`{beacon.QUICKNET.hash().hex()}` = H(",
    "its key": f"`{beacon.QUICKNET.public_key.hex()}` (G2",
    "its seed": f"`{beacon.QUICKNET.genesis_seed.hex()}`. A signature",
    "a lottery": f"`{beacon.lottery_key_string([[31, 3, 7, 12, 19, 28], [9]], [False, False])}`. The one",
    "a deadline": f"the deadline is {Calendar().plus(YEAR).deadline('2026-04-29')}",
    "the longest line": f"No line has more than {documents.LONGEST:,} bytes",
    "C0": f"C0  {C0.hex()}",
    "commitment of a": f"c_a {C_A.hex()}",
    "commitment of b": f"c_b {C_B.hex()}",
    "C1": f"C1  {C1.hex()}",
    "C2": f"C2  {C2.hex()}",
    "dice": f"`{DICE}`",
    "B": f"B   {B.hex()}",
    "S": f"S   {S.hex()}",
    "the keys": f"K_object {K_OBJECT.hex()}\nK_assign {K_ASSIGN.hex()}",
    "tickets": ", ".join(f"{name} `{selection.ticket(K_OBJECT, name).hex()[:8]}…`" for name in "ABCDE"),
    "lists of seats": " and ".join(
        " ".join(map(str, assignment.seat_list(K_ASSIGN, "A", number, range(4)))) for number in (0, 1)
    ),
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_worked_number_is_right(number: str):
    assert number in SPEC


def test_the_drawn_object_and_the_team_are_right():
    drawn = selection.select(K_OBJECT, [(name, "A", False) for name in "ABCDE"], {"A": 2000})["A"].drawn
    team = assignment.assign(K_ASSIGN, [("A", (0, 0))], [range(4)], 4, {}, None)

    assert f"at 2000 bp {drawn[0]} is drawn from the five" in SPEC
    assert f"here {team[0]} and {team[1]}" in SPEC


def test_the_proofs_and_the_note_of_the_page_hold():
    leaf_a, leaf_c = LEAVES[0], LEAVES[2]

    tree.verify_inclusion(LEAVES[1], 1, 3, tree.root(LEAVES), [leaf_a, leaf_c])
    tree.verify_consistency(2, 3, tree.root(LEAVES[:2]), tree.root(LEAVES), [leaf_c])
    assert checkpoint.open_checkpoint(SIGNED, note.parse_vkey(VKEY)).size == 1


@pytest.mark.parametrize(
    ("text", "holds"), [("电话13800138000，", True), ("A13800138000", False), ("138-0013-8000", False)]
)
def test_the_personal_texts_of_the_page_are_as_it_says(text: str, holds: bool):
    assert (personal.looks_personal(text) is not None) is holds
    assert f"`{text}`" in SPEC


def test_the_identity_number_of_the_page_is_one():
    assert personal.looks_personal("11010519491231002X")
    assert "`11010519491231002X`" in SPEC


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_stands_in_the_table_with_its_roles_and_keys(kind: str):
    row = next(line for line in SPEC.splitlines() if line.startswith("|") and kind in line.split("|")[1])
    _, _, first, roles, data, _ = (cell.strip() for cell in row.split("|"))

    assert {"yes": True, "": False, "any": None}[first] is KINDS[kind].first
    assert roles.split(", ") == list(KINDS[kind].roles)
    left_out = {"document", "count", "root"} if "LIST" in data else set()
    assert all(key.removesuffix("?") in data for key in KINDS[kind].data.keys() - left_out)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_stands_in_the_table_with_its_units(role: str):
    section = SPEC.partition("| role | kinds of units |")[2]
    row = next(line for line in section.splitlines() if role in line.partition("|")[2].partition("|")[0])

    assert row.split("|")[2].strip() == ", ".join(ROLE_UNITS.get(role, ("any",)))


def test_methods_and_results_are_listed_as_they_are():
    assert f"methods of {', '.join(METHODS)})" in SPEC
    assert f"{ALONE} alone, or one or more different of {', '.join(c for c in CATEGORIES if c != ALONE)}" in SPEC
    assert f"or one of {', '.join(NOT_CHECKABLE)})" in SPEC


def test_every_finding_that_the_program_makes_stands_in_the_table():
    call = re.compile(r"\b(?:broken|holds|noted|unchecked)\(\s*\"([A-Za-z0-9]+)\"")
    made = {code for path in VERIFY.rglob("*.py") for code in call.findall(path.read_text(encoding="utf-8"))}
    table = {code for line in SPEC.splitlines() if line.startswith("|") for code in line.split("|")[1].split(", ")}

    assert len(made) > 20
    assert {code.strip() for code in table} >= made | SAYINGS.keys()


def test_every_key_of_a_self_check_is_described():
    described = SPEC.partition("A **self-check**")[2].partition("To check it")[0]

    for name in selfcheck.SHAPE:
        assert f"`{name.removesuffix('?')}`" in described, name
    assert selfcheck.FORMAT in described
    without_result = SPEC.partition("Before a draw has a result")[2].partition("To check it")[0]
    assert all(f"`{name}`" in without_result for form in selfcheck.FORMS.values() for name in form)
    assert all(f"`{name}`" in without_result for name in (*selfcheck.FORMS, *selfcheck.LATEST, "before", "after"))
    assert all(kind in SPEC.partition("*In-pool*")[2] for kind in selfcheck.DECIDED)


def test_who_is_absent_from_the_list_of_the_page_is_shown_by_its_two_neighbours():
    lines = [canonical.encode(row) for row in LIST]
    leaves = [tree.leaf_hash(line) for line in lines]
    around = {
        side: {"index": n, "line": lines[n].decode(), "path": [h.hex() for h in tree.inclusion_path(leaves, n)]}
        for n, side in enumerate(("before", "after"))
    }

    placed.show_absent(around, LIST.fingerprint, "aa", {"id": "id", "n": "nat"})

    for side, held in around.items():
        path = " ".join(each[:8] for each in held["path"])
        assert re.search(rf"{side} +index {held['index']}  line {re.escape(held['line'])}  path {path}", SPEC)


def test_how_likely_a_threshold_is_stands_there_as_it_is_computed():
    low, high = chance.bounds(200_000, 10_000)
    assert f"from {low.replace('%', ' %')} to {high.replace('%', ' %')}" in SPEC
    n = 10**7  # k = 1: beyond 5/n there is none; k = n - 1: at most one is beyond 1 - 5/n
    none, one = (1 - 5 / n) ** n, 5 * (1 - 5 / n) ** (n - 1)
    assert f"k = 1 one in {round(1 / none)}, where k = n − 1 one in {round(1 / (none + one))}." in SPEC
    assert 15_500 < 1 / math.erfc(4 / math.sqrt(2)) < 16_500


def test_the_cosignature_is_that_of_the_page():
    cosigner = CosignerKey.of("witness.example/w", b"\x01" * 32)
    text = Checkpoint("demo.example/1", 1, leaf_hash(RAW)).text()
    line = cosigner.cosign(text, 1_772_414_000).decode()

    assert cosigner.vkey in SPEC
    assert " LF ".join(text.decode().split("\n")).strip() in SPEC
    assert line.split(" ")[2].strip() in SPEC
