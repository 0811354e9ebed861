"""`giaolo demo`: broker, centre and one box on a clip, on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy import func, select

from central.centre import Centre, open_centre
from central.config import load_config
from central.db import CaseRow
from central.lifecycle import Role
from central.nodes import add_node
from central.registry import COLUMNS, import_registry
from central.users import create_user
from evidence.errors import GiaoLoError
from evidence.seal import SigningKey
from tools.broker import embedded_command, mosquitto_command
from tools.processes import Processes, free_port
from zones.load import load_scene

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "tools" / "clips" / "demo.mp4"
FALLBACK = ROOT.parent / "shared" / "footage" / "red_light" / "hanoi_giang_vo.mp4"
VIETNAM = timezone(timedelta(hours=7))
NODE = "demo-01"
USERS = (
    ("canbo1", Role.OFFICER, "Đại úy Nguyễn Văn Hùng", "cán bộ xử lý / officer"),
    ("canbo2", Role.APPROVER, "Thiếu tá Lê Thị Mai", "người ký thông báo / approver"),
    ("chihuy", Role.HEAD, "Trung tá Trịnh Quốc Bảo", "chỉ huy đơn vị / head of unit"),
)
_POLL_S = 1.0
_QUIET_S = 25.0

MADE_UP_OWNERS = (
    ("36B123456", "white", "motorcycle", "Lê Văn An", "person", "038090001234", "12 Lê Lợi, phường Lam Sơn"),
    ("36A12345", "white", "car", "Trần Thị Bình", "person", "038085005678", "5 Hạc Thành, phường Điện Biên"),
    ("29B60108", "yellow", "car", "Công ty TNHH Vận tải Ví Dụ", "organisation", "2800000001", "9 Bà Triệu, Hà Nội"),
)


class DemoError(GiaoLoError):
    """The demo cannot start."""


@dataclass(frozen=True)
class Setup:
    """Where everything of a demo lies."""

    folder: Path
    clip: Path
    scene: Path
    broker_port: int
    web_port: int

    @property
    def centre_file(self) -> Path:
        return self.folder / "central.yaml"

    @property
    def node_file(self) -> Path:
        return self.folder / "node.yaml"


@click.command()
@click.option("--clip", type=click.Path(path_type=Path), help="video that plays the camera")
@click.option("--scene", type=click.Path(path_type=Path), help="its scene file")
@click.option("--broker", default="embedded", show_default=True, help="embedded, mosquitto, or host:port")
@click.option("--database", default="", help="PostgreSQL URL; empty: SQLite in the demo's folder")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--port", default=8080, show_default=True, help="of the web; 0: any free one")
@click.option("--fast", is_flag=True, help="play the clip as fast as it goes")
@click.option("--once", is_flag=True, help="end by itself when the clip's acts have arrived, print a summary")
def demo(
    clip: Path | None, scene: Path | None, broker: str, database: str, folder: Path, port: int, fast: bool, once: bool
) -> None:
    """Chạy thử cả hệ thống trên một máy. / Run the whole system on this machine."""
    try:
        clip, scene = choose_clip(clip, scene)
        run_demo(clip, scene, broker, database, folder, port, realtime=not fast, once=once)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error


def choose_clip(clip: Path | None, scene: Path | None) -> tuple[Path, Path]:
    """The clip asked for, else the one that ships, else the Giảng Võ clip beside the checkout."""
    if clip is None and scene is None:
        for path, its_scene in (
            (SHIPPED, SHIPPED.with_suffix(".yaml")),
            (FALLBACK, ROOT / "zones" / "examples" / f"{FALLBACK.stem}.yaml"),
        ):
            if path.is_file() and its_scene.is_file():
                return path, its_scene
        raise DemoError("there is no clip to show", remedy="giaolo demo --clip VIDEO --scene SCENE.yaml")
    if clip is None or scene is None:
        raise DemoError("a clip needs its scene, and a scene its clip", remedy="give both --clip and --scene")
    if not clip.is_file():
        raise DemoError("there is no such video file", where=str(clip))
    return clip.resolve(), scene.resolve()


def run_demo(
    clip: Path, scene: Path, broker: str, database: str, folder: Path, port: int, *, realtime: bool, once: bool
) -> None:
    """Set up, start, follow, stop."""
    load_scene(scene)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    folder = _fresh(folder)
    host, broker_port = _broker_address(broker)
    setup = Setup(folder, clip, scene, broker_port, port or free_port())
    passwords = {name: secrets.token_urlsafe(9) for name, _, _, _ in USERS}
    centre = prepare(setup, host=host, database=database, realtime=realtime, passwords=passwords)
    with Processes(folder / "log") as parts:
        if broker in ("embedded", "mosquitto"):
            embedded = broker == "embedded"
            parts.start("broker", embedded_command(broker_port) if embedded else mosquitto_command(broker_port, folder))
            parts.wait_for_port("broker", broker_port)
        parts.start("centre", giaolo("central", "run", "--config", str(setup.centre_file)))
        parts.wait_for_port("centre", setup.web_port)
        parts.start("edge", giaolo("edge", "run", "--config", str(setup.node_file)))
        _announce(setup, passwords, broker, host)
        cases = _follow(parts, centre, stop, once=once)
        click.echo(f"\nĐang dừng… / Stopping… {cases} hồ sơ / cases.")
    centre.db.dispose()
    if once and not cases:
        raise DemoError("the clip has ended and no case has reached the centre", where=str(folder / "log"))


def giaolo(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tools.cli", *arguments]


def prepare(
    setup: Setup,
    *,
    host: str,
    database: str,
    realtime: bool,
    passwords: dict[str, str],
    extra: dict[str, Any] | None = None,
) -> Centre:
    """Keys, configurations, users, node and register. `extra`: more settings for the centre."""
    folder = setup.folder
    node_key = SigningKey.load_or_create(folder / "node.key")
    # amqtt answers only MQTT 3.1.1; every broker speaks it
    broker = {"host": host, "port": setup.broker_port}
    _yaml(
        setup.centre_file,
        {
            "schema_version": 1, "centre_id": "demo", "data_dir": "centre", "database_url": database,
            "broker": broker, "web": {"port": setup.web_port}, "limits": {"disk_reserve_bytes": 64 * 2**20},
            **(extra or {}),
        },
    )  # fmt: skip
    centre = open_centre(load_config(setup.centre_file))
    _registry(folder / "registry.csv")
    now = datetime.now(UTC)
    with centre.db.write() as session:
        add_node(session, NODE, node_key.public, now=now)
        for name, role, full_name, _ in USERS:
            create_user(session, name, passwords[name], role=role, full_name=full_name, now=now)
        import_registry(session, folder / "registry.csv")
    (folder / "centre.pub").write_bytes(centre.key.public.pem())
    place = load_scene(setup.scene).scene.place
    _yaml(
        setup.node_file,
        {
            "schema_version": 1, "node_id": NODE, "key_file": "node.key", "data_dir": "edge",
            "centre_public_key": "centre.pub", "broker": {**broker, "protocol": "3.1.1", "heartbeat_s": 5},
            "metrics": {"port": free_port()}, "outbox": {"min_free_mib": 64},
            "cameras": [{
                "id": "cam-01", "url": str(setup.clip), "scene": str(setup.scene), "place": place, "realtime": realtime,
                "unit": "Đội CSGT (minh họa)", "start_at": datetime.now(VIETNAM).isoformat(timespec="seconds"),
            }],
        },
    )  # fmt: skip
    return centre


def _follow(parts: Processes, centre: Centre, stop: threading.Event, *, once: bool) -> int:
    """Tell of new cases; with `once`, return when the clip has ended and all is quiet."""
    known, last_new = 0, time.monotonic()
    while not stop.wait(_POLL_S):
        parts.check()
        with centre.db.read() as session:
            count = session.scalar(select(func.count()).select_from(CaseRow)) or 0
        if count > known:
            click.echo(f"  + {count - known} hồ sơ mới, tổng {count} / new cases, {count} in all")
            known, last_new = count, time.monotonic()
        ended = "source ended" in parts.log("edge").read_text(encoding="utf-8", errors="replace")
        if once and ended and time.monotonic() - last_new > _QUIET_S:
            break
    return known


def _announce(setup: Setup, passwords: dict[str, str], broker: str, host: str) -> None:
    web = f"http://127.0.0.1:{setup.web_port}"
    click.echo(
        f"\nGiao Lộ đang chạy / is running\n"
        f"  Bàn làm việc của cán bộ / officers' desk   {web}/desk\n"
        f"  Tra cứu của chủ xe / owners' look-up       {web}/\n"
        f"  MQTT ({broker})                             {host}:{setup.broker_port}\n"
        f"  Camera: {setup.clip.name}, cảnh / scene {setup.scene.name}\n"
        f"  Tài khoản / accounts:"
    )
    for name, _, full_name, what in USERS:
        click.echo(f"    {name:8s} {passwords[name]:14s} {full_name} ({what})")
    click.echo(
        f"  Dữ liệu và nhật ký / data and logs: {os.path.relpath(setup.folder)}\n"
        "  Hồ sơ đầu tiên sau khoảng nửa phút; Ctrl-C để dừng. / First cases in half a minute; Ctrl-C stops.\n"
    )


def _broker_address(broker: str) -> tuple[str, int]:
    if broker in ("embedded", "mosquitto"):
        return "127.0.0.1", free_port()
    host, _, port = broker.rpartition(":")
    if not host or not port.isdigit():
        raise DemoError(f"{broker!r} is not a broker", remedy="embedded, mosquitto, or host:port")
    return host, int(port)


def _fresh(folder: Path) -> Path:
    """An empty folder of our own; one that we did not make is never emptied."""
    folder = folder.resolve()
    marker = folder / ".giaolo-demo"
    if folder.exists() and any(folder.iterdir()):
        if not marker.exists():
            raise DemoError("is not empty and not a demo's folder", where=str(folder), remedy="name another with --dir")
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        marker.touch()
    except OSError as error:
        raise DemoError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="name another with --dir"
        ) from error
    return folder


def _registry(file: Path) -> None:
    """People and companies that do not exist."""
    lines = [",".join(COLUMNS)]
    for plate, colour, kind, owner, owner_type, number, address in MADE_UP_OWNERS:
        lines.append(f'{plate},{colour},{kind},{owner},{owner_type},{number},"{address}",2015-01-01,')
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _yaml(file: Path, value: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
