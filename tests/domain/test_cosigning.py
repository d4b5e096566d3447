"""Checkpoints are shown to the witnesses of a log's policy; without their quorum draws stop, and nothing else does."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from api.exporting import export
from domain import cosigning
from domain.errors import Conflict, Refusal, Unavailable
from domain.ledger import Ledger
from tests.asking import answer, of
from tests.domain.cheating import CODE
from tests.story import Story, inspectors, new_ledger, objects
from tests.witnessing import ask, key_of, serving, url_of, watching
from verify import entries, note
from verify.checkpoint import open_checkpoint, parse
from verify.witness.request import parse as parse_request
from verify.witness.server import Answer, Server
from verify.witness.state import Memory, name_of

NAMES = ("a.example", "b.example", "c.example")


@dataclass
class Commission:
    """A log with three witnesses, of whom two are needed; each can be taken away and brought back."""

    folder: Path
    story: Story
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, ExitStack] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        return self.story.ledger

    @property
    def cosigning(self) -> cosigning.Cosigning:
        assert self.ledger.cosigning is not None
        return self.ledger.cosigning

    @property
    def plain(self) -> bytes:
        """The checkpoint as the log alone has signed it."""
        return self.ledger.store.checkpoint() or b""

    def start(self, *names: str) -> None:
        for name in names:
            witness = watching(self.folder / name, name, [self.ledger.vkey])
            stack = self.running[name] = ExitStack()
            self.servers[name] = stack.enter_context(serving(witness, self.ports.get(name, 0)))
            self.ports[name] = int(self.servers[name].server_address[1])

    def stop(self, *names: str) -> None:
        for name in names:
            self.running.pop(name).close()

    def reopen(self, *policy: str) -> None:
        """Close the log and open it again, with another policy where one is given."""
        if policy:
            (self.ledger.folder / "policy.txt").write_text("\n".join(policy) + "\n", "utf-8")
        self.ledger.close()
        self.story.ledger = Ledger.open(self.ledger.folder)

    def lines(self) -> list[str]:
        return [f"witness {name} {key_of(name).vkey} http://127.0.0.1:{port}" for name, port in self.ports.items()]

    def sizes(self) -> dict[str, int]:
        """Return the size that each witness has cosigned last."""
        return {name: Memory.of(self.folder / name, self.ledger.origin).head().size for name in self.ports}

    def cosigners(self, signed: bytes | None) -> list[str]:
        keys = [note.parse_vkey(self.ledger.vkey), *(note.parse_vkey(key_of(name).vkey) for name in NAMES)]
        return [key.name for key in note.open_note(signed or b"", keys)[1]][1:]


@pytest.fixture
def commission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commission]:
    monkeypatch.setattr(cosigning, "WAIT", 2.0)
    made = Commission(tmp_path, Story(new_ledger(tmp_path / "log")))
    made.story.organise()
    made.start(*NAMES)
    made.reopen(*made.lines(), "group quorum-of-two 2 a.example b.example c.example", "quorum quorum-of-two")
    yield made
    made.stop(*list(made.running))
    made.ledger.close()


def opened(story: Story) -> str:
    plan = story.plan({CODE: "general"})
    return story.freeze(plan, CODE, story.registries(CODE, objects(60), inspectors(20, [CODE])))


def test_every_witness_signs_what_is_published(commission: Commission) -> None:
    signed = commission.ledger.publish_cosigned()

    assert commission.cosigners(signed) == list(NAMES)
    assert commission.ledger.checkpoint() == signed
    assert commission.sizes() == dict.fromkeys(NAMES, commission.ledger.size)
    shown = ask(commission.servers["a.example"], "GET", f"/{name_of(commission.ledger.origin)}/checkpoint")[2]
    assert open_checkpoint(shown, note.parse_vkey(commission.ledger.vkey)).size == commission.ledger.size
    state = commission.cosigning.state(commission.ledger.published_size)
    assert (state["missing"], state["cosigned"], state["refusals"]) == (False, commission.ledger.size, 0)


def test_a_draw_with_its_cosigners_is_verified_to_the_end(commission: Commission, tmp_path: Path, capsys) -> None:
    draw = opened(commission.story)
    commission.story.ceremony(draw)
    export(commission.ledger, tmp_path / "export")
    lines = [f"log {commission.ledger.vkey}", *commission.lines(), "group two 2 a.example b.example c.example"]
    (tmp_path / "policy").write_text("\n".join([*lines, "quorum two"]), "utf-8")

    told = answer(capsys, str(tmp_path / "export"), "--policy", str(tmp_path / "policy"))

    assert told["exit"] == 0, of(told, "BROKEN") + of(told, "UNCHECKED")
    assert {"cosigned", "policy"} <= {each["check"] for each in of(told, "HOLDS")}
    recorded = [entries.parse(raw) for raw in commission.ledger.store.entries()]
    frozen = next(each for each in recorded if each.kind == "draw.frozen").data["freeze"]
    assert frozen["quorum"] == {"threshold": 2, "cosigners": [key_of(name).vkey for name in NAMES]}
    anchored = [each for each in recorded if "covered" in each.data]
    assert len(anchored) == 5
    assert all(len(each.data["covered"]["cosignatures"]) >= 2 for each in anchored)


def test_without_the_quorum_a_draw_is_suspended_and_all_else_goes_on(commission: Commission, tmp_path, capsys) -> None:
    draw = opened(commission.story)
    commission.stop("b.example", "c.example")
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")
    commission.ledger.publish_cosigned()
    before = commission.ledger.size

    with pytest.raises(Unavailable) as caught:
        commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert (caught.value.rule, "2 of a.example, b.example, c.example" in caught.value.en) == ("LEDGER 7", True)
    assert commission.ledger.size == before
    commission.story.do("admin", "register_unit", unit="220103", name="另一局", kind="county", parent="220100")
    signed = commission.ledger.publish_cosigned()
    assert commission.ledger.checkpoint() == signed
    assert (parse(signed)[0].size, commission.cosigners(signed)) == (before + 1, ["a.example"])
    state = commission.cosigning.state(commission.ledger.published_size)
    assert state["missing"]
    assert [bool(each["fault"]) for each in state["witnesses"]] == [False, True, True]

    commission.start("b.example")
    commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert commission.cosigners(commission.ledger.checkpoint()) == ["a.example", "b.example"]
    assert not commission.cosigning.state(commission.ledger.published_size)["missing"]


def test_a_draw_that_named_cosigners_does_not_go_on_without_them_when_the_policy_is_taken_away(
    commission: Commission,
) -> None:
    draw = opened(commission.story)
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")
    (commission.ledger.folder / "policy.txt").unlink()
    commission.reopen()

    with pytest.raises(Unavailable, match="not yet cosigned by 2 of"):
        commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert commission.ledger.checkpoint() == commission.ledger.store.checkpoint()


def test_what_was_cosigned_too_late_for_the_beacon_is_refused_on_a_real_clock(
    commission: Commission, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = opened(commission.story)
    commission.story.commit_and_reveal(draw)
    commission.ledger.advance_clock(1800)
    commission.story.do("discipline", "check_in", draw=draw, phase="beacon")
    monkeypatch.setattr("domain.commands.draws.SteppedClock", int)  # so that this clock counts as a real one
    size, key = commission.ledger.size, "/".join([".".join("1234567890")] * 4) + "/"

    with pytest.raises(Conflict, match="before the time of the beacon"):
        commission.story.do("market", "record_beacon", draw=draw, position=0, key_string=key)

    assert commission.ledger.size == size


def test_a_restarted_service_learns_what_a_witness_has_and_shows_no_older_head(commission: Commission) -> None:
    signed = commission.ledger.publish_cosigned()
    commission.story.do("admin", "register_unit", unit="220103", name="另一局", kind="county", parent="220100")
    plain = commission.ledger.publish_checkpoint()
    assert commission.ledger.checkpoint() == signed  # nobody was asked about the new one yet

    commission.reopen()

    assert commission.ledger.checkpoint() == plain  # the old one may be behind what somebody was shown
    assert commission.cosigners(commission.ledger.publish_cosigned()) == list(NAMES)
    assert commission.sizes() == dict.fromkeys(NAMES, commission.ledger.size)


# -- witnesses that answer anything


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


def test_a_log_that_was_put_back_is_refused_and_the_refusal_is_evidence(commission: Commission, tmp_path: Path) -> None:
    """The witnesses have cosigned another history of this log: what the operator's own signer would let pass they refuse."""
    commission.ledger.publish_cosigned()
    head = Memory.of(tmp_path / "a.example", commission.ledger.origin)
    text = (head.note() or b"").replace(b"\n%d\n" % commission.ledger.size, b"\n%d\n" % (commission.ledger.size - 1))
    head.put(text)  # as if it had cosigned this root at another size

    commission.story.do("admin", "register_unit", unit="220103", name="另一局", kind="county", parent="220100")
    signed = commission.ledger.publish_cosigned()

    (refused,) = commission.cosigning.kept.refusals()
    assert (refused["witness"], refused["status"]) == ("a.example", 422)
    assert base64.b64decode(refused["request"]).startswith(b"old %d\n" % (commission.ledger.size - 2))
    assert commission.cosigners(signed) == ["b.example", "c.example"]


