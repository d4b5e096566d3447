"""The whole inspection round as a script over the ledger: what every test starts from that needs an honest log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.core import Receipt
from domain.ledger import Ledger
from domain.roles import Actor
from verify import seed

ORIGIN = "demo.fairdraw.example/220100"
UNITS = [
    ("220100.market", "市场建设处", "office"),
    ("220100.legal", "政策法规处", "legal"),
    ("220100.coordination", "综合处", "coordination"),
    ("220100.discipline", "派驻纪检组", "discipline"),
    ("220100.justice", "市司法局", "justice"),
    ("220102", "南关区商务局", "county"),
]
ACCOUNTS = [
    ("market", "organiser", "220100.market"),
    ("legal", "legal", "220100.legal"),
    ("justice", "justice", "220100.justice"),
    ("coordination", "coordinator", "220100.coordination"),
    ("discipline", "discipline", "220100.discipline"),
    ("inspector", "inspector", "220102"),
    ("clerk", "clerk", "220102"),
]
CALENDAR_2026 = {
    "year": 2026,
    "holidays": ["2026-01-01", "2026-04-06", "2026-05-01"],
    "makeup_workdays": ["2026-05-09"],
    "papers": ["https://www.gov.cn/zhengce/zhengceku/202511/content_7047091.htm"],
}
EMPTY_YEAR = {"holidays": [], "makeup_workdays": [], "papers": ["示例：没有节假日的一年"]}


def item(code: str, item_class: str) -> dict[str, Any]:
    """Return a check item within the legal bounds of its class."""
    low, high = (2000, 10000) if item_class == "key" else (500, 2000)
    return {
        "id": code,
        "name": f"示例事项{code}",
        "class": item_class,
        "ratio_min_bp": low,
        "ratio_max_bp": high,
        "object_type": "market_entity",
        "lead_office": "市场建设处",
        "legal_basis": "《示例办法》第一条",
        "methods": ["onsite"],
        "tag": None,
    }


def objects(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Return fictional objects: mostly class A, some without a class, some no longer in operation, three of class D."""
    return [
        {
            "id": f"91220101YY{n:07d}X",
            "name": f"示例商行{n:04d}",
            "type": "enterprise",
            "district": "220102",
            "tags": ["零售"],
            "established": "2019-07-25",
            "risk": "D" if n < 3 else (None if n % 5 == 0 else "AABC"[n % 4]),
            "status": "closed" if n % 17 == 16 else "active",
        }
        for n in range(start, start + count)
    ]


def inspectors(count: int, items: list[str]) -> list[dict[str, Any]]:
    """Return fictional inspectors with their private fields in clear; some are experts, expired or suspended."""
    return [
        {
            "id": f"INS-220100-{n:03d}",
            "unit": "220102",
            "office": "业务监管科",
            "kind": "expert" if n % 9 == 8 else "civil_servant",
            "name": f"检查员{n:04d}",
            "certificate": None if n % 9 == 8 else f"示证{n:06d}",
            "certificate_valid_to": None if n % 9 == 8 else ("2025-12-31" if n % 7 == 6 else "2028-12-31"),
            "lines": ["流通秩序"],
            "items": items,
            "status": "suspended" if n % 11 == 10 else "active",
            "conflicts": [f"91220101YY{n:07d}X"] if n % 4 == 0 else [],
        }
        for n in range(count)
    ]


