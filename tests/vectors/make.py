"""Makes vectors of `tests/vectors/fairdraw` from the honest log there: `python -m tests.vectors.make` writes their files anew.

Their verdicts are given here, by hand from SPEC.md; both verifiers and the naive twins are asked for them in the tests. The
log is signed anew with a key that everybody knows, so that the same bytes come out on every machine.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.forge import Forge, write
from tests.twins.vectors import FOLDER, Json, whole_logs
from tests.vectors import characters, held, teams, trusted
from verify import note

KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x07")
FILES: dict[str, Callable[[Callable[[], Forge]], list[Json]]] = {
    "characters": characters.vectors,
    "held": held.vectors,
    "teams": teams.vectors,
    "logs/trusted": trusted.vectors,
}
"""The files made here, by their names, and what makes each from fresh forges of the honest log."""


def made(name: str) -> str:
    """Return the text of a file: one vector a line, what all logs share by its name in `logs/shared.json`."""
    shared = _shared()
    rows = [_packed(each, shared) for each in FILES[name](forge)]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=name == "characters") for row in rows) + "\n]\n"


def forge() -> Forge:
    """Return a forge of the honest log of `log-verify-001`, whose key is ours from the first entry on."""
    honest = next(each for each in whole_logs() if each["id"] == "log-verify-001")
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.TemporaryDirectory() as folder:
        new = Forge(write(honest["input"]["files"], Path(folder) / "log"), pem)
    vkey = note.format_vkey(new.key.name, KEY.public_key().public_bytes_raw())
    new.key = note.parse_vkey(vkey)
    new.entries[0]["data"]["vkey"] = vkey
    new.files["log.vkey"] = vkey.encode() + b"\n"
    return new


def _shared() -> dict[bytes, str]:
    """Return the names of what the files of whole logs share, by content."""
    stored = json.loads((FOLDER / "logs" / "shared.json").read_text(encoding="utf-8"))
    return {
        value.encode() if isinstance(value, str) else bytes.fromhex(value["hex"]): name
        for name, value in stored.items()
    }


def _packed(vector: Json, shared: dict[bytes, str]) -> Json:
    """Return a vector as it is stored: bytes in one of their forms, a bundle as that of its entries."""
    if vector["operation"] != "log.verify":
        return vector
    files: dict[str, Any] = {}
    for name, content in sorted(vector["input"]["files"].items()):
        if content in shared:
            files[name] = {"shared": shared[content]}
        elif name.startswith("tile/entries/"):
            files[name] = {"bundle": "entries.jsonl"}
        elif name.startswith("tile/"):
            files[name] = {"hex": content.hex()}
        else:
            files[name] = content.decode()
    return vector | {"input": vector["input"] | {"files": files}}


if __name__ == "__main__":
    for name in FILES:
        (FOLDER / f"{name}.json").write_text(made(name), encoding="utf-8")
