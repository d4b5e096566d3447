"""The launcher makes .venv once, sees a set-up that was cut off, and says plainly what is missing.

It runs in a copy of the checkout with nothing on its PATH but a few tools and a stand-in for Python that writes down
how it was called, so no test here installs anything.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ["basename", "cat", "chmod", "cksum", "cp", "dirname", "env", "mkdir", "mv", "readlink", "rm", "sed"]
TOOLS += ["sh", "sleep", "tail"]

# Files with these names beside the stand-in make it fail in one way; `{real}` does what a stand-in cannot.
PYTHON = r"""#!/bin/sh
fake='{fake}'
echo "$*" >>"$fake/calls"
case "$*" in
    "-c import os, sys; "*) [ ! -e "$fake/too-old" ] && echo "$fake/python3.13" ;;
    "-c import ensurepip, venv") [ ! -e "$fake/no-venv" ] ;;
    "-m venv "*) mkdir -p "$3/bin" "$3/lib/python3.13/site-packages" && cp "$fake/python3.13" "$3/bin/python" ;;
    "-m pip "*)
        sleep 0.2
        if [ -e "$fake/no-network" ]; then echo "could not connect"; exit 1; fi
        if [ -e "$fake/power-cut" ]; then kill -9 "$PPID"; fi
        ;;
    "-P -m "* | "-m "*) printf '<%s>' "$@" && pwd ;;
    *) exec '{real}' "$@" ;;
