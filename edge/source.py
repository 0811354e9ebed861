"""Frames and compressed packets of one camera or one file, with PyAV, in a thread of its own.

A live stream must not wait for us: when the consumer is slow the oldest decoded frame is dropped and counted, and a
broken or silent stream is opened again with growing pauses. A file waits for its consumer and drops nothing.
"""

from __future__ import annotations

import logging
import queue
import random
import re
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.clip import ClipError, RingPacket, StreamTemplate
from edge.clock import StreamClock
from edge.ring import PacketRing
from edge.types import Frame, Image
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)
# Every fault becomes one line of ours; FFmpeg's own lines would repeat it per packet.
av.logging.set_level(None)

SourceState = Literal["starting", "running", "reconnecting", "stalled", "ended", "failed"]
_MAX_DEMUX_ERRORS = 20
_PLAUSIBLE_S = 366 * 86400.0
_MAX_UNTIMED = 50


class SourceError(GiaoLoError):
    """A camera or a video file cannot be used."""


class EndOfStream(Exception):
    """There are no more frames."""


class _Stalled(Exception):
    """The stream is open but no frame comes."""


@dataclass(frozen=True)
class SourceSettings:
    """`fps_limit`: deliver at most so many frames a second (all are decoded, all packets are kept)."""

    open_timeout_s: float = 10.0
    read_timeout_s: float = 10.0
    backoff_first_s: float = 1.0
    backoff_max_s: float = 30.0
    queue_frames: int = 4
    decode_threads: int = 1
    fps_limit: float | None = None
    realtime: bool = False
    loop: bool = False


@dataclass(frozen=True)
class StreamInfo:
    width: int
    height: int
    fps: float
    codec: str


@dataclass(frozen=True)
class SourceStatus:
    """A snapshot for health and metrics; counters since the start."""

    state: SourceState
    error: str
    frames: int
    dropped: int
    corrupt: int
    reconnects: int
    fps: float
    last_frame_age_s: float | None
    ended_early: str


