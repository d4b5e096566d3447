"""The cosigners of a log: each published checkpoint is shown to the witnesses of its policy, and their signatures are kept.

`policy.txt` in the log's folder names them (C2SP tlog-policy). All are asked at once, each with the proof that the log only
grew since it signed last. What they refuse is kept with their answer. A log goes on without its quorum, and says so; a draw
does not. Source: ledger specification, section 7; C2SP tlog-witness.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

from domain.clock import SystemClock
from domain.cosigned import Cosigned, Refused
from domain.errors import Unavailable
from domain.witness import Declined, Prove, Witness
from verify import checkpoint, note
from verify import policy as policies
from verify.checkpoint import Checkpoint
from verify.note import NoteError, Signature, VerifierKey
from verify.policy import Policy, PolicyError
from verify.quorum import Quorum

POLICY = "policy.txt"
WAIT = 5.0
"""So many seconds a round may last; who has not answered by then has not."""
RULE = "LEDGER 7"
LOG = logging.getLogger("fairdraw.cosigning")


class Cosigning:
    """The cosigners of one log, as its policy names them."""

    def __init__(self, folder: Path, policy: Policy, log: VerifierKey, prove: Prove, published: int) -> None:
        """Take up a policy. `prove`: gives the consistency proof between two sizes; `published`: the size at the beginning."""
        self.policy, self._prove, self._floor = policy, prove, published
        self.kept = Cosigned(folder)
        self.witnesses = [Witness(name, policy.witnesses[name], url) for name, url in policy.urls.items()]
        self.quorum = require_followable(policy, log)
        self._clock = SystemClock()
        self._asking, self._background = threading.Lock(), threading.Lock()
        self._missing, self._complete = False, -1

    @classmethod
    def read(cls, folder: Path, vkey: str, prove: Prove, published: int) -> Self | None:
        """Take up the policy in a log's folder, None where it has none. Unavailable where it cannot be followed."""
        try:
            text = (folder / POLICY).read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _unusable(error) from error
        log = note.parse_vkey(vkey)
        try:
            return cls(folder, policies.parse(text), log, prove, published)
        except (PolicyError, NoteError) as error:
            raise _unusable(error) from error

    # -- asking

    def ask(self, signed: bytes, patient: bool = True) -> bytes:
        """Show a signed checkpoint to the witnesses that have not signed it; return it with all cosignatures there are.

        `patient`: those that failed a moment ago are left alone. It lasts `WAIT` seconds at most, and a round before it.
        """
        with self._asking:
            head = checkpoint.parse(signed)[0]
            known = self.kept.note(head.size) or signed
            if not known.startswith(head.text()):
                known = signed
            lacking = self._lacking(known, patient)
            answers: Queue[tuple[Witness, Signature | Declined]] = Queue()
            for witness in lacking:
                witness.busy = True
                threading.Thread(target=self._ask_one, args=(witness, head, signed, answers), daemon=True).start()
            lines = {(each.name, each.key_id): each for each in note.split(known)[1]}
            for witness, answer in self._collected(answers, lacking):
                self._take_note(witness, head, answer)
                if isinstance(answer, Signature):
                    lines[answer.name, answer.key_id] = answer
            known = self._in_order(signed, lines)
            reached = self.policy.satisfied_by(self.policy.cosigners(self._signers(known)))
            self.kept.keep(head.size, known, reached)
            self._alarm(head.size, reached)
            if len(self._signers(known)) == len(self.witnesses):
                self._complete = head.size
            return known

    def tend(self, signed: bytes) -> None:
        """Have a published checkpoint cosigned in the background, where somebody has not signed it who could be asked."""
        size = checkpoint.parse(signed)[0].size
        if size <= self._complete:
            return
        known = self.kept.note(size)
        if (known is None or self._lacking(known, True)) and self._background.acquire(blocking=False):
            threading.Thread(target=self._tend, args=(signed,), name="fairdraw-cosigning", daemon=True).start()

    def _tend(self, signed: bytes) -> None:
        try:
            self.ask(signed)
        except Exception:
            LOG.exception("the cosigners could not be asked")
        finally:
            self._background.release()

    def _lacking(self, known: bytes, patient: bool) -> list[Witness]:
        have, now = self._signers(known), time.monotonic()
        return [
            each
            for each in self.witnesses
            if each.key not in have and not each.busy and not (patient and now < each.not_before)
        ]

    def _signers(self, known: bytes) -> tuple[VerifierKey, ...]:
        """Return the keys of the policy's witnesses whose cosignatures, verified when they came, are on a note of ours."""
        there = {(each.name, each.key_id) for each in note.split(known)[1]}
        return tuple(each.key for each in self.witnesses if (each.key.name, each.key.key_id) in there)

    def _ask_one(self, witness: Witness, head: Checkpoint, signed: bytes, answers: Queue[Any]) -> None:
        try:
            answers.put((witness, witness.sign(head, signed, self._prove, self._largest(), WAIT)))
        except Declined as declined:
            answers.put((witness, declined))
        except Exception as error:  # whatever a witness or the network does is its fault, and never the log's
            answers.put((witness, Declined(f"{type(error).__name__}: {error}")))
        finally:
            witness.busy = False

    def _largest(self) -> int:
        latest = self.kept.latest()
        return checkpoint.parse(latest)[0].size if latest else 0

    def _collected(self, answers: Queue[Any], asked: list[Witness]) -> Iterator[tuple[Witness, Signature | Declined]]:
        """Yield the answers as they come, and at the end of the time those who gave none."""
        waiting, deadline = {each.name: each for each in asked}, time.monotonic() + WAIT
        while waiting:
            try:
                witness, answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                break
            del waiting[witness.name]
            yield witness, answer
        for witness in waiting.values():
            yield witness, Declined(f"no answer within {WAIT:g} s")

    def _in_order(self, signed: bytes, lines: Mapping[tuple[str, bytes], Signature]) -> bytes:
        """Return a checkpoint with its cosignatures in the order of the policy, whoever answered first.

        Those of witnesses that the policy names no more stay behind them: a draw may have been frozen with them.
        """
        order = [(each.key.name, each.key.key_id) for each in self.witnesses]
        own = {(each.name, each.key_id) for each in note.split(signed)[1]}
        others = (each for each in lines if each not in own and each not in order)
        found = (lines[each] for each in (*order, *others) if each in lines)
        return signed + b"".join(note.format_signature(each.name, each.key_id, each.payload) for each in found)

    def _take_note(self, witness: Witness, head: Checkpoint, answer: Signature | Declined) -> None:
        """Keep how a witness stands after an answer, and the answer itself where it is evidence."""
        before, at = self.kept.standing(witness.name), self._clock.now()
        if isinstance(answer, Signature):
            if before.fault:
                LOG.warning("见证 %s 已恢复联署 / the witness cosigns again", witness.name)
            witness.pause = witness.not_before = 0.0
            self.kept.stand(witness.name, replace(before, size=head.size, at=at, fault=""))
            return
        witness.failed(time.monotonic())
        if str(answer) != before.fault:
            LOG.warning("见证 %s 未联署 / the witness did not cosign: %s", witness.name, answer)
        what, refusals = (answer.status, answer.answer), before.refusals
        if answer.request and what not in witness.told:
            # The first of each kind tells all there is to tell.
            witness.told = {*list(witness.told)[-20:], what}
            refused = Refused(at, witness.name, witness.url, str(answer), answer.status, answer.request, answer.answer)
            self.kept.refuse(refused)
            refusals += 1
        self.kept.stand(witness.name, replace(before, fault=str(answer), refusals=refusals))

    def _alarm(self, size: int, reached: bool) -> None:
        """Say in the service's own log when the quorum is lost, and when it is there again."""
        if reached == self._missing:
            self._missing = not reached
            if reached:
                LOG.warning("检查点（%d 条）重新取得联署法定数 / the quorum of cosigners is there again", size)
            else:
                LOG.error(
                    "检查点（%d 条）未取得联署法定数，抽取暂停 / the quorum is missing, draws are suspended", size
                )

    # -- showing

    def checkpoint(self) -> bytes | None:
        """Return the largest checkpoint of which the witnesses were asked, None where a larger one was published before.

        A reader is never shown one that is just being cosigned, nor one behind what he was shown.
        """
        found = self.kept.latest()
        return found if found is not None and checkpoint.parse(found)[0].size >= self._floor else None

    def state(self, published: int) -> dict[str, Any]:
        """Return what an operator wants to know: whether draws can go on, and how each witness stands."""
        cosigned, latest = self.kept.quorum_size(), self.checkpoint()
        shown = checkpoint.parse(latest)[0].size if latest else 0
        rows = []
        for each in self.witnesses:
            standing = self.kept.standing(each.name)
            about = {"name": each.name, "vkey": note.format_vkey(each.key.name, each.key.public, each.key.kind)}
            rows.append({**about, "url": each.url, **vars(standing)})
        return {
            "quorum": self.policy.quorum,
            "published": published,
            "cosigned": cosigned,
            "missing": self.policy.quorum != policies.NONE and cosigned < shown,
            "witnesses": rows,
            "refusals": sum(row["refusals"] for row in rows),
        }


