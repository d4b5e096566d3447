"""The papers of the demonstration: who exists, the item lists and plans with their reviews, and the registries."""

from __future__ import annotations

from typing import Any

from api.demo.hands import Hands
from api.demo.invented import QUOTAS

CHANNEL = "国家企业信用信息公示系统(吉林)【演示】"
UNITS = [
    ("legal", "政策法规处", "legal", "legal"),
    ("justice", "市司法局", "justice", "justice"),
    ("coordination", "综合处（领导小组办公室）", "coordination", "coordinator"),
    ("discipline", "派驻纪检监察组", "discipline", "discipline"),
    ("enforcement", "商务综合执法支队", "enforcement", "inspector"),
    ("supervision", "业务监管科", "office", "clerk"),
]


class Papers(Hands):
    """Everything that stands before the first draw."""

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
