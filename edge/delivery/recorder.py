"""From an act to a sealed packet: stills and crops encoded once, the clip cut from the ring, the manifest written.

An act waits here until the ring holds the end of its clip. A full outbox does not lose it either: a bounded number of
finished packets waits in memory and is tried again.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import cv2

from common.software import SOFTWARE
from edge.delivery.outbox import Build
from edge.delivery.outbox_errors import OutboxError
from edge.delivery.outbox_store import file_name, write_durably
from edge.types import ActEvent, Image
from edge.video.clip import ClipError
from edge.video.ring import PacketRing
from edge.video.source import VideoSource
from evidence.canonical import canonical_json, sha256_hex
from evidence.container import pack
from evidence.errors import GiaoLoError
from evidence.packet import ActStatement, Camera, Chain, FileEntry, FileRole, Manifest, Node, Reason, SceneRef
from evidence.seal import SigningKey
from zones.load import LoadedScene

log = logging.getLogger(__name__)
JPEG_QUALITY = 92
_CLIP_GRACE_S = 10.0
_RETRY_S = 5.0
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "json": "application/json"}


class RecordError(GiaoLoError):
    """An act cannot be made into a packet."""


class PacketSink(Protocol):
    """Where packets go: the outbox of a node, or a folder."""

    def commit(self, build: Build) -> Manifest:
        """Give the packet its place in the chain and keep it safe."""
        ...


class PacketFolder:
    """Packets as files of one folder, with a chain of their own that starts at 1. For replay, without MQTT."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._chain = Chain(sequence=1, previous=None)

    def commit(self, build: Build) -> Manifest:
        manifest, container = build(self._chain)
        write_durably(self.path(manifest), container)
        self._chain = Chain(sequence=self._chain.sequence + 1, previous=manifest.digest)
        return manifest

    def path(self, manifest: Manifest) -> Path:
        return self.folder / file_name(manifest.chain.sequence, manifest.packet_id)


@dataclass(frozen=True)
class CameraIdentity:
    """What a packet says of its origin. `models`: name to SHA-256 of each weight file in use."""

    node: str
    key: SigningKey
    camera: str
    place: str
    unit: str
    scene: LoadedScene
    models: Mapping[str, str]


@dataclass(frozen=True)
class Recorded:
    event: ActEvent
    manifest: Manifest


@dataclass(frozen=True)
class _Waiting:
    event: ActEvent
    give_up_at: float


@dataclass(frozen=True)
class _Finished:
    """A packet that only lacks its place in the chain."""

    event: ActEvent
    build: Build


