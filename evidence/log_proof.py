"""The verifying half of the centre's Merkle log (RFC 6962): a checkpoint and a proof are checked with its key alone.

The centre logs the digest of every packet that it stores and signs size and root of the log from time to time. A proof
leads from one packet to a signed root; another leads from an older root to a newer one, and shows that nothing logged
before was changed, removed or slipped in. Whoever keeps a checkpoint can ask for both and needs to believe nobody.
The proving half, with the stored hashes, is `central.ledger.merkle`. Step numbers are those of docs/packet-v1.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError

from evidence.canonical import canonical_json, parse_canonical
from evidence.centre_keys import CentreKeys
from evidence.errors import ForeignError, PacketError
from evidence.packet import Ident, Model, Sha256, utc_text
from evidence.seal import VerifyKey

EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_PROOF_BYTES = 64 * 1024
"""Two proofs in a log of 2**53 packets have 110 hashes of 64 digits, with quotes and commas 8 KiB."""
_CHECKPOINT = "giaolo.checkpoint/1"


class LogError(ForeignError):
    """A proof does not hold, or the log is not what a checkpoint says."""


def leaf_hash(packet_digest: str) -> bytes:
    """Leaf of a packet: its digest's 32 bytes under the leaf prefix."""
    return hashlib.sha256(b"\x00" + bytes.fromhex(packet_digest)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two neighbouring subtrees, 32 bytes each."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `LogError` unless `leaf` is number `index` of the log with that size and root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise LogError(f"leaf {index} is not in a log of {size}", where="proof")
    position, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise LogError("inclusion proof is too long", where="proof")
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or value != root:
        raise LogError(
            "inclusion proof does not lead to the root",
            where="proof",
            remedy="the packet is not in the log that was signed, or the proof was altered",
        )


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `LogError` unless the log of `new` leaves starts with the log of `old` leaves (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new:
        raise LogError(f"a log of {old} leaves cannot have become one of {new}", where="proof")
    if old in (0, new):
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise LogError("logs of the same size have different roots", where="proof")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise LogError("consistency proof is empty", where="proof")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first_value = second_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise LogError("consistency proof is too long", where="proof")
        if position & 1 or position == last:
            first_value, second_value = node_hash(sibling, first_value), node_hash(sibling, second_value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second_value = node_hash(second_value, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or first_value != old_root or second_value != new_root:
        raise LogError(
            "the newer log does not contain the older one: entries were changed or removed",
            where="proof",
            remedy="keep the older checkpoint: with the newer one it shows that the log was rewritten",
        )


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: at `at` (UTC, whole milliseconds) the log had `size` leaves and this root, in hex."""

    centre: str
    size: int
    root: str
    at: datetime
    key_id: str
    signature: str

    def statement(self) -> bytes:
        """The bytes that are signed."""
        return canonical_json(
            {"schema": _CHECKPOINT, "centre": self.centre, "size": self.size, "root": self.root,
             "at": utc_text(self.at)}
        )  # fmt: skip

    def verify(self, key: VerifyKey | CentreKeys, *, where: str = "checkpoint") -> None:
        """Raise `PacketError` unless `key`, of several the one that counted then, signed it and is named in it."""
        one = key.valid_at(self.at).named(self.key_id) if isinstance(key, CentreKeys) else key
        one.verify(self.signature, self.statement(), where=where)
        if self.key_id != one.key_id:
            raise PacketError(f"names key {self.key_id[:32]}, but {one.key_id} signed it", where=where)

    def to_bytes(self) -> bytes:
        """The checkpoint as a file holds it."""
        return canonical_json(SignedCheckpoint.of(self).model_dump(mode="json")) + b"\n"


class SignedCheckpoint(Model, strict=True):
    """A checkpoint in a file: what is signed, without the schema's name, and the signature."""

    centre: Ident
    size: int = Field(ge=0, lt=2**53)
    root: Sha256
    at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
    key_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    signature: str = Field(pattern=r"^[A-Za-z0-9+/]{86}==$")

    @classmethod
    def of(cls, signed: Checkpoint) -> SignedCheckpoint:
        return cls(
            centre=signed.centre, size=signed.size, root=signed.root, at=utc_text(signed.at), key_id=signed.key_id,
            signature=signed.signature,
        )  # fmt: skip

    def read(self, *, where: str) -> Checkpoint:
        """Raises `PacketError` for a time that there is not."""
        try:
            at = datetime.fromisoformat(self.at)
        except ValueError as error:
            raise PacketError(f"at: {error}", where=where) from error
        return Checkpoint(self.centre, self.size, self.root, at, self.key_id, self.signature)


Hashes = Annotated[list[Sha256], Field(max_length=64)]


class Consistency(Model, strict=True):
    """That the log of the checkpoint goes on from the one that had `from_size` leaves."""

    from_size: int = Field(ge=0, lt=2**53)
    hashes: Hashes


class LogProof(Model, strict=True):
    """What the centre gives to whoever wants to check a packet: its place in the log, up to a signed checkpoint."""

    schema_: Literal["giaolo.log-proof/1"] = Field(default="giaolo.log-proof/1", alias="schema")
    packet: Sha256 = Field(description="the packet's digest")
    index: int = Field(ge=0, lt=2**53)
    inclusion: Hashes
    checkpoint: SignedCheckpoint
    consistency: Consistency | None = Field(default=None, description="from the checkpoint that was asked about")

    model_config = Model.model_config | {"populate_by_name": True}

    def to_bytes(self) -> bytes:
        """The proof as a file holds it."""
        return canonical_json(self.model_dump(mode="json", by_alias=True)) + b"\n"

    def verify(self, packet_digest: str, key: VerifyKey | CentreKeys, *, older: Checkpoint | None = None) -> Checkpoint:
        """The checkpoint, once everything holds. Raises `LogError`, `PacketError`.

        `packet_digest`: of the packet in hand; `key`: the centre's; `older`: a checkpoint that was kept, which the log
        of this one has to go on from.
        """
        # packet-v1 step 22: of this packet
        if self.packet != packet_digest:
            raise LogError(f"is the proof of packet {self.packet}, not of {packet_digest}", where="proof")
        # packet-v1 step 23: the checkpoint is the centre's
        newer = self.checkpoint.read(where="checkpoint")
        newer.verify(key)
        # packet-v1 step 24: the packet is in the log of the checkpoint
        root = bytes.fromhex(newer.root)
        verify_inclusion(leaf_hash(self.packet), self.index, newer.size, _raw(self.inclusion), root)
        if older is None:
            return newer
        # packet-v1 step 25: the older checkpoint is of the same centre and key
        if older.centre != newer.centre:
            raise LogError(f"is of centre {older.centre}, the proof of {newer.centre}", where="older checkpoint")
        older.verify(key, where="older checkpoint")
        # packet-v1 step 26: the log goes on from it
        told = self.consistency
        if 0 < older.size < newer.size and (told is None or told.from_size != older.size):
            raise LogError(
                f"says nothing about the log when it had {older.size} entries",
                where="proof",
                remedy="ask the centre for one: giaolo central proof --older CHECKPOINT",
            )
        hashes = _raw(told.hashes) if told is not None and told.from_size == older.size else []
        verify_consistency(older.size, newer.size, bytes.fromhex(older.root), root, hashes)
        return newer


def read_proof(data: bytes, *, where: str) -> LogProof:
    """Parse the file of a proof. Raises `PacketError`."""
    return _read(LogProof, data, where)


def read_checkpoint(data: bytes, *, where: str) -> Checkpoint:
    """Parse the file of a checkpoint, or take the checkpoint out of the file of a proof. Raises `PacketError`.

    Its signature is not checked yet: `Checkpoint.verify`.
    """
    if data.startswith(b'{"checkpoint":'):  # the first name of a proof in canonical form
        return _read(LogProof, data, where).checkpoint.read(where=where)
    return _read(SignedCheckpoint, data, where).read(where=where)


M = TypeVar("M", bound=Model)


def _read(kind: type[M], data: bytes, where: str) -> M:
    # packet-v1 step 21: the form of the file
    if len(data) > MAX_PROOF_BYTES:
        raise PacketError(f"has {len(data)} bytes, the limit is {MAX_PROOF_BYTES}", where=where)
    value = parse_canonical(data.removesuffix(b"\n"), where=where)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise PacketError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error


def _raw(hashes: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(h) for h in hashes]
