"""Whether a way is one that a vehicle can drive, or the ways of two under one track."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from common.margins import margin
from edge.road.trajectory import Trajectory
from edge.rules.refusal import Refusal

Floats = NDArray[np.float64]
_FIRST = "the first version of the rules, November 2026; nobody wrote down why this value"
_TUNED = "tuned on the simulation's first three seeds, November 2026 (docs/simulation.md); no better source"


@dataclass(frozen=True)
class OneVehicleMargins:
    """How much a vehicle can change its way and pace. A box size is `Trajectory.size_px`."""

    stretch_s: float = margin(
        0.7,
        "s",
        "ways are compared from one stretch of so long to the next: shorter ones are all jitter, longer ones hide a "
        "leap",
        source=_FIRST,
        least=0.1,
    )
    look_every_s: float = margin(
        0.05,
        "s",
        "at moments so far apart: closer than pictures come, so that none is left out",
        source=_FIRST,
        least=0.01,
    )
    excursion: int = margin(
        5,
        "pictures",
        "the middle of so many: one or two pictures in which the neighbour's box was taken are no way that was driven",
        source="such excursions last one or two pictures in the simulation",
        least=1,
    )
    max_braking_m: float = margin(
        5.0,
        "m",
        "on the road no vehicle falls back by more from one stretch to the next: 9 m/s2 make 4.4 m in 0.7 s, the rest "
        "is "
        "what boxes err; gathering speed and bending are the vehicle's own (`VehicleBuild.bend_m`)",
        source="physics of braking on dry asphalt",
    )
    slow_m: float = margin(
        1.0,
        "m",
        "whoever makes less in two stretches has no direction: what it does is then judged by its length alone",
        source=_TUNED,
    )
    max_bend_boxes: float = margin(
        1.8,
        "box sizes",
        "without a ground plane no vehicle changes its way aside by more from one stretch to the next: 1.8 in 0.7 s "
        "would be some 4 m/s2 and the jump of a box that comes out from behind another",
        source="physics of turning; the value was tuned on the first footage",
    )
    max_pace_boxes: float = margin(
        2.9,
        "box sizes",
        "nor its pace along the way, after perspective: far away the same speed is fewer pixels",
        source=_TUNED,
    )
    perspective_least: float = margin(
        0.15, "ratio", "no vehicle truly grows by more within two stretches; more is a box that was cut", source=_TUNED
    )
    perspective_most: float = margin(
        6.0, "ratio", "nor shrinks by more; more is a box that grew over a neighbour", source=_TUNED, least=1.0
    )


def one_vehicle(path: Trajectory, from_s: float, to_s: float, size_px: float, margins: OneVehicleMargins) -> bool:
    """Whether the way between two times is one that a vehicle can drive, rather than the ways of two."""
    return not_one_vehicle(path, from_s, to_s, size_px, margins) is None


def not_one_vehicle(
    path: Trajectory, from_s: float, to_s: float, size_px: float, margins: OneVehicleMargins
) -> Refusal | None:
    """By how much the way between two times is none that a vehicle can drive; None: it is."""
    way = path.way_m()
    if way is None:
        return _not_one_in_the_picture(path, from_s, to_s, size_px, margins)
    t_way, places = _around(*way, from_s, to_s, margins)
    # one or two pictures in which the neighbour's box was taken are no way that anybody drove
    smooth = median_filter(places, size=(margins.excursion, 1), mode="nearest")
    bends, along = _bends(t_way, smooth, from_s, to_s, margins)
    speed = np.hypot(*along.T)
    ahead = np.einsum("ij,ij->i", bends, along) / np.maximum(speed, 1e-9)
    aside = np.sqrt(np.maximum(np.einsum("ij,ij->i", bends, bends) - ahead**2, 0.0))
    slow = speed < margins.slow_m
    ahead = np.where(slow, np.hypot(*bends.T), ahead)
    most = path.build.bend_m
    braking = max(most, margins.max_braking_m)
    fine = (ahead <= most) & (ahead >= -braking) & (slow | (aside <= most))
    if fine.all():
        return None
    if (slow | (aside <= most)).all():
        back = -float(ahead.min()) > braking
        return Refusal(
            "pace_of_two", from_s, float(-ahead.min() if back else ahead.max()), braking if back else most, "m"
        )
    return Refusal("bend_of_two", from_s, float(aside[~slow].max()), most, "m")


def _around(
    t_s: Floats, places: Floats, from_s: float, to_s: float, margins: OneVehicleMargins
) -> tuple[Floats, Floats]:
    """The part of the way on which the answer hangs: of a minute's way most lies beyond."""
    spare = margins.excursion + 1
    first = max(int(np.searchsorted(t_s, from_s - margins.stretch_s)) - spare, 0)
    last = int(np.searchsorted(t_s, to_s + margins.stretch_s)) + spare
    return t_s[first:last], places[first:last]


