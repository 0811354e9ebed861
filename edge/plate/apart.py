"""Plates read apart from the cameras: an act does not blind its camera while its plate is read.

One thread for the box, with a bounded queue. A plate belongs to nobody until its reading begins: a camera that needs it
now, because its film leaves the ring or the box stops, reads it itself, and so does one that finds the queue full.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST_WAITING = 32
"""Eight cameras have seldom more acts in the six seconds until a film is whole; each takes less than a second."""


class PlateAsked(Generic[T]):
    """A plate that is to be read once, by whoever comes first."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work: Callable[[], T] | None = work
        self._begin = threading.Lock()
        self._over = threading.Event()
        self._read: T | None = None
        self._fault: Exception | None = None

    @property
    def done(self) -> bool:
        return self._over.is_set()

    def read(self) -> None:
        """Read it, if nobody has begun. What fails is kept for who asks."""
        with self._begin:
            work, self._work = self._work, None
        if work is None:
            return
        try:
            self._read = work()
        except Exception as error:
            # the act stands without its plate, and the next one is read all the same
            log.exception("a plate could not be read")
            self._fault = error
        finally:
            self._over.set()

    def result(self) -> T:
        """What was read; it is read here and now if nobody has begun. Raises what failed."""
        self.read()
        self._over.wait()
        if self._fault is not None:
            raise self._fault
        if self._read is None:
            raise RuntimeError("the thread that read it was ended")
        return self._read


class PlatesApart:
    """`most_waiting`: plates that wait to be read. The thread begins with the first plate, and ends `idle_s` after the
    last one until there is another."""

    def __init__(self, most_waiting: int = MOST_WAITING, *, idle_s: float = 30.0) -> None:
        self._idle_s = idle_s
        self._queue: queue.Queue[PlateAsked[Any]] = queue.Queue(most_waiting)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self, work: Callable[[], T]) -> PlateAsked[T]:
        """What `work` will come to. It is done at once, by the caller, where too much waits."""
        asked = PlateAsked(work)
        try:
            self._queue.put_nowait(asked)
        except queue.Full:
            log.warning("plates wait: %d; the camera reads its own", self._queue.maxsize)
            asked.read()
            return asked
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="plates", daemon=True)
                self._thread.start()
        return asked

    def _run(self) -> None:
        while True:
            try:
                asked = self._queue.get(timeout=self._idle_s)
            except queue.Empty:
                with self._lock:
                    if self._queue.empty():
                        self._thread = None
                        return
            else:
                asked.read()
