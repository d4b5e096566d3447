"""The browser's verifier as code: it needs no build and no other library, and has no way to run or send what it reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.pages import verifier
from tests.browser.javascript import BROWSER

OWN = sorted(path for path in BROWSER.rglob("*.*js") if "vendor" not in path.parts)
ALL = sorted(BROWSER.rglob("*.*js"))
IMPORT = re.compile(
    r"""^(?:import|export)\b[^;]*?\bfrom\s+["']([^"']+)["']|^import\s+["']([^"']+)["']|\bimport\(["']([^"']+)["']\)""",
    re.M,
)


def imported(path: Path) -> list[str]:
    without_comments = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
    return ["".join(found) for found in IMPORT.findall(without_comments)]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(BROWSER).as_posix())
def test_every_file_names_what_it_imports_by_a_path_that_is_there(path: Path):
    for name in imported(path):
        if path.suffix == ".mjs" and name.startswith("node:"):
            continue
        assert name.startswith("."), name
        assert (path.parent / name).resolve().is_file(), name
        assert BROWSER in (path.parent / name).resolve().parents


def test_the_imports_are_found():
    """So the test above does look at something."""
    assert "./lib/bytes.js" in imported(BROWSER / "verify.js")
    assert "../vendor/noble-curves/bls12-381.js" in imported(BROWSER / "lib" / "beacon.js")


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.relative_to(BROWSER).as_posix())
def test_no_file_runs_text_makes_markup_of_it_or_calls_anybody(path: Path):
    text = path.read_text("utf-8")
    for forbidden in (
        r"\beval\(",
        r"new Function",
        r"innerHTML",
        r"insertAdjacentHTML",
        r"document\.write",
        r"XMLHttpRequest",
        r"WebSocket",
        r"sendBeacon",
    ):
        assert not re.search(forbidden, text), forbidden
    assert text.count("fetch(") == (1 if path.name == "worker.js" else 0)
    assert not re.search(r"https?://", text)
    assert text.startswith(("//", "#!")), "no opening sentence"
    assert len(text.splitlines()) <= 400


def test_what_others_wrote_comes_with_its_licence():
    for folder in (BROWSER / "vendor").iterdir():
        if folder.is_dir():
            assert "MIT License" in (folder / "LICENSE").read_text()


def test_the_service_hands_out_what_the_page_loads_and_no_more():
    served = set(verifier.files())

    assert {"index.html", "page.js", "page.css", "worker.js", "verify.js", "vendor/noble-curves/LICENSE"} <= served
    assert "cli.mjs" not in served
    page = (BROWSER / "index.html").read_text("utf-8")
    assert set(re.findall(r'(?:src|href)="([^"./][^"]*)"', page)) <= served
    assert "<script>" not in page
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
