"""A ledger with its HTTP application, empty or after a whole round, and a client for every account."""

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from domain.ledger import Ledger
from tests.story import Story, inspectors, new_ledger, objects

HOSTILE = "<script>alert('x')</script>&\"店"


class Doors:
    """The application over one ledger: `get` and `post` as an account, or as nobody."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.app = create_app(ledger, Settings(keep=False, json_limit=1 << 20, csv_limit=1 << 16))
        self.http = TestClient(self.app, raise_server_exceptions=False)
        self._tokens: dict[str, str] = {}

    def headers(self, account: str | None) -> dict[str, str]:
        if account is None:
            return {}
        if account not in self._tokens:
            self._tokens[account] = self.ledger.private.issue_token(account)
        return {"Authorization": f"Bearer {self._tokens[account]}"}

    def get(self, path: str, account: str | None = None, **query):
        return self.http.get(path, headers=self.headers(account), params=query or None)

    def post(self, path: str, body=None, account: str | None = "admin", key: str | None = None, **query):
        headers = self.headers(account) | ({"Idempotency-Key": key} if key else {})
        return self.http.post(f"/api/v1{path}", json=body, headers=headers, params=query or None)

    def send(self, path: str, content: bytes, media: str | None = "application/json", account: str | None = "admin"):
        headers = self.headers(account) | ({"Content-Type": media} if media else {})
        return self.http.post(f"/api/v1{path}", content=content, headers=headers)


@pytest.fixture
def doors(tmp_path):
    with new_ledger(tmp_path / "log") as ledger:
        yield Doors(ledger)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A round from units to published results, the last one late; every business has a hostile name."""
    with new_ledger(tmp_path_factory.mktemp("finished") / "log") as ledger:
        story = Story(ledger)
        story.organise()
        plan = story.plan({"CCSW-001": "general"})
        rows = [{**row, "name": f"{HOSTILE}{n}"} for n, row in enumerate(objects(60))]
        draw = story.freeze(plan, "CCSW-001", story.registries("CCSW-001", rows, inspectors(20, ["CCSW-001"])))
        story.ceremony(draw)
        story.inspect(draw)
        ledger.publish_checkpoint()
        yield Doors(ledger)


@pytest.fixture(scope="session")
def told(tmp_path_factory):
    """A finished draw and one that is only frozen; nobody may change it."""
    from tests.api.two_draws import Told  # it needs this module

    made = Told(tmp_path_factory.mktemp("why"))
    with made.ledger:
        yield made
