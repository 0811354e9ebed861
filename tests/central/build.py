"""A centre in a temporary folder and packets as a node makes them."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import select

from central.cases.doubts import issue_doubts
from central.cases.lifecycle import Officer, Role
from central.cases.log import seen_version
from central.centre import Centre, open_centre
from central.config import CentralConfig, Limits, parse_config
from central.desk import actions
from central.devices.book import enter, records_of
from central.devices.entering import Entry
from central.devices.records import DeviceId, RecordKind
from central.intake.gate import Gate
from central.intake.nodes import add_node
from central.notices import drafting, issuing
from central.notices.basis import Seen
from central.notices.issuing import IssuedNotice
from central.store.case_tables import CaseRow
from central.store.db import Database
from central.store.migrate import upgrade
from evidence.acts import ActCode, LampState, VehicleClass
from evidence.canonical import sha256_hex
from evidence.container import open_packet, pack
from evidence.packet import (
    ActStatement,
    Box,
    Camera,
    Chain,
    Clock,
    FileEntry,
    LampSpan,
    LampTimeline,
    Manifest,
    Node,
    Plate,
    PlateCandidate,
    SceneRef,
    Track,
    TrackPoint,
    Vehicle,
)
from evidence.seal import SigningKey
from evidence.wire import Chunk, Offer, decode_chunk, encode_chunk

NODE, CAMERA = "giao-lo-1", "cam-1"
NODE_KEY = SigningKey.generate()
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_TRACKS = count(1000)
PAPERS_AT = NOW - timedelta(days=700)
"""When the papers of the devices were entered: before every act."""
LAN = Officer("lan", Role.OFFICER, "Nguyễn Thị Lan")
BINH = Officer("binh", Role.OFFICER, "Trần Văn Bình")
HOA = Officer("hoa", Role.APPROVER, "Lê Thị Hoa")
TRUONG = Officer("truong", Role.HEAD, "Phạm Văn Trưởng")


OFFICE: dict[str, Any] = {
    "parent": "CÔNG AN TỈNH THANH HÓA",
    "unit": {"name": "PHÒNG CẢNH SÁT GIAO THÔNG"},
    "unit_in_text": "Phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa",
    "town": "Thanh Hóa",
    "number_suffix": "PC08",
    "signer_title": "TRƯỞNG PHÒNG",
    "signer_name": "Đại tá Lê Quốc Ưu",
}
"""Who issues notices in tests: a centre has no default for it."""


@dataclass
class HandClock:
    """A clock that tests turn."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def make_centre(
    folder: Path, *, url: str = "", clock: HandClock | None = None, papers: bool = True, **settings: Any
) -> Centre:
    """An empty centre with one registered node and the papers of its devices; `settings` are those of CENTRAL.yaml."""
    value: dict[str, Any] = {
        "schema_version": 1,
        "data_dir": str(folder),
        "database_url": url,
        "second_reader": False,
        **settings,
    }
    value["office"] = OFFICE | settings.get("office", {})
    config = parse_config(value, base=folder, where="test")
    if not url and not (file := config.data_dir / "centre.sqlite3").exists():
        config.data_dir.mkdir(parents=True, exist_ok=True)
        file.write_bytes(new_sqlite())
    centre = open_centre(config, clock=clock or HandClock())
    with centre.db.write() as session:
        add_node(session, NODE, NODE_KEY.public, now=NOW)
        if papers and not records_of(session, NODE):
            enter(session, papers_for(DeviceId(NODE), DeviceId(NODE, CAMERA)), by="truong", now=PAPERS_AT)
    return centre


