"""A receipt and a self-check convince somebody who has the file and the key, and nothing else; not one field can be altered."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from api.printing import qr_svg
from api.reading import up_to_date
from api.receipts import self_check
from tests.asking import of
from tests.story import drawn_objects, entry_data, tell
from tests.twins import draw as twin
from verify import __main__ as verifier
from verify import canonical, checkpoint, entries, note, placed, proof, selfcheck
from verify.tree import leaf_hash, verify_inclusion

DRAW = "220100-2026-0001"
ROOT = Path(verifier.__file__).parents[1]


def ask(capsys: pytest.CaptureFixture[str], path: Path, *more: str) -> dict[str, Any]:
    code = verifier.main(["receipt", str(path), *more, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["exit"] == code
    return told


@pytest.fixture(scope="module")
def businesses(finished) -> dict[str, str]:
    """Return one business for each result."""
    drawn = set(drawn_objects(finished.ledger, f"draw/{DRAW}"))
    frozen = next(each for each in range(finished.ledger.size) if "freeze" in entry_data(finished.ledger, each))
    pool = list(finished.ledger.lines(entry_data(finished.ledger, frozen)["documents"]["objects"]["sha256"]))
    excluded = [row["id"] for row in pool if "excluded" in row]
    others = [row["id"] for row in pool if row["id"] not in drawn and "excluded" not in row]
    return {"drawn": min(drawn), "not-drawn": others[0], "excluded": excluded[0]}


def fetched(finished, business: str) -> bytes:
    answer = finished.get(f"/api/v1/receipts/draws/{DRAW}/{business}.json")
    assert answer.status_code == 200, answer.text
    return answer.content


def test_the_receipt_of_every_entry_holds_with_the_key_and_nothing_else(finished, tmp_path, capsys):
    size = finished.ledger.published_size
    for index in (0, 1, size // 2, size - 1):
        answer = finished.get(f"/api/v1/receipts/{index}.tlog-proof")
        path = tmp_path / f"{index}.tlog-proof"
        path.write_bytes(answer.content)

        told = ask(capsys, path, "--vkey", finished.ledger.vkey)

        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert told["exit"] == 0
        assert [each["index"] for each in of(told, "HOLDS") if each["check"] == "receipt"] == [index]
        assert answer.content.endswith(finished.ledger.checkpoint())


def test_a_receipt_has_the_form_of_the_specification(finished):
    """Read here without our own reader."""
    raw = finished.get("/api/v1/receipts/5.tlog-proof").content
    head, _, signed = raw.partition(b"\n\n")
    title, extra, index, *hashes = head.decode().split("\n")

    assert title == "c2sp.org/tlog-proof@v1"
    assert index == "index 5"
    entry = base64.b64decode(extra.removeprefix("extra "))
    assert entry == list(finished.ledger.store.entries())[5]
    tree = checkpoint.parse(signed)[0]
    verify_inclusion(leaf_hash(entry), 5, tree.size, tree.root, [base64.b64decode(each) for each in hashes])


def test_what_a_command_answers_leads_to_its_receipt(doors, tmp_path, capsys):
    answer = doors.post("/units", {"unit": "u1", "name": "处", "kind": "office", "parent": "220100"}).json()
    path = f"/api/v1/receipts/{answer['index']}.tlog-proof"
    early = doors.get(path)
    doors.ledger.publish_checkpoint()

    (tmp_path / "r").write_bytes(doors.get(path).content)

    assert (early.status_code, early.headers["Retry-After"]) == (404, "1")
    assert leaf_hash(proof.parse((tmp_path / "r").read_bytes()).extra).hex() == answer["leaf"]
    assert ask(capsys, tmp_path / "r", "--vkey", doors.ledger.vkey)["exit"] == 0
    assert doors.get("/api/v1/receipts/99.tlog-proof").status_code == 404


def altered_lines(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield receipts of which one line is another, is missing, or is there twice."""
    lines = raw.split(b"\n")
    for number, line in enumerate(lines[:-1]):
        if not line:
            continue
        middle = len(line) // 2
        other = line[:middle] + bytes([line[middle] ^ 1]) + line[middle + 1 :]
        yield f"line {number} changed", b"\n".join([*lines[:number], other, *lines[number + 1 :]])
        yield f"line {number} missing", b"\n".join([*lines[:number], *lines[number + 1 :]])
        yield f"line {number} twice", b"\n".join([*lines[:number], line, *lines[number:]])


