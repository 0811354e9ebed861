"""No sender of statements, however fast, costs the box more than a little."""

from __future__ import annotations

from datetime import datetime

_MOST_A_SECOND = 100
"""Messages; a controller of sixteen phases that tells each ten times a second, one a message, needs 160 and packs them
into ten."""


class Flood:
    """Counts messages by the second."""

    def __init__(self, most: int = _MOST_A_SECOND) -> None:
        self._most, self._second, self._count = most, 0, 0

    def too_many(self, at: datetime) -> bool:
        second = int(at.timestamp())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count > self._most
