"""The index of a case's file: what it holds, whose keys, who handed it out; and the centre's seal over it.

Field names are part of the contract (`giaolo.case-file/2`, docs/case-file-v1.md). Version 1, which was handed out until
version 2 came, holds no statements about signals; it is read for ever.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from evidence.canonical import canonical_json, parse_canonical, sha256_hex
from evidence.case_record import MAX_EVENTS, CaseId, KeyId, Millis, Signature
from evidence.errors import PacketError
from evidence.fixed_zip import MAX_FILES, NAME
from evidence.packet import Ident, Model, PacketId, Sha256
from evidence.seal import SigningKey

INDEX, SEAL = "index.json", "seal.json"

Role = Literal["report", "packet", "record", "proof", "key", "original", "document", "statements"]
ONE_EACH: tuple[Role, ...] = ("report", "packet", "record", "proof")
Schema = Literal["giaolo.case-file/1", "giaolo.case-file/2"]


class FileEntry(Model, strict=True):
    """One file: what it is, in a word (`role`) and for people (`title`)."""

    name: str = Field(pattern=f"^{NAME}$")
    role: Role
    title: str = Field(max_length=300)
    media_type: str = Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=80)
    size: int = Field(ge=0, lt=2**40)
    sha256: Sha256


class KeyEntry(Model, strict=True):
    """A public key, whose it is, and when it counted. `until`: what was made then or later is not its."""

    of: Literal["node", "centre"]
    id: Ident
    key_id: KeyId
    file: str = Field(pattern=f"^{NAME}$")
    since: Millis | None
    until: Millis | None

    @model_validator(mode="after")
    def _are_moments(self) -> KeyEntry:
        for text in (self.since, self.until):
            if text is not None:
                datetime.fromisoformat(text)
        return self


class PacketRef(Model, strict=True):
    """Which packet the case is of."""

    node: Ident
    id: PacketId
    digest: Sha256


class Index(Model, strict=True):
    """`index.json`: what is handed out, by whom and when; every other file with its SHA-256."""

    schema_: Schema = Field(default="giaolo.case-file/2", alias="schema")
    centre: Ident
    case: CaseId
    number: int = Field(ge=1, lt=2**53)
    exported_at: Millis
    exported_by: str = Field(pattern=r"^[!-~]{1,64}$")
    software: str = Field(min_length=1, max_length=64)
    packet: PacketRef
    events: int = Field(ge=1, le=MAX_EVENTS)
    keys: Annotated[list[KeyEntry], Field(max_length=64)]
    files: Annotated[list[FileEntry], Field(max_length=MAX_FILES)]

    model_config = Model.model_config | {"populate_by_name": True}

    def to_bytes(self) -> bytes:
        """What is sealed."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    @property
    def tells_statements(self) -> bool:
        """Whether it says what people had said of the signals. A file of version 1 says nothing about it."""
        return self.schema_ != "giaolo.case-file/1"

    def named(self, role: Role) -> list[FileEntry]:
        return [f for f in self.files if f.role == role]

    def one(self, role: Role) -> FileEntry:
        """The only file of its kind."""
        return self.named(role)[0]


class IndexSeal(Model, strict=True):
    """`seal.json`: which centre's key signed which index."""

    alg: Literal["Ed25519"] = "Ed25519"
    key_id: KeyId
    index_sha256: Sha256
    signature: Signature


def sealed(index: Index, key: SigningKey) -> bytes:
    """`seal.json` for an index."""
    said = index.to_bytes()
    seal = IndexSeal(key_id=key.public.key_id, index_sha256=sha256_hex(said), signature=key.sign(said))
    return canonical_json(seal.model_dump(mode="json"))


M = TypeVar("M", bound=Model)


def read_model(kind: type[M], data: bytes, where: str) -> M:
    """One object of a file in canonical JSON. Raises `PacketError`."""
    value = parse_canonical(data, where=where)
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise PacketError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error