@dataclass
class Story:
    """A ledger on its way through a round; `did` are the receipts, in order."""

    ledger: Ledger
    number: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))
    did: list[Receipt] = field(default_factory=list)
    year: int = 2026

    def actor(self, account: str) -> Actor:
        return self.ledger.actor(account)

    def do(self, account: str, step: str, /, **facts: Any) -> Receipt:
        """Carry out the command `step` of the ledger as `account` and return its receipt."""
        receipt: Receipt = getattr(self.ledger, step)(self.actor(account), f"c-{next(self.number)}", **facts)
        self.did.append(receipt)
        return receipt

    def organise(self) -> None:
        for unit, name, kind in UNITS:
            self.do("admin", "register_unit", unit=unit, name=name, kind=kind, parent="220100")
        for account, role, unit in ACCOUNTS:
            self.do("admin", "open_account", account=account, role=role, unit=unit)
        record = CALENDAR_2026 if self.year == 2026 else {**EMPTY_YEAR, "year": self.year}
        self.do("admin", "record_calendar", record=record)

    def review(self, stream: str) -> None:
        self.do("legal", "review_legality", stream=stream, passed=True, reason="符合法定职责")
        self.do("justice", "review_justice", stream=stream, passed=True, reason="同意公布", reference="司审〔2026〕1号")
        self.do("market", "publish", stream=stream, channel="国家企业信用信息公示系统(吉林)", reference="示例公告1号")

    def plan(self, items: dict[str, str]) -> str:
        """Draft, review and publish an item list and a plan over `items` (code -> class); return the plan."""
        lines = [item(code, item_class) for code, item_class in items.items()]
        listed = self.do("market", "draft_item_list", title="抽查事项清单", items=lines).stream
        self.review(listed)
        quotas = {
            "general": {"A": 500, "B": 1000, "C": 1500, "D": 2000},
            "key": {"A": 2000, "B": 3000, "C": 5000, "D": 10000},
        }
        plan = self.do(
            "market",
            "draft_plan",
            title=f"{self.year}年度抽查计划",
            year=self.year,
            form="F2",
            mode="double_random",
            purpose="规范市场秩序",
            itemlist=listed,
            period={"from": f"{self.year}-03-01", "to": f"{self.year}-11-30"},
            joint_departments=[],
            items=[{"item": code, "quota_bp": quotas[item_class]} for code, item_class in items.items()],
        ).stream
        self.review(plan)
        return plan

    def registries(self, code: str, rows: list[dict[str, Any]], people: list[dict[str, Any]]) -> tuple[str, str]:
        """Create, fill, file and pair both registries of an item; the inspectors' one is shared between items."""
        objects_registry, people_registry = f"registry/objects-{code}", "registry/inspectors"
        if not self.ledger._exists(people_registry):
            self._fill(people_registry, "inspectors", None, people)
        self._fill(objects_registry, "objects", code, rows)
        self.do("market", "pair_registries", registry=objects_registry, inspectors=people_registry)
        return objects_registry, people_registry

    def _fill(self, registry: str, kind: str, code: str | None, rows: list[dict[str, Any]]) -> None:
        name = registry.partition("/")[2]
        self.do("market", "create_registry", registry=name, type=kind, title=f"{name}名录库", item=code)
        self.do("market", "import_rows", registry=registry, rows=rows, mode="merge", source=repr(rows).encode())
        self.do("coordination", "file_registry", registry=registry, reference="备案1号")

    def freeze(self, plan: str, code: str, registries: tuple[str, str]) -> str:
        """Open a draw and freeze its pool; return the draw."""
        opened = self.do("market", "open_draw", plan=plan, item=code, objects=registries[0], inspectors=registries[1])
        draw = opened.stream
        self.do("discipline", "check_in", draw=draw, phase="freeze")
        preview = self.ledger.preview_freeze(draw)
        now = self.ledger._seconds()
        self.do(
            "market",
            "freeze",
            draw=draw,
            parties=[
                {"id": "discipline", "role": "discipline", "account": "discipline", "key": None},
                {"id": "organiser", "role": "organiser", "account": "market", "key": None},
            ],
            t_commit=now + 600,
            t_reveal=now + 1200,
            delta=600,
            beacons=[{"kind": "dice", "sides": 10, "rolls": 40, "simulated": True}],
            waivers=dict.fromkeys(preview["waivers_needed"], "该类对象不足五户，备案豁免"),
            cap=None,
            fallback=[],
        )
        return draw

    def ceremony(self, draw: str, salt: str = "") -> None:
        """Commit, reveal, roll, draw, assign and sign off."""
        self.commit_and_reveal(draw, salt)
        self.ledger.advance_clock(1800)
        self.do("discipline", "check_in", draw=draw, phase="beacon")
        digits = hashlib.sha256(f"{salt}{draw}dice".encode()).digest()
        rolls = [byte % 10 for byte in digits + digits][:40]
        key = "/".join(".".join(map(str, rolls[n : n + 10])) for n in range(0, 40, 10)) + "/"
        self.do("market", "record_beacon", draw=draw, position=0, key_string=key)
        self.finish(draw)

    def commit_and_reveal(self, draw: str, salt: str = "", close: bool = True) -> None:
        """Let both parties commit and reveal, and close the reveals."""
        frozen = next(r for r in reversed(self.did) if r.kind == "draw.frozen" and r.stream == draw)
        c0 = bytes.fromhex(entry_data(self.ledger, frozen.index)["c0"])
        secrets = {p: hashlib.sha256(f"{salt}{draw}{p}".encode()).digest() for p in ("discipline", "organiser")}
        accounts = {"discipline": "discipline", "organiser": "market"}
        self.do("discipline", "check_in", draw=draw, phase="commit")
        for party, secret in secrets.items():
            commitment = seed.commitment(c0, party, secret).hex()
            self.do(accounts[party], "commit", draw=draw, party=party, commitment=commitment)
        self.do("market", "close_commitments", draw=draw)
        self.do("discipline", "check_in", draw=draw, phase="reveal")
        for party, secret in secrets.items():
            self.do(accounts[party], "reveal", draw=draw, party=party, secret=secret.hex())
        if close:
            self.do("market", "close_reveals", draw=draw)

    def finish(self, draw: str) -> None:
        """Derive the seed, draw, assign and sign off."""
        self.do("market", "derive_seed", draw=draw)
        self.do("discipline", "check_in", draw=draw, phase="result")
        self.do("market", "draw_objects", draw=draw)
        self.do("market", "assign_inspectors", draw=draw)
        self.do("discipline", "sign_off", draw=draw, statement="全程在场，未见异常")

    def inspect(self, draw: str) -> None:
        """Notify, complete, record and publish every inspection of a draw; the last one is published late."""
        drawn = drawn_objects(self.ledger, draw)
        today = self.ledger.clock.now()[:10]
        streams = [self.do("clerk", "notify", draw=draw, object_id=name, visit_on=today).stream for name in drawn]
        for number, stream in enumerate(streams):
            self.do("inspector", "complete", inspection=stream, completed_on=today, methods=["onsite"])
            closed = number % 5 == 4
            self.do(
                "inspector",
                "record_result",
                inspection=stream,
                categories=[] if closed else ["NO_PROBLEM"],
                not_checkable="CLOSED_LIQUIDATING" if closed else None,
                follow_up=None,
            )
        for number, stream in enumerate(streams):
            if number == len(streams) - 1:
                self.ledger.advance_clock(12 * 86400)
            self.do("clerk", "publish_result", inspection=stream, channel="公示系统", reference="已公示")


