"""Whoever asks the service in a scale run: uploads a file, or downloads and throws away."""

from __future__ import annotations

import sys
from http.client import HTTPConnection
from pathlib import Path


def main(act: str, host: str, port: str, path: str, token: str = "", table: str = "") -> int:
    connection = HTTPConnection(host, int(port), timeout=3600)
    if act == "upload":
        headers = {"Content-Type": "text/csv", "Authorization": f"Bearer {token}"}
        headers["Content-Length"] = str(Path(table).stat().st_size)
        with Path(table).open("rb") as file:
            connection.request("POST", path, body=file, headers=headers)
    else:
        connection.request("GET", path)
    answer = connection.getresponse()
    first = answer.read(2000)
    while answer.read(1 << 20):
        pass
    if answer.status >= 300:
        print(answer.status, first.decode("utf-8", "replace"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
