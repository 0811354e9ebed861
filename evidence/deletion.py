"""The record of a deletion: what there was, under which rule it went and when, signed by the centre and in its log.

The centre writes and logs it before any byte goes. Whoever has the centre's public key checks it offline, years later:
the digests of what is gone, the packet's own place in the log, and the place of this record after it. It names no
person and no plate. Format and steps: docs/keeping.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from evidence.canonical import canonical_json, parse_canonical, sha256_hex
from evidence.case_record import CaseId, Millis, Signature
from evidence.centre_keys import CentreKeys
from evidence.errors import ForeignError, PacketError
from evidence.log_proof import Checkpoint, LogProof
from evidence.packet import Ident, Model, Sha256
from evidence.seal import VerifyKey

MAX_DELETION_BYTES = 4 * 1024 * 1024
"""A record names each file that went, some 120 bytes; a case has some ten, a batch of quarantined packets a hundred."""
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
Kind = Literal["case", "look_ups", "throttles", "quarantine"]


class DeletionError(ForeignError):
    """The record of a deletion does not hold."""


class Rule(Model, strict=True):
    """By which rule: the kind it is about, how long that is kept, and where this stands."""

    of: str = Field(max_length=40)
    length: int = Field(ge=1, le=10_000)
    count: str = Field(max_length=20)
    by: Literal["law", "unit"]
    reference: str = Field(max_length=2000)
    since: Day = Field(description="the day on which the last thing happened")
    until: Day = Field(description="the last day on which it had to be there")


class DeletedPacket(Model, strict=True):
    """The packet as it was: `log_index` is its place in the log."""

    node: Ident
    id: str = Field(max_length=36)
    digest: Sha256
    container_sha256: Sha256
    log_index: int = Field(ge=0, lt=2**53)
    received_at: Millis


class DeletedCase(Model, strict=True):
    """The case as it stood. `events`, `head`: how long its record was, and the hash at its end."""

    id: CaseId
    number: int = Field(ge=0, lt=2**53)
    status: str = Field(max_length=16)
    act: str = Field(max_length=30)
    events: int = Field(ge=0)
    head: Sha256 | None
    packet: DeletedPacket


class Gone(Model, strict=True):
    """A file that went, by its digest. `what`: `file` of the packet, `document` of the case, `held` in quarantine."""

    what: Literal["file", "document", "held"]
    name: str = Field(max_length=200)
    sha256: Sha256


class Deletion(Model, strict=True):
    """What is signed. `before`: rows older than this instant went; `rows`: how many."""

    schema_: Literal["giaolo.deletion/1"] = Field(default="giaolo.deletion/1", alias="schema")
    centre: Ident
    at: Millis
    by: str = Field(min_length=1, max_length=64)
    kind: Kind
    rule: Rule
    case: DeletedCase | None
    gone: list[Gone] = Field(max_length=10_000)
    before: Millis | None
    rows: int = Field(ge=0)

    model_config = Model.model_config | {"populate_by_name": True}

    def statement(self) -> bytes:
        """The bytes that are signed."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    @property
    def digest(self) -> str:
        """SHA-256 of the statement: its entry in the log."""
        return sha256_hex(self.statement())


def read_deletion(data: bytes, *, where: str) -> Deletion:
    """Parse a statement. Raises `PacketError`."""
    if len(data) > MAX_DELETION_BYTES:
        raise PacketError(f"has {len(data)} bytes, the limit is {MAX_DELETION_BYTES}", where=where)
    try:
        return Deletion.model_validate(parse_canonical(data, where=where))
    except ValidationError as error:
        first = error.errors()[0]
        raise PacketError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error


class DeletionProof(Model, strict=True):
    """What the centre gives out of a deletion: the record, its signature, its place in the log, and the packet's."""

    schema_: Literal["giaolo.deletion-proof/1"] = Field(default="giaolo.deletion-proof/1", alias="schema")
    deletion: Deletion
    signature: Signature
    proof: LogProof
    packet_proof: LogProof | None

    model_config = Model.model_config | {"populate_by_name": True}

    def to_bytes(self) -> bytes:
        """The proof as a file holds it."""
        return canonical_json(self.model_dump(mode="json", by_alias=True)) + b"\n"

    def verify(self, key: VerifyKey | CentreKeys) -> Checkpoint:
        """The checkpoint, once all holds with the centre's `key`. Raises `PacketError`, `LogError`, `DeletionError`."""
        # keeping step 2: the centre signed the record
        key.verify(self.signature, self.deletion.statement(), where="deletion")
        # keeping step 3: the record is an entry of the log
        newest = self.proof.verify(self.deletion.digest, key)
        if newest.centre != self.deletion.centre:
            raise DeletionError(f"is of centre {self.deletion.centre}, the log of {newest.centre}", where="deletion")
        case = self.deletion.case
        if (case is None) != (self.packet_proof is None):
            raise DeletionError("a case's deletion comes with the proof of its packet", where="packet_proof")
        if case is not None and self.packet_proof is not None:
            # keeping step 4: the packet stood in the log before
            self.packet_proof.verify(case.packet.digest, key)
            if not self.packet_proof.index == case.packet.log_index < self.proof.index:
                raise DeletionError("the packet was not logged before its deletion", where="packet_proof")
        return newest


def read_deletion_proof(data: bytes, *, where: str) -> DeletionProof:
    """Parse the file of a deletion's proof (keeping step 1). Raises `PacketError`."""
    if len(data) > MAX_DELETION_BYTES:
        raise PacketError(f"has {len(data)} bytes, the limit is {MAX_DELETION_BYTES}", where=where)
    value = parse_canonical(data.removesuffix(b"\n"), where=where)
    try:
        return DeletionProof.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise PacketError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error
