"""A trust policy: which log, which cosigners, and how many of them must have signed a checkpoint.

A text file of lines `log <vkey> [url]`, `witness <name> <vkey> [url]`, `group <name> all|any|<k> <members...>` and exactly
one `quorum <name|none>`; `#` begins a comment, names are defined before they are used. Source: C2SP tlog-policy.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from verify.note import COSIGNATURE, ED25519, NoteError, VerifierKey, parse_vkey

NONE = "none"
_URL = re.compile(r"https?://[!-~]+")


class PolicyError(ValueError):
    """This text is not a policy; `zh` and the message, which is English, name the line."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh


@dataclass
class Policy:
    """The logs and cosigners somebody trusts; `groups` maps a name to (how many, of which members)."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    """Where a witness is asked, by its name: the address that `/add-checkpoint` is added to."""
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = NONE

    def satisfied_by(self, cosigners: Collection[str]) -> bool:
        """Whether the cosigners, by their names in this policy, are enough for its quorum."""
        return self.quorum == NONE or self._reached(self.quorum, cosigners)

    def cosigners(self, keys: Collection[VerifierKey]) -> list[str]:
        """Return the names of the witnesses whose keys are among those that verified."""
        return sorted(name for name, key in self.witnesses.items() if key in keys)

    def flat(self) -> tuple[int, list[VerifierKey]] | None:
        """Return the quorum as (how many, of which keys), keys sorted by name; None where its groups lie inside one another."""
        if self.quorum == NONE:
            return 0, []
        needed, members = self.groups.get(self.quorum, (1, (self.quorum,)))
        if not all(member in self.witnesses for member in members):
            return None
        return needed, sorted((self.witnesses[member] for member in members), key=lambda key: (key.name, key.key_id))

    def handed(self, key: VerifierKey, present: VerifierKey) -> Policy:
        """Return this policy with `present`, which the log's key `key` was handed over to, in the place of that."""
        return replace(self, logs=[present if each == key else each for each in self.logs])

    def _reached(self, name: str, cosigners: Collection[str]) -> bool:
        if name in self.witnesses:
            return name in cosigners
        needed, members = self.groups[name]
        return sum(self._reached(member, cosigners) for member in members) >= needed


def parse(text: str) -> Policy:
    """Read a policy. PolicyError for anything that is not one, with the number of its line."""
    policy, quorum, used = Policy(), None, set[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            match words:
                case ["log", vkey, *url] if len(url) <= 1:
                    _add_log(policy, vkey)
                case ["witness", name, vkey, *url] if len(url) <= 1:
                    _add_witness(policy, name, vkey, *url)
                case ["group", name, threshold, first, *rest]:
                    _add_group(policy, used, name, threshold, (first, *rest))
                case ["quorum", name] if quorum is None:
                    quorum = _known(policy, name)
                case _:
                    raise PolicyError(
                        "不是 log、witness、group，也不是唯一的 quorum",
                        "neither log, witness, group nor the one quorum",
                    )
        except (PolicyError, NoteError) as error:
            raise PolicyError(f"第 {number} 行：{error.zh}", f"line {number}: {error}") from error
    if quorum is None:
        raise PolicyError("没有 quorum 一行", "there is no quorum line")
    policy.quorum = quorum
    return policy


def _add_log(policy: Policy, vkey: str) -> None:
    key = parse_vkey(vkey)
    if key.kind != ED25519:
        raise PolicyError(f"{key.name} 不是台账的公钥", f"{key.name} is not the key of a log")
    if any(key.public == other.public for other in policy.logs):
        raise PolicyError(f"{key.name} 的公钥出现两次", f"the key of {key.name} stands here twice")
    policy.logs.append(key)


def _add_witness(policy: Policy, name: str, vkey: str, url: str = "") -> None:
    key = parse_vkey(vkey)
    if key.kind != COSIGNATURE:
        raise PolicyError(f"{name} 的公钥不是联署用的", f"{name} is not the key of a cosigner")
    if any(key.public == other.public for other in policy.witnesses.values()):
        raise PolicyError(f"{name} 的公钥出现两次", f"the key of {name} stands here twice")
    if url and not _URL.fullmatch(url):
        raise PolicyError(
            f"{name} 的地址须为 http 或 https，不是 {url}", f"{name} is asked over http or https, not at {url}"
        )
    policy.witnesses[_fresh(policy, name)] = key
    if url:
        policy.urls[name] = url.rstrip("/")


def _add_group(policy: Policy, used: set[str], name: str, threshold: str, members: tuple[str, ...]) -> None:
    for member in members:
        if _known(policy, member) == NONE or member in used or members.count(member) > 1:
            raise PolicyError(
                f"{member} 不能列入这一组：此前没有定义，或已在某一组中",
                f"{member} cannot be in this group: unknown before it, or in a group already",
            )
    counts = {"all": len(members), "any": 1}
    needed = counts.get(threshold) or (int(threshold) if threshold.isascii() and threshold.isdecimal() else 0)
    if not 1 <= needed <= len(members):
        raise PolicyError(
            f"{len(members)} 个成员中须有 {threshold} 个，这不可能", f"{threshold} of {len(members)} members"
        )
    used.update(members)
    policy.groups[_fresh(policy, name)] = (needed, members)


def _known(policy: Policy, name: str) -> str:
    if name != NONE and name not in policy.witnesses and name not in policy.groups:
        raise PolicyError(f"{name} 在此行之前没有定义", f"{name} is not defined before this line")
    return name


def _fresh(policy: Policy, name: str) -> str:
    if name == NONE or name in policy.witnesses or name in policy.groups:
        raise PolicyError(f"名称 {name} 已被占用", f"the name {name} is taken")
    return name