def entry_data(ledger: Ledger, index: int) -> dict[str, Any]:
    """Return the data of one entry."""
    from verify import entries

    return entries.parse(next(ledger.store.entries(index, index + 1))).data


def drawn_objects(ledger: Ledger, draw: str) -> list[str]:
    """Return the ids that a draw drew, sorted."""
    from domain.draws import Draw

    return [line["id"] for line in ledger.lines(ledger._get(Draw, draw).drawn)]


def new_ledger(folder: Path, origin: str = ORIGIN, store: Mapping[str, str] | None = None) -> Ledger:
    """Make an empty log on a stepped clock."""
    return Ledger.create(folder, origin, clock="stepped", unit="220100", unit_name="长春市商务局（示例）", store=store)


def tell(folder: Path, store: Mapping[str, str] | None = None) -> Story:
    """Run the whole round over two items and return the story, its ledger still open."""
    story = Story(new_ledger(folder, store=store))
    story.organise()
    plan = story.plan({"CCSW-003": "general", "CCSW-002": "key"})
    for code, count in (("CCSW-003", 120), ("CCSW-002", 25)):
        registries = story.registries(code, objects(count), inspectors(20, ["CCSW-003", "CCSW-002"]))
        draw = story.freeze(plan, code, registries)
        story.ceremony(draw)
        story.inspect(draw)
    return story
