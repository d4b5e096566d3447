"""A CSV file is imported whole or not at all, and every faulty row is named."""

import pytest

from tests.api.made_up import code

HEADER = "uscc,name,credit_risk_class,registration_status\n"


@pytest.fixture
def registry(doors):
    doors.post("/accounts", {"account": "market", "role": "organiser", "unit": "220100"})
    body = {"registry": "shops", "type": "objects", "title": "名录库", "item": "CCSW-001"}
    assert doors.post("/registries", body, account="market").status_code == 201
    return doors


def csv(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode()


def upload(doors, content: bytes, query: str = "", media: str = "text/csv", account: str | None = "market"):
    return doors.send(f"/registries/shops/imports{query}", content, media, account)


def test_a_file_without_fault_is_one_entry(registry):
    answer = upload(registry, csv(f"{code(1)},甲店,A,active", f"{code(2)},乙店,,"), media="text/csv; charset=utf-8")

    assert answer.status_code == 201, answer.text
    assert answer.json()["kind"] == "registry.imported"
    rows = registry.get("/api/v1/registries/shops/rows", "market").json()["items"]
    assert sorted(row["name"] for row in rows) == ["乙店", "甲店"]


def test_every_faulty_row_is_named_and_nothing_is_imported(registry):
    size = registry.ledger.size

    answer = upload(registry, csv(f"{code(1)},甲店,A,active", "12345,乙店,A,active", f"{code(3)},丙店,Z,active"))

    assert answer.status_code == 422
    faults = answer.json()["errors"]
    assert [fault["line"] for fault in faults] == [3, 4]
    assert all({"line", "column", "value", "reason_zh", "reason"} <= fault.keys() for fault in faults)
    assert registry.ledger.size == size


def test_a_dry_run_counts_and_records_nothing(registry):
    upload(registry, csv(f"{code(1)},甲店,A,active", f"{code(2)},乙店,A,active"))
    size = registry.ledger.size

    content = csv(f"{code(2)},乙店,A,active", f"{code(3)},丙店,A,active")
    merged = upload(registry, content, "?dry_run=true").json()
    replaced = upload(registry, content, "?dry_run=true&mode=replace").json()

    assert (merged["rows"], merged["new"], merged["present"], merged["removed"]) == (2, 1, 1, 0)
    assert replaced["removed"] == 1
    assert registry.ledger.size == size


def test_a_file_that_is_too_large_or_of_another_type_or_of_nobody_is_refused(registry):
    content = csv(f"{code(1)},甲店,A,active")

    assert upload(registry, b"x" * ((1 << 16) + 1)).status_code == 413
    assert upload(registry, content, media="application/json").status_code == 415
    assert upload(registry, content, account=None).status_code == 401
    assert upload(registry, content, "?mode=append").status_code == 422
    assert registry.send("/registries/none/imports", content, "text/csv", "market").status_code == 404


def test_the_same_file_under_the_same_key_is_imported_once(registry):
    headers = registry.headers("market") | {"Content-Type": "text/csv", "Idempotency-Key": "import-1"}
    content = csv(f"{code(1)},甲店,A,active")

    first, again = (
        registry.http.post("/api/v1/registries/shops/imports", content=content, headers=headers) for _ in range(2)
    )

    assert first.status_code == 201
    assert first.json() == again.json()
