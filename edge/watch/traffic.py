"""Does the traffic of an hour look as it did at this hour on other days? Pure: counts in, an answer out.

Drivers do not change from one day to the next; cameras, signals and drawings do. So a jump of the acts a vehicle means
a fault before it means anything else, and it accuses people. Counts are compared as two Poisson rates, by the binomial
that is left when their sum is given (Przyborowski and Wilenski, Biometrika 31, 1940): it knows how little an empty
night or a new box says. Every test asks for more than a small excess (`ordinary`, `quiet`), and what all the tests of
an hour may err by together is `chance`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from common.margins import margin
from evidence.wire import DayKind

_HOUR = timedelta(hours=1)
_LOOKS_AN_HOUR = 60
Unusual = Literal["few_vehicles", "plates_unread"]


@dataclass(frozen=True)
class TrafficMargins:
    """When the traffic of an hour is not what it was on other days."""

    ordinary: float = margin(
        2.0, "times the usual", "twice as many acts a vehicle, or plates not read, are still a day like others: rain, "
        "a feast, a queue", source="not measured; a fault of a lamp or a line multiplies them", least=1.0,
    )  # fmt: skip
    quiet: float = margin(
        0.1, "of the usual", "on the first morning of the new year so many still drive", source="not measured",
        most=1.0,
    )  # fmt: skip
    chance: float = margin(
        1e-4, "probability an hour", "so rarely each kind of test errs on traffic at its margin (`ordinary`): once in "
        "a year and two months of one camera; on usual traffic far more rarely", source="chosen", most=0.5,
    )  # fmt: skip
    least_acts: int = margin(
        8, "acts", "of fewer nothing is said: a group of riders that runs one red light together",
        source="not measured", least=1,
    )  # fmt: skip
    least_vehicles: int = margin(
        100, "vehicles", "acts of an hour that has just begun count as among so many: they come in groups",
        source="two to five cycles of a signal", least=1,
    )  # fmt: skip
    least_days: int = margin(3, "days", "so many other days, or nothing is compared", source="chosen", least=1)
    least_watched_s: float = margin(
        600.0, "s", "an hour counts as one of a day if it was watched for so long", source="chosen"
    )
    remembered_days: int = margin(
        28, "days", "other days go back so far: four of each day of the week, and the season stays the same",
        source="chosen", least=1,
    )  # fmt: skip


@dataclass(frozen=True)
class Counted:
    """What was seen in some time: for how long anybody looked, vehicles that drove by, acts by kind (those that were
    held too), and of the acts whose plates were looked for, how many were read."""

    watched_s: float = 0.0
    vehicles: int = 0
    acts: Mapping[str, int] = field(default_factory=dict)
    plates: int = 0
    plates_read: int = 0

    def __add__(self, other: Counted) -> Counted:
        acts = Counter(self.acts)
        acts.update(other.acts)
        return Counted(
            self.watched_s + other.watched_s,
            self.vehicles + other.vehicles,
            dict(acts),
            self.plates + other.plates,
            self.plates_read + other.plates_read,
        )

    @property
    def all_acts(self) -> int:
        return sum(self.acts.values())


@dataclass(frozen=True)
class Hour:
    """`begins`: an instant at which an hour begins, UTC. `doubted`: nobody may learn from it."""

    begins: datetime
    counted: Counted
    doubted: bool = False


@dataclass(frozen=True)
class Usual:
    """The same hour of other days taken together. `kind`: of what days these are."""

    days: int
    kind: DayKind
    counted: Counted


@dataclass(frozen=True)
class Jump:
    """An act that is told far more often than usual: `acts` among `vehicles`, otherwise `usual_acts` among
    `usual_vehicles` on `days` days. `probability`: of that or more at `ordinary` times the usual
    rate."""

    act: str
    acts: int
    vehicles: int
    usual_acts: int
    usual_vehicles: int
    days: int
    kind: DayKind
    probability: float


def hour_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which its hour began, by the clock of the place."""
    local = instant.astimezone(zone)
    return instant - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def usual(history: Iterable[Hour], begins: datetime, zone: ZoneInfo, m: TrafficMargins) -> Usual | None:
    """The same hour of other days of the same kind; of all days where too few of those are known; None: of too few
    days altogether."""
    here = begins.astimezone(zone)
    same = [
        each
        for each in history
        if not each.doubted
        and each.counted.watched_s >= m.least_watched_s
        and timedelta() < begins - each.begins <= timedelta(days=m.remembered_days)
        and (local := each.begins.astimezone(zone)).hour == here.hour
        and local.date() != here.date()
    ]
    kind: DayKind = "weekend" if here.weekday() >= 5 else "workday"
    alike = [each for each in same if (each.begins.astimezone(zone).weekday() >= 5) == (kind == "weekend")]
    if len(alike) < m.least_days:
        alike, kind = same, "any"
    if len(alike) < m.least_days:
        return None
    return Usual(len(alike), kind, sum((each.counted for each in alike), Counted()))


def jump(now: Counted, other: Usual, kinds: int, m: TrafficMargins) -> Jump | None:
    """The act that jumped, if one did. `kinds`: of acts that the camera looks for.

    To be asked after each act: the tests of one kind share `chance / kinds`, the j-th of them having 1 / j(j+1) of it.
    """
    vehicles = max(now.vehicles, m.least_vehicles)
    for act, acts in sorted(now.acts.items()):
        look = acts - m.least_acts + 1
        if look < 1:
            continue
        before = other.counted.acts.get(act, 0)
        probability = as_often(acts, m.ordinary * vehicles, before, other.counted.vehicles)
        if probability < m.chance / max(kinds, 1) / (look * (look + 1)):
            return Jump(
                act, acts, now.vehicles, before, other.counted.vehicles, other.days, other.kind, probability
            )  # fmt: skip
    return None


def unusual(now: Counted, other: Usual, m: TrafficMargins) -> frozenset[Unusual]:
    """What else is not as usual; it accuses nobody, and is told. To be asked once a minute."""
    found: set[Unusual] = set()
    share = m.quiet * now.watched_s
    allowed = m.chance / _LOOKS_AN_HOUR
    # days of another kind may be quieter by themselves
    if (
        other.kind != "any"
        and as_rarely(now.vehicles, share, other.counted.vehicles, other.counted.watched_s) < allowed
    ):
        found.add("few_vehicles")
    unread, before = now.plates - now.plates_read, other.counted.plates - other.counted.plates_read
    if unread >= m.least_acts and as_often(unread, m.ordinary * now.plates, before, other.counted.plates) < allowed:
        found.add("plates_unread")
    return frozenset(found)


def as_often(now: int, exposure: float, before: int, exposure_before: float) -> float:
    """Probability of `now` events or more, `before` and `now` given together, at one rate for both exposures."""
    return 1.0 if now <= 0 else _binomial(now, now + before, now + before, _share(exposure, exposure_before))


def as_rarely(now: int, exposure: float, before: int, exposure_before: float) -> float:
    """Probability of `now` events or fewer, in the same way."""
    return _binomial(0, now, now + before, _share(exposure, exposure_before))


def _share(exposure: float, exposure_before: float) -> float:
    together = exposure + exposure_before
    return exposure / together if together > 0 else 1.0


def _binomial(first: int, last: int, n: int, p: float) -> float:
    """P(first <= X <= last) of n trials."""
    if p <= 0.0:
        return float(first == 0)
    if p >= 1.0:
        return float(last == n)
    log_p, log_q, whole = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    terms = (
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q)
        for k in range(first, last + 1)
    )
    return min(math.fsum(terms), 1.0)
