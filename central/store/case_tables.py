"""Tables of the cases: where each stands, what was done to it, its notice, and the counts that triggers keep."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.store.base import Base, partial
from central.store.packet_tables import PacketRow


class CaseRow(Base):
    """One suspected act on its way from camera to notice. Machine reading and correction are kept apart."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_lookup", "plate", "plate_colour", "kind"),
        # lists of the desk, each in the order in which it is shown (`central.desk.worklist`); none begins with the
        # status, which SQLite would take for a short cut, and then sort
        Index("ix_cases_newest", "occurred_at", "number"),
        Index("ix_cases_act", "act", "occurred_at", "number"),
        Index("ix_cases_place", "place", "occurred_at", "number"),
        Index("ix_cases_detected", "detected_at"),
        partial("ix_cases_open", "occurred_at", "number", where="status IN ('new', 'in_review')"),
        partial("ix_cases_to_issue", "occurred_at", "number", where="status IN ('confirmed', 'notice_prepared')"),
        partial("ix_cases_issued", "occurred_at", "number", where="status IN ('issued', 'published')"),
        partial("ix_cases_to_send", "occurred_at", "number", where="status = 'issued'"),
        partial("ix_cases_rejected", "occurred_at", "number", where="status = 'rejected'"),
        partial(
            "ix_cases_under_way", "occurred_at", "number",
            where="status IN ('attended', 'identified', 'minutes_made', 'decided', 'decision_sent', 'paid', "
            "'transferred')",
        ),
        partial(
            "ix_cases_over", "occurred_at", "number",
            where="status IN ('rejected', 'withdrawn', 'expired', 'closed')",
        ),
        partial(
            "ix_cases_to_delete", "occurred_at", "number",
            where="status IN ('rejected', 'withdrawn', 'expired', 'closed') AND deleted_at IS NULL",
        ),
        partial("ix_cases_held", "claimed_by", "occurred_at", "number", where="status = 'in_review'"),
        partial(
            "ix_cases_unsent", "detected_at", "number",
            where="status IN ('new', 'in_review', 'confirmed', 'notice_prepared', 'issued')",
        ),
        # what the second reader and the officers still have to look at
        partial("ix_cases_second_pending", "number", where="second_state = 'pending'"),
        partial("ix_cases_contested", "number", where="contests_unread > 0"),
        # acts of one drive: those that may be found to be, those that are, and cases of before that nobody asked yet
        Index("ix_cases_track", "node_id", "camera_id", "track", "occurred_at"),
        partial("ix_cases_drive", "drive", "number", where="drive IS NOT NULL"),
        partial("ix_cases_unasked", "number", where="track IS NULL AND deleted_at IS NULL"),
        # the same lists for one unit, and for the few units below another, list by list
        Index("ix_cases_unit", "unit_code", "occurred_at", "number"),
        partial("ix_cases_unit_open", "unit_code", "occurred_at", "number", where="status IN ('new', 'in_review')"),
        partial(
            "ix_cases_unit_to_issue", "unit_code", "occurred_at", "number",
            where="status IN ('confirmed', 'notice_prepared')",
        ),
        partial(
            "ix_cases_unit_issued", "unit_code", "occurred_at", "number", where="status IN ('issued', 'published')"
        ),
        partial("ix_cases_unit_rejected", "unit_code", "occurred_at", "number", where="status = 'rejected'"),
        partial(
            "ix_cases_unit_under_way", "unit_code", "occurred_at", "number",
            where="status IN ('attended', 'identified', 'minutes_made', 'decided', 'decision_sent', 'paid', "
            "'transferred')",
        ),
        partial(
            "ix_cases_unit_over", "unit_code", "occurred_at", "number",
            where="status IN ('rejected', 'withdrawn', 'expired', 'closed')",
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    """Short number people use."""
    packet_id: Mapped[str] = mapped_column(ForeignKey("packets.id"), unique=True)
    node_id: Mapped[str] = mapped_column(String(64))
    camera_id: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(300))
    unit: Mapped[str] = mapped_column(String(200))
    """In the words of the box; whose the case is says `unit_code`."""
    unit_code: Mapped[str] = mapped_column(String(40), default="root", server_default="root")
    """That of its camera at the act, until it is handed over. No foreign key: see `central.store.unit_tables`."""
    track: Mapped[int | None]
    """The number that the box gave the vehicle's track, from nought again with each start of it
    (`central.cases.drives`). None: a case of before this column that was not asked yet."""
    drive: Mapped[int | None]
    """Cases with the same number here are acts of one vehicle on one drive: the least number of them when it was found.
    None: no other act of it is known."""
    act_suspected: Mapped[str] = mapped_column(String(30))
    act: Mapped[str] = mapped_column(String(30))
    """The act as decided by the officer; the suspected one until then."""
    occurred_at: Mapped[datetime]
    detected_at: Mapped[datetime]
    flags: Mapped[list[str]] = mapped_column(JSON)
    vehicle_class: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(12))
    """Kind on the look-up: `car`, `motorcycle`, `bicycle`, `special`; follows the class until corrected."""
    plate_machine: Mapped[str | None] = mapped_column(String(12))
    plate_machine_confidence: Mapped[float] = mapped_column(Float)
    plate_colour_machine: Mapped[str] = mapped_column(String(10))
    plate: Mapped[str | None] = mapped_column(String(12))
    """Normalised plate in force: the machine's, until an officer corrects or confirms it."""
    plate_colour: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(16))
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(64))
    confirmed_at: Mapped[datetime | None]
    rejected_reason: Mapped[str | None] = mapped_column(String(30))
    rejected_note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)
    """Counts every change; taking it is taking the row's lock."""
    events_head: Mapped[str | None] = mapped_column(String(64))
    events_count: Mapped[int] = mapped_column(default=0)
    events_signature: Mapped[str | None] = mapped_column(String(88))
    """The centre's signature over count and head (`central.ledger.signing`). None: nothing was added since signing."""
    contests_unread: Mapped[int] = mapped_column(default=0, server_default="0")
    """Statements of the owner that nobody at the desk has opened the case for."""
    second_state: Mapped[str] = mapped_column(String(12), default="pending")
    """Second reading: `pending`, `done`, `none` (no second reader or no crop), `failed`."""
    second_text: Mapped[str | None] = mapped_column(String(40))
    second_confidence: Mapped[float | None] = mapped_column(Float)
    second_agrees: Mapped[bool | None] = mapped_column(Boolean)
    second_note: Mapped[str | None] = mapped_column(String(300))
    packet: Mapped[PacketRow] = relationship()
    corrected_at: Mapped[datetime | None]
    """When its notice was taken back and it began anew for another plate or owner."""
    deleted_at: Mapped[datetime | None]
    """When it was deleted (`central.retention`): no plate, no owner, no picture is left."""
    notice: Mapped[NoticeRow | None] = relationship(
        back_populates="case", primaryjoin="and_(NoticeRow.case_id == CaseRow.id, NoticeRow.replaced_at.is_(None))"
    )
    """The one in force, or its draft."""
    replaced_notices: Mapped[list[NoticeRow]] = relationship(
        primaryjoin="and_(NoticeRow.case_id == CaseRow.id, NoticeRow.replaced_at.is_not(None))",
        order_by="NoticeRow.replaced_at", viewonly=True,
    )  # fmt: skip
    """Those that were taken back when the case began anew, the oldest first."""

    @property
    def notify_from(self) -> datetime:
        """What the term to notify is counted from: the act's detection, or the correction."""
        return self.corrected_at or self.detected_at


