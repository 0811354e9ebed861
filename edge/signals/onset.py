"""How a colour came, from what the head showed before: a signal goes from green over yellow to red and to green.

A lamp is red by its own light when it came out of green or yellow. What lights in the red lens of a head that was dark
is the sun, a street lamp, the tail of a bus; yellow in red's place is a camera that was knocked. One that nobody saw
come is believed for as long as a red may last, with a flag (`Onset.seen`), if the head was seen to work before, or if
we have only just begun to look. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.signals.margins import SignalPlanMargins
from edge.signals.runs import Onset, Run
from evidence.acts import LampState

_RED, _YELLOW, _GREEN, _OFF = LampState.RED, LampState.YELLOW, LampState.GREEN, LampState.OFF
_EPSILON_S = 1e-6


@dataclass(frozen=True)
class Known:
    """What is known of a head beside the runs that are kept.

    `watched_s`: when we began to look; `went_s`: when it was last seen to show green or yellow; `ordered`: it has other
    lenses than red, so that an order can be asked of it; `yellow_seen`: its yellow can be seen in this picture;
    `red_s`: how long its red usually lasts; `misplaced_s`: when another colour last stood in red's place for long.
    """

    watched_s: float
    went_s: float | None = None
    ordered: bool = True
    yellow_seen: bool = False
    red_s: float | None = None
    misplaced_s: float | None = None


def onset_of(run: Run, before: Sequence[Run], known: Known, m: SignalPlanMargins) -> Onset:
    """How the colour of `run` came, after the runs `before`, oldest first."""
    lit = next((i for i in reversed(range(len(before))) if before[i].proper), None)
    between = before[lit + 1 :] if lit is not None else before
    last = before[lit] if lit is not None else None
    out = any(r.state == _OFF or (r.state != LampState.UNKNOWN and not r.proper) for r in between)
    hidden = any(r.state == LampState.UNKNOWN for r in between)
    at_s = run.from_s
    if not known.ordered:
        if last is not None and not between:
            return _measured(run, before[: (lit or 0) + 1], m)
        return Onset(at_s, "hidden", at_s + m.longest_s)
    unseen_until_s = max(known.watched_s + m.start_s, (known.went_s if known.went_s is not None else -1e9) + m.trust_s)
    if run.state == _GREEN:  # it lets everybody go: whatever it came out of, it is where an order begins
        return Onset(at_s, "seen" if last is not None and not between else "hidden", at_s + m.longest_s)
    if known.misplaced_s is not None and known.misplaced_s >= (last.to_s if last is not None else known.watched_s):
        return Onset(at_s, "dark", at_s)
    if out and not _dark_yellow(run, last, known, m):
        return Onset(at_s, "dark", at_s)
    if last is not None and not hidden and not (out and (known.yellow_seen or last.state == _RED)):
        return _measured(run, before[: (lit or 0) + 1], m)
    if at_s > unseen_until_s:
        return Onset(at_s, "dark", at_s)
    return Onset(at_s, "hidden" if before else "start", unseen_until_s)


def _dark_yellow(run: Run, last: Run | None, known: Known, m: SignalPlanMargins) -> bool:
    """Whether the head was dark for no longer than a yellow that the camera cannot see; or within its usual red."""
    if last is None:
        return False
    if last.state == _RED:
        return known.red_s is not None and run.from_s <= last.from_s + known.red_s + _EPSILON_S
    return run.from_s - last.to_s <= m.dark_yellow_s + _EPSILON_S


def _measured(run: Run, before: Sequence[Run], m: SignalPlanMargins) -> Onset:
    """`before` ends in the colour that it came out of."""
    at_s, until_s = run.from_s, run.from_s + m.longest_s
    if run.state != _RED or not before:
        return Onset(at_s, "seen", until_s)
    last = before[-1]
    if last.state == _GREEN:
        return Onset(at_s, "seen", until_s, yellow_most_s=round(at_s - last.to_s, 3))
    green = before[-2] if len(before) > 1 and before[-2].state == _GREEN else None
    whole = last.onset is not None and last.onset.seen
    return Onset(
        at_s,
        "seen",
        until_s,
        yellow_s=round(at_s - last.from_s, 3) if whole else None,
        yellow_most_s=round(at_s - green.to_s, 3) if green is not None and whole else None,
    )
