"""The packets of one connection or pass: put on the line of stream time, into the ring, decoded."""

from __future__ import annotations

import logging
import struct
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from common.stopwatch import UNTIMED, Stopwatch
from edge.video.clip import ClipError, RingPacket, StreamTemplate
from edge.video.clock import StreamClock
from edge.video.margins import VideoMargins
from edge.video.ring import PacketRing
from edge.video.stream_time import Stamped, StreamTime, TimeCounts

log = logging.getLogger(__name__)
_MAX_EARLY = 500


@dataclass
class Position:
    """The last picture of the source, over all its segments: stream time, and when it came (monotonic).

    `key_gaps_s`: the last times between key frames.
    """

    t_s: float | None = None
    seen_s: float | None = None
    counts: TimeCounts = field(default_factory=TimeCounts)
    size_changes: int = 0
    key_gaps_s: deque[float] = field(default_factory=lambda: deque(maxlen=4))
    key_s: float | None = None

    @property
    def key_interval_s(self) -> float | None:
        """The longest time between key frames of late, the one that runs now included; None before the first."""
        if self.key_s is None or self.t_s is None:
            return None
        return round(max([*self.key_gaps_s, self.t_s - self.key_s]), 2)


class Segment:
    """Feed it packets in order; it gives pictures with their stream time.

    Parameters
    ----------
    position: where the segments before ended; stream time goes on from there.
    fps: rate told by the stream, 0 if it tells none.
    keys_only: of the pictures only key frames are decoded; the place of every packet in time counts all the same.
    """

    def __init__(
        self,
        stream: VideoStream,
        *,
        live: bool,
        fps: float,
        position: Position,
        clock: StreamClock,
        ring: PacketRing | None,
        wall: Callable[[], datetime],
        monotonic: Callable[[], float],
        margins: VideoMargins | None = None,
        stopwatch: Stopwatch = UNTIMED,
        keys_only: bool = False,
    ) -> None:
        numbers = margins or VideoMargins()
        self._stage, self._keys_only = stopwatch.stage, keys_only
        self._margins = numbers.segment
        self._live = live
        self._position = position
        self._clock, self._ring = clock, ring
        self._wall, self._monotonic = wall, monotonic
        self._base = float(stream.time_base or 0)
        self._step_s = 1.0 / fps if fps > 0 else 0.04
        self._context = stream.codec_context
        self._time: StreamTime[Packet[VideoStream]] = StreamTime(
            self._base,
            self._step_s,
            live=live,
            counts=position.counts,
            margins=numbers.stream_time,
            arrival_margins=numbers.arrival,
        )
        self._origin: int | None = None
        self._offset_s = 0.0
        self._size: tuple[int, int] | None = None
        self._key_s: float | None = None
        self._began = self._opened_s = monotonic()
        self._early: list[tuple[Stamped[Packet[VideoStream]], float | None]] = []
        self._untimed: list[Packet[VideoStream]] = []
        self.first_t_s: float | None = None
        self.corrupt = 0
        self.kept = 0
        """Packets that have their place in time."""
        if ring is not None:
            try:
                ring.start_segment(StreamTemplate(stream))
            except ClipError as error:
                log.warning("no clips of this stream: %s", error)
                ring.start_segment(None)

    def feed(self, packet: Packet[VideoStream]) -> Iterator[tuple[VideoFrame, float]]:
        """The pictures that come out of the decoder with this packet, and their stream times."""
        if packet.size and self._origin is None and packet.pts is None and packet.dts is None:
            self._untimed.append(packet)  # RTP: FFmpeg knows no time before the second packet
            del self._untimed[:-_MAX_EARLY]
            return
        for each in (*self._dated_back(packet), packet):
            for stamped in self._stamp(each):
                if stamped is not None:
                    self._place(stamped)
                yield from self._decode(stamped.item if stamped is not None else each)

    def _stamp(self, packet: Packet[VideoStream]) -> list[Stamped[Packet[VideoStream]] | None]:
        """The packets whose place in time is known now; None stands for `packet` itself when it has no time."""
        pts = packet.pts if packet.pts is not None else packet.dts
        if not packet.size:
            return [*self._time.flush(), None]
        if pts is None:
            return [None]
        self._time.reorders = self.first_t_s is None or bool(self._context.has_b_frames)
        return list(self._time.feed(packet, pts, self._monotonic()))

    def _place(self, stamped: Stamped[Packet[VideoStream]]) -> None:
        """Write the place on the line over the camera's own time, for decoder and ring alike."""
        packet = stamped.item
        dts = packet.dts
        sender_s = _sender_wall_s(packet) if stamped.shift is not None else None
        packet.pts = stamped.ticks
        packet.dts = dts - stamped.shift if dts is not None and stamped.shift is not None else None
        if self._origin is not None:
            self._keep(stamped, sender_s)
            return
        if packet.is_keyframe:
            self._early.clear()  # no clip can start before it
        if len(self._early) < _MAX_EARLY:
            self._early.append((stamped, sender_s))

    def due_s(self, t_s: float) -> float:
        """When (monotonic) the picture with stream time `t_s` is due if the file is played at its own pace."""
        return self._began + (t_s - self._offset_s)

    def _dated_back(self, packet: Packet[VideoStream]) -> list[Packet[VideoStream]]:
        """The first packets, with the times before this one's."""
        untimed, self._untimed = self._untimed, []
        time = packet.dts if packet.dts is not None else packet.pts
        if time is None:
            return []
        step = packet.duration or max(1, round(self._step_s / self._base))
        for back, early in enumerate(reversed(untimed), 1):
            early.pts = early.dts = time - back * step
        return untimed

    def _keep(self, stamped: Stamped[Packet[VideoStream]], sender_s: float | None) -> None:
        packet = stamped.item
        t_s = self._t_s(stamped.ticks)
        if stamped.begins:
            self._clock.stream_step(t_s, whole=stamped.whole)
            log.warning("stream time stepped t_s=%.3f steps=%d", t_s, self._position.counts.steps)
        now, moment_s = self._now()
        # a packet held back was here before: both clocks then, not now
        held_s = max(moment_s - stamped.arrival_s, 0.0)
        self._clock.observe_arrival(t_s, now - timedelta(seconds=held_s), moment_s - held_s, sure=stamped.sure)
        if sender_s is not None and abs(sender_s - now.timestamp()) < self._margins.plausible_s:
            self._clock.observe_sender(t_s, sender_s)
        if packet.is_keyframe:
            # the first one was waited for: at least so long is the interval
            since_s = stamped.arrival_s - self._opened_s if self._key_s is None else t_s - self._key_s
            self._position.key_gaps_s.append(max(since_s, 0.0))
            self._key_s = self._position.key_s = t_s
        self.kept += 1
        if self._keys_only:
            last_s = self._position.t_s
            self._position.t_s, self._position.seen_s = max(t_s, last_s or 0.0), moment_s
        if self._ring is not None:
            duration = packet.duration or 0
            self._ring.push(RingPacket(bytes(packet), stamped.ticks, packet.dts, duration, packet.is_keyframe, t_s))

    def _now(self) -> tuple[datetime, float]:
        """Wall and monotonic clock of one moment."""
        for _ in range(3):
            before_s = self._monotonic()
            now = self._wall()
            after_s = self._monotonic()
            if after_s - before_s <= self._margins.same_moment_s:
                break
        return now, (before_s + after_s) / 2

    def _decode(self, packet: Packet[VideoStream]) -> Iterator[tuple[VideoFrame, float]]:
        try:
            with self._stage("decoding"):
                pictures = self._alone(packet) if self._keys_only else packet.decode()
        except av.error.EOFError:
            return
        except av.FFmpegError as error:
            self.corrupt += 1
            log.debug("packet not decodable error=%s", error.strerror)
            return
        for picture in pictures:
            pts = picture.pts if picture.pts is not None else picture.dts
            last_t_s = self._position.t_s
            if self._origin is None:
                self._begin(pts or 0)
            t_s = self._t_s(pts) if pts is not None else (last_t_s or 0.0) + self._step_s
            if last_t_s is not None and t_s <= last_t_s and not self._keys_only:
                t_s = last_t_s + 1e-3  # stream time never stands still or runs backwards
            self._note_size(picture, t_s)
            yield picture, t_s

    def _alone(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        """The picture of a key frame, without waiting for those that may be shown before it."""
        if not packet.size or not packet.is_keyframe:
            return []
        pictures = self._context.decode(packet)
        pictures += self._context.decode(None)
        self._context.flush_buffers()
        return pictures

    def _note_size(self, picture: VideoFrame, t_s: float) -> None:
        """Other parameter sets: no clip and no track goes across."""
        size = (picture.width, picture.height)
        if self._size is not None and size != self._size:
            self._position.size_changes += 1
            self._clock.picture_cut(t_s)
            if self._ring is not None:
                self._ring.split(t_s)
        self._size = size

    def _begin(self, pts: int) -> None:
        """First picture: stream time starts at zero, or goes on after the gap of a reconnect."""
        self._origin = pts
        last = self._position
        if last.t_s is not None and last.seen_s is not None:
            gap_s = self._gap_s(last.t_s, last.seen_s) if self._live else self._step_s
            self._offset_s = last.t_s + max(gap_s, self._step_s)
        self.first_t_s = self._offset_s
        self._began = self._monotonic()
        self._clock.start_segment(self._offset_s)
        now, moment_s = self._now()
        self._clock.observe_arrival(self._offset_s, now, moment_s)
        early, self._early = self._early, []
        for stamped, sender_s in early:
            self._keep(stamped, sender_s)

    def _gap_s(self, last_t_s: float, last_seen_s: float) -> float:
        """Seconds without pictures: by the camera's clock if it tells it, else by ours (late by the time to open)."""
        ours_s = self._monotonic() - last_seen_s
        sender_s = next((s for _, s in self._early if s is not None), None)
        if sender_s is None:
            return ours_s
        told_s = sender_s - self._clock.wall_at(last_t_s).timestamp()
        return told_s if 0 < told_s < ours_s + self._margins.told_gap_s else ours_s

    def _t_s(self, pts: int) -> float:
        return max(0.0, round((pts - (self._origin or 0)) * self._base + self._offset_s, 6))


def _sender_wall_s(packet: Packet[VideoStream]) -> float | None:
    """UTC of the packet by the camera's RTCP sender reports (FFmpeg's producer reference time), seconds since 1970."""
    if not packet.has_sidedata("prft"):
        return None
    (wall_us,) = struct.unpack_from("=q", bytes(packet.get_sidedata("prft")))
    return float(wall_us) / 1e6
