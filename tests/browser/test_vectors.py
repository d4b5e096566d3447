"""The verifier of the browser gives the right answer to every vector: those of fairdraw, of the draw, of tlog."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.javascript import node

VECTORS = Path(__file__).parents[1] / "vectors"
FAIRDRAW = VECTORS / "fairdraw"
OPERATIONS = Path(__file__).with_name("operations.mjs")
Vector = dict[str, Any]


def answers(vectors: list[Vector], shared: Path | None = None) -> dict[str, Vector]:
    """Return what the verifier answers to each vector, by its id."""
    asked = {"vectors": vectors, "shared": json.loads(shared.read_text("utf-8")) if shared else {}}
    told = subprocess.run(
        [node(), str(OPERATIONS)], input=json.dumps(asked), capture_output=True, text=True, encoding="utf-8", check=True
    )
    return {each["id"]: each for each in json.loads(told.stdout)}


def wrong(vector: Vector, told: Vector) -> str | None:
    """Return what is wrong with an answer, or None."""
    if told["verdict"] != vector["expect"]:
        return f"{told['verdict']}, {vector['expect']} is due: {told.get('said')}"
    if vector["expect"] == "pass":
        return None if "output" not in vector or told.get("output") == vector["output"] else f"{told.get('output')}"
    if vector["operation"] == "chain.links" and told.get("index") != vector.get("index"):
        return f"entry {told.get('index')} is named, not {vector.get('index')}"
    return unnamed(vector, told["told"]) if vector["operation"] == "log.verify" else None


def unnamed(vector: Vector, told: Vector) -> str | None:
    """Return what is lacking where a whole log does not hold: the outcome, and a finding of that check and index."""
    index = vector.get("index")
    named = any(
        (each["outcome"], each["check"]) == (vector["outcome"], vector["check"]) and index in (None, each["index"])
        for each in told["findings"]
    )
    return None if told["outcome"] == vector["outcome"] and named else json.dumps(told, ensure_ascii=False)


def files() -> list[Path]:
    found = [*FAIRDRAW.glob("*.json"), *FAIRDRAW.glob("logs/*.json")]
    return sorted(path for path in found if path.name != "shared.json")


@pytest.mark.skipif(not FAIRDRAW.is_dir(), reason="tests/vectors/fairdraw is not here")
def test_every_vector_of_fairdraw_gets_its_verdict():
    asked = [vector for path in files() for vector in json.loads(path.read_text("utf-8"))]

    told = answers(asked, FAIRDRAW / "logs" / "shared.json")

    assert len(asked) >= 200
    assert sum(vector["expect"] == "fail" for vector in asked) >= 80
    faults = {vector["id"]: said for vector in asked if (said := wrong(vector, told[vector["id"]]))}
    assert not faults


def of_the_tree() -> Iterator[Vector]:
    for path in sorted((VECTORS / "tlog" / "merkle-rfc6962" / "inclusion").rglob("*.json")):
        case = json.loads(path.read_text())
        raw = {key: _hex(case[key]) for key in ("leafHash", "root")}
        yield {
            "operation": "tree.inclusion",
            "input": {
                "leaf": raw["leafHash"],
                "index": case["leafIdx"],
                "size": case["treeSize"],
                "root": raw["root"],
                "path": [_hex(each) for each in case["proof"] or []],
            },
            "expect": "fail" if case["wantErr"] else "pass",
        }
    hashes = json.loads((VECTORS / "tlog" / "merkle-rfc6962" / "hashes.json").read_text())
    leaves = [hashlib.sha256(b"\0" + bytes.fromhex(each)).hexdigest() for each in hashes["leaf_inputs_hex"]]
    for n, root in enumerate(hashes["roots_hex"], 1):
        yield {"operation": "tree.root", "input": {"leaves": leaves[:n]}, "expect": "pass", "output": root}


def _hex(text: str | None) -> str:
    return base64.b64decode(text or "").hex()


def of_the_tiles() -> Iterator[Vector]:
    for case in json.loads((VECTORS / "tlog" / "tessera-paths.json").read_text())["tile_path"]:
        asked = {"level": case["level"], "index": case["index"], "width": case["p"] or 256}
        yield {"operation": "tile.path", "input": asked, "expect": "pass", "output": case["want"]}


def of_the_note() -> Iterator[Vector]:
    example = json.loads((VECTORS / "tlog" / "c2sp-spec-examples.json").read_text())["signed_note"]
    asked = {"note": example["note"], "keys": [example["vkey"]]}
    yield {"operation": "note.open", "input": asked, "expect": "pass", "output": ["example.com/foo"]}


def of_the_seed() -> Iterator[Vector]:
    for case in json.loads((VECTORS / "draw" / "seed.json").read_text("utf-8")):
        beacons = [
            each if each["kind"] == "drand" else {"kind": each["kind"], "key_string": each["key"]}
            for each in case["beacons"]
        ]
        reveals = {party: None if party in case["withheld"] else r for party, r in case["reveals"].items()}
        asked = {"freeze": case["freeze"], "commitments": case["commitments"], "reveals": reveals, "beacons": beacons}
        due = {key: case[key] for key in ("c0", "c1", "c2", "seed")} | {"beacons": case["beacon_hashes"]}
        due |= {f"k_{name}": case["subkeys"][name] for name in ("object", "assign")}
        yield {"operation": "seed.derive", "input": asked, "expect": "pass", "output": due}


def of_the_draw() -> Iterator[Vector]:
    for case in json.loads((VECTORS / "draw" / "selection.json").read_text("utf-8")):
        asked = {"key": case["key"], "rows": case["rows"], "quota_bp": case["quota_bp"], "hi_bp": None}
        yield {"operation": "selection.draw", "input": asked, "expect": "pass", "output": case["result"]}
    for case in json.loads((VECTORS / "draw" / "drand-rounds.json").read_text()):
        asked = {key: case[key] for key in ("public_key", "round", "signature")}
        right = case["expect_valid"] and len(case["signature"]) == 96
        yield {"operation": "drand.verify", "input": asked, "expect": "pass" if right else "fail"}


@pytest.mark.parametrize(
    "made", [of_the_tree, of_the_tiles, of_the_note, of_the_seed, of_the_draw], ids=lambda f: f.__name__
)
def test_the_vectors_of_others_get_their_verdict(made):
    asked = [{"id": str(n), **vector} for n, vector in enumerate(made())]

    told = answers(asked)

    assert asked
    assert not {n: (said, asked[int(n)]) for n in told if (said := wrong(asked[int(n)], told[n]))}


def test_the_teams_are_those_of_an_independent_program():
    vectors = json.loads((VECTORS / "draw" / "assignment.json").read_text("utf-8"))
    names = ("tasks", "groups", "inspectors", "recusals", "caps")
    asked = [
        {
            "id": case["name"],
            "operation": "assignment.assign",
            "input": {"key": vectors["key"], **{n: case[n] for n in names}},
        }
        for case in vectors["cases"]
    ]

    told = answers(asked)

    assert len(asked) > 50
    for case in vectors["cases"]:
        holders = told[case["name"]].get("output")
        if "holders_sha256" in case:
            digest = hashlib.sha256(b"".join(each.to_bytes(4, "big") for each in holders)).hexdigest()
            assert digest == case["holders_sha256"], case["name"]
        else:
            assert holders == case["holders"], case["name"]


def test_a_wrong_answer_would_be_seen():
    """So the tests above do tell right from wrong."""
    good = {"id": "1", "operation": "entry.genesis", "input": {"origin": "x"}, "expect": "pass", "output": "00"}

    assert wrong(good, answers([good])["1"])
    assert wrong({**good, "expect": "fail"}, answers([good])["1"])
