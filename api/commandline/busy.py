"""What to do instead where a running service holds the log: its route that does the same, or how to let the service do it."""

from __future__ import annotations

from collections.abc import Sequence

_STOP = ("先停止服务（Ctrl-C 或 systemctl stop）", "stop the service (Ctrl-C, or systemctl stop)")
_INSTEAD = {
    "publish": (
        "以 serve --publish 文件夹 重新启动服务，由它持续写出静态文件夹",
        "start the service anew with serve --publish FOLDER: it keeps the static folder up to date",
    ),
    "anchor": (
        "运行 anchor --url URL --every 秒数 后重新启动服务，由它按时加盖时间戳",
        "run anchor --url URL --every SECONDS and start the service anew: it asks the authority by that schedule",
    ),
    "cosign": (
        "运行中的服务自行请见证联署，各见证状态见 GET /api/v1/witnesses；更换 policy.txt 后重新启动服务即生效",
        "a running service asks the witnesses itself, GET /api/v1/witnesses tells how they stand; it reads policy.txt at its start",
    ),
    "announce": (
        "管理员向运行中的服务提交 POST /api/v1/log/keys",
        "an administrator asks the running service: POST /api/v1/log/keys",
    ),
    "retire": (
        "管理员向运行中的服务提交 POST /api/v1/log/keys/retirement",
        "an administrator asks the running service: POST /api/v1/log/keys/retirement",
    ),
    "export": (
        "从运行中的服务取 GET /export.tar",
        "fetch GET /export.tar from the running service",
    ),
    "rebuild": (
        "管理员向运行中的服务提交 POST /api/v1/views/rebuild",
        "an administrator asks the running service: POST /api/v1/views/rebuild",
    ),
    "receipt": (
        "从运行中的服务取 GET /api/v1/receipts/序号.tlog-proof，或 GET /api/v1/receipts/draws/抽取编号/企业编号.json",
        "fetch GET /api/v1/receipts/INDEX.tlog-proof or GET /api/v1/receipts/draws/DRAW/ID.json from the running service",
    ),
}


def instead(given: Sequence[str]) -> str:
    """Return what to do instead of the command in the words `given`, as a line in each language."""
    command = given[1] if given[:1] == ["signer"] and len(given) > 1 else next(iter(given), "")
    zh, en = _INSTEAD.get(command, ("", ""))
    if not zh:
        return f"请{_STOP[0]}，再运行此命令。\nWhat to do: {_STOP[1]}, and run this again."
    return f"请{zh}；或{_STOP[0]}，再运行此命令。\nWhat to do: {en}; or {_STOP[1]}, and run this again."
