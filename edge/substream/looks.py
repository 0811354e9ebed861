"""What is remembered of each small picture that was looked at, so that the main picture of its moment can be told."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from edge.picture import Image

_KEPT_S = 25.0
"""Longer than stills wait, and than a gate holds an act; what is held for longer keeps its own look."""


@dataclass(frozen=True, eq=False)
class Look:
    """A small picture as it was looked at. `t_s`: on the main stream's line, as it was known then; `own_s`: on its own.
    `line`: which of the lines of time that followed each other. `thumb`: grey, made small."""

    frame: int
    t_s: float
    own_s: float
    line: int
    thumb: Image


class Looks:
    """The last ones, oldest first; written by the camera's thread, read by others too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looks: deque[Look] = deque()

    def add(self, look: Look) -> None:
        with self._lock:
            self._looks.append(look)
            while self._looks and look.own_s - self._looks[0].own_s > _KEPT_S:
                self._looks.popleft()

    def of(self, frame: int) -> Look | None:
        """The one of a frame; None: it is not known any more."""
        with self._lock:
            return next((look for look in reversed(self._looks) if look.frame == frame), None)

    def between(self, from_s: float, to_s: float, line: int) -> list[Look]:
        """Those of a stretch of the small stream's own time."""
        with self._lock:
            return [look for look in self._looks if look.line == line and from_s <= look.own_s <= to_s]