class CaseCountRow(Base):
    """How many cases stand where, kept by triggers on `cases` (migration 0015): no screen counts a million rows."""

    __tablename__ = "case_counts"

    status: Mapped[str] = mapped_column(String(16), primary_key=True)
    act: Mapped[str] = mapped_column(String(30), primary_key=True)
    place: Mapped[str] = mapped_column(String(300), primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True, default="root", server_default="root")
    n: Mapped[int]


class DecidedCountRow(Base):
    """Decisions about cases detected on a day (UTC), kept by triggers on `cases` (migration 0015)."""

    __tablename__ = "decided_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(300), primary_key=True)
    act: Mapped[str] = mapped_column(String(30), primary_key=True)
    """The suspected one: how often a camera is wrong is asked of what it said."""
    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True, default="root", server_default="root")
    decided: Mapped[int]
    rejected: Mapped[int]


class RejectedCountRow(Base):
    """Why cases detected on a day (UTC) were rejected, kept by triggers on `cases` (migration 0015)."""

    __tablename__ = "rejected_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(30), primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True, default="root", server_default="root")
    n: Mapped[int]


class SentCountRow(Base):
    """Notices sent on a day (UTC), kept by triggers on `notices` (migration 0015)."""

    __tablename__ = "sent_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True, default="root", server_default="root")
    n: Mapped[int]