esac
"""


class Checkout:
    """A copy of the checkout under a name with spaces and a quote, and the only tools the launcher will find."""

    def __init__(self, folder: Path):
        self.home, self.fake, self.elsewhere = folder / "it's a checkout", folder / "bin", folder / "elsewhere"
        for path in (self.home, self.fake, self.elsewhere):
            path.mkdir()
        for name in ("fairdraw", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, self.home / name)
        for name in TOOLS:
            (self.fake / name).symlink_to(shutil.which(name) or name)
        self.stand_in("python3.13", PYTHON.format(fake=self.fake, real=sys.executable))
        self.stand_in("id", "#!/bin/sh\necho 1000\n")

    def stand_in(self, name: str, script: str) -> None:
        (self.fake / name).write_text(script)
        (self.fake / name).chmod(0o755)

    def given(self, state: str, is_so: bool = True) -> None:
        (self.fake / state).touch() if is_so else (self.fake / state).unlink()

    def start(self, *arguments: str, launcher: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [launcher or self.home / "fairdraw", *arguments],
            cwd=self.elsewhere,
            env={"PATH": str(self.fake), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str, launcher: Path | None = None, **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, launcher=launcher, **environment)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def set_ups(self) -> int:
        return sum(line.startswith("-m pip ") for line in (self.fake / "calls").read_text().splitlines())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_call_sets_up_and_the_second_does_not(checkout: Checkout):
    code, out, err = checkout.run("verify", "a folder")
    assert (code, out) == (0, f"<-P><-m><api.cli><verify><a folder>{checkout.elsewhere}\n")
    assert "正在准备运行环境" in err
    assert "Setting up .venv" in err

    code, out, err = checkout.run("--version")

    assert (code, out, err) == (0, f"<-P><-m><api.cli><--version>{checkout.elsewhere}\n", "")
    assert checkout.set_ups() == 1


def test_the_set_up_installs_the_lock_file_with_hashes_and_puts_the_checkout_on_the_path(checkout: Checkout):
    checkout.run("--version")

    install = next(c for c in (checkout.fake / "calls").read_text().splitlines() if c.startswith("-m pip "))
    assert install.endswith(f"--only-binary :all: --require-hashes -r {checkout.home}/requirements.lock")
    site = checkout.home / ".venv/lib/python3.13/site-packages"
    assert (site / "fairdraw.pth").read_text() == f"{checkout.home}\n"
    assert [path.name for path in site.glob("*.dist-info")] == ["fairdraw-0.1.0.dist-info"]


@pytest.mark.parametrize(("command", "module"), [("fairdraw", "api.cli"), ("fairdraw-verify", "verify")])
def test_the_commands_inside_the_environment_work_from_anywhere(checkout: Checkout, command: str, module: str):
    checkout.run("--version")

    code, out, _ = checkout.run("x y", launcher=checkout.home / ".venv/bin" / command)

    assert (code, out) == (0, f"<-P><-m><{module}><x y>{checkout.elsewhere}\n")


def test_tests_run_inside_the_checkout(checkout: Checkout):
    assert checkout.run("test")[1] == f"<-m><pytest><-q><-n><2><--dist><loadfile>{checkout.home}\n"
    assert checkout.run("test", "-k", "a b")[1] == f"<-m><pytest><-k><a b>{checkout.home}\n"


def test_a_fast_check_leaves_out_all_tests_but_the_import_rules(checkout: Checkout):
    fast = checkout.run("check", "--fast")[1].splitlines()
    whole = checkout.run("check")[1].splitlines()

    assert [line.split("><")[1].partition(">")[0] for line in fast] == ["ruff", "mypy", "pytest"]
    assert len(whole) == 3
    assert "<tests/test_architecture.py>" in fast[2]
    assert "<-W><error>" in whole[2]


def test_it_may_be_called_through_a_link(checkout: Checkout):
    (checkout.elsewhere / "near").symlink_to("far")
    (checkout.elsewhere / "far").symlink_to(checkout.home / "fairdraw")

    code, out, _ = checkout.run("--version", launcher=checkout.elsewhere / "near")

    assert (code, out) == (0, f"<-P><-m><api.cli><--version>{checkout.elsewhere}\n")
    assert (checkout.home / ".venv").is_dir()


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_file_is_installed_anew(checkout: Checkout, changed: str):
    checkout.run("--version")
    (checkout.home / changed).write_text((checkout.home / changed).read_text() + "# newer\n")

    checkout.run("--version")
    checkout.run("--version")

    assert checkout.set_ups() == 2


def test_a_set_up_that_was_cut_off_is_redone(checkout: Checkout):
    checkout.given("power-cut")
    assert checkout.run("--version")[0] == -9
    (checkout.home / ".venv/half-made").touch()
    checkout.given("power-cut", False)

    code, _, _ = checkout.run("--version")

    assert code == 0
    assert checkout.set_ups() == 2
    assert not (checkout.home / ".venv/half-made").exists()


def test_a_moved_checkout_is_set_up_anew(checkout: Checkout):
    checkout.run("--version")
    checkout.home = checkout.home.rename(checkout.home.with_name("moved"))

    checkout.run("--version")

    assert (checkout.home / ".venv/lib/python3.13/site-packages/fairdraw.pth").read_text() == f"{checkout.home}\n"


def test_two_first_calls_at_once_set_up_once(checkout: Checkout):
    both = [checkout.start("--version") for _ in range(2)]

    texts = [process.communicate(timeout=30)[1] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert checkout.set_ups() == 1
    assert sum("Another process is setting up" in text for text in texts) == 1


def test_what_pip_said_is_shown_when_it_fails(checkout: Checkout):
    checkout.given("no-network")
    code, out, err = checkout.run("--version")
    assert (code, out) == (69, "")
    assert "could not connect" in err
    checkout.given("no-network", False)

    assert checkout.run("--version")[0] == 0


def test_without_the_venv_module_it_prints_the_line_to_run(checkout: Checkout):
    checkout.given("no-venv")
    checkout.stand_in("apt-get", "#!/bin/sh\nexit 9\n")

    code, out, err = checkout.run("--version")

    assert (code, out) == (69, "")
    assert err.splitlines()[-1] == "    apt-get update && apt-get install -y python3.13-venv"
    assert checkout.set_ups() == 0


def test_without_the_venv_module_root_installs_it(checkout: Checkout):
    checkout.given("no-venv")
    checkout.stand_in("id", "#!/bin/sh\necho 0\n")
    apt = f"#!/bin/sh\necho \"apt-get $* $DEBIAN_FRONTEND\" >>'{checkout.fake}/calls'\n"
    checkout.stand_in("apt-get", apt + f"[ $1 = update ] || rm '{checkout.fake}/no-venv'\n")

    code, _, err = checkout.run("--version")

    assert code == 0
    assert "正在安装系统软件包 python3.13-venv" in err
    calls = (checkout.fake / "calls").read_text().splitlines()
    assert [call for call in calls if call.startswith("apt-get")] == [
        "apt-get update noninteractive",
        "apt-get install -y python3.13-venv noninteractive",
    ]


def test_without_the_venv_module_and_apt_it_says_what_is_missing(checkout: Checkout):
    checkout.given("no-venv")

    code, _, err = checkout.run("--version")

    assert code == 69
    assert "lacks the modules venv and ensurepip" in err


def test_an_old_python_is_refused_by_name(checkout: Checkout):
    checkout.given("too-old")

    found = checkout.run("--version")
    named = checkout.run("--version", FAIRDRAW_PYTHON=str(checkout.fake / "python3.13"))

    assert found[0] == named[0] == 69
    assert "Python 3.11 or newer is needed and was not found" in found[2]
    assert "python3.13 does not run or is older than Python 3.11" in named[2]


def test_the_python_that_was_asked_for_is_used(checkout: Checkout):
    script = f"#!/bin/sh\necho chosen >>'{checkout.fake}/calls'\nexec '{checkout.fake}/python3.13' \"$@\"\n"
    checkout.stand_in("my-python", script)

    code, _, _ = checkout.run("--version", FAIRDRAW_PYTHON=str(checkout.fake / "my-python"))

    assert code == 0
    assert (checkout.fake / "calls").read_text().startswith("chosen\n")
