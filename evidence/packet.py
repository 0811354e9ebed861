"""The manifest of an evidence packet: what the node saw, why it calls it an act, and the digest of every file.

Field names are part of the contract (`giaolo.packet/1`, docs/packet-v1.md): a change of meaning is a new schema
version, and what is added later is absent where a packet does not have it, so that the packets of before keep their
bytes. Times called `t_s` are seconds of stream time since the first frame of the stream; `*_at` are UTC instants. Boxes
are `[x1, y1, x2, y2]` in pixels of the original frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evidence.acts import ActCode, LampState, VehicleClass
from evidence.canonical import canonical_json, parse_canonical, parse_json, sha256_hex
from evidence.errors import PacketError
from evidence.plate_colours import PlateColour

PACKET_SCHEMA: Literal["giaolo.packet/1"] = "giaolo.packet/1"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# Ids become topic levels and file names on both ends, so they are plain.
Ident = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
PacketId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Box = Annotated[tuple[float, float, float, float], Field(description="x1, y1, x2, y2 in pixels")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Reason = bool | int | float | str | None | list[float] | list[str]

FileRole = Literal["still_before", "still_on", "still_after", "plate_crop", "vehicle_crop", "clip", "scene", "other"]
ClockSource = Literal["ntp", "ptp", "gnss", "camera", "system", "file", "unknown"]


MAX_MANIFEST_BYTES = 1024 * 1024
"""Reading a manifest costs time in proportion to its size: one of 1 MiB a second or two. Honest ones have 20-60 KiB."""
MAX_TRACK_POINTS = 2000
"""80 s of track at 25 frames a second; a box thins longer ones (`edge.events`)."""
MAX_READINGS = 500
"""Plate readings, lamp spans of a head: more than a box ever writes."""
MAX_ENTRIES = 64
"""Files, heads, models, flags, reasons, candidates: lists that people read."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Node(Model):
    """The box that made the packet."""

    id: Ident
    software: str = Field(min_length=1, max_length=64, description="name and version, e.g. giaolo 0.1.0")
    key_id: str = Field(pattern=r"^[0-9a-f]{16}$")


class Camera(Model):
    """The camera and the place it looks at, as people name it."""

    id: Ident
    place: str = Field(max_length=300, description="place of the act as it stands in a notice")
    unit: str = Field(default="", max_length=200, description="the detecting unit")
    width: int = Field(gt=0, le=16384)
    height: int = Field(gt=0, le=16384)
    fps: float = Field(ge=0, le=1000)


class Chain(Model):
    """Position in the node's chain: `previous` is the packet digest of `sequence - 1`, None for the first."""

    sequence: int = Field(ge=1, lt=2**53)
    previous: Sha256 | None

    @model_validator(mode="after")
    def _first_has_no_previous(self) -> Chain:
        if (self.sequence == 1) != (self.previous is None):
            raise ValueError("only the packet with sequence 1 has no previous digest")
        return self


class Clock(Model):
    """How far the wall clock of the node could be trusted at the act."""

    source: ClockSource
    synchronised: bool
    offset_s: float | None = Field(default=None, description="estimated offset of the clock, None if not known")
    note: str = Field(default="", max_length=300)


class SceneRef(Model):
    """Which description of the camera's view was in force."""

    id: Ident
    version: int = Field(ge=1)
    digest: Sha256


class ActStatement(Model):
    """The suspected act. `flags` are doubts an officer must see (`clock_unsure`, `plate_unread`, ...)."""

    code: ActCode
    occurred_at: AwareDatetime
    frame: int = Field(ge=0, description="first frame in which the rear ground contact is past the line")
    t_s: float = Field(ge=0)
    flags: list[str] = Field(default_factory=list, max_length=MAX_ENTRIES)
    reasons: dict[str, Reason] = Field(max_length=MAX_ENTRIES)


class Vehicle(Model):
    """Class by vote over the track; `confidence` is the share of that class in the votes."""

    cls: VehicleClass
    confidence: Probability
    box: Box


class TrackPoint(Model):
    frame: int = Field(ge=0)
    t_s: float = Field(ge=0)
    box: Box
    score: Probability


class Track(Model):
    id: int = Field(ge=0)
    points: list[TrackPoint] = Field(min_length=1, max_length=MAX_TRACK_POINTS)


class LampSpan(Model):
    """A stretch of time in which a head showed one state."""

    state: LampState
    from_frame: int = Field(ge=0)
    to_frame: int = Field(ge=0)
    from_s: float = Field(ge=0)
    to_s: float = Field(ge=0)
    confidence: Probability


FeedWay = Literal["mqtt", "http", "ntcip", "other"]


class ControllerWord(Model):
    """What a signal controller said: of which moment by its own clock, and when that came by the node's."""

    state: LampState
    said_at: AwareDatetime | None = None
    received_at: AwareDatetime


class ControllerTimeline(Model):
    """A controller's words of a head around the act: each change of state, and the last before it."""

    controller: Ident
    way: FeedWay
    told_as: str = Field(min_length=1, max_length=80, description="`phase 2` or `head NAME`")
    offset_s: float | None = Field(description="node's clock less controller's, with the way; None: it states no time")
    doubt_s: float = Field(ge=0, description="how far the moment of a change may lie beside the picture's")
    words: list[ControllerWord] = Field(max_length=MAX_READINGS)


