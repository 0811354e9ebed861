"""What a case knows when a paper of it is made: people, vehicle, act and earlier papers, read in one look.

Nothing is guessed: what neither the notice nor a step says stays empty, and is a dotted line on the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from central.cases.documents import undone
from central.cases.facts import Facts
from central.cases.lifecycle import Action, Officer, Refused, Status
from central.cases.said import Identified
from central.config import Office
from central.store.case_tables import CaseEventRow, CaseRow, NoticeRow
from central.store.packets import manifest_of
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import OwnerType
from countries.notice import NoticeContent
from countries.paper_parts import Office as LetterOffice
from countries.paper_parts import Party, Reference, Signer, StatedAct, Vehicle
from evidence.acts import ActCode


@dataclass(frozen=True)
class Known:
    """A case before the step whose paper is made. `record`: without what was undone. Used inside the session of `row`.

    `facts`: of the case before the step. `officer`: who takes it. `along`: the other cases that the step is about.
    """

    row: CaseRow
    status: Status
    record: Sequence[CaseEventRow]
    facts: Facts
    office: Office
    calendar: WorkCalendar
    officer: Officer
    now: datetime
    along: tuple[Known, ...] = ()

    def letter(self, on: date) -> dict[str, Any]:
        """What every paper has. Its number is drawn when it is written down."""
        return {
            "office": letter_office(self.office),
            "signer": Signer(title=tuple(self.office.signer_title.splitlines()), name=self.office.signer_name),
            "on": on,
            "made_at": self.now,
            "by_hand": True,
        }

    @property
    def of_this_notice(self) -> Sequence[CaseEventRow]:
        """The record since the case began anew for another plate or owner: who got the notice before, what he said and
        what was said of him is none of the next one's."""
        begun = max((n for n, e in enumerate(self.record, 1) if e.action == Action.CORRECT.value), default=0)
        return self.record[begun:]

    def last(self, action: Action) -> CaseEventRow | None:
        """The latest event of that step, of the notice that is in force."""
        return next((e for e in reversed(self.of_this_notice) if e.action == action.value), None)

    @property
    def lifted(self) -> int:
        """Sequence of the last lifting of warnings, which outlast a correction; 0 where none was lifted."""
        return max((e.sequence for e in self.record if e.action == Action.LIFT_WARNING.value), default=0)

    def notice_at(self, sequence: int | None = None) -> NoticeRow | None:
        """The notice that was in force at an event; now, without one. Drafts count."""
        before = [e for e in self.record if e.action == Action.CORRECT.value and sequence and e.sequence > sequence]
        replaced = self.row.replaced_notices
        if before and len(before) <= len(replaced):
            return replaced[-len(before)]
        return self.row.notice

    def reference(self, notice: NoticeRow | None, *, sent: bool = False) -> Reference | None:
        """Number and day of an issued notice; `sent`: of one that was sent."""
        if notice is None or notice.issued_at is None or (sent and notice.published_at is None):
            return None
        return Reference(number=str(notice.content["number_text"]), on=HERE.local_date(notice.issued_at))

    def owner(self, notice: NoticeRow | None) -> Party:
        """Who the notice names as owner; nobody by name where nobody was found."""
        if notice is None:
            return Party(name="")
        content = NoticeContent.model_validate(notice.content)
        kind: OwnerType = "organisation" if content.owner_type == "organisation" else "person"
        if not content.owner_source:
            return Party(name="", type=kind)
        return Party(name=content.owner_name, type=kind, id_number=content.owner_id, address=content.owner_address)

    def violator(self) -> Party:
        """Who answers for the act, as was said when that was established, with what the notice says of the same one."""
        event, owner = self.last(Action.IDENTIFY), self.owner(self.row.notice)
        if event is None:
            return Party(name="")
        told = event.after
        name, liable = str(told.get("name", "")), told.get("liable")
        same = liable != "driver" and _same(name, owner.name)
        return Party(
            name=name,
            type="organisation" if liable == "organisation" else "person",
            id_number=str(told.get("id_number", "")) or (owner.id_number if same else ""),
            address=str(told.get("address", "")) or (owner.address if same else ""),
            representative=str(told.get("representative", "")),
        )

    def vehicle(self, notice: NoticeRow | None = None) -> Vehicle:
        """As the case has it; as an earlier notice had it where the case has another plate since."""
        plate = self.row.plate or ""
        if notice is not None and notice.replaced_at is not None:
            place = self.row.replaced_notices.index(notice)
            corrected = [e for e in self.record if e.action == Action.CORRECT.value]
            plate = str(corrected[place].after.get("notice_plate") or plate) if place < len(corrected) else plate
        return Vehicle(kind=self.row.kind, plate=plate, colour=self.row.plate_colour)

    def act(self) -> StatedAct:
        """In the words of the notice. Raises `LawError`."""
        row, act = self.row, ActCode(self.row.act)
        suspected = manifest_of(row.packet.manifest).act
        # the packet's reasons are of the act it suspects; one that an officer put in its place has none
        reasons = suspected.reasons if act is suspected.code else None
        return HERE.papers().state_act(act, row.kind, row.occurred_at, row.place, reasons)

    def paper(self, action: Action) -> Reference | None:
        """The paper of the latest step of that kind, made here or elsewhere; without a number where none was said."""
        event = self.last(action)
        if event is None:
            return None
        number = event.after.get("paper_number") or event.after.get("number") or ""
        return Reference(number=str(number), on=date.fromisoformat(event.after["on"]))


def check_liable(notice: NoticeRow | None, said: Identified) -> None:
    """An organisation drives no vehicle and has no licence, and a person is not fined as one: of the owner whom the
    notice names it is known which of both he is. Whoever bears another name may be either.

    Raises `Refused` (`liable_person`, `liable_organisation`).
    """
    content = NoticeContent.model_validate(notice.content) if notice is not None else None
    if content is None or not content.owner_source or not _same(said.name, content.owner_name):
        return
    is_one, said_one = content.owner_type == "organisation", said.liable == "organisation"
    if is_one and not said_one:
        raise Refused(
            "liable_organisation", "the owner is an organisation", where="liable",
            remedy="choose the organisation, or name the person who drove",
        )  # fmt: skip
    if said_one and not is_one:
        raise Refused("liable_person", "the owner is a person", where="liable", remedy="choose another")


def letter_office(office: Office) -> LetterOffice:
    """The office as it stands on letters."""
    return LetterOffice(
        parent=office.parent,
        unit=office.unit.name,
        unit_in_text=office.unit_in_text,
        town=office.town,
        suffix=office.number_suffix,
        address=office.resolving_units()[0].address,
        phone=office.resolving_units()[0].phone,
    )


def standing_record(record: Sequence[CaseEventRow]) -> list[CaseEventRow]:
    """The events whose step counts."""
    gone = undone(record)
    return [e for e in record if e.sequence not in gone]


def _same(name: str, other: str) -> bool:
    return " ".join(name.split()).casefold() == " ".join(other.split()).casefold() != ""
