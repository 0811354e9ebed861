"""`giaolo demo`: broker, centre and one box on two clips, on this machine, until Ctrl-C."""

from __future__ import annotations

import secrets
import signal
import sys
import threading
import time
from pathlib import Path

import click
from sqlalchemy import select

from central.centre import Centre
from central.store.case_tables import CaseRow
from central.store.packet_tables import NodeRow
from countries.here import HERE
from evidence.acts import ActCode
from evidence.wire import Health
from tools.demo.broker import embedded_command, mosquitto_command
from tools.demo.processes import Processes, free_port, port_is_taken
from tools.demo.site import (
    ACCOUNTS,
    MADE_UP_OWNERS,
    NODE,
    VIETNAM,
    DemoError,
    Setup,
    choose_clip,
    fresh_folder,
    prepare,
    second_clip,
)

_POLL_S = 1.0
_SETTLE_S = 6.0
"""After the end of the clip the last tracks are still judged and recorded, then everything is quiet for so long."""


@click.command()
@click.option("--clip", type=click.Path(path_type=Path), help="Video đóng vai camera. / Video that plays the camera.")
@click.option("--scene", type=click.Path(path_type=Path), help="Cảnh của video. / Its scene file.")
@click.option("--broker", default="embedded", show_default=True, help="embedded, mosquitto, host:port")
@click.option("--database", default="", help="URL PostgreSQL; để trống: SQLite. / Empty: SQLite.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True,
              help="Dữ liệu và nhật ký; làm mới mỗi lần. / Data and logs; made anew each time.")  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Web; 0: cổng bất kỳ. / 0: any."
)
@click.option("--fast", is_flag=True, help="Phát nhanh nhất có thể. / Play the clip as fast as it goes.")
@click.option(
    "--once", is_flag=True, help="Tự dừng khi xong. / End when the clip's acts have arrived (implies --fast)."
)
def demo(
    clip: Path | None, scene: Path | None, broker: str, database: str, folder: Path, port: int, fast: bool, once: bool
) -> None:
    """Chạy thử cả hệ thống trên một máy. / Run the whole system on this machine."""
    chosen_clip, chosen_scene = choose_clip(clip, scene)
    host, broker_port, protocol = broker_address(broker)
    if port and port_is_taken(port):
        raise DemoError(f"port {port} is taken", remedy="choose another with --port, or --port 0 for any")
    setup = Setup(
        fresh_folder(folder), chosen_clip, chosen_scene, host, broker_port, port or free_port(), database_url=database,
        protocol=protocol, realtime=not (fast or once), second=second_clip(chosen_clip),
    )  # fmt: skip
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    run_demo(setup, broker, stop, once=once)


def broker_address(broker: str) -> tuple[str, int, str]:
    """Host, port and MQTT version of what `--broker` names. Raises `DemoError`."""
    if broker == "embedded":
        return "127.0.0.1", free_port(), "3.1.1"  # all that amqtt speaks
    if broker == "mosquitto":
        return "127.0.0.1", free_port(), "auto"
    host, _, port = broker.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise DemoError("is not a broker", where=broker, remedy="embedded, mosquitto, or host:port")
    return host, int(port), "auto"


def run_demo(setup: Setup, broker: str, stop: threading.Event, *, once: bool) -> None:
    """Set up, start in order, follow, stop in reverse order. Raises `GiaoLoError`; nothing stays running."""
    passwords = {a.username: secrets.token_urlsafe(9) for a in ACCOUNTS}
    click.echo("Đang chuẩn bị… / Preparing…")
    centre = prepare(setup, passwords)
    try:
        with Processes(setup.folder / "log") as parts:
            if broker == "embedded":
                parts.start("broker", embedded_command(setup.broker_port))
            elif broker == "mosquitto":
                parts.start("broker", mosquitto_command(setup.broker_port, setup.folder))
            if broker in ("embedded", "mosquitto"):
                parts.wait_for_port("broker", setup.broker_port, stop=stop)
            parts.start("centre", giaolo("central", "run", "--config", str(setup.centre_file)))
            parts.wait_for_port("centre", setup.web_port, stop=stop)
            parts.start("edge", giaolo("edge", "run", "--config", str(setup.node_file)))
            if not stop.is_set():
                announce(setup, passwords, broker)
            follow(setup, parts, centre, stop, once=once)
            click.echo("Đang dừng… / Stopping…")
        if once and not stop.is_set():
            summary(setup, centre)
    finally:
        centre.db.dispose()
    click.echo("Đã dừng. / Stopped.")


