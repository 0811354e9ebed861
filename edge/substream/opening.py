"""A camera's source by its addresses: one stream, or two."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from common.stopwatch import UNTIMED, Stopwatch
from edge.substream.film import MainFilm
from edge.substream.source import Numbers, TwoStreams
from edge.video.keys import KeptSource
from edge.video.ring import PacketRing
from edge.video.source import Source, VideoSource
from edge.video.source_status import SourceSettings
from zones.schema import Scene


def open_source(
    url: str | Path,
    substream: str | Path | None,
    *,
    ring: PacketRing,
    scene: Scene,
    numbers: Numbers,
    settings: SourceSettings | None = None,
    start_at: datetime | None = None,
    stopwatch: Stopwatch = UNTIMED,
) -> tuple[Source, MainFilm | None]:
    """Not started yet. The second is what the main stream has to give, where a small one is looked at. `numbers`: those
    of the box that judge."""
    settings = settings or SourceSettings()
    if substream is None:
        return VideoSource(
            url, ring=ring, settings=settings, margins=numbers.video, start_at=start_at, stopwatch=stopwatch
        ), None  # fmt: skip
    kept = replace(settings, keys_only=True, fps_limit=None, realtime=False)
    main = KeptSource(url, ring=ring, settings=kept, margins=numbers.video, start_at=start_at, stopwatch=stopwatch)
    small = VideoSource(substream, settings=settings, margins=numbers.video, stopwatch=stopwatch)
    both = TwoStreams(main, small, ring, scene, numbers, stopwatch=stopwatch)
    return both, both.film