class VideoSource:
    """One stream. `start`, iterate `frames`, `stop`.

    Parameters
    ----------
    url: a path, or `rtsp://...` (over TCP).
    ring: receives every compressed packet.
    start_at: UTC of a file's first frame.
    wall, monotonic, uniform: clocks and randomness (0..1), for tests.
    """

    def __init__(
        self,
        url: str | Path,
        *,
        ring: PacketRing | None = None,
        settings: SourceSettings | None = None,
        start_at: datetime | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self.url = str(url)
        self.live = "://" in self.url and not self.url.startswith("file:")
        self.settings = settings or SourceSettings()
        self.clock = StreamClock(file=not self.live, start_at=start_at)
        self.info: StreamInfo | None = None
        self._ring = ring
        self._wall, self._monotonic, self._uniform = wall, monotonic, uniform
        self._queue: queue.Queue[Frame | None] = queue.Queue(self.settings.queue_frames)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"source {shown_url(self.url)}", daemon=True)
        self._state: SourceState = "starting"
        self._error = ""
        self._fatal: SourceError | None = None
        self._over = False
        self._ended_early = ""
        self._frames = self._dropped = self._corrupt = self._reconnects = 0
        self._arrivals: deque[float] = deque(maxlen=50)
        # Position in stream time: of the last frame, and of the segment being read.
        self._last_t_s: float | None = None
        self._last_seen: float | None = None
        self._next_due_s = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float | None = None) -> None:
        """Ask the thread to end; it does within the read timeout."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def frames(self) -> Iterator[Frame]:
        """Decoded frames in order until the file or the source ends. Raises `SourceError` if a file cannot be used."""
        while True:
            try:
                frame = self.next(1.0)
            except EndOfStream:
                return
            if frame is not None:
                yield frame

    def next(self, timeout_s: float) -> Frame | None:
        """The next frame, or None if none came in time.

        Raises
        ------
        EndOfStream: the file or the source has ended.
        SourceError: the file cannot be used.
        """
        if self._thread.ident is None:
            self.start()
        if not self._over:
            try:
                frame = self._queue.get(timeout=timeout_s)
            except queue.Empty:
                return None
            if frame is not None:
                return frame
            self._over = True
        raise self._fatal or EndOfStream

    def status(self) -> SourceStatus:
        now = self._monotonic()
        arrivals = list(self._arrivals)
        span = now - arrivals[0] if arrivals else 0.0
        return SourceStatus(
            state=self._state,
            error=self._error,
            frames=self._frames,
            dropped=self._dropped,
            corrupt=self._corrupt,
            reconnects=self._reconnects,
            fps=round(len(arrivals) / span, 2) if span > 0.5 and self._state == "running" else 0.0,
            last_frame_age_s=None if self._last_seen is None else round(now - self._last_seen, 3),
            ended_early=self._ended_early,
        )

    def _run(self) -> None:
        try:
            if self.live:
                self._run_live()
            else:
                self._run_file()
        except SourceError as error:
            self._fail(error)
        except Exception as error:
            # A decoder or driver may raise anything; this camera fails, the process does not.
            log.exception("source failed url=%s", shown_url(self.url))
            self._fail(SourceError(f"failed: {error!r}", where=shown_url(self.url)))
        finally:
            self._put_end()

    def _run_file(self) -> None:
        while not self._stop.is_set():
            before = self._frames
            self._play()
            if not self.settings.loop or self._frames == before:
                break
        self._state = "ended"

    def _run_live(self) -> None:
        failures = 0
        while not self._stop.is_set():
            before = self._frames
            try:
                self._play()
                raise SourceError("the camera closed the stream", where=shown_url(self.url))
            except _Stalled as error:
                self._state, self._error = "stalled", str(error)
            except (SourceError, av.FFmpegError) as error:
                self._state, self._error = "reconnecting", shown_url(str(error))
            if self._stop.is_set():
                break
            failures = 0 if self._frames > before else failures + 1
            pause_s = self._pause_s(failures)
            log.warning(
                "source lost url=%s state=%s pause_s=%.1f error=%s",
                shown_url(self.url),
                self._state,
                pause_s,
                self._error,
            )
            self._stop.wait(pause_s)
            self._reconnects += 1
        self._state = "ended"

    def _pause_s(self, failures: int) -> float:
        """Exponential back-off with jitter, so that a hundred nodes do not come back at once."""
        s = self.settings
        full = min(s.backoff_max_s, s.backoff_first_s * 2.0 ** min(failures, 16))
        return full * (0.5 + 0.5 * self._uniform())

    def _open(self) -> InputContainer:
        s = self.settings
        if not self.live:
            _check_file(self.url)
            return av.open(self.url)
        options = {"rtsp_transport": "tcp", "timeout": str(int(s.read_timeout_s * 1e6))}
        return av.open(self.url, options=options, timeout=(s.open_timeout_s, s.read_timeout_s))

    def _play(self) -> None:
        """Read one connection or one pass of a file to its end."""
        try:
            container = self._open()
        except av.FFmpegError as error:
            raise _open_error(error, self.url, live=self.live) from error
        with container:
            if not container.streams.video:
                raise SourceError(
                    "has no video stream", where=shown_url(self.url), remedy="give a video file or a camera's stream"
                )
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise SourceError(
                    "uses a codec that this FFmpeg cannot decode",
                    where=shown_url(self.url),
                    remedy="set the camera to H.264 or H.265, or convert the file",
                )
            stream.codec_context.thread_count = self.settings.decode_threads
            self._note_info(stream)
            segment = _Segment(self, stream)
            for packet in self._packets(container, stream):
                if self._stop.is_set():
                    return
                segment.packet(packet)
            segment.end()
            if not self.live:
                self._note_early_end(container, stream, segment)

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
        """Demuxed packets; damaged stretches of a file are stepped over, a live stream's errors go up."""
        errors = 0
        last_frames, since = self._frames, self._monotonic()
        while True:
            try:
                for packet in container.demux(stream):
                    errors = 0
                    yield packet
                    now = self._monotonic()
                    if self._frames != last_frames:
                        last_frames, since = self._frames, now
                    elif self.live and now - since > self.settings.read_timeout_s:
                        raise _Stalled(f"no decodable frame for {now - since:.1f} s")
                return
            except av.FFmpegError as error:
                if self.live:
                    if isinstance(error, av.error.ExitError | av.error.TimeoutError):
                        raise _Stalled(f"no packet for {self.settings.read_timeout_s:g} s") from error
                    raise
                errors += 1
                self._corrupt += 1
                if errors >= _MAX_DEMUX_ERRORS:
                    self._ended_early = f"unreadable after {self._last_t_s or 0.0:.2f} s: {error.strerror}"
                    log.warning("source ended early url=%s %s", shown_url(self.url), self._ended_early)
                    return

    def _note_info(self, stream: VideoStream) -> None:
        context = stream.codec_context
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        self.info = StreamInfo(context.width, context.height, round(float(rate), 4) if rate else 0.0, context.name)

    def _note_early_end(self, container: InputContainer, stream: VideoStream, segment: _Segment) -> None:
        if segment.first_t_s is None:
            raise SourceError(
                "holds no picture that can be decoded",
                where=shown_url(self.url),
                remedy="copy or record the file again",
            )
        declared_s = 0.0
        if stream.duration is not None and stream.time_base is not None:
            declared_s = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            declared_s = container.duration / av.time_base
        played_s = (self._last_t_s or 0.0) - segment.first_t_s
        if declared_s - played_s > max(1.0, 0.02 * declared_s) and not self._ended_early:
            self._ended_early = f"file ends after {played_s:.2f} s of the {declared_s:.2f} s its header promises"
            log.warning("source ended early url=%s %s", shown_url(self.url), self._ended_early)

    def _deliver(self, picture: VideoFrame, t_s: float) -> None:
        index = self._frames
        self._frames += 1
        self._last_t_s = t_s
        now = self._monotonic()
        self._last_seen = now
        self._arrivals.append(now)
        if self._state != "running":
            log.info("source running url=%s t_s=%.3f reconnects=%d", shown_url(self.url), t_s, self._reconnects)
        self._state, self._error = "running", ""
        if picture.is_corrupt:
            self._corrupt += 1  # concealed by the decoder: not something to accuse anyone with
            return
        if self.settings.fps_limit is not None:
            if t_s + 1e-6 < self._next_due_s:
                return
            step = 1.0 / self.settings.fps_limit
            self._next_due_s = max(self._next_due_s + step, t_s)
        image = cast(Image, picture.to_ndarray(format="bgr24"))
        image.setflags(write=False)
        self._put(Frame(index, t_s, image, self.clock.wall_at(t_s), picture.pts or 0))

    def _put(self, frame: Frame) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put(frame, timeout=None if self.live else 0.5, block=not self.live)
                return
            except queue.Full:
                if self.live and self._take_oldest():
                    self._dropped += 1

    def _put_end(self) -> None:
        while True:
            try:
                self._queue.put(None, timeout=0.5)
                return
            except queue.Full:
                if self._stop.is_set():
                    self._take_oldest()

    def _take_oldest(self) -> bool:
        try:
            self._queue.get_nowait()
        except queue.Empty:
            return False
        return True

    def _fail(self, error: SourceError) -> None:
        self._state, self._error, self._fatal = "failed", str(error), error
        log.error("source failed url=%s error=%s", shown_url(self.url), error)


