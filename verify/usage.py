"""The command line of the verifier: its words, and what they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.source import UsageError

USAGE = (
    "TARGET [--vkey VKEY|FILE] [--policy FILE] [--since CHECKPOINT|FOLDER] [--keep FOLDER] [--tsa FILE] [--chain]"
    " [--processes N] [--json]"
)
HELP = """\
独立验证一个导出的台账：重放每一次抽取，核对每一条规则，不相信其中的任何说法。
Checks an exported log and believes nothing it says: every draw is replayed, every rule is asked.

参数 arguments:
  TARGET               导出文件夹，内有 checkpoint 和 entries.jsonl
                       the folder of an export, with checkpoint and entries.jsonl

选项 options:
  --vkey VKEY|FILE     台账的公钥，或写有公钥的文件；应取自台账以外的来源，不给出则“日志归属”未核验
                       the log's key or a file with it, from somewhere else than the log; without it, whose log
                       this is stays UNCHECKED
  --policy FILE        信任策略（C2SP tlog-policy）：每行 log、witness、group 或唯一的 quorum，
                       写明台账的公钥、可信的见证人，以及检查点须有多少见证人签名
                       a trust policy: the key of the log, its witnesses, and how many must have cosigned
  --since CHECKPOINT   以前保存的检查点文件，或含检查点的旧副本（--keep 的文件夹、旧导出、镜像）：核对此后台账只增未改；
                       有旧副本时指出首条被改的记录
                       a checkpoint kept from earlier, or a folder with it (of --keep, an export, a mirror): since then
                       the log only grew; a folder also tells which entry is the first that is another now
  --keep FOLDER        与文件夹中上次保存的比较；没有违反时，存入现在的检查点和每条记录的哈希（每条 32 字节），下次再用
                       compare with what the folder holds from last time; where nothing is broken, keep the present
                       checkpoint there and the hash of every entry (32 bytes each) for the next time
  --tsa FILE           时间戳机构直至根的证书（PEM），取自台账以外：核对检查点的时间戳
                       the certificates of the time-stamping authority up to its root, from somewhere else than the
                       log; without them time stamps stay UNCHECKED
  --chain              只核验哈希链、根和签名，其余各项标为未核验（退出码 2）；最快
                       only the links, the root and the signature, the fastest; all else stays UNCHECKED (exit code 2)
  --processes N        读取记录的进程数（默认用尽可用的处理器；小台账只用一个）
                       how many processes read the entries: by default one for each core, for a small log one
  --json               输出一个 JSON 对象，列出全部结论
                       one JSON object with every finding
  -h, --help           显示本说明
                       show this help

其他命令 other commands（各有 each with --help）:
  fsck FOLDER          逐字节核对静态日志  check a static log from its bytes
  receipt FILE         离线核验回执或企业自查文件  check a receipt or the self-check of a business offline
  audit EXPORT…        多次抽取的公正性审计（需要 SciPy）  fairness evidence over many draws (needs SciPy)
  watch URL            跟踪公开的台账，只核验新增的部分  follow a log that is served, and verify what is new only
  evidence ONE OTHER   两个检查点是否证明台账分叉  whether two signed heads prove a fork
  witness              见证服务：为只增不改的台账联署  the witness: it cosigns a log that only grows

退出码 exit codes:
  0    全部成立                      all holds
  1    有违反规则之处（BROKEN）      something is broken
  2    没有违反，但有未能核验之处    nothing is broken, something is UNCHECKED
  64   用法有误                      wrong usage
  70   核验程序自身出错，没有结论    a fault of the verifier, no verdict
  130  被 Ctrl-C 中断，没有结论      interrupted, no verdict"""
OPTIONS = {f"--{name}": name for name in ("vkey", "policy", "since", "keep", "tsa", "processes")}
FLAGS = {"--json": "json", "--chain": "chain"}


@dataclass
class Arguments:
    """The command line, as text."""

    target: str = ""
    vkey: str | None = None
    policy: str | None = None
    since: str | None = None
    keep: str | None = None
    tsa: str | None = None
    processes: str | None = None
    chain: bool = False
    json: bool = False


def parse(argv: Sequence[str]) -> Arguments | None:
    """Return the arguments, None for a call for help. Raises UsageError."""
    arguments, rest = Arguments(), list(argv)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in ("-h", "--help"):
            return None
        if word in FLAGS:
            setattr(arguments, FLAGS[word], True)
        elif name in OPTIONS:
            if not equals and not rest:
                raise UsageError(f"{name} 后面缺少值。", f"{name} needs a value.")
            setattr(arguments, OPTIONS[name], value if equals else rest.pop(0))
        elif word.startswith("-") or arguments.target:
            raise UsageError(f"不认识的参数 {word}。", f"Unknown argument {word}.")
        else:
            arguments.target = word
    if not arguments.target:
        raise UsageError("没有给出要核验的文件夹。", "No target was given.")
    return arguments