class Recorder:
    """One camera's recorder; used by that camera's thread alone.

    Parameters
    ----------
    max_kept: so many finished packets are held in memory while the outbox is full; further acts are lost, loudly.
    previous: the camera's recorder before a restart, whose finished packets and count of losses are taken over.
    """

    def __init__(
        self,
        identity: CameraIdentity,
        *,
        source: VideoSource,
        ring: PacketRing,
        sink: PacketSink,
        max_kept: int = 16,
        previous: Recorder | None = None,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._source, self._ring, self._sink = source, ring, sink
        self._max_kept = max_kept
        self._new_id, self._now, self._monotonic = new_id, now, monotonic
        self._waiting: list[_Waiting] = []
        self._finished: list[_Finished] = [] if previous is None else previous._finished
        self._retry_at = 0.0
        self.lost: int = 0 if previous is None else previous.lost
        self.error = ""

    @property
    def kept_in_memory(self) -> int:
        """Packets that the outbox could not take yet."""
        return len(self._finished)

    def submit(self, event: ActEvent) -> None:
        """Take an act; its packet is made when the end of its clip has come."""
        length_s = event.clip_to_s - event.t_s
        self._waiting.append(_Waiting(event, self._monotonic() + length_s + _CLIP_GRACE_S))

    def advance(self) -> list[Recorded]:
        """Make the packets whose clip is complete. Call once a frame, and when no frame comes."""
        newest_s = self._ring.newest_s
        now = self._monotonic()
        ready: list[_Waiting] = []
        waiting: list[_Waiting] = []
        for entry in self._waiting:
            whole = newest_s is not None and newest_s >= entry.event.clip_to_s
            overdue = self._source.live and now >= entry.give_up_at
            (ready if whole or overdue else waiting).append(entry)
        self._waiting = waiting
        return self._record(ready)

    def finish(self) -> list[Recorded]:
        """The stream has ended: make every packet with what there is."""
        ready, self._waiting, self._retry_at = self._waiting, [], 0.0
        return self._record(ready)

    def _record(self, ready: list[_Waiting]) -> list[Recorded]:
        for entry in ready:
            if len(self._finished) >= self._max_kept:
                self.lost += 1
                log.critical(
                    "act lost camera=%s act=%s t_s=%.3f: %d packets wait already, %s",
                    self._identity.camera, entry.event.act, entry.event.t_s, self._max_kept, self.error,
                )  # fmt: skip
                continue
            try:
                self._finished.append(_Finished(entry.event, self._prepare(entry.event)))
            except (GiaoLoError, ValueError, cv2.error) as error:
                self._lose(entry.event, error)
        return self._commit()

    def _lose(self, event: ActEvent, error: Exception) -> None:
        self.lost += 1
        self.error = f"act {event.act} at {event.t_s:.2f} s could not be recorded: {error}"
        log.critical("act lost camera=%s act=%s", self._identity.camera, event.act, exc_info=error)

    def _commit(self) -> list[Recorded]:
        done: list[Recorded] = []
        if not self._finished or self._monotonic() < self._retry_at:
            return done
        while self._finished:
            first = self._finished[0]
            try:
                manifest = self._sink.commit(first.build)
            except (OutboxError, OSError) as error:
                self.error = str(error)
                self._retry_at = self._monotonic() + _RETRY_S
                log.error("outbox refused camera=%s kept=%d %s", self._identity.camera, len(self._finished), error)
                break
            except (GiaoLoError, ValueError) as error:
                self._finished.pop(0)  # a manifest that breaks the contract will not get better by waiting
                self._lose(first.event, error)
                continue
            self._finished.pop(0)
            self.error = ""
            done.append(Recorded(first.event, manifest))
            log.info(
                "packet committed camera=%s act=%s t_s=%.3f plate=%s packet=%s sequence=%d",
                self._identity.camera, manifest.act.code, manifest.act.t_s, manifest.plate.text,
                manifest.packet_id, manifest.chain.sequence,
            )  # fmt: skip
        return done

    def _prepare(self, event: ActEvent) -> Build:
        """Encode everything now, while ring and pictures are there; only the place in the chain is still open."""
        identity = self._identity
        files: dict[str, bytes] = {}
        entries: list[FileEntry] = []

        def add(role: FileRole, suffix: str, data: bytes, frame: int | None = None, t_s: float | None = None) -> None:
            name = f"{role}.{suffix}"
            files[name] = data
            entries.append(
                FileEntry(
                    name=name, role=role, media_type=_MEDIA_TYPES[suffix], size=len(data), sha256=sha256_hex(data),
                    frame=frame, t_s=t_s,
                )
            )  # fmt: skip

        for role, still in sorted(event.stills.items(), key=lambda item: item[1].t_s):
            add(role, "jpg", encode_jpeg(still.image), still.frame, still.t_s)
        if event.plate_crop is not None and event.plate_crop.size:
            add("plate_crop", "png", _encode(".png", event.plate_crop, []))
        if event.vehicle_crop is not None and event.vehicle_crop.size:
            add("vehicle_crop", "jpg", encode_jpeg(event.vehicle_crop))
        clock, clock_flags = self._source.clock.state(event.t_s, event.clip_from_s, event.clip_to_s)
        flags = [*event.flags, *clock_flags]
        reasons: dict[str, Reason] = dict(event.reasons)
        try:
            clip = self._ring.cut(max(event.clip_from_s, 0.0), event.clip_to_s, holding_s=event.t_s)
            add("clip", "mp4", clip.data, t_s=clip.from_s)
            if not clip.complete:
                flags.append("clip_incomplete")
                reasons["clip_note"] = clip.note
        except ClipError as error:
            flags.append("clip_missing")
            reasons["clip_note"] = str(error)
            log.error("no clip camera=%s t_s=%.3f %s", identity.camera, event.t_s, error)
        scene = identity.scene.scene
        add("scene", "json", canonical_json(scene.model_dump(mode="json")))
        act = ActStatement(
            code=event.act,
            occurred_at=self._source.clock.wall_at(event.t_s),
            frame=event.frame,
            t_s=event.t_s,
            flags=list(dict.fromkeys(flags)),
            reasons=reasons,
        )
        packet_id = str(self._new_id())
        created_at = self._now()
        camera = self._camera(event)

        def build(chain: Chain) -> tuple[Manifest, bytes]:
            manifest = Manifest(
                packet_id=packet_id,
                created_at=created_at,
                node=Node(id=identity.node, software=SOFTWARE, key_id=identity.key.public.key_id),
                camera=camera,
                chain=chain,
                clock=clock,
                scene=SceneRef(id=scene.id, version=scene.version, digest=identity.scene.digest),
                models=dict(identity.models),
                act=act,
                vehicle=event.vehicle,
                track=event.track,
                lamps=list(event.lamps),
                plate=event.plate,
                files=entries,
            )
            return manifest, pack(manifest, files, identity.key)

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
        place = self._identity.place or self._identity.scene.scene.place
        fps = info.fps if info is not None else 0.0
        return Camera(
            id=self._identity.camera, place=place, unit=self._identity.unit, width=width, height=height, fps=fps
        )


def encode_jpeg(image: Image) -> bytes:
    """`[H, W, 3]` BGR to JPEG; the only lossy step between the camera's picture and the court."""
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def _encode(suffix: str, image: Image, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise RecordError(f"picture of shape {image.shape} cannot be encoded as {suffix}")
    return data.tobytes()