def giaolo(*arguments: str) -> list[str]:
    """The command line of this very installation."""
    return [sys.executable, "-m", "tools.command.cli", *arguments]


def follow(setup: Setup, parts: Processes, centre: Centre, stop: threading.Event, *, once: bool) -> None:
    """Tell of new cases and of the clip's end; with `once`, return when everything has arrived."""
    told: set[str] = set()
    over_since_s: float | None = None
    while not stop.wait(_POLL_S):
        parts.check()
        with centre.db.read() as session:
            rows = [r for r in session.scalars(select(CaseRow).order_by(CaseRow.number)) if r.id not in told]
            node = session.get(NodeRow, NODE)
            health = Health.model_validate(node.health) if node is not None and node.health else None
        for row in rows:
            told.add(row.id)
            click.echo(f"  {_line(row)}\n     {setup.web_url}/desk/cases/{row.id}")
        if health is None:
            continue
        for camera in health.cameras:
            if camera.state == "failed":
                raise DemoError(f"camera failed: {camera.error}", where=str(setup.clip))
        if health.status == "safe_mode":
            raise DemoError("the box cannot work: " + "; ".join(health.errors)[:500], where=str(setup.node_file))
        over = bool(health.cameras) and all(c.state == "ended" for c in health.cameras) and not health.outbox_pending
        if not over or rows:
            over_since_s = time.monotonic() if over else None
        elif over_since_s is None:
            over_since_s = time.monotonic()
            if not once:
                click.echo("  Video đã hết; màn hình vẫn chạy. / The clip is over; the screens go on. (Ctrl-C)")
        elif once and time.monotonic() - over_since_s > _SETTLE_S:
            return


def announce(setup: Setup, passwords: dict[str, str], broker: str) -> None:
    """Addresses, accounts, and what to do with them."""
    plate = HERE.plates.format_plate(MADE_UP_OWNERS[0][0], vehicle_class="motorcycle", colour="white")
    accounts = "\n".join(f"    {a.username:8s} {passwords[a.username]:14s} {a.full_name} ({a.what})" for a in ACCOUNTS)
    click.echo(f"""
Giao Lộ đang chạy / is running
  Bàn làm việc của cán bộ / officers' desk    {setup.web_url}/desk
  Tra cứu của chủ xe / owners' look-up        {setup.web_url}/
  MQTT ({broker})  {setup.broker_host}:{setup.broker_port}
  Camera: {", ".join(clip.name for clip in (setup.clip, setup.second) if clip)}
  Dữ liệu, nhật ký / data, logs: {setup.folder}
  Tài khoản / accounts
{accounts}

Làm gì tiếp / what to do
  1. Đăng nhập canbo1, mở một vụ. P: nhập biển số nhìn thấy (không rõ thì thử {plate}, có trong sổ đăng ký minh họa);
     C: xác nhận.
     Sign in as canbo1, open a case. P: enter the plate you see (if unclear try {plate}, it is in the demo's
     register); C: confirm.
  2. Đăng nhập canbo2 ở cửa sổ ẩn danh, mục "Chờ duyệt": xem thông báo PDF, ban hành (I), rồi đăng để tra cứu.
     Sign in as canbo2 in a private window, "To approve": read the PDF, issue (I), then publish.
  3. Ở trang chủ, tra biển số, màu, loại xe. / On the first page look the plate up.
  Ctrl-C: dừng / stop. Vụ việc mới / new cases:
""")


def summary(setup: Setup, centre: Centre) -> None:
    """What arrived. Raises `DemoError` when nothing did."""
    with centre.db.read() as session:
        lines = [_line(row) for row in session.scalars(select(CaseRow).order_by(CaseRow.number))]
    if not lines:
        raise DemoError("the clip is over and no case has reached the centre", where=str(setup.folder / "log"))
    click.echo(f"\n{len(lines)} vụ đã tới trung tâm / cases reached the centre:")
    for line in lines:
        click.echo(f"  {line}")


def _line(row: CaseRow) -> str:
    act_vi, act_en = HERE.acts.act_words(ActCode(row.act))
    plate = (
        HERE.plates.format_plate(row.plate, vehicle_class=row.kind, colour=row.plate_colour)
        if row.plate
        else "chưa đọc được / unread"
    )
    at = row.occurred_at.astimezone(VIETNAM).strftime("%H:%M:%S %d/%m/%Y")
    return f"{row.number}. {at}  {act_vi} / {act_en}; biển số / plate: {plate}"
