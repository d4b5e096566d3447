"""The page in a real browser: what a clerk sees, what it remembers, and that it asks nobody but its own host."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Route

from tests.browser.chromium import Window, chromium, peak_megabytes
from tests.browser.in_the_hand import receipt
from tests.cheats import common, on_files, on_keys, on_lists
from tests.forge import Forge, write
from tests.running import served
from tests.story import Story, inspectors, new_ledger, objects
from tests.witnessing import key_of
from verify import note

MANY = 200_000
ELIGIBLE = MANY - MANY // 17
PATIENCE = 300_000


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    with chromium() as found:
        yield found


@pytest.fixture(autouse=True)
def fresh(window) -> Iterator[None]:
    yield
    window.clear()


@pytest.fixture(scope="module")
def host(story, tmp_path_factory) -> Iterator[str]:
    """Serve a copy of the honest log."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(story.folder, folder / "log")
    with served(folder, "--dir", folder / "log") as running:
        yield f"127.0.0.1:{running.port}"


def opened(window: Window, host: str, vkey: str = "") -> Page:
    page = window.page()
    page.goto(f"http://{host}/verify/")
    page.fill("#vkey", vkey)
    return page


def verdict(page: Page) -> str:
    """Wait for the verdict and return its headline."""
    page.wait_for_selector("#working", state="hidden", timeout=PATIENCE)
    page.wait_for_selector("#verdict", timeout=PATIENCE)
    return page.inner_text("#headline")


def badges(page: Page) -> dict[str, str]:
    """Return the outcome that stands before each check."""
    names = page.locator("details.check > summary > small").all_inner_texts()
    return dict(zip(names, page.locator("details.check > summary > .badge").all_inner_texts(), strict=True))


def test_the_live_log_holds_and_nobody_else_is_asked(window, host, story):
    page = opened(window, host, story.vkey)

    page.click("#live")

    assert verdict(page).startswith("全部成立")
    assert badges(page)["F02"] == "成立"
    assert "不成立" not in badges(page).values()
    assert any(url.endswith("/export.tar") for url in window.asked)
    assert window.strangers(host) == []


def test_without_a_key_it_says_that_the_owner_stays_open(window, host):
    page = opened(window, host)

    page.click("#live")

    assert verdict(page).startswith("记录自洽，但未给出公钥")
    assert badges(page)["whose"] == "未校验"


def test_a_cheat_is_named_with_the_entry_and_the_reason(window, host, story, tmp_path):
    forged = write(on_lists.unit_swapped_in_the_drawn_list(Forge(story.export, story.key_pem)), tmp_path / "forged")
    page = opened(window, host, story.vkey)

    page.set_input_files("#folder", forged)

    assert verdict(page).startswith("不成立")
    assert badges(page)["F02"] == "不成立"
    assert "第 47 条：draw/220100-2026-0001：重放抽中" in page.inner_text("#groups")


def test_an_archive_is_read_too(window, host, story, tmp_path):
    shutil.make_archive(str(tmp_path / "export"), "tar", story.export.parent, story.export.name)
    page = opened(window, host, story.vkey)

    page.set_input_files("#archive", tmp_path / "export.tar")

    assert verdict(page).startswith("全部成立")


def test_a_folder_without_a_log_gets_no_verdict(window, host, story, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "note.txt").write_text("nothing")
    page = opened(window, host, story.vkey)

    page.set_input_files("#folder", tmp_path / "empty")

    assert verdict(page).startswith("无法读取")


def test_it_remembers_what_it_saw_and_finds_a_rewritten_history(window, host, story, tmp_path):
    forge = Forge(story.export, story.key_pem)
    common.first_draw(forge)
    older = write(forge.settle(), tmp_path / "older")
    rewritten = write(on_files.edited_and_resigned(Forge(story.export, story.key_pem)), tmp_path / "rewritten")
    page = opened(window, host, story.vkey)
    page.set_input_files("#folder", older)
    assert verdict(page).startswith("全部成立")

    page.reload()
    page.fill("#vkey", story.vkey)
    page.set_input_files("#folder", rewritten)

    assert verdict(page).startswith("不成立")
    assert badges(page)["remembered"] == "不成立"
    assert {check for check, outcome in badges(page).items() if outcome == "不成立"} == {"remembered"}


