"""Commands of the signer: make one, run it as a process of its own, and hand the log over from one key to the next."""

from __future__ import annotations

import argparse
import logging
import os
import pwd
import signal
import uuid
from pathlib import Path

from api.commandline import WRONG_USAGE, Commands, Failed, copyable, folder_argument, new_command


def add(commands: Commands) -> None:
    """Add `signer` with its own commands."""
    zh, en = "签名器：持有密钥，只签延续，可独立成进程", "the signer: it holds the key, and signs only what extends"
    signer = new_command(commands, "signer", zh, en)
    inner = signer.add_subparsers(dest="signer_command", required=True, metavar="COMMAND", title="命令 commands")
    init = new_command(inner, "init", "新建签名器及其密钥", "make a signer, and its key where it has none yet")
    _folder(init)
    init.add_argument("--origin", required=True, metavar="NAME", help="台账来源名 / the name of the log")
    _key(init)
    init.set_defaults(run=_init)
    _add_serve(inner)
    show = new_command(inner, "show", "显示公钥和最后所签", "show the verifier keys and the head signed last")
    _folder(show)
    show.set_defaults(run=_show)
    zh, en = "为轮换准备下一把密钥", "take the next key, for a rotation"
    rotate = new_command(inner, "rotate", zh, en)
    _folder(rotate)
    _key(rotate)
    rotate.set_defaults(run=_rotate)
    zh, en = "删去已停用的密钥", "drop a key that the log has retired"
    drop = new_command(inner, "drop", zh, en)
    _folder(drop)
    drop.add_argument("vkey", metavar="VKEY", help="公钥 / its verifier key")
    drop.set_defaults(run=_drop)
    for name, zh, en in (
        (
            "announce",
            "在台账中公布下一把密钥（服务停止时）",
            "announce the next key in the log (while no service runs)",
        ),
        ("retire", "在台账中停用旧密钥（服务停止时）", "retire the old key in the log (while no service runs)"),
    ):
        command = new_command(inner, name, zh, en)
        folder_argument(command)
        command.add_argument("vkey", metavar="VKEY", help="公钥 / the verifier key")
        command.add_argument("--account", default="admin", help="管理员账号（默认 %(default)s） / an administrator")
        command.set_defaults(run=_record, announces=name == "announce")


def _add_serve(inner: Commands) -> None:
    zh, en = "在套接字上应答一本台账的服务", "answer the service of one log over a socket"
    serve = new_command(inner, "serve", zh, en)
    _folder(serve)
    where = serve.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--socket",
        type=Path,
        metavar="PATH",
        help="新建的套接字，仅本用户可连 / the socket to make, for this user only",
    )
    where.add_argument(
        "--systemd", action="store_true", help="使用 systemd 打开的套接字 / use the socket that systemd opened"
    )
    serve.add_argument(
        "--client",
        action="append",
        metavar="USER",
        help="可使用签名器的用户（默认本用户），可多次给出 / who may use it, this user by default; may be given more often",
    )
    serve.set_defaults(run=_serve)


def _folder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dir", type=Path, required=True, metavar="FOLDER", help="签名器的文件夹 / the folder of the signer"
    )


def _key(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--key",
        metavar="FILE",
        help="PKCS#8 私钥文件，不存在则新建；或 credential:NAME / "
        "the key in PKCS#8, made where it is not there yet, or credential:NAME from systemd",
    )
    command.add_argument(
        "--passphrase",
        metavar="FILE",
        help="存有私钥口令的文件，或 credential:NAME / the file with its pass phrase, or credential:NAME",
    )
    command.add_argument("--module", metavar="PATH", help="PKCS#11 模块 / the library of a PKCS#11 token")
    command.add_argument("--token", metavar="LABEL", help="PKCS#11 令牌标签 / the label of the token")
    command.add_argument("--label", metavar="LABEL", help="PKCS#11 密钥标签 / the label of the key")
    command.add_argument(
        "--pin", metavar="FILE", help="存有 PIN 的文件，或 credential:NAME / the file with its PIN, or credential:NAME"
    )


