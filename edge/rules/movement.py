"""Which movements a vehicle past the stop line may still be making: told by the way it drove, by nothing else.

What is drawn beyond the line has no say: an exit that reaches far towards the line would call whoever passes it a
driver straight on. A way is straight or turned against the way it came; straight on in the picture is straight on the
road, whatever the perspective. Only so far as a turn can no longer be begun is it excluded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from common.margins import margin
from edge.road.trajectory import Trajectory
from zones.schema import ALL_MOVEMENTS, Movement

Floats = NDArray[np.float64]


_KERB = "decision 16: kerbs of 6 to 15 m radius; held against the simulation's turns (tools/simulate/turns.py)"
_FLAT = "seen at 15 to 30 degrees from above lengths along the road look two to four times shorter; not measured alone"
_STEEP = "turns look steeper in the picture than they are; not measured alone"
_DECIDED = "chosen with decision 16 and held against the simulation's turns; not measured alone"


@dataclass(frozen=True)
class MovementMargins:
    """When a turn was made, and how far straight on it can no longer be begun.

    Metres of road where the scene has a ground plane; else, under the names that end in `_sizes`, of the vehicle's own
    size (see `_in_sizes`).
    """

    back_m: float = margin(4.0, "m", "the piece of the way that gives a direction: a car's length", source=_DECIDED)
    came_m: float = margin(
        2.0, "m", "a shorter way to the line tells no direction: it is what a standing box wanders", source=_DECIDED
    )
    near_turn_m: float = margin(
        12.0,
        "m",
        "so far past the line, straight on, it no longer turns right: a right turn begins at the crosswalk, and 12 m "
        "past "
        "the line it is half made",
        source=_KERB,
    )
    far_turn_m: float = margin(
        18.0, "m", "nor left: a left turn begins before the middle of the junction", source=_KERB
    )
    turned_deg: float = margin(
        40.0, "degrees", "a way that leaves so steeply, and far enough aside, has turned", source=_KERB, most=180.0
    )
    turned_aside_m: float = margin(2.5, "m", "and so far aside: one or two boxes that lean are no turn", source=_KERB)
    wander_m: float = margin(0.5, "m", "a box that drives straight wanders so far aside", source=_DECIDED)
    back_sizes: float = margin(1.2, "vehicle sizes", "`back_m` in the picture", source=_FLAT)
    came_sizes: float = margin(0.6, "vehicle sizes", "`came_m` in the picture", source=_FLAT)
    near_turn_sizes: float = margin(4.0, "vehicle sizes", "`near_turn_m` in the picture", source=_FLAT)
    far_turn_sizes: float = margin(5.0, "vehicle sizes", "`far_turn_m` in the picture", source=_FLAT)
    turned_in_picture_deg: float = margin(50.0, "degrees", "`turned_deg` in the picture", source=_STEEP, most=180.0)
    turned_aside_sizes: float = margin(3.0, "vehicle sizes", "`turned_aside_m` in the picture", source=_STEEP)
    wander_sizes: float = margin(0.3, "vehicle sizes", "`wander_m` in the picture", source=_FLAT)
    straight_deg: float = margin(
        15.0, "degrees", "a way that leaves more steeply than this is not straight any more", source=_DECIDED, most=90.0
    )
    corridor_deg: float = margin(
        12.0,
        "degrees",
        "straight on is what stays in a corridor that opens by so much to each side, beside `wander`",
        source=_DECIDED,
        most=90.0,
    )
    leans_deg: float = margin(
        25.0, "degrees", "a way that leans so far to one side no longer turns to the other", source=_DECIDED, most=90.0
    )
    begun_deg: float = margin(
        10.0,
        "degrees",
        "a way that leans so far may be a turn begun, whatever the arrows of its lane allow: who turns from the wrong "
        "lane breaks them",
        source="one who turned right on his arrow from the lane for straight on leant by 17 degrees when he was lost "
        "from sight (simulation, November 2026); under the 12 of the corridor in which a way is straight",
        most=90.0,
    )
    smooth: int = margin(
        5,
        "pictures",
        "places are the middle of so many: a box that jumps once is no turn",
        source="as in the way of one vehicle (`OneVehicleMargins.excursion`)",
        least=1,
    )
    looks: int = margin(
        25,
        "moments",
        "so many moments since the crossing are asked whether a turn was made: a turn lasts two seconds and more",
        source="chosen when turns were lost to another vehicle's track, November 2026; not tuned",
        least=2,
    )


@dataclass(frozen=True)
class _Measure:
    """The lengths of `MovementMargins` in the unit in which a way is given."""

    back: float
    came: float
    near_turn: float
    far_turn: float
    turned_deg: float
    turned_aside: float
    wander: float


def _on_the_road(margins: MovementMargins) -> _Measure:
    return _Measure(
        margins.back_m, margins.came_m, margins.near_turn_m, margins.far_turn_m, margins.turned_deg,
        margins.turned_aside_m, margins.wander_m,
    )  # fmt: skip


def _in_the_picture(margins: MovementMargins) -> _Measure:
    return _Measure(
        margins.back_sizes, margins.came_sizes, margins.near_turn_sizes, margins.far_turn_sizes,
        margins.turned_in_picture_deg, margins.turned_aside_sizes, margins.wander_sizes,
    )  # fmt: skip


def may_be_making(path: Trajectory, at: int, margins: MovementMargins, until: int | None = None) -> frozenset[Movement]:
    """The movements that the way since observation `at`, the crossing, leaves possible; only its part up to observation
    `until` where that is given.

    A turn that was made stays possible whatever the track did later: a vehicle does not turn right and then drive left
    over the junction, two vehicles under one track do.
    """
    measure, places, right = _plane(path, margins, until)
    possible = _left_possible(places, at, measure, right, margins)
    if len(places) - at > 1:
        possible |= _turns_made(places, at, np.linspace(at + 1, len(places) - 1, margins.looks), measure, right)
    return possible


def begun(path: Trajectory, at: int, margins: MovementMargins, until: int | None = None) -> frozenset[Movement]:
    """The turns to whose side the way from observation `at` to `until` leans in the end: perhaps begun, and not made
    yet."""
    measure, places, right = _plane(path, margins, until)
    way = _way(places, at, measure, right)
    if way is None or way[2] is None or abs(way[2]) < margins.begun_deg:
        return frozenset()
    return frozenset[Movement]({"right"} if way[2] > 0 else {"left", "u_turn"})


def _turns_made(places: Floats, at: int, moments: Floats, measure: _Measure, right: float) -> frozenset[Movement]:
    """What `_turned` answers of the ways that end at these moments, asked of all of them at once."""
    came, since = _came(places, at, measure)
    if came is None:
        return frozenset()
    ends = np.unique(moments.astype(int))
    ends = ends[ends >= since]
    across = right * np.array([came[1], -came[0]])
    far = np.hypot(*(places[None, at:] - places[ends, None]).transpose(2, 0, 1)) >= measure.back
    far &= np.arange(at, len(places)) <= ends[:, None]
    last_far = far.shape[1] - 1 - np.argmax(far[:, ::-1], axis=1)
    steps = places[ends] - places[at + np.where(far.any(axis=1), last_far, 0)]
    leaves_deg = np.degrees(np.arctan2(steps @ across, steps @ came))
    aside = (places[ends] - places[at]) @ across
    turned = (np.hypot(*steps.T) >= measure.back / 2) & (np.abs(leaves_deg) >= measure.turned_deg)
    turned &= (aside * leaves_deg > 0) & (np.abs(aside) >= measure.turned_aside)
    rights = turned & (leaves_deg > 0)
    return frozenset[Movement]({"right"} if rights.any() else set()) | (
        frozenset[Movement]({"left", "u_turn"}) if (turned & ~rights).any() else frozenset()
    )


def _left_possible(
    places: Floats, at: int, measure: _Measure, right: float, margins: MovementMargins
) -> frozenset[Movement]:
    everything = frozenset(ALL_MOVEMENTS)
    way = _way(places, at, measure, right)
    if way is None:
        return everything
    if turned := _turned(way, measure):
        return turned
    ahead, aside, leaves_deg = way
    if leaves_deg is not None and abs(leaves_deg) >= measure.turned_deg and float(aside[-1]) * leaves_deg > 0:
        return everything - (frozenset[Movement]({"left", "u_turn"}) if leaves_deg > 0 else frozenset({"right"}))
    possible = set(everything)
    reach = _straight_reach(places, ahead, aside, at, measure, right, margins)
    if reach >= measure.near_turn:
        possible -= {"right"}
    if reach >= measure.far_turn:
        possible -= {"left", "u_turn"}
    if leaves_deg is not None and leaves_deg >= margins.leans_deg:
        possible -= {"left", "u_turn"}
    if leaves_deg is not None and leaves_deg <= -margins.leans_deg:
        possible -= {"right"}
    return frozenset(possible)


def _turned(way: tuple[Floats, Floats, float | None] | None, measure: _Measure) -> frozenset[Movement] | None:
    """The turn that the way ends in, steep enough and far enough to its side; None if it does not."""
    if way is None or way[2] is None:
        return None
    leaves_deg, aside = way[2], float(way[1][-1])
    if abs(leaves_deg) < measure.turned_deg or aside * leaves_deg <= 0 or abs(aside) < measure.turned_aside:
        return None
    return frozenset[Movement]({"right"} if leaves_deg > 0 else {"left", "u_turn"})


def _plane(path: Trajectory, margins: MovementMargins, until: int | None = None) -> tuple[_Measure, Floats, float]:
    """Places `[N, 2]` up to observation `until`, and +1 where right of (x, y) is (y, -x), -1 where it is (-y, x)."""
    upto = None if until is None else until + 1
    asked = ("plane", margins)
    if asked not in path.known:
        path.known[asked] = _whole_plane(path, margins)
    measure, places, right = path.known[asked]
    return measure, places[:upto], right


def _whole_plane(path: Trajectory, margins: MovementMargins) -> tuple[_Measure, Floats, float]:
    if path.ground is not None:
        metres = path.ground.to_metres(path.contacts)
        if np.isfinite(metres).all():
            middle = path.contacts[len(path.contacts) // 2]
            corner = path.ground.to_metres(middle + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
            over, down = corner[1] - corner[0], corner[2] - corner[0]
            mirrored = float(over[0] * down[1] - over[1] * down[0]) > 0
            smooth = median_filter(metres, size=(margins.smooth, 1), mode="nearest")
            return _on_the_road(margins), smooth, -1.0 if mirrored else 1.0
    return _in_the_picture(margins), _in_sizes(path, margins.smooth), -1.0


def _in_sizes(path: Trajectory, smooth: int) -> Floats:
    """The way in the picture with every step measured by the size that the vehicle has there, so that steps far away
    count as near ones; directions are those of the picture."""
    contacts = median_filter(path.contacts, size=(smooth, 1), mode="nearest")
    sizes = median_filter(path.size_px, size=smooth, mode="nearest")
    scale = path.build.size_m / np.maximum(sizes, 1.0)
    steps = np.diff(contacts, axis=0) * ((scale[1:] + scale[:-1]) / 2)[:, None]
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


def _way(places: Floats, at: int, measure: _Measure, right: float) -> tuple[Floats, Floats, float | None] | None:
    """Ahead and aside `[M]` of every observation since the crossing, and how many degrees to the right the way leaves;
    None as long as nothing tells where it came from."""
    came, _ = _came(places, at, measure)
    if came is None:
        return None
    across = right * np.array([came[1], -came[0]])
    since = places[at:] - places[at]
    ahead, aside = since @ came, since @ across
    leaves = _direction(places, at, len(places) - 1, measure.back)
    if leaves is None:
        return ahead, aside, None
    return ahead, aside, float(np.degrees(np.arctan2(leaves @ across, leaves @ came)))


def _came(places: Floats, at: int, measure: _Measure) -> tuple[Floats | None, int]:
    """Unit vector of the way to the line; of the first piece past it for one that stood there from the beginning. And
    the observation from which on it is known."""
    back = np.hypot(*(places[:at] - places[at]).T) if at else np.zeros(0)
    far = np.flatnonzero(back >= measure.back)
    first = int(far[-1]) if len(far) else int(np.argmax(back)) if len(back) else 0
    known, step = at, places[at] - places[first]
    if np.hypot(*step) < measure.came:
        past = np.flatnonzero(np.hypot(*(places[at:] - places[first]).T) >= measure.came)
        if not len(past):
            return None, at
        known = at + int(past[0])
        step = places[known] - places[first]
    unit: Floats = step / np.hypot(*step)
    return unit, known


def _direction(places: Floats, at: int, end: int, back: float) -> Floats | None:
    """The way's last piece of the length `back` before observation `end`, not reaching before the crossing."""
    gone = np.hypot(*(places[at : end + 1] - places[end]).T)
    far = np.flatnonzero(gone >= back)
    first = at + int(far[-1]) if len(far) else at
    step: Floats = places[end] - places[first]
    return step if np.hypot(*step) >= back / 2 else None


def _straight_reach(
    places: Floats, ahead: Floats, aside: Floats, at: int, measure: _Measure, right: float, margins: MovementMargins
) -> float:
    """How far it got straight on: within a narrow corridor all along, and still straight there."""
    corridor = np.abs(aside) <= np.tan(np.radians(margins.corridor_deg)) * np.maximum(ahead, 0.0) + measure.wander
    left_it = np.flatnonzero(~corridor)
    upto = int(left_it[0]) if len(left_it) else len(ahead)
    if not upto:
        return 0.0
    farthest = int(np.argmax(ahead[:upto]))
    direction = _direction(places, at, at + farthest, measure.back)
    came, _ = _came(places, at, measure)
    if direction is None or came is None:
        return 0.0
    across = right * np.array([came[1], -came[0]])
    turned = abs(float(np.degrees(np.arctan2(direction @ across, direction @ came))))
    return float(ahead[farthest]) if turned <= margins.straight_deg else 0.0
