"""What a person reads when a command did not work out: a reason in two languages, and never a traceback."""

from __future__ import annotations

import errno
import sqlite3
import traceback
from collections.abc import Sequence
from pathlib import Path

import psycopg

from api.commandline import Failed, fault_line
from api.commandline.busy import instead
from api.demo.postgres import NoPostgres
from api.exporting import NotAnExport
from api.publishing import Disagrees
from domain.errors import Refusal
from domain.lockfile import InUse
from projections.rows import ViewError

OWN_FAULT = 70
_ROOT = Path(__file__).resolve().parents[2]
_REASONS = {
    errno.ENOENT: ("没有这个文件或文件夹", "there is no such file or folder"),
    errno.EACCES: ("没有权限", "permission denied"),
    errno.EPERM: ("没有权限", "permission denied"),
    errno.EEXIST: ("已有同名文件", "something of this name is there already"),
    errno.EISDIR: ("这是文件夹，不是文件", "this is a folder, not a file"),
    errno.ENOTDIR: ("这不是文件夹", "this is not a folder"),
    errno.ENOSPC: ("磁盘已满", "the disk is full"),
    errno.EROFS: ("文件系统只读", "the file system is read-only"),
}


def explained(error: BaseException, given: Sequence[str] = ()) -> tuple[int, str]:
    """Return the exit code and the lines that tell an error to a person. `given`: the words of the command."""
    match error:
        case InUse():
            return 1, f"拒绝：{error.zh}（{error.rule}）\nrefused: {error.en}\n{instead(given)}"
        case Refusal():
            faults = [f"  {fault_line('', each)}" for each in error.errors]
            return 1, "\n".join([f"拒绝：{error.zh}（{error.rule}）", f"refused: {error.en}", *faults])
        case Failed():
            return error.code, f"{error.zh}\n{error.en}"
        case NotAnExport():
            zh = "目标已有其他内容，不是导出文件夹；为免毁掉它，没有写入。请换一个文件夹。"
            return 1, f"{zh}\nNothing was written, the target is no export and would be lost: {error}"
        case Disagrees():
            zh = f"静态文件夹与台账不符，未覆盖任何文件：{error.name}"
            return 1, f"{zh}\nThe folder is not a beginning of this log, nothing was overwritten: {error}"
        case OSError():
            return 1, f"无法读写 / cannot read or write: {_of_system(error)}"
        case NoPostgres():
            return 1, f"没有可用的 PostgreSQL / no PostgreSQL can be used: {error}"
        case ViewError():
            return 1, f"视图不能由记录得出 / the views do not follow from the entries: {error}"
        case psycopg.Error():
            return 1, f"台账数据库拒绝 / the database of the log refuses: {' '.join(str(error).split())}"
        case sqlite3.Error():
            return 1, f"台账数据库无法读写 / the database of the log cannot be read or written: {error}"
        case _:
            return OWN_FAULT, f"程序自身出错 / a fault of the program itself: {_named(error)}"


def _of_system(error: OSError) -> str:
    zh, en = _REASONS.get(error.errno or 0, ("", error.strerror or str(error)))
    reason = f"{zh} / {en}" if zh else en
    return f"{error.filename}：{reason}" if error.filename else reason


def _named(error: BaseException) -> str:
    """Return an error on one line, with the last place of ours that it came through."""
    ours = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(_ROOT)]
    place = f" ({Path(ours[-1].filename).relative_to(_ROOT)}:{ours[-1].lineno})" if ours else ""
    return f"{type(error).__name__}: {error}".replace("\n", " ") + place
