"""A camera on paper: pictures with true times, what it writes on them, when they arrive, what the box's clock says.

The real `Segment` with clock and ring takes them; only the decoder is left out.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av

from edge.video.clip import StreamTemplate
from edge.video.clock import StreamClock
from edge.video.ring import PacketRing
from edge.video.segment import Position, Segment
from tests.edge.media import make_video

FPS = 12.5
GOP = 25
TICKS = 90_000
BEGIN_S = datetime(2026, 3, 1, 8, 0, tzinfo=UTC).timestamp()


@functools.cache
def coded() -> tuple[StreamTemplate, tuple[tuple[bytes, bool], ...]]:
    """One group of pictures as FFmpeg coded it, and its parameters."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "a.mp4", frames=GOP, fps=FPS, gop=GOP)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            template = StreamTemplate(stream)
            return template, tuple((bytes(p), p.is_keyframe) for p in container.demux(stream) if p.size)


@dataclass
class Picture:
    """`true_s`: when it was taken; `told_s`: what the camera writes on it; `arrives_s`: true time of arrival."""

    true_s: float
    told_s: float
    arrives_s: float


class _Packet:
    """As much of PyAV's packet as a segment asks for."""

    def __init__(self, data: bytes, key: bool, pts: int) -> None:
        self._data, self.is_keyframe, self.pts, self.dts = data, key, pts, pts
        self.size, self.duration = len(data), round(TICKS / FPS)

    def __bytes__(self) -> bytes:
        return self._data

    def has_sidedata(self, name: str) -> bool:
        return False

    def decode(self) -> list[Any]:
        return [SimpleNamespace(pts=self.pts, dts=self.dts, width=160, height=96, packet=self)]


@dataclass
class Box:
    """A box that watches one camera. `error_s(true_s)`: how wrong its wall clock is; `synchronised(true_s)`."""

    error_s: Callable[[float], float] = lambda true_s: 0.0
    synchronised: Callable[[float], bool] = lambda true_s: True
    stamps: list[tuple[Picture, float]] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now_s = 0.0
        self.position = Position()
        self.ring = PacketRing(seconds=60)
        self.clock = StreamClock(file=False, system_synchronised=lambda: self.synchronised(self.now_s))

    def watch(self, pictures: Sequence[Picture], each: Callable[[int], None] = lambda index: None) -> Box:
        """One connection. `each` is called after the picture of that index."""
        template, packets = coded()
        stream: Any = SimpleNamespace(
            time_base=Fraction(1, TICKS), codec_context=SimpleNamespace(has_b_frames=False, name="h264")
        )
        segment = Segment(
            stream, live=True, fps=FPS, position=self.position, clock=self.clock, ring=None,
            wall=lambda: datetime.fromtimestamp(BEGIN_S + self.now_s + self.error_s(self.now_s), UTC),
            monotonic=lambda: 5000.0 + self.now_s,
        )  # fmt: skip
        self.ring.start_segment(template)
        segment._ring = self.ring
        by_packet: dict[int, Picture] = {}
        for index, picture in enumerate(pictures):
            self.now_s = max(self.now_s, picture.arrives_s)
            packet: Any = _Packet(*packets[index % GOP], round((3600 + picture.told_s) * TICKS))
            by_packet[id(packet)] = picture
            packet.picture = picture
            for shown, t_s in segment.feed(packet):
                self.position.t_s, self.position.seen_s = t_s, 5000.0 + self.now_s
                self.stamps.append((shown.packet.picture, t_s))
                self.segments.append(self.clock.segment_at(t_s))
            each(index)
        return self

    def error_of(self, picture: Picture, t_s: float) -> float:
        """Seconds by which the picture is dated wrong."""
        return self.clock.wall_at(t_s).timestamp() - BEGIN_S - picture.true_s


def steady(seconds: float, *, from_s: float = 0.0, delay_s: float = 0.05) -> list[Picture]:
    """A camera that does everything right."""
    count = round(seconds * FPS)
    return [Picture(t, t, t + delay_s) for t in (from_s + i / FPS for i in range(count))]
