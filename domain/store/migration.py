"""Making and upgrading the schema of a log, by the migration role, in one transaction; workers never run DDL.

The service may read the record and call the functions that extend it, insert and delete in the private tables, and nothing
else. A second run at the same version only renews the grants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
from psycopg import sql

from domain.errors import Conflict, Unavailable
from domain.store.postgres_append import APPEND
from domain.store.postgres_connections import Connection
from domain.store.postgres_schema import DOORS, FUNCTIONS, GUARDS, PRIVATE, RECORD, SCHEMA, TABLES, VERSION

STEPS: dict[int, tuple[str, ...]] = {3: (TABLES, GUARDS, DOORS, APPEND)}
"""The statements that lead to each version from the one before, the first from an empty schema."""


def migrate(
    dsn: str,
    schema: str,
    service_role: str,
    reader_role: str | None = None,
    make_views: Callable[[Connection], Sequence[str]] | None = None,
) -> int:
    """Bring `schema` to the version of this program and grant the roles what they need; return the version found before.

    `dsn` connects as the migration role, which owns everything afterwards and must not be the service's. `make_views` makes
    the tables of the views on the connection it is given, in the same transaction, and returns their names; the service
    may change their rows, for all of them follow from the entries. Conflict where a role is missing or too mighty, or the
    schema belongs to a newer program; Unavailable where the database is no place for a log.
    """
    if not SCHEMA.fullmatch(schema):
        raise Conflict(f"模式名 {schema!r} 不合要求", f"a schema is called like log_220100, not {schema!r}", "LEDGER 7")
    with psycopg.connect(dsn, client_encoding="UTF8") as connection:
        (encoding,) = connection.execute("SELECT current_setting('server_encoding')").fetchall()[0]
        if encoding != "UTF8":
            raise Unavailable(
                f"数据库编码为 {encoding}，须为 UTF8", f"the database is encoded in {encoding}, not UTF8", "LEDGER 7"
            )
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"fairdraw {schema}",))
        for role in (service_role, *([reader_role] if reader_role else [])):
            _require_role(connection, role)
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("SET LOCAL search_path = {}, pg_temp").format(sql.Identifier(schema)))
        found = _version(connection, schema)
        for version in range(max(found + 1, min(STEPS)), VERSION + 1):
            for statements in STEPS[version]:
                connection.execute(statements.replace("{schema}", schema).encode())
            connection.execute("INSERT INTO migrations (version) VALUES (%s)", (version,))
        views = make_views(connection) if make_views is not None else ()
        _grant(connection, schema, service_role, reader_role, views)
    return found


def _version(connection: Connection, schema: str) -> int:
    """Return the version of the schema, 0 where it is empty. Conflict where a newer program made it."""
    if connection.execute("SELECT to_regclass(%s)", (f"{schema}.migrations",)).fetchall() == [(None,)]:
        return 0
    found = int(connection.execute("SELECT max(version) FROM migrations").fetchall()[0][0])
    if found < min(STEPS):
        raise Conflict(
            f"数据库模式 {schema} 的版本 {found} 出自未发布的程序；请用该程序导出，再以 recover 恢复到新模式",
            f"the schema {schema} has version {found}, of a program that was never released: export with that one, and "
            "recover into a new schema",
            "LEDGER 7",
        )
    if found > VERSION:
        raise Conflict(
            f"数据库模式 {schema} 的版本 {found} 比本程序的 {VERSION} 新",
            f"the schema {schema} has version {found}, this program knows {VERSION}",
            "LEDGER 7",
        )
    return found


def _require_role(connection: Connection, role: str) -> None:
    query = "SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s"
    rows = connection.execute(query, (role,)).fetchall()
    if not rows:
        raise Conflict(f"角色 {role} 不存在", f"there is no role {role}: CREATE ROLE {role} LOGIN", "LEDGER 7")
    if rows[0][0]:
        raise Conflict(
            f"角色 {role} 为超级用户或迁移角色本身，可解除防护",
            f"the role {role} is a superuser or the migration role itself: it could switch the guards off",
            "LEDGER 7",
        )


def _grant(connection: Connection, schema: str, service: str, reader: str | None, views: Sequence[str]) -> None:
    """Give the roles what they need, and nobody else anything."""
    record = ", ".join((*RECORD, "head", "migrations"))
    private, functions = ", ".join(PRIVATE), ", ".join(FUNCTIONS)
    statements = [
        f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC",
    ]
    for role, name in ((service, "{service}"), (reader, "{reader}")):
        if role:
            statements += [
                f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
                f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {name}",
                f"GRANT USAGE ON SCHEMA {schema} TO {name}",
                f"GRANT SELECT ON {record} TO {name}",
            ]
    for view in views:
        statements.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {view} TO {{service}}")
        if reader:
            statements.append(f"GRANT SELECT ON {view} TO {{reader}}")
    statements += [
        f"GRANT SELECT, INSERT, DELETE ON {private} TO {{service}}",
        f"GRANT EXECUTE ON FUNCTION {functions} TO {{service}}",
    ]
    for statement in statements:
        filled = sql.SQL(statement).format(service=sql.Identifier(service), reader=sql.Identifier(reader or service))
        connection.execute(filled)
