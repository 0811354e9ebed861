"""Which pictures are held exactly, because one of them may be the picture of an act."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.road.trajectory import LineRun, Trajectory
from edge.video.stills import StillStore
from zones.facts import areas
from zones.schema import Scene


@dataclass(frozen=True)
class HoldingMargins:
    """When a picture is worth holding beside those that are held anyway."""

    after_pictures: int = margin(
        1,
        "pictures",
        "the picture in which the line was passed is held, and so many after it, in which it may still be red",
        source="the still after the line is to be taken in red (decision 16)",
    )
    larger: float = margin(
        1.05,
        "ratio",
        "a vehicle that rides a line is held again only when seen so much larger; in between there is a picture every "
        "fifth of a second",
        source="chosen when pinned pictures got a bound, November 2026; not tuned",
        least=1.0,
    )
    in_box_s: float = margin(
        3.0,
        "s",
        "of a vehicle that is for so long in a box that is to be kept clear, the picture in which it came in is held "
        "until it is gone: who drives through is out again by then",
        source="a box of 15 m at 20 km/h; less than pictures are kept anyway",
    )

    past_line_s: float = margin(
        3.0,
        "s",
        "of a vehicle that for so long is past a stop line and not yet in the junction, the pictures of its passing "
        "are held until it is gone: while a way of it is free, its act is told only when that is known",
        source="the scripted minute, drawn: a stand past the line told after 34 s had no picture left; who drives on "
        "is in the junction by then",
    )
    before_line_s: float = margin(
        1.0, "s", "one of them is so long before the line", source="`StoppedPastLineMargins.before_s`"
    )
    after_line_s: float = margin(2.5, "s", "and one so long after it", source="`EventMargins.after_within_s`")


class Holding:
    """Pins pictures of one camera in its `StillStore`."""

    def __init__(self, scene: Scene, stills: StillStore, margins: HoldingMargins) -> None:
        self._scene, self._stills, self._margins = scene, stills, margins
        self._ridden: dict[tuple[int, str], float] = {}
        self._stays: set[int] = set()
        self._entered: set[tuple[int, str]] = set()
        self._passed: set[tuple[int, str]] = set()
        self._boxes = [box.id for box in areas(scene, "keep_clear")]

    def look(self, path: Trajectory) -> None:
        """Hold the newest picture if the vehicle's rear, or half of it, has just passed a line, or it rides on one; and
        those in which it entered a box, or passed a stop line, where it stays."""
        for box in self._boxes:
            self._hold_entry(path, box)
        for line, run in path.lines.items():
            self._hold_passing(path, line, run)
        for stay in path.stays:
            if stay.number not in self._stays:
                self._stays.add(stay.number)
                self._stills.hold(("stay", stay.number), stay.first_s)
        pictures = self._margins.after_pictures + 2
        for run in path.lines.values():
            for past in (run.rear_px[-pictures:], run.rear_m[-pictures:] + path.build.half_m):
                if len(past) >= 2 and past[0] <= 0 < past[-1]:
                    self._stills.pin()
                    return
        size_px = float(path.size_px[-1])
        for marking, runs in path.stripes.items():
            if any(run.within[-1] and run.least[-1] >= self._scene.rules.solid_overlap for run in runs):
                key = (path.track_id, marking)
                if size_px >= self._margins.larger * self._ridden.get(key, 0.0):
                    self._ridden[key] = size_px
                    self._stills.pin()
                    return

    def keep_stays(self, open_: Set[int]) -> None:
        """Of vehicles that have left their place the first picture is held no longer."""
        for number in self._stays - open_:
            self._stills.let_go(("stay", number))
        self._stays &= open_

    def _hold_entry(self, path: Trajectory, box: str) -> None:
        inside, t_s = path.in_area[box], path.t_s
        if not inside[-1] or (path.track_id, box) in self._entered:
            return
        entry = int(np.argmax(inside))
        if t_s[-1] - t_s[entry] >= self._margins.in_box_s:
            self._entered.add((path.track_id, box))
            if entry:
                self._stills.hold(path.track_id, float(t_s[entry]))

    def _hold_passing(self, path: Trajectory, line: str, run: LineRun) -> None:
        if (path.track_id, line) in self._passed or path.in_junction[-1]:
            return
        if not (run.rear_px[-1] > 0 or run.rear_m[-1] + path.build.half_m > 0):
            return  # not past it now, by whatever is asked
        on_road = path.ground is not None and bool(np.isfinite(run.rear_m).all())
        past = (run.rear_m + path.build.half_m if on_road else run.rear_px) > 0
        over = np.flatnonzero(~past[:-1] & past[1:]) + 1
        if not len(over) or not past[-1]:
            return
        t_over, margins = float(path.t_s[over[-1]]), self._margins
        if path.t_s[-1] - t_over >= margins.past_line_s:
            self._passed.add((path.track_id, line))
            for t_s in (t_over - margins.before_line_s, t_over, t_over + margins.after_line_s):
                self._stills.hold(path.track_id, t_s)

    def forget(self, track_id: int) -> None:
        """The track has ended."""
        self._stills.let_go(track_id)
        self._entered = {key for key in self._entered if key[0] != track_id}
        self._passed = {key for key in self._passed if key[0] != track_id}
        self._ridden = {key: px for key, px in self._ridden.items() if key[0] != track_id}
