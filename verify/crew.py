"""A crew of processes: the same work on many pieces, handed back in the order of the pieces, whoever was quicker.

A worker is a fork of this process: it shares what is open and what was read. It gets one piece while it works on another,
so that nobody waits, and nobody runs far ahead. When it dies, or this process does, all of them end.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
AHEAD = 2
"""Pieces that a worker holds: the one it works on, and the next one."""


class WorkerFailed(Exception):
    """A process of the crew died, or failed; the message says of what."""


def usable_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task], processes: int) -> Generator[Result, None, None]:
    """Yield `work(task)` for each task, in the order of the tasks; with one process, or where none can fork, in this one.

    Raises WorkerFailed. Close it where not all results are asked for: no process outlives it.
    """
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(work, tasks)
        return
    links, crew = _hire(work, processes)
    try:
        yield from _collect(links, iter(enumerate(tasks)))
    finally:
        for each in crew:
            each.kill()
            each.join()


def _hire(work: Callable[[Any], Any], processes: int) -> tuple[list[Connection], list[BaseProcess]]:
    """Fork the workers with Ctrl-C held back: they never see it, this process does as soon as it can end them."""
    context = multiprocessing.get_context("fork")
    links: list[Connection] = []
    crew: list[BaseProcess] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            links.append(ours)
            each = context.Process(target=_serve, args=(theirs, list(links), work), daemon=True)
            each.start()
            crew.append(each)
            theirs.close()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return links, crew


def _serve(link: Connection, others: list[Connection], work: Callable[[Any], Any]) -> None:
    """Work until the other end is closed, which it is too when the process behind it was killed."""
    for other in others:
        other.close()  # or no worker would ever see that its other end is gone
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            number, task = link.recv()
            try:
                answer = (number, work(task), "")
            except Exception as error:
                answer = (number, None, f"{type(error).__name__}: {error}")
            link.send(answer)


def _collect(links: list[Connection], tasks: Iterator[tuple[int, Any]]) -> Iterator[Any]:
    held = {link: sum(_hand(link, tasks) for _ in range(AHEAD)) for link in links}
    ready: dict[int, Any] = {}
    due = 0
    while busy := [link for link, count in held.items() if count]:
        answering = wait(busy)
        for link in (each for each in busy if each in answering):
            number, result, fault = _receive(link)
            if fault:
                raise WorkerFailed(fault)
            ready[number] = result
            held[link] += _hand(link, tasks) - 1
        while due in ready:
            yield ready.pop(due)
            due += 1


def _hand(link: Connection, tasks: Iterator[tuple[int, Any]]) -> int:
    """Hand the next task to a worker and return 1, or 0 where there is none."""
    task = next(tasks, None)
    if task is not None:
        _send(link, task)
    return int(task is not None)


def _send(link: Connection, task: tuple[int, Any]) -> None:
    try:
        link.send(task)
    except OSError as error:
        raise WorkerFailed("a process of the crew died 核验子进程意外终止") from error


def _receive(link: Connection) -> tuple[int, Any, str]:
    try:
        answer: tuple[int, Any, str] = link.recv()
    except (EOFError, OSError) as error:
        raise WorkerFailed("a process of the crew died 核验子进程意外终止") from error
    return answer
