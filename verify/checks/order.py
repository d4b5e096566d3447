"""The order of a draw: one act after the other, and the discipline office present before each of them.

V1 asks for the number of the draw and the order of its acts, F06 for that of the parts of the seed, F05 for the witness
(方案第五(三)1条: 纪检部门应当全程参与监督). Source: draw specification, section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from verify.ceremony import ORDER, REPEATED, STEPS, STEPS_ZH, Draw
from verify.entries import Entry
from verify.findings import Finding, broken, noted
from verify.history import History

WITNESS_RULE = "方案第五(三)1条"
PHASES = {"freeze": (0, 1), "commit": (1, 2), "reveal": (3, 4), "beacon": (5, 6), "result": (7, 8)}
"""Phase -> (the act after which the discipline office checks in for it, the first act of the phase)."""
PHASES_ZH = {"freeze": "冻结", "commit": "承诺", "reveal": "揭示", "beacon": "信标", "result": "结果"}
SEED_PARTS = range(1, 8)


def check_numbers(history: History) -> Iterator[Finding]:
    """Draws are numbered 1, 2, 3 ... for each year, without a gap."""
    last: dict[str, int] = {}
    for stream, entries in history.of("draw"):
        opened = entries[0]
        if opened.kind != "draw.opened":
            continue
        prefix = f"draw/{history.bureau}-{opened.at[:4]}-"
        number = last.get(prefix, 0) + 1
        if stream != f"{prefix}{number:04d}":
            zh = f"抽查编号 {stream} 应为 {prefix}{number:04d}：编号不连续，可能有抽查被隐去。"
            en = f"The draw {stream} should be {prefix}{number:04d}: the numbers have a gap, a draw may be hidden."
            yield broken("V1", zh, en, opened.index)
        written = stream.rpartition("-")[2]
        last[prefix] = int(written) if written.isdecimal() and len(written) < 9 else number


def check_order(draw: Draw) -> Iterator[Finding]:
    """Every act once, none before its turn, none left out; the organiser's acts by the unit that opened the draw."""
    reached: dict[int, Entry] = {}
    for entry in draw.entries:
        if entry.kind not in ORDER:
            continue
        rank = ORDER[entry.kind]
        check = "F06" if rank in SEED_PARTS else "V1"
        if rank in reached and rank not in REPEATED:
            zh, en = f"{draw.stream}：{STEPS_ZH[rank]}出现两次。", f"{draw.stream}: {STEPS[rank]} twice."
            yield broken(check, zh, en, entry.index)
        later = max(reached, default=0)
        if rank < later:
            zh = f"{draw.stream}：{STEPS_ZH[rank]}出现在{STEPS_ZH[later]}（第 {reached[later].index} 条）之后。"
            yield broken(check, zh, f"{draw.stream}: {STEPS[rank]} after {STEPS[later]}.", entry.index)
        missing = next((each for each in (0, 1, 2, 3, 5, 6, 7, 8, 9) if each < rank and each not in reached), None)
        if missing is not None:
            zh = f"{draw.stream}：尚无{STEPS_ZH[missing]}就{STEPS_ZH[rank]}。"
            yield broken(check, zh, f"{draw.stream}: {STEPS[rank]} before {STEPS[missing]}.", entry.index)
        reached.setdefault(rank, entry)
        if entry.actor["role"] == "organiser" and entry.actor["unit"] != draw.opened.data["unit"]:
            zh = f"{draw.stream}：{STEPS_ZH[rank]}由 {entry.actor['unit']} 作出，不是 {draw.opened.data['unit']}。"
            if rank not in (2, 4):
                yield broken("V1", zh, f"{draw.stream}: {STEPS[rank]} by {entry.actor['unit']}.", entry.index)


def check_witness(draw: Draw, notified: int | None) -> Iterator[Finding]:
    """Each phase begins with a check-in; `notified`: the first inspection that was notified, after which nothing may lack."""
    for phase, (after, act) in PHASES.items():
        first = next((entry for entry in draw.entries if ORDER.get(entry.kind, -1) >= act), None)
        if first is None:
            break
        checks = [each for each in draw.all("draw.witness-checked-in") if each.data["phase"] == phase]
        begin = max((each.index for each in draw.entries if ORDER.get(each.kind, 99) <= after), default=-1)
        if any(begin < each.index < first.index for each in checks):
            continue
        zh, en = "没有纪检签到", "no check-in of the discipline office"
        if checks and checks[0].index > first.index:
            zh, en = "纪检签到太迟", "the check-in of the discipline office came too late"
        elif checks:
            zh, en = "纪检签到早于该环节开始", "the check-in of the discipline office came before the phase began"
        zh = f"{draw.stream} 的{PHASES_ZH[phase]}环节{zh}（{WITNESS_RULE}）。"
        yield broken("F05", zh, f"{draw.stream}, phase {phase}: {en}.", first.index)
    if draw.one("draw.witness-signed-off") is None:
        if notified is not None:
            zh = f"{draw.stream} 没有纪检签字就通知了检查（第 {notified} 条，{WITNESS_RULE}）。"
            en = f"{draw.stream}: inspections were notified without the discipline office's sign-off."
            yield broken("F05", zh, en, notified)
        else:
            zh = f"{draw.stream} 尚在进行：已到{STEPS_ZH[draw.progress]}，纪检未签字。"
            yield noted("F05", zh, f"{draw.stream} is under way: {STEPS[draw.progress]}.", draw.entries[-1].index)
