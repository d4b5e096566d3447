"""The keeper publishes a checkpoint soon after the log has grown, has it cosigned, and keeps the views near its head.

Of several workers one keeps: whoever holds `keeper` in the log's folder, which the kernel takes from it when it dies.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from api.problems import LOG
from domain.errors import Refusal, Unavailable
from domain.ledger import Ledger
from domain.lockfile import LockFile
from projections import follow

LOOKS = 5
"""So often in the time that an entry may wait the keeper looks at the log."""


@dataclass
class Pace:
    """When a checkpoint is due: after `entries` new ones, or `seconds` after the first of them was seen."""

    entries: int
    seconds: float
    _since: float | None = None

    def due(self, waiting: int, now: float) -> bool:
        """Whether the `waiting` entries are to be published at `now`, in seconds of a clock that never goes back."""
        if not waiting:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return waiting >= self.entries or now - self._since >= self.seconds


class Keeper:
    """A thread of the service; `stop` waits until its last round is over, so that the ledger can be closed after it."""

    def __init__(self, ledger: Ledger, pace: Pace, spread: Callable[[bool], object] = lambda last: None) -> None:
        """`spread` is called in every round, and told whether it is the last: it brings the static log up to what is published."""
        self._ledger, self._pace, self._spread = ledger, pace, spread
        self._published = 0
        self._office: LockFile | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fairdraw-keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, with the head published."""
        self._stopping.set()
        self._thread.join()

    def tend(self, last: bool = False) -> None:
        """Look once: publish the head and fold what the views lack, where that is due or this is the `last` time."""
        if not self._elected():
            return
        size = self._ledger.size
        if size > self._published:
            self._published = self._ledger.published_size
        if self._pace.due(size - self._published, time.monotonic()) or (last and size > self._published):
            self._ledger.publish_checkpoint()
            follow.fold(self._ledger.store, size)  # another worker may do it: no reason to keep a head waiting
        self._cosign(last)
        self._spread(last)

    def _cosign(self, last: bool) -> None:
        """Have the published head cosigned, without waiting for it but the `last` time."""
        cosigning = self._ledger.cosigning
        signed = self._ledger.store.checkpoint() if cosigning is not None else None
        if cosigning is not None and signed is not None:
            (cosigning.ask if last else cosigning.tend)(signed)

    def _elected(self) -> bool:
        if self._office is None:
            try:
                self._office = LockFile(self._ledger.folder / "keeper")
            except Unavailable:
                return False
        return True

    def _try(self, last: bool) -> Exception | None:
        """Look once; return what went wrong. The next round may succeed."""
        try:
            self.tend(last)
        except Exception as fault:
            return fault
        return None

    def _run(self) -> None:
        stopping, told = False, ""
        while not stopping:
            stopping = self._stopping.wait(self._pace.seconds / LOOKS)
            fault = self._try(stopping)
            if fault and str(fault) != told:  # each fault once, and not several times a second
                LOG.error(
                    "发布检查点受阻，命令照常 / no checkpoint is published, commands go on: %s",
                    fault,
                    exc_info=_bare(fault),
                )
            elif told and not fault:
                LOG.warning("检查点恢复发布 / checkpoints are published again")
            told = str(fault) if fault else ""
        if self._office is not None:
            self._office.release()


def _bare(fault: Exception) -> Exception | None:
    """Return what nobody foresaw, to be shown with its traceback; a refusal says all there is to say."""
    return None if isinstance(fault, Refusal) else fault
