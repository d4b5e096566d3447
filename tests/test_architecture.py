"""The rules of the house that a machine can check, each shown to find a planted fault.

A rule takes a path inside the checkout and the text of that file and yields its faults as `line: reason`.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("verify", "domain", "projections", "api")

# What a room, or one file or folder of it, may import besides the standard library. Keys are path prefixes and add up.
MAY_IMPORT = {
    "verify/": {"verify"},
    "verify/ed25519.py": {"cryptography"},
    "verify/bls.py": {"pyblst", "py_ecc"},
    "verify/timestamps.py": {"rfc3161_client", "cryptography"},
    "verify/audit/exact.py": {"scipy", "numpy"},
    "domain/": {"domain", "verify", "eventsourcing", "msgspec", "cryptography"},
    "domain/store/": {"psycopg"},
    "domain/signing/pkcs11.py": {"pkcs11"},
    "projections/": {"projections", "verify"},
}
# The verifier runs without these: they are imported inside functions, and their absence is UNCHECKED.
ONLY_IN_FUNCTIONS = MAY_IMPORT["verify/ed25519.py"] | MAY_IMPORT["verify/bls.py"] | MAY_IMPORT["verify/timestamps.py"]

NO_CLOCK = ("verify/", "domain/")
CLOCK_ALLOWED: tuple[str, ...] = ("verify/source.py", "verify/witness/", "verify/watch/", "domain/store/")
CLOCK_ALLOWED += ("domain/core.py", "domain/grounded.py", "domain/commands/", "domain/signing/")
CLOCK_ALLOWED += ("domain/private.py", "domain/clock.py", "domain/cosigning.py")
CLOCK_MODULES = {"random", "secrets", "time", "socket", "ssl", "http", "urllib", "urllib.request"}
CLOCK_NAMES = {"now", "utcnow", "today", "urandom", "getrandom", "uuid1", "uuid4"}

FILE_LINES, FILE_LIMIT = 250, 400
FUNCTION_LINES, FUNCTION_LIMIT = 40, 80

TOP_LEVEL = {*ROOMS, "tests", "deploy", "pyproject.toml", "README.md", "fairdraw", "requirements.lock", "CHANGELOG.md"}
FOREIGN_WORDS = re.compile(
    r"(?<![\w.])/(?:work|root|home)/|pypi\.org|python[h]osted|registry\.npm|deb\.debian|--index-[u]rl|extra-index-[u]rl"
)

Rule = Callable[[str, str], Iterator[str]]


@cache
def tree(source: str) -> ast.Module:
    return ast.parse(source)


def functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted module); a relative import keeps its dots. `from a import b` gives `a` and `a.b`."""
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def imports_go_down(path: str, source: str) -> Iterator[str]:
    """Imports are absolute, and a room imports only itself and what lies below it."""
    allowed = set().union(*(names for prefix, names in MAY_IMPORT.items() if path.startswith(prefix)))
    for line, module in imports(source):
        top = module.split(".")[0]
        if module.startswith("."):
            yield f"{line}: relative import {module}"
        elif path.startswith("tests/"):
            continue
        elif top == "tests":
            yield f"{line}: imports {module}, but only tests import tests"
        elif not path.startswith("api/") and top not in allowed | sys.stdlib_module_names:
            yield f"{line}: may not import {top}"


def libraries_are_optional(path: str, source: str) -> Iterator[str]:
    """The verifier loads a library inside the function that needs it, never while it is imported."""
    if not path.startswith("verify/"):
        return
    inside = {inner for function in functions(source) for inner in ast.walk(function)}
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in inside:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            for name in names:
                if name.split(".")[0] in ONLY_IN_FUNCTIONS:
                    yield f"{node.lineno}: {name} is imported outside a function"


def no_clock_no_chance(path: str, source: str) -> Iterator[str]:
    """In the rules and the aggregates, time and seeds are arguments."""
    if not path.startswith(NO_CLOCK) or path.startswith(CLOCK_ALLOWED):
        return
    for line, module in imports(source):
        if module in CLOCK_MODULES or module.split(".")[0] in CLOCK_MODULES - {"urllib"}:
            yield f"{line}: {module} in a place without clock, network and chance"
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_NAMES:
            yield f"{node.lineno}: .{node.attr} in a place without clock, network and chance"


