"""Signed notes, checkpoints, policies and proofs of C2SP, read line by line in the order of their specifications."""

import base64
import hashlib
import re
from typing import Any

from tests.twins import ed25519
from tests.twins.json_text import matched, refuse_unless
from tests.twins.tree import inclusion_holds, leaf

Json = dict[str, Any]


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name: str, kind: int, public: bytes) -> str:
    return f"{name}+{key_id(name, kind, public).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"


def parse_key(text: str) -> Json:
    parts = text.split("+", 2)  # base64 may hold a plus sign, a name may not
    refuse_unless(len(parts) == 3 and re.fullmatch("[0-9a-f]{8}", parts[1]) is not None, "form")
    _name(parts[0])
    raw = _base64(parts[2])
    refuse_unless(len(raw) > 1 and raw[0] in (1, 4) and len(raw) == 33, "kind")
    refuse_unless(key_id(parts[0], raw[0], raw[1:]).hex() == parts[1], "id")
    return {"name": parts[0], "key_id": parts[1], "kind": raw[0], "public": raw[1:].hex()}


def _name(name: str) -> None:
    refuse_unless(name != "" and "+" not in name and not any(c.isspace() or c < " " for c in name), "name")


def _base64(text: str) -> bytes:
    refuse_unless(re.fullmatch("[A-Za-z0-9+/]*={0,2}", text) is not None and len(text) % 4 == 0, "base64")
    data = base64.b64decode(text)
    refuse_unless(base64.b64encode(data).decode() == text, "base64")
    return data


def open_note(note: bytes, keys: list[Json]) -> tuple[bytes, list[Json]]:
    """Return the text and the keys that signed it."""
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        refuse_unless(False, "utf8")
    refuse_unless(not any(c < " " and c != "\n" for c in whole), "control")
    refuse_unless("\n\n" in whole and whole.endswith("\n") and not whole.endswith("\n\n"), "form")
    text, _, tail = whole.rpartition("\n\n")
    text += "\n"
    lines = tail[:-1].split("\n")
    refuse_unless(len(lines) <= 100, "lines")
    signed: list[Json] = []
    for line in lines:
        found = matched(re.fullmatch("— ([^ ]+) ([A-Za-z0-9+/]+={0,2})", line), "line")
        refuse_unless(len(found[2]) % 4 == 0, "line")
        _name(found[1])
        raw = base64.b64decode(found[2])
        refuse_unless(len(raw) >= 5, "line")
        key = next((k for k in keys if k["name"] == found[1] and k["key_id"] == raw[:4].hex()), None)
        if key is None or key in signed:
            continue
        refuse_unless(_base64(found[2]) == raw, "base64")
        refuse_unless(_signed(key, text.encode(), raw[4:]), "signature")
        signed.append(key)
    refuse_unless(signed != [], "unsigned")
    return text.encode(), signed


def _signed(key: Json, text: bytes, payload: bytes) -> bool:
    if key["kind"] == 4:
        seconds = int.from_bytes(payload[:8], "big")
        text, payload = b"cosignature/v1\n" + f"time {seconds}\n".encode() + text, payload[8:]
    return ed25519.verify(bytes.fromhex(key["public"]), payload, text)


def line(name: str, kind: int, secret: bytes, text: bytes, seconds: int = 0) -> bytes:
    """Return the line with which somebody signs a text."""
    stamp = seconds.to_bytes(8, "big") if kind == 4 else b""
    message = b"cosignature/v1\ntime " + str(seconds).encode() + b"\n" + text if kind == 4 else text
    raw = key_id(name, kind, ed25519.public(secret)) + stamp + ed25519.sign(secret, message)
    return f"— {name} {base64.b64encode(raw).decode()}\n".encode()


def parse_checkpoint(text: bytes) -> Json:
    lines = text.decode().split("\n")
    refuse_unless(len(lines) == 4 and lines[3] == "" and lines[0] != "", "lines")
    refuse_unless(re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]) is not None and int(lines[1]) < 2**63, "size")
    root = _base64(lines[2])
    refuse_unless(len(root) == 32, "root")
    return {"origin": lines[0], "size": int(lines[1]), "root": root.hex()}


