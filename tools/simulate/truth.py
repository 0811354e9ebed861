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
    LANES_CHOSEN_Y,
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
ON_LINE_M = 0.6
"""Whose rear stands so near to the line is neither before it nor past it."""
STOOD_UNSEEN_S = 5.0
"""Who was past the line when the run began must stand so long to be a doubtful case."""
BESIDE_RED_M = 0.3
"""A front so near to the line when red began may have been before it or past it."""
CLEAR_AT_GREEN_M = (0.3, 0.1, 0.8)
"""So far past the line the rear must be when red ends."""
WAITED_S = (1.0, 0.5, 1.5)
"""Who stood so long past the line before it was green waited there; less than the second: he was on his way."""
OVER_M = 0.4
"""Stopped past the line: surely, if more than half of the vehicle and so much more is past it."""
ENTERS_WITHIN_S = (8.0, 7.0, 9.0)
OVERLAP = (0.2, 0.08, 0.28)
"""Share of the vehicle's width on the lesser side of a solid line."""
OVER_S = (0.3, 0.12, 0.45)
AGAINST_S = (1.0, 0.6, 1.6)
AGAINST_M = (1.5, 1.0, 4.0)
BEYOND_CENTRE_M = 0.15
"""Surely in the other half: all of the vehicle beyond the farther stripe of the double line, most of the time."""
TURNED_S = (0.5, 0.25, 0.8)
"""Seen so long in the part of the junction through which only a left turn leads."""
LOWER_EDGE = 0.03
"""Share of the picture's height."""
LANE_BEFORE_M = 5.0
LANE_BEFORE_S = (0.3, 0.2, 0.5)
"""Seen so long in the lane on the last metres before the line."""
LEFT_S = (0.5, 0.25, 0.8)
"""Seen so long in the exit."""
IN_LANE_S = (2.0, 1.6, 2.7)
IN_LANE_M = (6.0, 5.0, 7.3)
"""The rear, so long and so far along the lane."""
IN_LANE_ROOM_M = (0.3, 0.05)
"""Room on both sides: surely in the lane, and less than which it is not wholly in it."""
CHANGING_M = (0.35, 0.7)
"""Who goes less far aside drives along it, who goes farther changes over it."""
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
        acts += _against(way, ActCode.WRONG_WAY if divided else ActCode.OPPOSITE_HALF)
        acts += _wrong_lane(way)
        acts += _lane_direction(way, movement)
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


@dataclass(frozen=True)
class _Coming:
    """How a vehicle comes over the stop line: where its ends are, and what its lamp shows."""

    way: Way
    movement: str
    lamp: Lamps
    arrow: Lamps
    front: Floats
    rear: Floats
    step_s: float
    ends_s: float

    def when(self, end: Floats, at: int) -> float:
        """Between two moments: when an end of the vehicle passed the line."""
        return float(self.way.t_s[at] - self.step_s * (end[at] - LINE_Y) / max(end[at] - end[at - 1], 1e-6))

    def onset(self, m: int) -> int:
        """The first moment of the vehicle's way in the red of moment `m` of the run; -1 if red was there before it."""
        since = float(self.lamp.since_s[m])
        return int(np.argmax(self.way.t_s >= since)) if since > self.way.t_s[0] else -1

    def turns_free(self, at: int) -> bool:
        """He might have turned right by the arrow."""
        return bool(
            self.movement != "right" and self.way.x[at] > LEFT_LANE[1] and not self.arrow.red(int(self.way.index[at]))
        )

    def stands(self, allowed: Bools, slower_m_s: float) -> tuple[float, float, float]:
        return _longest_stand(self.way, allowed, self.rear, self.step_s, slower_m_s)


