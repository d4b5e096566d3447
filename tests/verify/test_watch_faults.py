"""The watcher meets logs that fork, go back, fail and lie: each is told, and what it remembers is unharmed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Told
from tests.forge import Forge
from tests.watching import Folder, essence, log, other, serving, told, watch, watched
from verify import note
from verify.checkpoint import parse
from verify.policy import Policy
from verify.watch import telling
from verify.watch.fetching import AGENTS, Site
from verify.watch.round import Watcher

__all__ = ["log", "other"]

ROOT = Path(__file__).resolve().parents[2]


def test_a_fork_of_any_size_is_told_with_both_signed_heads(log: Folder, other: Folder, tmp_path: Path):
    kept = watched(log, tmp_path / "w", 150)
    for size in (150, 145, 160, other.size):
        other.publish(size)

        answer = watch(tmp_path / "w", other.url, log.forge.key)

        assert told(answer, "BROKEN") == [("fork", None)]
        assert essence(tmp_path / "w") == kept
        evidence = sorted((tmp_path / "w" / "evidence").iterdir())
        heads = [parse(path.read_bytes())[0].size for path in evidence]
        assert {150, size} <= set(heads)
        for path in evidence:
            note.open_note(path.read_bytes(), [log.forge.key])
    assert watch(tmp_path / "w", log.url, log.forge.key).size == 150


def test_a_fork_that_is_shown_to_others_is_told(log: Folder, other: Folder, tmp_path: Path):
    watched(log, tmp_path / "w", 150)
    outcomes = {}
    for size in (130, 140, 141, 150, 160):
        other.publish(size)
        answer = watch(tmp_path / "w", log.url, log.forge.key, views=[Site(other.url, AGENTS[0])])
        outcomes[size] = [each for each in told(answer, "BROKEN", "HOLDS") if each[0] in ("fork", "views")]

    assert outcomes == {
        130: [("views", None)],
        140: [("views", None)],
        141: [("fork", None)],
        150: [("fork", None)],
        160: [("fork", None)],
    }
    assert len(list((tmp_path / "w" / "evidence").iterdir())) == 4


def test_views_are_fetched_as_different_people(log: Folder, tmp_path: Path):
    log.publish(100)

    answer = watch(tmp_path / "w", log.url, log.forge.key, views=[Site(log.url, agent) for agent in AGENTS])

    assert [check for check, _ in told(answer, "HOLDS")].count("views") == len(AGENTS)
    assert set(AGENTS) < set(log.agents)


def test_a_view_that_stays_behind_is_told_after_a_while(log: Folder, story: Told, tmp_path: Path):
    now = [1000.0]
    with serving(Folder(Forge(story.export, story.key_pem), tmp_path / "late")) as late:
        late.publish(100)
        more: dict[str, Any] = {"views": [Site(late.url)], "clock": lambda: now[0], "tolerance": 300}
        log.publish(100)
        watch(tmp_path / "w", log.url, log.forge.key, **more)
        log.publish(120)
        soon = watch(tmp_path / "w", log.url, log.forge.key, **more)
        now[0] += 301
        later = watch(tmp_path / "w", log.url, log.forge.key, **more)

    assert told(soon, "UNCHECKED") == []
    assert told(later, "UNCHECKED") == [("stale", None)]


def test_a_log_that_goes_backwards_is_told_and_tolerated_only_as_long_as_caches_last(log: Folder, tmp_path: Path):
    now = [1000.0]
    log.publish(100)
    watch(tmp_path / "w", log.url, log.forge.key, clock=lambda: now[0])
    log.publish(120)
    watch(tmp_path / "w", log.url, log.forge.key, clock=lambda: now[0])
    kept = essence(tmp_path / "w")
    log.publish(100)

    soon = watch(tmp_path / "w", log.url, log.forge.key, clock=lambda: now[0])
    now[0] += 301
    later = watch(tmp_path / "w", log.url, log.forge.key, clock=lambda: now[0])

    assert (told(soon, "NOTED"), told(soon, "BROKEN")) == ([("rollback", None)], [])
    assert told(later, "BROKEN") == [("rollback", None)]
    assert essence(tmp_path / "w") == kept


def test_an_older_head_that_was_never_seen_is_told_from_a_fork_by_the_copy(log: Folder, other: Folder, tmp_path: Path):
    kept = watched(log, tmp_path / "w", 150)
    found = {}
    for name, folder, size in (("older", log, 145), ("forked", other, 145), ("forked before", other, 140)):
        folder.publish(size)
        clock: dict[str, Any] = {"clock": lambda: 2e9} if size == 145 else {}
        found[name] = told(watch(tmp_path / "w", folder.url, log.forge.key, **clock), "BROKEN", "NOTED")

    assert found == {
        "older": [("rollback", None)],
        "forked": [("fork", None)],
        "forked before": [("rollback", None)],  # so far both are one log
    }
    assert essence(tmp_path / "w") == kept


def test_a_head_that_another_key_signed_is_not_taken(log: Folder, tmp_path: Path):
    kept = watched(log, tmp_path / "w", 100)
    log.publish(120)
    head = log.head(120)
    log.put("checkpoint", head.replace(head[-20:-10], b"A" * 10))

    answer = watch(tmp_path / "w", log.url, log.forge.key)

    assert told(answer, "BROKEN") == [("checkpoint", None)]
    assert essence(tmp_path / "w") == kept


def test_a_head_without_the_cosignatures_of_the_policy_is_not_taken(log: Folder, tmp_path: Path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
    public = private.public_key().public_bytes_raw()
    key = note.parse_vkey(note.format_vkey("commission", public, note.COSIGNATURE))
    policy = Policy([log.forge.key], {"commission": key}, quorum="commission")
    log.publish(100)
    bare = watch(tmp_path / "w", log.url, log.forge.key, policy=policy)
    text = note.split(log.head(100))[0]
    payload = (7).to_bytes(8, "big") + private.sign(note.cosigned_message(text, 7))
    log.put("checkpoint", log.head(100) + note.format_signature("commission", key.key_id, payload))
    cosigned = watch(tmp_path / "w", log.url, log.forge.key, policy=policy)

    assert (told(bare, "BROKEN"), bare.size) == ([("policy", None)], 0)
    assert (told(cosigned, "BROKEN", "UNCHECKED"), cosigned.size) == ([], 100)
    assert ("policy", None) in told(cosigned, "HOLDS")


def _bundle_of_others(log: Folder) -> None:
    content = (log.folder / "tile/entries/000.p/120").read_bytes()
    log.put("tile/entries/000.p/120", content[:-9] + b"x" + content[-8:])


def _bundle_cut(log: Folder) -> None:
    log.put("tile/entries/000.p/120", (log.folder / "tile/entries/000.p/120").read_bytes()[:-5])


def _no_bundle(log: Folder) -> None:
    (log.folder / "tile/entries/000.p/120").unlink()


def _page_for_a_checkpoint(log: Folder) -> None:
    log.put("checkpoint", b"<html>502 Bad Gateway</html>\n")


def _endless_checkpoint(log: Folder) -> None:
    log.put("checkpoint", b"x" * 1_000_000)


def _unreachable(log: Folder) -> None:
    log.url = "http://127.0.0.1:1"


def _error(log: Folder) -> None:
    log.status = 503


def _gone(log: Folder) -> None:
    (log.folder / "checkpoint").unlink()


def _slow(log: Folder) -> None:
    log.delay = 1.5


def _another_tree(log: Folder) -> None:
    log.put("tile/0/000.p/120", b"\0" * 32 * 120)
    _bundle_of_others(log)


def _elsewhere(place: str) -> Callable[[Folder], None]:
    def lead(log: Folder) -> None:
        log.elsewhere = place

    return lead


FAILURES: dict[str, tuple[Callable[[Folder], None], str, str]] = {
    "a bundle with another entry": (_bundle_of_others, "BROKEN", "tree"),
    "a bundle and tiles of another tree": (_another_tree, "UNCHECKED", "garbage"),
    "a bundle that is cut off": (_bundle_cut, "UNCHECKED", "garbage"),
    "a bundle that is missing": (_no_bundle, "UNCHECKED", "garbage"),
    "a page instead of a checkpoint": (_page_for_a_checkpoint, "BROKEN", "checkpoint"),
    "a checkpoint without end": (_endless_checkpoint, "UNCHECKED", "garbage"),
    "no checkpoint": (_gone, "UNCHECKED", "garbage"),
    "nobody there": (_unreachable, "UNCHECKED", "unreachable"),
    "an error of the service": (_error, "UNCHECKED", "unreachable"),
    "a slow service": (_slow, "UNCHECKED", "slow"),
    "a redirect to no address": (_elsewhere("http://["), "UNCHECKED", "garbage"),
    "a redirect to no name": (_elsewhere(f"http://{'a' * 70}.example/"), "UNCHECKED", "garbage"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_log_that_fails_is_told_and_the_state_is_unharmed(name: str, log: Folder, tmp_path: Path):
    deed, outcome, check = FAILURES[name]
    kept = watched(log, tmp_path / "w", 100)
    log.publish(120)
    url = log.url
    deed(log)

    site = Site(log.url, patience=1)
    answer = Watcher(tmp_path / "w", site, log.forge.key).round()

    assert told(answer, "BROKEN", "UNCHECKED") == [(check, None)]
    assert told(answer, outcome) == [(check, None)]
    assert essence(tmp_path / "w") == kept
    log.delay, log.status, log.url, log.elsewhere = 0, 200, url, ""
    log.publish(120)
    again = watch(tmp_path / "w", log.url, log.forge.key)
    assert (again.size, again.whole, told(again, "BROKEN", "UNCHECKED")) == (120, False, [])


def test_a_tile_that_is_not_that_of_the_entries_is_told(log: Folder, tmp_path: Path):
    watched(log, tmp_path / "w", 80)
    for size in (100, 120):
        log.publish(size)
        path = log.folder / f"tile/0/000.p/{size}"
        path.write_bytes(path.read_bytes()[:-1] + b"\0")

    answer = watch(tmp_path / "w", log.url, log.forge.key)

    assert told(answer, "BROKEN") == [("tree", None)]
    assert (told(answer, "UNCHECKED"), answer.size) == ([("garbage", None)], 80)  # a draw names heads that tiles prove
    log.publish(100)
    log.put("tile/0/000.p/100", b"")
    answer = watch(tmp_path / "w", log.url, log.forge.key)
    assert (told(answer, "BROKEN"), told(answer, "UNCHECKED"), answer.size) == ([("tree", None)], [], 100)


def test_a_document_that_is_missing_or_altered_is_told(log: Folder, tmp_path: Path):
    watched(log, tmp_path / "w", 20)
    later = b"".join(log.lines[20:])
    names = [each for each in sorted((log.folder / "documents").iterdir()) if later.count(each.name.encode()) == 1]
    names[0].unlink()
    names[1].write_bytes(names[1].read_bytes()[:-2] + b"]\n")
    found = set()
    for size in (38, 75, 140, log.publish()):
        log.publish(size)
        answer = watch(tmp_path / "w", log.url, log.forge.key)
        found |= {each.en for each in answer.findings if each.check == "documents"}

    assert any(names[0].name in each and "is missing" in each for each in found)
    assert any(names[1].name in each and "was altered" in each for each in found)


def test_a_log_that_was_found_broken_is_never_said_to_hold_again(log: Folder, tmp_path: Path):
    folder = tmp_path / "w"
    watched(log, folder, 20)
    for path in (log.folder / "documents").iterdir():
        path.write_bytes(path.read_bytes()[:-2] + b"]\n")
    log.publish()
    first = watch(folder, log.url, log.forge.key)
    later = watch(folder, log.url, log.forge.key)

    assert told(first, "BROKEN")
    assert (told(later, "BROKEN"), later.new) == ([], 0)
    assert telling.exit_of(first) == telling.exit_of(later) == 1
    assert json.loads(telling.as_json(later))["outcome"] == "BROKEN"
    said = "\n".join(telling.lines(later))
    telling.write_page(tmp_path / "page.html", folder, later)
    for text in (said, (tmp_path / "page.html").read_text("utf-8")):
        assert "All holds" not in text
        assert "Nothing new is broken" in text


@pytest.mark.parametrize("seconds", [1, 8])
def test_a_view_that_stands_still_beside_a_busy_log_is_told(seconds: int, log: Folder, story: Told, tmp_path: Path):
    now, found = [1000.0], []
    with serving(Folder(Forge(story.export, story.key_pem), tmp_path / "late")) as late:
        late.publish(60)
        more: dict[str, Any] = {"views": [Site(late.url)], "clock": lambda: now[0], "tolerance": 40 * seconds}
        for size in range(60, 60 + 80):
            log.publish(size)
            found.append(told(watch(tmp_path / "w", log.url, log.forge.key, **more), "UNCHECKED"))
            now[0] += seconds

    assert found[:40] == [[]] * 40
    assert found[45:] == [[("stale", None)]] * 35


def test_without_a_signature_library_nothing_is_taken(log: Folder, tmp_path: Path):
    log.publish(100)
    shutil.copytree(ROOT / "verify", tmp_path / "alone" / "verify")
    vkey = log.files["log.vkey"].decode().strip()
    command = [sys.executable, "-S", "-m", "verify", "watch", log.url, "--state", str(tmp_path / "w"), "--vkey", vkey]

    done = subprocess.run([*command, "--json"], cwd=tmp_path / "alone", capture_output=True, check=False)

    answer = json.loads(done.stdout)
    assert (done.returncode, answer["size"]) == (2, 0)
    assert [each["check"] for each in answer["findings"]] == ["checkpoint"]
