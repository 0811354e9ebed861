"""A stream that is kept and not looked at: its packets go into the ring, and of its pictures key frames alone come out.

They cost little, and tell what no packet tells: that the camera shows a picture, how large, and of what.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable

from av.video.frame import VideoFrame

from common.stopwatch import Stopwatch
from edge.picture import Picture
from edge.types import Frame
from edge.video.handover import Deliveries, shown_as_meant
from edge.video.margins import VideoMargins
from edge.video.progress import Progress
from edge.video.source import VideoSource

_MOST = 8
"""Key frames that wait to be looked at: a quarter of a minute's, and a bound on memory."""
_LOOK_AGAIN_S = 0.5


class KeyPictures:
    """Given key pictures by the reader's thread; whoever looks at them takes what is there.

    A file waits: `allow` says up to which stream time it may be read.
    """

    def __init__(
        self, progress: Progress, *, shown: str, live: bool, stop: threading.Event, monotonic: Callable[[], float]
    ) -> None:
        self._progress, self._shown, self._live = progress, shown, live
        self._stop, self._monotonic = stop, monotonic
        self._pictures: deque[tuple[float, Picture]] = deque(maxlen=_MOST)
        self._moved = threading.Condition()
        self._allowed_s = 0.0
        self.over = False
        self.newest_s: float | None = None

    def take(self, timeout_s: float) -> Frame | None:
        """Nothing is handed over as a frame."""
        raise queue.Empty

    def waiting(self) -> list[tuple[float, Picture]]:
        """The key pictures that have come since this was asked last, with their stream times."""
        out = []
        while self._pictures:
            out.append(self._pictures.popleft())
        return out

    def allow(self, t_s: float) -> None:
        """Of a file so much may be read."""
        with self._moved:
            self._allowed_s = max(self._allowed_s, t_s)
            self._moved.notify_all()

    def wait_for(self, t_s: float, timeout_s: float) -> bool:
        """Whether the packets up to a stream time have come, or there are no more."""
        with self._moved:
            return self._moved.wait_for(
                lambda: self.over or (self.newest_s is not None and self.newest_s >= t_s), timeout_s
            )

    def deliver(self, picture: VideoFrame, t_s: float) -> None:
        """Raises `SourceError` for one that cannot be shown as the camera meant it."""
        if self._progress.decoded(picture, t_s, of=f"main stream running url={self._shown}"):
            self._pictures.append((t_s, shown_as_meant(picture, self._shown)))

    def kept(self, t_s: float) -> None:
        """Packets have come so far; a file is held here until more may be read."""
        self._progress.arrivals.append(self._monotonic())
        with self._moved:
            self.newest_s = t_s
            self._moved.notify_all()
            while not self._live and t_s > self._allowed_s and not self._stop.is_set():
                self._moved.wait(_LOOK_AGAIN_S)

    def flush(self) -> None:
        """A connection begins or ends."""

    def end(self) -> None:
        """There are no more packets."""
        with self._moved:
            self.over = True
            self._moved.notify_all()


class KeptSource(VideoSource):
    """A `VideoSource` of `keys_only`; `keys` gives its key pictures, and `next` gives none."""

    keys: KeyPictures

    def _handover(self, numbers: VideoMargins, stopwatch: Stopwatch) -> Deliveries:
        self.keys = KeyPictures(
            self._progress, shown=self.shown, live=self.live, stop=self._stop, monotonic=self._clocks.monotonic
        )
        return self.keys

    def watch(self) -> None:
        """Call it now and then: a reader that hangs is replaced."""
        self._watch_reader()
