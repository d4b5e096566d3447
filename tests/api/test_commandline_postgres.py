"""A log on PostgreSQL from the command line: migrated, made, filled, exported, rebuilt and brought up again."""

import json
import shutil
from pathlib import Path

import psycopg
import pytest

from api.cli import main
from api.database import VIEW_TABLES
from domain.ledger import Ledger
from domain.store.postgres_schema import VERSION
from tests.api.made_up import code
from tests.asking import answer
from tests.domain.on_postgres import connect
from tests.postgres import LogPlace, Postgres
from tests.test_killed import materials

MADE = ["init", "--origin", "demo.x.example/1", "--unit", "220100", "--unit-name", "某局", "--store", "postgres"]


@pytest.fixture
def place(postgres: Postgres) -> LogPlace:
    return postgres.unused()


def migrated(postgres: Postgres, place: LogPlace) -> int:
    roles = ["--service-role", postgres.role("service"), "--reader-role", postgres.role("reader")]
    return main(["migrate", "--dsn", place.owner, "--schema", place.schema, *roles])


def founded(folder: Path, place: LogPlace) -> int:
    return main([*MADE, "--dir", str(folder), "--dsn", place.service, "--schema", place.schema])


@pytest.fixture
def log(postgres: Postgres, place: LogPlace, tmp_path: Path, capsys) -> Path:
    """A log on PostgreSQL with an organiser and one registry of objects."""
    assert (migrated(postgres, place), founded(tmp_path / "log", place)) == (0, 0)
    with Ledger.open(tmp_path / "log") as ledger:
        ledger.open_account(ledger.actor("admin"), "a", account="market", role="organiser", unit="220100")
        facts = {"registry": "shops", "type": "objects", "title": "名录库", "item": "X-1"}
        ledger.create_registry(ledger.actor("market"), "r", **facts)
    capsys.readouterr()
    return tmp_path / "log"


def filled(folder: Path, tmp_path: Path) -> int:
    (tmp_path / "one.csv").write_text(f"uscc,name\n{code(1)},甲店\n", "utf-8")
    file = str(tmp_path / "one.csv")
    return main(["import", file, "--dir", str(folder), "--registry", "shops", "--account", "market"])


def test_migrating_says_what_it_did_and_may_be_done_twice(postgres: Postgres, place: LogPlace, capsys) -> None:
    first = migrated(postgres, place), capsys.readouterr().out
    again = migrated(postgres, place), capsys.readouterr().out

    assert (first[0], again[0]) == (0, 0)
    assert f"schema {place.schema}：已建立，版本 {VERSION} / made, version {VERSION}" in first[1]
    assert "视图 inspections：表已重建" in first[1]
    assert "next: ./fairdraw init --store postgres" in first[1]
    assert again[1].splitlines() == [
        f"模式 {place.schema} / schema {place.schema}：已是版本 {VERSION} / is at version {VERSION} already",
        f"已授权 / granted: {postgres.role('service')} {postgres.role('reader')}",
    ]
    with connect(place.reader, place) as connection:
        for table in VIEW_TABLES:
            connection.execute(f"SELECT count(*) FROM {table}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM private_values")


def test_a_log_is_made_only_where_the_schema_is_migrated_and_nothing_is_left_otherwise(
    postgres: Postgres, place: LogPlace, tmp_path: Path, capsys
) -> None:
    before = founded(tmp_path / "log", place), capsys.readouterr().err
    elsewhere = main([*MADE, "--dir", str(tmp_path / "log"), "--dsn", "host=/nowhere", "--schema", "log_1"])
    assert not (tmp_path / "log").exists()
    migrated(postgres, place)
    after = founded(tmp_path / "log", place)

    assert (before[0], elsewhere, after) == (1, 1, 0)
    assert "`fairdraw migrate`" in before[1]
    kept = tmp_path / "log" / "store.json"
    assert json.loads(kept.read_text()) == place.store
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("options", [["--store", "postgres"], ["--dsn", "host=x"], ["--schema", "log_1"]])
def test_half_a_choice_of_a_store_is_wrong_usage(options: list[str], tmp_path: Path, capsys) -> None:
    assert main([*MADE[:-2], "--dir", str(tmp_path / "log"), *options]) == 64
    assert "--dsn" in capsys.readouterr().err


@pytest.mark.parametrize(("version", "words"), [(0, "has version none"), (7, "made by `fairdraw migrate` of a newer")])
@pytest.mark.parametrize("call", [["serve", "--port", "0"], ["rebuild"], ["export", "x"]], ids=lambda call: call[0])
def test_nothing_runs_on_a_schema_of_another_version(log: Path, place: LogPlace, version, words, call, capsys) -> None:
    with connect(place.owner, place) as connection:
        connection.execute("UPDATE migrations SET version = %s", (version,))

    assert main([*call, "--dir", str(log)]) == 1

    said = capsys.readouterr().err
    assert words in said
    assert "fairdraw migrate" in said