def test_a_receipt_of_which_any_line_is_altered_does_not_hold(finished, tmp_path, capsys):
    raw = finished.get("/api/v1/receipts/5.tlog-proof").content
    tried = 0
    for what, other in altered_lines(raw):
        assert other != raw
        (tmp_path / "r").write_bytes(other)
        told = ask(capsys, tmp_path / "r", "--vkey", finished.ledger.vkey)
        harmless = what.endswith("twice") and other.startswith(raw)  # a signature line that is repeated is ignored
        missing_entry = what == "line 1 missing"  # without the entry the receipt says nothing, and says that
        assert told["exit"] == (0 if harmless else 2 if missing_entry else 1), what
        tried += 1
    assert tried > 20


def test_without_a_key_or_with_another_one_a_receipt_convinces_nobody(finished, tmp_path, capsys):
    (tmp_path / "r").write_bytes(finished.get("/api/v1/receipts/5.tlog-proof").content)
    other = note.format_vkey(finished.ledger.origin, bytes(31) + b"\x07")
    elsewhere = note.format_vkey("demo.other.example/1", note.parse_vkey(finished.ledger.vkey).public)

    assert ask(capsys, tmp_path / "r")["exit"] == 2
    assert ask(capsys, tmp_path / "r", "--vkey", other)["exit"] == 1
    assert ask(capsys, tmp_path / "r", "--vkey", elsewhere)["exit"] == 1


def test_a_policy_that_asks_for_cosigners_is_asked(finished, tmp_path, capsys):
    (tmp_path / "r").write_bytes(finished.get("/api/v1/receipts/5.tlog-proof").content)
    witness = note.format_vkey("witness.example", bytes(31) + b"\x07", note.COSIGNATURE)
    (tmp_path / "policy").write_text(f"log {finished.ledger.vkey}\nwitness w {witness}\nquorum w\n")

    told = ask(capsys, tmp_path / "r", "--policy", str(tmp_path / "policy"))

    assert [each["check"] for each in of(told, "BROKEN")] == ["policy"]


@pytest.mark.parametrize("result", ["drawn", "not-drawn", "excluded"])
def test_a_self_check_tells_why_and_holds_offline(finished, businesses, tmp_path, capsys, result):
    business = businesses[result]
    path = tmp_path / "self.json"
    path.write_bytes(fetched(finished, business))

    told = ask(capsys, path, "--vkey", finished.ledger.vkey)

    value = json.loads(path.read_bytes())
    assert told["exit"] == 0, told
    assert {each["check"] for each in of(told, "HOLDS")} >= {"checkpoint", "entries", "pool", "result"}
    assert value["result"] == result
    assert ("listed" in value) == (result == "drawn")


def test_every_business_of_the_pool_is_told_what_a_naive_twin_works_out(finished):
    ledger = finished.ledger
    data = [entry_data(ledger, index) for index in range(ledger.size)]
    frozen = next(each for each in data if "freeze" in each)
    secret = bytes.fromhex(next(each["seed"] for each in data if set(each) == {"seed"}))
    pool = list(ledger.lines(frozen["documents"]["objects"]["sha256"]))
    key = twin.sha(b"FAIRDRAW-KEY/1\0", twin.be(6, 4), b"object", secret)
    rows = [(row["id"], row["stratum"], "excluded" in row) for row in pool]
    strata = twin.select(key, rows, frozen["freeze"]["quota_bp"], frozen["freeze"].get("hi_bp"))

    for place, row in enumerate(pool):
        told = json.loads(fetched(finished, row["id"]))
        threshold, drawn = strata[row["stratum"]][2:]
        due = "excluded" if "excluded" in row else "drawn" if row["id"] in drawn else "not-drawn"
        assert (told["result"], told["pool"]["index"], told["stratum"]) == (due, place, row["stratum"])
        assert told["ticket"] == twin.sha(b"FAIRDRAW-TICKET/1\0", key, row["id"].encode()).hex()
        assert told["threshold"] == (threshold.hex() if threshold else None)
        if due == "drawn":
            assert json.loads(told["listed"]["line"])["rank"] == drawn.index(row["id"]) + 1
    assert len(pool) == 60


def test_a_bare_python_checks_all_of_it_but_the_signature(finished, businesses, tmp_path):
    path = tmp_path / "self.json"
    path.write_bytes(fetched(finished, businesses["drawn"]))
    command = [sys.executable, "-S", "-m", "verify", "receipt", str(path), "--vkey", finished.ledger.vkey, "--json"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    told = json.loads(done.stdout)
    assert done.returncode == 2
    assert [each["check"] for each in of(told, "UNCHECKED")] == ["checkpoint"]


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every single value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, dict | list):
        yield path
    for key, each in inside:
        yield from leaves_of(each, (*path, key))


def other_values(value: Any) -> list[Any]:
    """Return what else could stand there: of text every kind of edit, of a number its neighbours."""
    if value is None or isinstance(value, int):
        return [1 if value is None else value + 1, None]
    middle = len(value) // 2
    changed = "0" if value[middle : middle + 1] != "0" else "1"
    edits = {value[:middle] + changed + value[middle + 1 :], value + "0", value[:-1], ""}
    return sorted(edits - {value})


