"""Whatever a witness answers: what is a cosignature is kept with the checkpoint, and what is not is kept as evidence."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from domain import cosigning
from tests.domain.commission import Commission
from tests.witnessing import key_of
from verify import note
from verify.witness.request import parse as parse_request
from verify.witness.server import Answer


class Hostile(ThreadingHTTPServer):
    """A witness that answers what a test wants; `asked` are the requests."""

    daemon_threads = True

    def __init__(self, reply: Callable[[bytes, int], Answer]) -> None:
        self.reply = reply
        self.asked: list[bytes] = []
        super().__init__(("127.0.0.1", 0), HostileHandler)


class HostileHandler(BaseHTTPRequestHandler):
    server: Hostile

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(body)
        found = self.server.reply(body, len(self.server.asked))
        self.send_response(found.status)
        self.send_header("Content-Type", found.media)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(found.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def hostile(commission: Commission, reply: Callable[[bytes, int], Answer]) -> Iterator[Hostile]:
    """Give the log one witness of its own, d.example, that answers with `reply` (request, how many so far)."""
    with Hostile(reply) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        port = server.server_address[1]
        commission.reopen(f"witness d {key_of('d.example').vkey} http://127.0.0.1:{port}/w/", "quorum d")
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def text_of(request: bytes) -> bytes:
    return note.split(parse_request(request).note)[0]


def sign(request: bytes, name: str = "d.example") -> bytes:
    return key_of(name).cosign(text_of(request), 1_780_000_000)


def line(name: str, key_id: bytes, payload: bytes) -> bytes:
    return note.format_signature(name, key_id, payload)


REFUSALS: dict[str, Callable[[bytes, int], Answer]] = {
    "no such log": lambda request, n: Answer.of(404, "unknown log"),
    "not signed": lambda request, n: Answer.of(403, "invalid signature"),
    "not consistent": lambda request, n: Answer.of(422, "invalid consistency proof"),
    "malformed": lambda request, n: Answer.of(400, "invalid input"),
    "its own fault": lambda request, n: Answer.of(500, "unable"),
    "elsewhere": lambda request, n: Answer.of(302, "over there"),
    "a larger size than there is": lambda request, n: Answer(409, b"99999\n", "text/x.tlog.size"),
    "another size each time": lambda request, n: Answer(409, b"%d\n" % n, "text/x.tlog.size"),
    "the size that was said, and another root": lambda request, n: Answer(
        409, b"%d\n" % parse_request(request).old, "text/x.tlog.size"
    ),
    "a size that is none": lambda request, n: Answer(409, b"-1\n", "text/x.tlog.size"),
    "nothing": lambda request, n: Answer(200, b""),
    "letters": lambda request, n: Answer(200, b"fine\n"),
    "bytes": lambda request, n: Answer(200, bytes(range(256)) * 8),
    "a page": lambda request, n: Answer(200, b"x" * 100_000),
    "the signature of somebody else": lambda request, n: Answer(200, sign(request, "e.example")),
    "a signature of another text": lambda request, n: Answer(200, key_of("d.example").cosign(b"x\n", 1)),
    "a signature cut short": lambda request, n: Answer(200, sign(request)[:60] + b"\n"),
}


@pytest.mark.parametrize("reply", REFUSALS.values(), ids=REFUSALS.keys())
def test_whatever_a_witness_answers_is_kept_and_believed_by_nobody(
    commission: Commission, reply: Callable[[bytes, int], Answer]
) -> None:
    with hostile(commission, reply) as server:
        signed = commission.ledger.publish_cosigned()
        refusals = commission.cosigning.kept.refusals()

        assert note.split(signed)[1:] == note.split(commission.plain)[1:]
        assert len(refusals) == 1
        assert base64.b64decode(refusals[0]["request"]) in server.asked
        wanted = reply(server.asked[-1], len(server.asked))
        assert refusals[0]["status"] == wanted.status
        state = commission.cosigning.state(commission.ledger.published_size)
        assert (state["missing"], state["witnesses"][0]["fault"]) == (True, refusals[0]["reason"])
        assert (commission.ledger.folder / "refusals.jsonl").stat().st_mode & 0o077 == 0


MEANINGS: dict[str, tuple[Callable[[bytes, int], Answer], tuple[str, ...]]] = {
    "a fork": (REFUSALS["not consistent"], ("分叉", "verify evidence", "监督机关", "have forked", "refusals.jsonl")),
    "it has more": (
        lambda request, n: Answer(409, b"9000\n", "text/x.tlog.size"),
        ("9000", "旧备份", "recover", "old backup"),
    ),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_a_refusal_that_may_mean_another_history_says_so_and_what_to_do(
    commission: Commission, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    reply, words = MEANINGS[name]
    with hostile(commission, reply):
        commission.ledger.publish_cosigned()
        (witness,) = commission.cosigning.state(commission.ledger.published_size)["witnesses"]

    assert [each for each in words if each not in witness["fault"]] == []
    assert witness["fault"] in caplog.text


@pytest.mark.parametrize("name", ["no such log", "malformed"])
def test_a_refusal_of_another_kind_does_not_speak_of_forks(commission: Commission, name: str) -> None:
    with hostile(commission, REFUSALS[name]):
        commission.ledger.publish_cosigned()
        (witness,) = commission.cosigning.state(commission.ledger.published_size)["witnesses"]

    assert witness["fault"].startswith("it refuses with 40")
    assert "fork" not in witness["fault"]


def test_a_witness_that_has_another_size_is_asked_once_again_with_the_right_proof(commission: Commission) -> None:
    def reply(request: bytes, n: int) -> Answer:
        return Answer(409, b"5\n", "text/x.tlog.size") if n == 1 else Answer(200, sign(request))

    with hostile(commission, reply) as server:
        signed = commission.ledger.publish_cosigned()

        assert [parse_request(each).old for each in server.asked] == [0, 5]
        assert parse_request(server.asked[1]).path == commission.ledger.store.consistency_path(
            5, commission.ledger.size
        )
        assert b"d.example" in signed
        assert commission.cosigning.kept.refusals() == []


def test_lines_of_keys_that_nobody_knows_are_left_out(commission: Commission) -> None:
    def reply(request: bytes, n: int) -> Answer:
        post_quantum = line("d.example", b"\x06abc", bytes(8 + 2420))
        return Answer(200, sign(request, "e.example") + post_quantum + sign(request))

    with hostile(commission, reply):
        signed = commission.ledger.publish_cosigned()

    assert [each.name for each in note.split(signed)[1]] == [commission.ledger.origin, "d.example"]


def test_a_witness_that_says_nothing_holds_nobody_up_for_long(commission: Commission, monkeypatch) -> None:
    monkeypatch.setattr(cosigning, "WAIT", 0.3)
    release = threading.Event()

    def reply(request: bytes, n: int) -> Answer:
        release.wait(30)
        return Answer.of(500, "late")

    with hostile(commission, reply):
        begun = time.monotonic()
        signed = commission.ledger.publish_cosigned()
        took = time.monotonic() - begun
        release.set()

    assert (took < 2, commission.cosigners(signed)) == (True, [])
    assert "0.3 s" in commission.cosigning.kept.standing("d").fault or "timed out" in str(
        commission.cosigning.kept.standing("d").fault
    )


def test_a_witness_that_fails_is_left_alone_for_a_while_unless_a_draw_needs_it(commission: Commission) -> None:
    with hostile(commission, lambda request, n: Answer.of(404, "unknown log")) as server:
        signed = commission.ledger.publish_checkpoint()
        for _ in range(3):
            commission.cosigning.ask(signed)
        assert len(server.asked) == 1

        commission.cosigning.ask(signed, patient=False)

        assert len(server.asked) == 2
        assert len(commission.cosigning.kept.refusals()) == 1
