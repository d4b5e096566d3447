"""The tampering table: every way of steering a draw that we know of is found, and the verifier says why.

The cheats stand in `tests/cheats/`. One who only edits files is found by the hashes; the others hold the log's key and
derive anew all that follows from their edit, so that only the rule itself can give them away: then no other check may
speak either.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.asking import answer, of
from tests.cheats import (
    common,
    on_ceremonies,
    on_cosigners,
    on_entries,
    on_files,
    on_inspections,
    on_keys,
    on_lists,
    on_papers,
    on_repeats,
)
from tests.forge import Forge, write
from verify.checks.kept import SAYINGS

ROOT = Path(__file__).resolve().parent.parent


class Case(NamedTuple):
    """A cheat, the check that must name it, and words of its reason. `also`: checks that may speak besides."""

    cheat: common.Cheat
    check: str
    words: str
    also: frozenset[str] | None = frozenset()
    outcome: str = "BROKEN"


def edits(cheat: common.Cheat, check: str, words: str) -> Case:
    """A cheat who edits files only: the hashes give him away, and whatever else he broke may be told too."""
    return Case(cheat, check, words, None)


def rules(cheat: common.Cheat, check: str, words: str, *also: str) -> Case:
    """A cheat with the log's key: nothing but `check` (and `also`) may find him."""
    return Case(cheat, check, words, frozenset(also))


def unchecked(cheat: common.Cheat, check: str, words: str) -> Case:
    """Nobody can tell, and the verifier says so: the exit code is 2."""
    return Case(cheat, check, words, frozenset(), "UNCHECKED")


def noted(cheat: common.Cheat, check: str, words: str) -> Case:
    """Not against the rules, but everybody must see it: the exit code stays 0."""
    return Case(cheat, check, words, frozenset(), "NOTED")


OF_PLANS_TOO = {"F03", "F04"}
"""Of these a list or plan may be broken while they hold in every draw."""
REPLAY = ("V6", "F02", "V7", "V10")
"""What a replay from other beginnings finds besides."""

