"""Several folders at once, one that is killed, and whoever waits for what was written."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path

import pytest

from projections import follow, rebuild, tail
from projections.rows import ViewError
from tests.projections.handmade import OBJECTS, added, business, import_batch, long_story, story
from tests.projections.places import PostgresPlace, SqlitePlace, Views

ROOT = Path(__file__).resolve().parents[2]


def digest_of(views):
    with views.reading() as connection:
        return rebuild.digest(connection)


def position_of(views):
    with views.reading() as connection:
        return tail.position(connection)


def test_folders_at_once_fold_every_entry_once(new_place, new_views):
    log, place = long_story(), new_place()
    folders = [Views(log, place) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        reached = list(pool.map(lambda views: follow.wait_for(views, views.size, 60, limit=5), folders))

    assert reached == [len(log.raw)] * 4
    assert sorted(index for views in folders for index in views.handed) == list(range(len(log.raw)))
    expected = new_views(log)
    expected.whole().close()
    assert digest_of(folders[0]) == digest_of(expected)


def test_a_folder_that_is_killed_leaves_a_place_that_its_tables_agree_with(new_place, new_views):
    log, place = long_story(), new_place()
    views = Views(log, place)
    for kill in range(1, 4):
        command = [sys.executable, "-m", "tests.projections.folder_process", type(place).__name__, *astuple(place)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            for _ in range(3):
                assert process.stdout.readline() == "written\n"
            os.kill(process.pid, signal.SIGKILL)

        reached = position_of(views)

        assert reached == kill * 2 * 7, "the third batch was written and is not there"
        expected = new_views(log)
        while expected.handed[-1:] != [reached - 1]:
            expected.step(7)
        assert digest_of(views) == digest_of(expected)

    assert views.step() == views.size
    expected.step()
    assert digest_of(views) == digest_of(expected)


def test_whoever_waits_for_an_index_goes_on_once_another_has_folded_it(new_place):
    log, place = story(), new_place()
    folding, waiting = Views(log, place), Views(log, place)
    began = threading.Event()

    def fold():
        with folding.writing() as connection:
            tail.hold(connection)
            began.set()
            time.sleep(0.2)
            tail.catch_up(connection, folding.entries, folding.document, folding.size)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(fold)
        began.wait()
        reached = follow.wait_for(waiting, len(log.raw), 30)
        done.result()

    assert reached == len(log.raw)
    assert waiting.handed == []


def test_whoever_waits_too_long_is_told_how_far_the_views_are(new_views):
    views = new_views(long_story())

    with pytest.raises(follow.Behind, match=f"the views hold 1 of {views.size} entries"):
        follow.wait_for(views, views.size, 0, limit=1)


def test_whoever_waits_for_what_is_there_already_folds_nothing(new_views):
    views = new_views(story())
    views.step(10)
    views.handed.clear()

    assert follow.wait_for(views, 8, 0) == 10
    assert views.handed == []


def test_nobody_folds_while_another_worker_holds_the_place(postgres_dsn):
    place = PostgresPlace(postgres_dsn, "held")
    place.make()
    holding, other = Views(story(), place), Views(story(), place)

    with holding.writing() as connection:
        tail.hold(connection)
        with pytest.raises(follow.Behind, match="the views hold 0 of"):
            follow.wait_for(other, other.size, 0.1)

    assert other.handed == []
    assert follow.wait_for(other, other.size, 30) == other.size


def test_logs_of_different_schemas_do_not_wait_for_each_other(postgres_dsn):
    places = [PostgresPlace(postgres_dsn, name) for name in ("one_log", "another_log")]
    for place in places:
        place.make()
    one, another = (Views(story(), place) for place in places)

    with one.writing() as connection:
        tail.hold(connection)

        assert follow.wait_for(another, another.size, 0) == another.size


def test_a_worker_refuses_tables_of_another_form_on_postgres_and_makes_none(postgres_dsn):
    place = PostgresPlace(postgres_dsn, "old_form")
    place.make()
    views = Views(story(), place)
    with views.writing() as connection:
        connection.execute("UPDATE view_position SET schema = 'old' WHERE view = 'plans'")

    with pytest.raises(ViewError, match="the tables of plans are missing or have another form: run `fairdraw migrate`"):
        views.step()

    assert position_of(views) == 0


def test_a_rebuild_beside_a_running_service_makes_the_same_rows_again(new_place, new_views):
    log, place = story(), new_place()
    views = Views(log, place)
    views.whole().close()
    stopping = threading.Event()

    def serve():
        number = 0
        while not stopping.is_set():
            number += 1
            import_batch(log, OBJECTS, [added(business(f"S{number}", "新店"))], 3)
            follow.wait_for(Views(log, place), len(log.raw), 30)

    with ThreadPoolExecutor(1) as pool, ExitStack() as stack:
        serving = pool.submit(serve)
        stack.callback(stopping.set)
        pairs = [rebuild.rebuild(views) for _ in range(5)]
    serving.result()

    assert all(before == after for before, after in pairs)
    expected = new_views(log)
    expected.whole().close()
    assert position_of(views) == len(log.raw)
    assert digest_of(views) == digest_of(expected)


def test_a_rebuild_mends_what_was_changed_by_hand(new_views):
    views = new_views(story())
    connection = views.whole()
    good = rebuild.digest(connection)
    connection.execute("UPDATE view_draw SET phase = 'frozen'")
    connection.execute("DELETE FROM view_result")
    bad = rebuild.digest(connection)

    assert rebuild.rebuild(views) == (bad, good)
    assert rebuild.digest(connection) == good
    connection.close()


def test_a_rebuild_that_cannot_fold_leaves_the_old_rows(new_views):
    views = new_views(story())
    views.whole().close()
    before = digest_of(views)
    views.log.contents.clear()

    with pytest.raises(ViewError, match="is missing"):
        rebuild.rebuild(views)

    assert digest_of(views) == before


def test_both_databases_hold_the_same_rows(postgres_dsn, tmp_path):
    digests = set()
    for place in (SqlitePlace(str(tmp_path / "views.db")), PostgresPlace(postgres_dsn, "same_rows")):
        place.make()
        views = Views(long_story(), place)
        views.whole(limit=100).close()
        digests.add(digest_of(views))

    assert len(digests) == 1


def test_whoever_need_not_wait_goes_on_when_another_folds(postgres_dsn):
    place = PostgresPlace(postgres_dsn, "not_waiting")
    place.make()
    holding, other = Views(story(), place), Views(story(), place)

    with holding.writing() as connection:
        tail.hold(connection)

        assert follow.fold(other, other.size) == 0

    assert follow.fold(other, other.size, limit=5) == other.size
