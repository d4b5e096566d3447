"""What a cell may say: a text, a day, a code, one word of a table, or several things divided by semicolons.

Each reader takes the row and the field, notes what is wrong in the row's report, and returns the value, or None where
the cell is empty or refused.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from api.importing.table import Row, by_language, plain
from domain import uscc

Value = TypeVar("Value")

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # also a step of a stream, so no slash and no colon
DIVISION = re.compile(r"[0-9]{6}")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})-([0-9]{2})|/([0-9]{1,2})/([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+?[0-9]+")
_PERSONAL_NUMBER = re.compile(r"[1-9][0-9]{5}(19|20)[0-9]{9}[0-9Xx]|1[3-9][0-9]{9}")


def text(row: Row, name: str) -> str | None:
    """Return the cell as it is."""
    return row.get(name) or None


def needed(row: Row, name: str) -> str:
    """Return the cell, which must not be empty; "" where it was refused."""
    value = row.get(name)
    if not value:
        row.refuse(name, "不能为空", "must not be empty")
    return value


def day(row: Row, name: str) -> str | None:
    """Return a day as YYYY-MM-DD; 2019/4/30 and 2019年4月30日, as spreadsheets write it, are accepted."""
    value = row.get(name)
    if not value:
        return None
    found = _DAY.fullmatch(value)
    if found is None:
        row.refuse(name, "日期应写成YYYY-MM-DD", "a date is written YYYY-MM-DD")
        return None
    year, month, of_month = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, of_month).isoformat()
    except ValueError:
        row.refuse(name, "没有这一天", "there is no such day")
        return None


def word(row: Row, name: str, words: Mapping[str, Value]) -> Value | None:
    """Return what the cell means by the table `words`, whose keys are spelled as `plain` spells them."""
    value = row.get(name)
    spelled = plain(value)
    if spelled in words:
        return words[spelled]
    if value:
        zh, en = by_language(words)
        row.refuse(name, f"不认识的值,可用:{zh}", f"an unknown value; known are: {en}")
    return None


def code(row: Row, name: str, form: re.Pattern[str] = CODE) -> str | None:
    """Return a code; an empty cell is None."""
    value = row.get(name)
    if value and not form.fullmatch(value):
        if form is DIVISION:
            row.refuse(name, "应为6位数字的区划代码", "a division code has 6 digits")
        else:
            row.refuse(name, "应为字母、数字、点或短横线,最多64位", "a code has letters, digits, . _ or -, at most 64")
        return None
    return value or None


def public_number(row: Row, name: str) -> str:
    """Return a number of ours that everybody will see: needed, a code, and nobody's identity number or telephone."""
    value = needed(row, name)
    if _PERSONAL_NUMBER.fullmatch(value):
        zh = "编号会公开,不能用身份证号或手机号"
        row.refuse(name, zh, "this number becomes public: it must not be an identity number or a telephone")
    return code(row, name) or ""


def credit_code(row: Row, name: str) -> str:
    """Return a unified social credit code, which must be there and be valid."""
    value = needed(row, name)
    if _ROUNDED.fullmatch(value):
        zh = "表格软件把代码当成数字,末几位已丢失;请把此列设为文本后重新录入"
        row.refuse(name, zh, "a spreadsheet took the code for a number and lost its last digits; make the cells text")
    reason = uscc.fault(value) if value else None
    if reason is not None:
        row.refuse(name, *reason)
    return row.get(name)


def several(row: Row, name: str) -> list[str]:
    """Return the parts of a cell between semicolons (of either width), each once, sorted: equal sets, equal bytes."""
    return sorted({part.strip() for part in re.split("[;；]", row.get(name)) if part.strip()})


def several_codes(row: Row, name: str) -> list[str]:
    """Return the codes in a cell; the first that is none refuses the cell."""
    found = several(row, name)
    bad = next((part for part in found if not CODE.fullmatch(part)), None)
    if bad is not None:
        row.refuse(name, "应为用分号隔开的编码", "should be codes with semicolons between them", bad)
        return []
    return found


def several_objects(row: Row, name: str) -> list[str]:
    """Return the object ids in a cell; a mistyped credit code is refused: a recusal from nobody protects nobody."""
    found = several_codes(row, name)
    for part in found:
        reason = uscc.fault(part) if re.fullmatch("9[0-9A-Z]{17}", part) else None
        if reason is not None:
            row.refuse(name, *reason, part)
            return []
    return found


class Seen:
    """The line on which each id stood first, however many there are: beyond a few megabytes they lie on disk."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "PRAGMA cache_size = -16384; PRAGMA temp_store = FILE; PRAGMA synchronous = OFF; BEGIN;"
            "CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        )

    def first(self, value: str, line: int) -> int:
        """Return the line on which an id stood first, which is `line` where it was never seen."""
        if self._db.execute("INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING", (value, line)).rowcount:
            return line
        return int(self._db.execute("SELECT line FROM seen WHERE id = ?", (value,)).fetchone()[0])


def refuse_repeated(row: Row, name: str, value: str, seen: Seen) -> None:
    """Refuse an id that stood in the file before."""
    if not value:
        return
    first = seen.first(value, row.line)
    if first != row.line:
        row.refuse(name, f"与第{first}行重复", f"the same as in line {first}")
