"""Which characters a text may hold is one rule for all Pythons and browsers, whatever Unicode tables they came with."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.foreign.environment import pythons
from tests.twins.json_text import RUNS, SPEC
from tests.twins.vectors import FOLDER
from verify import canonical, characters

ROOT = Path(__file__).resolve().parents[2]
REORDERED = "a\U0001e08f\u0323"
"""In form C for tables that do not know U+1E08F of Unicode 15.0; for newer ones the dot below goes first."""
PROGRAM = """
import json, sys, unicodedata
from verify import canonical
def holds(text):
    try:
        canonical.decode(text.encode("utf-8", "surrogatepass"))
    except canonical.NotCanonical:
        return False
    return True
texts, naive = json.load(sys.stdin)
print(json.dumps([unicodedata.unidata_version, [holds(each) for each in texts], unicodedata.is_normalized("NFC", naive)]))
"""


def asked_of(python: Path, texts: list[str]) -> Any:
    """Return the Unicode version of a Python, which texts it takes for canonical, and whether it calls REORDERED form C."""
    run = [str(python), "-S", "-c", PROGRAM]
    told = subprocess.run(
        run, input=json.dumps([texts, REORDERED]), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(told.stdout)


@pytest.mark.skipif(
    unicodedata.unidata_version != "14.0.0", reason="this Python has other tables than those of Unicode 14.0"
)
def test_the_table_is_that_of_unicode_14_code_point_by_code_point():
    ideograph = re.compile("[\u2ffc-\u2fff\u31ef\U00020000-\U0002f7ff\U0002fa20-\U0002fffd\U00030000-\U0003fffd]")

    for code in range(0x110000):
        sign = chr(code)
        assigned = unicodedata.category(sign) != "Cn" or ideograph.match(sign) is not None
        assert (characters.unknown(sign) is None) == assigned, hex(code)


def test_the_table_is_one_in_all_three_places():
    script = (ROOT / "verify" / "browser" / "lib" / "characters.js").read_text(encoding="utf-8")
    runs = " ".join(map(str, RUNS))

    assert runs == characters.RUNS
    assert script.split("`")[1].split() == runs.split()
    assert sum(RUNS) == 0x20000
    assert hashlib.sha256(runs.encode()).hexdigest() in SPEC.read_text(encoding="utf-8")
    assert f"({len(RUNS)} numbers" in SPEC.read_text(encoding="utf-8")


def test_newer_pythons_give_the_same_answers():
    """Their tables do differ: asked for form C alone they say another thing."""
    vectors = [
        each for each in json.loads((FOLDER / "characters.json").read_text()) if each["operation"] == "canonical.decode"
    ]
    newer = {version: path for version, path in pythons().items() if version >= (3, 13)}
    if not newer:
        pytest.skip("there is no Python with newer Unicode tables here")

    for version, path in newer.items():
        tables, told, naive = asked_of(path, [each["input"]["data"] for each in vectors])

        assert tables > "14.0.0"
        assert naive is False, version
        assert told == [each["expect"] == "pass" for each in vectors], (version, tables)


def test_a_fast_look_says_no_more_than_the_rule(monkeypatch):
    """By newer tables all printable text is assigned there: then the doubtful is looked at closely."""
    if sys.version_info < (3, 12):
        assert unicodedata.is_normalized("NFC", REORDERED)
    assert not characters.is_plain(REORDERED)
    for tables in (True, False):
        monkeypatch.setattr(characters, "_TABLES_OF_14", tables)
        for text in (
            "长春市示例商贸有限公司",
            "é",
            "\U0001f004",
            "\U0002ebf0",
            "e\u0301",
            "\u0378",
            "\u200b",
            "\U00020000",
        ):
            assert not characters.is_plain(text) or characters.fault(text) is None


def test_the_reason_names_the_place():
    with pytest.raises(canonical.NotCanonical, match=r"^\$\.a\[1\]: character 3, U\+1FAE8, is neither of") as refused:
        canonical.encode({"a": ["ok", "王二\U0001fae8"]})
    assert refused.value.zh == "第3个字符U+1FAE8既不是Unicode 14.0的字符，也不是汉字"
