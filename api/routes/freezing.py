"""The terms of a draw, as they are frozen before anything random exists."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.bodies import Body, Code, Hex32, Text, example

Seconds = Annotated[int, Field(ge=1, le=1 << 40)]


class Party(Body):
    """Who contributes to the seed; `key` is for a public key of its own."""

    id: Code
    role: Code
    account: Code
    key: Hex32 | None = None


class BeaconTerms(Body):
    """A public number of the future: dice, a lottery, or a drand round, which the ledger computes where it is absent."""

    kind: Literal["dice", "lottery", "drand"]
    sides: Literal[6, 10] | None = None
    rolls: Annotated[int, Field(ge=1, le=1000)] | None = None
    simulated: bool | None = None
    name: Text | None = None
    issue: Text | None = None
    ordered: Annotated[list[bool], Field(min_length=1, max_length=20)] | None = None
    chain_hash: Hex32 | None = None
    round: Seconds | None = None


class Rung(Body):
    """A further rung of the ladder: the cap per inspector that counts when the one before cannot be kept."""

    cap: Annotated[int, Field(ge=1)] | None


class Terms(Body):
    """Parties, times in POSIX seconds, beacons, waivers for tiny strata, and the caps of the assignment."""

    model_config = example(
        parties=[
            {"id": "organiser", "role": "organiser", "account": "organiser-1", "key": None},
            {"id": "discipline", "role": "discipline", "account": "discipline-1", "key": None},
        ],
        t_commit=1772420400,
        t_reveal=1772424000,
        delta=600,
        beacons=[{"kind": "dice", "sides": 10, "rolls": 40}],
        waivers={"D": "该层仅3户，按方案备案后全部适用豁免"},
        cap=None,
        fallback=[],
    )
    parties: Annotated[list[Party], Field(min_length=1, max_length=100)]
    t_commit: Seconds
    t_reveal: Seconds
    delta: Seconds
    beacons: Annotated[list[BeaconTerms], Field(min_length=1, max_length=16)]
    waivers: dict[Literal["A", "B", "C", "D"], Text]
    cap: Annotated[int, Field(ge=1)] | None = None
    fallback: Annotated[list[Rung], Field(default_factory=list, max_length=16)]

    def facts(self) -> dict[str, Any]:
        """Return the terms as the ledger takes them: a beacon has only the keys it was given."""
        beacons = [beacon.model_dump(exclude_unset=True) for beacon in self.beacons]
        return self.model_dump() | {"beacons": beacons}
