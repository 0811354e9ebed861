"""What happened, from positions, sizes and lamps in metres and seconds alone; it knows nothing of boxes or rules.

What an act is (docs/simulation.md has the table): an act that its definition holds by a clear margin is `sure`; one so
near the edge that two officers might differ is written down as not sure, and is neither missed nor falsely reported.
Only what happens on the piece of road that the camera sees is an act here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evidence.acts import ActCode, LampState, VehicleClass
from tools.simulate.junction import (
    ARROW,
    CROSSWALK,
    KERB_X,
    LEFT_EXIT,
    LEFT_LANE,
    MAIN,
    STOP_LINE,
    STOP_LINE_WIDTH,
    is_divided,
)
from tools.simulate.world import Run, TrueAct, VehicleSpec

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LINE_Y = -STOP_LINE
ENTRY_Y = -CROSSWALK[0]
"""The junction is entered at the far edge of the crosswalk."""
WAY_KNOWN_Y = 0.0
"""Who ends short of this may still have been about to turn."""
RED_S = (0.5, 0.3, 0.9)
"""Red must be this old when the rear passes the line; younger than the second: no act, older than the third: surely."""
STOOD_S = (2.0, 1.5, 2.8)
CLEAR_M = (0.3, 0.1, 0.6)
ENTERS_WITHIN_S = (8.0, 7.0, 9.0)
OVERLAP = (0.2, 0.08, 0.28)
"""Share of the vehicle's width on the lesser side of a solid line."""
OVER_S = (0.3, 0.12, 0.45)
AGAINST_S = (1.0, 0.6, 1.6)
AGAINST_M = (1.5, 1.0, 4.0)
TURNED_S = (0.5, 0.25, 0.8)
"""Seen so long in the part of the junction through which only a left turn leads."""
LOWER_EDGE = 0.03
"""Share of the picture's height."""
STILL_M_S = (0.15, 0.3)
"""Slower than the first: stands. Up to the second he creeps so slowly that one may say he stands."""
_SOLID_Y = LINE_Y - STOP_LINE_WIDTH
MARKINGS = {"tim-duong": (-0.15, 0.15), "vach-lan": (3.5,)}


@dataclass(frozen=True)
class Way:
    """One vehicle's way through the run; arrays `[N]`, one entry a moment."""

    spec: VehicleSpec
    index: NDArray[np.int64]
    t_s: Floats
    x: Floats
    y: Floats
    heading: Floats
    speed: Floats
    visible: Bools
    """Whether the end of its footprint nearest the camera is on the road in the picture."""
    well_visible: Bools
    """The same, and not at the picture's lower edge, where boxes are cut off."""

    def end(self, ahead: float) -> tuple[Floats, Floats]:
        """A point on the middle line: 0.5 the front, -0.5 the rear."""
        reach = ahead * self.spec.length_m
        return self.x + reach * np.cos(self.heading), self.y + reach * np.sin(self.heading)


def ways(run: Run) -> dict[str, Way]:
    """Every vehicle's way, cut to the longest stretch without a gap."""
    rows: dict[str, list[tuple[int, float, float, float, float]]] = {}
    for m, moment in enumerate(run.moments):
        for v in moment.vehicles:
            rows.setdefault(v.id, []).append((m, v.x_m, v.y_m, v.heading_rad, v.speed_m_s))
    out = {}
    for name, values in rows.items():
        table = np.array(values)
        spec = run.specs[name]
        near = np.where(np.sin(table[:, 3]) > 0, -0.5, 0.5) * spec.length_m
        foot = np.stack(
            [table[:, 1] + near * np.cos(table[:, 3]), table[:, 2] + near * np.sin(table[:, 3]), 0 * near], 1
        )
        pixels = run.camera.project(foot)
        inside = (pixels[:, 0] >= 0) & (pixels[:, 0] < run.camera.width)
        inside &= (pixels[:, 1] >= 0) & (pixels[:, 1] < run.camera.height - 1)
        _, x, y, heading, speed = table.T
        visible = inside & (pixels[:, 2] > 0)
        well = visible & (pixels[:, 1] < (1.0 - LOWER_EDGE) * run.camera.height)
        moments = table[:, 0].astype(np.int64)
        out[name] = Way(spec, moments, table[:, 0] * run.step_s, x, y, heading, speed, visible, well)
    return out