def test_a_handover_hides_no_rewritten_history(window, host, story, tmp_path):
    """First the key from outside is the old one, then the new one."""
    forge = Forge(story.export, story.key_pem)
    common.first_draw(forge)
    older = write(forge.settle(), tmp_path / "older")
    rewritten = Forge(story.export, story.key_pem)
    rewritten.first("unit.registered", 1)["data"]["name"] = "另一个名称"
    common.first_draw(rewritten)
    rewritten.settle()
    forged = write(handed_over_now(rewritten), tmp_path / "forged")
    page = opened(window, host, story.vkey)
    page.set_input_files("#folder", older)
    assert verdict(page).startswith("全部成立")

    for vkey in (story.vkey, on_keys.new_key(rewritten)):
        page.reload()
        page.fill("#vkey", vkey)
        page.set_input_files("#folder", forged)

        assert verdict(page).startswith("不成立")
        assert {check for check, outcome in badges(page).items() if outcome == "不成立"} == {"remembered"}


def test_a_log_that_was_handed_over_is_remembered_under_all_its_keys(window, host, story, tmp_path):
    """So a rewriting that names the new key from the beginning is found too."""
    forge = Forge(story.export, story.key_pem)
    honest = write(on_keys.handed_over(forge), tmp_path / "honest")
    page = opened(window, host, story.vkey)
    page.set_input_files("#folder", honest)
    assert verdict(page).startswith("全部成立")

    names = page.evaluate("Object.keys(JSON.parse(localStorage.getItem('fairdraw.seen')))")

    assert len(names) == 2
    assert all(name.startswith(f"{forge.key.name} ") for name in names)


def handed_over_now(forge: Forge) -> dict[str, bytes]:
    """Hand a log over to a new key after its last entry, by all the rules."""
    on_keys.announced(forge)
    on_keys.retired(forge, on_keys.covered(forge))
    on_keys.more(forge)
    return on_keys.signed_by(forge, on_keys.NEW)


def test_a_business_reads_why_it_was_drawn(window, host, story):
    page = opened(window, host, story.vkey)
    page.click("#live")
    verdict(page)

    page.fill("#self-id", "91220101YY0000016X")
    page.click("#self-form button")
    page.wait_for_selector("#self-answer article")

    answers = [each.inner_text() for each in page.query_selector_all("#self-answer article")]
    assert "不参加抽取（status:closed）" in answers[0]
    page.fill("#self-id", "nobody")
    page.click("#self-form button")
    page.wait_for_selector("#self-answer p:has-text('nobody')")


def test_a_receipt_is_read_from_the_hand(window, host, story, tmp_path):
    right, wrong = tmp_path / "right.tlog-proof", tmp_path / "wrong.tlog-proof"
    right.write_bytes(receipt(Forge(story.export, story.key_pem).honest, 47))
    wrong.write_bytes(receipt(Forge(story.export, story.key_pem).honest, 47).replace(b"index 47", b"index 46"))
    page = opened(window, host, story.vkey)

    page.set_input_files("#archive", right)
    assert verdict(page).startswith("回执成立")
    assert "draw.objects-drawn" in page.inner_text("#facts")

    page.set_input_files("#archive", wrong)
    page.wait_for_selector("#headline:has-text('不成立')")


