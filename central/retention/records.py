"""The one door through which stored things go: its record is signed and logged, and rows lose what they said, in one
transaction. Files go afterwards (`central.retention.files`), by what the record names.

What stays of a case: number, act, place, times, state, counts, who did what when, each digest, hash and signature. What
goes: plates, owners, names, notes, whatever was said with a step, the manifest, pictures, clip and papers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from central.cases.documents import MORE, documents
from central.cases.lifecycle import Status
from central.cases.log import CaseNotFound, LogBroken, events, hold_case, verify_log
from central.centre import Centre
from central.ledger import merkle
from central.ledger.signing import ledger_of
from central.retention.plan import Verdict, Why, judge, stored
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow, TermRow
from central.store.keeping_tables import DeletionRow
from central.store.packet_tables import PacketRow
from central.store.unit_tables import CaseMoveRow
from countries.here import HERE
from evidence.canonical import canonical_json
from evidence.deletion import DeletedCase, DeletedPacket, Deletion, Gone, Rule
from evidence.packet import utc_text

_STAYS = frozenset(
    {"status", "act", "reason", "mistake", "on", "undoes", "paper", "paper_number", "paper_sha256", "paper_book"}
)
"""Codes, days, numbers and digests in what an event says, none of which names anybody: statistics are counted from
them, and books of numbers are held against them."""
_DOCUMENTS = ("pdf_sha256", "draft_sha256")


def verdict_of(row: CaseRow, record: Sequence[CaseEventRow], now: datetime) -> Verdict:
    """Whether this case goes now, and why not."""
    today = HERE.local_date(now)
    known = stored(Status(row.status), record)
    if known is None:
        return Verdict(Why.UNSOUND)
    verdict = judge(known, HERE.keeping.rules(today), today)
    if verdict.due:
        try:
            verify_log(row, record)
        except LogBroken:
            return Verdict(Why.UNSOUND, verdict.rule, verdict.since, verdict.until)
    return verdict


def delete_case(centre: Centre, case_id: str, *, by: str, now: datetime) -> Verdict:
    """Delete a case if it is due, in one transaction; its files are left to `central.retention.files`.

    Judged again here, under the case's lock: a hold of a moment ago counts. Raises `CaseNotFound`.
    """
    with centre.db.write() as session:
        row = hold_case(session, case_id)
        record = events(session, case_id)
        verdict = verdict_of(row, record, now)
        if verdict.due:
            write(session, centre, _of_case(session, centre, row, record, verdict, by=by, now=now))
        return verdict


def write(
    session: Session, centre: Centre, said: Deletion, *, signature: str = "", remember: bool = True
) -> DeletionRow:
    """Sign and log a deletion, and take out of the rows what it says is gone. `signature`: of one that was signed
    before; `remember`: whether the file beside the database gets it.

    With the transaction it is there as a whole or not at all.
    """
    statement = said.statement()
    signature = signature or centre.key.sign(statement)
    case = None if said.case is None else session.get(CaseRow, said.case.id)
    if case is not None and said.case is not None and case.packet.digest != said.case.packet.digest:
        case = None
    row = DeletionRow(
        kind=said.kind,
        case_id=None if case is None else case.id,
        packet_digest=None if said.case is None else said.case.packet.digest,
        record=statement.decode(),
        digest=said.digest,
        signature=signature,
        log_index=merkle.append(session, said.digest),
        at=datetime.fromisoformat(said.at),
    )
    session.add(row)
    session.flush()
    if case is not None:
        _scrub(session, case, row.at)
    if remember and (ledger := ledger_of(session)) is not None:
        ledger.remember_deletion(session, line_of(row))
    return row


def line_of(row: DeletionRow) -> bytes:
    """A deletion as it stands in the file beside the database."""
    return b'{"deletion":' + row.record.encode() + b',"signature":' + canonical_json(row.signature) + b"}\n"


def deletion_of(session: Session, case_id: str) -> DeletionRow:
    """Raises `CaseNotFound` for a case that was not deleted."""
    row = session.scalar(select(DeletionRow).where(DeletionRow.case_id == case_id))
    if row is None:
        raise CaseNotFound("was not deleted", where=case_id[:40], remedy="look it up in the queue")
    return row


def rule_of(verdict: Verdict) -> Rule:
    rule, since, until = verdict.rule, verdict.since, verdict.until
    assert rule is not None
    assert since is not None
    assert until is not None
    return Rule(
        of=rule.of, length=rule.length, count=rule.count, by=rule.by, reference=rule.reference,
        since=since.isoformat(), until=until.isoformat(),
    )  # fmt: skip


def _of_case(
    session: Session, centre: Centre, row: CaseRow, record: Sequence[CaseEventRow], verdict: Verdict, *, by: str,
    now: datetime,
) -> Deletion:  # fmt: skip
    packet = row.packet
    return Deletion(
        centre=centre.config.centre_id,
        at=utc_text(now),
        by=by,
        kind="case",
        rule=rule_of(verdict),
        case=DeletedCase(
            id=row.id,
            number=row.number,
            status=row.status,
            act=row.act,
            events=row.events_count,
            head=row.events_head,
            packet=DeletedPacket(
                node=packet.node_id,
                id=packet.packet_id,
                digest=packet.digest,
                container_sha256=packet.container_sha256,
                log_index=packet.log_index,
                received_at=utc_text(packet.received_at),
            ),
        ),
        gone=[*_files(packet), *_documents(session, row, record)],
        before=None,
        rows=0,
    )


def _files(packet: PacketRow) -> Iterator[Gone]:
    for file in packet.files:
        yield Gone(what="file", name=file.name, sha256=file.sha256)


def _of_others(session: Session, record: Sequence[CaseEventRow]) -> frozenset[str]:
    """Digests of the papers that stand in other cases of the same decision too, which are still there."""
    others = [int(other["case"]) for event in record for other in event.after.get("together", ())]
    if not others:
        return frozenset()
    there = select(CaseRow.id).where(CaseRow.number.in_(others), CaseRow.deleted_at.is_(None))
    return frozenset(paper.sha256 for one in session.scalars(there).all() for paper in documents(events(session, one)))


def _documents(session: Session, row: CaseRow, record: Sequence[CaseEventRow]) -> Iterator[Gone]:
    """Every paper of the case, drafts that another took the place of included; scans of a device's papers stay, and a
    decision over several cases, or what is left of one, goes with the last of them."""
    notices = [*row.replaced_notices, *([row.notice] if row.notice else [])]
    named = [notice.pdf_sha256 for notice in notices]
    named += [said.get(name) for event in record for said in (event.before, event.after) for name in _DOCUMENTS]
    kept = _of_others(session, record)
    named += [paper.sha256 for paper in documents(record) if paper.sha256 not in kept]
    for sha256 in dict.fromkeys(each for each in named if each):
        yield Gone(what="document", name="", sha256=sha256)


def _scrub(session: Session, row: CaseRow, at: datetime) -> None:
    """Take out of the rows of a case whatever names or shows somebody."""
    row.plate = row.plate_machine = row.second_text = row.second_note = row.rejected_note = None
    row.claimed_by = row.claimed_until = None
    row.contests_unread = 0
    row.second_state = "none" if row.second_state == "pending" else row.second_state
    row.deleted_at = row.packet.deleted_at = at
    row.packet.manifest = ""
    for notice in session.scalars(select(NoticeRow).where(NoticeRow.case_id == row.id)):
        notice.content = {"number_text": notice.content.get("number_text", "")}
        notice.code_hash = None
    session.execute(delete(TermRow).where(TermRow.case_id == row.id))
    session.execute(update(CaseMoveRow).where(CaseMoveRow.case_id == row.id).values(note=""))
    for event in session.scalars(select(CaseEventRow).where(CaseEventRow.case_id == row.id)).all():
        actor = "owner:" if event.actor.startswith("owner:") else event.actor
        values = {"before": _left(event.before), "after": _left(event.after), "note": "", "actor": actor}
        session.execute(update(CaseEventRow).where(CaseEventRow.id == event.id).values(**values))
    session.flush()
    session.expire_all()


def _left(said: Mapping[str, Any]) -> dict[str, Any]:
    """A number stays, and which paper bore it: books are without gaps (`central.audit.numbers`)."""
    left: dict[str, Any] = {name: value for name, value in said.items() if name in _STAYS}
    return left | ({MORE: [_left(paper) for paper in said[MORE]]} if MORE in said else {})
