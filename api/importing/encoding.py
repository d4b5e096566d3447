"""A file that somebody sent as text: UTF-8 or refused, with the line at fault and what the file looks like instead."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from api.importing.report import Report

MAX_LINE = 1 << 20
"""Characters of one line of the file; of a longer one nobody could read a cell."""
_PIECE = 1 << 20


@contextmanager
def as_text(file: IO[bytes]) -> Iterator[IO[str]]:
    """Give the file as text from its beginning, and leave it open afterwards."""
    file.seek(0)
    # Without newline="" a quoted line break would be rewritten; with it, \r, \n and \r\n each count as one line.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield text
    finally:
        text.detach()


def bounded(text: IO[str]) -> Iterator[str]:
    """Yield the lines of a text. csv.Error for one that is too long to be held in memory."""
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and line[-1] not in "\r\n":
            raise csv.Error(f"a line has more than {MAX_LINE} characters")
        yield line


def encoding_refused(file: IO[bytes], report: Report) -> bool:
    """Note what is wrong with the first bytes of a file, or with the first byte that is not UTF-8."""
    file.seek(0)
    first = file.read(4)
    for mark, zh, en in (
        (b"PK\x03\x04", "这是Excel工作簿,请另存为“CSV UTF-8”", "this is an Excel workbook; save it as CSV UTF-8"),
        (b"\xff\xfe", "文件编码是UTF-16,请另存为“CSV UTF-8”", "the encoding is UTF-16; save the file as CSV UTF-8"),
        (b"\xfe\xff", "文件编码是UTF-16,请另存为“CSV UTF-8”", "the encoding is UTF-16; save the file as CSV UTF-8"),
    ):
        if first.startswith(mark):
            report.add(1, "", "", zh, en)
            return True
    line = _not_encoded(file, "utf-8")
    if line is not None:
        report.add(line, "", "", *_encoding_fault(file))
    return line is not None


def _not_encoded(file: IO[bytes], encoding: str) -> int | None:
    """Return the line of the first byte that is not of this encoding, None where there is none."""
    file.seek(0)
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    while True:
        piece = file.read(_PIECE)
        try:
            line += decoder.decode(piece, final=not piece).count("\n")
        except UnicodeDecodeError as error:
            return line + error.object.count(b"\n", 0, error.start)
        if not piece:
            return None


def _encoding_fault(file: IO[bytes]) -> tuple[str, str]:
    if _not_encoded(file, "gb18030") is not None:
        return "文件不是UTF-8编码", "the file is not UTF-8"
    return (
        "文件编码像是GB18030(GBK),请另存为“CSV UTF-8”",
        "the file is not UTF-8, its encoding looks like GB18030 (GBK); save it as CSV UTF-8",
    )
