"""A big log, forged quickly: an honest export goes on with as many sound entries as a test or a measurement asks for.

The entries that are added are those of an authority that files one registry again and again and, where a draw left
objects to be inspected, of their inspections; they are linked, and the log's own key signs the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tests.forge import Forge
from verify import canonical, tiles
from verify.tree import leaf_hash

Step = tuple[str, int, str, str, bytes]
"""Stream, version, kind, account, and the data as it is spelled."""


def filings(forge: Forge) -> Iterator[Step]:
    """Yield filings of the first registry, without end."""
    filed = forge.first("registry.filed")
    stream = filed["stream"]
    version = max(each["version"] for each in forge.entries if each["stream"] == stream)
    while True:
        version += 1
        yield (
            stream,
            version,
            "registry.filed",
            filed["actor"]["account"],
            canonical.encode({"reference": f"备案{version}号"}),
        )


def accounts() -> Iterator[Step]:
    """Yield accounts that are opened and closed, without end: each is a stream of its own."""
    number = 0
    while True:
        number += 1
        opened = canonical.encode({"account": f"clerk-{number}", "role": "clerk", "unit": "220102"})
        yield f"account/clerk-{number}", 1, "account.opened", "admin", opened
        yield f"account/clerk-{number}", 2, "account.closed", "admin", canonical.encode({"reason": "调离"})


def grow(forge: Forge, steps: Iterator[Step], size: int, folder: Path) -> Path:
    """Write the export of `forge`, continued with `steps` up to `size` entries, to a new folder; return the folder."""
    actors = {each["data"]["account"]: each["data"] for each in forge.all("account.opened")}
    spelled = {
        name: canonical.encode({"account": name, "role": each["role"], "unit": each["unit"]}).decode()
        for name, each in actors.items()
    }
    files = {name: data for name, data in forge.files.items() if not name.startswith("tile/")}
    lines = files.pop("entries.jsonl").splitlines()
    leaves = [leaf_hash(line) for line in lines]
    at = forge.entries[-1]["at"]
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with (folder / "entries.jsonl").open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
        for number, (stream, version, kind, account, data) in enumerate(islice(steps, size - len(lines)), len(lines)):
            head = f'{{"prev":"{leaves[-1].hex()}","index":{number},"at":"{at}","v":1,"stream":"{stream}","version":{version},'
            rest = f'"kind":"{kind}","actor":{spelled[account]},"command":"grown-{number}","data":'
            raw = f"{head}{rest}".encode() + data + b"}"
            leaves.append(leaf_hash(raw))
            file.write(raw + b"\n")
    forge.leaves = leaves
    (folder / "checkpoint").write_bytes(forge.sign(len(leaves)))
    with (folder / "entries.jsonl").open("rb") as file:
        for made in (tiles.all_tiles(leaves), tiles.all_bundles(line[:-1] for line in file)):
            for name, data in made:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
    return folder
