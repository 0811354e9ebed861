"""A record before it is taken: read from what a person typed or a file says, and held against what is known already.

Pure. Every refusal is a `Refused` with a code, the field, and what to do; a form, a command and a CSV file share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from central.cases.lifecycle import Refused
from central.devices.records import CHECKED, TAKING_BACK, DeviceId, Record, RecordKind

FIELDS = (
    "kind", "number", "dated", "signed_by", "valid_from", "valid_to", "model", "serial", "note", "takes_back",
)  # fmt: skip
LONGEST: dict[str, int] = {"number": 120, "signed_by": 200, "model": 200, "serial": 120, "note": 1000}
MAX_DOCUMENT_BYTES = 10 * 1024 * 1024
"""A scanned decision of some pages; a thicker one is scanned more coarsely."""


@dataclass(frozen=True)
class Entry:
    """A record as it was typed, its fields in the shapes of `Record`."""

    device: DeviceId
    kind: RecordKind
    number: str
    dated: date
    signed_by: str
    valid_from: date
    valid_to: date | None
    model: str = ""
    serial: str = ""
    note: str = ""
    takes_back: int | None = None
    document_sha256: str | None = None


def read(device: DeviceId, fields: Mapping[str, str], *, today: date) -> Entry:
    """What was typed, in shape: days are 2026-01-31 or 31/01/2026, an empty one takes its default. Raises `Refused`.

    Defaults: `valid_from` the day of the paper, the day of a record that was a mistake `today`.
    """
    given = {name: " ".join((fields.get(name) or "").split()) for name in FIELDS}
    for name, longest in LONGEST.items():
        if len(given[name]) > longest or not given[name].isprintable():
            raise _no("paper_text", f"is longer than {longest} characters or holds a control character", name)
    try:
        kind = RecordKind(given["kind"])
    except ValueError as error:
        raise _no("paper_kind", f"{given['kind'][:20]!r} is no kind of record", "kind") from error
    dated = _day("dated", given["dated"])
    if dated is None and kind is RecordKind.MISTAKEN:
        dated = today
    if dated is None:
        raise _no("paper_day", "the day of the paper is missing", "dated")
    number = given["takes_back"]
    if number and not (number.isascii() and number.isdigit() and len(number) < 19):
        raise _no("paper_back", f"{number[:20]!r} is no number of a record", "takes_back")
    return Entry(
        device=device,
        kind=kind,
        number=given["number"],
        dated=dated,
        signed_by=given["signed_by"],
        valid_from=_day("valid_from", given["valid_from"]) or dated,
        valid_to=_day("valid_to", given["valid_to"]),
        model=given["model"],
        serial=given["serial"],
        note=given["note"],
        takes_back=int(number) if number else None,
    )


def checked(entry: Entry, known: Sequence[Record], *, today: date) -> Entry:
    """The entry as it may be taken, its serial number filled in. `known`: the records of its node. Raises `Refused`."""
    if entry.dated > today:
        raise _no("paper_future", "the paper is dated in the future", "dated")
    ours = [r for r in known if r.device == entry.device]
    if entry.kind in TAKING_BACK:
        return _taking_back(entry, ours)
    if entry.takes_back is not None:
        raise _no("paper_back", f"a record of the kind {entry.kind} takes back nothing", "takes_back")
    if entry.valid_from < entry.dated:
        # a decision signed today does not make yesterday lawful
        raise _no("paper_days", "would hold before the day on which it was signed", "valid_from")
    if entry.valid_to is not None and entry.valid_to < entry.valid_from:
        raise _no("paper_days", "ends before it begins", "valid_to")
    if entry.kind is RecordKind.PROFILE:
        if not entry.model or not entry.serial:
            raise _no("paper_model", "a device has a model and a serial number", "serial")
    else:
        if not entry.number:
            raise _no("paper_number", "the paper has no number", "number")
        if not entry.signed_by:
            raise _no("paper_signer", "nobody is named who signed it", "signed_by")
        if entry.kind in (RecordKind.INSPECTION, RecordKind.CALIBRATION) and entry.valid_to is None:
            raise _no("paper_until", "a certificate says until when it holds", "valid_to")
        if entry.kind in CHECKED or entry.serial:
            entry = replace(entry, serial=_serial(entry, ours))
    for other in ours:
        if _same(entry, other) and other.id not in {r.takes_back for r in ours}:
            raise _no("paper_twice", f"was entered already, as record {other.id}", "number", record=str(other.id))
    return entry


def record_of(entry: Entry, *, id: int, by: str, at: datetime) -> Record:
    """The entry as a record."""
    return Record(id=id, entered_by=by, entered_at=at, **vars(entry))


def document(data: bytes) -> bytes:
    """A scanned paper, if it is a PDF of a size that is kept. Raises `Refused`."""
    if not data.startswith(b"%PDF-"):
        raise _no("paper_file", "is not a PDF", "document")
    if len(data) > MAX_DOCUMENT_BYTES:
        raise _no("paper_file", f"is larger than {MAX_DOCUMENT_BYTES // 2**20} MiB", "document")
    return data


def _taking_back(entry: Entry, ours: Sequence[Record]) -> Entry:
    record = next((r for r in ours if r.id == entry.takes_back), None)
    if record is None or record.kind in TAKING_BACK:
        raise _no("paper_back", "there is no such paper of this device", "takes_back")
    if not entry.note:
        raise _no("paper_reason", "nobody says why", "note")
    if any(r.takes_back == record.id and r.kind in (entry.kind, RecordKind.MISTAKEN) for r in ours):
        raise _no("paper_twice", f"record {record.id} was taken back already", "takes_back", record=str(record.id))
    return replace(entry, valid_to=None, model="", serial="")


def _serial(entry: Entry, ours: Sequence[Record]) -> str:
    """The number given, if a device with it stands or will stand here; else that of the one the paper falls to."""
    profiles = sorted((r for r in ours if r.kind is RecordKind.PROFILE), key=lambda r: (r.valid_from, r.id))
    if entry.serial:
        if all(r.serial != entry.serial for r in profiles):
            raise _no("paper_serial", f"no device with the serial number {entry.serial} stands here", "serial")
        return entry.serial
    if not profiles:
        raise _no("paper_serial", "it is not known which device stands here", "serial")
    standing = [r for r in profiles if r.valid_from <= entry.valid_from]
    return standing[-1].serial if standing else profiles[0].serial


def _same(entry: Entry, other: Record) -> bool:
    """Whether both are the same paper, whoever entered it and whatever else was noted with it."""
    named = ("kind", "number", "dated", "valid_from", "valid_to", "serial")
    return all(getattr(other, name) == getattr(entry, name) for name in named)


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise _no("paper_day", f"{text[:20]!r} is not a day", name)


_REMEDY = {
    "paper_text": "shorten it",
    "paper_kind": f"one of {', '.join(RecordKind)}",
    "paper_day": "write it as 2026-01-31 or 31/01/2026",
    "paper_future": "enter it once it is signed; valid_from may lie ahead",
    "paper_days": "copy the days from the paper",
    "paper_model": "copy both from the plate of the device",
    "paper_number": "copy it from the paper",
    "paper_signer": "name who signed the decision, or the body that gave the certificate",
    "paper_until": "copy the last day from the certificate",
    "paper_serial": "enter the device first (kind profile), or correct the number",
    "paper_twice": "nothing has to be entered",
    "paper_back": "giaolo central device show NODE/CAMERA lists them by number",
    "paper_reason": "write a short reason into the note",
    "paper_file": "scan it as PDF, more coarsely if need be",
}


def _no(code: str, what: str, field: str, **values: str) -> Refused:
    return Refused(code, what, where=field, remedy=_REMEDY[code], values=values)