class LampTimeline(Model):
    """What a signal head showed around the act, and how that is known."""

    head: Ident
    source: Literal["pixels", "controller"]
    governs: bool = Field(description="whether this head governs the movement of the vehicle")
    spans: list[LampSpan] = Field(max_length=MAX_READINGS)
    controller: ControllerTimeline | None = Field(
        default=None, description="where a controller has a word in it; packets before 0.2.0 have none"
    )


class PlateCandidate(Model):
    text: str = Field(pattern=r"^[A-Z0-9]{4,12}$", description="normalised, no separators")
    probability: Probability


class PlateReading(Model):
    """One reading of one frame, as the reader gave it."""

    frame: int = Field(ge=0)
    lines: list[str]
    confidence: Probability
    box: Box


class Plate(Model):
    """The ballot over all readings. `text` is None when no candidate won clearly: unknown stays unknown."""

    text: str | None = Field(default=None, pattern=r"^[A-Z0-9]{4,12}$")
    confidence: Probability = 0.0
    kind: str | None = None
    colour: PlateColour = "unknown"
    n_best: list[PlateCandidate] = Field(default_factory=list, max_length=MAX_ENTRIES)
    readings: list[PlateReading] = Field(default_factory=list, max_length=MAX_READINGS)


class FileEntry(Model):
    """One file of the packet; its name is `role` plus an extension, no folders."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    role: FileRole
    media_type: str = Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=80)
    size: int = Field(ge=0, lt=2**40)
    sha256: Sha256
    frame: int | None = None
    t_s: float | None = None

    @field_validator("name")
    @classmethod
    def _no_dots_only(cls, value: str) -> str:
        if ".." in value or value in RESERVED_NAMES:
            raise ValueError("file name is reserved or has two dots")
        return value


RESERVED_NAMES = ("manifest.json", "seal.json")


class SealedManifest(Model):
    """What every packet of a box says of itself, whatever it is of; `to_bytes` is what gets signed."""

    packet_id: PacketId
    created_at: AwareDatetime
    node: Node
    camera: Camera
    chain: Chain
    clock: Clock
    scene: SceneRef
    models: dict[str, Sha256] = Field(max_length=MAX_ENTRIES)
    margins: Sha256 | None = Field(
        default=None,
        description="digest of the numbers that judged it (`giaolo edge margins`); packets before 0.2.0 name none",
    )
    files: list[FileEntry] = Field(min_length=1, max_length=MAX_ENTRIES)

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _unique_file_names(self) -> Self:
        names = [f.name for f in self.files]
        if len(set(names)) != len(names):
            raise ValueError("two files have the same name")
        return self

    def to_bytes(self) -> bytes:
        """Canonical JSON of the manifest; what is not known is left out, as packets of before have it."""
        left_out: dict[str, Any] = self._left_out() | ({"margins": True} if self.margins is None else {})
        return canonical_json(self.model_dump(mode="json", by_alias=True, exclude=left_out))

    def _left_out(self) -> dict[str, Any]:
        return {}

    @property
    def digest(self) -> str:
        """The packet digest: SHA-256 of the canonical manifest. Chain, receipt and log refer to it."""
        return sha256_hex(self.to_bytes())

    def file(self, role: FileRole) -> FileEntry | None:
        """The first file with that role."""
        return next((f for f in self.files if f.role == role), None)


class Manifest(SealedManifest):
    """An accusation: everything that the packet of a suspected act says."""

    schema_: Literal["giaolo.packet/1"] = Field(default=PACKET_SCHEMA, alias="schema")
    act: ActStatement
    vehicle: Vehicle
    track: Track
    lamps: list[LampTimeline] = Field(max_length=MAX_ENTRIES)
    plate: Plate

    def _left_out(self) -> dict[str, Any]:
        return {"lamps": {i: {"controller"} for i, timeline in enumerate(self.lamps) if timeline.controller is None}}

    @property
    def occurred_at(self) -> datetime:
        return self.act.occurred_at

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "manifest.json") -> Manifest:
        """Parse and check. Raises `PacketError` naming the first fault's path."""
        return parse_manifest(data, lambda schema: cls, where=where)


M = TypeVar("M", bound=SealedManifest)


def parse_manifest(data: bytes, kind_of: Callable[[object], type[M]], *, where: str) -> M:
    """Parse and check a manifest; `kind_of` says by its `schema` what it has to be. Raises `PacketError`.

    The cheap checks come first: size, then the limits of every list; only what passes is written out again.
    """
    # packet-v1 step 2, also for a manifest that comes without a container
    if len(data) > MAX_MANIFEST_BYTES:
        raise PacketError(f"has {len(data)} bytes, the limit is {MAX_MANIFEST_BYTES}", where=where)
    value = parse_json(data, where=where)  # packet-v1 step 4
    # packet-v1 step 5: the fields
    try:
        manifest = kind_of(value.get("schema") if isinstance(value, dict) else None).model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(p) for p in first["loc"])
        raise PacketError(f"{path}: {first['msg']}", where=where) from error
    # packet-v1 step 6: written again, it is the same
    if manifest.to_bytes() != data:
        parse_canonical(data, where=where)  # says so if it is the form that differs
        # e.g. a time with another spelling: the model would silently read it, the digest would differ
        raise PacketError("holds values that are not in their canonical spelling", where=where)
    return manifest


def utc_text(instant: datetime) -> str:
    """ISO 8601 with milliseconds, for logs and names."""
    return re.sub(r"\+00:00$", "Z", instant.isoformat(timespec="milliseconds"))
