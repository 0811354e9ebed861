"""Whether how the times of a camera's two streams stand to each other stays as it is: for whoever tends the box."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from common.margins import margin
from edge.substream.offset import Offset
from evidence.wire import SubstreamHealth


@dataclass(frozen=True)
class SteadinessMargins:
    """What is told of it; no act is judged by these."""

    over_s: float = margin(
        600.0, "s", "so long back the streams' difference is compared with itself",
        source="some hundred measurements at a key frame every two seconds with traffic, thirty in a quiet street",
    )  # fmt: skip
    wanders_s: float = margin(
        0.3, "s", "a difference that has changed by more in that time wanders: both streams are of one lens and one "
        "clock, and only times that are made up, or pictures that get lost, move it",
        source="three pictures at ten a second, of which noise explains one either way; 0.5 ms a second is ten times "
        "what quartzes differ by",
    )  # fmt: skip
    scatters_s: float = margin(
        0.15, "s", "single measurements that lie so far off it in the middle: the picture of a moment is found by luck",
        source="a main picture so far from the moment proves nothing (SubstreamMargins.still_apart_s)",
    )  # fmt: skip


class Steadiness:
    """Of one camera. `health`: as it was measured last; read by other threads, and replaced as a whole."""

    def __init__(self, margins: SteadinessMargins | None = None) -> None:
        self._m = margins or SteadinessMargins()
        self._past: deque[tuple[float, float]] = deque()
        self.health = SubstreamHealth(state="measuring")
        self.looked = 0
        """Key pictures that were held against the small ones."""
        self.moved = 0
        """Those of them about whose time something moved."""

    @property
    def measured_times(self) -> int:
        """How often, since it was known and within the time looked back."""
        return len(self._past)

    def begun_anew(self) -> None:
        """A stream was opened: on another line of time another difference is no change."""
        self._past.clear()
        self.health = SubstreamHealth(state="measuring")

    def measured(self, offset: Offset, at_s: float) -> None:
        """One more measurement is in `offset`. `at_s`: of the main stream's time."""
        if not offset.known:
            return
        self._past.append((at_s, offset.shift_s))
        while at_s - self._past[0][0] > self._m.over_s:
            self._past.popleft()
        shifts = [shift_s for _, shift_s in self._past]
        wandered_s, residual_s = max(shifts) - min(shifts), offset.residual_s or 0.0
        self.health = SubstreamHealth(
            state="wanders" if wandered_s > self._m.wanders_s else "scatters" if residual_s > self._m.scatters_s
            else "steady",
            offset_s=round(offset.shift_s, 3),
            residual_s=round(residual_s, 3),
            wandered_s=round(wandered_s, 3),
        )  # fmt: skip
