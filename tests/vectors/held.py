"""What somebody holds in his hand, asked with a policy from outside: a receipt or a self-check whose checkpoint is cosigned."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.in_the_hand import receipt, self_check
from tests.cheats.common import first_draw
from tests.cheats.on_cosigners import SECONDS
from tests.forge import Forge, Json
from tests.vectors.trusted import A, B, C, own, policy
from verify import note
from verify.witness.key import CosignerKey

ENTRY = 12


def vectors(fresh: Callable[[], Forge]) -> list[Json]:
    """Return them, all of one log with one draw."""
    forge = fresh()
    first_draw(forge)
    files = forge.settle()
    business = forge.rows(forge.first("draw.objects-drawn")["data"]["document"])[0]["id"]
    vkey = note.format_vkey(forge.key.name, forge.key.public)
    other = note.format_vkey(forge.key.name, A.public)
    two, text = policy(forge, "two"), note.split(files["checkpoint"])[0]

    def hand(cosigners: tuple[CosignerKey, ...], over: bytes = text, what: str = "receipt") -> str:
        head = files["checkpoint"] + b"".join(key.cosign(over, SECONDS) for key in cosigners)
        signed = files | {"checkpoint": head}
        return (receipt(signed, ENTRY) if what == "receipt" else self_check(signed, business)).decode()

    elder = note.split(forge.sign(ENTRY + 1))[0]
    cases: list[tuple[str, str | None, str | None, list[str] | str, str]] = [
        (hand((A, B)), vkey, two, ["w0", "w1"], "a receipt: two of three cosigned its checkpoint"),
        (hand((A, B, C)), None, two, ["w0", "w1", "w2"], "the policy alone says which log it is"),
        (hand((A, B), what="self-check"), vkey, two, ["w0", "w1"], "the same of a self-check"),
        (hand((A,)), vkey, None, [], "nobody asks: the line is not judged"),
        (hand(()), vkey, policy(forge, "none"), [], "a policy that demands nobody"),
        (hand((A,)), vkey, two, "quorum", "one cosigned, two are demanded"),
        (hand((A,), what="self-check"), vkey, two, "quorum", "the same of a self-check"),
        (hand((A, own(B.name), own(C.name))), vkey, two, "quorum", "two more are only called like witnesses"),
        (hand((A, B), elder), vkey, two, "signature", "the cosignatures are of an older checkpoint"),
        (hand((A, B)), vkey, two.replace(vkey, other), "log", "the policy names another key of a log of this name"),
        (hand((A, B)).replace("index 12", "index 13"), vkey, two, "inclusion", "cosigned, but another place"),
    ]
    return [_vector(n, *case) for n, case in enumerate(cases, 1)]


def _vector(number: int, file: str, vkey: str | None, trusted: str | None, due: list[str] | str, why: str) -> Json:
    asked = {"file": file, "vkey": vkey, "policy": trusted}
    vector: Json = {"id": f"held-check-{number:03d}", "operation": "held.check", "input": asked}
    said = {"expect": "pass", "output": due} if isinstance(due, list) else {"expect": "fail", "reason": due}
    return vector | said | {"why": why, "source": "by construction: who signed what is known"}
