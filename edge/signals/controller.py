"""What a signal controller itself says of its heads: the port, and a feed that holds its last reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from common.margins import margin
from edge.signals.reading import LampReading
from evidence.acts import LampState


class LampFeed(Protocol):
    """A signal controller's own report, for heads with `source: controller`."""

    def state(self, head_id: str, t_s: float) -> LampReading: ...


@dataclass(frozen=True)
class LampReportMargins:
    """How long a controller's word counts."""

    stale_s: float = margin(
        2.0,
        "s",
        "a report older than this is unknown: a controller that went silent may show anything",
        source="chosen with the port; no controller has been connected yet, so nobody has measured how often it tells",
    )


class ReportedLamps:
    """A feed that holds the last report of each head; an old report is unknown."""

    def __init__(self, margins: LampReportMargins | None = None) -> None:
        self._margins = margins or LampReportMargins()
        self._last: dict[str, tuple[float, LampState]] = {}

    def report(self, head_id: str, state: LampState, t_s: float) -> None:
        self._last[head_id] = (t_s, state)

    def state(self, head_id: str, t_s: float) -> LampReading:
        reported_s, state = self._last.get(head_id, (-1e9, LampState.UNKNOWN))
        if t_s - reported_s > self._margins.stale_s:
            return LampReading(LampState.UNKNOWN, 0.0)
        return LampReading(state, 1.0)
