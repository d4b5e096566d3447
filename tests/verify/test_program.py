"""The verifier as one file: the same bytes from every copy and every Python, alone on a bare one, and named in the log."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import verify
from tests.asking import answer, of
from tests.cheats import common
from tests.forge import Forge, write
from verify.program import NAME, one_file, own_files, program, release

VERIFY = Path(verify.__file__).parent
PYTHONS = [f"python3.{minor}" for minor in range(11, 16)]


@pytest.fixture
def forge(story) -> Forge:
    return Forge(story.export, story.key_pem)


def released(forge: Forge, tmp_path: Path, account: str = "admin", **changes: Any) -> str:
    """Return an honest log at whose end the verifier is released, with `changes` to what the log says of it."""
    common.first_draw(forge)
    data = release().as_data() | changes
    forge.add(forge.entries[-1], "log/main", "log.verifier-released", account, data)
    return str(write(forge.settle(), tmp_path / "released"))


def alone(python: str, program_file: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the one file on a Python without any package, in an empty folder."""
    folder = program_file.parent
    command = [python, "-S", "-E", program_file.name, *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_it_is_the_same_whatever_the_copy_looks_like_on_the_disk(tmp_path):
    copy = tmp_path / "elsewhere"
    shutil.copytree(VERIFY, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for number, path in enumerate(sorted(copy.rglob("*"), reverse=True)):
        os.utime(path, (number, 1_000_000_000 + number))
        path.chmod(0o777 if path.is_dir() else 0o640)
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "left.pyc").write_bytes(b"left over")
    (copy / ".hidden").write_bytes(b"of an editor")

    assert one_file(own_files(copy)) == program()


def test_one_other_byte_is_another_program(tmp_path):
    files = own_files()
    files["tree.py"] += b"\n"

    assert hashlib.sha256(one_file(files)).hexdigest() != release().sha256


def test_its_members_are_sorted_stored_and_of_one_time():
    packed = zipfile.ZipFile(BytesIO(program()))
    members = packed.infolist()

    assert [each.filename for each in members] == sorted(packed.namelist(), key=str.encode)
    assert {(each.compress_type, each.date_time, each.external_attr) for each in members} == {
        (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), 0o100644 << 16)
    }
    assert {"__main__.py", "verify/SPEC.md", "verify/__main__.py"} <= set(packed.namelist())
    assert not [name for name in packed.namelist() if "__pycache__" in name]


def test_it_states_the_version_of_the_product():
    project = tomllib.loads((VERIFY.parent / "pyproject.toml").read_text(encoding="utf-8"))

    assert release().version == project["project"]["version"]


@pytest.mark.parametrize("name", PYTHONS)
def test_every_python_builds_the_same_bytes_and_runs_them_bare(name: str, forge: Forge, story, tmp_path):
    python = found(name)
    if python is None:
        pytest.skip(f"{name} is not installed")
    built = tmp_path / NAME
    code = f"import verify.program as p; open({str(built)!r}, 'wb').write(p.program())"
    subprocess.run([python, "-S", "-c", code], cwd=VERIFY.parent, check=True, env={"PYTHONDONTWRITEBYTECODE": "1"})

    exit_code, told = alone(python, built, released(forge, tmp_path), "--vkey", story.vkey)

    assert built.read_bytes() == program()
    assert exit_code == 2  # without a package nobody can check a signature
    assert not of(told, "BROKEN")
    assert {each["check"] for each in of(told, "UNCHECKED")} <= {"checkpoint", "F06", "policy"}
    assert "verifier" in {each["check"] for each in of(told, "HOLDS")}


def found(name: str) -> str | None:
    """Return a Python of this version that runs: one on the path, or one of pyenv."""
    places = [
        shutil.which(name),
        *map(str, Path.home().glob(f".pyenv/versions/{name.removeprefix('python')}.*/bin/{name}")),
    ]
    for place in filter(None, places):
        if subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0:
            return place
    return None


def test_the_released_program_says_that_it_is_the_one(forge: Forge, story, tmp_path, capsys):
    told = answer(capsys, released(forge, tmp_path), "--vkey", story.vkey)

    (said,) = [each for each in told["findings"] if each["check"] == "verifier"]
    assert told["exit"] == 0, of(told, "BROKEN") + of(told, "UNCHECKED")
    assert (said["outcome"], said["index"]) == ("HOLDS", len(forge.entries) - 1)
    assert release().sha256 in said["reason"]


def test_another_program_than_the_released_one_says_so(forge: Forge, story, tmp_path, capsys):
    told = answer(capsys, released(forge, tmp_path, sha256="ab" * 32), "--vkey", story.vkey)

    (said,) = [each for each in told["findings"] if each["check"] == "verifier"]
    assert (told["exit"], said["outcome"]) == (0, "NOTED")
    assert "ab" * 32 in said["reason"]
    assert release().sha256 in said["reason"]


def test_a_program_that_was_changed_knows_that_it_is_another(forge: Forge, story, tmp_path):
    files = own_files()
    files["checks/tree.py"] += b"# a small change\n"
    changed = tmp_path / NAME
    changed.write_bytes(one_file(files))

    _, told = alone(sys.executable, changed, released(forge, tmp_path), "--vkey", story.vkey)

    (said,) = [each for each in told["findings"] if each["check"] == "verifier"]
    assert said["outcome"] == "NOTED"
    assert hashlib.sha256(changed.read_bytes()).hexdigest() in said["reason"]


def test_only_an_administrator_releases_a_verifier(forge: Forge, story, tmp_path, capsys):
    told = answer(capsys, released(forge, tmp_path, account="market"), "--vkey", story.vkey)

    assert [each["check"] for each in of(told, "BROKEN")] == ["actors"]
