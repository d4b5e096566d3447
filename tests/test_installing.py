"""What a test installs for itself: once, by root, after apt was told what there is; else the test is skipped and says why."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests import installing

APT = """#!/bin/sh
echo "$*" >> {log}
[ "$1" = install ] || exit 0
case "$*" in *unheard-of*) echo "E: Unable to locate package" >&2; exit 100;; esac
printf '#!/bin/sh\\n' > {bin}/brought; chmod +x {bin}/brought
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an apt of our own in the place of the machine's, and return the file with what it was asked."""
    log, place = tmp_path / "asked", tmp_path / "bin"
    place.mkdir()
    (tmp_path / "lists").mkdir()
    (place / "apt-get").write_text(APT.format(log=log, bin=place))
    (place / "apt-get").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(installing, "LISTS", tmp_path / "lists")
    installing._installed.cache_clear()
    return log


def test_where_apt_knows_nothing_it_is_told_first(apt: Path):
    assert Path(installing.program("brought", "a-package", "another")).name == "brought"
    assert apt.read_text().splitlines() == ["update -q", "install -y -q --no-install-recommends a-package another"]


def test_where_apt_knows_its_packages_it_only_installs(apt: Path):
    (installing.LISTS / "deb.example_main_binary-amd64_Packages.lz4").touch()

    installing.program("brought", "a-package")
    installing.program("brought", "a-package")

    assert [line.partition(" ")[0] for line in apt.read_text().splitlines()] == ["install"]


def test_what_cannot_be_had_is_a_skip_with_its_reason_and_is_asked_for_once(apt: Path):
    for _ in range(2):
        with pytest.raises(pytest.skip.Exception, match=r"there is no wanted here: .*Unable to locate package"):
            installing.program("wanted", "unheard-of")

    assert len(apt.read_text().splitlines()) == 2


def test_whoever_is_not_root_installs_nothing(apt: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(pytest.skip.Exception, match="installed by root"):
        installing.program("brought", "a-package")

    assert not apt.exists()