def test_a_service_does_not_start_where_the_tables_of_a_view_have_another_form(
    log: Path, place: LogPlace, postgres: Postgres, capsys
) -> None:
    with connect(place.owner, place) as connection:
        connection.execute("UPDATE view_position SET schema = 'older' WHERE view = 'plans'")

    assert main(["serve", "--port", "0", "--dir", str(log)]) == 1
    assert "plans" in (said := capsys.readouterr().err)
    assert "fairdraw migrate" in said

    assert migrated(postgres, place) == 0
    assert "视图 plans：表已重建" in capsys.readouterr().out
    assert main(["rebuild", "--dir", str(log)]) == 0


def test_a_registry_is_imported_exported_proved_and_rebuilt(log: Path, tmp_path: Path, capsys) -> None:
    assert filled(log, tmp_path) == 0
    assert main(["rebuild", "--dir", str(log)]) == 0
    assert "一致 / equal" in capsys.readouterr().out
    assert main(["export", "--dir", str(log), str(tmp_path / "export")]) == 0

    capsys.readouterr()
    told = answer(capsys, str(tmp_path / "export"), "--vkey", (log / "log.vkey").read_text().strip())
    assert told["exit"] == 0


def test_a_log_that_lost_its_schema_goes_on_in_a_new_one(
    log: Path, place: LogPlace, postgres: Postgres, tmp_path: Path, capsys
) -> None:
    filled(log, tmp_path)
    main(["export", "--dir", str(log), str(tmp_path / "export")])
    with connect(place.owner, place) as connection:
        connection.execute(f"DROP SCHEMA {place.schema} CASCADE".encode())
    recovery = ["recover", "--dir", str(log), "--from", str(tmp_path / "export"), "--reason", "数据库丢失"]

    assert main(recovery) == 1
    assert "fairdraw migrate" in capsys.readouterr().err
    assert migrated(postgres, place) == 0
    assert main(["export", "--dir", str(log), str(tmp_path / "x")]) == 1
    assert "fairdraw recover" in capsys.readouterr().err
    assert main(recovery) == 0

    assert main(["export", "--dir", str(log), str(tmp_path / "export")]) == 0
    capsys.readouterr()
    told = answer(capsys, str(tmp_path / "export"), "--vkey", (log / "log.vkey").read_text().strip())
    assert told["exit"] == 0


@pytest.mark.slow
def test_a_demonstration_starts_a_server_of_its_own_and_stops_it(tmp_path: Path, capsys) -> None:
    call = ["demo", "--once", "--store", "postgres", "--dir", str(tmp_path / "run"), *materials(tmp_path)]

    codes = [main(call), main(call)]

    said = capsys.readouterr().out
    home = Path(json.loads((tmp_path / "run" / "database" / "server.json").read_text()))
    try:
        assert codes == [0, 0]
        assert said.count("全部成立 / all holds") == 2
        assert json.loads((tmp_path / "run" / "log" / "store.json").read_text())["schema"] == "log_demo"
        assert (home / "data" / "PG_VERSION").is_file()
        assert not (home / "data" / "postmaster.pid").exists()
    finally:
        shutil.rmtree(home)
    assert main(call) == 1
    assert "its database is gone" in capsys.readouterr().err


def test_a_demonstration_uses_the_server_it_is_given(postgres: Postgres, tmp_path: Path) -> None:
    from api.demo import run
    from api.demo.materials import gather

    given = gather(None, None, None, "2026-03-02")
    for _ in range(2):
        with run.prepared(tmp_path / "run", given, "postgres", postgres.superuser) as ledger:
            assert ledger.store.shared
    name = json.loads((tmp_path / "run" / "database" / "name.json").read_text())[0]
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        for role in ("owner", "service", "reader"):
            connection.execute(f"DROP ROLE {name}_{role}".encode())


def test_a_static_log_and_receipts_come_from_postgres_and_from_a_copy_that_is_only_read(
    postgres: Postgres, log: Path, place: LogPlace, tmp_path: Path, capsys
) -> None:
    static, held, vkey = str(tmp_path / "static"), str(tmp_path / "held"), (log / "log.vkey").read_text().strip()
    assert filled(log, tmp_path) == 0
    assert main(["publish", "--dir", str(log), static]) == 0
    again = main(["publish", "--dir", str(log), "--dsn", place.service, static])
    receipt = main(["receipt", "--dir", str(log), "--dsn", place.service, "4", held])
    capsys.readouterr()

    assert (again, receipt) == (0, 0)
    assert main(["fsck", static, "--vkey", vkey]) == 0
    assert main(["verify", "receipt", held, "--vkey", vkey]) == 0
