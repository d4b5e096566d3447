"""Why a witness refuses a head that the log signed, in the terse words of the protocol, and what it means for its operator."""

from __future__ import annotations

from pathlib import Path

from verify.checkpoint import Checkpoint
from verify.tree import EMPTY_ROOT, ProofError, verify_consistency


def fault_of(last: Checkpoint, head: Checkpoint, path: list[bytes]) -> str:
    """Return why the head does not extend the last one, empty where it does; the old size is that of `last`."""
    if head.size == 0 and head.root != EMPTY_ROOT:
        return "invalid root: a tree of size 0 has the root of the empty tree"
    if last.size == 0:
        return "invalid consistency proof: there is none from size 0" if path else ""
    if head.size == last.size and head.root != last.root:
        return "invalid consistency proof: another root was cosigned for this size"
    try:
        verify_consistency(last.size, head.size, last.root, head.root, path)
    except ProofError as error:
        return f"invalid consistency proof: {error}"
    return ""


def meaning(last: Checkpoint, head: Checkpoint, kept: Path) -> str:
    """Say what it means that a log's head does not extend the one that was cosigned, and what to do."""
    zh = (
        f"拒绝联署：{head.origin} 出示的检查点（{head.size} 条）不延续已联署的（{last.size} 条）。"
        f"或是延续证明有误，或是台账已分叉。请求存于 {kept}，已联署的检查点存于 {kept}.cosigned；"
        "请以 evidence 命令核对这两个文件，若证明分叉，报告监督机关。不要删除或重置见证的文件夹。"
    )
    en = (
        f"refused: the head of {head.size} entries that {head.origin} shows does not extend the one of {last.size} that was"
        f" cosigned. Either the proof is wrong or the log has forked: have `evidence {kept} {kept}.cosigned` judge it, report a"
        " fork to the authority that supervises the log, and never delete or reset the folder of the witness."
    )
    return f"{zh}\n{en}"