class _Segment:
    """One connection or one pass: maps its timestamps to stream time and feeds ring, clock and consumer."""

    def __init__(self, source: VideoSource, stream: VideoStream) -> None:
        self._source = source
        self._stream = stream
        self._base = float(stream.time_base or 0)
        self._origin: int | None = None
        self._early: list[tuple[Packet[VideoStream], float | None]] = []
        self._untimed: list[Packet[VideoStream]] = []
        self._start = source._monotonic()
        self._step_s = 1.0 / source.info.fps if source.info and source.info.fps > 0 else 0.04
        self._offset_s = 0.0
        self.first_t_s: float | None = None
        ring = source._ring
        if ring is not None:
            try:
                ring.start_segment(StreamTemplate(stream))
            except ClipError as error:
                log.warning("no clips url=%s error=%s", shown_url(source.url), error)
                ring.start_segment(None)

    def packet(self, packet: Packet[VideoStream]) -> None:
        if packet.size and self._origin is None and packet.pts is None and packet.dts is None:
            self._untimed.append(packet)  # RTP: FFmpeg knows no time before the second packet
            del self._untimed[:-_MAX_UNTIMED]
            return
        if self._untimed:
            self._date_back(packet)
        self._take(packet)

    def _date_back(self, packet: Packet[VideoStream]) -> None:
        """Give the first packets the times before this one's."""
        step = packet.duration or max(1, round(self._step_s / self._base))
        time = packet.dts if packet.dts is not None else packet.pts
        untimed, self._untimed = self._untimed, []
        if time is not None:
            for back, early in enumerate(reversed(untimed), 1):
                early.pts = early.dts = time - back * step
            for early in untimed:
                self._take(early)

    def _take(self, packet: Packet[VideoStream]) -> None:
        if packet.size:
            self._compressed(packet)
        self._decode(packet)

    def end(self) -> None:
        """The stream ended before any picture was decoded: nothing to keep."""
        self._early.clear()

    def _compressed(self, packet: Packet[VideoStream]) -> None:
        sender_s = _sender_wall_s(packet)
        if self._origin is None:
            self._early.append((packet, sender_s))
        else:
            self._keep(packet, sender_s)

    def _keep(self, packet: Packet[VideoStream], sender_s: float | None) -> None:
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            return
        t_s = self._t_s(pts)
        source = self._source
        source.clock.observe_arrival(t_s, source._wall())
        if sender_s is not None and abs(sender_s - source._wall().timestamp()) < _PLAUSIBLE_S:
            source.clock.observe_sender(t_s, sender_s)
        if source._ring is not None:
            duration = packet.duration or 0
            source._ring.push(RingPacket(bytes(packet), pts, packet.dts, duration, packet.is_keyframe, t_s))

    def _decode(self, packet: Packet[VideoStream]) -> None:
        try:
            pictures = packet.decode()
        except av.FFmpegError as error:
            if isinstance(error, av.error.EOFError):
                return
            self._source._corrupt += 1
            log.debug("packet not decodable url=%s error=%s", shown_url(self._source.url), error.strerror)
            return
        for picture in pictures:
            if self._source._stop.is_set():
                return
            self._picture(picture)

    def _picture(self, picture: VideoFrame) -> None:
        pts = picture.pts if picture.pts is not None else picture.dts
        source = self._source
        last = source._last_t_s
        if self._origin is None:
            self._begin(pts or 0)
        t_s = self._t_s(pts) if pts is not None else (last or 0.0) + self._step_s
        if last is not None and t_s <= last:
            t_s = last + 1e-3  # stream time never stands still or runs backwards
        if source.settings.realtime and not source.live:
            source._stop.wait(max(0.0, self._start + (t_s - self._offset_s) - source._monotonic()))
        source._deliver(picture, t_s)

    def _begin(self, pts: int) -> None:
        """First picture: stream time starts at zero, or goes on after the gap of a reconnect."""
        source = self._source
        self._origin = pts
        if source._last_t_s is not None and source._last_seen is not None:
            gap_s = self._gap_s(source._last_t_s, source._last_seen) if source.live else self._step_s
            self._offset_s = source._last_t_s + max(gap_s, self._step_s)
        self.first_t_s = self._offset_s
        self._start = source._monotonic()
        source.clock.start_segment(self._offset_s)
        source.clock.observe_arrival(self._offset_s, source._wall())
        early, self._early = self._early, []
        for packet, sender_s in early:
            self._keep(packet, sender_s)

    def _gap_s(self, last_t_s: float, last_seen: float) -> float:
        """Seconds without pictures: by the camera's clock if it tells it, else by ours (late by the time to open)."""
        ours_s = self._source._monotonic() - last_seen
        sender_s = next((s for _, s in self._early if s is not None), None)
        if sender_s is None:
            return ours_s
        told_s = sender_s - self._source.clock.wall_at(last_t_s).timestamp()
        return told_s if 0 < told_s < ours_s + 1.0 else ours_s

    def _t_s(self, pts: int) -> float:
        return max(0.0, round((pts - (self._origin or 0)) * self._base + self._offset_s, 6))


