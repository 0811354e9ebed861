"""Red light, and stopped past the line: what happens at the stop line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.acts import ActCode, LampState
from tools.simulate.junction import CROSSWALK, KERB_X, LEFT_LANE, STOP_LINE
from tools.simulate.truths.ways import STILL_M_S, Bools, Floats, Way, between, grade, pace
from tools.simulate.world import Run, TrueAct

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


def at_the_line(way: Way, movement: str, lamps: dict[str, Lamps], run: Run) -> Iterator[TrueAct]:
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
    sure = grade(t_c - float(lamp.since_s[m]), RED_S)
    if sure is None:
        return None
    notes = []
    onset = coming.onset(m)
    over_m = float(coming.front[onset]) - LINE_Y if onset >= 0 else -1.0
    if over_m > -BESIDE_RED_M:
        waited = grade(coming.stands(between(way, float(lamp.since_s[m]) - 1.0, t_c), STILL_M_S[0])[0], WAITED_S)
        if over_m > BESIDE_RED_M and waited is None:
            return None  # over the line before red, and rolling: he may go on
        sure = bool(sure and waited and over_m > BESIDE_RED_M)
        notes = ["front on or past the line when red began"]
    entered = np.flatnonzero(rear > ENTRY_Y)
    if not len(entered):
        return None
    t_entry = float(way.t_s[int(entered[0])])
    green_s = float(lamp.until_s[m])
    stood_over, clear_m, _ = coming.stands(between(way, -1e9, t_entry) & (coming.front > LINE_Y), STILL_M_S[1])
    if stood_over > STOOD_S[1] and abs(clear_m) < ON_LINE_M:
        # he may be said to have passed it when he came or when he left
        sure, notes = False, ["stood on the line, then drove on in red"]
        if green_s < t_entry:
            return None
    elif t_entry - t_c > ENTERS_WITHIN_S[2]:
        return None
    sure = bool(sure and t_entry - t_c <= ENTERS_WITHIN_S[1])
    if green_s < t_entry:
        waited = grade(coming.stands(between(way, t_c, green_s), STILL_M_S[0])[0], WAITED_S)
        clear = grade(float(np.interp(green_s, way.t_s, rear)) - LINE_Y, CLEAR_AT_GREEN_M)
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
    if grade(nearly, STOOD_S) is None:
        return None
    notes = []
    # the rear stood so far past the line; half of the vehicle or more is past it
    over_m = clear + way.spec.length_m / 2
    sure = bool(over_m > OVER_M and grade(stood, STOOD_S))
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


def _longest_stand(
    way: Way, allowed: Bools, rear: Floats, step_s: float, slower_m_s: float
) -> tuple[float, float, float]:
    """Seconds of the longest stand, how far past the line, and when it began."""
    still = allowed & (way.speed < slower_m_s) & (pace(way, step_s) < slower_m_s)
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
