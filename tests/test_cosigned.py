"""Draws whose freeze names cosigners: with the quorum it holds, and who it was is asked of the policy from outside."""

import sys

from tests.asking import answer, of
from tests.cheats import on_cosigners
from tests.forge import Forge, write


def test_a_draw_whose_checkpoints_have_their_quorum_holds(forge: Forge, story, tmp_path, capsys):
    told = answer(capsys, str(write(on_cosigners.honest(forge), tmp_path / "cosigned")), "--vkey", story.vkey)

    assert told["exit"] == 0, of(told, "BROKEN") + of(told, "UNCHECKED")
    held = [each["reason"] for each in of(told, "HOLDS") if each["check"] == "cosigned"]
    assert held == [
        "All 5 checkpoints that 1 draws rest on have the quorum of their freeze, of "
        "commission.example, procuratorate.example, university.example."
    ]
    assert not any("no cosigner" in each["reason"] for each in of(told, "NOTED"))


def test_cosigners_who_are_only_called_like_those_of_the_policy_are_named(forge: Forge, story, tmp_path, capsys):
    files = on_cosigners.called_alike(forge)
    (tmp_path / "policy").write_text(
        f"log {story.vkey}\n"
        + "".join(f"witness w{n} {vkey}\n" for n, vkey in enumerate(on_cosigners.vkeys(*on_cosigners.NAMES)))
        + "group all all w0 w1 w2\nquorum all\n"
    )

    told = answer(capsys, str(write(files, tmp_path / "alike")), "--policy", str(tmp_path / "policy"))

    assert any("with other keys than the policy" in each["reason"] for each in of(told, "BROKEN"))


def test_without_the_library_cosignatures_are_unchecked(forge: Forge, story, tmp_path, capsys, monkeypatch):
    files = on_cosigners.honest(forge)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)

    told = answer(capsys, str(write(files, tmp_path / "cosigned")), "--vkey", story.vkey)

    assert any("cosignatures are unchecked" in each["reason"] for each in of(told, "UNCHECKED"))
    assert not [each for each in of(told, "HOLDS") if each["check"] == "cosigned"]
