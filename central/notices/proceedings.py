"""The steps of a case after its notice: one function takes any of them, with its record and its papers, if it has any.

Papers are drawn before the transaction, from what was read; the transaction writes them down if nothing has changed.
Their numbers are taken in it, so that a number is taken once, and none is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from central.cases import documents
from central.cases import log as case_log
from central.cases import said as saying
from central.cases.life import end_of, facts_after, life_of, with_life
from central.cases.lifecycle import Action, CaseState, Officer, Refused, Status
from central.cases.log import lock_case
from central.cases.said import Decided, HandedOver, Identified, Said
from central.cases.steps import allowed, step
from central.cases.terms import Term
from central.notices import moving
from central.notices.basis import NoticeDesk, changed, look
from central.notices.hand import Hand, hand_of, sign, signer_on_paper
from central.notices.known import Known, check_liable, standing_record
from central.notices.numbering import TRIES, NumberTaken, number_of, numbered, take_numbers
from central.notices.reading import Read, law_of, read, since
from central.notices.step_papers import STEP_PAPERS, papers_of, pdf_of
from central.notices.tally import count_taken_back
from central.notices.together import Along, along, check_apart, paper_of, said_of, shares_of, waiting
from central.store.case_tables import CaseRow
from central.store.db import Database
from central.units.letterheads import Writer
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.papers import Paper
from evidence.acts import ActCode

BY_PEN = frozenset({"minutes", "hearing", "complaint_receipt"})
"""Papers that people fill in and sign at the desk: no key of the centre signs them."""


@dataclass(frozen=True)
class Standing:
    """Where a case stands: its whole state, the terms that run, what this officer may do now, and the last day a step
    was taken on."""

    state: CaseState
    terms: tuple[Term, ...]
    actions: frozenset[Action]
    since: date | None


def standing(session: Session, row: CaseRow, officer: Officer, *, calendar: WorkCalendar, now: datetime) -> Standing:
    """Read back from the record of the case."""
    case = read(session, row, calendar, now)
    actions = allowed(case.state, officer, now=now, passed=case.over)
    return Standing(case.state, case.running, actions, since(case.state.facts))


def take(
    database: Database, case_id: str, officer: Officer, action: Action, typed: Mapping[str, Any], note: str = "", *,
    desk: NoticeDesk, now: datetime, seen: int | None = None,
) -> Status:  # fmt: skip
    """Take one step of `central.cases.said.SAID`. `seen`: version of the case on the screen. Returns the state after.

    Raises `Refused`: `changed`, those of `step`, of `said.read` and `said.check`, and of `central.notices.hand` where a
    paper is made, or it is decided: whoever decides needs the power for the band of the act.
    """
    said, note = saying.read(action, typed), note.strip()
    if action not in STEP_PAPERS:
        return _taken(database, case_id, officer, action, said, note, desk, now, seen)
    with database.read() as session:
        book = desk.writer(session, look(session, case_id).unit_code, now).unit
    with desk.numbering.of(book):
        for _ in range(TRIES):
            try:
                return _taken(database, case_id, officer, action, said, note, desk, now, seen)
            except NumberTaken:
                continue
    raise Refused("busy", "too many papers are being made at once", remedy="try again in a moment")


def _taken(
    database: Database, case_id: str, officer: Officer, action: Action, said: Said, note: str, desk: NoticeDesk,
    now: datetime, seen: int | None,
) -> Status:  # fmt: skip
    """Read, draw, then write. Raises `NumberTaken` where somebody else took the number of a paper meanwhile."""
    writer, papers = None, tuple[Paper, ...]()
    with database.read() as session:
        looked_at = read(session, look(session, case_id), desk.calendar, now)
        row, version = looked_at.row, looked_at.version
        _, words = _planned(session, looked_at, officer, action, said, note, desk, now)
        going = along(session, looked_at, action, said, words, officer, desk.calendar, now)
        others = {each.row.id: each.case.version for each in going}
        numbers = {each.id: each.number for each in (row, *(one.row for one in going))}
        if action in STEP_PAPERS:
            writer = desk.writer(session, row.unit_code, now)
            papers = _papers(looked_at, going, officer, action, said, note, desk, writer, now)
            papers = numbered(session, papers, writer.unit, said.on.year)
        signs = any(paper.paper not in BY_PEN for paper in papers) or action is Action.DECIDE
        hand = hand_of(session, desk.signing, row, officer, now=now) if signs else None
        amends = any(paper.paper == "amendment" for paper in papers)
        if hand is not None and (amends or action is Action.DECIDE):  # of several acts each is within the power
            hand = max([hand, *_hands(session, desk, going, officer, now)], key=lambda each: each.most)
    if seen is not None and seen != version:
        raise changed()
    drawn = [_drawn(desk, paper, hand, now) for paper in papers]
    with database.write() as session:
        # by number, as acts of a drive are locked: so no two wait for each other
        locked = {one: lock_case(session, one) for one in sorted(numbers, key=lambda each: numbers[each])}
        case = read(session, locked[case_id], desk.calendar, now, looked_at)
        if case.version != version:
            raise changed()
        after, words = _planned(session, case, officer, action, said, note, desk, now)
        if writer is not None and papers:
            if desk.writer(session, case.row.unit_code, now) != writer:
                raise changed()  # what stands on their head
            take_numbers(session, papers, writer.unit, said.on.year)
        going = along(session, case, action, said, words, officer, desk.calendar, now)
        if {each.row.id: each.case.version for each in going} != others:
            raise changed()
        bears = paper_of(case, action, going)
        for each in (Along(case, after, words, action), *going):
            its = [n for n, paper in enumerate(papers) if _stands_in(paper, each, action, bears)]
            if writer is not None and its:
                named = _said_of([papers[n] for n in its], [drawn[n] for n in its], writer)
                each = replace(each, words=each.words | named)
            _write(session, each, said, officer, note, now)
    return after.status


def _stands_in(paper: Paper, each: Along, action: Action, bears: Read) -> bool:
    """Whether a paper of the step is named in the record of this case: a decision, and what is left of one, in each
    that it is about; points in the one that bears them."""
    if action is Action.DECIDE or paper.paper == "amendment":
        return True
    if action is Action.WITHDRAW and paper.paper == "points":
        return bool(each.words.get("points"))
    return each.case is bears


def _hands(session: Session, desk: NoticeDesk, going: Sequence[Along], officer: Officer, now: datetime) -> list[Hand]:
    """Whose hand signs for the acts of the other cases: the same, if its power reaches to each. Raises `Refused`."""
    found = [hand_of(session, desk.signing, each.row, officer, now=now) for each in going]
    return [hand for hand in found if hand is not None]


def _write(session: Session, taken: Along, said: Said, officer: Officer, note: str, now: datetime) -> None:
    row, after, action = taken.row, taken.after, taken.action
    if action is Action.DECISION_CUT:
        case_log.append(
            session, row, action, actor=officer.username, at=now, after=taken.words, record=taken.case.record
        )
        return
    row.status, row.confirmed_by = after.status.value, after.confirmed_by
    row.claimed_by, row.claimed_until = after.claimed_by, after.claimed_until
    if taken.case.state.facts.statement is not None and after.facts.statement is None:
        row.contests_unread = 0  # it was answered: nobody is asked to read it any more
    count_taken_back(session, row, said)
    if action is Action.CORRECT:
        _begin_anew(session, row, now)
    if action is Action.HAND_OVER:
        moving.move(session, row, taken.words["unit_code"], by=officer.username, note=note, now=now)
    case_log.append(
        session, row, action, actor=officer.username, at=now, before={"status": taken.case.state.status.value},
        after={"status": after.status.value, **taken.words}, note=note, record=taken.case.record,
    )  # fmt: skip


def _drawn(desk: NoticeDesk, paper: Paper, hand: Hand | None, now: datetime) -> tuple[str, dict[str, Any]]:
    """Draw, sign and keep a paper: its SHA-256, and what the event says of its signature. Raises `Refused`.

    On a paper that is signed by key nothing can be filled in any more: what is not known is said so in a word.
    """
    if paper.paper in BY_PEN:
        hand = None
    if hand is not None:
        paper = paper.model_copy(update={"signer": signer_on_paper(hand, now), "by_hand": False})
    pdf, signature = sign(desk.signing, hand, pdf_of(paper), now)
    return desk.store.put(pdf), signature


def draft(
    database: Database, case_id: str, officer: Officer, action: Action, typed: Mapping[str, Any], note: str = "", *,
    desk: NoticeDesk, now: datetime,
) -> list[bytes]:  # fmt: skip
    """The papers that the step would make, without numbers and marked as drafts; nothing is written down.

    Raises `Refused` as `take` does, and `no_paper` where the step makes none.
    """
    said, note = saying.read(action, typed), note.strip()
    with database.read() as session:
        case = read(session, look(session, case_id), desk.calendar, now)
        _, words = _planned(session, case, officer, action, said, note, desk, now)
        going = along(session, case, action, said, words, officer, desk.calendar, now)
        writer = desk.writer(session, case.row.unit_code, now)
        papers = _papers(case, going, officer, action, said, note, desk, writer, now)
    if not papers:
        raise Refused("no_paper", "this step makes no paper", remedy="enter the step")
    return [pdf_of(paper) for paper in papers]


def _papers(
    case: Read, going: Sequence[Along], officer: Officer, action: Action, said: Said, note: str, desk: NoticeDesk,
    writer: Writer, now: datetime,
) -> tuple[Paper, ...]:  # fmt: skip
    """What the step makes, without numbers. `going`: the cases that take it too."""

    def known(one: Read) -> Known:
        record, state = standing_record(one.record), one.state
        return Known(one.row, state.status, record, state.facts, writer.office, desk.calendar, officer, now)

    several = action in (Action.DECIDE, Action.WITHDRAW)
    others = tuple(known(each.case) for each in going) if several else ()
    return papers_of(replace(known(paper_of(case, action, going)), along=others), action, said, note)


def _said_of(papers: Sequence[Paper], drawn: Sequence[tuple[str, dict[str, Any]]], writer: Writer) -> dict[str, Any]:
    """What the event says of these papers."""
    suffix = writer.office.number_suffix
    named = documents.said([
        (paper.paper, HERE.papers().number(paper.paper, number_of(paper), suffix), sha256, signature)
        for paper, (sha256, signature) in zip(papers, drawn, strict=True)
    ])  # fmt: skip
    return named | {"paper_book": writer.unit}


def _begin_anew(session: Session, row: CaseRow, now: datetime) -> None:
    """The notice stays, as one that holds no more; the case will have another."""
    assert row.notice is not None
    row.notice.replaced_at = row.corrected_at = now
    row.confirmed_at = None
    session.flush()
    session.expire(row, ["notice", "replaced_notices"])


def _planned(
    session: Session, case: Read, officer: Officer, action: Action, said: Said, note: str, desk: NoticeDesk,
    now: datetime,
) -> tuple[CaseState, dict[str, Any]]:  # fmt: skip
    """The state after the step, and what the event says. Raises `Refused`."""
    row, life, state, today = case.row, case.life, case.state, HERE.local_date(now)
    after = step(state, action, officer, now=now, passed=case.over)
    law = law_of(row, state)
    saying.check(said, action, state, note, today=today, law=law, since=since(life.facts), calendar=desk.calendar)
    words: dict[str, Any] = said.model_dump(mode="json")
    if action is Action.UNDO:
        assert life.last_step is not None
        back = life_of([e for e in case.record if e.sequence != life.last_step])
        after = replace(with_life(state, back), status=back.status or state.status)
        return after, {**words, "undoes": life.last_step}
    if isinstance(said, Identified):
        check_liable(row.notice, said)
    if action is Action.CORRECT:
        words["notice_plate"] = row.plate  # whoever holds the notice names it, whatever the case says later
    if isinstance(said, Decided):
        others = waiting(session, row, state.facts, officer, desk.calendar, now)
        words |= said_of(shares_of(row, state, law, said, others)[1][0])
        words["decided_by"] = officer.username
        check_apart(session, row, state.facts, said, note, others, officer, desk.calendar, now)
    if action is Action.TRANSFER:
        words["left_from"] = state.status.value
    if isinstance(said, HandedOver):
        words |= moving.going(session, row, said, now)
    if action is Action.MAKE_MINUTES:
        words["may_be_heard"] = HERE.law.may_be_heard(ActCode(row.act), row.kind, row.occurred_at)
    after = replace(after, facts=facts_after(after.facts, action, words, today))
    return replace(after, status=end_of(replace(state, status=after.status), action, after.facts)), words
