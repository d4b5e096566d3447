"""The tables of a log in SQLite; those that are part of the record take inserts and nothing else.

An entry is one row: its bytes, its leaf, the command it answers, and the hashes of the subtrees that it completes
(`domain.store.subtrees`). The bytes come last, so that whoever reads the tree passes by them.
"""

from __future__ import annotations

VERSION = 2
APPEND_ONLY = ("entries", "documents", "chunks", "document_references", "checkpoints")

TABLES = """
CREATE TABLE entries (
    idx INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL,
    subtrees BLOB NOT NULL,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    account TEXT,
    command TEXT,
    fingerprint BLOB NOT NULL,
    raw BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;
CREATE UNIQUE INDEX command_ids ON entries (account, command) WHERE command IS NOT NULL;
CREATE TABLE documents (sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE chunks (
    sha256 TEXT NOT NULL,
    number INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (sha256, number)
) STRICT;
CREATE TABLE document_references (
    sha256 TEXT NOT NULL REFERENCES documents (sha256),
    idx INTEGER NOT NULL REFERENCES entries (idx),
    type TEXT NOT NULL,
    public INTEGER NOT NULL,
    PRIMARY KEY (sha256, idx, public)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE private_values (
    commitment TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    salt BLOB NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE private_conflicts (
    registry TEXT NOT NULL,
    inspector TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (registry, inspector, object)
) STRICT, WITHOUT ROWID;
CREATE TABLE private_tokens (hash BLOB PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE private_clock (one INTEGER PRIMARY KEY CHECK (one = 1), instant TEXT NOT NULL) STRICT;
"""

DENY = "".join(
    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table}: nothing recorded is ever changed'); END;\n"
    for table in APPEND_ONLY
    for verb in ("update", "delete")
)
