"""Trying the signal controllers of a box: heard the way that is configured, beside a box that runs or not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from common.settings import ConfigError
from edge.config import NodeConfig
from edge.doctor.told import Told, fault, good, note
from edge.feed_settings import ControllerConfig
from edge.feeds.feeds import listener, unfed
from edge.signals.controller import ControllerFeed
from edge.signals.controller_margins import ControllerMargins
from evidence.errors import GiaoLoError
from zones.faults import SceneError
from zones.load import load_scene
from zones.schema import Scene

LISTEN_S = 8.0
_POLL_S = 0.1


def try_controllers(config: NodeConfig, *, seconds: float = LISTEN_S) -> Iterator[Told]:
    """A line each. `seconds`: so long it is waited for a statement, and until the clock is known."""
    scenes: dict[str, Scene] = {}
    for camera in config.cameras:
        with suppress(SceneError):  # told where the camera is tried
            if camera.enabled:
                scenes[camera.id] = load_scene(camera.scene).scene
    for one in config.controllers:
        yield _heard(config, one, scenes, seconds)
    for name, scene in scenes.items():
        if missing := unfed(config, name, scene):
            yield fault(
                f"camera {name}: đèn {', '.join(missing)} cần tủ điều khiển, nhưng chưa khai báo tủ nào",
                f"camera {name}: signal {', '.join(missing)} is told by a controller, but none is configured",
                "thêm tủ vào mục controllers",
                "add it to `controllers`",
            )


def _heard(config: NodeConfig, one: ControllerConfig, scenes: Mapping[str, Scene], seconds: float) -> Told:
    name_vi, name_en = f"tủ điều khiển {one.id} ({one.way})", f"controller {one.id} ({one.way})"
    feed = ControllerFeed(one.id, one.way, ControllerMargins())
    try:
        made = listener(config, one, feed, lambda: scenes)
        made.start()
    except (GiaoLoError, OSError) as error:
        if one.http is not None and isinstance(error, ConfigError) and "cannot listen" in error.what:
            return note(
                f"{name_vi}: cổng {one.http.port} đang có chương trình dùng (hộp đang chạy?)",
                f"{name_en}: port {one.http.port} is taken (does the box run?)",
                "chạy `giaolo edge status`",
                "run `giaolo edge status`",
            )
        what, remedy = (error.what, error.remedy) if isinstance(error, GiaoLoError) else (str(error), "")
        return fault(
            f"{name_vi}: {what}", f"{name_en}: {what}", "sửa mục controllers", remedy or "correct its settings"
        )
    try:
        until_s = time.monotonic() + seconds
        report = feed.report(time.time())
        while time.monotonic() < until_s and report.state != "good":
            time.sleep(_POLL_S)
            report = feed.report(time.time())
    finally:
        made.stop()
    if report.state not in ("good", "learning"):
        why = report.error or (f"{report.refused} messages refused" if report.refused else "no statement")
        where = config_place(config, one)
        return fault(
            f"{name_vi}: không có trạng thái nào trong {seconds:.0f} giây tại {where} ({why})",
            f"{name_en}: no statement within {seconds:.0f} s at {where} ({why})",
            "xem tủ có gửi không, địa chỉ, quyền (docs/controller.md)",
            "see that it sends, address and rights (docs/controller.md)",
        )
    if report.clock_off:
        return note(
            f"{name_vi}: đang gửi, giờ lệch {report.offset_s:+.1f} giây so với hộp",
            f"{name_en}: speaks, its clock is {report.offset_s:+.1f} s off the box's",
            "đặt lại giờ của tủ (NTP, GNSS)",
            "set its clock (NTP, GNSS)",
        )
    clock = ("không báo giờ", "states no time") if report.offset_s is None else None
    vi, en = clock or (f"giờ lệch {report.offset_s:+.2f} giây", f"its clock {report.offset_s:+.2f} s off the box's")
    return good(f"{name_vi}: đang gửi trạng thái, {vi}", f"{name_en}: speaks, {en}")


def config_place(config: NodeConfig, one: ControllerConfig) -> str:
    """Where it is listened for, without any secret."""
    if one.mqtt is not None:
        return f"{(one.mqtt.broker or config.broker).name} {one.topic(config.node_id)}"
    if one.http is not None:
        return f"{one.http.host}:{one.http.port}/signals/{one.id}"
    assert one.ntcip is not None
    return f"{one.ntcip.host}:{one.ntcip.port}"
