"""Two authorities behind one service: each has its path, its round and its proof, and a token of one is nothing at the other."""

import re
from pathlib import Path

import pytest

from api.cli import main
from domain.ledger import Ledger
from tests.asking import answer, unpack
from tests.postgres import Postgres
from tests.running import served
from tests.story import Story, inspectors, new_ledger, objects
from verify import checkpoint, tiles

CITY, COUNTY = "demo.fairdraw.example/220100", "demo.fairdraw.example/220200"


def rounds(folder: Path, postgres: Postgres) -> dict[str, str]:
    """Make two logs in one database, each with a whole round; return the token of each administrator."""
    tokens = {}
    for origin, count in ((CITY, 60), (COUNTY, 80)):
        name = origin.rpartition("/")[2]
        with new_ledger(folder / name, origin, postgres.place().store) as ledger:
            story = Story(ledger)
            story.organise()
            plan = story.plan({"CCSW-001": "general"})
            people = inspectors(20, ["CCSW-001"])
            draw = story.freeze(plan, "CCSW-001", story.registries("CCSW-001", objects(count), people))
            story.ceremony(draw)
            story.inspect(draw)
            tokens[name] = ledger.private.issue_token("admin")
    return tokens


def test_two_authorities_run_their_rounds_behind_one_service_and_both_prove(
    tmp_path: Path, postgres: Postgres, capsys
) -> None:
    tokens = rounds(tmp_path / "logs", postgres)
    keys = {name: (tmp_path / "logs" / name / "log.vkey").read_text().strip() for name in tokens}
    unit = {"unit": "new", "name": "处", "kind": "office", "parent": "220100"}

    with served(tmp_path, "--logs", tmp_path / "logs", "--workers", "2") as service:
        front = service.ask("GET", "/")[1].decode()
        for name, other in (("220100", "220200"), ("220200", "220100")):
            assert f'href="/{name}/"' in front
            assert service.ask("POST", f"/{name}/api/v1/units", tokens[other], unit)[0] == 401
            assert service.ask("POST", f"/{name}/api/v1/units", tokens[name], unit)[0] == 201
            status, archive = service.ask("GET", f"/{name}/export.tar")
            assert status == 200
            unpack(archive, tmp_path / f"export-{name}")
        page = service.ask("GET", "/220200/")[1].decode()
        described = service.ask("GET", "/220200/openapi.json")[1]
        links = {path: service.ask("GET", path) for path in set(re.findall(r'(?:href|src)="(/[^"]*)"', page))}
        refusal = service.ask("GET", "/220200/api/v1/nothing")[1]
        head = checkpoint.parse(service.ask("GET", "/220200/checkpoint")[1])[0]
        tile = service.ask("GET", f"/220200/{tiles.tile_path(0, 0, min(head.size, 256))}")
        nowhere = service.ask("GET", "/220300/")[0]

    for name in tokens:
        told = answer(capsys, str(tmp_path / f"export-{name}" / "export"), "--vkey", keys[name])
        assert told["exit"] == 0
        wrong = answer(capsys, str(tmp_path / f"export-{name}" / "export"), "--vkey", keys["220100"])
        assert (wrong["exit"] == 0) == (name == "220100")
    assert "/220200/verify.tar | tar x" in page
    assert len(links) > 5
    assert {path: status for path, (status, _) in links.items() if status != 200} == {}
    assert all(path.startswith("/220200/") for path in links)
    assert described["servers"] == [{"url": "/220200"}]
    assert refusal["instance"] == "/220200/api/v1/nothing"
    assert tile[0] == 200
    assert nowhere == 404
    with Ledger.open(tmp_path / "logs" / "220100") as one, Ledger.open(tmp_path / "logs" / "220200") as two:
        assert [ledger.store.select_events("unit/new")[0].originator_version for ledger in (one, two)] == [1, 1]
        assert one.store.streams("unit/") == two.store.streams("unit/")
        assert one.store.root(3) != two.store.root(3)


def test_one_log_alone_has_no_path_of_its_own(tmp_path: Path) -> None:
    new_ledger(tmp_path / "log").close()

    with served(tmp_path, "--dir", tmp_path / "log") as service:
        page = service.ask("GET", "/")[1].decode()

    assert 'href="/results"' in page


def test_logs_that_end_alike_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for name in ("city", "county"):
        new_ledger(tmp_path / "logs" / name, f"demo.{name}.example/1").close()

    with served(tmp_path, "--dir", tmp_path / "logs" / "city", "--dir", tmp_path / "logs" / "county") as service:
        pages = [service.ask("GET", path) for path in ("/city/", "/county/", "/1/")]

    assert [status for status, _ in pages] == [200, 200, 404]
    assert "demo.county.example/1" in pages[1][1].decode()


@pytest.mark.parametrize("names", [("static", "1"), ("a b", "1")])
def test_a_log_without_a_usable_path_is_refused_by_name(tmp_path: Path, names: tuple[str, str], capsys) -> None:
    for number, name in enumerate(names):
        new_ledger(tmp_path / name, f"demo.x{number}.example/1").close()

    assert main(["serve", "--port", "0", "--dir", str(tmp_path / names[0]), "--dir", str(tmp_path / "1")]) == 1

    assert names[0] in capsys.readouterr().err


def test_a_folder_without_logs_is_refused(tmp_path: Path, capsys) -> None:
    assert main(["serve", "--logs", str(tmp_path)]) == 1
    assert "there is no log in" in capsys.readouterr().err
