"""How the centre changes its key: a statement that the old key signs and the new one countersigns.

Whoever trusts the old key follows it forward: a box takes the new one, and believes both for a time. Whoever trusts the
new one follows it back: what the old one signed before its end is still the centre's. A key that was lost or stolen
signs nothing of the kind: the new one says alone which key it replaces, and whoever held only the old one has to be
told by hand (docs/packet-v1.md, "The centre's keys").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from evidence.canonical import canonical_json
from evidence.case_record import Millis, Signature
from evidence.errors import PacketError
from evidence.packet import Ident, Model, Sha256, utc_text
from evidence.seal import SigningKey, VerifyKey
from evidence.statement_lists import read_list, write_list

MAX_CHANGES = 64
"""More than anybody changes a key; a list of strangers stays small."""
MAX_CHANGES_BYTES = 64 * 1024


class KeyChange(Model, strict=True):
    """From `at` on `new` signs for the centre; what `old` signed until `until` is believed. Keys are 32 raw bytes."""

    schema_: Literal["giaolo.centre-key/1"] = Field(default="giaolo.centre-key/1", alias="schema")
    centre: Ident
    old: Sha256
    new: Sha256
    at: Millis
    until: Millis
    by_old: Signature | None = Field(description="None: the old key is lost or stolen, and nobody follows it")
    by_new: Signature

    model_config = Model.model_config | {"populate_by_name": True}

    def statement(self) -> bytes:
        """The bytes that both keys sign."""
        return canonical_json(self.model_dump(mode="json", by_alias=True, exclude={"by_old", "by_new"}))

    @property
    def old_key(self) -> VerifyKey:
        return VerifyKey(bytes.fromhex(self.old))

    @property
    def new_key(self) -> VerifyKey:
        return VerifyKey(bytes.fromhex(self.new))

    @property
    def ends(self) -> datetime:
        """When the old key is believed no longer."""
        return datetime.fromisoformat(self.until)

    def check(self) -> None:
        """Raise `PacketError` unless both keys, or the new one alone, signed it."""
        if self.old == self.new or self.ends < datetime.fromisoformat(self.at):
            raise PacketError("changes nothing, or ends a key before it is replaced", where="centre key")
        self.new_key.verify(self.by_new, self.statement(), where="centre key")
        if self.by_old is not None:
            self.old_key.verify(self.by_old, self.statement(), where="centre key")


def change_key(
    centre: str, old: SigningKey | VerifyKey, new: SigningKey, *, at: datetime, until: datetime
) -> KeyChange:
    """The statement of a change. `old`: its public half alone where it is lost or stolen and must not be followed."""
    public = old.public if isinstance(old, SigningKey) else old
    said = KeyChange(
        centre=centre, old=public.raw.hex(), new=new.public.raw.hex(), at=utc_text(at), until=utc_text(until),
        by_old=None, by_new="A" * 86 + "==",
    )  # fmt: skip
    by_old = old.sign(said.statement()) if isinstance(old, SigningKey) else None
    return said.model_copy(update={"by_old": by_old, "by_new": new.sign(said.statement())})


@dataclass(frozen=True)
class CentreKeys:
    """The key that signs now, and the changes that led to it, oldest first. Verifies as a single key does."""

    newest: VerifyKey
    changes: tuple[KeyChange, ...] = ()

    @classmethod
    def around(cls, trusted: VerifyKey, changes: Iterable[KeyChange]) -> CentreKeys:
        """All that may be believed by whoever trusts one of the keys: back over every change, forward over those
        that the old key signed. Changes that lead nowhere from there are left out; they are checked already."""
        left = list(changes)
        before: list[KeyChange] = []
        first = trusted
        while (step := next((c for c in left if c.new == first.raw.hex()), None)) is not None:
            left.remove(step)
            before.insert(0, step)
            first = step.old_key
        return cls(trusted, tuple(before)).followed_by(left)

    def followed_by(self, changes: Iterable[KeyChange]) -> CentreKeys:
        """With those of the changes that lead on from the newest key and are signed by the key that they end."""
        newest, led, left = self.newest, list(self.changes), list(changes)
        while (step := next((c for c in left if c.old == newest.raw.hex() and c.by_old is not None), None)) is not None:
            left.remove(step)
            led.append(step)
            newest = step.new_key
        return CentreKeys(newest, tuple(led))

    @property
    def key_id(self) -> str:
        return self.newest.key_id

    @property
    def all(self) -> tuple[VerifyKey, ...]:
        """Every key that the centre had, the newest first."""
        return (self.newest, *(change.old_key for change in reversed(self.changes)))

    def ended(self, key: VerifyKey) -> datetime | None:
        """Until when a key is believed; None for the one that signs now."""
        return next((change.ends for change in self.changes if change.old == key.raw.hex()), None)

    def believed(self, now: datetime) -> tuple[VerifyKey, ...]:
        """The keys by which something that comes now may be signed."""
        return tuple(key for key in self.all if (end := self.ended(key)) is None or now < end)

    def valid_at(self, at: datetime) -> CentreKeys:
        """The keys by which something that was signed at `at` may be signed."""
        return CentreKeys(self.newest, tuple(change for change in self.changes if at <= change.ends))

    def named(self, key_id: str) -> VerifyKey:
        """The key of that id; the newest where there is none, whose check then says so."""
        return next((key for key in self.all if key.key_id == key_id), self.newest)

    def verify(self, signature_b64: str, message: bytes, *, where: str) -> None:
        """Raise `PacketError` unless one of the keys signed it."""
        for key in self.all[:-1]:
            try:
                return key.verify(signature_b64, message, where=where)
            except PacketError:
                continue
        return self.all[-1].verify(signature_b64, message, where=where)


def write_changes(changes: Sequence[KeyChange]) -> bytes:
    """A list of changes as a file, and as the message to boxes."""
    return write_list(changes)


def read_changes(data: bytes, *, where: str) -> tuple[KeyChange, ...]:
    """Parse a list of changes; each is signed as it says. Raises `PacketError`."""
    what = "a centre's key changes"
    changes = read_list(data, KeyChange, what=what, most=MAX_CHANGES, most_bytes=MAX_CHANGES_BYTES, where=where)
    for change in changes:
        change.check()
    return changes
