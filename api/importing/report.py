"""What a file's refusal says: for each fault the line, the column, the value, and the reason in two languages."""

from __future__ import annotations

from typing import Any

MAX_FAULTS = 1000
MAX_SHOWN = 80


class Report:
    """Collects the faults of one file; beyond MAX_FAULTS it only counts them."""

    def __init__(self) -> None:
        self._faults: list[dict[str, Any]] = []
        self._left_out = 0
        self._line_left_out = 0

    def add(self, line: int, column: str, value: str, zh: str, en: str) -> None:
        """Note one fault: `line` counts the lines of the file from 1, `column` is the header as the file spells it."""
        if len(self._faults) < MAX_FAULTS:
            # Whoever prints a report must not run what a cell holds: an escape sequence, a text turned around.
            shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in value[:MAX_SHOWN])
            self._faults.append({"line": line, "column": column, "value": shown, "reason_zh": zh, "reason": en})
            return
        self._line_left_out = self._line_left_out or line
        self._left_out += 1

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults in the order found, at last one that says how many more there are."""
        if not self._left_out:
            return list(self._faults)
        more = {
            "line": self._line_left_out,
            "column": "",
            "value": "",
            "reason_zh": f"从这一行起还有{self._left_out}处错误未列出",
            "reason": f"from this line on there are {self._left_out} more faults, not listed here",
        }
        return [*self._faults, more]
