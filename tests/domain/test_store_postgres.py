"""What is true of PostgreSQL only: which databases are refused, migrations, logs side by side, and one call for many events."""

from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError

from domain.core import Decision
from domain.errors import Conflict, Unavailable
from domain.ledger import Ledger
from domain.organisation import Unit
from domain.recovery import recover
from domain.roles import Cause
from domain.store import migration, postgres_connections, postgres_schema
from domain.store.contract import Change, Grounds
from domain.store.mapper import tail_of
from domain.store.migration import migrate
from domain.store.postgres import Store
from domain.store.postgres_connections import Connection
from tests.domain.on_postgres import connect, place, told
from tests.domain.stores import START
from tests.postgres import LogPlace, Postgres
from tests.story import Story, new_ledger
from verify import entries

__all__ = ["place", "told"]
UNIT = {"name": "单位", "kind": "office", "parent": "220100"}


def test_two_logs_in_one_database_do_not_see_each_other(told: Story, postgres: Postgres, tmp_path: Path) -> None:
    size = told.ledger.size

    with new_ledger(tmp_path / "other", "demo.fairdraw.example/220200", postgres.place().store) as other:
        receipt = other.register_unit(other.actor("admin"), "c-0", unit="220102", **UNIT)

        assert receipt.index == 3
        assert other.store.streams("unit/") == ["unit/220100", "unit/220102"]
        assert other.store.command("admin", "c-1") is None
        assert not list(other.store.documents())
    assert told.ledger.size == size


def test_another_log_does_not_move_into_a_schema_that_is_used(told: Story, place: LogPlace, tmp_path: Path) -> None:
    size = told.ledger.size

    with pytest.raises(Unavailable, match="holds another log"):
        new_ledger(tmp_path / "thief", store=place.store)
    with pytest.raises(Conflict, match="used for another command"):
        new_ledger(tmp_path / "stranger", "demo.fairdraw.example/220200", place.store)

    assert told.ledger.size == size


@pytest.mark.parametrize("field", ["stream", "at", "account", "command"])
def test_nothing_of_an_entry_may_shift_the_columns_of_the_others(told: Story, field: str) -> None:
    size, admin = told.ledger.size, told.actor("admin")
    units = [Unit("unit/one"), Unit("unit/two")]
    for unit in units:
        unit.register(Cause(admin, unit.id[5:]), unit.id[5:], **UNIT)
    facts = [fact for unit in units for fact in unit.collect_events()]
    changes = [Change(f.originator_id, 1, tail_of(f), START, "admin", f.command, bytes(32)) for f in facts]
    setattr(changes[0], field, getattr(changes[0], field) + "\nshifted")

    with pytest.raises(ValueError, match="no line feed"):
        told.ledger.store.append(changes)

    assert told.ledger.size == size


def test_a_log_does_not_change_its_store(told: Story, postgres: Postgres) -> None:
    with pytest.raises(Conflict, match="another store"):
        new_ledger(told.ledger.folder, store=postgres.place().store)
    assert (told.ledger.folder / "store.json").stat().st_mode & 0o777 == 0o600


def test_a_schema_that_was_never_migrated_is_refused(postgres: Postgres) -> None:
    with pytest.raises(Unavailable, match="has version none, this program needs"):
        Store(postgres.dsn("service"), "log_nowhere")


@pytest.mark.parametrize("found", [0, 99])
def test_a_schema_of_another_version_is_refused(place: LogPlace, found: int) -> None:
    with connect(place.owner, place) as connection:
        connection.execute("UPDATE migrations SET version = %s", (found,))

    with pytest.raises(Unavailable, match=f"has version {found or 'none'}, .*`fairdraw migrate`"):
        Store(place.service, place.schema)


def test_the_service_does_not_serve_as_owner_or_superuser(place: LogPlace, postgres: Postgres) -> None:
    for mighty in (place.owner, postgres.superuser):
        with pytest.raises(Unavailable, match="owns the tables or is a superuser"):
            Store(mighty, place.schema)


