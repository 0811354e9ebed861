"""What came of many runs, in numbers and in words that lead back to each case."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scipy.stats import binomtest

from evidence.acts import ActCode
from tools.simulate.views import ViewCount
from tools.simulate.watching import Report, Verdict
from tools.simulate.world import TrueAct

ACTS = tuple(ActCode)
_SURE = 0.95
"""How sure the intervals are: Wilson's, which is honest of few cases and of all found."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class ActFigures:
    """`unsure_told`: acts near the edge of their definition that were reported; they count neither way, and neither do
    `hidden` ones."""

    act: str
    found: int
    missed: int
    false: int
    unsure: int
    unsure_told: int
    hidden: int

    @property
    def precision(self) -> float | None:
        told = self.found + self.false
        return self.found / told if told else None

    @property
    def recall(self) -> float | None:
        happened = self.found + self.missed
        return self.found / happened if happened else None

    @property
    def precision_interval(self) -> Interval | None:
        return interval(self.found, self.found + self.false)

    @property
    def recall_interval(self) -> Interval | None:
        return interval(self.found, self.found + self.missed)


def interval(right: int, of: int) -> Interval | None:
    """Within which a share seen as `right` of `of` truly lies, 95 times of 100 (E. B. Wilson 1927); None of nothing."""
    if not of:
        return None
    found = binomtest(right, of).proportion_ci(_SURE, method="wilson")
    return float(found.low), float(found.high)


def figures(verdicts: Sequence[Verdict]) -> list[ActFigures]:
    """One line an act, over all runs."""
    out = []
    for act in ACTS:
        unsure = [told for v in verdicts for true, told in v.unsure if true.act == act]
        out.append(
            ActFigures(
                act=str(act),
                found=sum(true.act == act for v in verdicts for true, _ in v.found),
                missed=sum(true.act == act for v in verdicts for true in v.missed),
                false=sum(r.act == act for v in verdicts for r in v.false),
                unsure=len(unsure),
                unsure_told=sum(unsure),
                hidden=sum(true.act == act for v in verdicts for true, _ in v.hidden),
            )
        )
    return out


def table(verdicts: Sequence[Verdict]) -> str:
    """The figures as a text table."""
    lines = [
        f"{'act':20}{'happened':>10}{'found':>8}{'false':>8}{'precision (95 %)':>24}{'recall (95 %)':>24}"
        f"{'unsure':>14}{'hidden':>8}"
    ]
    for f in figures(verdicts):
        lines.append(
            f"{f.act:20}{f.found + f.missed:>10}{f.found:>8}{f.false:>8}"
            f"{_share(f.precision, f.precision_interval):>24}{_share(f.recall, f.recall_interval):>24}"
            f"{f'{f.unsure_told} of {f.unsure}':>14}{f.hidden:>8}"
        )
    return "\n".join(lines)


def line(verdict: Verdict) -> str:
    """One piece on one line: for each act that happened or was told, found of happened and how many false."""
    told = [
        f"{f.act} {f.found} of {f.found + f.missed}" + (f" and {f.false} false" if f.false else "")
        for f in figures([verdict])
        if f.found + f.missed + f.false
    ]
    return f"piece {verdict.seed}: {verdict.vehicles} vehicles; {', '.join(told) or 'no act'}"


def cases(verdicts: Sequence[Verdict], *, most: int = 20) -> list[str]:
    """The missed and the false acts, each with the seed that replays it."""
    lines = []
    for v in verdicts:
        lines += [f"missed  {_true(a)}  --only {v.seed}" for a in v.missed]
        lines += [f"false   {_told(r, v)}  --only {v.seed}" for r in v.false]
    left = len(lines) - most
    return lines[:most] + ([f"... and {left} more"] if left > 0 else [])


def close_ones(verdicts: Sequence[Verdict]) -> list[str]:
    """Of each part that only comes close to an act: how many played it, and how many of them were accused."""
    played: Counter[str] = Counter(why for v in verdicts for why in v.innocents.values())
    accused = Counter(
        v.innocents[name]
        for v in verdicts
        for name in {r.vehicle for r in v.false if r.vehicle is not None}
        if name in v.innocents
    )
    return [f"lawful: {why}: {accused[why]} of {count} accused" for why, count in sorted(played.items())]


def views_line(verdicts: Sequence[Verdict]) -> str:
    """How many of the views by which the plates of accused vehicles would be read are another vehicle's."""
    n = sum((v.views for v in verdicts), ViewCount())
    own, perhaps = n.own_right + n.own_wrong, n.perhaps_right + n.perhaps_wrong
    if not own:
        return "views of accused vehicles: none"
    return (
        f"views of accused vehicles: another's {_percent(n.own_wrong + n.perhaps_wrong, own + perhaps)}, "
        f"of those that tell the plate {_percent(n.own_wrong, own)}; "
        f"of their own {_percent(n.own_right, n.own_right + n.perhaps_right)} tell it"
    )


def as_json(verdicts: Sequence[Verdict], **settings: Any) -> str:
    """Everything, for scripts."""
    return json.dumps(
        {
            **settings,
            "vehicles": sum(v.vehicles for v in verdicts),
            "seconds": sum(v.seconds for v in verdicts),
            "views": asdict(sum((v.views for v in verdicts), ViewCount())),
            "acts": [
                {
                    **asdict(f),
                    "precision": f.precision,
                    "precision_95": f.precision_interval,
                    "recall": f.recall,
                    "recall_95": f.recall_interval,
                }
                for f in figures(verdicts)
            ],
            "missed": [{"seed": v.seed, **asdict(a)} for v in verdicts for a in v.missed],
            "false": [
                {"seed": v.seed, "act": r.act, "vehicle": r.vehicle, "t_s": r.t_s, "reasons": dict(r.reasons)}
                for v in verdicts
                for r in v.false
            ],
        },
        ensure_ascii=False,
        indent=1,
        default=str,
    )


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.2f} % of {of}" if of else "none"


def _true(act: TrueAct) -> str:
    return f"{act.act} of {act.vehicle} at {act.t_s:.1f} s ({act.what})"


def _told(report: Report, verdict: Verdict) -> str:
    who = report.vehicle or "nobody"
    why = verdict.innocents.get(who, "")
    return f"{report.act} of {who} at {report.t_s:.1f} s{f' ({why})' if why else ''}"


def _share(value: float | None, sure: Interval | None) -> str:
    return "-" if value is None or sure is None else f"{value:.4f} ({sure[0]:.3f}-{sure[1]:.3f})"