@dataclass(frozen=True)
class Lamps:
    """The state of a head at every moment, and since when it has been so."""

    states: Sequence[LampState]
    since_s: Floats
    until_s: Floats

    @classmethod
    def of(cls, run: Run, head: str) -> Lamps:
        states = [m.heads[head].lamp for m in run.moments]
        change = np.array([i for i in range(len(states)) if i == 0 or states[i] != states[i - 1]])
        block = np.searchsorted(change, np.arange(len(states)), side="right") - 1
        starts = change * run.step_s
        starts[0] = -1e3  # lit since before the run began
        ends = np.append(change[1:] * run.step_s, 1e6)
        return cls(states, starts[block], ends[block])

    def red(self, moment: int) -> bool:
        return self.states[moment] == LampState.RED


def find_truth(run: Run) -> None:
    """Fill `run.acts` and `run.innocents`."""
    lamps = {"main": Lamps.of(run, MAIN), "right": Lamps.of(run, ARROW)}
    acts: list[TrueAct] = []
    divided = is_divided(run.ground)
    for name, way in ways(run).items():
        movement = _movement(way)
        acts += _at_the_line(way, movement, lamps, run)
        acts += (a for a in _solid_lines(way) if not divided or a.what != "tim-duong")
        against = list(_against(way))
        if divided:
            acts += against
        elif against:
            run.innocents[name] = "against the flow of a two-way road: not the wrong way of a one-way road"
        acts += _other(way, movement)
        if run.roles.get(name) == "stalled":
            run.innocents[name] = "stalled"
    run.acts = sorted((replace(a, t_s=round(a.t_s, 3), until_s=round(a.until_s, 3)) for a in acts), key=lambda a: a.t_s)


def _movement(way: Way) -> str:
    x, y = way.x, way.y
    if not (y < LINE_Y).any():
        return "other"
    if ((x > 9.6) & (y > -11.5) & (y < 1)).any():
        return "right"
    if ((x < -6.0) & (y > -6) & (y < 9)).any():
        return "left"
    return "straight"


def _grade(value: float, limits: tuple[float, float, float]) -> bool | None:
    """True: surely; False: perhaps; None: no."""
    return True if value >= limits[2] else False if value >= limits[1] else None


def _at_the_line(way: Way, movement: str, lamps: dict[str, Lamps], run: Run) -> Iterator[TrueAct]:
    _, rear = way.end(-0.5)
    front_x, front = way.end(0.5)
    past = rear > LINE_Y
    if past[0] or not past.any() or movement == "other":
        return
    at = int(np.argmax(past))
    if math.sin(way.heading[at]) < 0.5 or not way.visible[at] or not -0.35 < front_x[at] < KERB_X + 0.3:
        return
    lamp = lamps["right" if movement == "right" else "main"]
    m = int(way.index[at])
    t_c = float(way.t_s[at] - run.step_s * (rear[at] - LINE_Y) / max(rear[at] - rear[at - 1], 1e-6))
    if movement == "right" and lamps["main"].red(m) and not lamp.red(m):
        run.innocents[way.spec.id] = "right turn on the green arrow"
    if not lamp.red(m):
        return
    sure = _grade(t_c - float(lamp.since_s[m]), RED_S)
    if sure is None:
        return
    notes = []
    onset = int(np.argmax(way.t_s >= lamp.since_s[m])) if lamp.since_s[m] > way.t_s[0] else -1
    if onset >= 0 and front[onset] > LINE_Y - 0.15:
        sure, notes = False, ["front on or past the line when red began"]
    if not -0.05 + way.spec.width_m / 2 < way.x[at] < KERB_X:
        sure, notes = False, ["at the end of the line"]
    at_the_end = way.y[-1] < WAY_KNOWN_Y and way.index[-1] >= len(run.moments) - 2
    if movement == "straight" and at_the_end and not lamps["right"].red(m):
        sure, notes = False, ["the run ends before one knows where he goes"]
    entered = np.flatnonzero(rear > ENTRY_Y)
    entry = int(entered[0]) if len(entered) else None
    within = None if entry is None else float(way.t_s[entry]) - t_c
    green_s = float(lamp.until_s[m])
    last = len(way.t_s) - 1
    ends = float(way.t_s[last])
    if within is not None and within <= ENTERS_WITHIN_S[2] and t_c + within < green_s + 0.3:
        if abs(t_c + within - green_s) < 0.3 or within > ENTERS_WITHIN_S[1]:
            sure = False
        if way.spec.priority:
            run.innocents[way.spec.id] = "priority vehicle"
            sure, notes = False, ["priority vehicle: exempt, an officer's matter"]
        yield TrueAct(ActCode.RED_LIGHT, way.spec.id, t_c, t_c + within, "vach-dung", "; ".join(notes), sure)
        return
    outside = (np.arange(len(rear)) >= at) & (rear <= ENTRY_Y) & (way.t_s < green_s)
    stood, _, _ = _longest_stand(way, outside, rear, run.step_s, STILL_M_S[0])
    nearly, clear, first = _longest_stand(way, outside, rear, run.step_s, STILL_M_S[1])
    if clear < CLEAR_M[2] and entry is not None and float(way.t_s[entry]) < green_s:
        # he may be said to have passed it when he came or when he left
        note = "stood on the line, then drove on in red"
        yield TrueAct(ActCode.RED_LIGHT, way.spec.id, t_c, float(way.t_s[entry]), "vach-dung", note, sure=False)
    grades = [_grade(nearly, STOOD_S), _grade(clear, CLEAR_M)]
    if None in grades or way.spec.priority:
        return
    if movement != "right" and way.x[at] > LEFT_LANE[1] and not lamps["right"].red(m):
        sure, notes = False, [*notes, "the arrow would have let him turn right"]
    # the run ends before one can know whether he drives on
    cut = ends >= len(run.moments) * run.step_s - 2 * run.step_s and ends < t_c + ENTERS_WITHIN_S[0]
    sure = bool(sure and all(grades) and _grade(stood, STOOD_S) and not cut)
    yield TrueAct(ActCode.STOPPED_PAST_LINE, way.spec.id, t_c, first + nearly, "vach-dung", "; ".join(notes), sure)


