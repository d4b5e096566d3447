"""A log made by hand, with every kind of entry once, for tests of the read side."""

from collections.abc import Iterator
from typing import Any

from verify import canonical, documents
from verify.entries import compose, genesis, parse, tail

DRAW = "draw/220100-2026-0001"
ITEMLIST, PLAN = "itemlist/220100-1", "plan/220100-2026-1"
OBJECTS, INSPECTORS = "registry/objects-1", "registry/inspectors-1"
ROLES = {"itemlist": "organiser", "plan": "organiser", "registry": "organiser", "draw": "organiser"}
ZERO = "0" * 64


class HandmadeLog:
    """Entries and documents in memory; `append` gives prev, index and version."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.contents: dict[str, bytes] = {}
        self._prev = genesis("demo.example/log")
        self._versions: dict[str, int] = {}

    def append(self, stream: str, kind: str, data: dict[str, Any], day: str = "2026-03-02", account: str = "li") -> int:
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        index = len(self.raw)
        actor = {"account": account, "role": ROLES.get(stream.partition("/")[0], "admin"), "unit": "220100"}
        at = f"{day}T09:00:00.000+08:00"
        raw = compose(self._prev, index, at, tail(stream, version, kind, actor, f"c{index}", data))
        self._prev = parse(raw).leaf.hex()
        self.raw.append(raw)
        return index

    def listing(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        made = documents.listing(rows)
        return {"document": self.document(b"".join(made.pieces())), **made.fingerprint}

    def document(self, content: bytes, media: str = documents.LINES) -> dict[str, Any]:
        reference = documents.reference(content, media)
        self.contents[str(reference["sha256"])] = content
        return reference

    def document_of(self, sha256: str) -> Iterator[bytes] | None:
        """Give a document in pieces of seven bytes, so that every line lies across a border."""
        content = self.contents.get(sha256)
        return None if content is None else (content[n : n + 7] for n in range(0, len(content), 7))

    def entries(self, start: int, stop: int) -> list[bytes]:
        return self.raw[start:stop]


def item(code: str = "CCSW-001", name: str = "单用途卡检查") -> dict[str, Any]:
    return {
        "id": code, "name": name, "class": "general", "ratio_min_bp": 500, "ratio_max_bp": 2000,
        "object_type": "market_entity", "lead_office": None, "legal_basis": "办法第五条", "methods": ["实地检查"], "tag": None,
    }  # fmt: skip


def business(code: str, name: str, risk: str | None = "B") -> dict[str, Any]:
    return {
        "id": code, "name": name, "type": None, "district": "220102", "tags": [], "established": None, "risk": risk,
        "status": "active",
    }  # fmt: skip


def inspector(code: str) -> dict[str, Any]:
    return {
        "id": code, "unit": "220100", "office": None, "kind": "civil_servant", "name": {"commitment": ZERO},
        "certificate": {"commitment": ZERO}, "certificate_valid_to": "2028-12-31", "lines": [], "items": ["CCSW-001"],
        "status": "active",
    }  # fmt: skip


def record_year(log: HandmadeLog, year: int, holidays: list[str]) -> int:
    record = {"year": year, "holidays": holidays, "makeup_workdays": [], "papers": ["国办"]}
    document = log.document(canonical.encode(record), documents.JSON)
    return log.append(f"calendar/{year}", "calendar.recorded", {"year": year, "document": document})


def import_batch(log: HandmadeLog, registry: str, lines: list[dict[str, Any]], count: int) -> int:
    ops = [line["op"] for line in lines]
    data = {
        "mode": "merge",
        **log.listing(lines),
        **{op: ops.count(op) for op in ("added", "changed", "removed")},
        "state": {"count": count, "root": ZERO},
        "source": {"sha256": ZERO, "bytes": 1},
    }
    return log.append(registry, "registry.imported", data, account="importer")


def added(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "op": "added", "row": row}


def story() -> HandmadeLog:
    """Return a log with every kind of entry at least once."""
    log = HandmadeLog()
    _organisation(log)
    _plans(log)
    _registries(log)
    _draw(log)
    _inspections(log)
    log.append("log/main", "log.recovered", {"published_size": 9, "found_size": 8, "restored": 1, "reason": "磁盘"})
    log.append("log/main", "log.verifier-released", {"version": "1", "sha256": "ab" * 32, "bytes": 7})
    covered = {"size": 1, "root": ZERO, "signature": ""}
    log.append("log/main", "log.key-announced", {"vkey": "k2"})
    log.append("log/main", "log.key-retired", {"vkey": "k", "covered": covered})
    stamped = {"sha256": ZERO, "bytes": 0, "type": "text/plain; charset=utf-8", "public": True}
    anchored = {"covered": covered, "checkpoint": stamped, "token": stamped | {"type": "application/timestamp-reply"}}
    log.append("log/main", "checkpoint.anchored", anchored)
    log.append("account/admin", "account.closed", {"reason": "调离"})
    return log


def _organisation(log: HandmadeLog) -> None:
    created = {"origin": "demo.example/log", "vkey": "k", "clock": "stepped", "specification": "fairdraw-ledger/1"}
    log.append("log/main", "log.created", created)
    log.append(
        "unit/220100", "unit.registered", {"unit": "220100", "name": "市商务局", "kind": "bureau", "parent": None}
    )
    log.append("account/admin", "account.opened", {"account": "admin", "role": "admin", "unit": "220100"})
    record_year(log, 2026, ["2026-05-01"])


def _plans(log: HandmadeLog) -> None:
    log.append(ITEMLIST, "itemlist.drafted", {"title": "清单", "unit": "220100", **log.listing([item()])})
    draft = {
        "title": "年度计划", "unit": "220100", "year": 2026, "form": "F2", "mode": "double_random", "purpose": "规范经营",
        "itemlist": ITEMLIST, "period": {"from": "2026-03-01", "to": "2026-11-30"}, "joint_departments": [],
        "items": [{"item": "CCSW-001", "quota_bp": {"A": 500, "B": 1000, "C": 1500, "D": 2000}}],
    }  # fmt: skip
    log.append(PLAN, "plan.drafted", draft)
    for stream in (ITEMLIST, PLAN):
        noun = stream.partition("/")[0]
        log.append(stream, f"{noun}.legality-reviewed", {"passed": True, "reason": "合法"}, account="legal")
        review = {"passed": True, "reason": "同意", "reference": "长司〔2026〕1号"}
        log.append(stream, f"{noun}.justice-reviewed", review, account="justice")
        log.append(stream, f"{noun}.published", {"channel": "公示系统", "reference": "1"})


def _registries(log: HandmadeLog) -> None:
    for stream, kind, checked in ((OBJECTS, "objects", "CCSW-001"), (INSPECTORS, "inspectors", None)):
        data = {"type": kind, "title": kind, "unit": "220100", "item": checked}
        log.append(stream, "registry.created", data)
    businesses = [business("A1", "甲店"), business("B2", "乙店"), business("C3", "丙店", None)]
    import_batch(log, OBJECTS, [added(row) for row in businesses], 3)
    import_batch(log, INSPECTORS, [added(inspector(code)) for code in ("I-1", "I-2", "I-3")], 3)
    for stream in (OBJECTS, INSPECTORS):
        log.append(stream, "registry.filed", {"reference": "备案1"}, account="coordinator")
    log.append(OBJECTS, "registry.paired", {"inspectors": INSPECTORS})


def freeze_of(objects_version: int = 4, inspectors_version: int = 3) -> dict[str, Any]:
    def pool(registry: str, version: int) -> dict[str, Any]:
        return {"registry": registry, "version": version, "count": 3, "root": ZERO}

    return {"objects": pool(OBJECTS, objects_version), "inspectors": pool(INSPECTORS, inspectors_version)}


def _draw(log: HandmadeLog) -> None:
    opened = {"plan": PLAN, "item": "CCSW-001", "objects": OBJECTS, "inspectors": INSPECTORS, "unit": "220100"}
    log.append(DRAW, "draw.opened", opened)
    log.append(DRAW, "draw.witness-checked-in", {"phase": "freeze"}, account="discipline")
    log.append(DRAW, "draw.frozen", {"freeze": freeze_of(), "c0": ZERO, "documents": {}})
    covered = {"size": 9, "root": ZERO, "signature": ""}
    log.append(DRAW, "draw.contribution-committed", {"party": "p1", "commitment": ZERO, "covered": covered})
    log.append(DRAW, "draw.commitments-closed", {"c1": ZERO, "parties": ["p1", "p2"]})
    log.append(DRAW, "draw.contribution-revealed", {"party": "p1", "secret": ZERO, "covered": covered})
    log.append(DRAW, "draw.contribution-withheld", {"party": "p2"})
    log.append(DRAW, "draw.reveals-closed", {"c2": ZERO, "revealed": ["p1"], "withheld": ["p2"]})
    log.append(DRAW, "draw.beacon-recorded", {"position": 0, "key_string": "1./", "b": ZERO, "covered": covered})
    log.append(DRAW, "draw.seed-derived", {"seed": ZERO})
    drawn = [
        {"id": "A1", "rank": 2, "stratum": "B", "ticket": "aa"},
        {"id": "B2", "rank": 1, "stratum": "B", "ticket": "00"},
    ]
    strata = {"B": {"n": 3, "k": 2, "threshold": ZERO}}
    log.append(DRAW, "draw.objects-drawn", {**log.listing(drawn), "strata": strata})
    assigned = log.listing([{"id": "A1", "inspectors": ["I-1", "I-2"]}, {"id": "B2", "inspectors": ["I-2", "I-3"]}])
    opened_recusals = log.document(b"")
    data = {**assigned, "rung": 0, "unassigned": 0, "opened": opened_recusals}
    log.append(DRAW, "draw.inspectors-assigned", data)
    log.append(DRAW, "draw.witness-signed-off", {"statement": "全程监督"}, account="discipline")


def notify(log: HandmadeLog, name: str) -> str:
    stream = f"inspection/220100-2026-0001/{name}"
    data = {"draw": DRAW, "object": name, "item": "CCSW-001", "inspectors": ["I-1", "I-2"], "visit_on": "2026-04-20"}
    log.append(stream, "inspection.notified", data)
    return stream


def complete(log: HandmadeLog, stream: str, day: str, categories: tuple[str, ...] = ("NO_PROBLEM",)) -> None:
    log.append(
        stream,
        "inspection.completed",
        {"completed_on": day, "inspectors": ["I-1", "I-2"], "methods": ["onsite"]},
    )
    data = {"categories": list(categories), "not_checkable": None if categories else "MOVED_AWAY", "follow_up": None}
    log.append(stream, "result.recorded", data)


def publish(log: HandmadeLog, stream: str, deadline: str | None = "2026-04-29", late: bool = False) -> int:
    data = {
        "channel": "公示系统",
        "reference": "r",
        "deadline": deadline,
        "late": late,
        "provisional": deadline is None,
    }
    return log.append(stream, "result.published", data)


def _inspections(log: HandmadeLog) -> None:
    first = notify(log, "A1")
    complete(log, first, "2026-04-20")
    publish(log, first)
    complete(log, notify(log, "B2"), "2026-04-27", categories=())


def long_story(rounds: int = 60) -> HandmadeLog:
    """Return the story and some hundred entries more, which change rows of each other."""
    log = story()
    for number in range(rounds):
        name = f"N{number:03}"
        import_batch(log, OBJECTS, [added(business(name, "新店"))], 4 + number)
        stream = notify(log, name)
        complete(log, stream, "2026-04-20")
        publish(log, stream)
    return log
