"""A policy says whom a reader trusts: every line is read strictly, and the quorum is counted through groups."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.browser.in_the_hand import receipt
from verify import note, policy
from verify.__main__ import main
from verify.findings import Finding, Outcome
from verify.watch.heads import signed_head

FILES = ("checkpoint", "entries.jsonl")

WITNESSES = {name: Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()) for name in "abcd"}
EVE = Ed25519PrivateKey.from_private_bytes(b"e" * 32)
LOG = Ed25519PrivateKey.from_private_bytes(bytes(32))


def vkey(name: str, key: Ed25519PrivateKey, kind: int = note.COSIGNATURE) -> str:
    return note.format_vkey(name, key.public_key().public_bytes_raw(), kind)


LINES = [f"log {vkey('ledger.example/1', LOG, note.ED25519)} https://ledger.example/1"]
LINES += [f"witness {name} {vkey(f'{name}.example', key)}" for name, key in WITNESSES.items()]
GROUPS = ["group commission all a b", "group any-two 2 c d", "group together 1 commission any-two"]


def text(*more: str) -> str:
    return "\n".join(["# whom we trust", "", *LINES, *more]) + "\n"


@pytest.mark.parametrize(
    ("quorum", "cosigners", "enough"),
    [
        ("none", "", True),
        ("a", "a", True),
        ("a", "bcd", False),
        ("commission", "a", False),
        ("commission", "ab", True),
        ("any-two", "d", False),
        ("any-two", "cd", True),
        ("together", "ac", False),
        ("together", "acd", True),
    ],
)
def test_a_quorum_is_counted_through_its_groups(quorum: str, cosigners: str, enough: bool) -> None:
    read = policy.parse(text(*GROUPS, f"quorum {quorum}"))

    assert read.satisfied_by(set(cosigners)) is enough


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ([], "no quorum"),
        (["quorum none", "quorum none"], "line 9: neither"),
        (["quorum nobody"], "nobody is not defined"),
        (["group g 3 a b", "quorum g"], "3 of 2 members"),
        (["group g 0 a", "quorum g"], "0 of 1 members"),
        (["group g all a", "group h all a", "quorum h"], "in a group already"),
        (["group g all a a", "quorum g"], "in a group already"),
        (["group a all b", "quorum a"], "the name a is taken"),
        (["group g all later", "quorum g"], "later is not defined"),
        ([f"witness e {vkey('a.example', WITNESSES['a'])}", "quorum none"], "stands here twice"),
        ([LINES[0], "quorum none"], "stands here twice"),
        ([f"witness e {vkey('e.example', LOG, note.ED25519)}", "quorum none"], "not the key of a cosigner"),
        (["witness e nonsense", "quorum none"], "line 8"),
        ([LINES[1].replace("witness a", "witness e") + " file:///etc", "quorum none"], "stands here twice"),
        ([f"witness e {vkey('e.example', EVE)} ftp://e.example", "quorum none"], "over http or https"),
        (["trust me", "quorum none"], "line 8: neither"),
    ],
)
def test_what_is_not_a_policy_is_refused_with_its_line(more: list[str], reason: str) -> None:
    with pytest.raises(policy.PolicyError, match=reason):
        policy.parse(text(*more))


def test_where_a_witness_is_asked_stands_behind_its_key() -> None:
    read = policy.parse(text(f"witness e {vkey('e.example', EVE)} https://e.example/log/", "quorum e"))

    assert read.urls == {"e": "https://e.example/log"}


@pytest.mark.parametrize(
    ("quorum", "flat"),
    [("none", (0, "")), ("a", (1, "a")), ("commission", (2, "ab")), ("any-two", (2, "cd")), ("together", None)],
)
def test_a_quorum_of_witnesses_is_told_by_their_keys(quorum: str, flat: tuple[int, str] | None) -> None:
    found = policy.parse(text(*GROUPS, f"quorum {quorum}")).flat()

    assert (found and (found[0], "".join(key.name[0] for key in found[1]))) == flat


def cosigned(export: Path, target: Path, names: str, seconds: int = 1_700_000_000) -> Path:
    """Copy an export with its checkpoint cosigned by these witnesses."""
    import shutil

    shutil.copytree(export, target)
    signed = (target / "checkpoint").read_bytes()
    body = note.split(signed)[0]
    for name in names:
        key, public = WITNESSES[name], WITNESSES[name].public_key().public_bytes_raw()
        payload = seconds.to_bytes(8, "big") + key.sign(note.cosigned_message(body, seconds))
        key_id = note.key_id(f"{name}.example", note.COSIGNATURE, public)
        signed += note.format_signature(f"{name}.example", key_id, payload)
    (target / "checkpoint").write_bytes(signed)
    return target


@pytest.mark.parametrize(
    ("names", "code", "words"),
    [("", 1, "do not reach the quorum any-two"), ("c", 1, "do not reach"), ("cd", 0, "as the policy demands: c, d")],
)
def test_the_verifier_counts_the_cosignatures(
    story, tmp_path: Path, capsys: pytest.CaptureFixture[str], names: str, code: int, words: str
) -> None:
    lines = [f"log {story.vkey}", *LINES[1:], "group any-two 2 c d", "quorum any-two"]
    (tmp_path / "policy").write_text("\n".join(lines), "utf-8")
    target = cosigned(story.export, tmp_path / "export", names)

    answer = main([str(target), "--policy", str(tmp_path / "policy")])

    assert answer == code
    assert words in capsys.readouterr().out


def test_a_policy_for_another_log_is_not_this_log(story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy").write_text(text("quorum none"), "utf-8")

    answer = main([str(story.export), "--policy", str(tmp_path / "policy")])

    assert answer == 1
    assert "Another log" in capsys.readouterr().out


@pytest.mark.parametrize(("named", "noted"), [("", 4), ("cd", 2), ("abcd", 0)])
@pytest.mark.parametrize("command", ["verify", "fsck", "receipt", "watch"])
def test_a_line_that_the_policy_judges_is_not_told_as_unverified_besides(
    story, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, named: str, noted: int
) -> None:
    target, found = cosigned(story.export, tmp_path / "export", "abcd"), []
    key, trusted = note.parse_vkey(story.vkey), None
    if named:
        members = [f"witness {name} {vkey(f'{name}.example', WITNESSES[name])}" for name in named]
        lines = [f"log {story.vkey}", *members, f"group all {len(named)} {' '.join(named)}", "quorum all"]
        (tmp_path / "policy").write_text("\n".join(lines), "utf-8")
        trusted = policy.parse("\n".join(lines))
    if command == "watch":
        found = signed_head((target / "checkpoint").read_bytes(), key, trusted)[1]
    else:
        (tmp_path / "r").write_bytes(receipt({name: (target / name).read_bytes() for name in FILES}, 5))
        words = {"verify": [str(target)], "fsck": ["fsck", str(target)], "receipt": ["receipt", str(tmp_path / "r")]}
        given = ["--policy", str(tmp_path / "policy")] if named else ["--vkey", story.vkey]
        assert main([*words[command], *given, "--json"]) == 0
        found = [
            Finding(each["check"], Outcome(each["outcome"]), each["reason_zh"], each["reason"])
            for each in json.loads(capsys.readouterr().out)["findings"]
        ]

    told = [each.en for each in found if each.check == "checkpoint" and each.outcome is Outcome.NOTED]
    assert [each.split()[0] for each in told] == ([str(noted)] if noted else [])
    assert ("policy" in {each.check for each in found if each.outcome is Outcome.HOLDS}) is bool(named)