@pytest.mark.parametrize("commit", ["off", "local", "remote_write"])
def test_a_server_that_does_not_wait_for_the_disk_is_refused(place: LogPlace, commit: str) -> None:
    hasty = psycopg.conninfo.make_conninfo(place.service, options=f"-c synchronous_commit={commit}")

    with pytest.raises(Unavailable, match="does not wait for the disk"):
        Store(hasty, place.schema)


def test_a_database_of_another_encoding_is_refused(postgres: Postgres) -> None:
    name = f"{postgres.tag}_latin"
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0".encode())
    try:
        owner, service = (
            psycopg.conninfo.make_conninfo(postgres.dsn(role), dbname=name) for role in ("owner", "service")
        )
        with pytest.raises(Unavailable, match="encoded in LATIN1, not UTF8"):
            migrate(owner, "log_x", f"{postgres.tag}_service")
        with pytest.raises(Unavailable, match="encoded in LATIN1, not UTF8"):
            Store(service, "log_x")
    finally:
        with psycopg.connect(postgres.superuser, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name}".encode())


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        Store("host=/nowhere user=nobody", "log_x")


def test_migrating_again_changes_nothing(told: Story, place: LogPlace, postgres: Postgres) -> None:
    size = told.ledger.size

    found = migrate(place.owner, place.schema, f"{postgres.tag}_service")

    assert found == postgres_schema.VERSION
    assert told.do("admin", "close_account", account="clerk", reason="离岗").index == size


