"""Frames and compressed packets of one camera or one file, with PyAV, in a thread of its own.

A live stream must not wait for us: when the consumer is slow the oldest decoded frame is dropped and counted, and a
broken or silent stream is opened again with growing pauses. A file waits for its consumer and drops nothing.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.types import Frame, Image
from edge.video.clock import StreamClock
from edge.video.cut import CutWatch
from edge.video.margins import VideoMargins
from edge.video.ring import PacketRing
from edge.video.segment import Position, Segment
from edge.video.source_errors import SourceError, check_file, open_error
from edge.video.source_status import SourceSettings, SourceState, SourceStatus, StreamInfo
from evidence.addresses import hide, remember, shown_address
from zones.picture import PictureRefused, as_shown

__all__ = ["EndOfStream", "SourceSettings", "SourceState", "SourceStatus", "StreamInfo", "VideoSource"]
log = logging.getLogger(__name__)
# Every fault becomes one line of ours; FFmpeg's own lines would repeat it per packet.
av.logging.set_level(None)

_Decoded = tuple[int, float, Image, int]
_MAX_DEMUX_ERRORS = 20
_SHARE_OVER_S = 10.0
_ABANDON_S = 5.0
"""FFmpeg keeps its time-outs to the second; a reader silent for so much longer hangs in it for good."""


class EndOfStream(Exception):
    """There are no more frames."""


class _Stalled(Exception):
    """The stream is open but no frame comes."""


class _Abandoned(Exception):
    """This reader hung; another has taken its place."""


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
        margins: VideoMargins | None = None,
        start_at: datetime | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self.url = str(url)
        remember(self.url)
        self.shown = shown_address(self.url)
        self.live = "://" in self.url and not self.url.startswith("file:")
        self.settings = settings or SourceSettings()
        self._margins = margins or VideoMargins()
        self.clock = StreamClock(file=not self.live, start_at=start_at, margins=self._margins.clock)
        self.info: StreamInfo | None = None
        self._ring = ring
        self._wall, self._monotonic, self._uniform = wall, monotonic, uniform
        self._queue: queue.Queue[Frame | None] = queue.Queue(self.settings.queue_frames)
        self._stop = threading.Event()
        self._thread = self._reader(0)
        self._state: SourceState = "starting"
        self._error = ""
        self._fatal: SourceError | None = None
        self._over = False
        self._ended_early = ""
        self._interlaced = False
        self._frames = self._dropped = self._corrupt = self._reconnects = 0
        self._arrivals: deque[float] = deque(maxlen=50)
        self._position = Position()
        self._segment: Segment | None = None
        self._next_due_s = 0.0
        self._cuts = 0
        self._watch: CutWatch[_Decoded] = CutWatch(self._margins.cut)
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=2000)
        self._generation = 0
        self._alive_s = self._monotonic()

    def start(self) -> None:
        self._alive_s = self._monotonic()
        self._thread.start()

    def _reader(self, generation: int) -> threading.Thread:
        return threading.Thread(target=self._run, args=(generation,), name=f"source {self.shown}", daemon=True)

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
                self._watch_reader()
                return None
            if frame is not None:
                return frame
            self._over = True
        raise self._fatal or EndOfStream

    def status(self) -> SourceStatus:
        now = self._monotonic()
        arrivals = list(self._arrivals)
        segment, position = self._segment, self._position
        age_s = None if position.seen_s is None else round(now - position.seen_s, 3)
        hangs = self.live and self._state == "running" and (age_s or 0.0) > self.settings.read_timeout_s
        recent = [dropped for at_s, dropped in list(self._outcomes) if now - at_s <= _SHARE_OVER_S]
        span = now - arrivals[0] if arrivals else 0.0
        return SourceStatus(
            state="stalled" if hangs else self._state,
            error=self._error or (f"no decodable frame for {age_s:.0f} s" if hangs else ""),
            frames=self._frames,
            dropped=self._dropped,
            corrupt=self._corrupt + (segment.corrupt if segment is not None else 0),
            reconnects=self._reconnects,
            fps=round(len(arrivals) / span, 2) if span > 0.5 and self._state == "running" else 0.0,
            last_frame_age_s=age_s,
            ended_early=self._ended_early,
            time_steps=position.counts.steps,
            restamped=position.counts.restamped,
            clock_steps=self.clock.clock_steps,
            cuts=self._cuts,
            size_changes=position.size_changes,
            key_interval_s=position.key_interval_s,
            dropped_share=round(sum(recent) / len(recent), 3) if recent else 0.0,
        )

    def _watch_reader(self) -> None:
        """The watchdog: a reader that hangs inside FFmpeg is left to itself, and another takes its place."""
        s = self.settings
        if not self.live or self._over or self._stop.is_set():
            return
        silent_s = self._monotonic() - self._alive_s
        if silent_s <= s.open_timeout_s + s.read_timeout_s + _ABANDON_S:
            return
        log.error("source hangs url=%s silent_s=%.0f: opened again", self.shown, silent_s)
        self._state, self._error = "stalled", f"the reader hung for {silent_s:.0f} s"
        self._generation += 1
        self._reconnects += 1
        self._alive_s = self._monotonic()
        self._thread = self._reader(self._generation)
        self._thread.start()

    def _alive(self, generation: int) -> None:
        if generation != self._generation:
            raise _Abandoned
        self._alive_s = self._monotonic()

    def _run(self, generation: int) -> None:
        try:
            if self.live:
                self._run_live(generation)
            else:
                self._run_file(generation)
        except _Abandoned:
            return
        except SourceError as error:
            self._fail(error)
        except Exception as error:
            # A decoder or driver may raise anything; this camera fails, the process does not.
            log.exception("source failed url=%s", self.shown)
            self._fail(SourceError(f"failed: {error!r}", where=self.shown))
        if generation == self._generation:
            self._put_end()

    def _run_file(self, generation: int) -> None:
        while not self._stop.is_set():
            before = self._frames
            self._play(generation)
            if not self.settings.loop or self._frames == before:
                break
        self._state = "ended"

    def _run_live(self, generation: int) -> None:
        failures = 0
        while not self._stop.is_set():
            self._alive(generation)
            before = self._frames
            try:
                self._play(generation)
                raise SourceError("the camera closed the stream", where=self.shown)
            except _Stalled as error:
                self._state, self._error = "stalled", str(error)
            except (SourceError, av.FFmpegError) as error:
                self._state, self._error = "reconnecting", hide(str(error))
            if self._stop.is_set():
                break
            failures = 0 if self._frames > before else failures + 1
            pause_s = self._pause_s(failures)
            log.warning(
                "source lost url=%s state=%s pause_s=%.1f error=%s",
                self.shown,
                self._state,
                pause_s,
                self._error,
            )
            self._alive(generation)
            self._stop.wait(min(pause_s, self.settings.read_timeout_s))
            while not self._stop.is_set() and pause_s > self.settings.read_timeout_s:
                pause_s -= self.settings.read_timeout_s
                self._alive(generation)
                self._stop.wait(min(pause_s, self.settings.read_timeout_s))
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
        # An audio track is not even asked for: it would keep the connection busy while the video hangs.
        options = {"allowed_media_types": "video", "timeout": str(int(s.read_timeout_s * 1e6))}
        # A stream without a key frame is looked at for long at its opening; half the time to open is for that.
        options["analyzeduration"] = str(int(min(5.0, s.open_timeout_s / 2) * 1e6))
        options |= {"rtsp_flags": "prefer_tcp"} if s.transport == "auto" else {"rtsp_transport": s.transport}
        return av.open(self.url, options=options, timeout=(s.open_timeout_s, s.read_timeout_s))

    def _play(self, generation: int) -> None:
        """Read one connection or one pass of a file to its end."""
        try:
            container = self._open()
        except av.FFmpegError as error:
            raise open_error(error, self.url, live=self.live) from error
        with container:
            self._alive(generation)
            if not container.streams.video:
                raise SourceError(
                    "has no video stream", where=self.shown, remedy="give a video file or a camera's stream"
                )
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise SourceError(
                    "uses a codec that this FFmpeg cannot decode",
                    where=self.shown,
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
                margins=self._margins,
            )
            self._release(self._watch.flush())
            try:
                for packet in self._packets(container, stream, segment, generation):
                    for picture, t_s in segment.feed(packet):
                        if self.settings.realtime and not self.live:
                            self._stop.wait(max(0.0, segment.due_s(t_s) - self._monotonic()))
                        self._deliver(picture, t_s)
                    if self._stop.is_set():
                        return
                self._release(self._watch.flush())
            finally:
                self._corrupt += segment.corrupt
                if self._segment is segment:
                    self._segment = None
            if not self.live:
                self._note_early_end(container, stream, segment)

    def _packets(
        self, container: InputContainer, stream: VideoStream, segment: Segment, generation: int
    ) -> Iterator[Packet[VideoStream]]:
        """Demuxed packets; damaged stretches of a file are stepped over, a live stream's errors go up."""
        errors = 0
        last_frames, since = self._frames, self._monotonic()
        while True:
            try:
                for packet in container.demux() if self.live else container.demux(stream):
                    errors = 0
                    if packet.stream_index == stream.index:
                        yield cast("Packet[VideoStream]", packet)
                    now = self._monotonic()
                    if self._frames != last_frames:
                        last_frames, since = self._frames, now
                    elif self.live:
                        self._check_progress(now - since, segment)
                    self._alive(generation)
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
                    log.warning("source ended early url=%s %s", self.shown, self._ended_early)
                    return

    def _check_progress(self, without_s: float, segment: Segment) -> None:
        """Packets come, but no picture: at the start a key frame is waited for, later the camera is opened again."""
        s = self.settings
        if segment.first_t_s is not None:
            if without_s > s.read_timeout_s:
                raise _Stalled(f"no decodable frame for {without_s:.1f} s")
        elif without_s > max(s.read_timeout_s, s.key_wait_s):
            raise _Stalled(
                f"no key frame for {without_s:.0f} s -> set the camera's key frame (I-frame) interval to 2 s"
            )
        elif without_s > 2.0:
            self._error = f"waits for a key frame, for {without_s:.0f} s now"

    def _note_info(self, stream: VideoStream) -> None:
        context = stream.codec_context
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        self.info = StreamInfo(context.width, context.height, round(float(rate), 4) if rate else 0.0, context.name)

    def _note_early_end(self, container: InputContainer, stream: VideoStream, segment: Segment) -> None:
        if segment.first_t_s is None:
            raise SourceError(
                "holds no picture that can be decoded",
                where=self.shown,
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
            log.warning("source ended early url=%s %s", self.shown, self._ended_early)

    def _deliver(self, picture: VideoFrame, t_s: float) -> None:
        index = self._frames
        self._frames += 1
        now = self._monotonic()
        self._position.t_s, self._position.seen_s = t_s, now
        self._arrivals.append(now)
        if self.info is not None and (picture.width, picture.height) != (self.info.width, self.info.height):
            self.info = replace(self.info, width=picture.width, height=picture.height)
        if self._state != "running":
            log.info("source running url=%s t_s=%.3f reconnects=%d", self.shown, t_s, self._reconnects)
        self._state, self._error = "running", ""
        if picture.is_corrupt:
            self._corrupt += 1  # concealed by the decoder: not something to accuse anyone with
            return
        if self.settings.fps_limit is not None:
            if t_s + 1e-6 < self._next_due_s:
                return
            step = 1.0 / self.settings.fps_limit
            self._next_due_s = max(self._next_due_s + step, t_s)
        if picture.interlaced_frame and not self._interlaced:
            self._interlaced = True
            log.warning(
                "source interlaced url=%s: one field of each picture is used; set the camera to progressive", self.shown
            )
        try:
            image = as_shown(picture, where=self.shown)
        except PictureRefused as error:
            raise SourceError(error.what, where=self.shown, remedy=error.remedy) from error
        image.setflags(write=False)
        self._release(self._watch.feed((index, t_s, image, picture.pts or 0), image, t_s))

    def _release(self, pictures: list[tuple[_Decoded, bool]]) -> None:
        for (index, t_s, image, pts), cut in pictures:
            if cut:
                self._cuts += 1
                self.clock.picture_cut(t_s)
                log.warning("the picture was cut url=%s t_s=%.3f: tracks and lamps begin anew", self.shown, t_s)
            self._put(Frame(index, t_s, image, self.clock.wall_at(t_s), pts, self.clock.segment_at(t_s)))

    def _put(self, frame: Frame) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put(frame, timeout=None if self.live else 0.5, block=not self.live)
                self._outcomes.append((self._monotonic(), False))
                return
            except queue.Full:
                if self.live and self._take_oldest():
                    self._dropped += 1
                    with contextlib.suppress(IndexError):
                        self._outcomes.pop()
                    self._outcomes.append((self._monotonic(), True))

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
        log.error("source failed url=%s error=%s", self.shown, error)
