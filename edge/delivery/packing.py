"""From an act to everything its packet holds: pictures encoded once, the clip cut, files listed, the statement made.

Only the place in the chain is still open; the outbox gives it when it takes the packet.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2

from common.software import SOFTWARE
from edge.delivery.outbox import Build
from edge.delivery.switch_book import SwitchBook
from edge.types import ActEvent, Image
from edge.video.clip import Clip, ClipError
from edge.video.ring import PacketRing
from edge.video.source import Source
from evidence.canonical import canonical_json, sha256_hex
from evidence.container import pack
from evidence.errors import GiaoLoError
from evidence.packet import ActStatement, Camera, Chain, Clock, FileEntry, FileRole, Manifest, Node, Reason, SceneRef
from evidence.seal import SigningKey
from evidence.switches import UNSURE_FLAGS
from zones.load import LoadedScene

log = logging.getLogger(__name__)
JPEG_QUALITY = 92
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "json": "application/json"}


class RecordError(GiaoLoError):
    """An act cannot be made into a packet."""


@dataclass(frozen=True)
class CameraIdentity:
    """What a packet says of its origin. `models`: name to SHA-256 of each weight file in use. `margins`: that of the
    numbers that judge."""

    node: str
    key: SigningKey
    camera: str
    place: str
    unit: str
    scene: LoadedScene
    models: Mapping[str, str]
    margins: str | None = None

    def node_said(self) -> Node:
        """The box, as a manifest names it."""
        return Node(id=self.node, software=SOFTWARE, key_id=self.key.public.key_id)

    def camera_said(self, width: int, height: int, fps: float) -> Camera:
        """The camera, as a manifest names it; pixels of its pictures, pictures a second."""
        place = self.place or self.scene.scene.place
        return Camera(id=self.camera, place=place, unit=self.unit, width=width, height=height, fps=fps)

    def scene_said(self) -> SceneRef:
        """The scene by which it was judged."""
        scene = self.scene.scene
        return SceneRef(id=scene.id, version=scene.version, digest=self.scene.digest)

    def scene_file(self) -> bytes:
        """The scene itself, canonical JSON, as it lies in every packet."""
        return canonical_json(self.scene.scene.model_dump(mode="json"))


class PacketFiles:
    """The files of one packet, and what the manifest says of each."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.entries: list[FileEntry] = []

    def add(self, role: FileRole, suffix: str, data: bytes, frame: int | None = None, t_s: float | None = None) -> None:
        name = f"{role}.{suffix}"
        self.data[name] = data
        self.entries.append(
            FileEntry(
                name=name, role=role, media_type=_MEDIA_TYPES[suffix], size=len(data), sha256=sha256_hex(data),
                frame=frame, t_s=t_s,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class Packed:
    """A packet that only lacks its place in the chain. `event`: with its plate."""

    event: ActEvent
    build: Build


class Packer:
    """Packs the acts of one camera. Raises `RecordError` for an act that cannot be made into a packet."""

    def __init__(
        self,
        identity: CameraIdentity,
        *,
        source: Source,
        ring: PacketRing,
        switches: SwitchBook | None = None,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._identity = identity
        self._source, self._ring, self._switches = source, ring, switches
        self._new_id, self._now = new_id, now

    def packed(self, event: ActEvent) -> Packed:
        """Encode everything now, while ring and pictures are there; only the place in the chain is still open. The clip
        is cut before a plate is waited for that is still being read: it leaves the ring meanwhile."""
        identity, files = self._identity, PacketFiles()
        clip, clip_flags, clip_notes = cut_clip(
            self._ring, identity.camera, event.clip_from_s, event.clip_to_s, holding_s=event.t_s
        )
        if event.reading is not None:
            event = event.reading.put(event)
        _add_pictures(files, event)
        if clip is not None:
            files.add("clip", "mp4", clip.data, t_s=clip.from_s)
        clock, clock_flags = self._source.clock.state(event.t_s, event.clip_from_s, event.clip_to_s)
        switch_flags, switch_notes = self._switched(event, clock_flags)
        files.add("scene", "json", identity.scene_file())
        act = ActStatement(
            code=event.act,
            occurred_at=self._source.clock.wall_at(event.t_s),
            frame=event.frame,
            t_s=event.t_s,
            flags=list(dict.fromkeys([*event.flags, *switch_flags, *clock_flags, *clip_flags])),
            reasons={**event.reasons, **clip_notes, **switch_notes},
        )
        return Packed(event, self._build(event, act, clock, files))

    def _switched(self, event: ActEvent, clock_flags: Sequence[str]) -> tuple[list[str], dict[str, Reason]]:
        """Flags of the switches in whose time the vehicle was seen, and which they are."""
        if self._switches is None:
            return [], {}
        wall_at, points, line = self._source.clock.wall_at, event.track.points, event.reasons.get("stop_line")
        found = self._switches.concerning(
            camera=self._identity.camera,
            line=line if isinstance(line, str) else None,
            first=wall_at(min(points[0].t_s, event.t_s)),
            last=wall_at(max(points[-1].t_s, event.t_s)),
            unsure=not UNSURE_FLAGS.isdisjoint(clock_flags),
        )
        return [each.kind for each in found], {"switches": [each.id for each in found]} if found else {}

    def _build(self, event: ActEvent, act: ActStatement, clock: Clock, files: PacketFiles) -> Build:
        identity = self._identity
        packet_id, created_at, camera = str(self._new_id()), self._now(), self._camera(event)

        def build(chain: Chain) -> tuple[Manifest, bytes]:
            manifest = Manifest(
                packet_id=packet_id,
                created_at=created_at,
                node=identity.node_said(),
                camera=camera,
                chain=chain,
                clock=clock,
                scene=identity.scene_said(),
                models=dict(identity.models),
                margins=identity.margins,
                act=act,
                vehicle=event.vehicle,
                track=event.track,
                lamps=list(event.lamps),
                plate=event.plate,
                files=files.entries,
            )
            return manifest, pack(manifest, files.data, identity.key)

        return build

    def _camera(self, event: ActEvent) -> Camera:
        info = self._source.info
        still = next(iter(event.stills.values()), None)
        if still is not None:
            height, width = still.image.shape[:2]
        elif info is not None:
            width, height = info.width, info.height
        else:
            raise RecordError("act has no still and the stream's size is not known", where=self._identity.camera)
        return self._identity.camera_said(width, height, info.fps if info is not None else 0.0)


def cut_clip(
    ring: PacketRing, camera: str, from_s: float, to_s: float, *, holding_s: float
) -> tuple[Clip | None, list[str], dict[str, Reason]]:
    """The clip out of the ring; flags and a reason where it is not whole, or not there."""
    try:
        clip = ring.cut(max(from_s, 0.0), to_s, holding_s=holding_s)
    except ClipError as error:
        log.error("no clip camera=%s t_s=%.3f %s", camera, holding_s, error)
        return None, ["clip_missing"], {"clip_note": list[str]([error.kind])}
    if clip.complete:
        return clip, [], {}
    log.warning("clip not whole camera=%s t_s=%.3f %s", camera, holding_s, clip.note)
    return clip, ["clip_incomplete"], {"clip_note": list[str](clip.faults)}


def _add_pictures(files: PacketFiles, event: ActEvent) -> None:
    for role, still in sorted(event.stills.items(), key=lambda item: item[1].t_s):
        files.add(role, "jpg", encode_jpeg(still.image), still.frame, still.t_s)
    if event.plate_crop is not None and event.plate_crop.size:
        files.add("plate_crop", "png", _encode(".png", event.plate_crop, []))
    if event.vehicle_crop is not None and event.vehicle_crop.size:
        files.add("vehicle_crop", "jpg", encode_jpeg(event.vehicle_crop))


def encode_jpeg(image: Image) -> bytes:
    """`[H, W, 3]` BGR to JPEG; the only lossy step between the camera's picture and the court."""
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def _encode(suffix: str, image: Image, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise RecordError(f"picture of shape {image.shape} cannot be encoded as {suffix}")
    return data.tobytes()
