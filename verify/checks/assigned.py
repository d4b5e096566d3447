"""The teams: nobody recused, nobody ineligible, two certified inspectors, and exactly the teams that the seed gives.

V9: hard constraints and opened recusals. V10: the replay gives other teams. F12: 行政处罚法第四十二条, a team is two
certified inspectors. Source: draw specification, section 7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterator

from verify import replay
from verify.ceremony import Draw
from verify.documents import parse
from verify.entries import Entry
from verify.findings import Finding, broken, noted, unchecked
from verify.library import Absent, Library, Unlike, rows_of
from verify.personal import field_commitment, recusal_label, recusal_value

LINE = {"id": "id", "inspectors": ["code"]}
OPENED_LINE = {"id": "id", "inspectors": ["code"], "salt": "hex32"}
TEAM = 2
FEW, NAMED = 3, 20
TEAM_RULE = "行政处罚法第四十二条"
RECUSAL_RULE = "行政处罚法第四十三条"

Recused = dict[str, list[str]]


def check_assigned(draw: Draw, library: Library) -> Iterator[Finding]:
    """Fill `teams` of the draw: as recorded."""
    recorded = draw.one("draw.inspectors-assigned")
    if recorded is None:
        return
    recused = yield from _opened(draw, recorded, library)
    try:
        draw.teams = library.listing(recorded.data, LINE)
    except Absent:
        zh = f"{draw.stream} 的选派名单缺失，未能核验。"
        yield unchecked("V9", zh, f"{draw.stream}: the list of teams is not here.", recorded.index)
        return
    except Unlike as error:
        yield broken("V9", f"{draw.stream} 的选派名单{error.zh}。", f"{draw.stream}, teams: {error}.", recorded.index)
        return
    yield from _recusals(draw, recorded, recused or {})
    yield from _teams(draw, recorded, recused or {})
    yield from _loads(draw, recorded)
    yield from _replay(draw, recorded, recused)


def _opened(draw: Draw, recorded: Entry, library: Library) -> Generator[Finding, None, Recused | None]:
    """Return who is recused from each drawn object; None where it cannot be told."""
    try:
        lines = list(rows_of(parse(library.pieces(recorded.data["opened"])), shape=OPENED_LINE))
    except Absent:
        zh = f"{draw.stream} 的回避公开清单缺失，回避未核验。"
        yield unchecked("V9", zh, f"{draw.stream}: the opened recusals are not here.", recorded.index)
        return None
    except Unlike as error:
        yield broken("V9", f"{draw.stream} 的回避公开清单{error.zh}。", f"{draw.stream}: {error}.", recorded.index)
        return None
    if draw.recused is None or draw.drawn is None:
        return None
    opened = {line["id"]: line for line in lines}
    due = {line["id"] for line in draw.drawn} & draw.recused.keys()
    for name in sorted(due ^ opened.keys()):
        zh = f"{draw.stream}：{name} 的回避{'没有公开' if name in due else '不该公开'}（{RECUSAL_RULE}）。"
        en = f"{draw.stream}: the recusal of {name} {'was not opened' if name in due else 'is none of this draw'}."
        yield broken("V9", zh, en, recorded.index)
    for name in sorted(due & opened.keys()):
        value = recusal_value(opened[name]["inspectors"])
        salt = bytes.fromhex(opened[name]["salt"])
        if field_commitment(recusal_label(draw.id, name), salt, value).hex() != draw.recused[name]:
            zh = f"{draw.stream}：{name} 公开的回避名单与冻结时的承诺不符（{RECUSAL_RULE}）。"
            en = f"{draw.stream}: the recusal of {name} does not open the frozen commitment."
            yield broken("V9", zh, en, recorded.index)
    return {name: line["inspectors"] for name, line in opened.items()}


def _recusals(draw: Draw, recorded: Entry, recused: Recused) -> Iterator[Finding]:
    """Everybody sees how many recusals steered the teams, and where so many are recused that few are left."""
    if not recused:
        return
    eligible = {name for name, ground in (draw.eligible or {}).items() if ground is None}
    many = sorted(name for name, people in recused.items() if _many(people, eligible))
    zh, en = f"公开了 {len(recused)} 个被抽中对象的回避名单", f"{len(recused)} recusals of drawn objects were opened"
    if many:
        more = f" … ({len(many)})" if len(many) > NAMED else ""
        shown = ", ".join(f"{name}: {len(set(recused[name]))}" for name in many[:NAMED]) + more
        zh += f"，其中回避人数超过 {FEW} 人或合格人员一成的：{shown}"
        en += f"; more than {FEW}, or than a tenth of the eligible, are recused from {shown}"
    yield noted("V9", f"{draw.stream}：{zh}（{RECUSAL_RULE}）。", f"{draw.stream}: {en}.", recorded.index)


def _many(people: Collection[str], eligible: Collection[str]) -> bool:
    recused = set(people)
    return len(recused) > FEW or (bool(eligible) and len(recused & set(eligible)) * 10 > len(eligible))


def _teams(draw: Draw, recorded: Entry, recused: Recused) -> Iterator[Finding]:
    drawn = {line["id"] for line in draw.drawn or ()}
    teams = {line["id"]: line["inspectors"] for line in draw.teams or ()}
    for name in sorted(drawn ^ teams.keys()) if draw.drawn is not None else ():
        zh = f"{draw.stream}：{name} {'被抽中却没有列入选派' if name in drawn else '未被抽中却有选派'}。"
        en = f"{draw.stream}: {name} {'was drawn, but has no line of a team' if name in drawn else 'was not drawn'}."
        yield broken("V9", zh, en, recorded.index)
    for name, team in teams.items():
        if team and (len(team) != TEAM or len(set(team)) != TEAM):
            zh = f"{draw.stream}：{name} 的检查组是 {'、'.join(team)}，须为两名不同的检查人员（{TEAM_RULE}）。"
            en = f"{draw.stream}: the team of {name} is {', '.join(team)}, not two different inspectors."
            yield broken("F12", zh, en, recorded.index)
        for inspector in team:
            ground = "不在名录库 not in the registry"
            if draw.eligible is not None and inspector in draw.eligible:
                ground = draw.eligible[inspector] or ""
            if ground and draw.eligible is not None:
                zh = f"{draw.stream}：{name} 的检查人员 {inspector} 不具备资格（{ground}，{TEAM_RULE}）。"
                en = f"{draw.stream}: {inspector}, sent to {name}, is not eligible ({ground})."
                yield broken("F12", zh, en, recorded.index)
            if inspector in recused.get(name, ()):
                zh = f"{draw.stream}：{inspector} 应回避 {name}，却被选派（{RECUSAL_RULE}）。"
                yield broken(
                    "V9", zh, f"{draw.stream}: {inspector} is recused from {name}, but was sent.", recorded.index
                )


def _loads(draw: Draw, recorded: Entry) -> Iterator[Finding]:
    rungs = [draw.freeze.get("cap"), *(each["cap"] for each in draw.freeze.get("fallback", ()))]
    cap = rungs[recorded.data["rung"]] if recorded.data["rung"] < len(rungs) else None
    loads = Counter(inspector for line in draw.teams or () for inspector in line["inspectors"])
    for inspector, load in sorted(loads.items()):
        if cap is not None and load > cap:
            zh = f"{draw.stream}：{inspector} 被派 {load} 次，上限 {cap}。"
            yield broken("V9", zh, f"{draw.stream}: {inspector} has {load} seats, at most {cap}.", recorded.index)
    if recorded.data["unassigned"]:
        zh = f"{draw.stream}：{recorded.data['unassigned']} 个对象没有可派的检查组，须另行指派。"
        en = f"{draw.stream}: {recorded.data['unassigned']} objects have no team."
        yield noted("V9", zh, en, recorded.index)


def _replay(draw: Draw, recorded: Entry, recused: Recused | None) -> Iterator[Finding]:
    if draw.seed is None or draw.inspectors is None or draw.drawn is None or recused is None or draw.teams is None:
        zh = f"{draw.stream}：缺少重放选派所需的名单、种子或回避，未核验。"
        yield unchecked("V10", zh, f"{draw.stream}: pool, seed or recusals are missing for a replay.", recorded.index)
        return
    drawn = [line["id"] for line in draw.drawn]
    known = {name: people for name, people in recused.items() if name in set(drawn)}
    try:
        right = replay.assign_inspectors(draw.seed, draw.freeze, draw.inspectors, drawn, known)
    except (ValueError, IndexError) as error:
        yield broken(
            "V10", f"{draw.stream}：无法重放选派：{error}。", f"{draw.stream}: no replay: {error}.", recorded.index
        )
        return
    stated = (recorded.data["rung"], recorded.data["unassigned"])
    if (right.rung, right.unassigned) != stated:
        zh = f"{draw.stream}：应为第 {right.rung} 档、{right.unassigned} 个未派，记录写第 {stated[0]} 档、{stated[1]} 个。"
        en = f"{draw.stream}: rung {right.rung} with {right.unassigned} open is due, {stated} is recorded."
        yield broken("V10", zh, en, recorded.index)
    due = {line["id"]: line["inspectors"] for line in right.lines}
    for line in draw.teams:
        if due.get(line["id"], line["inspectors"]) != line["inspectors"]:
            zh = f"{draw.stream}：{line['id']} 按种子应派 {'、'.join(due[line['id']])}，名单写 {'、'.join(line['inspectors'])}。"
            en = f"{draw.stream}: the seed sends {', '.join(due[line['id']])} to {line['id']}, not {', '.join(line['inspectors'])}."
            yield broken("V10", zh, en, recorded.index)
