"""What a demo needs on disk before anything starts: keys, configurations, accounts, a register of made-up people."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from central.cases.lifecycle import Role
from central.centre import Centre, open_centre
from central.config import load_config
from central.devices.book import enter
from central.devices.entering import Entry
from central.devices.records import DeviceId, RecordKind
from central.intake.nodes import add_node
from central.registry import COLUMNS, import_registry
from central.users import create_user
from evidence.errors import GiaoLoError
from evidence.seal import SigningKey
from tools.demo.processes import free_port
from zones.load import load_scene

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "tools" / "clips" / "demo.mp4"
SECOND = SHIPPED.with_name("ten-acts.mp4")
VIETNAM = timezone(timedelta(hours=7))
NODE, CAMERA, SECOND_CAMERA = "demo-01", "cam-01", "cam-02"
MARKER = ".giaolo-demo"

MADE_UP_OWNERS = (
    ("36B123456", "white", "motorcycle", "Lê Văn An", "person", "038090001234", "12 Lê Lợi, phường Hạc Thành"),
    ("36A12345", "white", "car", "Trần Thị Bình", "person", "038085005678", "5 Trần Phú, phường Hạc Thành"),
    ("29B60108", "white", "car", "Công ty TNHH Vận tải Ví Dụ", "organisation", "2800000001", "9 phố Ví Dụ, Hà Nội"),
)


_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đỗ")
_NAMES = ("Thị Hoa", "Văn Minh", "Thị Lan", "Văn Dũng")


class DemoError(GiaoLoError):
    """The demo cannot start, or did not do what it should."""


@dataclass(frozen=True)
class Account:
    """Someone who may sign in at the demo's desk."""

    username: str
    role: Role
    full_name: str
    what: str


ACCOUNTS = (
    Account("canbo1", Role.OFFICER, "Đại úy Nguyễn Văn Hùng", "cán bộ xử lý / officer"),
    Account("canbo2", Role.APPROVER, "Thiếu tá Lê Thị Mai", "người duyệt / second officer"),
    Account("chihuy", Role.HEAD, "Trung tá Trịnh Quốc Bảo", "chỉ huy đơn vị / head of unit"),
)


@dataclass(frozen=True)
class Setup:
    """One demo. `database_url` empty: SQLite; `protocol`: of MQTT; `centre` and `node`: more settings for either.
    `second`: a clip for a second camera of the box, its scene beside it under the same name."""

    folder: Path
    clip: Path
    scene: Path
    broker_host: str
    broker_port: int
    web_port: int
    database_url: str = ""
    protocol: str = "auto"
    realtime: bool = True
    heartbeat_s: float = 2.0
    second: Path | None = None
    centre: dict[str, Any] = field(default_factory=dict)
    node: dict[str, Any] = field(default_factory=dict)

    @property
    def centre_file(self) -> Path:
        return self.folder / "central.yaml"

    @property
    def node_file(self) -> Path:
        return self.folder / "node.yaml"

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"


def choose_clip(clip: Path | None, scene: Path | None) -> tuple[Path, Path]:
    """The clip asked for, else the one that ships. Raises `DemoError`."""
    if clip is None and scene is None:
        its_scene = SHIPPED.with_suffix(".yaml")
        if SHIPPED.is_file() and its_scene.is_file():
            return SHIPPED, its_scene
        raise DemoError(
            "the clip that ships with this version is missing",
            where=str(SHIPPED),
            remedy="install anew, or giaolo demo --clip VIDEO --scene SCENE.yaml",
        )
    if clip is None or scene is None:
        raise DemoError("a clip needs its scene, and a scene its clip", remedy="give both --clip and --scene")
    if not clip.is_file():
        raise DemoError("there is no such video file", where=str(clip), remedy="check the name")
    load_scene(scene)
    return clip.resolve(), scene.resolve()


def second_clip(clip: Path) -> Path | None:
    """What a second camera sees beside the clip that ships; nothing beside one of somebody's own."""
    return SECOND if clip == SHIPPED and SECOND.is_file() and SECOND.with_suffix(".yaml").is_file() else None


def fresh_folder(folder: Path) -> Path:
    """An empty folder of our own; one that no demo made is never emptied. Raises `DemoError`."""
    folder = folder.resolve()
    marker = folder / MARKER
    try:
        if folder.exists() and any(folder.iterdir()):
            if not marker.exists():
                raise DemoError(
                    "is not empty and no demo made it", where=str(folder), remedy="name another folder with --dir"
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        marker.touch()
    except OSError as error:
        raise DemoError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="name another folder with --dir"
        ) from error
    return folder


DEMO_OFFICE: dict[str, Any] = {
    "parent": "CÔNG AN TỈNH (MINH HỌA)",
    "unit": {
        "name": "PHÒNG CẢNH SÁT GIAO THÔNG (MINH HỌA)",
        "address": "Số 1 đường Minh Họa, phường Hạc Thành",
        "phone": "0237 000 0000",
    },
    "unit_in_text": "Phòng Cảnh sát giao thông (minh họa)",
    "town": "Thanh Hóa",
    "number_suffix": "MH",
    "signer_title": "TRƯỞNG PHÒNG",
    "signer_name": "Đại tá Phạm Minh Họa",
}
"""Nobody's office: what the demo prints must not pass for a paper of the police."""


