"""Packets as a box makes them, out of nothing, for benchmarks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from evidence.acts import ActCode, VehicleClass
from evidence.canonical import sha256_hex
from evidence.container import pack
from evidence.packet import (
    ActStatement,
    Camera,
    Chain,
    Clock,
    FileEntry,
    FileRole,
    Manifest,
    Node,
    Plate,
    SceneRef,
    Track,
    TrackPoint,
    Vehicle,
)
from evidence.seal import SigningKey

NODE = "bench-1"
_BOX = (213.0, 120.0, 320.0, 180.0)
_STILLS: dict[FileRole, int] = {"still_before": 75, "still_on": 100, "still_after": 125}


@dataclass
class PacketMaker:
    """Makes a chain; each packet's clip is `clip_bytes` of noise, so that nothing is stored only once;
    or it is `clip`.

    `plate`: what was read.
    `stills`: JPEG of the camera's `size` (width, height) by role (`still_before`, ...), the same in each packet.
    """

    key: SigningKey
    clip_bytes: int = 1024 * 1024
    clip: bytes = b""
    stills: Mapping[FileRole, bytes] = field(default_factory=dict)
    size: tuple[int, int] = (640, 360)
    plate: Plate = field(default_factory=Plate)
    sequence: int = 0
    previous: str | None = None

    def next(self) -> tuple[Manifest, bytes]:
        """The next packet of the chain, sealed."""
        self.sequence += 1
        clip = self.clip or np.random.default_rng(self.sequence).bytes(self.clip_bytes)
        at = datetime.now(UTC) - timedelta(minutes=10)
        manifest = Manifest(
            packet_id=str(uuid.uuid4()),
            created_at=at + timedelta(seconds=8),
            node=Node(id=NODE, software="giaolo bench", key_id=self.key.public.key_id),
            camera=Camera(id="cam-1", place="Nút giao thử", width=self.size[0], height=self.size[1], fps=25),
            chain=Chain(sequence=self.sequence, previous=self.previous),
            clock=Clock(source="ntp", synchronised=True, offset_s=0.01),
            scene=SceneRef(id="bench", version=1, digest="0" * 64),
            models={},
            act=ActStatement(code=ActCode.RED_LIGHT, occurred_at=at, frame=100, t_s=4.0, reasons={"red_for_s": 6.2}),
            vehicle=Vehicle(cls=VehicleClass.CAR, confidence=0.97, box=_BOX),
            track=Track(id=self.sequence, points=[TrackPoint(frame=100, t_s=4.0, box=_BOX, score=0.9)]),
            lamps=[],
            plate=self.plate,
            files=[
                FileEntry(
                    name="clip.mp4", role="clip", media_type="video/mp4", size=len(clip), sha256=sha256_hex(clip)
                ),
                *(
                    FileEntry(
                        name=f"{role}.jpg", role=role, media_type="image/jpeg", size=len(data),
                        sha256=sha256_hex(data), frame=_STILLS[role], t_s=_STILLS[role] / 25,
                    )
                    for role, data in self.stills.items()
                ),
            ],
        )  # fmt: skip
        self.previous = manifest.digest
        return manifest, pack(manifest, {"clip.mp4": clip, **{f"{r}.jpg": d for r, d in self.stills.items()}}, self.key)
