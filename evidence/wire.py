"""Messages between node and centre. Self-describing payloads, so any broker (MQTT 3.1.1 or 5) carries them.

    node   -> offer   giaolo/v1/<node>/up/offer     "I have packet P: so many bytes, this SHA-256, so many chunks"
    centre -> want    giaolo/v1/<node>/down/want    "send me these chunks of P" (all that are still missing)
    node   -> chunk   giaolo/v1/<node>/up/chunk     one chunk with its place and digest
    centre -> receipt giaolo/v1/<node>/down/receipt signed, after the database commit
    centre -> switches giaolo/v1/<node>/down/switches signed, retained: when its acts are to be flagged
    node   -> health  giaolo/v1/<node>/up/health    retained; the last will says `lost`

A node repeats its offer with back-off until a receipt comes; an offer of a packet that is already stored is answered
with the receipt at once. So a transfer resumes after any crash of either side or of the broker, and no step relies on
the broker to remember anything. Published in docs/packet-v1.md.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from evidence.canonical import canonical_json, sha256_hex
from evidence.errors import WireError
from evidence.packet import Ident, Model, PacketId, Sha256

PREFIX = "giaolo/v1"
CHUNK_BYTES = 128 * 1024
MAX_CHUNK_BYTES = 1024 * 1024
MAX_PACKET_BYTES = 256 * 1024 * 1024
_MAGIC = b"GLC1"
_TOPIC = re.compile(
    r"^giaolo/v1/([A-Za-z0-9][A-Za-z0-9._-]{0,63})/(up|down)/(offer|chunk|health|want|receipt|keys|switches)\Z"
)

UpKind = Literal["offer", "chunk", "health"]
DownKind = Literal["want", "receipt", "keys", "switches"]


def up_topic(node: str, kind: UpKind) -> str:
    return f"{PREFIX}/{node}/up/{kind}"


def down_topic(node: str, kind: DownKind | Literal["#"]) -> str:
    return f"{PREFIX}/{node}/down/{kind}"


def all_up_topic() -> str:
    """What the centre subscribes to."""
    return f"{PREFIX}/+/up/#"


def parse_topic(topic: str) -> tuple[str, str, str]:
    """`(node, "up" | "down", kind)`. Raises `WireError`."""
    # packet-v1 step 27: the topic
    match = _TOPIC.match(topic)
    if not match:
        raise WireError("is not a topic of this system", where=topic[:200])
    return match.group(1), match.group(2), match.group(3)


class Offer(Model):
    packet_id: PacketId
    size: int = Field(gt=0, le=MAX_PACKET_BYTES)
    container_sha256: Sha256
    chunk_bytes: int = Field(ge=1024, le=MAX_CHUNK_BYTES)

    @property
    def chunks(self) -> int:
        return -(-self.size // self.chunk_bytes)


class Want(Model):
    """Missing chunks as `[first, last]` ranges, both inclusive."""

    packet_id: PacketId
    container_sha256: Sha256
    ranges: list[tuple[int, int]]


class ChunkHeader(Model):
    packet_id: PacketId
    container_sha256: Sha256
    size: int = Field(gt=0, le=MAX_PACKET_BYTES)
    chunk_bytes: int = Field(ge=1024, le=MAX_CHUNK_BYTES)
    index: int = Field(ge=0)
    sha256: Sha256

    @model_validator(mode="after")
    def _inside(self) -> ChunkHeader:
        if self.index * self.chunk_bytes >= self.size:
            raise ValueError("chunk lies outside the packet")
        return self


@dataclass(frozen=True)
class Chunk:
    header: ChunkHeader
    data: bytes


CameraStateName = Literal["starting", "running", "reconnecting", "stalled", "ended", "failed", "wrong_size"]

PictureState = Literal[
    "learning", "in_place", "shaking", "moved", "other_view", "unsure",
    "frozen", "black", "white", "covered", "blurred", "grey",
]  # fmt: skip
"""Beside the reference: in place; swung by wind; moved, turned or zoomed; showing something else; not recognised
(dark, rain). Or what is wrong with the picture itself; `grey`: without colour, as in a camera's night mode."""


