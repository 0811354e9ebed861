"""Decoded pictures on their way to the consumer: thinned, watched for cuts, and queued.

The queue is where the two threads meet. A live stream must not wait for us: when it is full its oldest picture is
dropped and counted. A file waits.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from av.video.frame import VideoFrame

from common.stopwatch import UNTIMED, Stopwatch
from edge.picture import Picture, picture_of
from edge.types import Frame
from edge.video.clock import StreamClock
from edge.video.cut import CutMargins, CutWatch
from edge.video.progress import Progress
from edge.video.source_errors import SourceError
from edge.video.source_status import SourceSettings
from zones.picture import PictureRefused

log = logging.getLogger(__name__)
_Decoded = tuple[int, float, Picture, int]
_LOOK_AGAIN_S = 0.5
"""A file's thread looks so often whether it shall stop while its consumer is busy."""


class Deliveries(Protocol):
    """What the reader's thread gives its pictures to; `take` is the consumer's."""

    def take(self, timeout_s: float) -> Frame | None: ...

    def deliver(self, picture: VideoFrame, t_s: float) -> None: ...

    def kept(self, t_s: float) -> None:
        """The packets of a connection have come so far, in stream time; called with each."""
        ...

    def flush(self) -> None: ...

    def end(self) -> None: ...


def shown_as_meant(picture: VideoFrame, where: str) -> Picture:
    """Raises `SourceError` for one that cannot be shown as the camera meant it."""
    try:
        return picture_of(picture, where=where)
    except PictureRefused as error:
        raise SourceError(error.what, where=where, remedy=error.remedy) from error


class Handover:
    """Given pictures by the reader's thread; `take` is the consumer's.

    Parameters
    ----------
    shown: the address as it may be told.
    stop: set when nobody wants pictures any more.
    monotonic: clock of what is counted over the last seconds.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        shown: str,
        live: bool,
        settings: SourceSettings,
        clock: StreamClock,
        margins: CutMargins,
        stop: threading.Event,
        monotonic: Callable[[], float],
        stopwatch: Stopwatch = UNTIMED,
    ) -> None:
        self._stage = stopwatch.stage
        self._progress = progress
        self._shown, self._live, self._fps_limit = shown, live or settings.drop_late, settings.fps_limit
        self._clock, self._stop, self._monotonic = clock, stop, monotonic
        self._queue: queue.Queue[Frame | None] = queue.Queue(settings.queue_frames)
        self._watch: CutWatch[_Decoded] = CutWatch(margins)
        self._next_due_s = 0.0
        self._interlaced = False

    def take(self, timeout_s: float) -> Frame | None:
        """The next frame, None at the end. Raises `queue.Empty` if none came in time."""
        return self._queue.get(timeout=timeout_s)

    def deliver(self, picture: VideoFrame, t_s: float) -> None:
        """The next decoded picture. Raises `SourceError` for one that cannot be shown as the camera meant it."""
        progress = self._progress
        index = progress.frames
        now = self._monotonic()
        progress.position.t_s, progress.position.seen_s = t_s, now
        progress.arrivals.append(now)
        if not progress.decoded(picture, t_s, of=f"source running url={self._shown}"):
            return
        if self._fps_limit is not None:
            if t_s + 1e-6 < self._next_due_s:
                return
            self._next_due_s = max(self._next_due_s + 1.0 / self._fps_limit, t_s)
        if picture.interlaced_frame and not self._interlaced:
            self._interlaced = True
            log.warning(
                "source interlaced url=%s: one field of each picture is used; set the camera to progressive",
                self._shown,
            )
        with self._stage("colour conversion"):
            shown = shown_as_meant(picture, self._shown)
        with self._stage("cut watch"):
            released = self._watch.feed((index, t_s, shown, picture.pts or 0), shown, t_s)
        self._release(released)

    def kept(self, t_s: float) -> None:
        """Pictures tell enough."""

    def flush(self) -> None:
        """A connection or a pass begins or ends: what the watch for cuts holds back goes on."""
        self._release(self._watch.flush())

    def end(self) -> None:
        """There are no more pictures."""
        while True:
            try:
                self._queue.put(None, timeout=_LOOK_AGAIN_S)
                return
            except queue.Full:
                if self._stop.is_set():
                    self._take_oldest()

    def _release(self, pictures: list[tuple[_Decoded, bool]]) -> None:
        for (index, t_s, picture, pts), cut in pictures:
            if cut:
                self._progress.cuts += 1
                self._clock.picture_cut(t_s)
                log.warning("the picture was cut url=%s t_s=%.3f: tracks and lamps begin anew", self._shown, t_s)
            self._put(Frame(index, t_s, picture, self._clock.wall_at(t_s), pts, self._clock.segment_at(t_s)))

    def _put(self, frame: Frame) -> None:
        outcomes = self._progress.outcomes
        while not self._stop.is_set():
            try:
                self._queue.put(frame, timeout=None if self._live else _LOOK_AGAIN_S, block=not self._live)
                outcomes.append((self._monotonic(), False))
                return
            except queue.Full:
                if self._live and self._take_oldest():
                    self._progress.dropped += 1
                    with contextlib.suppress(IndexError):
                        outcomes.pop()
                    outcomes.append((self._monotonic(), True))

    def _take_oldest(self) -> bool:
        try:
            self._queue.get_nowait()
        except queue.Empty:
            return False
        return True
