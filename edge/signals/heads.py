"""All heads of a scene: what each shows is read every frame, or reported, and kept over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.signals.controller import LampFeed
from edge.signals.history import LampHistory, LampHistoryMargins, LampReading
from edge.signals.pixels import HeadReader, LampMargins
from edge.types import Image
from evidence.acts import LampState
from zones.schema import SignalHead


class Signals:
    """All heads of a scene: reads them each frame, keeps their histories."""

    def __init__(
        self,
        heads: Sequence[SignalHead],
        *,
        feed: LampFeed | None = None,
        lamp_margins: LampMargins | None = None,
        history_margins: LampHistoryMargins | None = None,
    ) -> None:
        self._readers = [HeadReader(head, lamp_margins) for head in heads]
        self._feed = feed
        over_time = history_margins or LampHistoryMargins()
        self.histories: Mapping[str, LampHistory] = {head.id: LampHistory(head, over_time) for head in heads}

    def observe(self, frame: int, t_s: float, image: Image) -> None:
        for reader in self._readers:
            head = reader.head
            if head.source == "pixels":
                reading = reader.read(image)
            elif self._feed is not None:
                reading = self._feed.state(head.id, t_s)
            else:
                reading = LampReading(LampState.UNKNOWN, 0.0)
            self.histories[head.id].add(frame, t_s, reading)
