"""The tables of a log in PostgreSQL, one schema per log: the service may read the record and call four functions.

The migration role owns everything. A function of the owner checks, links and inserts; the service's role has neither
INSERT nor UPDATE on the record, and triggers deny every change even to the owner. Core SQL only, nothing across schemas,
serialised on the one row of `head`: each statement inside the append function may be a round trip to another machine.
"""

from __future__ import annotations

import re

VERSION = 3
"""The version of the tables that this program knows."""

RECORD = ("entries", "documents", "chunks", "document_references", "checkpoints")
"""The tables that take inserts and nothing else."""
PRIVATE = ("private_values", "private_conflicts", "private_tokens", "private_clock")
"""The tables beside the record: insert and delete."""
FUNCTIONS = (
    "lock_head()",
    "keep_chunk(text, integer, bytea)",
    "keep_document(text, bigint)",
    "keep_checkpoint(bigint, bytea)",
    "append_entries(bytea, boolean, text, text, text, text, text, text, text, text,"
    " integer[], text[], text[], boolean[], text, text, text[], bigint[])",
)
MOVED = "FD001"
"""The SQLSTATE of a refusal because something moved that a decision rested on."""

SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,50}", re.ASCII)
"""How a log's schema may be called, so that it needs no quoting."""

TABLES = """
CREATE TABLE migrations (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL DEFAULT 0,
    leaf bytea,
    at text COLLATE "C" NOT NULL DEFAULT '',
    frontier bytea[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 10);
INSERT INTO head DEFAULT VALUES;
CREATE TABLE entries (
    idx bigint PRIMARY KEY,
    leaf bytea NOT NULL,
    subtrees bytea NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    account text COLLATE "C",
    command text COLLATE "C",
    fingerprint bytea NOT NULL,
    raw bytea NOT NULL,
    UNIQUE (stream, version)
);
CREATE UNIQUE INDEX command_ids ON entries (account, command) WHERE command IS NOT NULL;
CREATE TABLE documents (sha256 text COLLATE "C" PRIMARY KEY, bytes bigint NOT NULL);
CREATE TABLE chunks (sha256 text COLLATE "C", number integer, content bytea NOT NULL, PRIMARY KEY (sha256, number));
ALTER TABLE chunks ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE document_references (
    sha256 text COLLATE "C" REFERENCES documents (sha256),
    idx bigint,
    type text NOT NULL,
    public boolean,
    PRIMARY KEY (sha256, idx, public)
);
CREATE TABLE checkpoints (size bigint PRIMARY KEY, note bytea NOT NULL);
CREATE TABLE private_values (
    commitment text COLLATE "C" PRIMARY KEY,
    label text NOT NULL,
    salt bytea NOT NULL,
    value text NOT NULL
);
CREATE TABLE private_conflicts (
    registry text COLLATE "C",
    inspector text COLLATE "C",
    object text COLLATE "C",
    PRIMARY KEY (registry, inspector, object)
);
CREATE TABLE private_tokens (hash bytea PRIMARY KEY, account text NOT NULL);
CREATE TABLE private_clock (instant text COLLATE "C" PRIMARY KEY);
"""

GUARDS = """
CREATE FUNCTION deny_change() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '%: nothing recorded is ever changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER deny BEFORE DELETE OR TRUNCATE ON head FOR EACH STATEMENT EXECUTE FUNCTION deny_change();
CREATE TRIGGER never_back BEFORE UPDATE ON head FOR EACH ROW WHEN (NEW.size <= OLD.size) EXECUTE FUNCTION deny_change();
ALTER TABLE head ENABLE ALWAYS TRIGGER deny;
ALTER TABLE head ENABLE ALWAYS TRIGGER never_back;
""" + "".join(
    f"CREATE TRIGGER deny BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION deny_change();\n"
    f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER deny;\n"
    for table in RECORD
)

DEFINER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp"

DOORS = f"""
CREATE FUNCTION lock_head() RETURNS void {DEFINER} AS $$
BEGIN
    PERFORM FROM head WHERE one FOR UPDATE;
END $$;
CREATE FUNCTION keep_chunk(name text, piece integer, bytes bytea) RETURNS void {DEFINER} AS $$
BEGIN
    INSERT INTO chunks VALUES (name, piece, bytes);
END $$;
CREATE FUNCTION keep_document(name text, size bigint) RETURNS void {DEFINER} AS $$
BEGIN
    INSERT INTO documents VALUES (name, size);
END $$;
CREATE FUNCTION keep_checkpoint(tree bigint, signed bytea) RETURNS void {DEFINER} AS $$
BEGIN
    INSERT INTO checkpoints VALUES (tree, signed) ON CONFLICT (size) DO NOTHING;
END $$;
"""