def require_followable(policy: Policy, log: VerifierKey | None = None) -> Quorum:
    """Return the quorum of a policy that a service can follow. Raises PolicyError, NoteError where it cannot.

    The freeze of a draw names its quorum as so many of these keys, so a group does not hold groups; and who cannot be
    asked cannot be counted on. `log`: the key of the log, which is named where any is, and is no cosigner.
    """
    flat = policy.flat()
    if flat is None:
        raise PolicyError(
            f"法定数 {policy.quorum} 是组中有组，而抽取须写明若干见证中的几个",
            f"the quorum {policy.quorum} is a group of groups: a draw names so many of these witnesses",
        )
    if log is not None and policy.logs and log.name not in {each.name for each in policy.logs}:
        raise PolicyError(f"其中写了台账，却没有 {log.name}", f"it names logs, and {log.name} is not among them")
    quorum = Quorum.of(Quorum(flat[0], tuple(flat[1])).spelled(), [log] if log else ())
    asked = [policy.witnesses[name] for name in policy.urls]
    reachable = sum(key in asked for key in flat[1])
    if reachable < flat[0]:
        raise PolicyError(
            f"法定数须有 {flat[0]} 个见证，只有 {reachable} 个写有地址",
            f"the quorum needs {flat[0]} witnesses, only {reachable} have an address",
        )
    return quorum


def _unusable(error: Exception) -> Unavailable:
    zh = error.zh if isinstance(error, PolicyError | NoteError) else "读不到，或不是 UTF-8 文本"
    return Unavailable(f"{POLICY} 不可用：{zh}", f"{POLICY} cannot be used: {error}", RULE)
