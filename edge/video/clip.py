"""MP4 from the camera's own compressed packets: copied byte for byte, only the timestamps are rebased."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import av
from av.video.stream import VideoStream

from evidence.errors import GiaoLoError

ClipFault = Literal[
    "clip_too_short", "clip_gap", "clip_sparse", "clip_memory_small", "clip_moment_missing", "clip_nothing_held",
    "clip_not_made",
]  # fmt: skip
"""What keeps a clip from being whole, or from being there: a packet names the kind, and each screen has its words."""


class ClipError(GiaoLoError):
    """A clip cannot be cut: the packets are gone, or the codec does not fit into MP4."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "", kind: ClipFault = "clip_not_made") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.kind = kind


@dataclass(frozen=True)
class RingPacket:
    """A compressed packet as the camera sent it. `pts`, `dts`, `duration` are in the time base of its stream."""

    data: bytes
    pts: int
    dts: int | None
    duration: int
    key: bool
    t_s: float


@dataclass(frozen=True)
class Clip:
    """`from_s`/`to_s`: stream times of the first and last picture in `data`; `complete`: the whole wish was held;
    `faults`: what it lacks where not, and `note` the same with its numbers, for a log."""

    data: bytes
    from_s: float
    to_s: float
    complete: bool
    note: str = ""
    faults: tuple[ClipFault, ...] = ()


class StreamTemplate:
    """Codec parameters of a stream, kept after its container is closed (they live in a container never written)."""

    def __init__(self, stream: VideoStream) -> None:
        if stream.time_base is None:
            raise ClipError("stream has no time base")
        self.time_base: Fraction = stream.time_base
        self.codec: str = stream.codec_context.name
        self._holder = av.open(io.BytesIO(), "w", format="mp4")
        try:
            self.stream = self._holder.add_stream_from_template(stream, opaque=True)
        except ValueError as error:
            raise ClipError(
                f"codec {self.codec} does not fit into an MP4 clip",
                remedy="set the camera to H.264, H.265 or MPEG-4",
            ) from error


def mux(template: StreamTemplate, packets: Sequence[RingPacket]) -> bytes:
    """Packets in decode order, the first a key frame, to one MP4 file that starts at time zero.

    Leading pictures that refer to the group before (open GOP) are left out: they could not be decoded.
    """
    if not packets or not packets[0].key:
        raise ClipError("does not start with a key frame")
    origin = packets[0].pts
    kept = [packets[0], *(p for p in packets[1:] if p.pts > origin)]
    output = io.BytesIO()
    try:
        with av.open(output, "w", format="mp4") as container:
            stream = container.add_stream_from_template(template.stream, opaque=True)
            for source, dts in zip(kept, _decode_times(kept), strict=True):
                packet = av.Packet(source.data)
                packet.stream = stream
                packet.time_base = template.time_base
                packet.pts = source.pts - origin
                packet.dts = dts - origin
                packet.duration = source.duration
                packet.is_keyframe = source.key
                container.mux_one(packet)
    except (av.FFmpegError, ValueError) as error:
        raise ClipError(f"cannot be written as MP4: {error}") from error
    return output.getvalue()


def _decode_times(packets: Sequence[RingPacket]) -> list[int]:
    """Decode times, made from the presentation times where the camera gives none or they run backwards."""
    given = [p.dts for p in packets]
    known = [d for d in given if d is not None]
    if len(known) == len(given) and all(a < b for a, b in pairwise(known)):
        return known
    ordered: list[int] = []
    for pts in sorted(p.pts for p in packets):
        ordered.append(max(pts, ordered[-1] + 1) if ordered else pts)  # two packets of one time (slices) come in order
    shift = max(dts - p.pts for dts, p in zip(ordered, packets, strict=True))
    return [dts - shift for dts in ordered]
