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
from evidence.packet import Box
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
        return self._overlaps(event, [box for _, box in known])

    def _seen_lately(self, event: ActEvent) -> bool:
        for other in self._recent:
            if other.act != event.act or abs(other.t_s - event.t_s) > self._margins.same_s:
                continue
            near = [p.box for p in other.track.points if abs(p.t_s - event.t_s) <= self._margins.point_within_s]
            if self._overlaps(event, near):
                return True
        return False

    def _overlaps(self, event: ActEvent, boxes: Sequence[Box]) -> bool:
        if not boxes:
            return False
        return float(iou(np.array([event.vehicle.box]), np.array(boxes)).max()) >= self._margins.same_overlap
