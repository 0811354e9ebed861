"""Was this device lawful on that day, by what was known then? Pure: records and times come in, an answer goes out.

Of the papers of one kind that had begun on a day the latest counts and replaces those before it, also where it ends
sooner: whoever decided anew for a shorter time meant the shorter time. Where any of several kinds will do, one that
holds is enough. A paper that names a serial number speaks of that device alone: a camera put in another's place has
none of its certificates. A revoked paper held until the day before; one entered by mistake never held, and what it
seemed to replace is in force again.

Two times are kept apart: the day a paper holds on, and the instant it was entered. An answer "as known at" an instant
never changes, whatever is entered later; `Answer` gives what is known now beside what was known then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from central.devices.records import CHECKED, TAKING_BACK, DeviceId, Record, RecordKind
from countries.devices import DevicePapers, PaperNeed
from countries.here import HERE

SOON_DAYS = 45
"""Days before the last day from which the head is told. An inspection and its paper take some four weeks, a decision
passes two desks: a month and a half leaves room for one try that fails. (Ours, no law's.)"""

State = Literal["none", "not_yet", "expired", "revoked"]
Code = Literal[
    "device_unknown", "device_not_yet", "device_expired", "device_revoked",
    "no_decision", "decision_not_yet", "decision_expired", "decision_revoked",
    "no_inspection", "inspection_not_yet", "inspection_expired", "inspection_revoked",
]  # fmt: skip
_DEVICE: dict[State, Code] = {
    "none": "device_unknown", "not_yet": "device_not_yet", "expired": "device_expired", "revoked": "device_revoked",
}  # fmt: skip
_DECISION: dict[State, Code] = {
    "none": "no_decision", "not_yet": "decision_not_yet", "expired": "decision_expired", "revoked": "decision_revoked",
}  # fmt: skip
_INSPECTION: dict[State, Code] = {
    "none": "no_inspection", "not_yet": "inspection_not_yet", "expired": "inspection_expired",
    "revoked": "inspection_revoked",
}  # fmt: skip
CODES: dict[str, dict[State, Code]] = {"device": _DEVICE, "decision": _DECISION, "inspection": _INSPECTION}
"""By what is lacking (`device`: the record of the device itself) and how; texts: `lack.<code>`, `refused.<code>`."""


@dataclass(frozen=True)
class Lack:
    """What a device did not have on `day`. `when`: the first day of what came too late, the last of what had ended."""

    device: DeviceId
    code: Code
    day: date
    when: date | None
    reference: str = ""

    @property
    def values(self) -> dict[str, str]:
        """What fills the places of its text in."""
        when = f"{self.when:%d/%m/%Y}" if self.when else ""
        return {"device": str(self.device), "day": f"{self.day:%d/%m/%Y}", "when": when}


@dataclass(frozen=True)
class Standing:
    """How a device stood on a day: what it lacked, and else the records that make it lawful, its own first."""

    device: DeviceId
    day: date
    lacks: tuple[Lack, ...]
    counted: tuple[Record, ...]

    @property
    def lawful(self) -> bool:
        return not self.lacks


@dataclass(frozen=True)
class Answer:
    """How a device stood at an act, by all that is known `now`, and by what was known `then`, at an earlier instant."""

    now: Standing
    then: Standing

    @property
    def differs(self) -> bool:
        """Whether something that was entered since says otherwise: then both are told."""
        return (self.now.lacks, self.now.counted) != (self.then.lacks, self.then.counted)


@dataclass(frozen=True)
class Soon:
    """A device is lawful until `last` and not on the day after."""

    last: date
    lacks: tuple[Lack, ...]


@dataclass(frozen=True)
class _Paper:
    """A record with the days on which it holds after all that was taken back; `last` None: no end is known."""

    record: Record
    last: date | None
    revoked: bool

    @property
    def order(self) -> tuple[date, date, int]:
        return self.record.valid_from, self.record.dated, self.record.id


def standing(
    device: DeviceId, records: Iterable[Record], at: datetime, *, known_at: datetime,
    asked: DevicePapers = HERE.devices,
) -> Standing:  # fmt: skip
    """How the device stood at the instant `at`, by what had been entered until `known_at` (included)."""
    return standing_on(device, records, HERE.local_date(at), known_at=known_at, asked=asked)


def standing_on(
    device: DeviceId, records: Iterable[Record], day: date, *, known_at: datetime, asked: DevicePapers = HERE.devices
) -> Standing:
    """`standing` on a whole day of the country's clock."""
    papers = _papers(device, records, known_at)
    profile, state, when = _in_force([p for p in papers if p.record.kind is RecordKind.PROFILE], day)
    lacks: list[Lack] = []
    counted: list[Record] = []
    if profile is None:
        lacks.append(Lack(device, _DEVICE[state], day, when))
    else:
        counted.append(profile.record)
    serial = profile.record.serial if profile else None
    for need in asked.needs(device.sort, day):
        found, state, when = _in_force(_fitting(papers, need, serial), day)
        if found is None:
            lacks.append(Lack(device, CODES[need.key][state], day, when, need.reference))
        else:
            counted.append(found.record)
    return Standing(device, day, tuple(lacks), tuple(counted))


def answer(
    device: DeviceId, records: Sequence[Record], at: datetime, *, then: datetime, now: datetime,
    asked: DevicePapers = HERE.devices,
) -> Answer:  # fmt: skip
    """How the device stood at `at`, as known `now` and as known `then`."""
    return Answer(
        standing(device, records, at, known_at=now, asked=asked),
        standing(device, records, at, known_at=then, asked=asked),
    )


def stretches(
    device: DeviceId, records: Sequence[Record], first: date, last: date, *, known_at: datetime,
    asked: DevicePapers = HERE.devices,
) -> list[tuple[date, date, Standing]]:  # fmt: skip
    """The days from `first` to `last` in stretches over which nothing begins or ends: first, last day, how it stood."""
    begins = {first}
    for paper in _papers(device, records, known_at):
        begins.add(paper.record.valid_from)
        if paper.last is not None and paper.last < date.max:
            begins.add(paper.last + timedelta(days=1))
    begins |= set(asked.changes())
    days = sorted(day for day in begins if first <= day <= last)
    ends = [day - timedelta(days=1) for day in days[1:]] + [last]
    return [
        (day, end, standing_on(device, records, day, known_at=known_at, asked=asked))
        for day, end in zip(days, ends, strict=True)
    ]


def ends_soon(
    device: DeviceId, records: Sequence[Record], now: datetime, *, asked: DevicePapers = HERE.devices
) -> Soon | None:
    """What a device that is lawful today will lack within `SOON_DAYS`, by the papers entered so far."""
    today = HERE.local_date(now)
    ahead = stretches(device, records, today, today + timedelta(days=SOON_DAYS + 1), known_at=now, asked=asked)
    if not ahead[0][2].lawful:
        return None
    return next((Soon(day - timedelta(days=1), found.lacks) for day, _, found in ahead if not found.lawful), None)


def taken_back(records: Iterable[Record]) -> dict[int, Record]:
    """By id of a record, what took it back; a record entered by mistake outweighs a revoked one, then the earliest."""
    found: dict[int, Record] = {}
    for record in records:
        if record.kind not in TAKING_BACK or record.takes_back is None:
            continue
        other = found.get(record.takes_back)
        if other is None or _weight(record) < _weight(other):
            found[record.takes_back] = record
    return found


RecordState = Literal["in_force", "not_yet", "expired", "revoked", "mistaken", "replaced", "other_device"]


def state_on(record: Record, records: Sequence[Record], day: date, *, known_at: datetime) -> RecordState:
    """What became of a paper until `day`, for whoever reads the history; texts: `record_state.<state>`."""
    known = [r for r in records if r.entered_at <= known_at]
    back = taken_back(known).get(record.id)
    if back is not None and back.kind is RecordKind.MISTAKEN:
        return "mistaken"
    if back is not None and back.valid_from <= day:
        return "revoked"
    if record.valid_from > day:
        return "not_yet"
    if record.valid_to is not None and record.valid_to < day:
        return "expired"
    counted = standing_on(record.device, known, day, known_at=known_at).counted
    if record in counted:
        return "in_force"
    serial = next((r.serial for r in counted if r.kind is RecordKind.PROFILE), record.serial)
    return "other_device" if record.serial not in ("", serial) and record.kind in CHECKED else "replaced"


def _weight(record: Record) -> tuple[bool, date]:
    return record.kind is not RecordKind.MISTAKEN, record.valid_from


def _papers(device: DeviceId, records: Iterable[Record], known_at: datetime) -> list[_Paper]:
    """The device's papers that were known and held on some day."""
    known = [r for r in records if r.device == device and r.entered_at <= known_at]
    back = taken_back(known)
    papers = []
    for record in known:
        if record.kind in TAKING_BACK:
            continue
        end = back.get(record.id)
        if end is not None and end.kind is RecordKind.MISTAKEN:
            continue
        last, revoked = record.valid_to, False
        if end is not None and (last is None or end.valid_from <= last):
            last, revoked = end.valid_from - timedelta(days=1), True
        if last is None or last >= record.valid_from:  # one revoked before it began replaced nothing
            papers.append(_Paper(record, last, revoked))
    return papers


def _fitting(papers: Iterable[_Paper], need: PaperNeed, serial: str | None) -> list[_Paper]:
    """The papers of a need that speak of the device that stood there."""
    return [
        p for p in papers if p.record.kind.value in need.any_of and (serial is None or p.record.serial in ("", serial))
    ]


def _in_force(papers: Iterable[_Paper], day: date) -> tuple[_Paper | None, State, date | None]:
    """The paper that holds on a day; else how it is lacking, and the day that says so."""
    latest: dict[RecordKind, _Paper] = {}
    ahead: list[_Paper] = []
    for paper in sorted(papers, key=lambda p: p.order):
        if paper.record.valid_from > day:
            ahead.append(paper)
        else:
            latest[paper.record.kind] = paper
    holding = [p for p in latest.values() if p.last is None or day <= p.last]
    if holding:
        return max(holding, key=lambda p: p.order), "none", None
    if latest:
        over = max(latest.values(), key=lambda p: (p.last or date.max, *p.order))
        return None, "revoked" if over.revoked else "expired", over.last
    return (None, "not_yet", ahead[0].record.valid_from) if ahead else (None, "none", None)
