"""The script of the demonstration: every step of one inspection round, as the people of a bureau would send it.

Every command has a fixed id, and everything random is made once and kept in the run's folder, so that a run which was
killed goes on where it stood and does nothing twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from api.demo.client import Client
from api.demo.invented import QUOTAS, invented_result
from api.demo.materials import Item, Materials
from api.demo.memory import Memory
from verify import canonical, seed
from verify.beacon import dice_key_string

CHANNEL = "国家企业信用信息公示系统(吉林)【演示】"
UNITS = [
    ("legal", "政策法规处", "legal", "legal"),
    ("justice", "市司法局", "justice", "justice"),
    ("coordination", "综合处（领导小组办公室）", "coordination", "coordinator"),
    ("discipline", "派驻纪检监察组", "discipline", "discipline"),
    ("enforcement", "商务综合执法支队", "enforcement", "inspector"),
    ("supervision", "业务监管科", "office", "clerk"),
]
Progress = Callable[[str, int, int], None]


class Script:
    """One run of the round over `client`; `summary` afterwards says what was done."""

    def __init__(self, client: Client, materials: Materials, folder: Path, progress: Progress) -> None:
        self._client, self._materials, self._progress = client, materials, progress
        self._memory = Memory(folder / "kept")
        self.draws: dict[str, str] = {}
        self.drawn = self.assigned = self.published = 0
        offices = sorted({item["lead_office"] or "业务处室" for item in materials.items})
        self._offices = {name: f"office-{number}" for number, name in enumerate(offices, start=1)}

    def run(self) -> None:
        """Do the whole round."""
        self._organise()
        plans = self._plan()
        self._inspector_registry()
        total = len(self._materials.drawable)
        for number, item in enumerate(self._materials.drawable, start=1):
            self._progress(f"{item.code} {item.line['name']}", number, total)
            self._round(item, plans[self._office(item.line)])

    # -- who and what

    def _organise(self) -> None:
        city = self._materials.divisions["city"]["code"]
        for code, name, kind, _ in UNITS:
            self._unit(f"{city}.{code}", name, kind)
        for name, code in self._offices.items():
            self._unit(f"{city}.{code}", name, "office")
        for county in self._materials.divisions["counties"]:
            self._unit(county["code"], county["body"], "county")
        accounts = [(code, role) for code, _, _, role in UNITS] + [(c, "organiser") for c in self._offices.values()]
        for account, role in accounts:
            body = {"account": account, "role": role, "unit": f"{city}.{account}"}
            self._do("admin", f"account-{account}", "/accounts", body)
            self._client.use_token(account, self._token(account))
        for record in self._materials.calendars:
            self._do("admin", f"calendar-{record['year']}", "/calendars", record)

    def _unit(self, code: str, name: str, kind: str) -> None:
        parent = self._materials.divisions["city"]["code"]
        self._do("admin", f"unit-{code}", "/units", {"unit": code, "name": name, "kind": kind, "parent": parent})

    def _plan(self) -> dict[str, str]:
        """Draft, review and publish each office's item list and plan; return the plans by office account."""
        plans = {}
        for office, account in self._offices.items():
            lines = [item for item in self._materials.items if self._office(item) == account]
            planned = [item.line for item in self._materials.drawable if self._office(item.line) == account]
            listed = self._do(
                account, f"list-{account}", "/item-lists", {"title": f"{office}随机抽查事项清单", "items": lines}
            )
            self._review(listed["stream"], account)
            if planned:
                plan = self._do(
                    account, f"plan-{account}", "/plans", self._annual_plan(office, listed["stream"], planned)
                )
                self._review(plan["stream"], account)
                plans[account] = plan["stream"]
        return plans

    def _annual_plan(self, office: str, itemlist: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        today = str(self._memory.once("today", self._day))
        year = int(today[:4])
        items = [
            {
                "item": line["id"],
                "quota_bp": {
                    stratum: min(max(bp, line["ratio_min_bp"]), line["ratio_max_bp"])
                    for stratum, bp in QUOTAS[line["class"]].items()
                },
            }
            for line in lines
        ]
        return {
            "title": f"{office}{year}年度随机抽查计划",
            "year": year,
            "form": "F2",
            "mode": "double_random",
            "purpose": "规范商务领域经营行为",
            "itemlist": itemlist,
            "period": {"from": today, "to": f"{year}-11-30"},
            "joint_departments": [],
            "items": items,
        }

    def _review(self, stream: str, account: str) -> None:
        noun, _, name = stream.partition("/")
        path = f"/{'item-lists' if noun == 'itemlist' else 'plans'}/{name}"
        self._do(
            "legal", f"{noun}-legality-{name}", f"{path}/legality-review", {"passed": True, "reason": "符合法定职责"}
        )
        justice = {"passed": True, "reason": "同意公布", "reference": f"演示司审 {name}号"}
        self._do("justice", f"{noun}-justice-{name}", f"{path}/justice-review", justice)
        published = {"channel": CHANNEL, "reference": f"演示公告 {name}"}
        self._do(account, f"{noun}-publish-{name}", f"{path}/publication", published)

    # -- the two registries

    def _inspector_registry(self) -> None:
        owner = self._office(self._materials.drawable[0].line)
        self._registry(owner, "inspectors", "inspectors", "检查人员名录库", None, self._materials.inspectors)

    def _registry(self, account: str, name: str, kind: str, title: str, item: str | None, content: bytes) -> str:
        body = {"registry": name, "type": kind, "title": title, "item": item}
        stream = self._do(account, f"registry-{name}", "/registries", body)["stream"]
        path = f"/registries/{name}"
        self._do(account, f"import-{name}", f"{path}/imports?mode=merge", content, "text/csv")
        self._do("coordination", f"file-{name}", f"{path}/filing", {"reference": f"演示备案 {name}"})
        return str(stream)

    # -- one item: draw, assign, inspect, publish

    def _round(self, item: Item, plan: str) -> None:
        account, code = self._office(item.line), item.code
        objects = self._registry(
            account, f"objects-{code}", "objects", f"{item.line['name']}名录库", code, item.objects
        )
        pairing = {"inspectors": "registry/inspectors"}
        self._do(account, f"pair-{code}", f"/registries/objects-{code}/pairing", pairing)
        opening = {"plan": plan, "item": code, "objects": objects, "inspectors": "registry/inspectors"}
        draw = self._do(account, f"open-{code}", "/draws", opening)["stream"]
        self.draws[code] = draw
        self._ceremony(account, code, draw)
        self._inspect(code, draw)

    def _ceremony(self, account: str, code: str, draw: str) -> None:
        path = f"/draws/{draw.partition('/')[2]}"
        self._watch(code, path, "freeze")
        if f"demo-freeze-{code}" not in self._client.receipts:
            needed = self._client.get(account, f"{path}/freeze-preview")["waivers_needed"]
            terms = self._memory.once(f"terms-{code}", lambda: self._terms(account, needed))
            self._do(account, f"freeze-{code}", f"{path}/freeze", terms)
        # A party computes C0 itself, from the freeze it can read, before it binds itself to it.
        steps = self._client.get(account, path)["steps"]
        freeze = next(step["data"]["freeze"] for step in steps if step["kind"] == "draw.frozen")
        c0 = seed.freeze_hash(canonical.encode(freeze))
        parties = {"discipline": "discipline", "organiser": account}
        self._watch(code, path, "commit")
        for party, hand in parties.items():
            body = {"party": party, "commitment": seed.commitment(c0, party, self._secret(code, party)).hex()}
            self._do(hand, f"commit-{code}-{party}", f"{path}/commitments", body)
        self._do(account, f"close-commitments-{code}", f"{path}/commitments-closing", {})
        self._watch(code, path, "reveal")
        for party, hand in parties.items():
            body = {"party": party, "secret": self._secret(code, party).hex()}
            self._do(hand, f"reveal-{code}-{party}", f"{path}/reveals", body)
        self._do(account, f"close-reveals-{code}", f"{path}/reveals-closing", {})
        self._watch(code, path, "beacon")
        if f"demo-beacon-{code}" not in self._client.receipts:
            self._wait_until(self._memory.once(f"terms-{code}", dict)["t_reveal"] + 600)
            rolls = self._memory.once(f"dice-{code}", lambda: [secrets.randbelow(10) for _ in range(40)])
            outcome = {"position": 0, "key_string": dice_key_string(rolls, 10)}
            self._do(account, f"beacon-{code}", f"{path}/beacons", outcome)
        self._do(account, f"seed-{code}", f"{path}/seed", {})
        self._watch(code, path, "result")
        self._do(account, f"objects-{code}", f"{path}/objects", {})
        self._do(account, f"assign-{code}", f"{path}/assignment", {})
        statement = {"statement": "全程在场监督，未发现异常（演示）"}
        self._do("discipline", f"sign-off-{code}", f"{path}/sign-off", statement)

    def _watch(self, code: str, path: str, phase: str) -> None:
        self._do("discipline", f"check-in-{code}-{phase}", f"{path}/check-ins", {"phase": phase})

    def _terms(self, account: str, needed: list[str]) -> dict[str, Any]:
        now = int(datetime.fromisoformat(self._now()).timestamp())
        return {
            "parties": [
                {"id": "discipline", "role": "discipline", "account": "discipline", "key": None},
                {"id": "organiser", "role": "organiser", "account": account, "key": None},
            ],
            "t_commit": now + 600,
            "t_reveal": now + 1200,
            "delta": 600,
            "beacons": [{"kind": "dice", "sides": 10, "rolls": 40, "simulated": True}],
            "waivers": dict.fromkeys(needed, "该类对象不足五户，任何抽取数均不能落在5%至20%之间，备案豁免"),
            "cap": None,
            "fallback": [],
        }

    def _inspect(self, code: str, draw: str) -> None:
        name = draw.partition("/")[2]
        rows = self._drawn(name)
        drawn = [row["object"] for row in rows if row["inspectors"]]
        self.drawn += len(rows)
        self.assigned += len(drawn)
        visit = self._next_working_day(code)
        for object_id in drawn:
            notice = {"draw": draw, "object": object_id, "visit_on": visit}
            self._do("supervision", f"notify-{name}-{object_id}", "/inspections", notice)
        self._wait_until(int(datetime.fromisoformat(f"{visit}T09:00:00+08:00").timestamp()))
        for object_id in drawn:
            path = f"/inspections/{name}/{object_id}"
            completion = {"completed_on": visit, "methods": ["onsite"]}
            self._do("enforcement", f"complete-{name}-{object_id}", f"{path}/completion", completion)
            self._do("enforcement", f"result-{name}-{object_id}", f"{path}/result", invented_result(object_id))
        late = drawn[-1] if code == self._materials.drawable[-1].code else None
        for object_id in drawn:
            if object_id == late:  # one result of the demonstration is published late, so that a late one can be seen
                self._wait_until(int(datetime.fromisoformat(f"{visit}T09:00:00+08:00").timestamp()) + 14 * 86400)
            body = {"channel": CHANNEL, "reference": f"演示公示 {name}"}
            path = f"/inspections/{name}/{object_id}/publication"
            self._do("supervision", f"publish-{name}-{object_id}", path, body)
        self.published += len(drawn)

    def _drawn(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            answer = self._client.get("discipline", f"/draws/{name}", after=after, limit=1000)
            found.extend(answer["drawn"])
            after = answer["next"]
        return found

    # -- time, chance and memory

    def _do(self, account: str, step: str, path: str, body: Any, media: str = "application/json") -> dict[str, Any]:
        return self._client.command(account, f"demo-{step}", path, body, media)

    def _now(self) -> str:
        return str(self._client.post("admin", "/clock", {"advance_seconds": 0})["now"])

    def _day(self) -> str:
        return self._now()[:10]

    def _wait_until(self, seconds: int) -> None:
        """Step the clock on to at least `seconds`."""
        ahead = seconds - int(datetime.fromisoformat(self._now()).timestamp())
        if ahead > 0:
            self._client.post("admin", "/clock", {"advance_seconds": ahead})

    def _next_working_day(self, code: str) -> str:
        def find() -> str:
            day = date.fromisoformat(self._day()) + timedelta(days=1)
            while not self._materials.calendar.is_working_day(day):
                day += timedelta(days=1)
            return day.isoformat()

        return str(self._memory.once(f"visit-{code}", find))

    def _office(self, line: dict[str, Any]) -> str:
        return self._offices[line["lead_office"] or "业务处室"]

    def _secret(self, code: str, party: str) -> bytes:
        return bytes.fromhex(self._memory.once(f"secret-{code}-{party}", lambda: secrets.token_bytes(32).hex()))

    def _token(self, account: str) -> str:
        path = f"/accounts/{account}/tokens"
        return str(self._memory.once(f"token-{account}", lambda: self._client.post("admin", path, {})["token"]))