class NoticeCountRow(Base):
    """Notices of a month, by what became of them (`central.notices.tally`).

    `outcome`: `issued` counts every one, `withdrawn` and `corrected` those that were taken back, with the reason.
    """

    __tablename__ = "notice_counts"

    month: Mapped[date] = mapped_column(primary_key=True)
    """First day of the month in which the notice was issued, by the country's calendar."""
    node_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    act: Mapped[str] = mapped_column(String(30), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(12), primary_key=True)
    reason: Mapped[str] = mapped_column(String(30), primary_key=True)
    n: Mapped[int]


class CaseEventRow(Base):
    """Append-only, hash-chained: what was done to a case, by whom, when, before and after. Views count as events."""

    __tablename__ = "case_events"
    __table_args__ = (
        UniqueConstraint("case_id", "sequence"),
        partial("ix_case_events_contest", "at", "id", where="action = 'contest'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(30))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text)
    previous: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(String(88))
    """The centre's, over the hash: `central.ledger.signing`. None in events older than signing."""


class NoticeRow(Base):
    """A notice of violation. The look-up code itself is never stored, only its hash."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("book", "year", "number"),
        Index("ix_notices_published_at", "published_at"),
        Index("ix_notices_case_id", "case_id"),
        Index("ix_notices_pdf_sha256", "pdf_sha256"),
        partial("uq_notices_in_force", "case_id", where="replaced_at IS NULL", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    unit_code: Mapped[str] = mapped_column(String(40), default="root", server_default="root")
    """The unit that drafted and sent it."""
    book: Mapped[str] = mapped_column(String(40), default="root", server_default="root")
    """Unit under whose name it is sent and in whose book it is numbered (`central.units.letterheads`)."""
    year: Mapped[int | None]
    number: Mapped[int | None]
    """Given when the notice is issued; a prepared draft has none."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the notice says, frozen: `countries.notice.NoticeContent`."""
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    prepared_by: Mapped[str] = mapped_column(String(64))
    prepared_at: Mapped[datetime]
    issued_by: Mapped[str | None] = mapped_column(String(64))
    issued_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    appear_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the owner is asked to come; None in drafts of before this column."""
    replaced_at: Mapped[datetime | None]
    """When the case began anew for another plate or owner: this one holds no more."""
    case: Mapped[CaseRow] = relationship(back_populates="notice")


class TermRow(Base):
    """A term of a case that runs after its notice, written anew with each step (`central.cases.due`)."""

    __tablename__ = "case_terms"
    __table_args__ = (
        # lists of what falls due, each in its order and counted from the index alone: of all, of a unit, of an officer
        Index("ix_case_terms_due", "kind", "due", "case_id", "code", "whose"),
        Index("ix_case_terms_unit", "unit_code", "kind", "due", "case_id", "code", "whose"),
        Index("ix_case_terms_officer", "officer", "kind", "due", "case_id", "code", "whose", "unit_code"),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    since: Mapped[date]
    due: Mapped[date]
    """Its last day, inclusive."""
    whose: Mapped[str] = mapped_column(String(12))
    """The lowest role that can settle it."""
    unit_code: Mapped[str] = mapped_column(String(40), default="root", server_default="root")
    """The unit of its case."""
    kind: Mapped[str] = mapped_column(String(4), default="work", server_default="work")
    """`work`: a step meets it. `end`: the end of what may be done at all, which every case has for a year."""
    officer: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Who confirmed its case, or holds it; empty: nobody yet."""


class CounterRow(Base):
    """Gap-free numbers of the centre itself: cases, entries of its log."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class NumberBookRow(Base):
    """The last number that a unit gave in a year to papers of one series (`countries.papers.Papers.series`)."""

    __tablename__ = "number_books"

    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    series: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int]
