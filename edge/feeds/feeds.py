"""All signal controllers of a box: a feed each, what fills it, and which camera asks which."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from edge.config import NodeConfig
from edge.feed_settings import ControllerConfig
from edge.feeds.http import HttpListener
from edge.feeds.mqtt import MqttListener
from edge.feeds.ntcip import NtcipPoller
from edge.signals.controller import CameraFeed, ControllerFeed, FeedReport, key_of
from edge.signals.controller_margins import ControllerMargins
from evidence.errors import GiaoLoError
from zones.schema import Scene

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Fills one feed. `start` raises `GiaoLoError` where its settings cannot be used."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


Scenes = Callable[[], Mapping[str, Scene]]
"""Those in force now, by camera."""


def listener(config: NodeConfig, one: ControllerConfig, feed: ControllerFeed, scenes: Scenes) -> Listener:
    """What hears a controller, by the way in which it speaks."""
    if one.mqtt is not None:
        return MqttListener(config.node_id, one.mqtt.broker or config.broker, one.topic(config.node_id), feed)
    if one.http is not None:
        return HttpListener(one.http, feed)
    assert one.ntcip is not None

    def phases() -> set[int]:
        seen = [scene for camera, scene in scenes().items() if config.controller_of(camera) == one]
        return {head.phase for scene in seen for head in scene.signals if head.phase is not None}

    return NtcipPoller(one.ntcip, phases, feed)


class Feeds:
    """`start`, `stop`; cameras ask for theirs. A feed that cannot start is told, and the others run."""

    def __init__(self, config: NodeConfig, margins: ControllerMargins, scenes: Scenes) -> None:
        self._config, self._scenes = config, scenes
        self._feeds = {one.id: ControllerFeed(one.id, one.way, margins) for one in config.controllers}
        self._listeners: list[Listener] = []

    def start(self) -> None:
        for one in self._config.controllers:
            feed = self._feeds[one.id]
            try:
                made = listener(self._config, one, feed, self._scenes)
                made.start()
            except GiaoLoError as error:
                feed.error = str(error)
                log.error("controller=%s cannot be heard: %s", one.id, error)
                continue
            self._listeners.append(made)

    def stop(self) -> None:
        for each in self._listeners:
            each.stop()

    def of(self, camera: str) -> CameraFeed | None:
        """The feed that a camera asks; None: no controller is configured for it."""
        one = self._config.controller_of(camera)
        return None if one is None else CameraFeed(self._feeds[one.id])

    def reports(self) -> tuple[FeedReport, ...]:
        now_s = datetime.now(UTC).timestamp()
        return tuple(feed.report(now_s) for feed in self._feeds.values())


def unfed(config: NodeConfig, camera: str, scene: Scene) -> list[str]:
    """Heads of a camera's scene that name a controller where none is configured for the camera."""
    if config.controller_of(camera) is not None:
        return []
    return [head.id for head in scene.signals if head.source == "controller" or key_of(head) is not None]


def warnings(reports: Sequence[FeedReport]) -> list[str]:
    """What a person should mend, a line each with its remedy."""
    out = []
    for one in reports:
        name = f"controller {one.id} ({one.way})"
        if one.error:
            out.append(f"{name}: {one.error} -> `giaolo edge doctor` says more")
        elif one.state == "waiting":
            out.append(f"{name}: has said nothing yet; its heads accuse nobody -> see that it sends, and where to")
        elif one.state == "silent":
            out.append(f"{name}: silent for {one.age_s:.0f} s; its heads accuse nobody -> see it, and the network")
        elif one.clock_off:
            out.append(f"{name}: its clock is {one.offset_s:+.1f} s off the box's -> set its clock (NTP, GNSS)")
    return out