def _longest_stand(
    way: Way, allowed: Bools, rear: Floats, step_s: float, slower_m_s: float
) -> tuple[float, float, float]:
    """Seconds of the longest stand, how far past the line, and when it began."""
    still = allowed & (way.speed < slower_m_s) & (_pace(way, step_s) < slower_m_s)
    best, begin = (0, 0), None
    for i in range(len(still) + 1):
        inside = i < len(still) and bool(still[i])
        if inside and begin is None:
            begin = i
        if not inside and begin is not None:
            best, begin = max(best, (i - begin, begin)), None
    length, first = best
    if not length:
        return 0.0, 0.0, 0.0
    return length * step_s, float(np.median(rear[first : first + length])) - LINE_Y, float(way.t_s[first])


def _pace(way: Way, step_s: float) -> Floats:
    """`[N]` m/s of the rear over 0.4 s, before or after: SUMO lets a vehicle shift aside at a speed of nothing.

    The lesser of the two, so that a stand counts from its first moment to its last.
    """
    at, span = np.arange(len(way.t_s)), round(0.4 / step_s)
    before, after = np.maximum(at - span, 0), np.minimum(at + span, len(at) - 1)
    x, y = way.end(-0.5)

    def pace(since: NDArray[np.int64], to: NDArray[np.int64]) -> Floats:
        seconds = (to - since) * step_s
        moved = np.hypot(x[to] - x[since], y[to] - y[since])
        speed: Floats = np.divide(moved, seconds, out=np.full(len(at), np.inf), where=seconds > 0)
        return speed

    return np.fmin(pace(before, at), pace(at, after))


