"""Notices that should not have been issued: withdrawn or corrected after issue, by month, camera, act and reason.

A share of few is uncertain, and is shown with how uncertain: Wilson's interval (E. B. Wilson, "Probable inference", J.
Am. Stat. Assoc. 22, 1927), which is sound for small numbers and for none at all. Something stands out when its interval
lies wholly above that of the others: then chance alone does not explain it. Nothing here is counted by person.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.notices.tally import ISSUED, month_of
from central.store.case_tables import NoticeCountRow
from central.units.book import cameras_of
from central.units.tree import Scope
from countries.here import HERE

MONTHS = 12
"""Shown on the page: a year, the longest a notice can wait to be decided."""
_Z = 1.959964
"""Standard normal quantile of 0.975: intervals hold 95 in 100."""
_LEAST = 3
"""Taken back before anything stands out: one or two may be one slip, however few were issued."""


@dataclass(frozen=True)
class Share:
    """Of `issued` notices, `wrong` were taken back."""

    issued: int
    wrong: int

    @property
    def rate(self) -> float:
        """0 where nothing was issued."""
        return self.wrong / self.issued if self.issued else 0.0

    @property
    def low(self) -> float:
        return self._bound(-1)

    @property
    def high(self) -> float:
        return self._bound(+1)

    def _bound(self, side: int) -> float:
        """One end of Wilson's interval, in [0, 1]; of nothing issued all is possible."""
        if not self.issued:
            return 0.0 if side < 0 else 1.0
        if (side < 0 and self.wrong == 0) or (side > 0 and self.wrong == self.issued):
            return self.rate
        n, p, z2 = self.issued, self.rate, _Z * _Z
        half = _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return min(1.0, max(0.0, (p + z2 / (2 * n) + side * half) / (1 + z2 / n)))

    def above(self, other: Share) -> bool:
        """Whether this share is higher than the other beyond chance; never where either has no notice."""
        return bool(self.issued and other.issued) and self.wrong >= _LEAST and self.low > other.high

    def __add__(self, other: Share) -> Share:
        return Share(self.issued + other.issued, self.wrong + other.wrong)

    def __sub__(self, other: Share) -> Share:
        return Share(self.issued - other.issued, self.wrong - other.wrong)


NONE = Share(0, 0)


@dataclass(frozen=True)
class Line:
    """One month, camera or act. `higher`: than the months before it, or than all the others, beyond chance."""

    name: Any
    share: Share
    higher: bool


@dataclass(frozen=True)
class Camera:
    node: str
    camera: str

    def __str__(self) -> str:
        return f"{self.node}/{self.camera}"


@dataclass(frozen=True)
class FalseIssue:
    """Notices issued since `since`. `reasons`: (`withdrawn` or `corrected`, reason, how many), the commonest first."""

    since: date
    whole: Share
    months: tuple[Line, ...]
    cameras: tuple[Line, ...]
    acts: tuple[Line, ...]
    pairs: tuple[Line, ...]
    """By camera and act together: `name` is (`Camera`, act)."""
    reasons: tuple[tuple[str, str, int], ...]

    @property
    def rising(self) -> tuple[Line, ...]:
        return tuple(line for line in self.months if line.higher)

    @staticmethod
    def rest_of(lines: Iterable[Line]) -> Share:
        """What lines that are not listed one by one come to together."""
        return sum((line.share for line in lines), NONE)

    def as_json(self) -> dict[str, Any]:
        """For machines: numbers and interval ends, unrounded but for the ninth digit."""

        def told(line: Line, **name: str) -> dict[str, Any]:
            return {**name, **_numbers(line.share), "higher": line.higher}

        return {
            "since": self.since.isoformat(),
            "all": _numbers(self.whole),
            "months": [told(line, month=line.name.isoformat()[:7]) for line in self.months],
            "cameras": [told(line, camera=str(line.name)) for line in self.cameras],
            "acts": [told(line, act=line.name) for line in self.acts],
            "cameras_and_acts": [told(line, camera=str(line.name[0]), act=line.name[1]) for line in self.pairs],
            "reasons": [{"outcome": outcome, "reason": reason, "n": n} for outcome, reason, n in self.reasons],
        }


def _numbers(share: Share) -> dict[str, Any]:
    ends = {name: round(getattr(share, name), 9) for name in ("rate", "low", "high")}
    return {"issued": share.issued, "taken_back": share.wrong, **ends}


@dataclass
class _Sums:
    by: dict[Any, Share] = field(default_factory=lambda: defaultdict(lambda: NONE))

    def ranked(self, whole: Share) -> tuple[Line, ...]:
        """Against all the others; the surest and worst come first, and whatever was issued is there."""
        lines = [Line(name, share, share.above(whole - share)) for name, share in self.by.items()]
        return tuple(sorted(lines, key=lambda x: (-x.share.low, -x.share.wrong, -x.share.issued, str(x.name))))


def first_month(now: datetime, months: int) -> date:
    """The first of the last `months` months, the running one included."""
    this = month_of(now)
    count = this.year * 12 + this.month - months
    return date(count // 12, count % 12 + 1, 1)


def false_issue(session: Session, now: datetime, *, scope: Scope, months: int = MONTHS) -> FalseIssue:
    """Of what was issued in the last `months` months, the running one included, by cameras that are these units' now.

    Reads the kept counts alone.
    """
    row, since = NoticeCountRow, first_month(now, months)
    by_camera = (
        select(row.node_id, row.camera_id, row.act, row.outcome, row.reason, func.sum(row.n))
        .where(row.month >= since)
        .group_by(row.node_id, row.camera_id, row.act, row.outcome, row.reason)
    )
    owned, today = cameras_of(session), HERE.local_date(now)

    def mine(node: str, camera: str) -> bool:
        return scope.everything or owned.seen(node, camera, scope, today)

    cameras, acts, pairs, reasons = _Sums(), _Sums(), _Sums(), defaultdict[tuple[str, str], int](int)
    for node, camera, act, outcome, reason, n in session.execute(by_camera):
        if not mine(node, camera):
            continue
        share, place = _share(outcome, int(n)), Camera(node, camera)
        for sums, name in ((cameras, place), (acts, act), (pairs, (place, act))):
            sums.by[name] += share
        if outcome != ISSUED:
            reasons[outcome, reason] += int(n)
    keys = (row.month, row.node_id, row.camera_id, row.outcome)
    by_month = select(*keys, func.sum(row.n)).where(row.month >= since).group_by(*keys)
    whole: dict[date, Share] = defaultdict(lambda: NONE)
    for month, node, camera, outcome, n in session.execute(by_month):
        if mine(node, camera):
            whole[month] += _share(outcome, int(n))
    total = sum(whole.values(), NONE)
    return FalseIssue(
        since, total, tuple(_in_order(whole)), cameras.ranked(total), acts.ranked(total), pairs.ranked(total),
        tuple(sorted(((*key, n) for key, n in reasons.items()), key=lambda line: (-line[2], line))),
    )  # fmt: skip


def _share(outcome: str, n: int) -> Share:
    return Share(n, 0) if outcome == ISSUED else Share(0, n)


def _in_order(months: Mapping[date, Share]) -> Iterable[Line]:
    """Each month against all before it that are shown; the oldest has none to be compared with."""
    before = NONE
    for month in sorted(months):
        yield Line(month, months[month], months[month].above(before))
        before += months[month]
