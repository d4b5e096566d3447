"""The witness as a server: whatever is sent to it, however often it is killed, and two of them over one folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.witnessing import LEAVES, NOW, ORIGIN, VKEY, ask, asked, serving, watching
from verify.tree import leaf_hash, root
from verify.witness import key as keys
from verify.witness import server as servers
from verify.witness.state import Memory

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def witness(tmp_path: Path) -> servers.Witness:
    return watching(tmp_path / "witness", "witness.example/a", [VKEY])


HOSTILE = {
    "no request": (b"\x00\x01\x02\r\n\r\n", b" 400 "),
    "no such method": (b"PUT / HTTP/1.0\r\n\r\n", b" 501 "),
    "no length": (b"POST /add-checkpoint HTTP/1.0\r\n\r\n", b" 411 "),
    "chunks": (b"POST /add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 411 "),
    "a length of letters": (b"POST /add-checkpoint HTTP/1.0\r\nContent-Length: many\r\n\r\n", b" 411 "),
    "a negative length": (b"POST /add-checkpoint HTTP/1.0\r\nContent-Length: -1\r\n\r\n", b" 411 "),
    "gigabytes": (b"POST /add-checkpoint HTTP/1.0\r\nContent-Length: 9999999999\r\n\r\n", b" 413 "),
    "a digit of another script": ("POST /add-checkpoint HTTP/1.0\r\nContent-Length: ٣\r\n\r\n".encode(), b" 411 "),
    "another path": (b"POST /add HTTP/1.0\r\nContent-Length: 0\r\n\r\n", b" 404 "),
    "a path of bytes": (b"GET /\xff\xfe/checkpoint HTTP/1.0\r\n\r\n", b" 404 "),
    "bytes": (b"POST /add-checkpoint HTTP/1.0\r\nContent-Length: 4\r\n\r\n\xff\xfe\x00\x01", b" 400 "),
}


@pytest.mark.parametrize(("sent", "wanted"), HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_is_sent_is_answered_and_never_a_traceback(
    witness: servers.Witness, capfd: pytest.CaptureFixture[str], sent: bytes, wanted: bytes
) -> None:
    with serving(witness) as server:
        with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert ask(server, "POST", "/add-checkpoint", asked(0, 9))[0] == 200

    assert wanted in answer.partition(b"\r\n")[0] + b" ", answer
    assert "Traceback" not in capfd.readouterr().err


def test_the_operator_of_a_witness_is_told_what_a_refused_head_means(
    witness: servers.Witness, capfd: pytest.CaptureFixture[str]
) -> None:
    forged = [*LEAVES[:5], leaf_hash(b"forged"), *LEAVES[6:]]
    with serving(witness) as server:
        assert ask(server, "POST", "/add-checkpoint", asked(0, 20))[0] == 200
        assert ask(server, "POST", "/add-checkpoint", asked(5, 20))[0] == 409
        before = capfd.readouterr().err
        status, _, body = ask(server, "POST", "/add-checkpoint", asked(20, 20, forged))

    said = capfd.readouterr().err
    (kept,) = (each for each in (Memory.of(witness.folder, ORIGIN).folder / "refused").iterdir() if not each.suffix)
    assert (status, body) == (422, b"invalid consistency proof: another root was cosigned for this size\n")
    assert all(
        word in said and word not in before for word in ("分叉", "监督机关", "has forked", f"{kept} {kept}.cosigned")
    )


def test_a_connection_that_says_nothing_is_ended_and_many_do_not_block(
    witness: servers.Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "SECONDS", 0.3)
    monkeypatch.setattr(servers, "CONNECTIONS", 4)
    with serving(witness) as server:
        silent = [socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) for _ in range(8)]
        for each in silent:
            assert each.recv(1) == b""
            each.close()
        time.sleep(0.1)

        assert ask(server, "POST", "/add-checkpoint", asked(0, 9))[0] == 200


def test_of_many_threads_that_ask_for_different_trees_one_is_served(witness: servers.Witness) -> None:
    """Two servers over one folder are two processes to the lock: each opens it anew for each request."""
    twin = watching(witness.folder, "witness.example/a", [VKEY])
    assert witness.add_checkpoint(asked(0, 20), NOW).status == 200
    forks = [[*LEAVES[:20], *(leaf_hash(b"fork %d %d" % (n, k)) for k in range(10))] for n in range(24)]

    with ThreadPoolExecutor(12) as pool:
        work = [(twin if n % 2 else witness, asked(20, 21 + n % 10, fork)) for n, fork in enumerate(forks)]
        answers = list(pool.map(lambda each: each[0].add_checkpoint(each[1], NOW).status, work))

    assert sorted(set(answers)) == [200, 409]
    assert answers.count(200) == 1


def _serve(folder: Path) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "verify", "witness", "serve", "--state", str(folder)]
    process = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--log", VKEY],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout as said:
        address, vkey = said.readline(), said.readline()
    assert "witness.example/k+" in vkey
    return process, int(address.rpartition(":")[2])


def _post(port: int, body: bytes) -> tuple[int, bytes]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/add-checkpoint", body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_two_processes_killed_at_any_moment_never_sign_two_histories(tmp_path: Path) -> None:
    """Two servers share a folder and are asked for two forks; both are killed again and again in the middle of it."""
    folder = tmp_path / "witness"
    keys.make(folder, "witness.example/k")
    forks = [[*LEAVES[:1], *(leaf_hash(b"%s %d" % (name, n)) for n in range(1, 130))] for name in (b"one", b"two")]
    signed_roots: dict[int, set[bytes]] = {}
    killed = 0

    def climb(port: int, leaves: list[bytes]) -> None:
        size = 0
        for new in range(1, 130):
            try:
                status, body = _post(port, asked(size, new, leaves))
                if status == 409 and (size := int(body)) <= new:
                    status, body = _post(port, asked(size, new, leaves))
            except (OSError, ValueError, AssertionError):
                return
            except Exception:  # the server died while it answered
                return
            if status == 200:
                signed_roots.setdefault(new, set()).add(root(leaves[:new]))
                size = new

    for turn in range(4):
        running = [_serve(folder), _serve(folder)]
        with ThreadPoolExecutor(2) as pool:
            work = [pool.submit(climb, port, forks[n]) for n, (_, port) in enumerate(running)]
            time.sleep(0.05 + 0.1 * turn)
            for process, _ in running:
                os.kill(process.pid, signal.SIGKILL)
                assert process.wait(30) == -signal.SIGKILL
                killed += 1
            for each in work:
                each.result(60)

    head = Memory.of(folder, ORIGIN).head()
    assert killed == 8
    assert signed_roots
    histories = {
        n for n, leaves in enumerate(forks) if any(root(leaves[:s]) in r for s, r in signed_roots.items() if s > 1)
    }
    assert len(histories) <= 1, "two histories were signed"
    assert max(signed_roots) <= head.size, "what was answered was forgotten"