@pytest.mark.parametrize("result", ["drawn", "not-drawn", "excluded"])
def test_every_field_of_a_self_check_that_is_altered_is_broken(finished, businesses, tmp_path, capsys, result):
    original = fetched(finished, businesses[result])
    path = tmp_path / "self.json"
    tried = set()
    for place in leaves_of(json.loads(original)):
        before = json.loads(original)
        for key in place:
            before = before[key]
        for other in other_values(before):
            value = json.loads(original)
            inner = value
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = other
            path.write_bytes(canonical.encode(value))
            assert path.read_bytes() != original.removesuffix(b"\n")
            assert ask(capsys, path, "--vkey", finished.ledger.vkey)["exit"] == 1, (place, other)
        tried.add(".".join(map(str, place)))
    assert {"seed", "ticket", "threshold", "result", "stratum", "draw", "object", "format"} <= tried
    assert {"pool.index", "pool.line", "pool.path.0", "entries.drawn.entry", "entries.seed.index"} <= tried


def test_a_field_that_is_missing_or_strange_is_broken(finished, businesses, tmp_path, capsys):
    original = json.loads(fetched(finished, businesses["drawn"]))
    path = tmp_path / "self.json"
    for name in original:
        path.write_bytes(canonical.encode({key: each for key, each in original.items() if key != name}))
        assert ask(capsys, path, "--vkey", finished.ledger.vkey)["exit"] == 1, name
    path.write_bytes(canonical.encode({**original, "remark": "x"}))
    assert ask(capsys, path, "--vkey", finished.ledger.vkey)["exit"] == 1
    path.write_text(json.dumps(original))  # the same values in another spelling
    assert ask(capsys, path, "--vkey", finished.ledger.vkey)["exit"] == 1


def test_the_parts_of_two_self_checks_cannot_be_mixed(finished, businesses, tmp_path, capsys):
    one, other = (json.loads(fetched(finished, businesses[each])) for each in ("drawn", "not-drawn"))
    path = tmp_path / "self.json"
    tried = 0
    for name in ("object", "pool", "ticket", "result", "stratum", "threshold"):
        if one[name] != other[name]:
            path.write_bytes(canonical.encode({**one, name: other[name]}))
            assert ask(capsys, path, "--vkey", finished.ledger.vkey)["exit"] == 1, name
            tried += 1
    assert tried >= 4


STRATA: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "an empty stratum of which one is in hand": (lambda strata: strata["B"].update(n=0, k=0, threshold=None), "empty"),
    "nobody is drawn, and there is a threshold": (lambda strata: strata["B"].update(k=0), "threshold exactly where"),
    "somebody is drawn, and there is no threshold": (
        lambda strata: strata["B"].update(threshold=None),
        "threshold exactly",
    ),
    "a bigger pool than the frozen one": (lambda strata: strata["B"].update(n=100_000, k=10_000), "add up to"),
    "another number of drawn": (lambda strata: strata["C"].update(k=strata["C"]["k"] + 1), "add up to"),
}


@pytest.mark.parametrize("deed", STRATA)
def test_strata_that_contradict_the_pool_or_the_drawn_list_are_broken(finished, businesses, deed):
    """Whoever signs the log may record any strata: they must be those of the pool and of the list that are named beside."""
    value = json.loads(fetched(finished, businesses["drawn"]))
    frozen, drawn = (entries.parse(value["entries"][name]["entry"].encode()) for name in ("frozen", "drawn"))
    line = {"id": value["object"], "stratum": "B", "row": "00" * 32}

    def judge() -> None:
        selfcheck._quota(frozen, line, drawn.data["strata"]["B"])
        selfcheck._sums(frozen, drawn)

    judge()
    change, words = STRATA[deed]
    change(drawn.data["strata"])

    with pytest.raises(placed.Misfit, match=words):
        judge()


def test_a_draw_that_leaves_out_whom_its_own_threshold_draws_is_found(finished, businesses, tmp_path, capsys):
    """The server hides a line of the drawn list: the file then says `drawn` without the line, or is altered to say otherwise."""
    value = json.loads(fetched(finished, businesses["drawn"]))
    del value["listed"]
    path = tmp_path / "self.json"
    for claimed in ("drawn", "not-drawn"):
        path.write_bytes(canonical.encode({**value, "result": claimed}))
        assert ask(capsys, path, "--vkey", finished.ledger.vkey)["exit"] == 1


