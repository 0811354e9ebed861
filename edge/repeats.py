"""Acts that were told already: the same vehicle under a second track, or as rider and as motorcycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.rule import Rule
from edge.rules.standing import StandingMargins, stood
from edge.tracks.track import Track
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
    stood_s: float = margin(
        1.0,
        "s",
        "who stood for so long when its track ended stands there still: a track that begins there is of the same",
        source="longer than a box needs to tremble; chosen with the rule, November 2026; not measured",
        least=0.1,
    )
    stands_for_s: float = margin(
        300.0,
        "s",
        "and for so long it is believed to stand there, unseen or under a track that told nothing",
        source="two cycles of a long signal; in a jam a scooter stood on a line for eight minutes (simulation, seed 7)",
    )
    remember_s: float = margin(
        30.0, "s", "so long acts are kept to be compared: longer than any finding waits", source=_FIRST
    )


class Repeats:
    """The acts of one camera that were told lately."""

    def __init__(
        self, rules: Sequence[Rule[Any]], margins: RepeatMargins, standing: StandingMargins | None = None
    ) -> None:
        self._margins, self._standing = margins, standing or StandingMargins()
        self._once = {r.act: (r.once_per_place, r.margins) for r in rules if r.once_per_place is not None}
        self._recent: list[ActEvent] = []
        self._places: dict[ActCode, list[tuple[float, Box]]] = {}
        self._told: dict[int, frozenset[ActCode]] = {}
        self._known: dict[int, frozenset[ActCode]] = {}
        self._standing_there: list[tuple[float, Box, frozenset[ActCode]]] = []
        self._begun: list[tuple[float, Box, int]] = []

    def begins(self, track: Track) -> None:
        """A track begins. Where one stood that did something and was lost, it is that one's, and its acts are known."""
        first = track.observations[0]
        self._begun.append((first.t_s, first.box, track.id))
        here = [place for place in self._standing_there if self._overlaps(first.box, [place[1]])]
        if here:
            self._known[track.id] = frozenset[ActCode]().union(*(acts for _, _, acts in here))
            self._standing_there = [place for place in self._standing_there if place not in here]

    def ends(self, path: Trajectory) -> None:
        """A track is over; if its vehicle did something and stood at last, it is expected to stand there still."""
        acts = self._told.pop(path.track_id, frozenset()) | self._known.pop(path.track_id, frozenset())
        last, m = path.observations[-1], self._margins
        if not acts or not stood(path, last.t_s - 2 * m.stood_s, last.t_s, m.stood_s, self._standing):
            return
        for t_s, box, track_id in self._begun:
            if t_s > last.t_s and self._overlaps(box, [last.box]):
                self._known[track_id] = acts
                return
        self._standing_there.append((last.t_s, last.box, acts))

    def new(self, event: ActEvent) -> bool:
        """Whether the act was not told before; it counts as told from now on."""
        known = event.act in self._known.get(event.track_id, frozenset())
        if known or self._at_known_place(event) or self._seen_lately(event):
            return False
        self._recent.append(event)
        self._told[event.track_id] = self._told.get(event.track_id, frozenset()) | {event.act}
        return True

    def forget_before(self, now_s: float) -> None:
        """Let go of what no act of now can repeat."""
        self._recent = [e for e in self._recent if now_s - e.t_s <= self._margins.remember_s]
        self._begun = [b for b in self._begun if now_s - b[0] <= self._margins.remember_s]
        self._standing_there = [p for p in self._standing_there if now_s - p[0] <= self._margins.stands_for_s]

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