def shown_url(text: str) -> str:
    """The address without user and password."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)


def _sender_wall_s(packet: Packet[VideoStream]) -> float | None:
    """UTC of the packet by the camera's RTCP sender reports (FFmpeg's producer reference time), seconds since 1970."""
    if not packet.has_sidedata("prft"):
        return None
    (wall_us,) = struct.unpack_from("=q", bytes(packet.get_sidedata("prft")))
    return float(wall_us) / 1e6


def _check_file(url: str) -> None:
    path = Path(url.removeprefix("file:"))
    if not path.is_file():
        raise SourceError("there is no such video file", where=str(path), remedy="check the path of the camera's url")
    if path.stat().st_size == 0:
        raise SourceError("is empty (0 bytes)", where=str(path), remedy="copy or record the file again")


def _open_error(error: av.FFmpegError, url: str, *, live: bool) -> SourceError:
    where = shown_url(url)
    if live and isinstance(error, av.error.InvalidDataError):
        return SourceError("does not answer as a camera, or hung up", where=where, remedy="check address and camera")
    if isinstance(error, av.error.InvalidDataError):
        return SourceError(
            "is not a video, or is cut off before its index",
            where=where,
            remedy="copy the file again; a cut-off MP4 can be recovered only if its index comes first",
        )
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.PermissionError):
        return SourceError(
            "the camera refuses the user or password", where=where, remedy="correct rtsp://user:password@..."
        )
    if isinstance(error, av.error.ExitError | av.error.TimeoutError):
        return SourceError("does not answer in time", where=where, remedy="check address, cable and the camera's power")
    return SourceError(f"cannot be opened: {error.strerror}", where=where, remedy="check address and camera")