def _not_one_in_the_picture(
    path: Trajectory, from_s: float, to_s: float, size_px: float, margins: OneVehicleMargins
) -> Refusal | None:
    """The same without a ground plane. A straight way is straight in the picture too, but an even pace is not even
    there: its steps shrink as the vehicle does, by the ratio of its sizes."""
    middles, stretch_s = _middles(path.t_s, from_s, to_s, margins), margins.stretch_s
    sizes = median_filter(path.size_px, size=margins.excursion, mode="nearest")
    before, at, after = (
        np.stack([np.interp(middles + s, path.t_s, path.contacts[:, axis]) for axis in (0, 1)], axis=1)
        for s in (-stretch_s, 0.0, stretch_s)
    )
    early, late = (np.interp(middles + s, path.t_s, sizes) for s in (-stretch_s, stretch_s))
    ratio = np.clip(early / np.maximum(late, 1e-9), margins.perspective_least, margins.perspective_most)
    shrinks = np.sqrt(ratio)[:, None]
    bends: Floats = (after - at) * shrinks - (at - before) / shrinks
    along: Floats = after - before
    way = np.hypot(*along.T)
    ahead = np.where(way > 1e-9, np.einsum("ij,ij->i", bends, along) / np.maximum(way, 1e-9), np.hypot(*bends.T))
    aside = np.sqrt(np.maximum(np.einsum("ij,ij->i", bends, bends) - ahead**2, 0.0))
    # by the size it has there: near the camera the same way is more pixels
    there = np.maximum(size_px, np.sqrt(early * late))
    pace, bend = np.abs(ahead) / there, aside / there
    if not (np.abs(ahead) <= margins.max_pace_boxes * there).all():
        return Refusal("pace_of_two", from_s, float(pace.max()), margins.max_pace_boxes, "box sizes")
    if not (aside <= margins.max_bend_boxes * there).all():
        return Refusal("bend_of_two", from_s, float(bend.max()), margins.max_bend_boxes, "box sizes")
    return None


def _middles(t_s: Floats, from_s: float, to_s: float, margins: OneVehicleMargins) -> Floats:
    """Moments between two times that have a whole stretch of the way on either side."""
    first = max(float(t_s[0]) + margins.stretch_s, from_s)
    last = min(float(t_s[-1]) - margins.stretch_s, to_s)
    return np.arange(first, last + 1e-6, margins.look_every_s) if last >= first else np.zeros(0)


def _bends(
    t_s: Floats, points: Floats, from_s: float, to_s: float, margins: OneVehicleMargins
) -> tuple[Floats, Floats]:
    """`[M, 2]` second differences of the way over stretches of `stretch_s`, and the way made over two of them."""
    middles, stretch_s = _middles(t_s, from_s, to_s, margins), margins.stretch_s

    def way(times: Floats) -> Floats:
        return np.stack([np.interp(times, t_s, points[:, axis]) for axis in (0, 1)], axis=1)

    before, at, after = way(middles - stretch_s), way(middles), way(middles + stretch_s)
    return after - 2 * at + before, after - before