UNUSABLE = {
    "no policy": ["trust me"],
    "groups of groups": ["group x 1 a.example", "group y 1 x", "quorum y"],
    "a quorum that cannot be asked": ["quorum a.example"],
    "another log's": [f"log {note.format_vkey('other.example', key_of('o').public)}", "quorum none"],
}


@pytest.mark.parametrize("lines", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_policy_that_cannot_be_followed_stops_the_start(commission: Commission, lines: list[str]) -> None:
    folder = commission.ledger.folder
    commission.ledger.close()
    (folder / "policy.txt").write_text("\n".join([f"witness a.example {key_of('a.example').vkey}", *lines]), "utf-8")

    with pytest.raises(Unavailable, match=r"policy\.txt cannot be used"):
        Ledger.open(folder)

    (folder / "policy.txt").unlink()
    commission.story.ledger = Ledger.open(folder)


def test_cosigners_who_are_not_needed_do_not_hold_a_draw_up(commission: Commission) -> None:
    commission.reopen(*commission.lines(), "quorum none")
    commission.stop(*NAMES)
    draw = opened(commission.story)
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")

    receipt = commission.story.do("discipline", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    covered = entries.parse(next(commission.ledger.store.entries(receipt.index))).data["covered"]
    assert "cosignatures" not in covered
    assert json.loads(json.dumps(commission.cosigning.state(1)))["missing"] is False


def test_who_may_not_commit_makes_nobody_ask(commission: Commission) -> None:
    draw = opened(commission.story)
    commission.story.do("discipline", "check_in", draw=draw, phase="commit")

    with pytest.raises(Refusal):
        commission.story.do("clerk", "commit", draw=draw, party="discipline", commitment="ab" * 32)

    assert commission.sizes() == dict.fromkeys(NAMES, 0)
    assert url_of(commission.servers["a.example"]).startswith("http://127.0.0.1")