HeadStateName = Literal[
    "watching", "good", "dark", "flashing", "unread", "misplaced", "two_at_once", "contradicts", "no_onset",
    "yellow_short", "yellow_changed", "cycle_unusual", "never_red", "never_green", "differs", "no_feed",
]  # fmt: skip


class HeadHealth(Model):
    """A signal head. `state`: a name of `HeadStateName`, or one of a newer box. `yellow_s`: as last seen; `red_s`,
    `green_s`: how long they usually last, where that is known."""

    id: Ident
    state: str = Field(max_length=40)
    yellow_s: float | None = None
    red_s: float | None = None
    green_s: float | None = None


DayKind = Literal["workday", "weekend", "any"]
"""The days with which one is compared; `any`: too few of its own kind are known."""
TrafficState = Literal["learning", "usual", "acts_jump", "few_vehicles", "plates_unread"]
"""Beside the same hour of other days: not known yet; as usual; an act is told far too often, so that acts are held
until somebody has said what it is; hardly a vehicle; far too many plates unread."""


class TrafficHealth(Model):
    """A camera's traffic of this hour beside the same hour of `days` other days. `acts_per_1000`, `plates_read` (0..1):
    None as long as there is nothing to say. `held_at`: since when acts are held; `counted_from`: what was told from
    there on may be wrong too; `act`: which jumped, `acts` times among `vehicles`, otherwise `usual_acts` among
    `usual_vehicles`. `acts_held`: since the box's start."""

    state: TrafficState
    vehicles_per_hour: float | None = None
    usual_vehicles_per_hour: float | None = None
    acts_per_1000: float | None = None
    usual_acts_per_1000: float | None = None
    plates_read: float | None = None
    usual_plates_read: float | None = None
    days: int = 0
    day_kind: DayKind | None = None
    held_at: str | None = None
    counted_from: str | None = None
    act: str | None = Field(default=None, max_length=64)
    acts: int = 0
    vehicles: int = 0
    usual_acts: int = 0
    usual_vehicles: int = 0
    acts_held: int = 0


TestState = Literal["none_yet", "sent", "answered", "unanswered", "refused", "no_pictures", "not_kept"]
"""Of a camera's daily test act: none is due yet; on its way; its receipt has come; has not for an hour; says that it
was set aside; could not be made, as the camera gives no pictures; could not be kept, as the box has no room."""


class TestHealth(Model):
    """The newest test act. `daily`: one is made each day; `made_at`, `answered_at`: by the box's clock."""

    __test__ = False

    daily: bool
    state: TestState
    made_at: str | None = None
    answered_at: str | None = None
    took_s: float | None = None


SubstreamState = Literal["measuring", "steady", "wanders", "scatters"]
"""Of a small stream's time beside the main one's: not known yet; stays as it is; changed by too much within minutes;
single measurements lie too far off it."""


class SubstreamHealth(Model):
    """A camera by two streams. `offset_s`: to be added to a time of the small one to be on the main one's line, as the
    pictures show it; `residual_s`: how far single measurements lie off it, in the middle; `wandered_s`: between its
    least and its greatest of the last ten minutes. None: not known yet."""

    state: SubstreamState
    offset_s: float | None = None
    residual_s: float | None = None
    wandered_s: float | None = None