def opens_with_one_sentence(path: str, source: str) -> Iterator[str]:
    """A module opens with a docstring whose first sentence fits one line; an empty `__init__.py` may stay empty."""
    if path.endswith("__init__.py") and not source.strip():
        return
    first = (ast.get_docstring(tree(source)) or "").partition("\n")[0]
    if not re.search(r"[.?!。？！](\s|$)|[。？！]", first):
        yield f"1: opens with {first!r}, not with one sentence on one line"


def not_too_long(path: str, source: str) -> Iterator[str]:
    yield from longer_than(source, FILE_LIMIT, FUNCTION_LIMIT)


def longer_than(source: str, file_lines: int, function_lines: int) -> Iterator[str]:
    if (length := len(source.splitlines())) > file_lines:
        yield f"1: the file has {length} lines, more than {file_lines}"
    for function in functions(source):
        if (length := (function.end_lineno or function.lineno) - function.lineno + 1) > function_lines:
            yield f"{function.lineno}: {function.name} has {length} lines, more than {function_lines}"


def assert_is_for_tests(path: str, source: str) -> Iterator[str]:
    """`python -O` drops assert statements: a refusal is an exception with a name."""
    if not path.startswith("tests/"):
        yield from (f"{node.lineno}: assert" for node in ast.walk(tree(source)) if isinstance(node, ast.Assert))


def names_no_machine(path: str, source: str) -> Iterator[str]:
    """No file names a folder of one machine or the host of a package index."""
    for number, line in enumerate(source.splitlines(), start=1):
        yield from (f"{number}: names {match[0]}" for match in FOREIGN_WORDS.finditer(line))


def lies_at_a_known_place(path: str, source: str) -> Iterator[str]:
    """The top level is fixed; dot files may join it."""
    top = PurePosixPath(path).parts[0]
    if top not in TOP_LEVEL and not top.startswith("."):
        yield f"0: {top} is not an entry of the top level"


RULES_FOR_PYTHON: list[Rule] = [imports_go_down, libraries_are_optional, no_clock_no_chance]
RULES_FOR_PYTHON += [opens_with_one_sentence, not_too_long, assert_is_for_tests]
RULES_FOR_FILES: list[Rule] = [names_no_machine, lies_at_a_known_place]


