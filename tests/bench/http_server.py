"""What the HTTP measurement asks: our service with a draw that waits for its notices, or FastAPI's hello, on one kind of server.

python -m tests.bench.http_server ours FOLDER OBJECTS | hello; says where it listens in one line, ends with its input.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp

from api.app import create_app
from api.serving import Service
from api.settings import Settings
from tests.story import Story, drawn_objects, inspectors, new_ledger, objects

ITEM = "CCSW-003"


class Hello(BaseModel):
    """A body with as many fields as a notice has."""

    draw: str
    object: str
    visit_on: str


def hello() -> FastAPI:
    """Return the smallest application that takes a body and answers."""
    app = FastAPI()

    @app.post("/hello")
    async def greet(body: Hello) -> dict[str, str]:
        return {"hello": body.object}

    return app


def serve(app: ASGIApp, facts: dict[str, Any]) -> None:
    """Serve until the input ends."""
    with Service(app, "127.0.0.1", 0) as service:
        print(json.dumps({"port": service.port, **facts}), flush=True)
        sys.stdin.read()


def main(what: str, folder: str = "", count: str = "0") -> None:
    """Serve one of the two."""
    if what == "hello":
        serve(hello(), {})
        return
    with new_ledger(Path(folder)) as ledger:
        story = Story(ledger)
        story.organise()
        plan = story.plan({ITEM: "key"})
        rows = [{**row, "risk": "D"} for row in objects(int(count))]  # of class D everybody is drawn
        draw = story.freeze(plan, ITEM, story.registries(ITEM, rows, inspectors(200, [ITEM])))
        story.ceremony(draw)
        token = ledger.private.issue_token("clerk")
        facts = {"token": token, "draw": draw, "day": ledger.clock.now()[:10], "drawn": drawn_objects(ledger, draw)}
        serve(create_app(ledger, Settings()), facts)


if __name__ == "__main__":
    main(*sys.argv[1:])