def _at_the_line(way: Way, movement: str, lamps: dict[str, Lamps], run: Run) -> Iterator[TrueAct]:
    _, rear = way.end(-0.5)
    _, front = way.end(0.5)
    from_the_start = bool(rear[0] > LINE_Y and math.sin(way.heading[0]) > 0.5 and way.x[0] > 0)
    if (movement == "other" and not from_the_start) or not (front > LINE_Y).any():
        return
    lamp = lamps["right" if movement == "right" else "main"]
    coming = _Coming(way, movement, lamp, lamps["right"], front, rear, run.step_s, len(run.moments) * run.step_s)
    passes = rear > LINE_Y
    m = int(way.index[int(np.argmax(passes))]) if passes.any() else -1
    if m >= 0 and movement == "right" and lamps["main"].red(m) and not lamp.red(m):
        run.innocents[way.spec.id] = "right turn on the green arrow"
    if passes[0]:
        if from_the_start:
            yield from _stood_from_the_start(coming)
        return
    ran = _ran(coming, run)
    if ran is not None:
        yield ran
    stopped = _stopped(coming, ran)
    if stopped is not None and not way.spec.priority:
        yield stopped


def _over_the_line(coming: _Coming, at: int) -> bool:
    """Seen, heading north, and not beside the line's ends."""
    way = coming.way
    front_x, _ = way.end(0.5)
    beside = not -0.35 < front_x[at] < KERB_X + 0.3
    return not (math.sin(way.heading[at]) < 0.5 or not way.visible[at] or beside)


def _ran(coming: _Coming, run: Run) -> TrueAct | None:
    """Red light: the front before the line when red began, the rear past it in red, and on its way."""
    way, rear, lamp = coming.way, coming.rear, coming.lamp
    past = rear > LINE_Y
    if not past.any():
        return None
    at = int(np.argmax(past))
    m = int(way.index[at])
    if not _over_the_line(coming, at) or not lamp.red(m):
        return None
    t_c = coming.when(rear, at)
    sure = _grade(t_c - float(lamp.since_s[m]), RED_S)
    if sure is None:
        return None
    notes = []
    onset = coming.onset(m)
    over_m = float(coming.front[onset]) - LINE_Y if onset >= 0 else -1.0
    if over_m > -BESIDE_RED_M:
        waited = _grade(coming.stands(_between(way, float(lamp.since_s[m]) - 1.0, t_c), STILL_M_S[0])[0], WAITED_S)
        if over_m > BESIDE_RED_M and waited is None:
            return None  # over the line before red, and rolling: he may go on
        sure = bool(sure and waited and over_m > BESIDE_RED_M)
        notes = ["front on or past the line when red began"]
    entered = np.flatnonzero(rear > ENTRY_Y)
    if not len(entered):
        return None
    t_entry = float(way.t_s[int(entered[0])])
    green_s = float(lamp.until_s[m])
    stood_over, clear_m, _ = coming.stands(_between(way, -1e9, t_entry) & (coming.front > LINE_Y), STILL_M_S[1])
    if stood_over > STOOD_S[1] and abs(clear_m) < ON_LINE_M:
        # he may be said to have passed it when he came or when he left
        sure, notes = False, ["stood on the line, then drove on in red"]
        if green_s < t_entry:
            return None
    elif t_entry - t_c > ENTERS_WITHIN_S[2]:
        return None
    sure = bool(sure and t_entry - t_c <= ENTERS_WITHIN_S[1])
    if green_s < t_entry:
        waited = _grade(coming.stands(_between(way, t_c, green_s), STILL_M_S[0])[0], WAITED_S)
        clear = _grade(float(np.interp(green_s, way.t_s, rear)) - LINE_Y, CLEAR_AT_GREEN_M)
        if waited or clear is None:
            return None
        sure = bool(sure and waited is None and clear)
        notes.append("green before the junction")
    if not -0.05 + way.spec.width_m / 2 < way.x[at] < KERB_X:
        sure, notes = False, ["at the end of the line"]
    at_the_end = way.y[-1] < WAY_KNOWN_Y and way.index[-1] >= len(run.moments) - 2
    if coming.movement == "straight" and at_the_end and not coming.arrow.red(m):
        sure, notes = False, ["the run ends before one knows where he goes"]
    if way.spec.priority:
        run.innocents[way.spec.id] = "priority vehicle"
        sure, notes = False, ["priority vehicle: exempt, an officer's matter"]
    return TrueAct(ActCode.RED_LIGHT, way.spec.id, t_c, t_entry, "vach-dung", "; ".join(notes), sure)


