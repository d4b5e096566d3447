"""What lets schema-based sharding spread authorities over machines: no statement leaves its schema, and none locks a table."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.store import migration, postgres, postgres_append, postgres_schema
from projections import tail
from tests.domain.on_postgres import connect, place, told
from tests.postgres import LogPlace
from tests.story import Story

__all__ = ["place", "told"]
STORE = Path(migration.__file__).parent
ELSEWHERE = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES)\s+(?!ALL\b)([a-z][a-z_0-9]*)\.[a-z_]+", re.IGNORECASE
)
LOCKS = re.compile(r"\bLOCK\s+TABLE\b|\bLOCK\s+[a-z_]+\s+IN\b|ACCESS\s+EXCLUSIVE|SHARE\s+ROW", re.IGNORECASE)
STRONG = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock", "ShareUpdateExclusiveLock"}


def statements() -> Iterator[tuple[str, str]]:
    """Yield (file, text) of every text in the store that may be SQL, and the SQL of the views."""
    for path in sorted(STORE.glob("postgres*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                text = node.value if isinstance(node.value, str) else node.value.decode()
                if re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|LOCK)\b", text):
                    yield path.name, text
    yield "append", postgres_append.APPEND
    yield "doors", postgres_schema.DOORS
    yield from (("views", statement) for statement in tail.statements("postgres"))


def faults(text: str) -> list[str]:
    """Return where a statement names another schema or locks a table."""
    known = {"pg_catalog"}
    return [f[0] for f in ELSEWHERE.finditer(text) if f[1].lower() not in known] + [f[0] for f in LOCKS.finditer(text)]


def test_no_statement_of_the_store_names_a_schema_or_locks_a_table() -> None:
    found = list(statements())

    assert len(found) > 40
    assert [(name, faults(text)) for name, text in found if faults(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM log_2.entries",
        "INSERT INTO public.head VALUES (1)",
        "LOCK TABLE entries",
        "LOCK entries IN SHARE MODE",
    ],
)
def test_a_planted_statement_is_found(text: str) -> None:
    assert faults(text)


def test_recording_takes_row_locks_only(told: Story, place: LogPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set[tuple[str, str]]()
    commit = psycopg.Connection.transaction

    def looked(connection: psycopg.Connection) -> None:
        query = (
            "SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE l.pid = pg_backend_pid() AND n.nspname = %s"
        )
        seen.update(connection.execute(query, (place.schema,)).fetchall())

    append = getattr(postgres, "append")  # noqa: B009 - imported there, to be replaced there

    def watched(connection, *given):
        with commit(connection):
            placed = append(connection, *given)
            looked(connection)
        return placed

    monkeypatch.setattr(postgres, "append", watched)
    told.do("admin", "register_unit", unit="locks", name="单位", kind="office", parent="220100")

    assert ("head", "RowExclusiveLock") in seen
    assert ("entries", "RowExclusiveLock") in seen
    assert {mode for _, mode in seen} & STRONG == set()
    with connect(place.owner, place) as connection:  # the look sees a table lock where there is one
        connection.execute("LOCK TABLE entries IN SHARE MODE")
        looked(connection)
    assert ("entries", "ShareLock") in seen
