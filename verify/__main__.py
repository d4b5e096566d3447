"""The stand-alone verifier: `python -m verify TARGET` answers whether the log in TARGET keeps its own rules.

Exit codes: 1 when anything is BROKEN, else 2 when anything is UNCHECKED, else 0; 64 for wrong usage, 70 for a fault of
its own, 130 after Ctrl-C. Source: ledger specification, section 8.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from pathlib import Path

from verify import timestamps
from verify.checks import chain, checkpoint, keys, older
from verify.checks.cosigned import check_trusted
from verify.checks.tree import check_root
from verify.crew import usable_cores
from verify.findings import Finding, Outcome, holds, unchecked
from verify.given import key_of, policy_of, say
from verify.history import History
from verify.note import VerifierKey
from verify.policy import Policy
from verify.progress import Progress
from verify.report import Report
from verify.segments import Changed
from verify.source import CHECKPOINT, ENTRIES, SMALL, Folder, UsageError, same_file
from verify.usage import HELP, USAGE, Arguments, parse

WRONG_USAGE, OWN_FAULT, INTERRUPTED = 64, 70, 130
COMMANDS = {
    "audit": "verify.audit.command",
    "fsck": "verify.fsck",
    "receipt": "verify.receipt",
    "watch": "verify.watch.command",
    "evidence": "verify.evidence",
    "witness": "verify.witness.command",
}
"""What else the program does than verify a target: the first word, and the module whose `main(argv, program)` does it."""


def main(argv: Sequence[str] | None = None, program: str | None = None) -> int:
    """Check a target, print the report, and return the exit code. `program`: how it was called, for the usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        if given and given[0] in COMMANDS:
            return int(importlib.import_module(COMMANDS[given[0]]).main(given[1:], program or _called()))
        arguments = parse(given)
        if arguments is None:
            say(f"用法 Usage: {program or _called()} {USAGE}\n\n{HELP}")
            return 0
        policy = policy_of(arguments.policy)
        key, processes, older_copy = key_of(arguments.vkey), _processes(arguments.processes), _older(arguments)
        since = _since(older_copy)
        kept = Path(older_copy) if older_copy and Path(older_copy).is_dir() else None
        tsa, keep = _certificates(arguments.tsa), Path(arguments.keep) if arguments.keep else None
        report = verify(arguments.target, key, since, policy, arguments.chain, processes, kept, tsa, keep)
        say(report.as_json() if arguments.json else "\n".join(report.lines()))
        return report.exit
    except KeyboardInterrupt:
        _complain("已中断，没有结论 Interrupted, no verdict")
        return INTERRUPTED
    except UsageError as error:
        usage = f"{given[0]} --help" if given and given[0] in COMMANDS else USAGE
        _complain(f"{error.zh}\n{error.en}\n用法 Usage: {program or _called()} {usage}")
        return WRONG_USAGE
    except Exception as error:  # a fault of ours must never look like an answer about the log
        line = f"{type(error).__name__}: {error}".replace("\n", " ")
        _complain(f"核验程序自身出错，没有结论 The verifier itself failed, no verdict: {line}")
        return OWN_FAULT


def _complain(text: str) -> None:
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _called() -> str:
    """Return how a person called this program: by its name, as an archive, or as a module."""
    name = Path(sys.argv[0]).name
    python = Path(sys.executable).name or "python3"
    if name.endswith(".pyz"):
        return f"{python} {name}"
    return f"{python} -m verify" if name == "__main__.py" else name or "verify"


def verify(
    target: str,
    key: VerifierKey | None = None,
    since: bytes | None = None,
    policy: Policy | None = None,
    chain_only: bool = False,
    processes: int = 1,
    kept: Path | None = None,
    tsa: bytes | None = None,
    keep: Path | None = None,
) -> Report:
    """Check a log with everything there is, or with `chain_only` its links, root and signature.

    `key`: the log's key from outside, or `policy`, which names it and its cosigners; `since`: an older signed checkpoint;
    `processes`: how many read the entries, where they are many; `kept`: the older copy that `since` is the head of;
    `tsa`: the certificates of the time-stamping authority; `keep`: the folder that the head and its leaves are put in.
    """
    folder, bar = Folder(target), Progress(sys.stderr)
    if key is None and policy is not None and policy.logs:
        stated = checkpoint.stated_key(folder)
        key = next((each for each in policy.logs if each == stated), policy.logs[0])
    with folder.open(ENTRIES) or nullcontext() as file, closing(bar):
        fd = file.fileno() if file else None
        before = None if fd is None else os.fstat(fd)
        history = History(fd)
        linked = list(chain.follow(fd, history, bar, not chain_only, processes))
        findings = [
            *linked,
            *_linked(history, linked, chain_only),
            *_signed(folder, history, key, since, chain_only, policy),
        ]
        findings += older.check_copy(kept, since, history) if kept and since else ()
        findings += _scope() if chain_only else _all_else(folder, history, bar, tsa)
        findings += checkpoint.check_policy(folder, *_followed_policy(folder, history, policy, key))
        findings += () if chain_only else check_trusted(history, policy)
        if fd is not None and before is not None and not same_file(before, os.fstat(fd)):
            raise Changed
        if keep is not None and (note := folder.read(CHECKPOINT, SMALL)) is not None:
            findings += older.keep(keep, note, history.leaves, findings)
        root = history.heads[len(history.leaves)].hex()
        return Report(target, history.origin, len(history.leaves), root, findings)


