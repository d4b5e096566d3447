"""A QR code gives back the very bytes, read from its drawing by a decoder that nobody here wrote."""

from __future__ import annotations

import base64
import html
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.printing import MOST, qr_svg, seal
from api.settings import Settings
from domain.errors import Invalid
from tests.installing import program
from tests.story import new_ledger
from verify import checkpoint, note

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
    program("zbarimg", "zbar-tools")


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


def between(start: str, end: str, text: str) -> str:
    return text.split(start)[1].split(end)[0]


@pytest.mark.parametrize("path", ["/", "/draws/220100-2026-0001", "/results"])
def test_a_printed_page_carries_the_signed_checkpoint_as_text_and_as_a_code(
    finished, zbar: None, path: str, tmp_path: Path
):
    published = finished.get("/checkpoint").content
    page = finished.get(path).text

    block = between('<section class="seal">', "</section>", page)
    code = "<svg" + between("<svg", "</svg>", block) + "</svg>"
    key = note.parse_vkey(finished.ledger.vkey)
    head = checkpoint.open_checkpoint(decoded(code, tmp_path), key)

    assert decoded(code, tmp_path) == published
    assert (head.size, head.root) == (finished.ledger.size, finished.ledger.store.root(head.size))
    assert html.unescape(between("<pre>", "</pre>", block)) == published.decode()
    for value in (head.origin, str(head.size), base64.b64encode(head.root).decode(), key.key_id.hex()):
        assert f"{value}<" in block
    assert "<script" not in page


def test_the_seal_is_on_paper_only(finished):
    style = finished.get("/static/style.css").text

    screen, paper = style.split("@media print")
    assert ".seal { display: none; }" in screen
    assert ".seal { display: block" in paper


def test_a_page_before_the_first_checkpoint_has_no_seal(tmp_path: Path):
    with new_ledger(tmp_path / "log") as ledger, TestClient(create_app(ledger, Settings(keep=False))) as client:
        assert client.get("/").status_code == 200
        assert 'class="seal"' not in client.get("/").text


def test_the_lines_of_cosigners_are_left_out_and_those_of_both_keys_are_not():
    head = checkpoint.Checkpoint("ledger.example/1", 7, bytes(32))
    lines = [note.format_signature("ledger.example/1", bytes([n] * 4), bytes(64)) for n in (1, 2)]
    cosigned = note.format_signature("cosigner.example", bytes(4), bytes(72))

    printed = seal(head.text() + b"\n" + lines[0] + cosigned + lines[1])

    assert printed.text.encode() == head.text() + b"\n" + lines[0] + lines[1]
    assert printed.key_ids == ("01010101", "02020202")


def test_a_name_too_long_for_a_code_still_prints_its_text():
    head = checkpoint.Checkpoint("x" * 1500, 7, bytes(32))

    printed = seal(head.text() + b"\n" + note.format_signature("x" * 1500, bytes(4), bytes(64)))

    assert printed.svg is None
    assert printed.size == 7
