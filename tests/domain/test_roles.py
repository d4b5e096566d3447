"""Who may do what in PostgreSQL: the service extends the record and nothing else, the reader reads it."""

import psycopg
import pytest

from domain.store import postgres_schema
from tests.domain.on_postgres import connect, place, told
from tests.postgres import LogPlace, Postgres
from tests.story import Story

__all__ = ["place", "told"]

FORBIDDEN = {
    "insert an entry": "INSERT INTO entries VALUES (99, '', '', 'x/y', 1, 'a', 'c', '', '')",
    "insert a document": "INSERT INTO documents VALUES ('x', 1)",
    "insert a checkpoint": "INSERT INTO checkpoints VALUES (99, '')",
    "insert a reference": "INSERT INTO document_references VALUES ('x', 1, 't', true)",
    "update an entry": "UPDATE entries SET raw = ''",
    "delete an entry": "DELETE FROM entries WHERE idx = 1",
    "empty the log": "TRUNCATE entries",
    "move the head": "UPDATE head SET size = 0",
    "lock the head for ever": "SELECT * FROM head FOR UPDATE",
    "lock the table": "LOCK TABLE entries IN EXCLUSIVE MODE",
    "disable the guards": "ALTER TABLE entries DISABLE TRIGGER ALL",
    "drop a guard": "DROP TRIGGER deny ON entries",
    "drop the log": "DROP TABLE entries CASCADE",
    "replace the append function": "CREATE OR REPLACE FUNCTION lock_head() RETURNS void LANGUAGE sql AS ''",
    "play the replica, which fires no triggers": "SET session_replication_role = replica",
    "pretend another version": "INSERT INTO migrations VALUES (99)",
    "change a private value": "UPDATE private_values SET value = 'x'",
    "become the owner": "SET ROLE {owner}",
    "make a table": "CREATE TABLE mine (x integer)",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_the_service_may_not(told: Story, place: LogPlace, postgres: Postgres, statement: str) -> None:
    before = list(told.ledger.store.entries())

    with connect(place.service, place) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.replace("{owner}", f"{postgres.tag}_owner").encode())

    assert list(told.ledger.store.entries()) == before


@pytest.mark.parametrize("table", [*postgres_schema.RECORD, "head"])
def test_the_reader_reads_the_record_and_changes_nothing(told: Story, place: LogPlace, table: str) -> None:
    with connect(place.reader, place) as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() != (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"DELETE FROM {table}".encode())


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM private_values", "SELECT lock_head()", "SELECT * FROM private_tokens"]
)
def test_the_reader_sees_nothing_private_and_calls_nothing(told: Story, place: LogPlace, statement: str) -> None:
    with connect(place.reader, place) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("table", [*postgres_schema.RECORD, "head"])
def test_not_even_the_owner_empties_a_table_or_takes_the_head_back(told: Story, place: LogPlace, table: str) -> None:
    with (
        connect(place.owner, place) as connection,
        pytest.raises(psycopg.Error, match="nothing recorded is ever changed"),
    ):
        connection.execute(f"TRUNCATE {table} CASCADE".encode())
    with (
        connect(place.owner, place) as connection,
        pytest.raises(psycopg.Error, match="nothing recorded is ever changed"),
    ):
        connection.execute("UPDATE head SET size = size - 1")


def test_a_guard_holds_against_a_superuser_who_plays_the_replica(
    told: Story, place: LogPlace, postgres: Postgres
) -> None:
    with connect(postgres.superuser, place) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.Error, match="nothing recorded is ever changed"):
            connection.execute("DELETE FROM entries")
