"""The public beacon: a number that nobody knew before its time and everybody can check after it.

Either a round of a drand network, or dice rolled, or a state lottery drawn, after the last party has revealed.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from verify.bls import BlsMissing as BlsMissing
from verify.bls import verify_g1

G1_SCHEME = "bls-unchained-g1-rfc9380"
DICE_FACES = {10: range(0, 10), 6: range(1, 7)}
ENOUGH_ROLLS = {10: 40, 6: 50}  # 133 and 129 bits, more than anybody can search


class BeaconError(ValueError):
    """The beacon is not written in its only spelling, or its network may not be named in a draw."""


@dataclass(frozen=True)
class Chain:
    """A drand network as its operators publish it: times in seconds, `genesis` in Unix time, the moment of round 1."""

    name: str
    scheme: str
    public_key: bytes
    period: int
    genesis: int
    genesis_seed: bytes
    beacon_id: str

    def hash(self) -> bytes:
        """Return SHA-256(BE32 period || BE64 genesis || public key || genesis seed || beacon id unless "default")."""
        numbers = self.period.to_bytes(4, "big") + self.genesis.to_bytes(8, "big")
        name = b"" if self.beacon_id == "default" else self.beacon_id.encode("utf-8")
        return hashlib.sha256(numbers + self.public_key + self.genesis_seed + name).digest()

    def time_of(self, round: int) -> int:
        """Return the Unix time at which `round` (from 1) appears: genesis + (round - 1) * period."""
        if round < 1:
            raise BeaconError(f"drand counts its rounds from 1, not {round}")
        return self.genesis + (round - 1) * self.period

    def round_at_or_after(self, t: int) -> int:
        """Return the first round with time >= `t`: ceil((t - genesis) / period) + 1, and 1 before the genesis.

        Not the "round at t" of drand's own clients: that one is already published at t, so somebody may know it.
        """
        return max(1, -((self.genesis - t) // self.period) + 1)


QUICKNET = Chain(
    name="quicknet",
    scheme=G1_SCHEME,
    public_key=bytes.fromhex(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    period=3,
    genesis=1692803367,
    genesis_seed=bytes.fromhex("f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"),
    beacon_id="quicknet",
)


def verify_drand(chain: Chain, round: int, signature: bytes) -> bool:
    """Return whether `signature` is the 48-byte compressed G1 signature of `chain` over SHA-256(BE64 round).

    Raises BeaconError for a chain of another scheme, which no draw may name, right or not, and BlsMissing where the
    pairing library is not installed. `chain` must come from the freeze, never from whoever brings the signature.
    """
    if chain.scheme != G1_SCHEME:
        raise BeaconError(f"only {G1_SCHEME} may be a beacon, {chain.name} is {chain.scheme}")
    if not 1 <= round < 1 << 64:
        return False
    return verify_g1(chain.public_key, hashlib.sha256(round.to_bytes(8, "big")).digest(), signature)


def dice_key_string(digits: Sequence[int], sides: int) -> str:
    """Return the rolls in the order rolled, joined by `.`, each group of ten followed by `/`, and so the rest of them.

    `sides` is 10 (faces 0 to 9) or 6 (faces 1 to 6). Raises BeaconError for another die or face, and for no roll.

    >>> dice_key_string([9, 2, 7, 5, 4, 0, 0, 3, 5, 7, 9, 6], 10)
    '9.2.7.5.4.0.0.3.5.7/9.6/'
    """
    if sides not in DICE_FACES:
        raise BeaconError(f"a die has 6 or 10 sides, not {sides}")
    if not digits:
        raise BeaconError("no die was rolled")
    strange = [digit for digit in digits if digit not in DICE_FACES[sides]]
    if strange:
        raise BeaconError(f"a die with {sides} sides shows no {strange[0]}")
    groups = (digits[start : start + 10] for start in range(0, len(digits), 10))
    return "".join(".".join(map(str, group)) + "/" for group in groups)


def check_dice(key_string: str, sides: int) -> int:
    """Return how many rolls `key_string` holds; raises BeaconError unless it is exactly what `dice_key_string` writes.

    Whether they are enough (`ENOUGH_ROLLS`) is the caller's question.
    """
    rolls = [_number(text) for text in re.split(r"[./]", key_string)[:-1]]
    if dice_key_string(rolls, sides) != key_string:
        raise BeaconError(f"dice are written in groups of ten, as 1.2.3.4.5.6.1.2.3.4/5.6/, not {key_string!r}")
    return len(rolls)


def entropy_bits_dice(rolls: int, sides: int) -> float:
    """Return the bits that `rolls` fair dice give: 40 with ten sides 132.9, 50 with six sides 129.2."""
    return rolls * math.log2(sides)


def lottery_key_string(groups: Sequence[Sequence[int]], ordered: Sequence[bool]) -> str:
    """Return each number followed by `.`, each group by `/`; a group whose order means nothing is sorted.

    `ordered[i]` says whether the order of group i means something, as in a lottery of digits.
    Raises BeaconError for an empty or negative part, and when `ordered` has another length.

    >>> lottery_key_string([[31, 3, 7, 12, 19, 28], [9]], [False, False])
    '3.7.12.19.28.31./9./'
    """
    if len(groups) != len(ordered):
        raise BeaconError(f"{len(groups)} groups of numbers, but the order of {len(ordered)} is given")
    if not groups or not all(groups) or min(map(min, groups)) < 0:
        raise BeaconError("a lottery has groups, a group has numbers, and none is negative")
    rows = (group if keep else sorted(group) for group, keep in zip(groups, ordered, strict=True))
    return "".join("".join(f"{number}." for number in row) + "/" for row in rows)


def check_lottery(key_string: str, ordered: Sequence[bool] | None = None) -> tuple[tuple[int, ...], ...]:
    """Return the groups of numbers in `key_string`; raises BeaconError unless it is what `lottery_key_string` writes.

    Without `ordered` any order within a group is accepted: a key string does not show which groups had to be sorted.
    """
    rows = [row.split(".")[:-1] for row in key_string.split("/")[:-1]]
    groups = tuple(tuple(_number(text) for text in row) for row in rows)
    if lottery_key_string(groups, [True] * len(groups) if ordered is None else ordered) != key_string:
        raise BeaconError(f"a lottery is written as 3.7.12.19.28.31./9./, not {key_string!r}")
    return groups


def _number(text: str) -> int:
    # int() also takes spaces, signs and digits of other scripts: the callers write the number again and compare.
    try:
        return int(text)
    except ValueError:
        raise BeaconError(f"{text[:20]!r} is not a number") from None
