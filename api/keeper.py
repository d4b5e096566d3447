"""The keeper publishes a checkpoint whenever the log has grown, and keeps the views near its head."""

from __future__ import annotations

import threading

from api.problems import LOG
from domain.ledger import Ledger
from projections import follow


class Keeper:
    """A thread of the service; `stop` waits until its last round is over, so that the ledger can be closed after it."""

    def __init__(self, ledger: Ledger, every: float) -> None:
        self._ledger, self._every = ledger, every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fairdraw-keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, with the head published."""
        self._stopping.set()
        self._thread.join()

    def tend(self) -> None:
        """Do one round: publish the head if it moved, and fold what the views lack."""
        if self._ledger.published_size < self._ledger.size:
            self._ledger.publish_checkpoint()
        follow.fold(self._ledger.store, self._ledger.size)  # another worker may do it: no reason to keep a head waiting

    def _run(self) -> None:
        while True:
            stopping = self._stopping.wait(self._every)
            try:
                self.tend()
            except Exception:
                # The next round may succeed; until then commands go on, and every read says what is wrong.
                LOG.exception("the keeper failed")
            if stopping:
                return
