"""A QR code gives back the very bytes, read from its drawing by a decoder that nobody here wrote."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from api.printing import MOST, qr_svg
from domain.errors import Invalid

NOTE = (
    "ledger.example.cn/220100\n1234567\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— ledger.example.cn/220100 " + "QUJD" * 22 + "ZGU=\n"
).encode()


def squares(svg: str) -> list[list[bool]]:
    """Read the dark squares from the drawing: a path of `M x y` to begin, `m dx dy` to move and `h n` to draw."""
    drawing = ElementTree.fromstring(svg)
    side = int(drawing.attrib["viewBox"].split()[2])
    field = [[False] * side for _ in range(side)]
    x = y = 0.0
    dark = [path for path in drawing.iter() if path.tag.endswith("path") and path.get("stroke")]
    for letter, numbers in re.findall(r"([Mmh])([-\d. ]+)", dark[0].attrib["d"]):
        steps = [float(each) for each in re.findall(r"-?(?:\d+\.\d+|\.\d+|\d+)", numbers)]
        if letter == "h":
            for column in range(int(x), int(x + steps[0])):
                field[int(y)][column] = True
            x += steps[0]
        elif letter == "M":
            x, y = steps
        else:
            x, y = x + steps[0], y + steps[1]
    return field


def decoded(svg: str, folder: Path) -> bytes:
    """Return what zbar reads from the drawing."""
    scale = 4
    rows = [[0 if each else 255 for each in row for _ in range(scale)] for row in squares(svg) for _ in range(scale)]
    picture = folder / "code.pgm"
    picture.write_bytes(b"P5 %d %d 255\n" % (len(rows[0]), len(rows)) + b"".join(bytes(row) for row in rows))
    asked = ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sbinary", "-Sdisable", "-Sqrcode.enable", str(picture)]
    return subprocess.run(asked, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def zbar() -> None:
    if shutil.which("zbarimg") is None:
        asked = ["apt-get", "install", "-y", "-q", "zbar-tools"]
        try:
            subprocess.run(asked, capture_output=True, check=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"zbar-tools cannot be installed here: {error}")


@pytest.mark.parametrize("data", [NOTE, b"\x00\xff\x80", bytes(range(256)) * 9], ids=["a note", "no text", "long"])
def test_a_decoder_reads_the_very_bytes(zbar: None, data: bytes, tmp_path: Path):
    assert decoded(qr_svg(data), tmp_path) == data


def test_the_drawing_holds_no_script_and_nothing_from_elsewhere():
    svg = qr_svg(b"<script>alert(1)</script>")

    assert {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(svg).iter()} <= {"svg", "path"}
    assert "href" not in svg
    assert "<?xml" not in svg


@pytest.mark.parametrize("length", [0, MOST + 1])
def test_what_does_not_fit_is_refused(length: int):
    with pytest.raises(Invalid, match="a QR code takes"):
        qr_svg(bytes(length))


def test_the_longest_fits():
    assert qr_svg(bytes(MOST)).startswith("<svg")