@cache
def new_sqlite() -> bytes:
    """The file of an empty centre, as the migrations make it: made once, as they take longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/new.sqlite3")
        upgrade(database)
        database.dispose()
        return Path(folder, "new.sqlite3").read_bytes()


def papers_for(*devices: DeviceId, day: date = date(2024, 12, 2)) -> list[Entry]:
    """What each device, its serial number made of its name, needs from `day` on without an end."""
    return [
        Entry(device, kind, number, day, signer, day, None, "Hãng X, kiểu Y", f"SN-{device.camera or 'hop'}")
        for device in devices
        for kind, number, signer in (
            (RecordKind.PROFILE, "", ""),
            (RecordKind.DECISION, "12/QĐ-PC08", "Đại tá Lê Quốc Ưu"),
            (RecordKind.TEST, "07/TN", "Viện Kỹ thuật"),
        )
    ]


def limits(config: CentralConfig | None = None, **changes: int | float) -> Limits:
    return (config.limits if config else Limits()).model_copy(update=changes)


def picture(width: int = 640, height: int = 360, shade: int = 120) -> bytes:
    image = np.full((height, width, 3), shade, np.uint8)
    cv2.rectangle(image, (width // 3, height // 3), (width // 2, height // 2), (30, 30, 200), -1)
    return bytes(cv2.imencode(".jpg", image)[1])


@dataclass
class NodeChain:
    """Makes packets one after the other, as a node does."""

    key: SigningKey = NODE_KEY
    node: str = NODE
    sequence: int = 0
    previous: str | None = None
    made: list[bytes] = field(default_factory=list)

    def next(self, **options: Any) -> bytes:
        self.sequence += 1
        data = packet(key=self.key, node=self.node, sequence=self.sequence, previous=self.previous, **options)
        self.previous = open_packet(data).manifest.digest
        self.made.append(data)
        return data


def packet(
    *, key: SigningKey = NODE_KEY, node: str = NODE, sequence: int = 1, previous: str | None = None,
    packet_id: str | None = None, plate: str | None = "36A12345", colour: str = "white",
    cls: VehicleClass = VehicleClass.CAR, act: ActCode = ActCode.RED_LIGHT, at: datetime = NOW - timedelta(hours=2),
    place: str = "Ngã tư Lê Lợi - Trần Phú, phường Hạc Thành, tỉnh Thanh Hóa", files: dict[str, bytes] | None = None,
    pad: int = 0, reasons: dict[str, Any] | None = None, lamps: list[LampTimeline] | None = None,
    scene: bytes | None = None, size: tuple[int, int] = (640, 360), box: Box = (213.0, 120.0, 320.0, 180.0),
    flags: Iterable[str] = (), camera: str = CAMERA, sure: float = 0.93, track: int | None = None,
    t_s: float = 4.0, way: Sequence[tuple[int, float, Box]] | None = None,
) -> bytes:  # fmt: skip
    """One sealed container. `pad` bytes make it large; `scene` is the scene's YAML, `box` the vehicle in all stills.

    `sure`: how sure the box is of the plate. `track`: a vehicle of its own where left out; `way`: the track's frames,
    seconds of stream time and boxes, `t_s` the act's.
    """
    seen_at = [(f, f / 25, box) for f in (75, 100, 125)] if way is None else way
    contents = files
    if contents is None:
        contents = {f"still_{m}.jpg": picture(shade=s) for m, s in (("before", 90), ("on", 120), ("after", 150))}
        contents["plate_crop.jpg"] = picture(160, 60, 200)
    if scene is not None:
        contents = {**contents, "scene.yaml": scene}
    if pad:
        contents = {**contents, "clip.mp4": np.random.default_rng(sequence).bytes(pad)}
    manifest = Manifest(
        packet_id=packet_id or str(uuid.uuid4()),
        created_at=at + timedelta(seconds=8),
        node=Node(id=node, software="giaolo 0.1.0", key_id=key.public.key_id),
        camera=Camera(id=camera, place=place, unit="", width=size[0], height=size[1], fps=25),
        chain=Chain(sequence=sequence, previous=previous),
        clock=Clock(source="ntp", synchronised=True, offset_s=0.01),
        scene=SceneRef(id="le-loi-tran-phu", version=3, digest="0" * 64),
        models={"vehicle": "1" * 64},
        act=ActStatement(code=act, occurred_at=at, frame=round(25 * t_s), t_s=t_s, flags=list(flags),
                         reasons={"red_for_s": 6.2, "lane": "1"} if reasons is None else reasons),
        vehicle=Vehicle(cls=cls, confidence=0.97, box=box),
        track=Track(
            id=next(_TRACKS) if track is None else track,
            points=[TrackPoint(frame=f, t_s=at_s, box=where, score=0.9) for f, at_s, where in seen_at],
        ),
        lamps=lamps if lamps is not None else [
            LampTimeline(
                head="den-1", source="pixels", governs=True,
                spans=[LampSpan(state=LampState.RED, from_frame=0, to_frame=200, from_s=0, to_s=8, confidence=0.99)],
            )
        ],
        plate=Plate(text=plate, confidence=sure if plate else 0.0, colour=colour,  # type: ignore[arg-type]
                    n_best=[PlateCandidate(text=plate, probability=0.93)] if plate else []),
        files=list(_entries(contents)),
    )  # fmt: skip
    return pack(manifest, contents, key)


def _entries(contents: dict[str, bytes]) -> Iterable[FileEntry]:
    moments = {"still_before": 75, "still_on": 100, "still_after": 125}
    for name, data in contents.items():
        stem, _, suffix = name.rpartition(".")
        yield FileEntry(
            name=name,
            role=stem,  # type: ignore[arg-type]
            media_type={"jpg": "image/jpeg", "mp4": "video/mp4"}.get(suffix, "application/yaml"),
            size=len(data),
            sha256=sha256_hex(data),
            frame=moments.get(stem),
            t_s=moments[stem] / 25 if stem in moments else None,
        )


def offer_of(data: bytes, *, chunk_bytes: int = 64 * 1024, packet_id: str | None = None) -> Offer:
    """The offer of a container, under its own id unless another is given."""
    return Offer(
        packet_id=packet_id or open_packet(data).manifest.packet_id,
        size=len(data),
        container_sha256=sha256_hex(data),
        chunk_bytes=chunk_bytes,
    )


def chunks_of(data: bytes, offer: Offer) -> list[Chunk]:
    return [decode_chunk(encode_chunk(offer, data, i), where="test") for i in range(offer.chunks)]


def case_of(centre: Centre, data: bytes | None = None, **options: Any) -> str:
    """A case in the queue, from a packet that was just stored; `options` are those of `packet`."""
    contents = packet(**options) if data is None else data
    manifest = open_packet(contents).manifest
    outcome = Gate.of(centre).accept(manifest.node.id, manifest.packet_id, contents)
    assert outcome.status == "stored", outcome
    with centre.db.read() as session:
        case_id = session.scalar(select(CaseRow.id).where(CaseRow.packet_id == manifest.packet_id))
    assert case_id is not None
    return case_id


def claimed(centre: Centre, officer: Officer = LAN, **options: Any) -> str:
    case_id = case_of(centre, **options)
    with centre.db.write() as session:
        actions.claim(session, case_id, officer, now=centre.clock(), lease=centre.claim_lease)
    return case_id


def confirmed(centre: Centre, officer: Officer = LAN, *, typed: str = "36A-123.45", **options: Any) -> str:
    case_id = claimed(centre, officer, **options)
    act = options.get("act", ActCode.RED_LIGHT)
    with centre.db.write() as session:
        actions.confirm(session, case_id, officer, plate=typed, act=act, now=centre.clock())
    return case_id


def prepared(centre: Centre, officer: Officer = LAN, **options: Any) -> str:
    case_id = confirmed(centre, officer, **options)
    drafting.prepare_notice(centre.db, case_id, officer, desk=centre.notices, now=centre.clock())
    return case_id


def seen(centre: Centre, case_id: str, *, without_owner: bool = True, **changes: Any) -> Seen:
    """What the approver has on the screen now, with everything that is doubtful read and ticked."""
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        draft = (row.notice.pdf_sha256 if row.notice else None) or ""
        known = {
            "draft": draft, "version": seen_version(session, case_id),
            "accepted": issue_doubts(session, row, centre.clock(), centre.registry), "without_owner": without_owner,
            "word": "đã so ảnh hai xe",
        }  # fmt: skip
    return Seen(**{**known, **changes})


def issued(centre: Centre, **options: Any) -> tuple[str, IssuedNotice]:
    case_id = prepared(centre, **options)
    shown = seen(centre, case_id)
    return case_id, issuing.issue(centre.db, case_id, HOA, desk=centre.notices, now=centre.clock(), seen=shown)
