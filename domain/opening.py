"""Making a log and opening one: its key and its first entries, and what must hold before anything is written.

A database that is behind what was published does not open; a creation that was interrupted is finished by calling it again.
Source: ledger specification, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from domain.clock import SteppedClock, SystemClock
from domain.core import Core, Decision
from domain.cosigning import Cosigning
from domain.errors import Conflict, Unavailable
from domain.founding import refuse_founding
from domain.organisation import Account, Logbook, Unit
from domain.roles import SYSTEM, Cause
from domain.signer import Signer
from domain.signing import choose, is_made, is_there, signer_of, socket_of
from domain.signing.remote import RemoteSigner
from domain.store.choice import Choice
from verify import entries

RECOVERY = "recovery.json"
"""While this file is in the log's folder, a recovery is under way and nothing else may be written."""


class Opened(Core):
    """A log that was made or opened; `origin`, `vkey` and `agency` say whose it is."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an existing log. Unavailable when another process has it, or when it is behind what was published."""
        if not is_there(folder):
            raise Unavailable(f"{folder} 中没有台账", f"there is no log in {folder}", "LEDGER 7")
        core = cls(folder)
        try:
            core._start()
        except BaseException:
            core.close()
            raise
        return core

    @classmethod
    def create(
        cls,
        folder: Path,
        origin: str,
        *,
        clock: str = "system",
        unit: str,
        unit_name: str,
        account: str = "admin",
        store: Mapping[str, str] | None = None,
        signer: Path | None = None,
    ) -> Self:
        """Make a new log: its key, entry 0, its first unit (the bureau) and its first account (an administrator).

        `store`: what `store.json` is to say, SQLite where nothing is given; a schema in PostgreSQL is migrated before.
        `signer`: the socket of the process that signs; without it the log gets a signer, and a key, in its own folder.
        An interrupted creation is finished by calling this again with the same facts.
        """
        refuse_founding(origin, clock, unit, unit_name, account)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if signer is not None and not is_made(folder):
            _refuse_signer(signer, folder, origin)
        if store is not None:
            Choice.of(store).settle(folder)
        if signer is not None and is_made(folder) and socket_of(folder) != signer:
            raise Conflict("此处的台账由另一签名器签名", "the log here is signed by another signer", "LEDGER 7")
        if not is_made(folder):
            if signer is not None:
                choose(folder, signer)
            else:
                with suppress(FileNotFoundError):
                    (folder / "signer" / "key.pem").unlink()
                    (folder / "signer").rmdir()
                Signer.create(folder / "signer", origin)
        # Once something was signed, a database that is missing was lost: making another would be a fork.
        core = cls(folder, create=signer_of(folder).size == 0)
        try:
            core._found(origin, clock, unit, unit_name, account)
            core._start()
        except BaseException:
            core.close()
            raise
        return core

    def _found(self, origin: str, clock: str, unit: str, unit_name: str, account: str) -> None:
        if self.signer.origin != origin:
            raise Conflict(f"此处已有台账 {self.signer.origin}", f"here is the log {self.signer.origin}", "LEDGER 1")
        (self.folder / "log.vkey").write_text(self.signer.vkey + "\n", "ascii")
        self.clock = SteppedClock() if clock == "stepped" else SystemClock()

        def log(cause: Cause) -> Decision:
            aggregate = Logbook("log/main")
            aggregate.create(cause, origin, self.signer.vkey, clock)
            return Decision(aggregate)

        def bureau(cause: Cause) -> Decision:
            aggregate = Unit(f"unit/{unit}")
            aggregate.register(cause, unit, unit_name, "bureau", None)
            return Decision(aggregate)

        def first(cause: Cause) -> Decision:
            aggregate = Account(f"account/{account}")
            aggregate.open(cause, account, "admin", unit)
            return Decision(aggregate)

        self._do(SYSTEM, "create-log", "log.created", {"origin": origin, "clock": clock}, log)
        self._do(SYSTEM, "create-unit", "unit.registered", {"unit": unit, "name": unit_name}, bureau)
        self._do(SYSTEM, "create-account", "account.opened", {"account": account}, first)

    def _start(self) -> None:
        """Check the database against the signer's key and head, and set the clock.

        Unavailable where it is behind, where a recovery was begun and not finished, or where nothing is founded yet.
        """
        self.require_not_behind()
        if (self.folder / RECOVERY).exists():
            raise Unavailable(
                "恢复尚未完成，请再次运行 fairdraw recover",
                "a recovery is not finished: run `fairdraw recover` again",
                "LEDGER 7",
            )
        if self.size < 3:
            raise Unavailable("台账尚未建成，请再次运行 init", "the log is not wholly made: run init again", "LEDGER 7")
        log = self._get(Logbook, "log/main")
        missing = [each for each in log.keys if each not in self.signer.vkeys]
        if log.origin != self.signer.origin or missing:
            raise Unavailable(
                f"数据库中是另一台账（{log.origin}），或签名器缺少其密钥",
                f"the database holds another log: {log.origin}, of which the signer lacks the keys {missing}",
                "LEDGER 7",
            )
        self._require_signer_of(self.store.checkpoint())
        self.origin = log.origin
        self.agency = entries.parse(next(self.store.entries(1, 2))).data["unit"]
        if log.clock == "stepped":
            self.clock = SteppedClock(self.private.clock() or "")
        self._follow_clock()
        self.cosigning = Cosigning.read(self.folder, self.vkey, self.store.consistency_path, self.published_size)

    def keys_at(self, size: int) -> Sequence[str]:
        """Return the verifier keys that sign a checkpoint of `size`, the oldest first."""
        return self._peek(Logbook, "log/main").keys_at(size)

    @property
    def vkey(self) -> str:
        """The verifier key of what is published: after a rotation the new one, once the old one was retired."""
        return self.keys_at(max(1, self.published_size))[0]


def _refuse_signer(socket: Path, folder: Path, origin: str) -> None:
    """Refuse a signer of another name, or one that has signed a log already; before anything is made."""
    there = RemoteSigner(socket, folder)
    if there.origin != origin:
        raise Conflict(
            f"签名器的台账名为 {there.origin}，不是 {origin}",
            f"the signer is that of {there.origin}, not {origin}",
            "LEDGER 7",
        )
    if there.size:
        raise Conflict(
            f"签名器已为另一台账签署 {there.size} 条",
            f"the signer has signed {there.size} entries of a log already",
            "LEDGER 7",
        )
