"""Five attackers and twelve edits: what each of them leaves of a log, and what a stranger kept from before.

Each level can do what those before it can. The edits are the same for all; a level only decides how well the rest is made
to fit: not at all, by hashes, or by everything that follows from the edit, signed with the log's own key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api.anchoring import anchor
from api.exporting import export
from tests.cheats.common import LATE, Files, first_draw
from tests.cheats.on_anchors import put
from tests.forge import Forge, Json, write
from tests.story import Story, inspectors, new_ledger, objects
from tests.timestamping import Authority
from tests.twins import ed25519, notes
from verify.beacon import dice_key_string
from verify.kinds import NOTE_MEDIA
from verify.seed import beacon_hash_text

Leave = tuple[str, ...]
Edit = Callable[[Forge], Leave]
"""Edits the forge and returns what stays as the edit left it, when all that follows is derived anew."""
WITNESSES = {f"w{n}": (f"witness.example/w{n}", bytes([70 + n]) * 32) for n in range(3)}
HONEST = "w2"
"""The witness whom no attacker owns."""
WHEN = 1_767_225_600


@dataclass(frozen=True)
class Before:
    """An honest log up to the results of its first draw in `honest`, and in `early` as it was when the draw was signed off."""

    folder: Path
    key_pem: bytes
    vkey: str
    cosigned: bytes

    def forge(self) -> Forge:
        return Forge(self.folder / "honest", self.key_pem)

    @property
    def lines(self) -> list[bytes]:
        return (self.folder / "honest" / "entries.jsonl").read_bytes().splitlines()


def before(folder: Path) -> Before:
    """Make a small honest log, up to the published results of its first draw, cosigned by all three witnesses."""
    authority = Authority(folder / "tsa")
    (folder / "root.pem").write_bytes(authority.root)
    story = Story(new_ledger(folder / "log"))
    with story.ledger as ledger:
        story.organise()
        plan = story.plan({"CCSW-003": "general"})
        draw = story.freeze(plan, "CCSW-003", story.registries("CCSW-003", objects(24), inspectors(11, ["CCSW-003"])))
        for step in (story.ceremony, story.inspect):
            step(draw)
            ledger.publish_checkpoint()
            anchor(ledger, authority.reply)
        ledger.publish_checkpoint()
        export(ledger, folder / "honest")
        key, vkey = (folder / "log" / "signer" / "key.pem").read_bytes(), ledger.vkey
    cosigned = cosign((folder / "honest" / "checkpoint").read_bytes(), WITNESSES)
    early = Forge(folder / "honest", key)
    early.keep_until(early.first("checkpoint.anchored"))
    write(early.resign(), folder / "early")
    return Before(folder, key, vkey, cosigned)


def policy(vkey: str, quorum: int) -> str:
    """Return a policy that wants `quorum` of the three witnesses."""
    lines = [f"log {vkey}"]
    for name, (full, secret) in WITNESSES.items():
        lines.append(f"witness {name} {notes.vkey(full, 4, ed25519.public(secret))}")
    return "\n".join([*lines, f"group all {quorum} {' '.join(WITNESSES)}", "quorum all"]) + "\n"


def cosign(note: bytes, names: dict[str, tuple[str, bytes]]) -> bytes:
    """Return a checkpoint with one more line of each witness."""
    text = note.partition(b"\n\n")[0] + b"\n"
    return note + b"".join(notes.line(name, 4, secret, text, WHEN) for name, secret in names.values())


# -- twelve edits


def result_beautified(forge: Forge) -> Leave:
    forge.first("result.recorded")["data"] |= {"categories": ["REFUSED"], "not_checkable": None}
    return LATE


def visit_moved(forge: Forge) -> Leave:
    forge.first("result.published")["data"]["reference"] = "另一处公示"
    return LATE


def plan_retitled(forge: Forge) -> Leave:
    first_draw(forge)
    forge.first("plan.drafted")["data"]["title"] = "另一份计划"
    return ()


def business_taken_out(forge: Forge) -> Leave:
    first_draw(forge)
    forge.edit_rows(
        forge.first("registry.imported", 1), lambda rows: [row for row in rows if row["id"] != rows[4]["id"]]
    )
    return ()


def certificate_renewed(forge: Forge) -> Leave:
    first_draw(forge)

    def edit(rows: list[Json]) -> None:
        rows[6]["row"]["certificate_valid_to"] = "2029-12-31"

    forge.edit_rows(forge.first("registry.imported"), edit)
    return ()


def secret_exchanged(forge: Forge) -> Leave:
    first_draw(forge)
    revealed = forge.first("draw.contribution-revealed")
    revealed["data"]["secret"] = "5a" * 32
    forge.secrets[revealed["stream"], revealed["data"]["party"]] = b"\x5a" * 32
    return ()


def dice_rolled_again(forge: Forge) -> Leave:
    first_draw(forge)
    key = dice_key_string([7, 3] * 20, 10)
    forge.first("draw.beacon-recorded")["data"] |= {"key_string": key, "b": beacon_hash_text("dice", key).hex()}
    return ()


def drawn_exchanged(forge: Forge) -> Leave:
    first_draw(forge)
    forge.settle()

    def edit(rows: list[Json]) -> None:
        drawn = {row["id"] for row in rows}
        rows[0]["id"] = next(row["id"] for row in objects(60) if row["id"] not in drawn)

    forge.edit_rows(forge.first("draw.objects-drawn"), edit)
    return ("drawn",)


def team_exchanged(forge: Forge) -> Leave:
    first_draw(forge)
    forge.settle()

    def edit(rows: list[Json]) -> None:
        others = (["INS-220100-001", "INS-220100-003"], ["INS-220100-002", "INS-220100-004"])
        rows[0]["inspectors"] = next(team for team in others if team != rows[0]["inspectors"])

    forge.edit_rows(forge.first("draw.inspectors-assigned"), edit)
    return ("assigned",)


def review_taken_out(forge: Forge) -> Leave:
    first_draw(forge)
    forge.drop(forge.first("plan.justice-reviewed"))
    return ()


def account_put_in(forge: Forge) -> Leave:
    first_draw(forge)
    opened = {"account": "market-2", "role": "organiser", "unit": "220100.market"}
    forge.add(forge.first("calendar.recorded"), "account/market-2", "account.opened", "admin", opened)
    return ()


def tail_cut(forge: Forge) -> Leave:
    del forge.entries[-3:]
    return LATE


EDITS: dict[str, Edit] = {
    "a result is changed": result_beautified,
    "a publication is moved": visit_moved,
    "the plan has another title": plan_retitled,
    "a business is taken out of the registry": business_taken_out,
    "an expired certificate is renewed": certificate_renewed,
    "a party's secret is exchanged": secret_exchanged,
    "the dice are rolled again": dice_rolled_again,
    "another business is drawn": drawn_exchanged,
    "another team is sent": team_exchanged,
    "a review is taken out": review_taken_out,
    "an account is put in": account_put_in,
    "the last three entries are cut off": tail_cut,
}


# -- five attackers


def edits_bytes(known: Before, edit: Edit) -> Files:
    forge = known.forge()
    edit(forge)
    return _as_lines_stand(forge, known)


def rehashes(known: Before, edit: Edit) -> Files:
    forge = known.forge()
    edit(forge)
    files = _as_lines_stand(forge, known)
    return forge.rehash() if files else files


def has_the_key(known: Before, edit: Edit) -> Files:
    forge = known.forge()
    return forge.settle(edit(forge))


def replays_a_time(known: Before, edit: Edit) -> Files:
    """With the key, every line that the witnesses once put under the honest head, and every token of the authority."""
    forge = known.forge()
    stamped = forge.first("checkpoint.anchored")
    leave = edit(forge)
    if not forge.all("checkpoint.anchored"):
        forge.entries.append(stamped)  # the edit cut the log before it
    forge.settle(leave)
    for entry in forge.all("checkpoint.anchored"):
        size = forge.at(entry)
        entry["data"] |= {"covered": forge.covered(size), "checkpoint": put(forge, forge.sign(size), NOTE_MEDIA)}
        forge.settle(leave)  # the next one covers this one
    files = forge.settle(leave)
    own = known.cosigned.partition(b"\n\n")[2].splitlines(keepends=True)[1:]
    return files | {"checkpoint": files["checkpoint"] + b"".join(own)}


def owns_all_but_one(known: Before, edit: Edit) -> Files:
    files = has_the_key(known, edit)
    owned = {name: each for name, each in WITNESSES.items() if name != HONEST}
    return files | {"checkpoint": cosign(files["checkpoint"], owned)}


LEVELS: dict[str, Callable[[Before, Edit], Files]] = {
    "edits bytes": edits_bytes,
    "re-hashes everything": rehashes,
    "has the log key": has_the_key,
    "replays a time stamp": replays_a_time,
    "owns all but one witness": owns_all_but_one,
}


def _as_lines_stand(forge: Forge, known: Before) -> Files:
    """Bring back the entries behind the edit, which an attacker without the key leaves as they were.

    The edits cut the log for those who sign it anew; nobody else gains by that.
    """
    honest = known.forge()
    if len(forge.entries) < len(honest.entries) - 3:
        last = forge.entries[-1]["command"]
        place = next(n for n, each in enumerate(honest.entries) if each["command"] == last)
        forge.entries += honest.entries[place + 1 :]
    return forge.raw()


def kept_of(edit: Edit) -> str:
    """Return which copy strangers kept: of a draw the one from its end, so that the edit is all that differs in size or bytes."""
    return "honest" if edit in (result_beautified, visit_moved, tail_cut) else "early"


def first_other(known: Before, files: Files) -> int:
    """Return the first line that is not what it was, found by comparing the two files and nothing else."""
    lines = files["entries.jsonl"].splitlines()
    return next(n for n, line in enumerate(known.lines) if n >= len(lines) or lines[n] != line)
