"""When a vehicle's rear crossed a stop line for good: shared by the acts at the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from edge.paths import LineRun, Path
from evidence.acts import VehicleClass
from zones.schema import RuleSettings

Floats = NDArray[np.float64]

ENTRY_WITHIN_S = 8.0
"""Who takes longer from the line into the junction has stopped in between: another act than running the light."""
_BEFORE_BOXES = 0.06
"""How far before the line (in box sizes) the rear must have been seen: less is the jitter of a box."""
_MAX_GAP_S = 1.2
_MAX_STEP_BOXES = 2.0
_STRETCH_S = 0.7
_JUMP_BOXES = 0.25
_JUMP_SHARE = 0.5
_MAX_BEND_M = {
    VehicleClass.MOTORCYCLE: 2.8,
    VehicleClass.BICYCLE: 2.8,
    VehicleClass.CAR: 4.0,
    VehicleClass.TRUCK: 12.0,
    VehicleClass.BUS: 12.0,
}
_MAX_BRAKING_M = 5.0
_SLOW_M = 1.0
_EXCURSION = 5
"""The same with a ground plane: some 5 m/s2 aside and in gathering speed, 9 m/s2 in braking, and what boxes err: most
where a long vehicle's flank comes into sight."""
_MAX_BEND_BOXES = 1.8
"""No vehicle changes its way by more than this (in box sizes) from one stretch to the next: 1.8 in 0.7 s would be some
4 m/s2 and the jump of a box that comes out from behind another. What does was two vehicles, one track."""


@dataclass(frozen=True)
class Crossing:
    """`at`: the first observation with the rear past the line, after which it never came back. `farthest_before_px`:
    how far before the line the rear had been seen (positive). `earliest`: the first at which it may have been past, as
    the wheels may have been hidden from then on."""

    at: int
    last_before: int
    farthest_before_px: float
    earliest: int


def crossing(path: Path, run: LineRun, rules: RuleSettings) -> Crossing | None:
    """The crossing of one line, or None: never crossed, came back, not seen before the line, or past its ends.

    A track that was first seen past the line has no crossing, whatever it does later.
    """
    rear = run.rear_px
    past = rear > rules.line_margin_px
    if len(rear) < rules.min_track_points + 1 or not past[-1]:
        return None
    behind = np.flatnonzero(~past)
    if not len(behind):
        return None
    last_before = int(behind[-1])
    at = last_before + 1
    if at + 1 >= len(rear) and not path.ended:
        return None  # one frame past the line may be a jittering box
    size = float(np.median(path.size_px[max(0, last_before - 3) : at + 2]))
    farthest = float(-rear[:at].min())
    if farthest < max(2.0, _BEFORE_BOXES * size) or int(np.count_nonzero(~past[:at])) < rules.min_track_points:
        return None
    if not (run.within[last_before] or run.within[at]):
        return None
    if past[: rules.min_track_points].all() or path.in_junction[:last_before].any():
        return None  # it came out of the junction, or its track was taken over from something that did
    if not _continuous(path, last_before, at, size):
        return None
    surely_before = np.flatnonzero(run.farthest_px[: at + 1] <= rules.line_margin_px)
    earliest = min(at, int(surely_before[-1]) + 1) if len(surely_before) else 0
    return Crossing(at, last_before, farthest, earliest)


def _continuous(path: Path, before: int, at: int, size_px: float) -> bool:
    """Whether it is plausibly one vehicle that was before the line and is past it now."""
    step: Floats = path.contacts[at] - path.contacts[before]
    gap_s = float(path.t_s[at] - path.t_s[before])
    if gap_s > _MAX_GAP_S or float(np.hypot(*step)) > _MAX_STEP_BOXES * size_px:
        return False
    t_s = float(path.t_s[at])
    return not _jumps(path, before, at, size_px) and one_vehicle(path, t_s - 1.0, t_s + 1.0, size_px)


def _jumps(path: Path, before: int, at: int, size_px: float) -> bool:
    """Whether nearly all of the way around the crossing was made in the one step over it: then the track went over from
    one standing vehicle to another. Upper edges are compared, as wheels come out of hiding at once."""
    heads = np.stack([(path.boxes[:, 0] + path.boxes[:, 2]) / 2, path.boxes[:, 1]])
    around = [
        np.array([np.interp(path.t_s[i] + s, path.t_s, row) for row in heads]) for i, s in ((before, -1.0), (at, 1.0))
    ]
    way_px = float(np.hypot(*(around[1] - around[0])))
    step_px = float(np.hypot(*(heads[:, at] - heads[:, before])))
    share = _JUMP_SHARE + float(path.t_s[at] - path.t_s[before]) / 2.0
    return step_px > _JUMP_BOXES * size_px and step_px > share * way_px


def one_vehicle(path: Path, from_s: float, to_s: float, size_px: float) -> bool:
    """Whether the way between two times is one that a vehicle can drive, rather than the ways of two."""
    way = path.way_m()
    if way is None:
        bends, _ = _bends(path.t_s, path.contacts, from_s, to_s)
        return bool((np.hypot(*bends.T) <= _MAX_BEND_BOXES * size_px).all())
    t_way, places = way
    # one or two pictures in which the neighbour's box was taken are no way that anybody drove
    bends, along = _bends(t_way, median_filter(places, size=(_EXCURSION, 1), mode="nearest"), from_s, to_s)
    speed = np.hypot(*along.T)
    ahead = np.einsum("ij,ij->i", bends, along) / np.maximum(speed, 1e-9)
    aside = np.sqrt(np.maximum(np.einsum("ij,ij->i", bends, bends) - ahead**2, 0.0))
    slow = speed < _SLOW_M
    ahead = np.where(slow, np.hypot(*bends.T), ahead)
    most = _MAX_BEND_M[path.cls]
    fine = (ahead <= most) & (ahead >= -max(most, _MAX_BRAKING_M)) & (slow | (aside <= most))
    return bool(fine.all())


def _bends(t_s: Floats, points: Floats, from_s: float, to_s: float) -> tuple[Floats, Floats]:
    """`[M, 2]` second differences of the way over stretches of `_STRETCH_S`, and the way made over two of them."""
    first, last = max(float(t_s[0]) + _STRETCH_S, from_s), min(float(t_s[-1]) - _STRETCH_S, to_s)
    middles = np.arange(first, last + 1e-6, 0.05) if last >= first else np.zeros(0)

    def way(times: Floats) -> Floats:
        return np.stack([np.interp(times, t_s, points[:, axis]) for axis in (0, 1)], axis=1)

    before, at, after = way(middles - _STRETCH_S), way(middles), way(middles + _STRETCH_S)
    return after - 2 * at + before, after - before


def moment_before(path: Path, at: int, seconds: float) -> int:
    """The observation about `seconds` before observation `at`, or the first."""
    return int(np.searchsorted(path.t_s[: at + 1], path.t_s[at] - seconds, side="right").clip(1, max(at, 1)) - 1)
