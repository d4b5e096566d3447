"""One witness of a log's checkpoints: what it is believed to have, how it is asked, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from verify.checkpoint import Checkpoint
from verify.note import NoteError, Signature, VerifierKey
from verify.witness.client import Reply, Unreachable, add_checkpoint
from verify.witness.request import Request, cosignatures, spell, stated_size

LONGEST_PAUSE = 60.0
"""A witness that fails is left alone for a second, then for twice as long each time, at most so many seconds."""
FORKED = (
    "它联署过的历史与出示的不同：台账可能已分叉，或由旧备份恢复。停止写入，保留一切文件，向见证索取它存下的检查点，"
    "与 refusals.jsonl 中的请求一并交 `verify evidence` 核对，并报告监督机关"
    " / it cosigned another history than it was shown: the log may have forked, or was restored from an old backup. Stop writing,"
    " keep every file, ask the witness for the checkpoint it kept, have `verify evidence` judge it with the request"
    " in refusals.jsonl, and tell the authority that supervises the log"
)
"""What a refusal with 422 means, and what to do."""
AHEAD = (
    "数据库可能由旧备份恢复：停止写入，以 `recover` 从已公布的导出恢复，不要另起历史"
    " / the database may have been restored from an old backup: stop writing, and `recover` from an export that was published"
)
"""The same of a witness that has cosigned more than the log has."""
Prove = Callable[[int, int], list[bytes]]
"""Gives the proof that the log only grew between two sizes."""


class Declined(Exception):
    """A witness did not sign. Where its answer is evidence, it and the request are here to the byte."""

    def __init__(self, reason: str, request: bytes = b"", status: int = 0, answer: bytes = b"") -> None:
        super().__init__(reason)
        self.request, self.status, self.answer = request, status, answer


@dataclass
class Witness:
    """One witness: where it is asked, what it is believed to have, and whether it is left alone for a while."""

    name: str
    key: VerifierKey
    url: str
    old: int = 0
    busy: bool = False
    pause: float = 0.0
    not_before: float = 0.0
    told: set[tuple[int, bytes]] = field(default_factory=set)

    def failed(self, now: float) -> None:
        """Leave it alone for longer than the last time."""
        self.pause = min(LONGEST_PAUSE, 2 * self.pause or 1.0)
        self.not_before = now + self.pause

    def sign(self, head: Checkpoint, signed: bytes, prove: Prove, largest: int, seconds: float) -> Signature:
        """Return its cosignature of a head; where it has another size than was believed it is asked once again. Declined.

        `largest`: the largest head of the log that any worker has shown to witnesses; `seconds`: for a step of the way.
        """
        old, body, reply = self._post(head, signed, prove, seconds)
        has = stated_size(reply.body) if reply.status == 409 else None
        if has is not None and has != old and has <= head.size:
            self.old = has
            old, body, reply = self._post(head, signed, prove, seconds)
            has = stated_size(reply.body) if reply.status == 409 else None
        if has is not None and head.size < has <= largest:
            raise Declined("it has a larger head, which another worker has shown to it")
        if reply.status != 200:
            raise Declined(_reason(reply.status, has, head.size), body, reply.status, reply.body)
        try:
            found = cosignatures(reply.body, head.text(), [self.key])
        except NoteError as error:
            raise Declined(f"its answer cannot be used: {error}", body, 200, reply.body) from error
        if not found:
            raise Declined(f"it did not sign as {self.key.name}", body, 200, reply.body)
        self.old = head.size
        return found[0]

    def _post(self, head: Checkpoint, signed: bytes, prove: Prove, seconds: float) -> tuple[int, bytes, Reply]:
        """Ask it to sign a head; return the size that it was believed to have, the request and the reply."""
        old = self.old if self.old <= head.size else 0
        body = spell(Request(old, prove(old, head.size), signed))
        try:
            return old, body, add_checkpoint(self.url, body, seconds)
        except Unreachable as error:
            raise Declined(str(error)) from error


def _reason(status: int, has: int | None, size: int) -> str:
    """Say why a witness refuses a head of `size`; `has`: the size that it says it has cosigned."""
    if has is not None:
        return f"it has cosigned {has} entries" + (f", of {size}: {AHEAD}" if has > size else "")
    return f"it refuses with {status}" + (f": {FORKED}" if status == 422 else "")
