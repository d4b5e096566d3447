"""Who cosigns a log: the policy that `init` is given, and how the operator sees afterwards how the witnesses stand."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commandline import Commands, Failed, folder_argument, new_command


def add(commands: Commands) -> None:
    """Add `cosign`."""
    zh = "公布检查点并请见证联署，显示各见证状态；用于服务未运行时，或更换 policy.txt 之后"
    en = "publish the head, have it cosigned and tell how each witness stands, while no service runs"
    command = new_command(commands, "cosign", zh, en)
    folder_argument(command)
    command.set_defaults(run=_cosign)


def argument(command: argparse.ArgumentParser) -> None:
    """Give a command the option that names a policy."""
    zh = "策略文件（C2SP tlog-policy），写明见证的公钥、网址和法定数；存为 policy.txt，可随时更换后重启"
    en = "the witnesses, where they are asked, and their quorum; kept as policy.txt, which may be replaced at any time"
    command.add_argument("--policy", type=Path, metavar="FILE", help=f"{zh} / {en}")


def usable(path: Path | None) -> str | None:
    """Return the text of a policy that a service can follow, None where none is given. Failed where it cannot."""
    from domain.cosigning import require_followable
    from verify import policy as policies
    from verify.note import NoteError
    from verify.policy import PolicyError

    if path is None:
        return None
    text = path.read_text("utf-8")
    try:
        require_followable(policies.parse(text))
    except (PolicyError, NoteError) as error:
        raise Failed(
            f"{path} 不是可用的策略：{error.zh}", f"{path} is no policy that can be followed: {error}"
        ) from error
    return text


def install(folder: Path, policy: str | None) -> None:
    """Keep a policy in the folder of a log."""
    from domain.cosigning import POLICY

    if policy is not None:
        (folder / POLICY).write_text(policy, "utf-8")


def _cosign(chosen: argparse.Namespace) -> int:
    from domain.ledger import Ledger
    from verify import checkpoint

    with Ledger.open(chosen.dir) as ledger:
        if ledger.cosigning is None:
            raise Failed("台账没有 policy.txt，未约定见证", "the log has no policy.txt: no witness is named")
        signed = ledger.publish_cosigned()
        state = ledger.cosigning.state(ledger.published_size)
        print(f"检查点 / checkpoint: {checkpoint.parse(signed)[0].size}")
        for each in state["witnesses"]:
            print(f"{each['name']}: {each['size']} {each['at']} {each['fault']}".rstrip())
        if state["missing"]:
            print(f"未达法定数 / the quorum is missing: {state['quorum']}")
        return 1 if state["missing"] else 0
