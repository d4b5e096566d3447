"""The vectors of `tests/vectors/fairdraw`: the verifier and the naive twins, which share no code, give every answer."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.asking import answer, of
from tests.forge import write
from tests.twins import answers as twins
from tests.twins import notes, records
from tests.twins.json_text import Refused
from tests.twins.vectors import FOLDER, Json, small, whole_logs
from tests.verify import answers as ours
from verify.findings import noted

SMALL, LOGS = small(), whole_logs()
ALL = [*SMALL, *LOGS]
FIELDS = {"id", "operation", "input", "expect", "why", "source"}
# What the verifier says where a vector has this word. `operation reason` goes before the reason alone.
WORDS = {
    "utf8": "not UTF-8|prev, index and at",
    "syntax": "not JSON|byte order mark|NaN or Infinity|prev, index and at",
    "number": "fraction or an exponent|-0 is spelled 0|prev, index and at",
    "range": "beyond ±",
    "repeated": "occurs twice|stands here twice|prev, index and at",
    "key": "printable ASCII",
    "character": "control character, a bidi control or a lone surrogate",
    "nfc": "normalization form C",
    "unassigned": "neither of Unicode 14.0 nor an ideograph|prev, index and at",
    "depth": "nested deeper than 32",
    "spelling": "canonical spelling|is spelled|prev, index and at",
    "keys": "its keys are|prev, index and at",
    "prev": "prev, index and at|the chain is broken|altered, exchanged|begins elsewhere|of the origin",
    "index": "prev, index and at|has the index|no tile",
    "at": "at is|runs backwards|prev, index and at",
    "v": "its version v",
    "stream": "stream is",
    "version": "version is|has version",
    "kind": "kind is|of type|public key has|supported|is not the key of a|in words is dice or lottery",
    "actor": "actor",
    "command": "command is",
    "signature": "signature",
    "data": "data is not an object",
    "proof": "proof|path|hash|root|size|leaf|index",
    "id": "not an object with an id|states the id",
    "form": "name.hash.key|[0-9] groups of numbers|no blank line|no signatures|no tile path|dice are written|"
    "lottery is written|is not a number|shows no|no die|has numbers|not begin as|there is no index|at most 63|"
    "selfcheck|object with",
    "name": "is no key name|name.hash.key|the name .* is taken",
    "base64": "base64|name.hash.key|canonical spelling",
    "control": "control character",
    "line": "signature line|is no key name|not base64|neither log, witness, group",
    "lines": "signature lines|without extension lines",
    "unsigned": "no known key signed",
    "size": "tree size|do not fill tile",
    "root": "a root has 32 bytes",
    "origin": "the checkpoint is of",
    "quota": "are due in",
    "c0": "the hash C0",
    "ticket": "ticket is",
    "seed": "seed is",
    "result": "result is",
    "listed": "the drawn list",
    "object": "is no line of",
    "entry": "is no draw",
    "rank": "beyond the number drawn",
    "quorum": "no quorum line|quorum is not reached|do not reach the quorum",
    "unknown": "not defined before|cannot be in this group|unknown before",
    "threshold": "of 3 members|threshold is",
    "member": "cannot be in this group",
    "log": "no log of the policy|policy names no log",
    "level": "a level is between",
    "width": "no tile",
    "count": "a bundle has at (most|least)",
    "end": "ends inside|no line feed",
    "length": "at most 65535 bytes|longer than 4194304 bytes|another bytes",
    "order": "is not after the one before it|lottery is written",
    "hash": "another sha256",
    "public": "another public",
    "identity": "18 characters",
    "mobile": "11 characters",
    "commitment": "another commitment",
    "salt": "a salt has 32 bytes",
    "parties": "other parties",
    "beacons": "without a beacon",
    "rolls": "too few rolls",
    "groups": "groups of numbers",
    "stratum": "no quota|stratum is",
    "impossible": "no assignment",
    "year": "is not recorded",
    "neighbours": "are not neighbours",
    "between": "does not stand between",
    "empty": "is said to be empty",
    "again": "frozen once more",
    "withheld": "does not tell it",
    "inclusion": "proof|path|index|no leaf|not lead to its root",
}


def by_id(vectors: list[Json]) -> Callable[[Any], Any]:
    return pytest.mark.parametrize("vector", vectors, ids=[each["id"] for each in vectors])


def needs_a_library(vector: Json, name: str) -> None:
    if vector["operation"] == "drand.verify" and importlib.util.find_spec(name) is None:
        pytest.skip(f"the pairing library {name} is not installed")


@by_id([each for each in SMALL if each["operation"] in ours.OPERATIONS])
def test_the_verifier_gives_the_answer(vector: Json):
    needs_a_library(vector, "pyblst")

    if vector["expect"] == "pass":
        assert ours.answer(vector) == vector.get("output")
        return
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the reason is compared below
        ours.answer(vector)
    assert re.search(WORDS[vector["reason"]], str(refused.value)), f"{vector['reason']}: {refused.value}"
    if "index" in vector:
        assert getattr(refused.value, "index", None) == vector["index"]


@by_id(SMALL)
def test_the_naive_twin_gives_the_answer(vector: Json):
    needs_a_library(vector, "py_ecc")

    if vector["expect"] == "pass":
        assert twins.answer(vector) == vector.get("output")
        return
    with pytest.raises(Refused, match=f"^{re.escape(vector['reason'])}$") as refused:
        twins.answer(vector)
    if "index" in vector:
        assert getattr(refused.value, "index", None) == vector["index"]


@by_id(LOGS)
def test_the_verifier_judges_the_whole_log(vector: Json, tmp_path, capsys):
    told = asked(vector, tmp_path, capsys)

    assert told["outcome"] == vector["outcome"], of(told, "BROKEN") + of(told, "UNCHECKED")
    assert (vector["outcome"] == "HOLDS") is (vector["expect"] == "pass")
    if vector["expect"] == "fail":
        named = {(each["check"], each["index"]) for each in of(told, vector["outcome"])}
        wanted = vector["check"], vector["index"]
        assert wanted in named or (wanted[1] is None and wanted[0] in {check for check, _ in named}), named


def asked(vector: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Json:
    """Write the files of a vector and ask the verifier with its key, older checkpoint and policy."""
    given, arguments = vector["input"], [str(write(vector["input"]["files"], tmp_path / "log"))]
    if given["vkey"]:
        arguments += ["--vkey", given["vkey"]]
    for option in ("since", "policy"):
        if given[option]:
            (tmp_path / option).write_text(given[option], encoding="utf-8", newline="")
            arguments += [f"--{option}", str(tmp_path / option)]
    return answer(capsys, *arguments)


@by_id([each for each in LOGS if each["expect"] == "pass"])
def test_the_naive_twin_reads_the_chain_of_a_log_that_holds_and_checks_its_signature(vector: Json):
    files = vector["input"]["files"]
    # The twin follows no handover: whoever was given a retired key opens the head with the one that signs now.
    handed = b"log.key-retired" in files["entries.jsonl"]
    key = notes.parse_key(files["log.vkey"].decode().strip() if handed else vector["input"]["vkey"])

    head = notes.open_checkpoint(files["checkpoint"], key)
    root, wrong = records.chain(key["name"], files["entries.jsonl"].splitlines())

    assert (root, wrong) == (head["root"], None)


def test_a_verifier_that_says_yes_to_everything_would_be_found():
    """So the table above is no formality: every operation that can refuse has a vector that must fail."""
    refusing = {each["operation"] for each in ALL if each["expect"] == "fail"}

    assert {"canonical.decode", "entry.parse", "chain.links", "tree.inclusion", "tree.consistency"} <= refusing
    assert {"ed25519.verify", "note.open", "checkpoint.open", "policy.check", "list.parse", "personal.text"} <= refusing
    assert {
        "seed.derive",
        "drand.verify",
        "selection.draw",
        "assignment.assign",
        "proof.open",
        "log.verify",
    } <= refusing


FAULTS: dict[str, tuple[str, Any, str]] = {
    "proofs are not looked at": ("verify.tree.verify_inclusion", lambda *_: None, "tree.inclusion"),
    "forks are not looked at": ("verify.tree.verify_consistency", lambda *_: None, "tree.consistency"),
    "every signature holds": ("verify.ed25519.verify", lambda *_: True, "note.open"),
    "small points are forgotten": ("verify.ed25519._small_order", lambda _: False, "ed25519.verify"),
    "any spelling is canonical": ("verify.canonical._spell", lambda _: b"", "canonical.decode"),
    "a line may be endless": ("verify.documents.LONGEST", 1 << 30, "list.parse"),
    "nothing is personal": ("verify.personal.looks_personal", lambda _: None, "personal.text"),
    "no key id is compared": ("verify.note.key_id", lambda *_: bytes(4), "key.parse"),
    "every quorum is reached": ("verify.policy.Policy.satisfied_by", lambda *_: True, "policy.check"),
    "the clock may run backwards": ("verify.checks.chain.backwards", lambda *_: noted("F15", "", ""), "chain.links"),
    "any two lines are neighbours": ("verify.selfcheck.show_absent", lambda *_: (None, None), "selfcheck.check"),
    "every threshold is likely": ("verify.chance.is_likely", lambda *_: True, "selection.likely"),
    "tickets are the ids": (
        "verify.selection._below",
        lambda _, __, ids: [(n.encode(), n) for n in ids],
        "selection.draw",
    ),
}


@pytest.mark.parametrize(("place", "instead", "operation"), FAULTS.values(), ids=FAULTS.keys())
def test_a_verifier_with_a_fault_is_found_by_the_vectors(place: str, instead: Any, operation: str, monkeypatch):
    asked = [each for each in SMALL if each["operation"] == operation]
    assert not [each["id"] for each in asked if not right(each)]

    monkeypatch.setattr(place, instead)

    assert [each["id"] for each in asked if not right(each)]


def right(vector: Json) -> bool:
    """Whether the verifier gives the answer of a vector."""
    try:
        given = ours.answer(vector)
    except (ValueError, IndexError, AttributeError):
        return bool(vector["expect"] == "fail")
    return bool(vector["expect"] == "pass" and given == vector.get("output"))


def test_there_are_enough_vectors_and_each_explains_itself():
    names = Counter(each["id"] for each in ALL)
    must_fail = [each for each in ALL if each["expect"] == "fail"]

    assert len(ALL) >= 300
    assert len(must_fail) >= 150
    assert not [name for name, times in names.items() if times > 1]
    for each in ALL:
        more = {"outcome", "check", "index"} if each["operation"] == "log.verify" else {"output", "reason", "index"}
        assert each.keys() >= FIELDS
        assert each.keys() <= FIELDS | more
        assert each["why"]
        assert each["source"]


def test_every_operation_is_documented_with_exactly_its_fields():
    rows = (line.split("|") for line in readme().splitlines() if line.startswith("| "))
    table = {cells[1].strip(): cells[2] for cells in rows}

    for each in ALL:
        signature = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)", "", table[each["operation"]])
        named = set(re.findall(r"\b[a-z][a-z0-9_]*\b(?![*])", re.sub(r"\*[a-z]+\*", "", signature)))
        assert named == set(each["input"]), each["id"]


def readme() -> str:
    return (FOLDER / "README.md").read_text(encoding="utf-8")
