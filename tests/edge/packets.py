"""Small, valid packets for tests of outbox and uplink."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from evidence.acts import ActCode, VehicleClass
from evidence.canonical import sha256_hex
from evidence.container import pack
from evidence.packet import (
    ActStatement,
    Camera,
    Chain,
    Clock,
    FileEntry,
    Manifest,
    Node,
    Plate,
    SceneRef,
    Track,
    TrackPoint,
    Vehicle,
)
from evidence.receipt import Receipt, ReceiptStatus
from evidence.seal import SigningKey

BOX = (10.0, 10.0, 50.0, 60.0)


def builder(
    key: SigningKey, *, payload: bytes = b"picture", node: str = "node-1"
) -> Callable[[Chain], tuple[Manifest, bytes]]:
    packet_id = str(uuid.uuid4())

    def build(chain: Chain) -> tuple[Manifest, bytes]:
        manifest = Manifest(
            packet_id=packet_id,
            created_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
            node=Node(id=node, software="giaolo test", key_id=key.public.key_id),
            camera=Camera(id="cam-1", place="Ngã tư thử", width=640, height=480, fps=25),
            chain=chain,
            clock=Clock(source="file", synchronised=False),
            scene=SceneRef(id="scene", version=1, digest="0" * 64),
            models={},
            act=ActStatement(
                code=ActCode.RED_LIGHT, occurred_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC), frame=1, t_s=0.1, reasons={}
            ),
            vehicle=Vehicle(cls=VehicleClass.MOTORCYCLE, confidence=0.9, box=BOX),
            track=Track(id=1, points=[TrackPoint(frame=1, t_s=0.1, box=BOX, score=0.9)]),
            lamps=[],
            plate=Plate(),
            files=[
                FileEntry(
                    name="still_on.jpg",
                    role="still_on",
                    media_type="image/jpeg",
                    size=len(payload),
                    sha256=sha256_hex(payload),
                )
            ],
        )
        return manifest, pack(manifest, {"still_on.jpg": payload}, key)

    return build


def receipt_for(
    packet_id: str, digest: str | None, container_sha256: str, status: ReceiptStatus = "stored", node: str = "node-1"
) -> Receipt:
    return Receipt(
        node=node,
        packet_id=packet_id,
        packet_digest=digest,
        container_sha256=container_sha256,
        status=status,
        reason="" if status in ("stored", "duplicate") else "does not verify",
        centre="centre-1",
        at=datetime(2026, 3, 1, 8, 1, tzinfo=UTC),
    )