def test_the_policy_of_the_page_is_asked_of_a_receipt_too(window, host, story, tmp_path):
    honest, seen = Forge(story.export, story.key_pem).honest, key_of("commission.example")
    cosigned = honest["checkpoint"] + seen.cosign(note.split(honest["checkpoint"])[0], 1)
    (tmp_path / "bare.tlog-proof").write_bytes(receipt(honest, 47))
    (tmp_path / "cosigned.tlog-proof").write_bytes(receipt(honest | {"checkpoint": cosigned}, 47))
    page = opened(window, host)
    page.click("summary:has-text('联署要求')")
    page.fill("#policy", f"log {story.vkey}\nwitness commission {seen.vkey}\nquorum commission\n")

    page.set_input_files("#archive", tmp_path / "cosigned.tlog-proof")
    assert verdict(page).startswith("回执成立")
    assert "commission" in page.inner_text("#facts")

    page.set_input_files("#archive", tmp_path / "bare.tlog-proof")
    page.wait_for_selector("#headline:has-text('不成立')")


def test_a_browser_without_ed25519_says_that_a_receipt_proves_nothing(window, host, story, tmp_path):
    """The worker's WebCrypto has no Ed25519: it is taken away before the worker's own first line."""
    take = "crypto.subtle.importKey = () => Promise.reject(new Error('no Ed25519'));"
    page = window.page()
    page.context.route("**/worker.js", lambda route: _after(route, take))
    page.goto(f"http://{host}/verify/")
    page.fill("#vkey", story.vkey)
    (tmp_path / "right.tlog-proof").write_bytes(receipt(Forge(story.export, story.key_pem).honest, 47))

    page.set_input_files("#archive", tmp_path / "right.tlog-proof")

    assert verdict(page).startswith("未核验签名，不能证明什么")
    assert "成立" not in page.inner_text("#verdict")
    assert page.get_attribute("#verdict", "data-exit") == "2"


def _after(route: Route, script: str) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text() + script)


def test_its_rules_let_no_script_of_it_speak_to_anybody_else(window, host):
    """The planted fault: a script of the page tries, and neither the page nor the watchman lets it out."""
    page = opened(window, host)
    headers = page.request.get(f"http://{host}/verify/").headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]

    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate("fetch('http://192.0.2.1/')")
    with pytest.raises(Error):
        page.add_script_tag(content="window.inline = true")

    assert page.evaluate("window.inline") is None
    assert window.watchman.heard == []


def test_the_watchman_would_hear_it(window):
    page = window.page()

    with pytest.raises(Error):
        page.goto("http://192.0.2.1/")

    assert any("192.0.2.1" in line for line in window.watchman.heard)


@dataclass(frozen=True)
class Big:
    """A log with one draw over many objects."""

    log: Path
    vkey: str


@pytest.fixture(scope="module")
def big(window, tmp_path_factory) -> Big:
    folder = tmp_path_factory.mktemp("big")
    told = Story(new_ledger(folder / "log"))
    told.organise()
    plan = told.plan({"CCSW-003": "general"})
    registries = told.registries("CCSW-003", objects(MANY), inspectors(600, ["CCSW-003"]))
    told.ceremony(told.freeze(plan, "CCSW-003", registries))
    with told.ledger as ledger:
        ledger.publish_checkpoint()
        return Big(folder / "log", ledger.vkey)


def test_a_draw_over_200_000_objects_is_verified_on_the_page(window, big, tmp_path, capsys):
    with served(tmp_path, "--dir", big.log) as running:
        host = f"127.0.0.1:{running.port}"
        page = opened(window, host, big.vkey)
        started = time.perf_counter()

        page.click("#live")
        head = verdict(page)

        seconds, memory = time.perf_counter() - started, peak_megabytes()
        with capsys.disabled():
            print(f"\n{MANY:,} objects verified in headless Chromium: {seconds:.1f} s, at most {memory} MB a page")
        assert head.startswith("全部成立")
        page.click("details.check:has(summary > small:text-is('F02')) summary")
        assert f"{ELIGIBLE} 个对象中抽取" in page.inner_text("#groups")
        assert 0 < memory < 1500
        assert window.strangers(host) == []