def test_the_rows_of_views_belong_to_the_service_and_their_tables_to_the_migration(
    place: LogPlace, postgres: Postgres
) -> None:
    def make(connection: Connection) -> list[str]:
        connection.execute("CREATE TABLE view_units (name text PRIMARY KEY)")
        return ["view_units"]

    migrate(
        place.owner,
        place.schema,
        f"{postgres.tag}_service",
        f"{postgres.tag}_reader",
        make_views=make,
    )

    with connect(place.service, place) as connection:
        connection.execute("INSERT INTO view_units VALUES ('a')")
        connection.execute("UPDATE view_units SET name = 'b'")
        connection.commit()
        with connect(place.reader, place) as reader:
            assert reader.execute("SELECT name FROM view_units").fetchall() == [("b",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("ALTER TABLE view_units ADD COLUMN more text")
    Store(place.service, place.schema).close()


def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    told: Story, place: LogPlace, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, version = told.ledger.size, postgres_schema.VERSION
    monkeypatch.setitem(migration.STEPS, version + 1, ("CREATE TABLE extra (x integer)", "a syntax error"))
    monkeypatch.setattr(migration, "VERSION", version + 1)

    with pytest.raises(psycopg.errors.SyntaxError):
        migrate(place.owner, place.schema, f"{postgres.tag}_service")

    with connect(place.owner, place) as connection:
        assert connection.execute("SELECT to_regclass('extra'), max(version) FROM migrations").fetchone() == (
            None,
            version,
        )
    assert told.ledger.size == size


def test_a_schema_of_a_newer_program_is_not_migrated(
    place: LogPlace, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "VERSION", 0)

    with pytest.raises(Conflict, match="this program knows 0"):
        migrate(place.owner, place.schema, f"{postgres.tag}_service")


def test_a_migration_grants_nothing_to_a_mighty_or_missing_role(postgres: Postgres) -> None:
    for role, reason in ((f"{postgres.tag}_owner", "itself"), ("nobody_at_all", "no role"), ("postgres", "superuser")):
        with pytest.raises(Conflict, match=reason):
            migrate(postgres.dsn("owner"), "log_ungranted", role)
    with pytest.raises(Conflict, match="a schema is called"):
        migrate(postgres.dsn("owner"), 'x"; DROP', f"{postgres.tag}_service")


def changes(told: Story, count: int, start: int = 0, streams: int = 1_000_000) -> list[Change]:
    """Return units to be registered, each by a command of its own."""
    made = []
    for number in range(start, start + count):
        unit = Unit(f"unit/m{number % streams}")
        unit.register(Cause(told.actor("admin"), f"m{number}"), f"m{number}", **UNIT)
        fact = unit.pending[0]
        made.append(Change(unit.id, 1, tail_of(fact), told.ledger.clock.now(), "admin", fact.command, b"f" * 32))
    return made


def test_one_call_records_many_events_of_many_commands_or_none(told: Story) -> None:
    store = told.ledger.store
    assert isinstance(store, Store)
    size = store.size

    placed = store.append(changes(told, 1400))

    assert [each.index for each in placed] == list(range(size, size + 1400))
    recorded = [entries.parse(raw) for raw in store.entries()]
    assert [e.index for e in recorded] == list(range(size + 1400))
    assert all(e.prev == before.leaf.hex() for before, e in pairwise(recorded))
    told.ledger.publish_checkpoint()  # what is signed is recomputed from the stored bytes
    with pytest.raises(IntegrityError):
        store.append([*changes(told, 5, 1400), *changes(told, 1, 3)])
    assert store.size == size + 1400


def test_a_database_that_answers_with_another_hash_is_found(told: Story, place: LogPlace) -> None:
    with connect(place.owner, place) as connection:
        source = connection.execute("SELECT pg_get_functiondef('append_entries'::regproc)").fetchall()[0][0]
        forged = str(source).replace("leaves[i] := carry;", "leaves[i] := sha256('forged');")
        assert forged != source
        connection.execute(forged.encode())

    with pytest.raises(Unavailable, match="is not that of its bytes"):
        told.do("admin", "close_account", account="clerk", reason="离岗")


def test_a_log_whose_database_was_lost_is_restored_from_its_export(
    told: Story, postgres: Postgres, tmp_path: Path
) -> None:
    from api.exporting import export

    told.plan({"CCSW-003": "general"})
    told.ledger.publish_checkpoint()
    export(told.ledger, tmp_path / "export")
    lines = (tmp_path / "export" / "entries.jsonl").read_bytes().splitlines()
    told.ledger.close()
    elsewhere = postgres.place()
    settings = told.ledger.folder / "store.json"
    settings.write_text(settings.read_text().replace(told.ledger.store._readers._schema, elsewhere.schema))  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match="older than the checkpoint"):
        Ledger.open(told.ledger.folder)

    receipt = recover(told.ledger.folder, tmp_path / "export", "数据库丢失")

    with Ledger.open(told.ledger.folder) as ledger:
        assert list(ledger.store.entries(0, len(lines))) == lines
        assert receipt.index == len(lines)
        assert ledger.published_size == len(lines) + 1
        assert ledger.items("itemlist/220100-1")


def test_restoring_another_history_is_refused_whole(told: Story, tmp_path: Path) -> None:
    size = told.ledger.size
    raws = list(told.ledger.store.entries())

    with pytest.raises(ValueError, match=f"entry {size} does not follow what is stored"):
        told.ledger.store.restore([raws[4].replace(b'"index":4', b'"index":%d' % size)])

    assert told.ledger.size == size


def test_a_decision_made_alone_keeps_other_writers_waiting(told: Story, place: LogPlace) -> None:
    store = told.ledger.store
    with store.alone(), connect(place.service, place) as other:
        other.execute("SET statement_timeout = '100ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            other.execute("SELECT lock_head()")
        other.rollback()
        unit = Unit("unit/alone")
        unit.register(Cause(told.actor("admin"), "alone"), "alone", **UNIT)
        told.ledger._record(
            [told.ledger._decided(Decision(unit), told.actor("admin"), "alone", b"f", Grounds(START, "9999"))]
        )
        other.execute("SELECT lock_head()")

    assert told.ledger.store.command("admin", "alone") is not None
    assert told.do("admin", "close_account", account="clerk", reason="离岗").index == told.ledger.size - 1


def test_connections_that_nobody_needs_any_more_are_closed(place: LogPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = postgres_connections.Connections(place.service, place.schema)
    lent = [connections.take() for _ in range(4)]
    for each in lent:
        connections.give_back(each)
    assert [each.closed for each in lent] == [False] * 4

    monkeypatch.setattr(postgres_connections, "IDLE_SECONDS", 0.0)
    with connections.lent() as again:
        pass

    assert again is lent[3]
    assert [each.closed for each in lent] == [True, True, True, False]
    connections.close()
