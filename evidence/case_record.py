"""The record of a case as others may check it: what was done, by whom, when, each event chained to the one before.

Each event carries the hash of the one before it, and the centre's signature over its own place and hash; the end of the
record is signed as such, so that a record cut short is found too. The centre writes its record with these functions
(`central.cases.log`, `central.ledger.signing`); checking it needs nothing of the centre. Steps are those of
docs/case-file-v1.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from evidence.canonical import canonical_json, parse_canonical, sha256_hex
from evidence.errors import ForeignError, PacketError
from evidence.packet import Ident, Model, Sha256
from evidence.seal import VerifyKey

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""An event has some 400 bytes; a case that is looked at a hundred times a day for a year has 15 MiB of them."""
MAX_EVENTS = 100_000

Millis = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]
CaseId = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,36}$")]
Statement = Literal["event", "end", "issued"]


class RecordError(ForeignError):
    """The record of a case is not the one that was signed."""


def event_hash(
    *, case: str, sequence: int, at: str, actor: str, action: str, before: Mapping[str, Any], after: Mapping[str, Any],
    note: str, previous: str | None,
) -> str:  # fmt: skip
    """Hash of one event: SHA-256 of the canonical JSON of these fields. `at`: UTC in whole milliseconds."""
    return sha256_hex(
        canonical_json(
            {"case": case, "sequence": sequence, "at": at, "actor": actor, "action": action, "before": before,
             "after": after, "note": note, "previous": previous}
        )
    )  # fmt: skip


def statement(kind: Statement, centre: str, case: str, count: int, head: str) -> bytes:
    """The bytes that a centre signs: `head` is event number `count` (`event`), or also the last one (`end`)."""
    return canonical_json(
        {"schema": f"giaolo.case-{kind}/1", "centre": centre, "case": case, "count": count, "head": head}
    )


class Event(Model, strict=True):
    """What was done. `signature` is null only in events that are older than signing."""

    sequence: int = Field(ge=1, le=MAX_EVENTS)
    at: Millis
    actor: str = Field(max_length=200)
    action: str = Field(min_length=1, max_length=64)
    before: dict[str, Any]
    after: dict[str, Any]
    note: str
    previous: Sha256 | None
    hash: Sha256
    signature: Signature | None

    def hash_in(self, case: str) -> str:
        """What its hash has to be in the record of `case`."""
        return event_hash(
            case=case, sequence=self.sequence, at=self.at, actor=self.actor, action=self.action, before=self.before,
            after=self.after, note=self.note, previous=self.previous,
        )  # fmt: skip


class CaseRecord(Model, strict=True):
    """The record of one case, as the centre `centre` keeps it. `end`: its signature over the end of the record."""

    schema_: Literal["giaolo.case-record/1"] = Field(default="giaolo.case-record/1", alias="schema")
    centre: Ident
    case: CaseId
    events: list[Event] = Field(min_length=1, max_length=MAX_EVENTS)
    end: Signature | None

    model_config = Model.model_config | {"populate_by_name": True}

    def to_bytes(self) -> bytes:
        """The record as a file holds it."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    @property
    def unsigned(self) -> int:
        """How many events are older than signing."""
        return sum(event.signature is None for event in self.events)

    def check_chain(self) -> None:
        """Raise `RecordError` at the first event that was altered, removed or put in."""
        previous: str | None = None
        for place, event in enumerate(self.events, start=1):
            # case-file-v1 step 20: numbers without a gap, and each event names the one before
            if event.sequence != place or event.previous != previous:
                raise RecordError("does not follow the event before it: one was removed or put in", where=_where(place))
            # case-file-v1 step 21: its hash is the hash of what it says
            if event.hash != event.hash_in(self.case):
                raise RecordError("was altered: its hash is not that of what it says", where=_where(place))
            previous = event.hash

    def check_signatures(self, keys: Sequence[VerifyKey]) -> None:
        """Raise `RecordError` unless the centre signed each event since it signs at all, and the end of the record."""
        signed = False
        for place, event in enumerate(self.events, start=1):
            # case-file-v1 step 22: signed since signing began
            if event.signature is None and not signed:
                continue
            signed = True
            if not _signed(keys, event.signature, statement("event", self.centre, self.case, place, event.hash)):
                raise RecordError("was not signed by this centre", where=_where(place))
        # case-file-v1 step 23: the end of the record
        said = statement("end", self.centre, self.case, len(self.events), self.events[-1].hash)
        if not _signed(keys, self.end, said) and (signed or self.end is not None):
            raise RecordError("the end was not signed by this centre: events were removed", where="record")

    def names(self, digest: str) -> bool:
        """Whether an event names this SHA-256 among what it wrote down."""
        return any(_holds(event.after, digest) for event in self.events)


def read_record(data: bytes, *, where: str) -> CaseRecord:
    """Parse the file of a record; its chain and signatures are not checked yet. Raises `PacketError`."""
    # case-file-v1 step 18: the form
    if len(data) > MAX_RECORD_BYTES:
        raise PacketError(f"has {len(data)} bytes, the limit is {MAX_RECORD_BYTES}", where=where)
    value = parse_canonical(data, where=where)
    try:
        return CaseRecord.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise PacketError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error


def _signed(keys: Sequence[VerifyKey], signature: str | None, said: bytes) -> bool:
    if signature is None:
        return False
    for key in keys:
        try:
            key.verify(signature, said, where="record")
        except PacketError:
            continue
        return True
    return False


def _holds(value: Any, text: str) -> bool:
    left = [value]  # no recursion: how deep it goes, a stranger says
    while left:
        one = left.pop()
        if one == text:
            return True
        left += one.values() if isinstance(one, Mapping) else one if isinstance(one, list) else ()
    return False


def _where(place: int) -> str:
    return f"record, event {place}"
