"""A still in the camera's full size, to draw its scene on: taken from the camera itself, whether a box runs or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from common.settings import ConfigError
from edge.config import load_config
from edge.doctor.camera import trial, ways_of
from edge.video.source_errors import SourceError
from edge.video.source_status import Transport
from evidence.addresses import shown_address
from zones.still import write_picture

_LOOK_S = 1.5
"""The first pictures of some cameras are dark or grey: one of a moment later is taken."""


def take(source: str, target: Path, config_path: Path | None, address: Callable[[], str]) -> tuple[int, int]:
    """Write it; its width and height.

    Parameters
    ----------
    source: a camera's id where `config_path` is given, else its address or a file.

    Raises
    ------
    ConfigError, SourceError, StillError: naming what is wrong, where, and the remedy.
    """
    ways: tuple[Transport, ...]
    if config_path is not None:
        cameras = {camera.id: camera for camera in load_config(config_path).cameras}
        if source not in cameras:
            known = ", ".join(cameras) or "none"
            raise ConfigError(f"has no camera {source}", where=str(config_path), remedy=f"one of {known}")
        url, ways = cameras[source].address(), (cameras[source].transport,)
    else:
        url = address()
        ways = ("tcp", "udp", "http") if len(ways_of(url)) > 1 else ("auto",)
    error = ""
    for way in ways:
        found = trial(url, way, seconds=_LOOK_S)
        if found.frame is not None:
            write_picture(target, found.frame.image)
            height, width = found.frame.image.shape[:2]
            return width, height
        error = found.error
    raise SourceError(
        f"sends no picture ({error})", where=shown_address(url), remedy="giaolo edge test-camera says more"
    )
