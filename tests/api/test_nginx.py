"""The nginx configuration that is shipped serves the static log, from the folder and in front of the service, as readers expect."""

import gzip
import http.client
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from api.publishing import Publisher
from tests.growing import grow
from tests.installing import program
from tests.running import ROOT, served
from tests.story import tell
from verify import tiles

SIZE = 300
FOREVER = "public, max-age=31536000, immutable"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """Serve one log, by the service behind nginx and as a folder, with the configuration as it is shipped but for places."""
    nginx = program("nginx", "nginx")
    place = tmp_path_factory.mktemp("nginx")
    story = tell(place / "log")
    grow(story.ledger, SIZE)
    Publisher(story.ledger, place / "static").publish()
    story.ledger.close()
    (place / "static" / ".unfinished").write_text("half a tile")
    with served(place, "--dir", place / "log") as service:
        front, static = free_port(), free_port()
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for before, after in {
            "/var/cache/nginx/fairdraw": str(place / "cache"),
            "127.0.0.1:8750": f"127.0.0.1:{service.port}",
            "listen 80;": f"listen 127.0.0.1:{front};",
            "listen 8080;": f"listen 127.0.0.1:{static};",
            "root /srv/fairdraw;": f"root {place / 'static'};",
        }.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        (place / "fairdraw.conf").write_text(text)
        process = started(nginx, place, [front, static])
        try:
            yield place / "static", {"front": front, "static": static}
        finally:
            process.terminate()
            process.wait(30)


def started(nginx: str, place: Path, ports: list[int]) -> subprocess.Popen[bytes]:
    user = "user root;\n" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {place / kind};\n" for kind in kinds)
    (place / "nginx.conf").write_text(
        f"{user}daemon off;\npid {place / 'pid'};\nerror_log {place / 'errors'};\nevents {{ }}\n"
        f"http {{\naccess_log off;\n{temporary}include {place / 'fairdraw.conf'};\n}}\n"
    )
    command = [nginx, "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "errors")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 30
    while not all(map(listens, ports)):
        assert process.poll() is None, (place / "errors").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def ask(port: int, path: str, method: str = "GET", **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("server", ["front", "static"])
def test_every_file_of_the_log_is_served_with_its_bytes_and_type_and_kept_as_long_as_it_may(web, server):
    folder, ports = web
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    asked = 0

    for name in names:
        if name == ".unfinished":
            continue
        status, headers, content = ask(ports[server], f"/{name}")
        asked += 1
        assert (name, status) == (name, 200)
        assert content == (folder / name).read_bytes()
        assert headers["X-Content-Type-Options"] == "nosniff"
        if name in ("checkpoint", "log.vkey"):
            assert headers["Content-Type"] == "text/plain; charset=utf-8"
            assert headers["Cache-Control"] == "public, max-age=1"
        else:
            assert headers["Cache-Control"] == FOREVER
        if name.startswith("tile/"):
            assert headers["Content-Type"] == "application/octet-stream"
        if name.startswith("documents/"):
            assert "sandbox" in headers["Content-Security-Policy"]
    assert asked == len(names) - 1 > 20


@pytest.mark.parametrize("server", ["front", "static"])
def test_a_bundle_is_packed_for_whoever_accepts_that(web, server):
    folder, ports = web
    path = tiles.entries_path(0)

    _, packed, content = ask(ports[server], f"/{path}", Accept_Encoding="gzip, identity")
    _, plain, same = ask(ports[server], f"/{path}", Accept_Encoding="identity")

    assert packed["Content-Encoding"] == "gzip"
    assert plain["Content-Encoding"] is None
    assert gzip.decompress(content) == same == (folder / path).read_bytes()
    assert len(content) < len(same) / 2
    assert ask(ports[server], f"/{tiles.tile_path(0, 0)}", Accept_Encoding="gzip")[1]["Content-Encoding"] is None


@pytest.mark.parametrize("server", ["front", "static"])
def test_a_head_request_gets_the_same_headers_and_what_is_not_there_is_not_found(web, server):
    folder, ports = web
    for name in ("checkpoint", tiles.tile_path(0, 0)):
        status, headers, content = ask(ports[server], f"/{name}", "HEAD")
        assert (status, content) == (200, b"")
        assert headers["Content-Length"] == str((folder / name).stat().st_size)
    for name in ("tile/0/009", "tile/0/0", f"documents/{'0' * 64}", ".unfinished", "tile/0/000.p/256"):
        assert ask(ports[server], f"/{name}")[0] == 404


def test_a_piece_of_a_file_can_be_asked_for(web):
    folder, ports = web
    status, headers, content = ask(ports["static"], f"/{tiles.tile_path(0, 0)}", Range="bytes=32-63")

    assert status == 206
    assert headers["Content-Range"] == "bytes 32-63/8192"
    assert content == (folder / tiles.tile_path(0, 0)).read_bytes()[32:64]


def test_what_never_changes_is_asked_of_the_service_once(web):
    _, ports = web
    path = f"/{tiles.tile_path(0, 1, SIZE - 256)}"
    ask(ports["front"], path)

    assert ask(ports["front"], path)[1]["X-Cache"] == "HIT"
