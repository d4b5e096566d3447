"""A CSV file as rows that know where they stand, so that each fault can be named with its line and its column.

UTF-8 with or without a byte order mark, comma, quotes doubled inside quotes (RFC 4180). Which header names a field goes
by is a table, the `Form`; a column that no name fits is left unread and can be asked for with `notices`. A file is read
line by line, however long it is: it is a binary file that can be read again from its beginning.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from api.importing.encoding import as_text, bounded, encoding_refused
from api.importing.report import Report
from verify.characters import Unknown, is_composed, is_plain, unknown

PADDING = " \t\u00a0\u3000"  # spreadsheets pad cells with these, a tab to keep long numbers as text
MAX_CELL = 4000

# Data that identify a person and that a draw does not need: not taken at all, not even to be thrown away.
_PERSONAL = re.compile(r"身份证|身份号|手机|电话|联系方式|phone|mobile|telephone|idcard|idcardno|citizenid|nationalid")
_HALF_WIDTH = str.maketrans("（），", "(),")
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def plain(text: str) -> str:
    """Return a word as the tables spell it: lower case, brackets and commas of half width."""
    return text.lower().translate(_HALF_WIDTH)


@dataclass(frozen=True)
class Form:
    """The columns of one kind of file: the accepted header names per field, the fields that must be there, and the
    names that are known and not needed."""

    names: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    unused: frozenset[str] = frozenset()

    def field_of(self, header: str) -> str | None:
        """Return the field that a column of this header is."""
        spelled = plain(header)
        return next((name for name, accepted in self.names.items() if spelled in accepted), None)


@dataclass
class Row:
    """One row: its line in the file, and its trimmed cells by field; a field that was refused reads as empty."""

    line: int
    cells: dict[str, str]
    headers: Mapping[str, str]
    report: Report
    refused: set[str] = field(default_factory=set)

    def refuse(self, name: str, zh: str, en: str, value: str | None = None) -> None:
        """Note a fault of the field `name`; the first one of a field is enough."""
        if name not in self.refused:
            self.refused.add(name)
            shown = self.cells.get(name, "") if value is None else value
            self.report.add(self.line, self.headers.get(name, ""), shown, zh, en)

    def get(self, name: str) -> str:
        """Return the cell, "" where it is empty, missing or refused."""
        return "" if name in self.refused else self.cells.get(name, "")


def rows(file: IO[bytes], form: Form, report: Report) -> Iterator[Row]:
    """Yield the rows of a file that have the right number of cells; what is wrong with the others goes to `report`."""
    if encoding_refused(file, report):
        return
    with as_text(file) as text:
        yield from _rows(_Lines(text, report), form, report)


def _rows(lines: _Lines, form: Form, report: Report) -> Iterator[Row]:
    headers = next(lines, None)
    if headers is None:
        if not report.faults():
            report.add(1, "", "", "文件是空的", "the file is empty")
        return
    columns = _columns(headers[1], form, report)
    if columns is None:
        return
    spelled = {name: headers[1][place].strip(PADDING) for place, name in columns.items()}
    found = False
    for line, cells in lines:
        if not any(cell.strip(PADDING) for cell in cells):
            continue
        found = True
        if len(cells) != len(headers[1]):
            _count_fault(line, cells, headers[1], report)
            continue
        row = Row(line, {name: cells[place].strip(PADDING) for place, name in columns.items()}, spelled, report)
        _refuse_characters(row)
        yield row
    if not found and not report.faults():
        report.add(1, "", "", "只有表头,没有数据行", "there is a header and no row")


def header(file: IO[bytes]) -> list[str]:
    """Return the trimmed cells of the first row, nothing where the file cannot be read."""
    if encoding_refused(file, Report()):
        return []
    with as_text(file) as text:
        return [cell.strip(PADDING) for cell in next(_Lines(text, Report()), (1, []))[1]]


def by_language(words: Iterable[str]) -> tuple[str, str]:
    """Return the accepted words for the Chinese and for the English reason: each word stands in one of the two."""
    listed = list(words)
    english = [each for each in listed if each.isascii()]
    chinese = [each for each in listed if not each.isascii()]
    return "、".join(chinese or english), ", ".join(english or chinese)


def notices(file: IO[bytes], form: Form) -> list[dict[str, Any]]:
    """Return, in the form of faults, the columns that are not known and therefore not read. They refuse nothing."""
    report = Report()
    for place, spelled in enumerate(header(file), start=1):
        if form.field_of(spelled) is None and plain(spelled) not in form.unused:
            name = spelled or f"({place})"
            report.add(1, name, "", "不认识这一列,未读取", "this column is not known and was not read")
    return report.faults()


class _Lines:
    """The records of a CSV text with the number of the physical line on which each begins."""

    def __init__(self, text: IO[str], report: Report) -> None:
        self._reader = csv.reader(bounded(text), strict=True)
        self._report = report
        self._ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        while not self._ended:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                break
            except csv.Error as error:
                # A quote that swallowed lines: what follows would be read inside out, so the file ends here.
                self._ended = self._reader.line_num != line
                self._quote_fault(line, str(error))
                continue
            if cells:
                return line, cells
        raise StopIteration

    def _quote_fault(self, line: int, error: str) -> None:
        rest = (",其后各行未读", "; what follows was not read") if self._ended else ("", "")
        self._report.add(line, "", "", f"引号不成对或单元格过长{rest[0]}", f"quotes do not match ({error}){rest[1]}")


def _columns(headers: list[str], form: Form, report: Report) -> dict[int, str] | None:
    """Return the field of each column that is read, by its place; None where the header refuses the file."""
    columns: dict[int, str] = {}
    sound = True
    for place, spelled in enumerate(cell.strip(PADDING) for cell in headers):
        name = form.field_of(spelled)
        if name is None and _PERSONAL.search(re.sub(r"[\s_-]", "", spelled.lower())):
            sound = False
            zh = "不收集身份证号和电话(数据最小化,《个人信息保护法》第六条),请删去此列"
            en = "identity numbers and telephones are not taken (data minimisation); delete this column"
            report.add(1, spelled, "", zh, en)
        elif name in columns.values():
            sound = False
            zh, en = f"有两列都是“{form.names[str(name)][0]}”", f"two columns are both {form.names[str(name)][0]!r}"
            report.add(1, spelled, "", zh, en)
        elif name is not None:
            columns[place] = name
    for name in form.required:
        if name not in columns.values():
            sound = False
            chinese, english = by_language(form.names[name])
            zh, en = f"缺少必需的列,可用的列名:{chinese}", f"a required column is missing; accepted names: {english}"
            report.add(1, form.names[name][0], ",".join(headers), zh, en)
    return columns if sound else None


def _count_fault(line: int, cells: list[str], headers: list[str], report: Report) -> None:
    """Name the row and both numbers, but no column: which cell is missing or too much, nobody knows."""
    zh = f"第{line}行有{len(cells)}个单元格,表头有{len(headers)}个"
    en = f"row {line} has {_cells(len(cells))}, the header has {len(headers)}"
    if len(cells) > len(headers):
        zh, en = f"{zh};内容中的逗号须用引号括起", f"{en}; a comma inside a cell needs quotes around the cell"
    report.add(line, "", "", zh, en)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _refuse_characters(row: Row) -> None:
    """Refuse what has no canonical spelling, and invisible characters, which let two names read alike."""
    whole = '"'.join(row.cells.values())  # nothing composes with a quote, so what is said of all holds for each
    if len(whole) <= MAX_CELL and "\ufffd" not in whole and is_plain(whole):
        return
    for name, text in row.cells.items():
        if text.isascii() and text.isprintable() and len(text) <= MAX_CELL:
            continue
        hidden = next((c for c in text if not c.isprintable() and unicodedata.category(c) in _INVISIBLE), None)
        if hidden is not None:
            code = f"U+{ord(hidden):04X}"
            row.refuse(name, f"含有控制字符或不可见字符{code}", f"has the control or invisible character {code}")
        elif "\ufffd" in text:
            row.refuse(name, "含有乱码字符U+FFFD", "has U+FFFD: some program could not read this text")
        elif (place := unknown(text)) is not None:
            reason = Unknown(place + 1, f"U+{ord(text[place]):04X}")
            row.refuse(name, reason.zh, reason)
        elif not is_composed(text):
            changed = next((c for c in text if not is_composed(c)), text[0])
            code = f"U+{ord(changed):04X}"
            row.refuse(name, f"字符{code}不是规范写法(Unicode NFC)", f"is not in Unicode form C, see {code}")
        elif len(text) > MAX_CELL:
            row.refuse(name, f"超过{MAX_CELL}个字符", f"is longer than {MAX_CELL} characters")