class CameraHealth(Model):
    """`fps`: decoded; `seen_fps`: looked at; `judged_age_s`: how long ago the newest of these was; `dropped_share` 0..1
    of the last seconds. `time_steps`, `clock_steps`, `cuts`: of the camera's time, the box's clock and the picture,
    since the start. `picture`: whether it still is what the scene describes, since when, by how many pixels it is not;
    `acts_held`: acts not told for its sake. `heads`: its signal heads. `traffic`: beside that of other days.
    `test`: its daily test act. `lines`: the stop lines of its scene by their ids, None from an older box. `substream`:
    where a small stream is looked at, how its time stands to that of the main one."""

    id: Ident
    state: CameraStateName
    fps: float = 0.0
    last_frame_age_s: float | None = None
    reconnects: int = 0
    error: str = ""
    seen_fps: float | None = None
    judged_age_s: float | None = None
    dropped_share: float = 0.0
    time_steps: int = 0
    clock_steps: int = 0
    cuts: int = 0
    key_interval_s: float | None = None
    picture: PictureState | None = None
    picture_since: str | None = None
    picture_off_px: float | None = None
    picture_reference: Literal["scene", "learnt"] | None = None
    picture_reference_at: str | None = None
    acts_held: int = 0
    heads: list[HeadHealth] = Field(default_factory=list)
    traffic: TrafficHealth | None = None
    test: TestHealth | None = None
    lines: list[Ident] | None = None
    substream: SubstreamHealth | None = None


class Health(Model):
    """Heartbeat of a node; also its last will (`status="lost"`)."""

    node: Ident
    status: Literal["running", "degraded", "safe_mode", "stopped", "lost"]
    at: str
    software: str = ""
    outbox_pending: int = 0
    outbox_refused: int = 0
    oldest_pending_s: float | None = Field(default=None, description="age of the oldest packet that waits")
    newest_sequence: int | None = Field(default=None, description="number of the newest packet")
    delivered_sequence: int | None = Field(default=None, description="highest number that has its receipt")
    disk_free_bytes: int | None = None
    cameras: list[CameraHealth] = Field(default_factory=list)
    errors: list[str] = Field(default_factory=list)
    switches: dict[str, str] = Field(
        default_factory=dict, description="switches that the box knows: when each was said last"
    )


M = TypeVar("M", bound=BaseModel)


def encode(message: BaseModel) -> bytes:
    """JSON payload of an offer, want or health message."""
    return canonical_json(message.model_dump(mode="json", by_alias=True))


def decode(kind: type[M], payload: bytes, *, where: str) -> M:
    """Parse a JSON payload. Raises `WireError`."""
    # packet-v1 step 28: the fields of a message
    try:
        return kind.model_validate(json.loads(payload))
    except ValidationError as error:
        first = error.errors()[0]
        raise WireError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error
    except (ValueError, RecursionError) as error:
        raise WireError(f"payload is not JSON ({len(payload)} bytes)", where=where) from error


def encode_chunk(offer: Offer, container: bytes, index: int) -> bytes:
    """Payload of chunk `index` of `container`: magic, header length (u32 big endian), header, bytes."""
    data = container[index * offer.chunk_bytes : (index + 1) * offer.chunk_bytes]
    header = ChunkHeader(
        packet_id=offer.packet_id,
        container_sha256=offer.container_sha256,
        size=offer.size,
        chunk_bytes=offer.chunk_bytes,
        index=index,
        sha256=sha256_hex(data),
    )
    text = encode(header)
    return _MAGIC + struct.pack(">I", len(text)) + text + data


def decode_chunk(payload: bytes, *, where: str) -> Chunk:
    """Parse a chunk and check its digest and length. Raises `WireError`."""
    # packet-v1 step 29: the chunk as it was sent
    if len(payload) > MAX_CHUNK_BYTES + 4096:
        raise WireError(f"chunk message of {len(payload)} bytes is over the limit", where=where)
    if payload[:4] != _MAGIC or len(payload) < 8:
        raise WireError("payload is not a chunk", where=where)
    (length,) = struct.unpack(">I", payload[4:8])
    if length > 4096 or len(payload) < 8 + length:
        raise WireError("chunk header is cut off", where=where)
    header = decode(ChunkHeader, payload[8 : 8 + length], where=where)
    data = payload[8 + length :]
    expected = min(header.chunk_bytes, header.size - header.index * header.chunk_bytes)
    if len(data) != expected or sha256_hex(data) != header.sha256:
        raise WireError(f"chunk {header.index} was damaged on the way", where=where)
    return Chunk(header, data)
