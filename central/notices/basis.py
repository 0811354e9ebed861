"""What a notice is made of, and what a person saw who decides about it. Drafting and issuing stand on it alike.

Pictures and PDF are made between two transactions, never inside one: first the case is read, then everything is drawn
while nobody waits, then a short transaction writes it down if its `Basis` is still the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central.cases import log as case_log
from central.cases.doubts import holds
from central.cases.lifecycle import CaseState, Refused
from central.cases.log import CaseNotFound
from central.config import Office
from central.notices.hand import Hand
from central.notices.numbering import Drawing
from central.notices.papers import CasePapers
from central.pictures.for_owners import CopyCache, OwnerPictures, owner_pictures
from central.registry import VehicleRegistry
from central.signing.port import Signing, Unsigned
from central.store.alarms import alarm_unsound
from central.store.blobs import BlobStore
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.store.db import Database
from central.store.packets import manifest_of
from central.units.letterheads import Writer, writer_of
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.notice import AnnexPicture, NoticeContent
from evidence.acts import ActCode


@dataclass(frozen=True)
class NoticeDesk:
    """What making notices needs beside the database. `numbering` lets one thread at a time draw a paper for a book.

    `papers_required`: whether a notice waits for the papers of its devices (`central.notices.papers`). `signing`: by
    whose keys papers are signed (`central.notices.hand`).
    """

    office: Office
    store: BlobStore
    registry: VehicleRegistry
    calendar: WorkCalendar
    copies: CopyCache = field(default_factory=CopyCache)
    numbering: Drawing = field(default_factory=Drawing)
    papers_required: bool = True
    signing: Signing = field(default_factory=Unsigned)

    def writer(self, session: Session, unit: str, now: datetime) -> Writer:
        """Who writes the papers of a unit's cases today."""
        return writer_of(session, self.office, HERE.local_date(now), unit)


@dataclass(frozen=True)
class NoticeView:
    """A notice as the desk shows it. `content` is `NoticeContent` without the code."""

    number_text: str
    content: dict[str, Any]
    pdf_sha256: str
    prepared_by: str
    prepared_at: datetime
    issued_by: str | None
    issued_at: datetime | None
    published_at: datetime | None


@dataclass(frozen=True)
class Seen:
    """What a person had on the screen who decides about a draft: its PDF, and the version of its case.

    `accepted`: the doubts (`central.cases.doubts`) that were listed and ticked. `without_owner`: issue to nobody by
    name. `word`: why a case that is held goes on all the same.
    """

    draft: str
    version: int | None = None
    accepted: Collection[str] = ()
    without_owner: bool = False
    word: str = ""


@dataclass(frozen=True)
class Basis:
    """Everything that a drawing is made of; two equal ones give the same paper."""

    state: CaseState
    after: CaseState
    content: NoticeContent
    act: str
    manifest: str
    files: tuple[tuple[str, str], ...]
    draft: str | None
    doubts: tuple[str, ...] = ()
    papers: CasePapers | None = None
    hand: Hand | None = None


def notice_view(row: NoticeRow | None) -> NoticeView | None:
    if row is None or row.pdf_sha256 is None:
        return None
    return NoticeView(
        row.content["number_text"], row.content, row.pdf_sha256, row.prepared_by, row.prepared_at, row.issued_by,
        row.issued_at, row.published_at,
    )  # fmt: skip


def check_draft(row: CaseRow, draft: str | None) -> None:
    """Raises `Refused` (`changed`) unless the case's draft is the one with that SHA-256; "" where there is none."""
    in_force = (row.notice.pdf_sha256 if row.notice else None) or ""
    if draft is not None and draft != in_force:
        raise changed()


def check_seen(row: CaseRow, record: Sequence[CaseEventRow], seen: Seen) -> None:
    """Raises `Refused` (`changed`)."""
    check_draft(row, seen.draft)
    if seen.version is not None and seen.version != case_log.version_of(record):
        raise changed()


def check_doubts(doubts: Collection[str], seen: Seen) -> None:
    """Raises `Refused`: `doubts` unless each was ticked, `word` where one holds the case and nobody says why."""
    if not set(doubts) <= set(seen.accepted):
        raise Refused("doubts", "something is late or doubtful", remedy="read what is listed, and tick it")
    if any(holds(code) for code in doubts) and not seen.word.strip():
        raise Refused(
            "word", "the case is held", where="word", remedy="look at what is doubtful, say why it goes on all the same"
        )


def changed() -> Refused:
    return Refused("changed", "the case has changed since you opened it", remedy="look at it again, then decide")


def look(session: Session, case_id: str) -> CaseRow:
    row = case_log.find_case(session, case_id)
    if row is None:
        raise CaseNotFound("there is no such case", where=case_id[:40], remedy="look it up in the queue")
    return case_log.still_there(row)


def pictures_of(database: Database, planned: Basis, desk: NoticeDesk, now: datetime) -> OwnerPictures:
    """The annex's pictures; of evidence that is lost or altered people are told."""
    manifest = manifest_of(planned.manifest)
    found = owner_pictures(manifest, dict(planned.files), desk.store, desk.copies, ActCode(planned.act))
    for error in found.unsound:
        alarm_unsound(database, error, now)
    return found


def annex(pictures: OwnerPictures) -> list[AnnexPicture]:
    """The second page of a notice."""
    found = [AnnexPicture(p.caption, p.frame, p.near) for p in pictures.stills]
    return [*found, AnnexPicture(HERE.notice().PLATE, pictures.plate)] if pictures.plate is not None else found
