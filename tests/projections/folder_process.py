"""A process that folds a log by hand until it is killed: it says so whenever a batch is written and not yet committed."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.projections.handmade import long_story
from tests.projections.places import Place, PostgresPlace, SqlitePlace, Views


class Slow(Views):
    @contextmanager
    def writing(self) -> Iterator[Any]:
        with super().writing() as connection:
            yield connection
            print("written", flush=True)
            time.sleep(0.05)


if __name__ == "__main__":
    kind, *place = sys.argv[1:]
    where: Place = SqlitePlace(*place) if kind == "SqlitePlace" else PostgresPlace(*place)
    Slow(long_story(), where).whole(limit=7)
