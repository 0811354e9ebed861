"""Frames and compressed packets of one camera or one file, with PyAV, in a thread of its own.

A live stream must not wait for us: when the consumer is slow the oldest decoded frame is dropped and counted, and a
broken or silent stream is opened again with growing pauses. A file waits for its consumer and drops nothing.
"""

from __future__ import annotations

import logging
import queue
import random
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

from edge.clock import StreamClock
from edge.ring import PacketRing
from edge.segment import Position, Segment
from edge.source_errors import SourceError, check_file, open_error, shown_url
from edge.types import Frame, Image

log = logging.getLogger(__name__)
# Every fault becomes one line of ours; FFmpeg's own lines would repeat it per packet.
av.logging.set_level(None)

SourceState = Literal["starting", "running", "reconnecting", "stalled", "ended", "failed"]
_MAX_DEMUX_ERRORS = 20


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
        self._position = Position()
        self._segment: Segment | None = None
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
        segment = self._segment
        span = now - arrivals[0] if arrivals else 0.0
        return SourceStatus(
            state=self._state,
            error=self._error,
            frames=self._frames,
            dropped=self._dropped,
            corrupt=self._corrupt + (segment.corrupt if segment is not None else 0),
            reconnects=self._reconnects,
            fps=round(len(arrivals) / span, 2) if span > 0.5 and self._state == "running" else 0.0,
            last_frame_age_s=None if self._position.seen_s is None else round(now - self._position.seen_s, 3),
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
            check_file(self.url)
            return av.open(self.url)
        options = {"rtsp_transport": "tcp", "timeout": str(int(s.read_timeout_s * 1e6))}
        return av.open(self.url, options=options, timeout=(s.open_timeout_s, s.read_timeout_s))

    def _play(self) -> None:
        """Read one connection or one pass of a file to its end."""
        try:
            container = self._open()
        except av.FFmpegError as error:
            raise open_error(error, self.url, live=self.live) from error
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
            segment = self._segment = Segment(
                stream,
                live=self.live,
                fps=self.info.fps if self.info else 0.0,
                position=self._position,
                clock=self.clock,
                ring=self._ring,
                wall=self._wall,
                monotonic=self._monotonic,
            )
            try:
                for packet in self._packets(container, stream):
                    for picture, t_s in segment.feed(packet):
                        if self.settings.realtime and not self.live:
                            self._stop.wait(max(0.0, segment.due_s(t_s) - self._monotonic()))
                        self._deliver(picture, t_s)
                    if self._stop.is_set():
                        return
            finally:
                self._corrupt += segment.corrupt
                self._segment = None
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
                    self._ended_early = f"unreadable after {self._position.t_s or 0.0:.2f} s: {error.strerror}"
                    log.warning("source ended early url=%s %s", shown_url(self.url), self._ended_early)
                    return

    def _note_info(self, stream: VideoStream) -> None:
        context = stream.codec_context
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        self.info = StreamInfo(context.width, context.height, round(float(rate), 4) if rate else 0.0, context.name)

    def _note_early_end(self, container: InputContainer, stream: VideoStream, segment: Segment) -> None:
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
        played_s = (self._position.t_s or 0.0) - segment.first_t_s
        if declared_s - played_s > max(1.0, 0.02 * declared_s) and not self._ended_early:
            self._ended_early = f"file ends after {played_s:.2f} s of the {declared_s:.2f} s its header promises"
            log.warning("source ended early url=%s %s", shown_url(self.url), self._ended_early)

    def _deliver(self, picture: VideoFrame, t_s: float) -> None:
        index = self._frames
        self._frames += 1
        now = self._monotonic()
        self._position.t_s, self._position.seen_s = t_s, now
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
        self._put(Frame(index, t_s, image, self.clock.wall_at(t_s), picture.pts or 0, self.clock.segment_at(t_s)))

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