def _stretches(mask: Bools, index: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last of each unbroken stretch."""
    found: list[tuple[int, int]] = []
    for i in np.flatnonzero(mask).tolist():
        if found and found[-1][1] == i - 1 and index[i] == index[i - 1] + 1:
            found[-1] = (found[-1][0], i)
        else:
            found.append((i, i))
    return found


def _solid_lines(way: Way) -> Iterator[TrueAct]:
    """The end of the footprint that the camera sees lies over a stripe."""
    near = np.where(np.sin(way.heading) > 0, -0.5, 0.5)
    x, y = (
        way.x + near * way.spec.length_m * np.cos(way.heading),
        way.y + near * way.spec.length_m * np.sin(way.heading),
    )
    half = way.spec.width_m / 2 * np.abs(np.sin(way.heading))
    beside = way.visible & (y < _SOLID_Y) & (half > 0.2)
    for marking, stripes in MARKINGS.items():
        share = np.max(
            [
                np.clip(np.minimum(at - (x - half), (x + half) - at) / np.maximum(2 * half, 1e-6), 0, 0.5)
                for at in stripes
            ],
            axis=0,
        )
        best: tuple[int, float, TrueAct] | None = None
        for first, last in _stretches(beside & (share >= OVERLAP[1]), way.index):
            over = beside[first : last + 1] & (share[first : last + 1] >= OVERLAP[0])
            step_s = float(np.median(np.diff(way.t_s[first : last + 2]))) if last > first else 0.0
            firm = float(over.sum()) * step_s
            # surely only what lasts so long away from the edge of the picture
            if OVER_S[0] <= firm and float((over & way.well_visible[first : last + 1]).sum()) * step_s < OVER_S[2]:
                firm = min(firm, OVER_S[0])
            moved = float(np.hypot(x[last] - x[first], y[last] - y[first]))
            grades = [
                _grade(float(share[first : last + 1].max()), OVERLAP),
                _grade(firm, OVER_S),
                _grade(moved, (0.8, 0.3, 1.5)),
            ]
            sure = all(grades) and None not in grades
            rank = (int(sure), firm)
            act = TrueAct(
                ActCode.SOLID_LINE, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), marking, sure=sure
            )
            if best is None or rank > best[:2]:
                best = (*rank, act)
        if best:
            yield best[2]


def _against(way: Way) -> Iterator[TrueAct]:
    """Towards the camera on our side, or away from it on the other."""
    north = np.sin(way.heading)
    near = np.where(north > 0, -0.5, 0.5)
    x, y = way.x + near * way.spec.length_m * np.cos(way.heading), way.y + near * way.spec.length_m * north
    on_road = way.visible & (y < _SOLID_Y)
    lanes = {
        "lan-nguoc": (x > -7.0) & (x < 0.0) & (north > 0.5),
        "lan-trai": (x > LEFT_LANE[0]) & (x < LEFT_LANE[1]) & (north < -0.5),
        "lan-phai": (x > LEFT_LANE[1]) & (x < KERB_X) & (north < -0.5),
    }
    for lane, against in lanes.items():
        longest: TrueAct | None = None
        for first, last in _stretches(on_road & against & (way.speed > 0.3), way.index):
            lasted, way_m = float(way.t_s[last] - way.t_s[first]), float(abs(y[last] - y[first]))
            grades = [_grade(lasted, AGAINST_S), _grade(way_m, AGAINST_M)]
            if None in grades:
                continue
            act = TrueAct(
                ActCode.WRONG_WAY, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), lane, sure=all(grades)
            )
            if longest is None or (act.sure, act.until_s - act.t_s) > (longest.sure, longest.until_s - longest.t_s):
                longest = act
        if longest:
            yield longest


def _other(way: Way, movement: str) -> Iterator[TrueAct]:
    """The banned turn, and an act that no rule of the node looks for yet."""
    near_line = np.flatnonzero(way.visible & (way.y < LINE_Y) & (np.sin(way.heading) > 0.5))
    if not len(near_line):
        return
    first, last = int(near_line[0]), int(near_line[-1])
    t_s, until_s = float(way.t_s[first]), float(way.t_s[last])
    in_left = bool(np.all((way.x[near_line] > LEFT_LANE[0]) & (way.x[near_line] < LEFT_LANE[1])))
    if way.spec.cls in (VehicleClass.BUS, VehicleClass.TRUCK) and in_left and last - first > 10:
        yield TrueAct("wrong_lane", way.spec.id, t_s, until_s, "lan-trai")
    turned = np.flatnonzero(way.visible & (way.x < LEFT_EXIT[0]) & (way.y > LEFT_EXIT[1]) & (way.t_s > until_s))
    if movement == "left" and len(turned):
        seen_s = float(way.t_s[turned[-1]] - way.t_s[turned[0]])
        sure = _grade(seen_s, TURNED_S)
        if sure is not None:
            yield TrueAct(ActCode.BANNED_TURN, way.spec.id, until_s, float(way.t_s[turned[-1]]), "vach-dung", sure=sure)
