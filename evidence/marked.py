"""The manifest of a test act: a packet that a box makes once a day to show that its whole way to the centre works.

It is of another kind than an accusation (`giaolo.test-act/1`, docs/packet-v1.md section 13), and says less: it has no
act, no vehicle, no track, no lamp and no plate, so nothing that holds one can be read as a case, by this software or by
any other. Software of before refuses it for its schema.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from evidence.errors import PacketError
from evidence.packet import MAX_ENTRIES, FileRole, Manifest, Model, SealedManifest, parse_manifest

TEST_SCHEMA: Literal["giaolo.test-act/1"] = "giaolo.test-act/1"
_ROLES: tuple[FileRole, ...] = ("still_before", "still_on", "still_after", "clip", "scene")
"""What a test act may hold: no cutting of a vehicle or a plate."""


Word = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,63}$")]


class TestStatement(Model):
    """When it was made and for whom: `daily`, by the box's own clock, or `asked` by somebody on the box. `doubts`: what
    an act of that moment would have been held or flagged for, in words of the box."""

    __test__ = False

    asked: Literal["daily", "asked"]
    occurred_at: AwareDatetime
    frame: int = Field(ge=0)
    t_s: float = Field(ge=0)
    doubts: list[Word] = Field(max_length=MAX_ENTRIES)


class TestManifest(SealedManifest):
    """What a test act says; never an accusation."""

    __test__ = False

    schema_: Literal["giaolo.test-act/1"] = Field(default=TEST_SCHEMA, alias="schema")
    test: TestStatement

    @model_validator(mode="after")
    def _shows_the_camera_and_no_vehicle(self) -> TestManifest:
        if self.file("still_on") is None:
            raise ValueError("a test act without a picture of its moment shows nothing")
        if any(entry.role not in _ROLES for entry in self.files):
            raise ValueError("a test act holds whole pictures, a clip and the scene, and nothing else")
        return self

    @property
    def occurred_at(self) -> datetime:
        return self.test.occurred_at


AnyManifest = Manifest | TestManifest


def read_manifest(data: bytes, *, where: str = "manifest.json") -> AnyManifest:
    """The manifest of a packet of either kind. Raises `PacketError`."""

    def kind(schema: object) -> type[Manifest] | type[TestManifest]:
        return TestManifest if schema == TEST_SCHEMA else Manifest

    return parse_manifest(data, kind, where=where)


def accusation(manifest: AnyManifest, *, where: str = "manifest.json") -> Manifest:
    """The manifest, if it is one of an act. Raises `PacketError`."""
    if isinstance(manifest, TestManifest):
        raise PacketError("is a test act and no accusation", where=where)
    return manifest
