"""A draft becomes a notice by a second person: number, date and code, and its PDF (see `central.notices.basis`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.doubts import Register, holding_doubts, holds, issue_doubts
from central.cases.lifecycle import Action, Officer, Refused, Status
from central.cases.log import lock_case, state_of
from central.cases.steps import step
from central.notices.appointments import check_appointment
from central.notices.basis import Basis, NoticeDesk, Seen, annex, changed, check_doubts, check_seen, look, pictures_of
from central.notices.code import code_hash, new_code
from central.notices.facts import plate_text
from central.notices.hand import hand_of, sign, signed_content
from central.notices.numbering import NOTICE, TRIES, NumberTaken, take_number
from central.notices.papers import check_papers, papers_of, said
from central.notices.tally import count_issued
from central.store.case_tables import CaseEventRow, CaseRow
from central.store.db import Database, last_in_book
from countries.here import HERE
from countries.notice import NoticeContent


@dataclass(frozen=True)
class IssuedNotice:
    """`code` exists only here: the database keeps its hash, and the stored PDF does not hold it.

    Each print copy gets a code of its own, which takes this one's place (`central.notices.printing`).
    """

    number_text: str
    code: str
    pdf_sha256: str


def issue(
    database: Database, case_id: str, officer: Officer, *, desk: NoticeDesk, now: datetime, seen: Seen
) -> IssuedNotice:
    """A second person signs off what he saw: the notice gets its number, its date and the owner's code.

    Raises `Refused`: `changed` (the draft or the case is another than the one seen), `no_owner`, `no_signer`,
    `draft_unit` (the draft bears the name of another unit than writes now), `doubts` (something is late or doubtful
    that was not ticked), `word` (it is held, and nobody says why it goes on), `statute`, those of `prepare_notice`, of
    `step` and of `central.notices.hand`, and what a device lacked at the act (`central.devices.dossier.CODES`:
    `no_decision`, `inspection_expired`, ...).
    """

    def basis(session: Session, row: CaseRow, record: Sequence[CaseEventRow]) -> Basis:
        before = state_of(row)
        after = step(before, Action.ISSUE, officer, now=now)
        if HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.notify_from).expired(now):
            raise Refused("statute", "the act is more than one year old", remedy="return the case and reject it")
        check_seen(row, record, seen)
        hand = hand_of(session, desk.signing, row, officer, now=now)
        notice = row.notice
        assert notice is not None
        if notice.appear_at is None:
            raise Refused("draft_old", "the draft was made by an older version", remedy="draft it again")
        head = desk.writer(session, row.unit_code, now)
        if (notice.book, notice.content["unit"]) != (head.unit, head.office.unit.name):
            raise Refused("draft_unit", "the draft bears another unit's name", remedy="draft it again")
        content = NoticeContent.model_validate(notice.content)
        check_appointment(notice.appear_at, now, desk.calendar, where="appear_at")
        if content.second_on:
            check_appointment(datetime.fromisoformat(content.second_on), now, desk.calendar, where="second_appear_at")
        if not content.addressee.strip() and not seen.without_owner:
            raise Refused("no_owner", "the notice is addressed to nobody", remedy="type the owner, or tick it")
        if hand is None and not content.signer_name.strip():
            raise Refused("no_signer", "the notice names nobody who signs", remedy="set office.signer_name")
        papers = papers_of(session, row, now=now)
        check_papers(papers, required=desk.papers_required)
        doubts = (*issue_doubts(session, row, now, desk.registry, record), *papers.doubts)
        check_doubts(doubts, seen)
        manifest, files = row.packet.manifest, tuple((f.name, f.sha256) for f in row.packet.files)
        return Basis(before, after, content, row.act, manifest, files, notice.pdf_sha256, doubts, papers, hand)

    with database.read() as session:
        book = desk.writer(session, look(session, case_id).unit_code, now).unit
    with desk.numbering.of(book):
        for _ in range(TRIES):
            with database.read() as session:
                row = look(session, case_id)
                known = case_log.events(session, case_id)
                planned = basis(session, row, known)
                writer, year = desk.writer(session, row.unit_code, now), HERE.local_date(now).year
                number, suffix = last_in_book(session, writer.unit, NOTICE, year) + 1, writer.office.number_suffix
                content = HERE.notice().issued(
                    planned.content, plate=plate_text(row), number=number, suffix=suffix, now=now
                )
                content = signed_content(content, planned.hand, now)
            code = new_code()
            pictures = pictures_of(database, planned, desk, now)
            if pictures.missing != planned.content.missing:
                raise Refused("pictures_changed", "other pictures than in the draft", remedy="draft it again, and look")
            # what every officer may open does not hold the code: `central.notices.printing`
            paper, signature = sign(desk.signing, planned.hand, HERE.notice().render(content, annex(pictures)), now)
            pdf = desk.store.put(paper)
            try:
                with database.write() as session:
                    row = lock_case(session, case_id)
                    record = case_log.record_of(session, row, known)
                    if basis(session, row, record) != planned or desk.writer(session, row.unit_code, now) != writer:
                        raise changed()
                    take_number(session, writer.unit, NOTICE, year, drawn=number)
                    assert planned.papers is not None
                    more = {"devices": said(planned.papers, required=desk.papers_required), **signature}
                    _write_issued(session, row, record, planned, content, officer, seen, now, number, code, pdf, more)
            except NumberTaken:
                continue
            return IssuedNotice(content.number_text, code, pdf)
    raise Refused("busy", "too many notices are being issued at once", remedy="try again in a moment")


def _write_issued(
    session: Session, row: CaseRow, record: Sequence[CaseEventRow], planned: Basis, content: NoticeContent,
    officer: Officer, seen: Seen, now: datetime, number: int, code: str, pdf: str, more: dict[str, Any],
) -> None:  # fmt: skip
    notice = row.notice
    assert notice is not None
    notice.content, notice.pdf_sha256 = content.model_dump(mode="json"), pdf
    notice.year, notice.number, notice.code_hash = HERE.local_date(now).year, number, code_hash(code)
    notice.issued_by, notice.issued_at = officer.username, now
    count_issued(session, row, now)
    row.status = planned.after.status.value
    due = HERE.terms.deadlines(occurred_at=row.occurred_at, detected_at=row.notify_from)
    case_log.append(
        session, row, Action.ISSUE, actor=officer.username, at=now, before={"status": planned.state.status.value},
        after={"status": planned.after.status.value, "number": content.number_text, "pdf_sha256": pdf,
               "draft_sha256": seen.draft, "seen_version": seen.version, "doubts": list(planned.doubts),
               "without_owner": not planned.content.addressee.strip(), "late": due.days_to_notify(now) < 0,
               **more},
        note=seen.word.strip() if any(holds(code) for code in planned.doubts) else "", record=record,
    )  # fmt: skip


def publish(
    session: Session, case_id: str, officer: Officer, *, register: Register, now: datetime, seen: Seen | None = None
) -> None:
    """The notice has gone out (post, VNeTraffic). The look-up shows the case since the notice was issued.

    Raises `Refused` (`doubts`, `word`) where something holds the case that was not there when it was issued: a copied
    plate may be found between the two.
    """
    row = lock_case(session, case_id)
    before = state_of(row)
    after = step(before, Action.PUBLISH, officer, now=now)
    assert row.notice is not None
    record = case_log.events(session, case_id)
    newly = held_since_issue(session, row, register, record)
    check_doubts(newly, seen or Seen(""))
    row.status, row.notice.published_at = after.status.value, now
    said: dict[str, Any] = {"status": after.status.value} | ({"doubts": list(newly)} if newly else {})
    word = seen.word.strip() if seen and newly else ""
    case_log.append(
        session, row, Action.PUBLISH, actor=officer.username, at=now, before={"status": Status.ISSUED.value},
        after=said, note=word, record=record,
    )  # fmt: skip


def held_since_issue(
    session: Session, row: CaseRow, register: Register, record: Sequence[CaseEventRow] | None = None
) -> tuple[str, ...]:
    """Doubts that hold an issued case and that whoever issued it could not tick. `record`: where it has been read."""
    record = case_log.events(session, row.id) if record is None else record
    issued = [e for e in record if e.action == Action.ISSUE.value]
    ticked = issued[-1].after.get("doubts", []) if issued else []
    return tuple(code for code in holding_doubts(session, row, register) if code not in ticked)
