"""Which kind of file this is by its header, so that one that was mistaken for another gets one hint and not a dozen faults."""

from __future__ import annotations

from typing import IO, Any

from api.importing import inspectors, items, objects
from api.importing.report import Report
from api.importing.table import Form, header

FORMS = {"objects": objects.FORM, "inspectors": inspectors.FORM, "items": items.FORM}
_NAMES = {
    "objects": ("检查对象名录", "a registry of objects"),
    "inspectors": ("检查人员名录", "a registry of inspectors"),
    "items": ("抽查事项清单", "a list of check items"),
}
_HINTS = {
    "objects": ("导入时用 --kind objects", "import it with --kind objects"),
    "inspectors": ("导入时用 --kind inspectors", "import it with --kind inspectors"),
    "items": ("清单不是名录,不能作为名录导入", "it cannot be imported as a registry"),
}


def another_kind(file: IO[bytes], kind: str) -> list[dict[str, Any]]:
    """Return one fault where `file` is plainly a CSV file of another kind than `kind`, or JSON; else nothing."""
    report = Report()
    headers = header(file)
    if headers and headers[0][:1] in ("[", "{"):
        report.add(1, "", "", "这像是JSON,不是CSV表格", "this looks like JSON, it is no CSV table")
        return report.faults()
    other = _other(headers, kind)
    if other is not None:
        zh = f"按表头,这是{_NAMES[other][0]}({other}),不是{_NAMES[kind][0]}({kind});{_HINTS[other][0]}"
        en = f"by its header this is {_NAMES[other][1]}, not {_NAMES[kind][1]}; {_HINTS[other][1]}"
        report.add(1, "", "", zh, en)
    return report.faults()


def _other(headers: list[str], kind: str) -> str | None:
    """Return the kind whose required columns are all there while `kind` would miss some or ask for fewer, None for none.

    One of these columns must be unknown to `kind`: "id" and "name" alone tell nothing.
    """
    own = FORMS[kind]
    fits = _has_all(headers, own)
    found = [
        (len(form.required), name)
        for name, form in FORMS.items()
        if name != kind
        and _has_all(headers, form)
        and (not fits or len(form.required) > len(own.required))
        and any(form.field_of(each) in form.required and own.field_of(each) is None for each in headers)
    ]
    return max(found)[1] if found else None


def _has_all(headers: list[str], form: Form) -> bool:
    return set(form.required) <= {form.field_of(each) for each in headers}