def prepare(setup: Setup, passwords: dict[str, str]) -> Centre:
    """Write everything into `setup.folder` and fill the database; `passwords` by user name. Raises `GiaoLoError`."""
    folder = setup.folder
    broker = {"host": setup.broker_host, "port": setup.broker_port}
    centre_settings = {
        "schema_version": 1,
        "centre_id": "demo",
        "data_dir": "centre",
        "database_url": setup.database_url,
        "broker": broker,
        "web": {"port": setup.web_port},
        "limits": {"disk_reserve_bytes": 64 * 2**20},
        "office": DEMO_OFFICE,
    }
    write_yaml(setup.centre_file, centre_settings | setup.centre)
    centre = open_centre(load_config(setup.centre_file))
    node_key = SigningKey.load_or_create(folder / "node.key")
    registry = folder / "registry.csv"
    clips = [clip for clip in (setup.clip, setup.second) if clip is not None]
    registry.write_text(registry_csv(*clips), encoding="utf-8")
    now = datetime.now(UTC)
    import_registry(centre.db, registry)
    with centre.db.write() as session:
        add_node(session, NODE, node_key.public, now=now)
        for account in ACCOUNTS:
            create_user(
                session, account.username, passwords[account.username], role=account.role,
                full_name=account.full_name, now=now,
            )  # fmt: skip
        enter(session, demo_papers(now), by="demo", now=now)
    (folder / "centre.pub").write_bytes(centre.key.public.pem())
    node_settings = {
        "schema_version": 1,
        "node_id": NODE,
        "key_file": "node.key",
        "data_dir": "edge",
        "centre_public_key": "centre.pub",
        "broker": broker | {"protocol": setup.protocol, "heartbeat_s": setup.heartbeat_s},
        "metrics": {"port": free_port()},
        "page": {"port": free_port()},
        "outbox": {"min_free_mib": 64},
        "cameras": [
            _camera(setup, CAMERA, setup.clip, setup.scene),
            *([_camera(setup, SECOND_CAMERA, setup.second, setup.second.with_suffix(".yaml"))] if setup.second else []),
        ],
    }
    write_yaml(setup.node_file, node_settings | setup.node)
    return centre


def demo_papers(now: datetime) -> list[Entry]:
    """Made-up papers of the demo's box and camera, each marked as such, in force since long before the clip."""
    day = (now - timedelta(days=90)).astimezone(VIETNAM).date()
    mark = "Minh họa, không có thật / made up for the demo"
    papers = []
    cameras = [(DeviceId(NODE, name), "Camera minh họa") for name in (CAMERA, SECOND_CAMERA)]
    for device, model in ((DeviceId(NODE), "Hộp xử lý minh họa"), *cameras):
        serial = f"MH-{device.camera or 'box'}"
        for kind, number, signer in (
            (RecordKind.PROFILE, "", ""),
            (RecordKind.DECISION, "01/QĐ-MINHHOA", DEMO_OFFICE["signer_name"]),
            (RecordKind.TEST, "01/TN-MINHHOA", "Đơn vị thử nghiệm minh họa"),
        ):
            papers.append(Entry(device, kind, number, day, signer, day, None, model, serial, mark))
    return papers


def _camera(setup: Setup, name: str, clip: Path, scene: Path) -> dict[str, Any]:
    # played fast, a recording of minutes is over in seconds: its acts must not lie in the future
    starts = datetime.now(VIETNAM) - (timedelta(0) if setup.realtime else timedelta(minutes=30))
    return {
        "id": name,
        "url": str(clip),
        "scene": str(scene),
        "place": load_scene(scene).scene.place,
        "unit": "Đội Cảnh sát giao thông (minh họa)",
        "realtime": setup.realtime,
        "start_at": starts.isoformat(timespec="seconds"),
    }


def drawn_owners(*clips: Path) -> list[tuple[str, str, str, str, str, str, str]]:
    """Made-up owners for the vehicles of drawn clips, whose truth names their plates; none for a filmed one."""
    plates: dict[str, tuple[str, str]] = {}
    for clip in clips:
        try:
            acts = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))["acts"]
            plates |= {a["plate"]: (a["plate_colour"], a["type"]) for a in acts if a.get("plate")}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    owners = []
    for number, (plate, (colour, cls)) in enumerate(plates.items()):
        name = f"{_SURNAMES[number % len(_SURNAMES)]} {_NAMES[number // len(_SURNAMES) % len(_NAMES)]}"
        kind = "motorcycle" if cls == "motorcycle" else "car"
        owners.append(
            (plate, colour, kind, name, "person", f"0380900{number:05d}", f"{number + 1} phố Minh Họa, Hạc Thành")
        )
    return owners


def registry_csv(*clips: Path) -> str:
    """People and companies that do not exist."""
    lines = [",".join(COLUMNS)]
    for plate, colour, kind, owner, owner_type, number, address in (*MADE_UP_OWNERS, *drawn_owners(*clips)):
        lines.append(f'{plate},{colour},{kind},{owner},{owner_type},{number},"{address}",2015-01-01,')
    return "\n".join(lines) + "\n"


def write_yaml(file: Path, value: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
