"""The telling: the answers as people read them, Chinese first, as programs read them, and as a page without external parts."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from verify.audit.asked import Asked, adjusted
from verify.audit.evidence import Evidence
from verify.audit.questions import chance_to_see
from verify.audit.teams import LABEL
from verify.audit.words import FAMILIES, METHODS, in_chinese

SHOWN = 5
"""So many answers of a family are told though chance explains them."""


@dataclass(frozen=True)
class Audit:
    """What was asked of some logs, and answered."""

    logs: Sequence[str]
    notes: Sequence[tuple[str, str]]
    evidence: Evidence
    asked: Sequence[Asked]

    def as_json(self) -> str:
        """Return one JSON object on one line, with every answer."""
        value = {
            "logs": list(self.logs),
            "notes": [{"zh": zh, "en": en} for zh, en in self.notes],
            "draws": self.evidence.draws,
            "samples_label": LABEL.decode(),
            "families": {each.name: {"null": each.null[1], "method": METHODS[each.name][1]} for each in FAMILIES},
            "asked": [_value(each) for each in self.asked],
            "power": dict(zip(("thrice", "never", "draws"), _rounded(self._power()), strict=True)),
            "conduct": {who: dict(sorted(counts.items())) for who, counts in sorted(self.evidence.conduct.items())},
            "days": {log.strip(): list(days) for log, days in sorted(self.evidence.days.items())},
            "churn": {who: dict(sorted(counts.items())) for who, counts in sorted(self.evidence.churn.items())},
        }
        return json.dumps(value, ensure_ascii=False)

    def lines(self) -> Iterator[str]:
        """Yield the lines for people."""
        for heading, texts in self.parts():
            yield f"\n{heading}"
            yield from (f"  {text}" for text in texts)

    def page(self) -> str:
        """Return the page."""
        body = "".join(
            f"<h2>{html.escape(heading)}</h2>" + "".join(f"<p>{html.escape(text)}</p>" for text in texts)
            for heading, texts in self.parts()
        )
        style = "body{font:16px/1.6 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}h2{font-size:1.1em}p{margin:.2em 0}"
        head = f'<meta charset="utf-8"><title>抽查公正性审计 Fairness audit</title><style>{style}</style>'
        return f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{body}</body></html>\n'

    def parts(self) -> Iterator[tuple[str, list[str]]]:
        """Yield (heading, sentences)."""
        few = [each for each in self.asked if each.worth_asking]
        yield (
            f"抽查公正性审计 Fairness audit: {', '.join(self.logs)}",
            [
                f"共 {self.evidence.draws} 次抽取，提出 {len(self.asked)} 个问题。"
                f" {self.evidence.draws} draws, {len(self.asked)} questions.",
                f"其中 {len(few)} 个值得查问（q ≤ 0.05）。若一切公正，整份报告出现任何一个的可能约为 5%。"
                f" {len(few)} are worth asking about (q ≤ 0.05); where all is fair, any at all appears in about 5 % of reports.",
                "p：纯属偶然时出现这样或更极端情形的可能；q：计入全部提问后的 p（各类内 Benjamini–Hochberg，类间 Holm）。"
                " p: how often chance alone gives this or more; q: p with all that was asked taken into account.",
                *(f"{zh}。 {en}." for zh, en in [*self.notes, *self.evidence.left_out]),
            ],
        )
        for family in FAMILIES:
            some = [each for each in self.asked if each.family == family.name]
            if not some:
                continue
            zh, en = METHODS[family.name]
            texts = [" ".join(family.null), f"方法：{zh}；共 {len(some)} 问。 Method: {en}; {len(some)} questions."]
            if family.name == "selection":
                texts.append(self._seen())
            shown = [each for place, each in enumerate(some) if each.worth_asking or place < SHOWN]
            texts += [_line(each) for each in shown]
            if any(each.worth_asking for each in some):
                texts.append(" ".join(family.step))
            yield " ".join(family.title), texts
        yield (
            "各账号的次数 Counts of each account",
            [
                *_counts(self.evidence.conduct),
                *_counts(self.evidence.churn),
                *(_baseline(log, *days) for log, days in sorted(self.evidence.days.items())),
            ],
        )

    def _power(self) -> tuple[float, float, int]:
        return chance_to_see(self.evidence)

    def _seen(self) -> str:
        thrice, never, draws = self._power()
        zh = f"以这 {draws} 次抽取，若某户被抽的机会增至三倍，能看出的概率为 {thrice:.1%}；若某户一次都不会被抽中，"
        en = (
            f"With {draws} draws, one business drawn three times as often would be seen with probability {thrice:.1%}; "
        )
        zh += "能看出。" if never else "看不出。"
        return f"{zh} {en}one that is never drawn would {'' if never else 'not '}be seen."


def audit_of(
    logs: Sequence[str], notes: Sequence[tuple[str, str]], evidence: Evidence, asked: Sequence[Asked]
) -> Audit:
    """Return the audit with all its questions adjusted for one another."""
    return Audit(logs, notes, evidence, adjusted(list(asked)))


def _line(asked: Asked) -> str:
    mark = "值得查问 worth asking" if asked.worth_asking else "偶然可以解释 chance explains it"
    text = f"{in_chinese(asked.subject)}: {asked.seen} / {asked.expected:.2f} 应有 expected, 依据 cases {asked.cases}, "
    text += f"p {asked.p:.3g}, q {asked.q:.3g}"
    if asked.interval:
        low, high = asked.interval
        text += f"（{asked.samples} 次模拟 samples, p 的 95% 区间 interval {low:.3g}–{high:.3g}）"
    return f"{text}: {mark}"


def _counts(table: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for who, counts in sorted(table.items()):
        shown = ", ".join(f"{in_chinese(name)} {name} {count}" for name, count in sorted(counts.items()) if count)
        yield f"{who}: {shown or '-'}"


def _baseline(log: str, near: int, others: int) -> str:
    zh = f"{log}冻结前10日内共 {near} 天，其他时间 {others} 天；比较变动次数时须按天数折算"
    return f"{zh}。 {near} days lie in the 10 days before a freeze, {others} do not: compare changes by the day."


def _value(asked: Asked) -> dict[str, object]:
    value: dict[str, object] = {
        "family": asked.family,
        "subject": asked.subject,
        "cases": asked.cases,
        "seen": asked.seen,
    }
    value |= {"expected": _short(asked.expected), "p": _short(asked.p), "q": _short(asked.q)}
    value |= {"worth_asking": asked.worth_asking}
    if asked.interval:
        value |= {"samples": asked.samples, "p_interval": [_short(each) for each in asked.interval]}
    return value


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def _rounded(numbers: Sequence[float]) -> list[float]:
    return [_short(each) for each in numbers]
