"""The whole round on PostgreSQL: with the same keys and salts, its export is the one from SQLite to the byte."""

import hashlib
import importlib.util
import itertools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.demo.postgres import NoPostgres
from api.exporting import export
from tests.asking import answer
from tests.postgres import Postgres, server
from tests.story import tell


def without_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every key and every salt be the same one each time a story is told."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    salts = (hashlib.sha256(b"salt %d" % n).digest() for n in itertools.count())
    monkeypatch.setattr(Ed25519PrivateKey, "generate", lambda: key)
    monkeypatch.setattr("domain.private.secrets.token_bytes", lambda _: next(salts))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_whole_round_on_postgresql_is_the_one_on_sqlite_byte_for_byte(
    postgres: Postgres, tmp_path: Path, capsys
) -> None:
    for name, store in (("sqlite", {"store": "sqlite"}), ("postgres", postgres.place().store)):
        with pytest.MonkeyPatch.context() as patched:
            without_chance(patched)
            with tell(tmp_path / name / "log", store).ledger as ledger:
                export(ledger, tmp_path / name / "export")
                vkey = ledger.vkey

    told = answer(capsys, str(tmp_path / "postgres" / "export"), "--vkey", vkey)

    assert (told["exit"], told["outcome"]) == (0, "HOLDS")
    one, other = contents(tmp_path / "postgres" / "export"), contents(tmp_path / "sqlite" / "export")
    assert len(one) > 20
    assert one == other


def test_without_any_postgresql_the_tests_fail_and_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    monkeypatch.delenv("FAIRDRAW_TEST_PG", raising=False)

    words = r"set FAIRDRAW_TEST_PG to the address of a superuser: .*install Debian's package"
    with pytest.raises(NoPostgres, match=words), server():
        pass