def test_a_receipt_of_which_only_a_part_is_left_is_broken(finished, businesses, tmp_path, capsys):
    whole = (finished.get("/api/v1/receipts/5.tlog-proof").content, fetched(finished, businesses["drawn"]))
    parts = [raw[:length] for raw in whole for length in (300, len(raw) // 2, len(raw) - 2)]
    parts += [raw[length:] for raw in whole for length in (1, 40)]
    parts += [b"c2sp.org/t", b"c2sp.org/tlog-proof@v1\n", b"c2sp.org/tlog-proof@v1\nindex 1\n\nx\n", b"\xff" + whole[0]]
    for content in parts:
        (tmp_path / "r").write_bytes(content)
        assert ask(capsys, tmp_path / "r", "--vkey", finished.ledger.vkey)["exit"] == 1


@pytest.mark.parametrize("result", ["drawn", "not-drawn", "excluded"])
def test_the_page_of_a_business_says_what_its_file_says_and_its_code_leads_there(finished, businesses, result):
    value = json.loads(fetched(finished, businesses[result]))
    page = finished.get(f"/draws/{DRAW}/self-check", object=f" {businesses[result]} ").text

    for shown in ("ticket", "threshold", "seed"):
        assert value[shown] in page
    assert {"drawn": "被抽中", "not-drawn": "未被抽中", "excluded": "不参加抽取"}[result] in page
    path = f"/api/v1/receipts/draws/{DRAW}/{businesses[result]}.json"
    assert f'href="{path}"' in page
    assert qr_svg(f"http://testserver{path}".encode()) in page
    assert "<script" not in page


def test_the_page_of_a_draw_leads_to_the_self_check(finished, businesses):
    page = finished.get(f"/draws/{DRAW}").text

    assert f'action="/draws/{DRAW}/self-check"' in page
    assert f"/draws/{DRAW}/self-check?object={businesses['drawn']}" in page
    assert finished.get(f"/draws/{DRAW}/self-check", object="<script>").status_code in (400, 422)


def test_a_host_that_is_none_gets_no_code(finished, businesses):
    asked = {"object": businesses["drawn"]}
    page = finished.http.get(f"/draws/{DRAW}/self-check", params=asked, headers={"Host": "x;id"}).text

    assert "<svg" not in page.partition('class="seal"')[0]


def test_receipts_come_from_the_command_line_too(tmp_path, capsys):
    story = tell(tmp_path / "log")
    vkey = story.ledger.vkey
    story.ledger.publish_checkpoint()
    draw = story.ledger.store.streams("draw/")[0].removeprefix("draw/")
    business = drawn_objects(story.ledger, f"draw/{draw}")[0]
    story.ledger.close()

    for what in ("7", f"{draw}/{business}"):
        target = tmp_path / "held"
        assert main(["receipt", "--dir", str(tmp_path / "log"), what, str(target)]) == 0
        assert verifier.main(["receipt", str(target), "--vkey", vkey]) == 0
        assert main(["verify", "receipt", str(target), "--vkey", vkey]) == 0
    assert main(["receipt", "--dir", str(tmp_path / "log"), "99999", str(tmp_path / "x")]) == 1
    assert main(["receipt", "--dir", str(tmp_path / "log"), "seven", str(tmp_path / "x")]) == 64
    assert main(["publish", "--dir", str(tmp_path / "log"), str(tmp_path / "static")]) == 0
    assert main(["fsck", str(tmp_path / "static"), "--vkey", vkey]) == 0
    (tmp_path / "static" / "thesis").write_text("x")
    capsys.readouterr()
    assert main(["publish", "--dir", str(tmp_path / "log"), str(tmp_path / "static")]) == 1
    assert "thesis" in capsys.readouterr().err


def test_entries_of_another_draw_of_the_same_log_prove_nothing_about_this_one(tmp_path, capsys):
    story = tell(tmp_path / "log")
    with story.ledger as ledger:
        ledger.publish_checkpoint()
        draws = [each.removeprefix("draw/") for each in ledger.store.streams("draw/")]
        with up_to_date(ledger) as snapshot:
            one, other = (
                self_check(ledger, snapshot.connection, draw, drawn_objects(ledger, f"draw/{draw}")[0])
                for draw in draws
            )
        vkey = ledger.vkey
    path = tmp_path / "self.json"
    for name in ("frozen", "seed", "drawn"):
        mixed = {**one, "entries": {**one["entries"], name: other["entries"][name]}}
        path.write_bytes(canonical.encode(mixed))
        assert ask(capsys, path, "--vkey", vkey)["exit"] == 1, name
    path.write_bytes(canonical.encode({**one, "entries": other["entries"]}))
    assert ask(capsys, path, "--vkey", vkey)["exit"] == 1
    path.write_bytes(canonical.encode(one))
    assert ask(capsys, path, "--vkey", vkey)["exit"] == 0
