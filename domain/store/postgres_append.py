"""The append function in plpgsql: under the lock of the head row it gives `prev`, `index` and `at`, hashes and inserts.

One call records several entries of several commands, or nothing. It refuses with SQLSTATE FD001 where something moved that
a decision rested on. The clock is the service's, which says what time it was when it called; how long the call then waited
for the lock is added here, so that `at` is the time under the lock but for the way of the call to the server. The tree's
frontier stands in the head row, so no left sibling is read. A crash before the commit leaves nothing, one after it leaves
everything, the rows by which a repeated command finds its receipt included.

What is said of every entry comes as one text per column with a line per entry: nothing recorded has a line feed in it, and
arrays cost both sides several times more. An empty line is nothing.
"""

from __future__ import annotations

from domain.store.postgres_schema import DEFINER, MOVED

APPEND = f"""
CREATE FUNCTION append_entries(
    genesis bytea, running boolean,
    stream_lines text, version_lines text, tail_lines text, instant_lines text, until_lines text,
    account_lines text, command_lines text, fingerprint_lines text,
    reference_places integer[], reference_names text[], reference_types text[], reference_public boolean[],
    ground_lines text, ground_versions text, family_prefixes text[], family_sizes bigint[],
    OUT first_index bigint, OUT first_prev bytea, OUT ats text[], OUT leaves bytea[]
) {DEFINER} AS $$
DECLARE
    top record;
    streams text[] := string_to_array(stream_lines, E'\\n'); tails text[] := string_to_array(tail_lines, E'\\n');
    instants text[] := string_to_array(instant_lines, E'\\n'); untils text[] := string_to_array(until_lines, E'\\n', '');
    raws bytea[]; subtrees bytea[]; made bytea;
    previous bytea; moment text COLLATE "C"; edge bytea[]; carry bytea; raw bytea;
    place bigint; level integer;
    waited interval := '0'; at_least text COLLATE "C";
BEGIN
    SELECT * INTO STRICT top FROM head WHERE one FOR UPDATE;
    IF running THEN
        waited := clock_timestamp() - statement_timestamp();
    END IF;
    IF EXISTS (SELECT FROM unnest(string_to_array(ground_lines, E'\\n'), string_to_array(ground_versions, E'\\n'))
               AS ground (stream, version) WHERE ground.version::integer <>
               (SELECT coalesce(max(e.version), 0) FROM entries e WHERE e.stream = ground.stream))
    OR EXISTS (SELECT FROM unnest(family_prefixes, family_sizes) AS family (prefix, size)
               JOIN entries e ON e.idx + 0 >= family.size AND e.version = 1
               AND e.stream >= family.prefix AND e.stream < family.prefix || chr(127)) THEN
        RAISE EXCEPTION 'what the decision rested on has moved' USING ERRCODE = '{MOVED}';
    END IF;

    previous := CASE WHEN top.size = 0 THEN genesis ELSE top.leaf END;
    IF previous IS NULL THEN
        RAISE EXCEPTION 'a log begins with log.created' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    first_index := top.size; first_prev := previous; moment := top.at; edge := top.frontier;
    FOR i IN 1 .. cardinality(streams) LOOP
        at_least := instants[i];
        IF waited >= '1 millisecond' THEN
            at_least := to_char((at_least::timestamptz + waited + '1 millisecond') AT TIME ZONE INTERVAL '08:00',
                                'YYYY-MM-DD"T"HH24:MI:SS.MS') || '+08:00';
        END IF;
        moment := greatest(moment, at_least);
        IF moment >= untils[i] THEN
            RAISE EXCEPTION 'the time for the decision is over' USING ERRCODE = '{MOVED}';
        END IF;
        raw := convert_to('{{"prev":"' || encode(previous, 'hex') || '","index":' || (top.size + i - 1)
                          || ',"at":"' || moment || '",' || tails[i], 'UTF8');
        carry := sha256('\\x00'::bytea || raw);
        raws[i] := raw; ats[i] := moment; leaves[i] := carry; previous := carry;
        place := top.size + i - 1; level := 1; made := '';
        WHILE place & 1 = 1 LOOP
            carry := sha256('\\x01'::bytea || edge[level] || carry);
            place := place >> 1; level := level + 1; made := made || carry;
        END LOOP;
        edge[level] := carry; subtrees[i] := made;
    END LOOP;

    INSERT INTO entries (idx, leaf, subtrees, stream, version, account, command, fingerprint, raw)
        SELECT top.size + n - 1, l, t.s, e, v::integer, a, c, decode(coalesce(f, ''), 'hex'), r
        FROM unnest(leaves, subtrees, streams, string_to_array(version_lines, E'\\n'),
                    string_to_array(account_lines, E'\\n', ''), string_to_array(command_lines, E'\\n', ''),
                    string_to_array(fingerprint_lines, E'\\n'), raws)
        WITH ORDINALITY AS t (l, s, e, v, a, c, f, r, n);
    IF cardinality(reference_names) > 0 THEN
        INSERT INTO document_references (sha256, idx, type, public)
            SELECT DISTINCT d, top.size + p, m, o
            FROM unnest(reference_names, reference_places, reference_types, reference_public) AS t (d, p, m, o)
            ON CONFLICT DO NOTHING;
    END IF;
    UPDATE head SET size = top.size + cardinality(streams), leaf = previous, at = moment, frontier = edge WHERE one;
END $$;
"""
