"""A headless Chromium that may speak to this machine only, and a watchman who hears when it tries anything else."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.installing import program

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What the browser itself would ask of its maker: without these it is the watchman who has to refuse it.
    "--component-updater=url-source=http://127.0.0.1:1/",
    "--gaia-url=http://127.0.0.1:1",
    "--disable-domain-reliability",
    "--no-pings",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-features=OptimizationHints,MediaRouter,Translate,InterestFeedContentSuggestions,AutofillServerCommunication,"
    "NetworkTimeServiceQuerying,OptimizationGuideModelDownloading,CertificateTransparencyComponentUpdater",
]


class Watchman:
    """Stands as the proxy of everything but this machine, counts who comes, and sends everybody away."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self.heard.append(connection.recv(4096).partition(b"\r\n")[0].decode("latin-1"))

    def close(self) -> None:
        self._socket.close()


@dataclass
class Window:
    """A browser and all it asked for, the requests of pages and workers alike."""

    browser: Browser
    watchman: Watchman
    asked: list[str] = field(default_factory=list)

    def page(self) -> Page:
        """Open a page with a memory of its own."""
        context = self.browser.new_context()
        context.on("request", self._note)
        page = context.new_page()
        page.on("pageerror", lambda error: self.asked.append(f"error: {error}"))
        return page

    def clear(self) -> None:
        """Close all pages and forget what was asked."""
        for context in self.browser.contexts:
            context.close()
        self.asked.clear()
        self.watchman.heard.clear()

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)

    def strangers(self, host: str) -> list[str]:
        """Return what was asked of anybody but `host`, by a page or past it."""
        local = (f"http://{host}/", "blob:", "data:")
        return [url for url in self.asked if not url.startswith(local)] + self.watchman.heard


@contextmanager
def chromium() -> Iterator[Window]:
    """Start the system's Chromium; the test is skipped where none can be had."""
    path = program("chromium", "chromium", "fonts-noto-cjk")
    watchman = Watchman()
    proxy = [f"--proxy-server=http://127.0.0.1:{watchman.port}", "--proxy-bypass-list=127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *proxy])
        try:
            yield Window(browser, watchman)
        finally:
            browser.close()
            watchman.close()


def peak_megabytes() -> int:
    """Return the peak memory of the pages of our browsers: the renderer with the greatest one, in MB."""
    return max((_peak(pid) for pid in _descendants() if b"--type=renderer" in _command(pid)), default=0)


def _descendants() -> list[int]:
    parents = {int(path.name): _parent(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()}
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sorted(ours)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)
