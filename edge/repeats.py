"""Acts that were told already: the same vehicle under a second track, or as rider and as motorcycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.margins import margin
from edge.rules.rule import Rule
from edge.types import ActEvent
from evidence.acts import ActCode
from evidence.packet import Box, TrackPoint
from zones.boxes import iou

_FIRST = "the first version of the pipeline, November 2026; nobody wrote down why this value"


@dataclass(frozen=True)
class RepeatMargins:
    """When two acts are one."""

    same_overlap: float = margin(
        0.4,
        "intersection over union",
        "two boxes that overlap by more are one vehicle: a rider and the motorcycle, or a track that broke",
        source=_FIRST,
        most=1.0,
    )
    same_s: float = margin(
        3.0, "s", "acts of the same kind that lie farther apart are two, wherever they were", source=_FIRST
    )
    point_within_s: float = margin(
        0.15,
        "s",
        "the other's box is looked up so near to the moment of the act: two pictures at 15 a second",
        source="geometry of time: beyond it the other has driven on",
    )
    goes_on_within_s: float = margin(
        1.5,
        "s",
        "a track that begins so soon after another was seen may be of the same vehicle, where that one was going",
        source="as long as a lost track waits for its vehicle (`TrackerMargins.lost_s`)",
    )
    pace_s: float = margin(
        0.5,
        "s",
        "how the other drove is taken over so long: a box trembles by less than it drives in it",
        source="five pictures of a box that looks ten times a second; not tuned",
        least=0.05,
    )
    remember_s: float = margin(
        30.0, "s", "so long acts are kept to be compared: longer than any finding waits", source=_FIRST
    )


class Repeats:
    """The acts of one camera that were told lately."""

    def __init__(self, rules: Sequence[Rule[Any]], margins: RepeatMargins) -> None:
        self._margins = margins
        self._once = {r.act: (r.once_per_place, r.margins) for r in rules if r.once_per_place is not None}
        self._recent: list[ActEvent] = []
        self._places: dict[ActCode, list[tuple[float, Box]]] = {}

    def new(self, event: ActEvent) -> bool:
        """Whether the act was not told before; it counts as told from now on."""
        if self._at_known_place(event) or self._seen_lately(event):
            return False
        self._recent.append(event)
        return True

    def forget_before(self, now_s: float) -> None:
        """Let go of what no act of now can repeat."""
        self._recent = [e for e in self._recent if now_s - e.t_s <= self._margins.remember_s]

    def _at_known_place(self, event: ActEvent) -> bool:
        once, margins = self._once.get(event.act, (None, None))
        if once is None or once.flag not in event.flags:
            return False
        within_s = once.within_s(margins)
        known = [(t_s, box) for t_s, box in self._places.get(event.act, []) if event.t_s - t_s <= within_s]
        self._places[event.act] = [*known, (event.t_s, event.vehicle.box)]
        return self._overlaps(event.vehicle.box, [box for _, box in known])

    def _seen_lately(self, event: ActEvent) -> bool:
        for other in self._recent:
            if other.act != event.act or abs(other.t_s - event.t_s) > self._margins.same_s:
                continue
            near = [p.box for p in other.track.points if abs(p.t_s - event.t_s) <= self._margins.point_within_s]
            if self._overlaps(event.vehicle.box, near) or self._goes_on(event, other) or self._goes_on(other, event):
                return True
        return False

    def _goes_on(self, later: ActEvent, earlier: ActEvent) -> bool:
        """Whether one track begins where the other's vehicle was on its way to, as that one is not seen any more: then
        it broke, and this is the rest."""
        m, first, points = self._margins, later.track.points[0], earlier.track.points
        if not points[0].t_s < first.t_s or points[-1].t_s > first.t_s + m.point_within_s:
            return False
        # the other's last boxes may be a neighbour's already, so each of them is asked
        recent = [i for i, p in enumerate(points) if 0.0 <= first.t_s - p.t_s <= m.goes_on_within_s]
        return self._overlaps(first.box, [_expected(points[: i + 1], first.t_s, m.pace_s) for i in recent])

    def _overlaps(self, box: Box, boxes: Sequence[Box]) -> bool:
        return bool(boxes) and float(iou(np.array([box]), np.array(boxes)).max()) >= self._margins.same_overlap


def _expected(points: Sequence[TrackPoint], t_s: float, pace_s: float) -> Box:
    """Where a vehicle is at a later time that goes on as it came to the last of these points."""
    last = points[-1]
    before = next((p for p in reversed(points) if last.t_s - p.t_s >= pace_s), points[0])
    ahead = (t_s - last.t_s) / max(last.t_s - before.t_s, 1e-6)
    x1, y1, x2, y2 = (new + (new - old) * ahead for new, old in zip(last.box, before.box, strict=True))
    return x1, y1, max(x2, x1), max(y2, y1)