CASES: dict[str, Case] = {
    # Files, without the key.
    "an entry is dropped": edits(on_files.entry_dropped, "F01", "the chain is broken"),
    "two entries are swapped": edits(on_files.entries_swapped, "F01", "an entry is missing or repeated"),
    "an entry is edited": edits(on_files.entry_edited, "F01", "was altered, exchanged or taken out"),
    "the last entry is edited": edits(on_files.last_entry_edited, "tree", "entries were altered"),
    "an entry is edited and the chain re-hashed": edits(on_files.edited_and_rehashed, "tree", "entries were altered"),
    "the tail is cut off": edits(on_files.tail_cut, "tree", "the tail was cut off"),
    "the tail is cut off everywhere": edits(on_files.tail_cut_everywhere, "tree", "the tail was cut off"),
    "an entry is added after the signature": edits(on_files.entry_added_after_the_signature, "tree", "is not signed"),
    "the checkpoint is of another log": edits(on_files.checkpoint_of_another_log, "tree", "of another log"),
    "the checkpoint is missing": edits(on_files.checkpoint_missing, "checkpoint", "missing"),
    "the key is exchanged": edits(on_files.key_exchanged, "whose", "another log"),
    "a tile is altered": edits(on_files.tile_altered, "tree", "differs from entries.jsonl"),
    "a bundle is missing": edits(on_files.bundle_missing, "tree", "is missing"),
    "a file too many": edits(on_files.stray_file, "folder", "documents/notes.txt"),
    "a document is missing": edits(on_files.document_missing, "documents", "is missing"),
    "a public document is altered": edits(on_files.document_altered, "documents", "was altered"),
    "a document is longer than stated": edits(on_files.document_longer_than_stated, "documents", "the entry says"),
    # The keys of the log.
    "a key from nowhere": edits(on_keys.key_from_nowhere, "whose", "another log"),
    "a key announced, and the old one silent": edits(
        on_keys.key_announced_and_the_old_one_silent, "checkpoint", "signed by the key"
    ),
    "the new key vouches for itself": edits(
        on_keys.retirement(on_keys.of_the_new_key), "keys", "it handed nothing over"
    ),
    "a handover before the announcement": edits(
        on_keys.retirement(on_keys.of_before_the_announcement), "keys", "does not cover the announcement"
    ),
    "a handover in another history": edits(on_keys.retirement(on_keys.of_another_history), "keys", "has another root"),
    "a false handover is not followed": edits(
        on_keys.retirement(on_keys.of_the_new_key), "checkpoint", "signed by the key"
    ),
    "a false handover is another log": edits(on_keys.retirement(on_keys.of_the_new_key), "whose", "another log"),
    "a key retired without a successor": rules(
        on_keys.retired_without_successor, "keys", "is not the older of two that sign"
    ),
    "the key of another log": rules(on_keys.key_of_another_log, "keys", "is no Ed25519 key of this log"),
    "a key announced twice": rules(on_keys.key_announced_twice, "keys", "was the log's before"),
    "a third key while two sign": rules(on_keys.third_key_while_two_sign, "keys", "while another is being handed over"),
    "a retired key goes on": rules(on_keys.retired_key_goes_on, "keys", "was not announced yet or was retired"),
    "a false line of the new key": rules(on_keys.false_line_of_the_new_key, "keys", "signature of the new key fails"),
    "the old key stated after its retirement": rules(
        on_keys.old_key_stated_after_its_retirement, "whose", "is not the key"
    ),
    # Entries.
    "two entries with one command": rules(on_entries.two_entries_with_one_command, "entries", "one command"),
    "an unknown kind": rules(on_entries.unknown_kind, "entries", "unknown kind result.beautified"),
    "data of another shape": rules(on_entries.data_of_another_shape, "entries", "unknown key 'note'"),
    "a version is skipped": rules(on_entries.version_skipped, "F01", "expected 4"),
    "a role that may not": rules(on_entries.role_not_allowed, "actors", "is not allowed to cause"),
    "a role that the account has not": rules(on_entries.role_invented, "actors", "the entry says"),
    "an account that was never opened": rules(on_entries.account_never_opened, "actors", "was never opened"),
    "an account after its closing": rules(on_entries.account_acts_after_its_closing, "actors", "was closed in entry"),
    "the clock runs backwards": rules(on_entries.clock_backwards, "F01", "runs backwards", "F15"),
    "a chain that begins elsewhere": rules(on_entries.other_origin_in_the_chain, "F01", "of the origin", "F14", "F16"),
    "the log is created again": rules(on_entries.log_created_again, "entries", "creates the log again"),
    "the log is created in another stream": rules(
        on_entries.log_created_in_another_stream, "entries", "stands in log/other", "V2"
    ),
    "a witness of the organiser's office": rules(
        on_entries.witness_of_the_organisers_office, "actors", "has the role discipline in 220100.market"
    ),
    "an account named system": rules(on_entries.account_named_system, "actors", "is the log itself"),
    "a document kept secret": rules(on_entries.document_kept_secret, "entries", "public is not of the form true"),
    "a phone number in a text": rules(on_entries.phone_in_a_text, "personal", "person's 138********"),
    "a phone number as the id of a command": rules(on_entries.phone_as_a_command, "personal", "person's 138********"),
    # Lists, plans, registries.
    "reviewed by the drafter's unit": rules(on_papers.review_by_the_drafter, "reviews", "that drafted it", "actors"),
    "the justice review is missing": rules(
        on_papers.justice_review_missing, "reviews", "without a passed justice review"
    ),
    "published though rejected": rules(
        on_papers.published_though_rejected, "reviews", "without a passed legality review"
    ),
    "the plan is published after the draw": rules(
        on_papers.plan_published_after_the_draw, "F04", "before the plan plan/220100-2026-1 was published"
    ),
    "the item is not on the plan": rules(on_papers.item_not_on_the_plan, "F04", "is not in plan/"),
    "a plan over the end of the year": rules(on_papers.plan_over_the_year, "reviews", "leaves the year 2026"),
    "a planned ratio below 5 %": rules(on_papers.ratio_of_the_plan_broken, "F03", "3%"),
    "a listed ratio above 20 %": rules(on_papers.ratio_of_the_list_broken, "F03", "legal is 5%–20%"),
    "filed by the importer": rules(on_papers.filed_by_the_importer, "registries", "who imported it", "actors"),
    "a registry that was not filed": rules(on_papers.registry_not_filed, "F04", "is not filed"),
    "registries that were not paired": rules(on_papers.registries_not_paired, "F04", "is not paired"),
    "a batch that is counted wrongly": rules(on_papers.batch_counted_wrongly, "registries", "rows added", "F01"),
    "a batch that does not fit": edits(
        on_papers.batch_changes_a_row_that_is_not_there, "registries", "not in the registry"
    ),
    "a row is removed before the freeze and put back": noted(
        on_papers.row_removed_for_the_freeze, "F08", "put back after it"
    ),
    "a roster of the chosen": rules(on_papers.roster_of_the_chosen, "F07", "a special roster"),
    "a business kept in another registry": rules(
        on_papers.business_kept_in_another_registry, "F07", "without these objects of registry/other"
    ),
    "paired with other inspectors": rules(on_papers.paired_again, "F07", "and then again with registry/other"),
    "an identity number as a name": rules(
        on_papers.identity_number_as_a_name, "personal", "1 texts in a list of registry/"
    ),
    "a phone number as a tag": rules(on_papers.phone_as_a_tag, "personal", "1 texts in a list of registry/"),
    "a method named twice": rules(on_inspections.method_named_twice, "inspections", "each once"),
    # The freeze.
    "the pool hides a business": rules(on_ceremonies.pool_hides_a_business, "F07", "hides objects of the registry"),
    "a business excluded without ground": rules(
        on_ceremonies.business_excluded_without_ground, "F09", "without ground", "F07"
    ),
    "a private inspector roster": rules(on_ceremonies.private_roster, "F07", "hides inspectors of the registry"),
    "everybody made eligible": rules(
        on_ceremonies.expired_inspector_made_eligible, "F07", "not excluded though", "F12"
    ),
    "the pool of an older registry": rules(on_ceremonies.pool_of_an_older_registry, "V2", "froze version"),
    "no legal maximum": rules(on_ceremonies.terms(hi_bp=10000), "F03", "the legal maximum is 10000"),
    "a key item in disguise": rules(on_ceremonies.terms(item_class="key"), "F03", "is general, not key"),
    "a second attempt": rules(on_ceremonies.terms(attempt=2), "V2", "attempt is 2, not 1"),
    "a team of one seat": rules(on_ceremonies.terms(seats=[0]), "V2", "seats is [0]", "F12"),
    "eligibility of another day": rules(
        on_ceremonies.terms(as_of="2026-01-05"), "V2", "as_of 2026-01-05", "F07", "F12"
    ),
    "beacon too soon after the reveals": rules(on_ceremonies.terms(delta=60), "V2", "delta is 60 s"),
    "another verifier is promised": noted(
        on_ceremonies.terms(verifier="ab" * 32), "V13", "another verifier than this one"
    ),
    "a quota other than the plan's": rules(
        on_ceremonies.quota_other_than_the_plans, "F03", "are not those of the plan"
    ),
    "no party from the discipline office": rules(
        on_ceremonies.one_party_alone, "V2", "no party has the role discipline", "V4"
    ),
    "a deadline moved after the freeze": edits(on_ceremonies.deadline_moved_after_the_freeze, "V2", "C0 is"),
    "a ledger head of another history": rules(on_ceremonies.ledger_head_of_another_history, "V2", "has another root"),
    "a waiver is missing": rules(on_ceremonies.waiver_missing, "F03", "no recorded waiver"),
    "a ledger head from before the opening": rules(
        on_ceremonies.head_from_before_the_opening, "V2", "does not cover the opening"
    ),
    "one lottery alone": rules(on_ceremonies.one_lottery_alone, "V2", "one lottery alone is too little"),
    "caps to the end": rules(on_ceremonies.terms(cap=9), "V2", "objects could stay without a team"),
    "caps without end": rules(on_ceremonies.terms(fallback=[{"cap": None}] * 16), "V2", "17 caps"),
    "dice that nobody can check": noted(
        on_ceremonies.terms(beacons=[{"kind": "dice", "sides": 10, "rolls": 40}]), "V5", "with the public record"
    ),
    "a waiver is told": noted(
        on_ceremonies.terms(waivers={"D": "另一理由"}), "F03", "ratios waived: stratum D, 3 objects: 另一理由"
    ),
    # The ceremony.
    "the discipline office is missing": rules(on_ceremonies.check_in_missing, "F05", "no check-in"),
    "the discipline office comes too late": rules(on_ceremonies.check_in_too_late, "F05", "too late"),
    "checked in for everything at once": rules(
        on_ceremonies.check_in_for_everything_at_once, "F05", "before the phase began"
    ),
    "no sign-off": rules(on_ceremonies.sign_off_missing, "F05", "without the discipline office's sign-off"),
    "revealed before the close": rules(
        on_ceremonies.revealed_before_the_close, "F06", "before commitments closed", "F05"
    ),
    "committed after the deadline": rules(on_ceremonies.committed_after_the_deadline, "F06", "after the deadline"),
    "a commitment to a freeze that was not public": rules(
        on_ceremonies.commitment_before_the_freeze_was_public, "F06", "does not cover draw.frozen"
    ),
    "an anchor without a signature": rules(on_ceremonies.anchor_without_signature, "F06", "is not signed"),
    "a contribution of another account": rules(on_ceremonies.contribution_of_another_account, "V3", "the freeze names"),
    "a contribution is exchanged": rules(on_ceremonies.contribution_exchanged, "V4", "does not open its commitment"),
    "a reveal is left out": rules(on_ceremonies.reveal_left_out, "V4", "either reveals or is recorded as withholding"),
    "the discipline office withholds": rules(
        on_ceremonies.discipline_office_withholds, "V4", "nobody with the role discipline revealed"
    ),
    "reveals closed after the beacon": rules(
        on_ceremonies.reveals_closed_after_the_beacon, "V4", "after the time of the beacon"
    ),
    "the beacon comes too early": rules(on_ceremonies.beacon_before_its_time, "F06", "before the reveals were closed"),
    "the dice are rolled again": rules(on_ceremonies.beacon_rolled_again, "V5", "the beacon gives B", *REPLAY),
    "too few rolls": rules(on_ceremonies.too_few_rolls, "V2", "too few", "V5"),
    # The cosigners.
    "one cosigner of two": rules(on_cosigners.cosigned_by(on_cosigners.NAMES[0]), "F06", "has not the quorum of 2"),
    "a cosigner who signs twice": rules(
        on_cosigners.cosigned_by(*on_cosigners.NAMES[:1] * 2), "F06", "it is cosigned by commission.example."
    ),
    "cosigners of one's own": rules(on_cosigners.cosigned_by("a.example", "b.example"), "F06", "cosigned by nobody"),
    "a commitment without cosigners": rules(on_cosigners.without_cosignatures, "F06", "cosigned by nobody"),
    "the cosignature of an earlier head": rules(
        on_cosigners.cosignature_of_another_head, "F06", "the cosignature of commission.example does not hold"
    ),
    "cosigned when the beacon was known": rules(
        on_cosigners.cosigned_when_the_beacon_was_known,
        "F06",
        "before the time of the beacon: it is cosigned by nobody",
    ),
    "a cosigner named twice": rules(on_cosigners.named(2, "a.example", "a.example"), "V2", "names a cosigner twice"),
    "a quorum beyond its cosigners": rules(on_cosigners.named(3, *on_cosigners.NAMES[:2]), "V2", "3 of 2 cosigners"),
    "cosigners of whom none is asked": rules(on_cosigners.named(0, *on_cosigners.NAMES), "V2", "0 of 3 cosigners"),
    "the log as its own cosigner": rules(on_cosigners.log_cosigns_itself, "V2", "the key of the log itself"),
    "the log's next key as a cosigner": rules(on_cosigners.next_key_cosigns, "V2", "the key of the log itself"),
    "a log's key as a cosigner": rules(on_cosigners.key_of_a_log_as_cosigner, "V2", "not of a cosigner"),
    "another seed": rules(on_ceremonies.other_seed, "V6", "give another seed", *REPLAY),
    "a draw that displeased is drawn again": rules(on_repeats.drawn_again, "F17", "no redraw"),
    "drawn again under another plan": rules(on_repeats.drawn_again_under_another_plan, "F17", "no redraw"),
    "a draw is left lying": rules(on_repeats.left_lying, "F17", "left lying"),
    "drawn and forgotten": rules(on_repeats.drawn_and_forgotten, "F16", "drawn objects have no result"),
    "a draw is hidden": rules(on_repeats.draw_hidden, "V1", "a draw may be hidden"),
    # The lists that come out.
    "a unit is swapped in the drawn list": rules(on_lists.unit_swapped_in_the_drawn_list, "F02", "does not draw them"),
    "the drawn list is reordered": rules(on_lists.drawn_list_reordered, "F02", "not a canonical sorted list"),
    "ranks are exchanged": rules(on_lists.ranks_exchanged, "V7", "the list says"),
    "an excluded object is drawn": rules(on_lists.excluded_object_drawn, "F09", "though excluded", "F02"),
    "too few are drawn": rules(on_lists.too_few_drawn, "F03", "outside the legal ratio", "F02", "V7"),
    "assignments are swapped": rules(on_lists.assignment_swapped, "V10", "the seed sends"),
    "an expired inspector in a team": rules(
        on_lists.expired_inspector_in_a_team, "F12", "not eligible (certificate)", "V10"
    ),
    "a team of one": rules(on_lists.team_of_one, "F12", "not two different inspectors", "V10"),
    "a recused inspector is sent": rules(on_lists.recused_inspector_sent, "V9", "is recused from", "V10"),
    "a recusal is not opened": rules(on_lists.recusal_not_opened, "V9", "was not opened", "V10"),
    "a recusal is changed": rules(on_lists.recusal_changed, "V9", "does not open the frozen commitment"),
    "many are recused": noted(on_ceremonies.many_recused, "V9", "are recused from 91220101YY"),
    # Inspections and results.
    "other visitors": rules(on_inspections.other_visitors, "F14", "drawn were"),
    "other visitors on the day": rules(on_inspections.other_visitors_on_the_day, "F14", "were notified"),
    "an object that was not drawn": rules(
        on_inspections.object_inspected_though_not_drawn, "F14", "was not drawn, but is inspected"
    ),
    "late shown as on time": rules(on_inspections.late_shown_as_on_time, "F15", "is late; the entry says"),
    "the deadline is shifted": rules(on_inspections.deadline_shifted, "F15", "the entry says 2026-03-31"),
    "a result before the inspection": rules(
        on_inspections.result_before_the_inspection, "inspections", "the steps are"
    ),
    "a result of no category": rules(on_inspections.result_of_no_category, "inspections", "EXCELLENT"),
    "a certificate that ran out": rules(
        on_inspections.certificate_expired_on_the_day, "F12", "could not inspect on 2026"
    ),
    "an inspector suspended on the day": rules(on_inspections.suspended_on_the_day, "F12", "(status:suspended)"),
    "completed before the visit": rules(
        on_inspections.completed_before_the_visit, "inspections", "before the visit on"
    ),
    "no problem and a problem": rules(on_inspections.no_problem_and_a_problem, "inspections", "excludes every other"),
    "a method of no kind": rules(on_inspections.method_of_no_kind, "inspections", "telepathy"),
    "a calendar out of order": rules(
        on_inspections.calendar(holidays=["2026-05-01", "2026-01-01"]), "F15", "are not sorted"
    ),
    "a day twice in the calendar": rules(
        on_inspections.calendar(makeup_workdays=["2026-05-09", "2026-05-09"]), "F15", "occurs twice"
    ),
    "a holiday that is worked": rules(
        on_inspections.calendar(makeup_workdays=["2026-05-01"]), "F15", "a holiday and a make-up day"
    ),
    "a calendar without papers": rules(on_inspections.calendar(papers=[]), "F15", "names no paper"),
    "a calendar recorded again": noted(on_inspections.calendar_recorded_again, "F15", "was recorded again"),
    "completed in a year without calendar": unchecked(
        on_inspections.completed_in_a_year_without_calendar, "F15", "a year without a recorded calendar"
    ),
    "a vanished object": rules(on_inspections.vanished_object, "F16", "1 drawn objects have no result"),
    "a result that is never published": rules(on_inspections.never_published, "F15", "beyond 20 working days"),
    "a result that is overdue": noted(on_inspections.overdue, "F15", "overdue"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_cheat_is_named(case: Case, forge: Forge, story, tmp_path, capsys):
    files = case.cheat(forge)
    assert files != forge.honest

    told = answer(capsys, str(write(files, tmp_path / "forged")), "--vkey", story.vkey)

    reasons = [each for each in of(told, case.outcome) if each["check"] == case.check]
    assert any(case.words.lower() in each["reason"].lower() for each in reasons), told["findings"]
    assert all(each["reason_zh"] and each["reason_zh"] != each["reason"] for each in reasons)
    assert told["exit"] == {"BROKEN": 1, "UNCHECKED": 2}.get(case.outcome, 0)
    if case.outcome == "BROKEN" and case.check in set(SAYINGS) - OF_PLANS_TOO:
        assert case.check not in {each["check"] for each in of(told, "HOLDS")}
    if case.also is not None:
        others = {each["check"] for each in of(told, "BROKEN")} - {case.check} - case.also
        assert not others, of(told, "BROKEN")


def test_an_honest_log_says_of_every_code_that_it_holds(story, capsys):
    told = answer(capsys, str(story.export), "--vkey", story.vkey)

    once = [each["check"] for each in of(told, "HOLDS") if each["check"] in {*SAYINGS, "F12"}]
    assert sorted(once) == sorted({*SAYINGS, "F12"})
    present = next(each for each in of(told, "HOLDS") if each["check"] == "F05")
    assert present["reason_zh"] == "在全部 2 次抽取中纪检全程在场（签到和签字 12 次）。"


def test_a_draw_that_cannot_be_read_whole_lets_no_code_hold(forge: Forge, story, tmp_path, capsys):
    common.first_draw(forge)
    forge.first("draw.witness-checked-in")["data"]["note"] = "extra"

    told = answer(capsys, str(write(forge.settle(), tmp_path / "forged")), "--vkey", story.vkey)

    assert not set(SAYINGS) & {each["check"] for each in of(told, "HOLDS")}


def test_an_honest_log_that_the_forger_settled_holds(forge: Forge, story, tmp_path, capsys):
    """So it is the edit that is found in the table above, not the forger's hand."""
    common.first_draw(forge)

    told = answer(capsys, str(write(forge.settle(), tmp_path / "settled")), "--vkey", story.vkey)

    assert told["exit"] == 0, of(told, "BROKEN") + of(told, "UNCHECKED")
