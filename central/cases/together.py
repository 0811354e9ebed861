"""Several acts of one vehicle and violator in one decision: what belongs together, what bears the points. Pure.

Whoever is punished for several acts at once gets one decision with a fine for each act (the law of sanctions,
article 67.1), and points are taken once, for the act with the most. Each case keeps its own evidence and its own life.
Decided apart, each act takes its own points: so a decision that leaves out a case which is ready says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from central.cases.facts import Facts
from central.cases.lifecycle import CaseState
from central.cases.said import check_points, points_of
from countries.here import HERE
from countries.law import PointsOnce, Proposal


def same_violator(one: Facts, other: Facts) -> bool:
    """By the number where both have one, else by the name; an organisation and a person are never the same."""
    if one.owner_type != other.owner_type:
        return False
    if one.violator_id and other.violator_id:
        return one.violator_id == other.violator_id
    return _plain(one.violator) == _plain(other.violator) != ""


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


@dataclass(frozen=True)
class Act:
    """One act of a decision. `number`: of its case. `mitigating`, `aggravating`: of this act."""

    number: int
    state: CaseState
    law: Proposal | None
    fine: int
    mitigating: str = ""
    aggravating: str = ""


def bearer(acts: Sequence[Act], day: date) -> PointsOnce:
    """Which of the acts the points are taken for, and how many at most."""
    return HERE.law.points_once([points_of(act.law, act.state) for act in acts], day)


def points_left(before: int, takes: Sequence[int], day: date) -> tuple[int, int]:
    """Points of a decision of which acts fell away, and which of those left bears them. `before`: taken until now;
    `takes`: what each act that is left would take. No more than were taken: why they were fewer holds still."""
    once = HERE.law.points_once(takes, day)
    return min(before, once.taken), once.bearer


@dataclass(frozen=True)
class Share:
    """What the record of one case says of a decision over several. `points`: taken for its act."""

    number: int
    fine: int
    mitigating: str
    aggravating: str
    points: int
    points_with: int | None
    together: tuple[dict[str, int], ...]


def shares(acts: Sequence[Act], points: int, day: date) -> tuple[Share, ...]:
    """One share a case, in the order of `acts`. Raises `Refused` (`points_most`)."""
    once = bearer(acts, day)
    check_points(points, once.taken)
    bears = acts[once.bearer].number
    return tuple(
        Share(
            number=act.number,
            fine=act.fine,
            mitigating=act.mitigating,
            aggravating=act.aggravating,
            points=points if act.number == bears else 0,
            points_with=bears if points and act.number != bears else None,
            together=tuple({"case": other.number, "fine": other.fine} for other in acts if other is not act),
        )
        for act in acts
    )