def open_checkpoint(note: bytes, log: Json) -> Json:
    text, _ = open_note(note, [log])
    head = parse_checkpoint(text)
    refuse_unless(head["origin"] == log["name"], "origin")
    return head


def parse_policy(text: str) -> Json:
    """Return logs, witnesses, groups and quorum of a policy."""
    policy: Json = {"logs": [], "witnesses": {}, "groups": {}, "quorum": None}
    placed: set[str] = set()
    for row in text.splitlines():
        words = row.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and len(words) in (2, 3):
            key = parse_key(words[1])
            refuse_unless(key["kind"] == 1, "kind")
            refuse_unless(key["public"] not in [other["public"] for other in policy["logs"]], "repeated")
            policy["logs"].append(key)
        elif words[0] == "witness" and len(words) in (3, 4):
            key = parse_key(words[2])
            refuse_unless(key["kind"] == 4, "kind")
            refuse_unless(key["public"] not in [other["public"] for other in policy["witnesses"].values()], "repeated")
            _fresh(policy, words[1])
            policy["witnesses"][words[1]] = key
        elif words[0] == "group" and len(words) >= 4:
            members = words[3:]
            for member in members:
                refuse_unless(member in policy["witnesses"] or member in policy["groups"], "unknown")
                refuse_unless(member not in placed and members.count(member) == 1, "member")
            count = {"all": str(len(members)), "any": "1"}.get(words[2], words[2])
            refuse_unless(re.fullmatch("[0-9]+", count) is not None and 1 <= int(count) <= len(members), "threshold")
            _fresh(policy, words[1])
            placed.update(members)
            policy["groups"][words[1]] = [int(count), members]
        elif words[0] == "quorum" and len(words) == 2 and policy["quorum"] is None:
            refuse_unless(words[1] in ["none", *policy["witnesses"], *policy["groups"]], "unknown")
            policy["quorum"] = words[1]
        else:
            refuse_unless(False, "line")
    refuse_unless(policy["quorum"] is not None, "quorum")
    return policy


def _fresh(policy: Json, name: str) -> None:
    refuse_unless(name != "none" and name not in policy["witnesses"] and name not in policy["groups"], "name")


def check_policy(policy: Json, note: bytes) -> list[str]:
    """Return the names of those who cosigned, where they are enough and a log of the policy signed."""
    text, signed = open_note(note, [*policy["logs"], *policy["witnesses"].values()])
    head = parse_checkpoint(text)
    refuse_unless(any(key in policy["logs"] and key["name"] == head["origin"] for key in signed), "log")
    names = sorted(name for name, key in policy["witnesses"].items() if key in signed)

    def reached(name: str) -> bool:
        if name == "none" or name in policy["witnesses"]:
            return name == "none" or name in names
        count, members = policy["groups"][name]
        return len([member for member in members if reached(member)]) >= count

    refuse_unless(reached(policy["quorum"]), "quorum")
    return names


def open_proof(proof: bytes, entry: bytes, log: Json) -> Json:
    """Return place and size of a tlog-proof of `entry`."""
    head, blank, note = proof.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    refuse_unless(blank != b"" and lines.pop(0) == "c2sp.org/tlog-proof@v1", "form")
    if lines and lines[0].startswith("extra "):
        _base64(lines.pop(0)[6:])
    found = matched(re.fullmatch("index (0|[1-9][0-9]{0,18})", lines.pop(0) if lines else ""), "form")
    path = [_base64(each) for each in lines]
    refuse_unless(all(len(each) == 32 for each in path) and len(path) <= 63, "form")
    tree = open_checkpoint(note, log)
    refuse_unless(
        inclusion_holds(leaf(entry), int(found[1]), tree["size"], bytes.fromhex(tree["root"]), path), "inclusion"
    )
    return {"index": int(found[1]), "size": tree["size"]}
