"""A rotation is finished before the next one begins, and what of a dropped key lies elsewhere is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli import main as cli
from domain.errors import Conflict
from domain.signer import Signer
from domain.signing.keys import left
from tests.domain.signers import ORIGIN


def phrase_in(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(f"words of {name}\n")
    path.chmod(0o600)
    return path


def test_a_second_key_is_not_added_while_two_are_there(tmp_path: Path) -> None:
    """Or a rotation that was begun twice would leave a third key that nobody meant."""
    made = Signer.create(tmp_path / "signer", ORIGIN)
    old, new = made.vkey, made.add_key()

    with pytest.raises(Conflict, match="a rotation is not over"):
        made.add_key()

    assert made.vkeys == Signer(tmp_path / "signer").vkeys == [old, new]
    assert not (tmp_path / "signer" / "key-3.pem").exists()
    made.drop_key(old)
    assert made.vkeys == [new]
    made.add_key()


def test_what_of_a_dropped_key_lies_elsewhere_is_named_and_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere, phrase = tmp_path / "elsewhere.pem", phrase_in(tmp_path, "one")
    made = Signer.create(tmp_path / "signer", ORIGIN, {"file": str(elsewhere), "passphrase": str(phrase)})
    first = made.vkey
    second = made.add_key({"passphrase": str(phrase)})

    assert cli(["signer", "drop", "--dir", str(tmp_path / "signer"), first]) == 0

    said = capsys.readouterr().out
    assert str(elsewhere) in said
    assert str(phrase) not in said  # the other key needs it
    assert elsewhere.exists()
    alone = Signer(tmp_path / "signer")
    alone.add_key({"passphrase": str(phrase_in(tmp_path, "other"))})
    assert alone.drop_key(second) == [str(phrase)]
    assert not (tmp_path / "signer" / "key-2.pem").exists()


def test_a_dropped_key_of_a_token_is_named_with_its_token() -> None:
    token = {"module": "/lib/p11.so", "token": "t", "label": "old", "pin": "/etc/pin"}

    assert left(token, [{"file": "key.pem"}], own=False) == ["t/old (/lib/p11.so)", "/etc/pin"]
    assert left(token, [token | {"label": "new"}], own=False) == ["t/old (/lib/p11.so)"]
    assert left({"file": "credential:old"}, [{"file": "key.pem"}], own=False) == ["credential:old"]
    assert left({"file": "key.pem"}, [{"file": "key-2.pem"}], own=True) == []
