"""What every step of the demonstration needs: to send a command, to know and step the time, to keep what chance made."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from api.demo.client import Client
from api.demo.materials import Materials
from api.demo.memory import Memory


class Hands:
    """The client of one run, what it runs on, and what it remembers."""

    def __init__(self, client: Client, materials: Materials, folder: Path) -> None:
        self._client, self._materials = client, materials
        self._memory = Memory(folder / "kept")
        offices = sorted({item["lead_office"] or "业务处室" for item in materials.items})
        self._offices = {name: f"office-{number}" for number, name in enumerate(offices, start=1)}

    def _do(self, account: str, step: str, path: str, body: Any, media: str = "application/json") -> dict[str, Any]:
        return self._client.command(account, f"demo-{step}", path, body, media)

    def _now(self) -> str:
        return str(self._client.post("admin", "/clock", {"advance_seconds": 0})["now"])

    def _day(self) -> str:
        return self._now()[:10]

    def _wait_until(self, seconds: int) -> None:
        """Step the clock on to at least `seconds`."""
        ahead = seconds - int(datetime.fromisoformat(self._now()).timestamp())
        if ahead > 0:
            self._client.post("admin", "/clock", {"advance_seconds": ahead})

    def _next_working_day(self, code: str) -> str:
        def find() -> str:
            day = date.fromisoformat(self._day()) + timedelta(days=1)
            while not self._materials.calendar.is_working_day(day):
                day += timedelta(days=1)
            return day.isoformat()

        return str(self._memory.once(f"visit-{code}", find))

    def _office(self, line: dict[str, Any]) -> str:
        return self._offices[line["lead_office"] or "业务处室"]

    def _secret(self, code: str, party: str) -> bytes:
        return bytes.fromhex(self._memory.once(f"secret-{code}-{party}", lambda: secrets.token_bytes(32).hex()))

    def _token(self, account: str) -> str:
        path = f"/accounts/{account}/tokens"
        return str(self._memory.once(f"token-{account}", lambda: self._client.post("admin", path, {})["token"]))
