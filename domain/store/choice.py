"""Which database a log lives in: `store.json` in its folder says so, and without that file it is SQLite beside it.

`{"store":"sqlite"}` or `{"store":"postgres","dsn":"…","schema":"log_220100"}`. The file may hold a password, so only its
owner reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from domain.errors import Conflict, Invalid, Unavailable
from domain.store.postgres_schema import SCHEMA

RULE = "LEDGER 7"


@dataclass(frozen=True)
class Choice:
    """The store of one log."""

    store: str = "sqlite"
    dsn: str = ""
    schema: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Self:
        """Return the choice that settings make. Invalid where they make none."""
        keys = {"sqlite": {"store"}, "postgres": {"store", "dsn", "schema"}}.get(str(settings.get("store")))
        if keys is None or set(settings) != keys or not all(isinstance(value, str) for value in settings.values()):
            raise Invalid(
                "存储设置须为 sqlite，或带 dsn 与 schema 的 postgres",
                "a store is sqlite, or postgres with dsn and schema",
                RULE,
            )
        choice = cls(**settings)
        if choice.store == "postgres" and not SCHEMA.fullmatch(choice.schema):
            raise Invalid(
                f"模式名 {choice.schema!r} 不合要求",
                f"a schema is called like log_220100, not {choice.schema!r}",
                RULE,
            )
        return choice

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what `store.json` says, SQLite where there is no such file. Unavailable where it cannot be read."""
        try:
            return cls.of(json.loads((folder / "store.json").read_text("utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, AttributeError, Invalid) as error:
            raise Unavailable(f"store.json 无法读取：{error}", f"store.json cannot be read: {error}", RULE) from error

    def settle(self, folder: Path) -> None:
        """Write `store.json`, where this is not SQLite. Conflict where the log in `folder` lives elsewhere already."""
        if (folder / "store.json").exists() or (folder / "ledger.db").exists():
            if Choice.read(folder) != self:
                raise Conflict("此处的台账用另一存储", "the log here lives in another store", RULE)
        elif self != Choice():
            settings = {"store": self.store, "dsn": self.dsn, "schema": self.schema}
            fresh = folder / "store.json.new"
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(settings, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(folder / "store.json")

    def require_usable(self) -> None:
        """Look once whether the database can be reached and holds a schema for a log. Unavailable where it does not."""
        if self.store == "postgres":
            import psycopg

            from domain.store.postgres import Store  # here, so that a log in SQLite does without it

            try:
                Store(self.dsn, self.schema).close()
            except psycopg.Error as error:
                raise Unavailable(f"数据库无法使用：{error}", f"the database cannot be used: {error}", RULE) from error

    def environment(self, folder: Path, create: bool) -> dict[str, str]:
        """Return how the library finds the store; `create`: in SQLite, where the file is still empty, tables are made."""
        if self.store == "postgres":
            return {
                "PERSISTENCE_MODULE": "domain.store.postgres",
                "LEDGER_DSN": self.dsn,
                "LEDGER_SCHEMA": self.schema,
            }
        return {
            "PERSISTENCE_MODULE": "domain.store.sqlite",
            "LEDGER_DATABASE": str(folder / "ledger.db"),
            "LEDGER_CREATE": "y" if create else "n",
        }
