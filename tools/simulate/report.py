"""What came of many runs, in numbers and in words that lead back to each case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evidence.acts import ActCode
from tools.simulate.watching import Report, Verdict
from tools.simulate.world import TrueAct

ACTS = tuple(ActCode)


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
        f"{'act':20}{'happened':>10}{'found':>8}{'false':>8}{'precision':>11}{'recall':>9}{'unsure':>14}{'hidden':>8}"
    ]
    for f in figures(verdicts):
        lines.append(
            f"{f.act:20}{f.found + f.missed:>10}{f.found:>8}{f.false:>8}{_share(f.precision):>11}{_share(f.recall):>9}"
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


def as_json(verdicts: Sequence[Verdict], **settings: Any) -> str:
    """Everything, for scripts."""
    return json.dumps(
        {
            **settings,
            "vehicles": sum(v.vehicles for v in verdicts),
            "seconds": sum(v.seconds for v in verdicts),
            "acts": [{**asdict(f), "precision": f.precision, "recall": f.recall} for f in figures(verdicts)],
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


def _true(act: TrueAct) -> str:
    return f"{act.act} of {act.vehicle} at {act.t_s:.1f} s ({act.what})"


def _told(report: Report, verdict: Verdict) -> str:
    who = report.vehicle or "nobody"
    why = verdict.innocents.get(who, "")
    return f"{report.act} of {who} at {report.t_s:.1f} s{f' ({why})' if why else ''}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
