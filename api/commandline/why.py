"""`fairdraw why CODE DRAW`: why a business was drawn or was not, told only after the proof was checked on this machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.commandline import WRONG_USAGE, Commands, Failed, copyable, new_command, say

if TYPE_CHECKING:
    from api.receipts import Published
    from verify.source import Folder

LARGEST = 1 << 22
"""The most bytes of a self-check that are read from a service."""


def add(commands: Commands) -> None:
    """Add `why`."""
    zh = "一户企业为何被抽中、未被抽中、不参加抽取或不在名录中：先在本机核验，再说明"
    en = "why a business was drawn, was not, takes no part or is not in the pool: proved here before it is told"
    why = new_command(commands, "why", zh, en)
    why.add_argument("code", metavar="CODE", help="统一社会信用代码或名录编号 / the id of the business")
    why.add_argument("draw", metavar="DRAW", help="抽取编号 / the draw, as 220100-2026-0001")
    source = why.add_mutually_exclusive_group(required=True)
    source.add_argument("--url", metavar="URL", help="公开服务的地址，其答复不被相信 / a service, which is not trusted")
    source.add_argument("--export", type=Path, metavar="FOLDER", help="导出文件夹，不用网络 / an export, offline")
    why.add_argument("--vkey", metavar="VKEY|FILE", help="从别处得来的公钥 / the log's key, from elsewhere")
    why.add_argument("--policy", metavar="FILE", help="信任策略 / a trust policy")
    why.add_argument(
        "--out", type=Path, metavar="FILE", help="写下自查文件和二维码（FILE.svg） / write the file and its QR code"
    )
    why.add_argument("--json", action="store_true", help="以 JSON 输出 / one JSON object")
    why.set_defaults(run=_why)


def _why(chosen: argparse.Namespace) -> int:
    from api.pages.story import story
    from api.receipts import spelled
    from verify.given import key_of, policy_of
    from verify.receipt import judge
    from verify.source import UsageError

    code, draw = chosen.code.strip(), chosen.draw.removeprefix("draw/")
    try:
        raw = _asked(chosen.url, code, draw) if chosen.url else spelled(_found(chosen.export, code, draw))
        report = judge(raw, chosen.url or str(chosen.export), key_of(chosen.vkey), policy_of(chosen.policy))
    except UsageError as error:
        raise Failed(error.zh, error.en, WRONG_USAGE) from error
    value = {} if report.exit == 1 else _answer(raw, code, draw)  # what is broken is not told as if it were so
    told = story(value) if value else []
    if value and value["object"] != code:
        told.insert(0, (f"已按大写 {value['object']} 查询。", f"Looked up in capitals, as {value['object']}."))
    if chosen.out and value:
        _write(chosen.out, raw, _address(chosen.url, value["object"], draw) if chosen.url else None)
        key = ["--vkey", chosen.vkey] if chosen.vkey else []
        say(f"已写入 / written: {chosen.out}\n核验 / verify: {copyable('verify', 'receipt', chosen.out, *key)}")
    if chosen.json:
        said = {"result": value.get("result"), "story": [{"zh": zh, "en": en} for zh, en in told]}
        print(json.dumps(json.loads(report.as_json()) | said, ensure_ascii=False))
    else:
        _print(told, list(report.lines()))
    return report.exit


def _answer(raw: bytes, code: str, draw: str) -> dict[str, Any]:
    """Return a self-check that was found right; Failed where it answers another question than was asked."""
    from verify import proof, selfcheck

    value = {} if raw.startswith(proof.HEADER) else selfcheck.parse(raw)
    if (value.get("draw"), value.get("object")) not in ((f"draw/{draw}", code), (f"draw/{draw}", code.upper())):
        raise Failed(
            "答复的不是所问的企业或抽取，不予采信", "the answer is about another business or draw: not believed"
        )
    return value


def _print(told: list[tuple[str, str]], report: list[str]) -> None:
    for zh, _ in told:
        print(zh)
    for _, en in told:
        print(en)
    print("\n".join(["", *report] if told else report))


def _write(target: Path, raw: bytes, address: str | None) -> None:
    """Write the file, and beside it its QR code: where it is to be had, or, from an export, the file itself where it fits."""
    from api.printing import MOST, qr_svg

    target.write_bytes(raw)
    content = address.encode() if address else raw
    if len(content) <= MOST:
        target.with_name(f"{target.name}.svg").write_text(qr_svg(content), "utf-8")
    else:
        say(f"自查文件 {len(raw)} 字节，二维码容不下，未写二维码 / the file is too long for a code, none was written")


def _address(url: str, code: str, draw: str) -> str:
    from urllib.parse import quote

    return f"{url.rstrip('/')}/{_path(quote(code, safe=''), quote(draw, safe=''))}"


def _path(code: str, draw: str) -> str:
    return f"api/v1/receipts/draws/{draw}/{code}.json"


def _asked(url: str, code: str, draw: str) -> bytes:
    """Return what the service answers. Failed with its reason where it refuses, wrong usage for a code that is none."""
    import urllib.error
    import urllib.request

    if not url.startswith(("http://", "https://")):
        raise Failed(f"{url} 不是 http 或 https 地址", f"{url} is no http or https address", WRONG_USAGE)
    try:
        asked = urllib.request.Request(_address(url, code, draw), headers={"User-Agent": "fairdraw"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            raw = answer.read(LARGEST)
            return bytes(raw)
    except urllib.error.HTTPError as error:
        with error:
            zh, _, en = _reason(error.read(LARGEST)).partition(" / ")
        code_is_wrong = WRONG_USAGE if error.code == 422 else 2
        raise Failed(
            f"服务答复 {error.code}：{zh}", f"the service answers {error.code}: {en or zh}", code_is_wrong
        ) from error
    except (OSError, ValueError) as error:
        raise Failed(f"无法访问 {url}：{error}", f"{url} is unreachable: {error}", 2) from error


def _reason(raw: bytes) -> str:
    try:
        return str(json.loads(raw)["detail"])
    except (ValueError, KeyError, TypeError):
        return "没有说明原因 / no reason was given"


def _found(folder: Path, code: str, draw: str) -> dict[str, Any]:
    """Return the self-check made from an export. Failed where there is no such draw in it, or no freeze of it."""
    from api.receipts import made
    from domain.errors import Refusal

    try:
        value = made(_published(folder, f"draw/{draw}"), f"draw/{draw}", code)
    except Refusal as error:
        raise Failed(f"{error.zh}（{error.rule}）", error.en, WRONG_USAGE) from error
    if value is None:
        raise Failed(
            "导出中没有这次抽取，或名录尚未冻结", "the export has no such draw, or its pool is not frozen yet", 2
        )
    return value


def _published(folder: Path, stream: str) -> Published:
    """Read what an export has of a draw; nothing of it is believed, the file made of it is checked afterwards."""
    from functools import partial

    from api.listed import Listed
    from api.receipts import Published
    from verify import documents, source, tree

    held = source.Folder(folder)
    note = held.read(source.CHECKPOINT, source.SMALL) or b""
    leaves: list[bytes] = []
    own: dict[int, bytes] = {}
    needle = b'"stream":"%s",' % stream.encode()
    for line in _lines(held):
        if needle in line:
            own[len(leaves)] = line
        leaves.append(tree.leaf_hash(line))
    size = _size(note, len(leaves))

    def listed(reference: dict[str, Any]) -> Listed:
        name = f"documents/{reference['sha256']}"
        if held.sha256(name, reference["bytes"]) != reference["sha256"]:
            raise Failed(f"导出中缺少名录 {name}，或它已被改动", f"{name} is missing in the export, or was altered", 2)
        lines = (line for line, _ in documents.parse(held.pieces(name, reference["bytes"])))
        try:
            return Listed(lines, partial(_part, folder / name))
        except documents.DocumentError as error:  # of a list out of order a neighbour shows nothing
            raise Failed(f"{name} 不是排序的名录：{error}", f"{name} is no sorted list: {error}") from error

    steps = [(kind, index) for index, raw in own.items() if index < size and (kind := _kind(raw, stream))]
    return Published(note, steps, own.__getitem__, partial(tree.inclusion_path, leaves, size=size), listed)


def _lines(held: Folder) -> Iterator[bytes]:
    from verify import source

    file = held.open(source.ENTRIES)
    if file is None:
        raise Failed(f"导出中没有 {source.ENTRIES}", f"the export has no {source.ENTRIES}", 2)
    with file:
        for line in file:
            yield line.removesuffix(b"\n")


def _kind(raw: bytes, stream: str) -> str:
    """Return the kind of an entry of the stream, nothing where the words only stand in its data."""
    from verify.entries import EntryError, parse

    try:
        entry = parse(raw)
    except EntryError:
        return ""
    return entry.kind if entry.stream == stream else ""


def _size(note: bytes, most: int) -> int:
    from verify import checkpoint
    from verify.note import NoteError

    try:
        size = checkpoint.parse(note)[0].size
    except (NoteError, ValueError) as error:
        raise Failed(
            f"导出的检查点不可读：{error}", f"the checkpoint of the export cannot be read: {error}", 2
        ) from error
    if size > most:
        raise Failed(f"检查点说有 {size} 条，导出只有 {most} 条", f"{size} entries are signed, {most} are there", 1)
    return size


def _part(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)
