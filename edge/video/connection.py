"""One connection to a camera, or one pass of a file: opened, its packets read to the end, its pictures handed over.

Damaged stretches of a file are stepped over; what is wrong with a live stream goes up to whoever opens it again.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from common.stopwatch import UNTIMED, Stopwatch
from edge.video.clock import StreamClock
from edge.video.handover import Deliveries
from edge.video.margins import VideoMargins
from edge.video.progress import Progress
from edge.video.ring import PacketRing
from edge.video.segment import Segment
from edge.video.source_errors import SourceError, check_file, open_error
from edge.video.source_status import SourceSettings, StreamInfo

log = logging.getLogger(__name__)
# Every fault becomes one line of ours; FFmpeg's own lines would repeat it per packet.
av.logging.set_level(None)

_MAX_DEMUX_ERRORS = 20
_EARLY_END_S, _EARLY_END_SHARE = 1.0, 0.02
"""A file that ends by more than both before what its header promises was cut off: headers are rounded and guessed."""
_TELL_NO_KEY_S = 2.0
"""Packets without a picture for so long: the status says what is waited for. Cameras are set to a key frame in 2 s."""
_ANALYSE_S = 5.0


class Stalled(Exception):
    """The stream is open but no frame comes."""


@dataclass(frozen=True)
class Clocks:
    """Time and chance as the threads of a source see them; others in tests. `uniform`: 0..1."""

    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    uniform: Callable[[], float] = random.random


@dataclass(frozen=True)
class Stream:
    """What is read, and where what is read goes; the same for every reader of a source. `shown`: no secrets."""

    url: str
    shown: str
    live: bool
    settings: SourceSettings
    margins: VideoMargins
    clock: StreamClock
    ring: PacketRing | None
    progress: Progress
    handover: Deliveries
    stop: threading.Event
    clocks: Clocks
    stopwatch: Stopwatch = UNTIMED


class Connection:
    """`play` it once. `alive`: called whenever FFmpeg gives control back; it may raise to end the connection."""

    def __init__(self, stream: Stream, alive: Callable[[], None]) -> None:
        self._stream, self._alive = stream, alive
        self._progress, self._settings = stream.progress, stream.settings
        self._stop, self._monotonic = stream.stop, stream.clocks.monotonic

    def play(self) -> None:
        """Read to the end, or until stopped.

        Raises
        ------
        SourceError: it cannot be opened, or holds nothing that can be shown.
        Stalled: a camera is silent, or sends nothing that can be decoded.
        av.FFmpegError: a camera's stream broke.
        """
        try:
            container = self._open()
        except av.FFmpegError as error:
            raise open_error(error, self._stream.url, live=self._stream.live) from error
        with container:
            self._alive()
            stream = self._video_of(container)
            segment = self._begin(stream)
            self._stream.handover.flush()
            try:
                if not self._read(container, stream, segment):
                    return
            finally:
                self._progress.corrupt += segment.corrupt
                if self._progress.segment is segment:
                    self._progress.segment = None
            if not self._stream.live:
                self._note_early_end(container, stream, segment)

    def _open(self) -> InputContainer:
        s, url = self._settings, self._stream.url
        if not self._stream.live:
            check_file(url)
            return av.open(url)
        # An audio track is not even asked for: it would keep the connection busy while the video hangs.
        options = {"allowed_media_types": "video", "timeout": str(int(s.read_timeout_s * 1e6))}
        # A stream without a key frame is looked at for long at its opening; half the time to open is for that.
        options["analyzeduration"] = str(int(min(_ANALYSE_S, s.open_timeout_s / 2) * 1e6))
        options |= {"rtsp_flags": "prefer_tcp"} if s.transport == "auto" else {"rtsp_transport": s.transport}
        return av.open(url, options=options, timeout=(s.open_timeout_s, s.read_timeout_s))

    def _video_of(self, container: InputContainer) -> VideoStream:
        if not container.streams.video:
            raise SourceError(
                "has no video stream", where=self._stream.shown, remedy="give a video file or a camera's stream"
            )
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise SourceError(
                "uses a codec that this FFmpeg cannot decode",
                where=self._stream.shown,
                remedy="set the camera to H.264 or H.265, or convert the file",
            )
        stream.codec_context.thread_count = self._settings.decode_threads
        return stream

    def _begin(self, stream: VideoStream) -> Segment:
        p, context = self._progress, stream.codec_context
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        p.info = StreamInfo(context.width, context.height, round(float(rate), 4) if rate else 0.0, context.name)
        p.segment = Segment(
            stream,
            live=self._stream.live,
            fps=p.info.fps,
            position=p.position,
            clock=self._stream.clock,
            ring=self._stream.ring,
            wall=self._stream.clocks.wall,
            monotonic=self._monotonic,
            margins=self._stream.margins,
            stopwatch=self._stream.stopwatch,
            keys_only=self._settings.keys_only,
        )
        return p.segment

    def _read(self, container: InputContainer, stream: VideoStream, segment: Segment) -> bool:
        """Every packet into ring and decoder, every picture handed over. False: stopped before the end."""
        at_its_own_pace = self._settings.realtime and not self._stream.live
        for packet in self._packets(container, stream, segment):
            for picture, t_s in segment.feed(packet):
                if at_its_own_pace:
                    self._stop.wait(max(0.0, segment.due_s(t_s) - self._monotonic()))
                self._stream.handover.deliver(picture, t_s)
            if segment.kept:
                self._stream.handover.kept(self._progress.position.t_s or 0.0)
            if self._stop.is_set():
                return False
        self._stream.handover.flush()
        return True

    def _packets(
        self, container: InputContainer, stream: VideoStream, segment: Segment
    ) -> Iterator[Packet[VideoStream]]:
        """Demuxed packets; damaged stretches of a file are stepped over, a live stream's errors go up."""
        p, live = self._progress, self._stream.live
        errors = 0
        seen, since = 0, self._monotonic()
        while True:
            try:
                for packet in container.demux() if live else container.demux(stream):
                    errors = 0
                    self._alive()  # before anything is done with it: another reader may have taken our place
                    if packet.stream_index == stream.index:
                        yield cast("Packet[VideoStream]", packet)
                    now = self._monotonic()
                    alive = segment.kept if self._settings.keys_only else p.frames
                    if alive != seen:
                        seen, since = alive, now
                    elif live:
                        self._check_progress(now - since, segment)
                return
            except av.FFmpegError as error:
                if live:
                    if isinstance(error, av.error.ExitError | av.error.TimeoutError):
                        raise Stalled(f"no packet for {self._settings.read_timeout_s:g} s") from error
                    raise
                errors += 1
                p.corrupt += 1
                if errors >= _MAX_DEMUX_ERRORS:
                    p.ended_early = f"unreadable after {p.position.t_s or 0.0:.2f} s: {error.strerror}"
                    log.warning("source ended early url=%s %s", self._stream.shown, p.ended_early)
                    return

    def _check_progress(self, without_s: float, segment: Segment) -> None:
        """Packets come, but no picture: at the start a key frame is waited for, later the camera is opened again."""
        s = self._settings
        if segment.first_t_s is not None:
            if without_s > s.read_timeout_s:
                raise Stalled(f"no decodable frame for {without_s:.1f} s")
        elif without_s > max(s.read_timeout_s, s.key_wait_s):
            raise Stalled(f"no key frame for {without_s:.0f} s -> set the camera's key frame (I-frame) interval to 2 s")
        elif without_s > _TELL_NO_KEY_S:
            self._progress.error = f"waits for a key frame, for {without_s:.0f} s now"

    def _note_early_end(self, container: InputContainer, stream: VideoStream, segment: Segment) -> None:
        p = self._progress
        if segment.first_t_s is None:
            raise SourceError(
                "holds no picture that can be decoded",
                where=self._stream.shown,
                remedy="copy or record the file again",
            )
        declared_s = 0.0
        if stream.duration is not None and stream.time_base is not None:
            declared_s = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            declared_s = container.duration / av.time_base
        played_s = (p.position.t_s or 0.0) - segment.first_t_s
        if declared_s - played_s > max(_EARLY_END_S, _EARLY_END_SHARE * declared_s) and not p.ended_early:
            p.ended_early = f"file ends after {played_s:.2f} s of the {declared_s:.2f} s its header promises"
            log.warning("source ended early url=%s %s", self._stream.shown, p.ended_early)
