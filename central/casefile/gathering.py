"""What goes into the file of a case, read in one look at the database, so that all of it is of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from central.cases.documents import Holds, documents
from central.cases.lifecycle import Action, Status
from central.cases.log import CaseNotFound, still_there, verify_log
from central.notices.basis import NoticeView, notice_view
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.store.packet_tables import CheckpointRow, NodeKeyRow, PacketRow
from central.store.switch_tables import SwitchRow
from central.switches.book import statements_of
from central.users import full_names
from evidence.case_index import KeyEntry
from evidence.case_record import CaseRecord, Event
from evidence.case_statements import named_switches
from evidence.container import Seal
from evidence.errors import GiaoLoError
from evidence.packet import Manifest, utc_text

_MOST_DIGITS = 15
"""Of a case's number: more than any has, less than a database integer can hold."""


@dataclass(frozen=True)
class Paper:
    """A document of the case as it lies in the blob store."""

    name: str
    what: str
    """Key of its title among the words of the report; `number` and `device` fill it in."""
    number: str
    sha256: str
    device: str = ""
    media_type: str = "application/pdf"
    holds: Holds = "holds"


@dataclass(frozen=True)
class Gathered:
    """A case at one moment. `row` is for reading alone; `node_key` is the one that sealed the packet; `switches`: what
    was said of the signals of its place and time, oldest first."""

    row: CaseRow
    manifest: Manifest
    record: CaseRecord
    events: tuple[CaseEventRow, ...]
    notice: NoticeView | None
    papers: tuple[Paper, ...]
    node_key: NodeKeyRow
    names: dict[str, str]
    switches: tuple[SwitchRow, ...]


def find_case(session: Session, name: str) -> str:
    """Id of the case with that number or id. Raises `CaseNotFound`."""
    if name.isascii() and name.isdigit() and len(name) <= _MOST_DIGITS:
        found = session.scalar(select(CaseRow.id).where(CaseRow.number == int(name)))
    else:
        found = session.scalar(select(CaseRow.id).where(CaseRow.id == name[:36]))
    if found is None:
        raise CaseNotFound("is no case here", where=name[:80], remedy="give the number of a case, or its id")
    return found


def gather(session: Session, case_id: str, *, centre: str) -> Gathered:
    """Raises `CaseNotFound`, `LogBroken`: the record of the case was altered."""
    whole = selectinload(CaseRow.packet).selectinload(PacketRow.files)
    row = session.scalar(select(CaseRow).where(CaseRow.id == case_id).options(whole, selectinload(CaseRow.notice)))
    if row is None:
        raise CaseNotFound("there is no such case", where=case_id[:40], remedy="look it up in the queue")
    still_there(row)
    # up to the end that the case's row names: an event of the moment between two questions is of the next file
    query = select(CaseEventRow).where(CaseEventRow.case_id == case_id, CaseEventRow.sequence <= row.events_count)
    events = session.scalars(query.order_by(CaseEventRow.sequence)).all()
    verify_log(row, events)
    seal = Seal.model_validate_json(row.packet.seal)
    key = session.get(NodeKeyRow, (row.packet.node_id, seal.key_id))
    if key is None:
        raise GiaoLoError("its packet was sealed with a key that the node never had", where=f"case {row.number}")
    return Gathered(
        row=row,
        manifest=Manifest.from_bytes(row.packet.manifest.encode()),
        record=_record(row, events, centre),
        events=tuple(events),
        notice=notice_view(row.notice),
        papers=(*papers_of(row), *_of_steps(events), *_scans(device_papers(events))),
        node_key=key,
        names=full_names(session),
        switches=statements_of(session, row, named_switches(e.after for e in events)),
    )


def papers_of(row: CaseRow) -> list[Paper]:
    """Every document of the case itself in its stored form: the notice there has no code."""
    found = [
        Paper(
            f"documents/notice-replaced-{count}.pdf", "notice", _number(notice), notice.pdf_sha256, holds="taken_back"
        )
        for count, notice in enumerate(row.replaced_notices, start=1)
        if notice.pdf_sha256 is not None
    ]
    if row.notice is None or row.notice.pdf_sha256 is None:
        return found
    issued = row.notice.issued_at is not None
    name, what = ("notice.pdf", "notice") if issued else ("notice-draft.pdf", "draft")
    holds: Holds = "taken_back" if row.status == Status.WITHDRAWN.value else "holds"
    return [*found, Paper(f"documents/{name}", what, _number(row.notice), row.notice.pdf_sha256, holds=holds)]


def _number(notice: NoticeRow) -> str:
    return str(notice.content.get("number_text", ""))


def device_papers(events: Sequence[CaseEventRow]) -> list[dict[str, Any]]:
    """By what papers camera and box were used, as the record kept it when the notice in force was issued."""
    found: list[dict[str, Any]] = []
    for event in events:
        if event.action == Action.ISSUE.value:
            found = list(event.after.get("devices", {}).get("papers", []))
        elif event.action == Action.RETURN.value:
            found = []
    return found


def _of_steps(events: Sequence[CaseEventRow]) -> list[Paper]:
    """What was drawn for each step after the notice, those that hold no more too."""
    return [Paper(f"documents/{d.name}.pdf", d.code, d.number, d.sha256, holds=d.holds) for d in documents(events)]


def _scans(papers: Sequence[dict[str, Any]]) -> list[Paper]:
    return [
        Paper(f"documents/device-paper-{p['id']}.pdf", "device", p["number"], p["document_sha256"], p["device"])
        for p in papers
        if p.get("document_sha256")
    ]


def centre_since(session: Session, key_id: str) -> datetime | None:
    """When the centre is first known to have signed with its key: the oldest checkpoint of it."""
    return session.scalar(select(func.min(CheckpointRow.at)).where(CheckpointRow.key_id == key_id))


def node_entry(gathered: Gathered, file: str) -> KeyEntry:
    """The node's key as it is registered."""
    key = gathered.node_key
    return KeyEntry(
        of="node", id=key.node_id, key_id=key.key_id, file=file, since=utc_text(key.since),
        until=None if key.until is None else utc_text(key.until),
    )  # fmt: skip


def _record(row: CaseRow, events: Sequence[CaseEventRow], centre: str) -> CaseRecord:
    return CaseRecord(
        centre=centre,
        case=row.id,
        events=[
            Event(
                sequence=e.sequence, at=utc_text(e.at), actor=e.actor, action=e.action, before=e.before, after=e.after,
                note=e.note, previous=e.previous, hash=e.hash, signature=e.signature,
            )
            for e in events
        ],
        end=row.events_signature,
    )  # fmt: skip
