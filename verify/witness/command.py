"""`witness init` makes a commission's key, `witness serve` cosigns with it: the whole of running a witness."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from verify import ed25519
from verify import note as notes
from verify.given import policy_of
from verify.note import NoteError, VerifierKey
from verify.source import UsageError
from verify.witness.key import KeyFault, load, make
from verify.witness.server import Server, Witness
from verify.words import Parser


def main(argv: Sequence[str], program: str) -> int:
    """Run one command and return its exit code. Raises UsageError."""
    chosen = _parser(program).parse_args(argv)
    if not ed25519.available():
        raise UsageError("见证须有签名库 cryptography。", "A witness needs the package `cryptography`.")
    try:
        return int(chosen.run(chosen))
    except (KeyFault, NoteError) as error:
        raise UsageError("见证密钥不可用，或名称不合要求。", f"{error}") from error


def _parser(program: str) -> Parser:
    root = Parser(
        prog=f"{program} witness",
        description="见证服务：只要台账有增无改，就为其检查点联署\n"
        "a witness: it cosigns a log's checkpoints while the log only grows",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND", title="命令 commands")
    init = commands.add_parser("init", help="生成见证密钥并显示公钥 / make the witness's key and show what verifies it")
    init.add_argument(
        "--name",
        required=True,
        help="见证名称，如 witness.example.cn/220100 / the name of the witness, like an address",
    )
    serve = commands.add_parser("serve", help="提供见证服务，直到 Ctrl-C / serve until Ctrl-C")
    serve.add_argument(
        "--listen",
        default="127.0.0.1:8760",
        metavar="HOST:PORT",
        help="监听地址，对外请置于 HTTPS 之后（默认 %(default)s） / where to listen; put HTTPS before it",
    )
    serve.add_argument(
        "--log",
        action="append",
        default=[],
        metavar="VKEY",
        help="所见证台账的公钥，可多次给出 / the verifier key of a log; may be given more often",
    )
    serve.add_argument("--policy", metavar="FILE", help="或策略文件，用其中的 log 行 / a policy, for its log lines")
    for command, run in ((init, _init), (serve, _serve)):
        command.add_argument(
            "--state", type=Path, required=True, metavar="DIR", help="见证的文件夹 / the witness's own folder"
        )
        command.set_defaults(run=run)
    return root


def _init(chosen: argparse.Namespace) -> int:
    print(make(chosen.state, chosen.name).vkey)
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    logs = [*_keys(chosen.log), *_of_policy(chosen.policy)]
    if not logs:
        raise UsageError("没有给出所见证的台账（--log 或 --policy）。", "No log is named: give --log or --policy.")
    key = load(chosen.state)
    host, port = _address(chosen.listen)
    try:
        server = Server(Witness(chosen.state, key, logs), host, port)
    except OSError as error:
        raise UsageError(f"无法在 {chosen.listen} 监听。", f"{chosen.listen} cannot be listened on: {error}") from error
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's way to press Ctrl-C
    shown = f"[{host}]" if ":" in host else host
    with server, suppress(KeyboardInterrupt):
        print(f"见证 {key.name} 服务于 / witness serving on http://{shown}:{server.server_address[1]}", flush=True)
        print(f"公钥 / vkey: {key.vkey}", flush=True)
        server.serve_forever()
    return 0


def _keys(texts: Sequence[str]) -> list[VerifierKey]:
    try:
        found = [notes.parse_vkey(text) for text in texts]
    except NoteError as error:
        raise UsageError("--log 给出的不是公钥。", f"--log takes a verifier key: {error}") from error
    if any(key.kind != notes.ED25519 for key in found):
        raise UsageError("--log 给出的不是台账的公钥。", "--log takes the key of a log, not that of a cosigner.")
    return found


def _of_policy(path: str | None) -> list[VerifierKey]:
    policy = policy_of(path)
    return policy.logs if policy is not None else []


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        raise UsageError(f"监听地址应为 HOST:PORT，不是 {text}。", f"--listen takes HOST:PORT, not {text}.")
    return host.strip("[]"), int(port)
