"""Commands about the log itself: its keys are handed over, and its published heads are stamped with the time."""

from __future__ import annotations

import base64
import math
from typing import Any

from domain.commands.inspections import InspectionCommands
from domain.core import Decision, Receipt
from domain.errors import Conflict, Invalid
from domain.organisation import Logbook
from domain.roles import Actor, Cause
from verify import checkpoint, entries, note
from verify.kinds import NOTE_MEDIA, TOKEN_MEDIA
from verify.note import ED25519, NoteError, Signature

RULE = "LEDGER 7"


class LogCommands(InspectionCommands):
    """Keys and time stamps."""

    def announce_key(self, by: Actor, command: str, *, vkey: str) -> Receipt:
        """Announce the next key of the log; from the checkpoint that covers this entry on both keys sign.

        Invalid where it is no key of this log, Conflict where the signer does not have it or another is being handed over.
        """

        def decide(cause: Cause) -> Decision:
            log = self._get(Logbook, "log/main")
            _require_key_of(log.origin, vkey)
            log.announce_key(cause, vkey)
            with self.signer.alone():
                if vkey not in self.signer.vkeys:
                    raise Conflict(
                        "签名器没有这把密钥，请先运行 fairdraw signer rotate",
                        "the signer does not have this key: run `fairdraw signer rotate` before",
                        RULE,
                    )
            return Decision(log)

        return self._do(by, command, "log.key-announced", {"vkey": vkey}, decide)

    def retire_key(self, by: Actor, command: str, *, vkey: str) -> Receipt:
        """Retire the oldest key of the log, with a head that it signed over the announcement of its successor.

        Whoever was given the old key follows that head to the new one. Conflict where nothing follows it.
        """

        def decide(cause: Cause) -> Decision:
            log = self._get(Logbook, "log/main")
            log.retire_key(cause, vkey, self._handover(log, vkey))
            return Decision(log)

        return self._do(by, command, "log.key-retired", {"vkey": vkey}, decide)

    def _handover(self, log: Logbook, vkey: str) -> dict[str, Any]:
        """Return the published head as the old key signed it; the announcement of the new one lies below it."""
        published = self.checkpoint()
        size = checkpoint.parse(published)[0].size if published else 0
        if published is None or len(log.keys_at(size)) < 2:
            published = self.publish_checkpoint()
        head, signatures = checkpoint.parse(published)
        key = _require_key_of(log.origin, vkey)
        signed = [each for each in signatures if (each.name, each.key_id) == (key.name, key.key_id)]
        if not signed:
            raise Conflict(
                "现有检查点没有这把密钥的签名，不能停用", "this key did not sign the present checkpoint", RULE
            )
        return covered_by(head, signed[0])

    def anchor(self, by: Actor, command: str, *, published: bytes, token: bytes) -> Receipt:
        """Record the time stamp of a published checkpoint: note and token as documents, whose hashes the entry holds.

        Whether the token is what it should be was asked by whoever fetched it (`api/anchoring.py`).
        """

        def decide(cause: Cause) -> Decision:
            log = self._get(Logbook, "log/main")
            head, signatures = checkpoint.parse(published)
            log.anchor(
                cause, covered_by(head, signatures[0]), self.put(published, NOTE_MEDIA), self.put(token, TOKEN_MEDIA)
            )
            return Decision(log)

        facts = {"size": checkpoint.parse(published)[0].size, "token": token.hex()}
        return self._do(by, command, "checkpoint.anchored", facts, decide)

    def due_for_anchoring(self) -> bytes | None:
        """Return the published checkpoint, where it holds anything since the last that was stamped but that stamp."""
        published = self.checkpoint()
        anchored = self._peek(Logbook, "log/main").anchored
        if published is None or anchored is None:
            return published
        size, index = anchored
        now = checkpoint.parse(published)[0].size
        return published if now > size + (index == size) else None

    def seconds_since_anchor(self) -> float:
        """Return how long ago the last stamp was recorded, by the log's clock; infinite where there was none."""
        anchored = self._peek(Logbook, "log/main").anchored
        if anchored is None or anchored[1] is None:
            return math.inf
        (raw,) = self.store.entries(anchored[1], anchored[1] + 1)
        return entries.seconds_of(self.clock.now()) - entries.read_own(raw).seconds


def covered_by(head: checkpoint.Checkpoint, signature: Signature) -> dict[str, Any]:
    """Return a signed head as entries carry it: size, root, and base64 of key id and signature."""
    signed = base64.b64encode(signature.key_id + signature.payload).decode()
    return {"size": head.size, "root": head.root.hex(), "signature": signed}


def _require_key_of(origin: str, vkey: str) -> note.VerifierKey:
    try:
        key = note.parse_vkey(vkey)
    except NoteError as error:
        raise Invalid(f"公钥不可用：{error}", f"this is no verifier key: {error}", RULE) from error
    if key.name != origin or key.kind != ED25519:
        raise Invalid(f"{key.name} 不是本台账 {origin} 的公钥", f"{key.name} is no Ed25519 key of {origin}", RULE)
    return key