def _linked(history: History, linked: list[Finding], chain_only: bool) -> Iterator[Finding]:
    size = len(history.leaves)
    if not size or any(finding.outcome is Outcome.BROKEN for finding in linked):
        return
    if chain_only:
        zh = f"{size} 条记录的哈希首尾相连。"
        yield holds("chain", zh, f"Each of {size} entries names the hash of the one before it.")
    else:
        yield holds("F01", f"{size} 条记录首尾相连，没有缺漏。", f"{size} entries are linked without a gap.")


def _signed(
    folder: Folder,
    history: History,
    given: VerifierKey | None,
    since: bytes | None,
    chain_only: bool,
    policy: Policy | None,
) -> Iterator[Finding]:
    """Whose log it is, and that its head and an older one are heads of these entries."""
    raw, ring = folder.read(CHECKPOINT, SMALL), keys.ring_of(history)
    size = checkpoint.size_of(raw) if raw is not None else None
    older = checkpoint.size_of(since) if since is not None else None
    history.keep_heads(size or 0, older or 0)
    stated = checkpoint.stated_key(folder)
    key = given or (None if isinstance(stated, str) else stated)
    if chain_only and ring.place(key) == 0 and not isinstance(stated, str):
        key = stated  # a handover that may lie between is not followed here, and `check_whose` says so
    elif key is not None:
        key = keys.followed(ring, key, raw, history.heads)
    head, signed = checkpoint.read_checkpoint(folder, key, [*ring.keys_at(size or 0), *checkpoint.cosigners_of(policy)])
    if chain_only and given is not None and key != given:
        zh, en = (
            "检查点由台账自称的公钥签名，不是给出的公钥",
            "The checkpoint is signed by a key that the log names itself",
        )
        signed = [
            unchecked("checkpoint", f"{zh}；其间是否移交，没有核验（--chain）。", f"{en}; a handover was not asked.")
        ]
    yield from checkpoint.check_whose(
        folder, history.created, given, key, ring, size or len(history.leaves), not chain_only
    )
    yield from signed
    yield from keys.check_keys(ring, raw, history.heads)
    yield from checkpoint.check_setting(history)
    yield from check_root(history, head)
    if since is not None:
        yield from checkpoint.check_since(since, key, history, ring)


def _followed_policy(
    folder: Folder, history: History, policy: Policy | None, key: VerifierKey | None
) -> tuple[Policy | None, VerifierKey | None]:
    """Return the policy with the key that the log it names was handed over to, and that key."""
    if policy is None or key is None:
        return policy, key
    present = keys.followed(keys.ring_of(history), key, folder.read(CHECKPOINT, SMALL), history.heads)
    return policy.handed(key, present), present


def _scope() -> Iterator[Finding]:
    zh = "只核验了哈希链、根和签名（--chain）；记录的内容、瓦片、文档和每一次抽取都没有核验。"
    en = "Only links, root and signature were asked (--chain): contents, tiles, documents and draws are unchecked."
    yield unchecked("scope", zh, en)


def _all_else(folder: Folder, history: History, bar: Progress, tsa: bytes | None) -> Iterator[Finding]:
    from verify.checks.rules import check_rules  # a quarter of a second of loading, of which the chain needs nothing

    yield from check_rules(folder, history, bar, tsa)


def _processes(text: str | None) -> int:
    if text is None:
        return usable_cores()
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and int(text)):
        raise UsageError(
            f"--processes 须为 1 至 999 的整数，不是 {text}。", f"--processes is a number from 1 to 999, not {text}."
        )
    return int(text)


def _certificates(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        raw = Path(path).read_bytes()
        with suppress(timestamps.LibraryMissing):  # then every time stamp is UNCHECKED, and says so
            timestamps.read_certificates(raw)
    except (OSError, timestamps.StampError) as error:
        raise UsageError(f"{path} 不是 PEM 证书。", f"{path} is no certificate in PEM: {error}") from error
    return raw


def _older(given: Arguments) -> str | None:
    """Return where the older checkpoint is: what was given, or what is kept from last time."""
    if given.keep is None or not (Path(given.keep) / CHECKPOINT).exists():
        return given.since
    if given.since is not None:
        zh = f"{given.keep} 里有上次保存的检查点，--keep 与它比较，不能再给 --since。"
        raise UsageError(zh, f"--keep compares with what {given.keep} holds: leave --since out.")
    return given.keep


def _since(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        raw = (Path(path) / CHECKPOINT if Path(path).is_dir() else Path(path)).read_bytes()
    except OSError as error:
        raise UsageError(
            f"读不到较早的检查点 {path}。", f"The older checkpoint {path} cannot be read: {error}"
        ) from error
    if checkpoint.size_of(raw) is None:
        raise UsageError(f"{path} 不是检查点。", f"{path} is no checkpoint.")
    return raw


if __name__ == "__main__":
    sys.exit(main())
