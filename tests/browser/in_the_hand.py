"""Receipts and self-checks made from the files of an export, and the browser's verifier asked in a terminal about one."""

from __future__ import annotations

import base64
import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.browser.javascript import BROWSER, node
from verify import canonical
from verify.tree import inclusion_path, leaf_hash

Files = dict[str, bytes]
WITHOUT = Path(__file__).with_name("without_ed25519.mjs")
KINDS = {"frozen": "draw.frozen", "seed": "draw.seed-derived", "drawn": "draw.objects-drawn"}


def ask(target: Path, vkey: str | None, *options: str, ed25519: bool = True) -> dict[str, Any]:
    """Return what `cli.mjs --json` says, after its exit code was compared with what it prints."""
    muted = [] if ed25519 else ["--import", WITHOUT.as_uri()]
    command = [node(), *muted, str(BROWSER / "cli.mjs"), str(target), *(["--vkey", vkey] if vkey else []), "--json", *options]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert run.stdout, run.stderr
    told: dict[str, Any] = json.loads(run.stdout)
    assert told["exit"] == run.returncode
    return told


def outcomes(told: dict[str, Any], check: str) -> set[str]:
    return {each["outcome"] for each in told["findings"] if each["check"] == check}


def receipt(files: Files, number: int) -> bytes:
    """Return the receipt of an entry as a C2SP tlog-proof that carries it."""
    lines = files["entries.jsonl"].splitlines()
    path = inclusion_path([leaf_hash(line) for line in lines], number)
    extra = base64.b64encode(lines[number]).decode()
    head = f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {number}\n"
    hashes = "".join(base64.b64encode(each).decode() + "\n" for each in path)
    return (head + hashes + "\n").encode() + files["checkpoint"]


def altered(proof: bytes) -> bytes:
    """Return a receipt of another entry with the same, honest path."""
    lines = proof.split(b"\n")
    entry = base64.b64decode(lines[1].removeprefix(b"extra "))
    lines[1] = b"extra " + base64.b64encode(entry.replace(b'"command":"', b'"command":"x'))
    return b"\n".join(lines)


def _placed(name: str, lines: list[bytes], number: int) -> dict[str, Any]:
    path = inclusion_path([leaf_hash(line) for line in lines], number)
    return {"index": number, name: lines[number].decode(), "path": [each.hex() for each in path]}


def self_check(files: Files, business: str) -> bytes:
    """Return the self-check of a business in the first draw, as section 14 of SPEC.md has it; it may well be a cheat's."""
    lines = files["entries.jsonl"].splitlines()
    entries = [json.loads(line) for line in lines]
    at = {name: next(e["index"] for e in entries if e["kind"] == kind) for name, kind in KINDS.items()}
    frozen, seed, drawn = (entries[at[name]]["data"] for name in KINDS)
    pool = files["documents/" + frozen["documents"]["objects"]["sha256"]].splitlines()
    place = next(n for n, line in enumerate(pool) if json.loads(line)["id"] == business)
    own = json.loads(pool[place])
    listed = files["documents/" + drawn["document"]["sha256"]].splitlines()
    rank = next((n for n, line in enumerate(listed) if json.loads(line)["id"] == business), None)
    told = {
        "format": "fairdraw-selfcheck/1",
        "checkpoint": files["checkpoint"].decode().removesuffix("\n").split("\n"),
        "draw": entries[at["frozen"]]["stream"],
        "object": business,
        "entries": {name: _placed("entry", lines, number) for name, number in at.items()},
        "pool": _placed("line", pool, place),
        "seed": seed["seed"],
        "stratum": own["stratum"],
        "ticket": _ticket(seed["seed"], business),
        "threshold": drawn["strata"].get(own["stratum"], {"threshold": None})["threshold"],
        "result": "excluded" if "excluded" in own else "not-drawn" if rank is None else "drawn",
    }
    if rank is not None:
        told["listed"] = _placed("line", listed, rank)
    return canonical.encode(told)


def _ticket(seed: str, business: str) -> str:
    """Return the ticket of a business, by sections 9 and 10."""
    key = sha256(b"FAIRDRAW-KEY/1\0" + (6).to_bytes(4, "big") + b"object" + bytes.fromhex(seed)).digest()
    return sha256(b"FAIRDRAW-TICKET/1\0" + key + business.encode()).hexdigest()
