"""The rules: everything that goes beyond links, root and signature, from the files of an export to the published results."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from verify.checks import actors, changes, checkpoint, documents, plans, registries, terms
from verify.checks.draws import Draws
from verify.checks.inspections import check_inspections
from verify.checks.keys import ring_of
from verify.checks.order import check_numbers
from verify.checks.released import check_released
from verify.checks.stamped import Anchors
from verify.checks.tree import check_files
from verify.digest import verifier_digest
from verify.findings import Finding
from verify.history import History
from verify.holdings import Holdings
from verify.library import Library
from verify.progress import Progress
from verify.source import Folder


def check_rules(folder: Folder, history: History, bar: Progress, tsa: bytes | None = None) -> Iterator[Finding]:
    """Ask them all, about a log whose chain was followed. `tsa`: the certificates of the time-stamping authority."""
    head = checkpoint.read_checkpoint(folder, None)[0]
    library = Library(folder)
    named = documents.named(history)
    yield from check_files(folder, history, head, documents.public(named), bar)
    bar.show("核对文档", "documents")
    yield from documents.check_documents(library, named)
    bar.show("核对账号", "actors")
    yield from actors.check_actors(history)
    yield from check_released(history)
    yield from Anchors(history, library, ring_of(history), tsa).check()
    yield from check_contents(draws_of(history, library, Holdings(history, library)), bar)


def draws_of(history: History, library: Library, holdings: Holdings) -> Draws:
    """Return the draws of a log, to be checked."""
    return Draws(history, library, holdings, {}, ring_of(history))


def check_contents(draws: Draws, bar: Progress, ended: Collection[str] | None = None) -> Iterator[Finding]:
    """Everything that the notice of the bureau asks for, from the lists to the published results.

    `ended`: the draws of which it is asked whether each drawn object has a result, where not of all.
    """
    history, library = draws.history, draws.library
    bar.show("重放抽取", "draws")
    yield from plans.check_plans(history, library, draws.items)
    yield from check_numbers(history)
    yield from draws.check()
    yield from terms.check_remarks(history, verifier_digest())
    yield from registries.check_registries(history, draws.holdings)
    yield from changes.check_changes(history, draws.holdings)
    yield from check_inspections(draws, bar, ended)