def _source(chosen: argparse.Namespace) -> dict[str, str] | None:
    """Return where the key is, as options say; None where they say nothing."""
    names = {
        "file": "key",
        "passphrase": "passphrase",
        "module": "module",
        "token": "token",
        "label": "label",
        "pin": "pin",
    }
    given = {name: value for name, option in names.items() if (value := getattr(chosen, option)) is not None}
    for name in ("file", "passphrase", "pin"):
        if name in given and not given[name].startswith("credential:"):
            given[name] = str(Path(given[name]).resolve())
    return given or None


def _init(chosen: argparse.Namespace) -> int:
    from domain.signer import Signer

    chosen.dir.parent.mkdir(parents=True, exist_ok=True)
    signer = Signer.create(chosen.dir, chosen.origin, _source(chosen))
    print(f"签名器已建立 / the signer is made: {chosen.dir}\n验证公钥 / vkey: {signer.vkey}")
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    from domain.signer import Signer
    from domain.signing.server import SignerServer, inherited, listen

    logging.basicConfig(format="%(name)s: %(message)s", level=logging.INFO)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's way to press Ctrl-C
    signer = Signer(chosen.dir)
    clients = [_uid(name) for name in chosen.client] if chosen.client else [os.geteuid()]
    channel = inherited() if chosen.systemd else listen(chosen.socket)
    if channel is None:
        raise Failed("systemd 没有交来套接字", "systemd handed over no socket")
    server = SignerServer(signer, channel, clients)
    print(f"签名器 / signing for {signer.origin}（Ctrl-C 结束 / to end）", flush=True)
    try:
        server.serve()
    finally:
        channel.close()  # no more: systemd goes on listening at its socket, for the next process
        if chosen.socket:
            chosen.socket.unlink(missing_ok=True)
    return 0


def _uid(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise Failed(f"没有用户 {name}", f"there is no user {name}", WRONG_USAGE) from None


def _show(chosen: argparse.Namespace) -> int:
    from domain.signer import Signer

    signer = Signer(chosen.dir)
    print(f"台账 / log: {signer.origin}\n最后所签 / signed last: {signer.size} {signer.root.hex()}")
    for vkey in signer.vkeys:
        print(f"验证公钥 / vkey: {vkey}")
    return 0


def _rotate(chosen: argparse.Namespace) -> int:
    from domain.signer import Signer

    vkey = Signer(chosen.dir).add_key(_source(chosen))
    print(f"下一把密钥的公钥 / vkey of the next key: {vkey}")
    print(
        "公布后即与旧密钥一起签名 / once it is announced both keys sign; the service takes it at POST /api/v1/log/keys, or:"
    )
    print(copyable("signer", "announce", "--dir", "LOG", vkey))
    return 0


def _drop(chosen: argparse.Namespace) -> int:
    from domain.signer import Signer

    left = Signer(chosen.dir).drop_key(chosen.vkey)
    print(f"已删去 / dropped: {chosen.vkey}")
    for each in left:
        print(
            f"不在签名器文件夹内，仍在原处，请自行销毁 / not in the signer's folder, left there, destroy it yourself: {each}"
        )
    return 0


def _record(chosen: argparse.Namespace) -> int:
    from domain.ledger import Ledger

    with Ledger.open(chosen.dir) as ledger:
        act = ledger.announce_key if chosen.announces else ledger.retire_key
        receipt = act(ledger.actor(chosen.account), str(uuid.uuid4()), vkey=chosen.vkey)
        ledger.publish_checkpoint()
        print(f"已公开记录于第 {receipt.index} 条 / recorded in public as entry {receipt.index}")
        print(f"现用公钥 / the key now: {ledger.vkey}")
    return 0
