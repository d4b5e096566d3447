"""A log that is read from a copy of its database, a standby: everything is answered, and nothing can be changed.

It needs the log's folder without the signing key: `log.vkey` and `store.json`. What it shows is what the log has published,
checked against that key; a copy that falls behind what this process has seen of it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from domain.clock import SteppedClock
from domain.core import Intent
from domain.errors import Unavailable
from domain.ledger import Ledger
from domain.organisation import Logbook
from domain.store.choice import Choice
from verify import checkpoint, entries, note

RULE = "LEDGER 7"


class Standby(Ledger):
    """One authority's log, read only; `Standby.reading(folder, dsn)` opens it."""

    read_only = True

    def __init__(self, folder: Path, dsn: str = "") -> None:
        self._dsn = dsn
        super().__init__(folder)

    @classmethod
    def reading(cls, folder: Path, dsn: str = "") -> Self:
        """Open the log in `folder` for reading; `dsn` names another database than `store.json`, of the same schema.

        Unavailable where that is no copy of the log, or one in which nothing is published yet.
        """
        opened = cls(folder, dsn)
        try:
            opened._start()
        except BaseException:
            opened.close()
            raise
        return opened

    def _chosen(self) -> Choice:
        choice = Choice.read(self.folder)
        if choice.store != "postgres":
            raise Unavailable(
                "只读副本须在 PostgreSQL；SQLite 的台账由其服务导出",
                "a copy is read in PostgreSQL; a log in SQLite is exported by its service",
                RULE,
            )
        return replace(choice, dsn=self._dsn or choice.dsn)

    def _start(self) -> None:
        self._seen = 0, b""
        self._require_copy(lambda: self.store.size, self.store.root)
        self.store.watch(self._require_copy)
        self._require_published()
        log = self._get(Logbook, "log/main")
        self.origin = log.origin
        if log.clock == "stepped":
            self.clock = SteppedClock("")
        self.agency = entries.parse(next(self.store.entries(1, 2))).data["unit"]
        self._follow_clock()

    def _require_published(self) -> None:
        """Refuse a copy whose last checkpoint is not signed by the log's key, or is not one of its entries."""
        signed = self.store.checkpoint()
        try:
            if signed is None:
                raise note.NoteError("nothing is published in it yet")
            key = (self.folder / "log.vkey").read_text("ascii").strip()
            head = checkpoint.open_checkpoint(signed, note.parse_vkey(key))
            if self.store.root(head.size) != head.root:
                raise note.NoteError("its entries are not those that were signed")
        except (note.NoteError, KeyError) as error:
            raise Unavailable(f"不是此台账的副本：{error}", f"this is no copy of the log: {error}", RULE) from error

    def _require_copy(self, measure: Callable[[], int], root: Callable[[int], bytes]) -> None:
        size, before = measure(), self._seen
        if size < before[0] or (before[0] and root(before[0]) != before[1]):
            raise Unavailable(
                f"副本有 {size} 条，少于此前所见的 {before[0]} 条或与之不符",
                f"the copy with {size} entries is older than the {before[0]} that were seen, or differs from them",
                RULE,
            )
        self._seen = size, root(size)

    def admit(self, intents: Sequence[Intent]) -> None:
        """Refuse every command."""
        raise Unavailable(
            "此为只读副本，命令请提交主服务", "this is a read-only copy: send commands to the log's own service", RULE
        )

    def publish_checkpoint(self) -> bytes:
        """Return the last checkpoint that the log has published: nothing is signed here."""
        signed = self.store.checkpoint()
        if signed is None:
            raise Unavailable("副本中尚无检查点", "nothing is published in the copy yet", RULE)
        return signed
