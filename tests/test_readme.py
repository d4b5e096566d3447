"""The README's commands, run as they stand there, in order, in one place."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PORT = "8750"


def commands() -> list[str]:
    """Return every line of every shell block, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


class Shell:
    """A folder that looks like the checkout to a reader, and a service that listens on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key, self.port = folder, "", ""
        for name in ("fairdraw", "api", "verify"):
            (folder / name).symlink_to(ROOT / name)

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        spoken = command.replace(PORT, self.port).replace("KEY", f"'{self.key}'")
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", spoken], cwd=self.folder, capture_output=True, text=True, check=False
        )


def wait_for(words: str, output: Path, process: "subprocess.Popen[bytes]") -> str:
    """Return what the process wrote once it holds `words`, and fail where it ends before, or after five minutes."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        said = output.read_text("utf-8")
        if words in said:
            return said
        time.sleep(0.1)
    raise AssertionError(output.read_text("utf-8"))


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Run `./fairdraw demo` until it serves; at the end press Ctrl-C, and it ends well."""
    reader = Shell(tmp_path_factory.mktemp("readme"))
    assert commands()[0] == "./fairdraw demo"
    output = reader.folder / "demo.txt"
    with (
        output.open("wb") as file,
        subprocess.Popen(["./fairdraw", "demo", "--port", "0"], cwd=reader.folder, stdout=file) as demo,
    ):
        try:
            said = wait_for("http://127.0.0.1:", output, demo)
            reader.port = re.findall(r"http://127\.0\.0\.1:(\d+)", said)[0]
            reader.key = re.findall(r"--vkey (\S+)", said)[0]
            assert "all holds" in said
            yield reader
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0


EXPECTED = {
    "./fairdraw test": None,  # this very run
    "./fairdraw demo": None,  # the fixture
    "python3 -S -m verify export --vkey KEY": (2, "UNCHECKED"),
    "python3 -S fairdraw-verify.pyz export --vkey KEY": (2, "UNCHECKED"),
}


def test_every_command_of_the_readme_does_what_it_says(shell: Shell) -> None:
    outputs: dict[str, str] = {}

    for command in commands():
        expected = EXPECTED.get(command, (0, ""))
        if expected is None:
            continue
        done = shell.run(command)
        code, words = expected
        outputs[command] = done.stdout
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        assert words in done.stdout, command

    hashed, carried = (outputs[command].split()[0] for command in commands() if "export/entries.jsonl" in command)
    assert hashed == carried


def test_the_test_command_takes_what_pytest_takes(shell: Shell) -> None:
    done = shell.run("./fairdraw test tests/verify/test_ed25519.py -q")

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
