"""Many clients at once: each is answered once, reads what it wrote, and the views fold every entry once."""

from concurrent.futures import ThreadPoolExecutor

from api import reading
from projections import rebuild, tail


def test_clients_that_write_and_read_at_once_all_see_their_own_entries(doors):
    doors.headers("admin")

    def write_and_read(number: int) -> bool:
        unit = f"u{number:02d}"
        body = {"unit": unit, "name": "处", "kind": "office", "parent": "220100"}
        receipts = [doors.post("/units", body, key=f"make-{unit}").json() for _ in range(2)]
        answer = doors.get(f"/api/v1/units/{unit}", "admin").json()
        return receipts[0] == receipts[1] and answer["item"]["index"] == receipts[0]["index"] < answer["index"]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write_and_read, range(40)))

    assert doors.ledger.size == 43
    before, after = reading.rebuild_views(doors.ledger)
    assert before == after
    with doors.ledger.store.reading() as connection:
        assert tail.position(connection) == 43
        assert rebuild.digest(connection) == before