def _stopped(coming: _Coming, ran: TrueAct | None) -> TrueAct | None:
    """Stopped past the line: the front passed it in red, then stood there, short of the junction, while red."""
    way, front, rear, lamp = coming.way, coming.front, coming.rear, coming.lamp
    at = int(np.argmax(front > LINE_Y))
    if not at or not _over_the_line(coming, at):
        return None
    m = int(way.index[at])
    t_f = coming.when(front, at)
    if not lamp.red(m) or t_f < float(lamp.since_s[m]):
        return None
    green_s = float(lamp.until_s[m])
    outside = (np.arange(len(rear)) >= at) & (rear <= ENTRY_Y) & (way.t_s < green_s)
    stood, _, _ = coming.stands(outside, STILL_M_S[0])
    nearly, clear, first = coming.stands(outside, STILL_M_S[1])
    if _grade(nearly, STOOD_S) is None:
        return None
    notes = []
    # the rear stood so far past the line; half of the vehicle or more is past it
    over_m = clear + way.spec.length_m / 2
    sure = bool(over_m > OVER_M and _grade(stood, STOOD_S))
    # from the front's passage on; half over it comes later, which is when it can be seen
    half_s = float(way.t_s[int(np.argmax((rear + front) / 2 > LINE_Y))])
    red_s = t_f - float(lamp.since_s[m])
    sure = sure and red_s > RED_S[2]
    if ran is not None and ran.until_s - t_f <= ENTERS_WITHIN_S[2] + 3.0:
        if ran.sure and ran.until_s - half_s <= ENTERS_WITHIN_S[1]:
            return None
        sure = False  # which of the two it was is as unsure
    if coming.turns_free(at) or coming.turns_free(min(at + 1, len(rear) - 1)):
        sure, notes = False, ["the arrow would have let him turn right"]
    if not -0.05 + way.spec.width_m / 2 < way.x[at] < KERB_X:
        sure, notes = False, ["at the end of the line"]
    # the run ends before one can know whether he drives on
    ends = float(way.t_s[-1])
    if ends >= coming.ends_s - 2 * coming.step_s and ends < t_f + ENTERS_WITHIN_S[0]:
        sure = False
    return TrueAct(ActCode.STOPPED_PAST_LINE, way.spec.id, t_f, first + nearly, "vach-dung", "; ".join(notes), sure)


def _stood_from_the_start(coming: _Coming) -> Iterator[TrueAct]:
    """Past the line when the run began: a doubtful case, if he stands there long."""
    way, m = coming.way, int(coming.way.index[0])
    if not coming.lamp.red(m):
        return
    outside = (coming.rear <= ENTRY_Y) & (way.t_s < float(coming.lamp.until_s[m])) & way.visible
    nearly, _, first = coming.stands(outside, STILL_M_S[1])
    if nearly >= STOOD_UNSEEN_S - 0.5:
        note = "past the line from the beginning"
        yield TrueAct(ActCode.STOPPED_PAST_LINE, way.spec.id, first, first + nearly, "vach-dung", note, sure=False)


def _between(way: Way, from_s: float, to_s: float) -> Bools:
    inside: Bools = (way.t_s >= from_s) & (way.t_s < to_s)
    return inside


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


def _against(way: Way, act_code: ActCode) -> Iterator[TrueAct]:
    """Towards the camera on our side, or away from it on the other: what it is called follows from the road."""
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
            # mostly on the double line: one may say that it rode on it
            beyond = -x[first : last + 1] > BEYOND_CENTRE_M + way.spec.width_m / 2
            sure = all(grades) and (act_code != ActCode.OPPOSITE_HALF or lane != "lan-nguoc" or beyond.mean() > 0.6)
            act = TrueAct(act_code, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), lane, sure=sure)
            if longest is None or (act.sure, act.until_s - act.t_s) > (longest.sure, longest.until_s - longest.t_s):
                longest = act
        if longest:
            yield longest


