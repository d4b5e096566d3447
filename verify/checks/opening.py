"""The opening of a draw: a published plan that names the item, its period, and two registries that are filed and paired.

F04: 方案第五(一)条, 第五(二)1条 (published before anything is drawn), 第五(三)条 (the two registries).
"""

from __future__ import annotations

from collections.abc import Iterator

from verify.ceremony import Draw
from verify.checks.reviews import published
from verify.findings import Finding, broken
from verify.history import History

PLAN_RULE = "方案第五(二)1条"
REGISTRY_RULE = "方案第五(三)条"


def check_opening(draw: Draw, history: History) -> Iterator[Finding]:
    """What must have happened before the draw was opened."""
    opened, data = draw.opened, draw.opened.data
    for zh, en in [*_plan_faults(draw, history), *_registry_faults(draw, history)]:
        yield broken("F04", f"{draw.stream}：{zh}。", f"{draw.stream}: {en}.", opened.index)
    if data["unit"] != opened.actor["unit"]:
        zh = f"{draw.stream} 写明单位 {data['unit']}，由 {opened.actor['unit']} 开启。"
        en = f"{draw.stream} states the unit {data['unit']}, but {opened.actor['unit']} opened it."
        yield broken("V1", zh, en, opened.index)


def _plan_faults(draw: Draw, history: History) -> Iterator[tuple[str, str]]:
    opened, data = draw.opened, draw.opened.data
    plan = history.one(data["plan"], "plan.drafted", opened.index)
    if plan is None:
        yield f"所依据的计划 {data['plan']} 不存在或不可读", f"its plan {data['plan']} is missing or unreadable"
        return
    if published(history, data["plan"], opened.index) is None:
        yield (
            f"开启时计划 {data['plan']} 尚未发布（{PLAN_RULE}）",
            f"it was opened before the plan {data['plan']} was published",
        )
    if data["item"] not in {each["item"] for each in plan.data["items"]}:
        yield f"事项 {data['item']} 不在计划 {data['plan']} 内", f"the item {data['item']} is not in {data['plan']}"
    if plan.data["unit"] != data["unit"]:
        yield f"计划属于 {plan.data['unit']}，不属于 {data['unit']}", f"the plan is of {plan.data['unit']}"
    period = plan.data["period"]
    if not period["from"] <= opened.day <= period["to"]:
        yield (
            f"{opened.day} 不在计划期间 {period['from']} 至 {period['to']} 内（{PLAN_RULE}）",
            f"{opened.day} is outside the plan's period {period['from']} to {period['to']}",
        )


def _registry_faults(draw: Draw, history: History) -> Iterator[tuple[str, str]]:
    index, data = draw.opened.index, draw.opened.data
    for stream, kind in ((data["objects"], "objects"), (data["inspectors"], "inspectors")):
        created = history.one(stream, "registry.created", index)
        if created is None or created.data["type"] != kind:
            yield f"{stream} 不是可用的名录库（{kind}）", f"{stream} is no registry of {kind}"
            continue
        if history.one(stream, "registry.filed", index) is None:
            yield f"{stream} 尚未备案（{REGISTRY_RULE}）", f"{stream} is not filed"
        if kind == "objects" and created.data["item"] != data["item"]:
            yield (
                f"{stream} 对应事项 {created.data['item']}，不是 {data['item']}（{REGISTRY_RULE}）",
                f"{stream} belongs to the item {created.data['item']}, not to {data['item']}",
            )
    pairings = history.all(data["objects"], "registry.paired", index)
    if not pairings or pairings[0].data["inspectors"] != data["inspectors"]:
        yield (
            f"{data['objects']} 没有与 {data['inspectors']} 对应（{REGISTRY_RULE}）",
            f"{data['objects']} is not paired with {data['inspectors']}",
        )