@cache
def files() -> list[str]:
    """The files of the checkout: what git tracks or would add, or all of them where there is no git."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        found = (path.relative_to(ROOT) for top in TOP_LEVEL for path in [ROOT / top, *(ROOT / top).rglob("*")])
        names = [path.as_posix() for path in found if "__pycache__" not in path.parts]
    return sorted({name for name in names if name and (ROOT / name).is_file()})


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def modules() -> list[str]:
    return [name for name in files() if name.endswith(".py") and name.startswith((*(f"{r}/" for r in ROOMS), "tests/"))]


@pytest.mark.parametrize("rule", [*RULES_FOR_PYTHON, *RULES_FOR_FILES], ids=lambda rule: rule.__name__)
def test_the_checkout_keeps_the_rule(rule: Rule):
    looked_at = modules() if rule in RULES_FOR_PYTHON else files()

    faults = [f"{name}:{fault}" for name in looked_at for fault in rule(name, read(name))]

    assert looked_at
    assert not faults, "\n".join(faults)


def test_what_is_longer_than_it_should_be_is_reported(capsys):
    long = [f"{name}:{fault}" for name in modules() for fault in longer_than(read(name), FILE_LINES, FUNCTION_LINES)]

    if long:
        with capsys.disabled():
            print("\nlonger than the house likes:", *long, sep="\n  ")


DOC = '"""A sentence."""\n'
GUARDED = "try:\n from cryptography import x\nexcept ImportError:\n x = None"
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * FUNCTION_LIMIT
PLANTED: dict[str, tuple[Rule, str, str, str]] = {
    "the verifier imports the writer": (imports_go_down, "verify/tree.py", "from domain.x import y", "import domain"),
    "the verifier imports a library": (imports_go_down, "verify/tree.py", "import msgspec", "import msgspec"),
    "signatures in a second file": (imports_go_down, "verify/note.py", "import cryptography.x", "import cryptography"),
    "BLS in a second file": (imports_go_down, "verify/beacon.py", "def f():\n import pyblst", "import pyblst"),
    "write side imports read side": (imports_go_down, "domain/plan.py", "import projections", "import projections"),
    "read side imports write side": (imports_go_down, "projections/plans.py", "from domain import a", "import domain"),
    "a driver outside the store": (imports_go_down, "domain/plan.py", "import psycopg", "import psycopg"),
    "a floor imports the one above": (imports_go_down, "domain/plan.py", "import api.app", "import api"),
    "a relative import": (imports_go_down, "api/app.py", "from . import auth", "relative import"),
    "the app imports tests": (imports_go_down, "api/app.py", "from tests.x import y", "only tests import tests"),
    "a library at import time": (libraries_are_optional, "verify/bls.py", "import pyblst", "outside a function"),
    "a library at import time, guarded": (libraries_are_optional, "verify/ed25519.py", GUARDED, "outside a function"),
    "chance in the verifier": (no_clock_no_chance, "verify/seed.py", "import random", "random"),
    "chance by another name": (no_clock_no_chance, "verify/seed.py", "import os\nos.urandom(4)", "urandom"),
    "a clock in an aggregate": (no_clock_no_chance, "domain/draw.py", "import datetime as d\nd.date.today()", "today"),
    "the network in a check": (no_clock_no_chance, "verify/checks/tree.py", "from urllib import request", "urllib"),
    "no docstring": (opens_with_one_sentence, "api/app.py", "import os", "one sentence"),
    "a sentence over two lines": (opens_with_one_sentence, "api/app.py", '"""One\ntwo."""', "one sentence"),
    "a file without end": (not_too_long, "api/app.py", "x = 1\n" * (FILE_LIMIT + 1), "the file has"),
    "a function without end": (not_too_long, "api/app.py", LONG_FUNCTION, "f has 81 lines"),
    "an assert as a guard": (assert_is_for_tests, "domain/draw.py", DOC + "assert 1", "2: assert"),
    "a path of one machine": (names_no_machine, "README.md", "see /" + "work/shared", "names"),
    "a package index": (names_no_machine, "deploy/x", "https://py" + "pi.org/simple", "names"),
    "a new top-level entry": (lies_at_a_known_place, "utils/misc.py", "", "utils"),
}


@pytest.mark.parametrize(("rule", "path", "source", "reason"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_fault_is_found(rule: Rule, path: str, source: str, reason: str):
    faults = list(rule(path, source))

    assert any(reason in fault for fault in faults), faults


HONEST: dict[str, tuple[str, str]] = {
    "signatures in their file": ("verify/ed25519.py", "def f():\n    from cryptography import x\n"),
    "a URL is taken apart": ("verify/note.py", "from urllib.parse import quote\n"),
    "the source fetches": ("verify/source.py", "import urllib.request\n"),
    "the store maps and hashes": ("domain/store/sqlite.py", "import msgspec, time\nfrom verify.entries import Entry\n"),
    "a view reads entries": ("projections/plans.py", "import sqlite3\nfrom verify.entries import Entry\n"),
    "the app knows all": ("api/app.py", "import fastapi, domain.ledger, projections.tail, verify.proof\n"),
    "a path inside an address": ("api/links.py", "x = 'https://example.cn/home/page'\n"),
}


@pytest.mark.parametrize(("path", "source"), HONEST.values(), ids=HONEST.keys())
def test_an_honest_file_passes_every_rule(path: str, source: str):
    faults = [fault for rule in [*RULES_FOR_PYTHON, *RULES_FOR_FILES] for fault in rule(path, DOC + source)]

    assert faults == []