def _wrong_lane(way: Way) -> Iterator[TrueAct]:
    """A lorry or bus along the left lane, which is for others, before the part where lanes are chosen."""
    if way.spec.cls not in (VehicleClass.BUS, VehicleClass.TRUCK):
        return
    x, y = way.end(-0.5)
    reach = way.spec.width_m / 2 * np.abs(np.sin(way.heading)) + way.spec.length_m / 2 * np.abs(np.cos(way.heading))
    room = np.minimum(way.x - reach - LEFT_LANE[0], LEFT_LANE[1] - way.x - reach)
    there = way.visible & (np.sin(way.heading) > 0.5) & (y < LANES_CHOSEN_Y) & (room > IN_LANE_ROOM_M[1])
    best: TrueAct | None = None
    for first, last in _stretches(there, way.index):
        aside = float(np.ptp(x[first : last + 1]))
        grades = [
            _grade(float(way.t_s[last] - way.t_s[first]), IN_LANE_S),
            _grade(float(y[last] - y[first]), IN_LANE_M),
        ]
        if None in grades or aside > CHANGING_M[1]:
            continue
        steady = bool(room[first : last + 1].min() > IN_LANE_ROOM_M[0] and aside < CHANGING_M[0])
        sure = all(grades) and steady
        act = TrueAct(
            ActCode.WRONG_LANE, way.spec.id, float(way.t_s[first]), float(way.t_s[last]), "lan-trai", sure=sure
        )
        if best is None or (act.sure, act.until_s - act.t_s) > (best.sure, best.until_s - best.t_s):
            best = act
    if best:
        yield best


def _lane_direction(way: Way, movement: str) -> Iterator[TrueAct]:
    """Over the stop line out of the left lane, whose arrows lead straight on, then right through the exit there."""
    _, rear_y = way.end(-0.5)
    if movement != "right" or not (rear_y > LINE_Y).any():
        return
    at = int(np.argmax(rear_y > LINE_Y))
    before = np.flatnonzero(way.visible[:at] & (rear_y[:at] > LINE_Y - LANE_BEFORE_M))
    out = np.flatnonzero(way.visible & (np.arange(len(way.x)) > at) & (way.x > 9.6) & (way.y > -11.0) & (way.y < -1.0))
    if not len(before) or not len(out):
        return
    x, half = way.x[before], way.spec.width_m / 2
    if (x > LEFT_LANE[1]).any() or (x < LEFT_LANE[0]).any():
        return
    t_s, until_s = float(way.t_s[at]), float(way.t_s[out[-1]])
    grades = [_grade(until_s - float(way.t_s[out[0]]), LEFT_S), _grade(float(x.size) * _step_s(way), LANE_BEFORE_S)]
    if None in grades:
        return
    sure = all(grades) and bool((x + half < LEFT_LANE[1]).all() and (x - half > LEFT_LANE[0]).all())
    yield TrueAct(ActCode.LANE_DIRECTION, way.spec.id, t_s, until_s, "vach-dung", sure=sure)


def _step_s(way: Way) -> float:
    return float(np.median(np.diff(way.t_s))) if len(way.t_s) > 1 else 0.0


def _other(way: Way, movement: str) -> Iterator[TrueAct]:
    """The banned turn."""
    near_line = np.flatnonzero(way.visible & (way.y < LINE_Y) & (np.sin(way.heading) > 0.5))
    if not len(near_line):
        return
    last = int(near_line[-1])
    until_s = float(way.t_s[last])
    turned = np.flatnonzero(way.visible & (way.x < LEFT_EXIT[0]) & (way.y > LEFT_EXIT[1]) & (way.t_s > until_s))
    if movement == "left" and len(turned):
        seen_s = float(way.t_s[turned[-1]] - way.t_s[turned[0]])
        sure = _grade(seen_s, TURNED_S)
        if sure is not None:
            yield TrueAct(ActCode.BANNED_TURN, way.spec.id, until_s, float(way.t_s[turned[-1]]), "vach-dung", sure=sure)
