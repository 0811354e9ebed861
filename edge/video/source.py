"""Frames and compressed packets of one camera or one file, with PyAV, in a thread of its own.

A file waits for its consumer and drops nothing; a camera does not wait (`edge.video.handover`), and is opened again
when it is lost (`edge.video.reader`). Here stands the consumer's side, and the watchdog of the thread that reads.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from common.stopwatch import UNTIMED, Stopwatch
from edge.types import Frame
from edge.video.clock import StreamClock
from edge.video.connection import Clocks, Stream
from edge.video.handover import Deliveries, Handover
from edge.video.margins import VideoMargins
from edge.video.progress import Progress
from edge.video.reader import StreamReader
from edge.video.ring import PacketRing
from edge.video.source_status import SourceSettings, SourceStatus, StreamInfo
from evidence.addresses import remember, shown_address

log = logging.getLogger(__name__)
_ABANDON_S = 5.0
"""FFmpeg keeps its time-outs to the second; a reader silent for so much longer hangs in it for good."""


class EndOfStream(Exception):
    """There are no more frames."""


class Source(Protocol):
    """A camera's pictures, and what is known of them, whether they come by one stream or by two."""

    @property
    def live(self) -> bool: ...

    @property
    def clock(self) -> StreamClock:
        """Of the stream that is kept."""
        ...

    @property
    def info(self) -> StreamInfo | None: ...

    def start(self) -> None: ...

    def stop(self, timeout_s: float | None = None) -> None: ...

    def frames(self) -> Iterator[Frame]: ...

    def next(self, timeout_s: float) -> Frame | None: ...

    def status(self) -> SourceStatus: ...

    def whole(self, frame: Frame) -> Frame | None:
        """A picture of the stream that is kept, about as old as `frame`; None where none has come yet."""
        ...


def frames_of(source: Source) -> Iterator[Frame]:
    """Decoded frames in order until the file or the source ends. Raises `SourceError` if a file cannot be used."""
    while True:
        try:
            frame = source.next(1.0)
        except EndOfStream:
            return
        if frame is not None:
            yield frame


class VideoSource:
    """One stream. `start`, iterate `frames`, `stop`.

    Parameters
    ----------
    url: a path, or `rtsp://...` (over TCP).
    ring: receives every compressed packet.
    margins: the numbers by which time, arrivals and cuts are doubted.
    start_at: UTC of a file's first frame.
    clocks: time and chance, for tests.
    stopwatch: is told what is being done.
    """

    def __init__(
        self,
        url: str | Path,
        *,
        ring: PacketRing | None = None,
        settings: SourceSettings | None = None,
        margins: VideoMargins | None = None,
        start_at: datetime | None = None,
        clocks: Clocks | None = None,
        stopwatch: Stopwatch = UNTIMED,
    ) -> None:
        self.url = str(url)
        remember(self.url)
        self.shown = shown_address(self.url)
        self.live = "://" in self.url and not self.url.startswith("file:")
        self.settings = settings or SourceSettings()
        numbers, self._clocks = margins or VideoMargins(), clocks or Clocks()
        self.clock = StreamClock(file=not self.live, start_at=start_at, margins=numbers.clock)
        self._progress, self._stop = Progress(), threading.Event()
        self._over = False
        self._stream = Stream(
            url=self.url,
            shown=self.shown,
            live=self.live,
            settings=self.settings,
            margins=numbers,
            clock=self.clock,
            ring=ring,
            progress=self._progress,
            handover=self._handover(numbers, stopwatch),
            stopwatch=stopwatch,
            stop=self._stop,
            clocks=self._clocks,
        )
        self._reader = StreamReader(self._stream)

    @property
    def info(self) -> StreamInfo | None:
        """What the stream is; None before it was opened."""
        return self._progress.info

    def start(self) -> None:
        self._reader.start()

    def stop(self, timeout_s: float | None = None) -> None:
        """Ask the thread to end; it does within the read timeout."""
        self._stop.set()
        if self._reader.thread.is_alive():
            self._reader.thread.join(timeout_s)

    def frames(self) -> Iterator[Frame]:
        """See `frames_of`."""
        return frames_of(self)

    def next(self, timeout_s: float) -> Frame | None:
        """The next frame, or None if none came in time.

        Raises
        ------
        EndOfStream: the file or the source has ended.
        SourceError: the file cannot be used.
        """
        if self._reader.thread.ident is None:
            self.start()
        if not self._over:
            try:
                frame = self._stream.handover.take(timeout_s)
            except queue.Empty:
                self._watch_reader()
                return None
            if frame is not None:
                return frame
            self._over = True
        raise self._progress.fatal or EndOfStream

    def whole(self, frame: Frame) -> Frame | None:
        """It is one."""
        return frame

    def status(self) -> SourceStatus:
        now_s = self._clocks.monotonic()
        return self._progress.status(now_s, live=self.live, settings=self.settings, clock=self.clock)

    def _handover(self, numbers: VideoMargins, stopwatch: Stopwatch) -> Deliveries:
        return Handover(
            self._progress,
            shown=self.shown,
            live=self.live,
            settings=self.settings,
            clock=self.clock,
            margins=numbers.cut,
            stop=self._stop,
            monotonic=self._clocks.monotonic,
            stopwatch=stopwatch,
        )

    def _watch_reader(self) -> None:
        """The watchdog: a reader that hangs inside FFmpeg is left to itself, and another takes its place."""
        s, p = self.settings, self._progress
        if not self.live or self._over or self._stop.is_set():
            return
        silent_s = self._clocks.monotonic() - self._reader.alive_s
        if silent_s <= s.open_timeout_s + s.read_timeout_s + _ABANDON_S:
            return
        log.error("source hangs url=%s silent_s=%.0f: opened again", self.shown, silent_s)
        p.state, p.error = "stalled", f"the reader hung for {silent_s:.0f} s"
        self._reader.abandon()
        p.reconnects += 1
        self._reader = StreamReader(self._stream)
        self._reader.start()
