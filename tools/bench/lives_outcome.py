"""What a run of `giaolo bench lives` showed: of one town, and of several summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.bench.lives_costs import LOOKS, Costs

STEP_LIMIT_MS = 5.0
"""CPU of one step, the mean of all: 10^5 lives are then two hours of one core."""
FAULTS_SHOWN = 20
_SUMS = ("lives", "told", "behind", "stuck", "mistakes", "audited", "wall_s", "cpu_s", "fault_count")


@dataclass(frozen=True)
class Outcome:
    """`towns`: how many were lived, each with a database of its own. `audited`: cases whose record was held against the
    centre's signatures and their sealed packets. `faults`: the first in words, of `fault_count`."""

    database: str
    lives: int
    days: int
    states: dict[str, int]
    terms: dict[str, dict[str, int]]
    told: int
    behind: int
    stuck: int
    mistakes: int
    audited: int
    refused: dict[str, int]
    no_door: list[str]
    faults: list[str]
    fault_count: int
    wall_s: float
    cpu_s: float
    database_cpu_s: float | None
    costs: Costs = field(default_factory=Costs)
    towns: int = 1

    @property
    def good(self) -> bool:
        return not self.fault_count and not self.stuck

    @property
    def steps(self) -> dict[str, dict[str, float]]:
        return {name: cost.figures() for name, cost in sorted(self.costs.of.items())}

    def plain(self) -> dict[str, Any]:
        """All of it, so that it can be read again."""
        return vars(self) | {"costs": self.costs.plain()}

    def figures(self) -> dict[str, Any]:
        """What is printed as JSON."""
        step = self.costs.step
        more = {"steps": self.steps, "step": {"n": step.n, "cpu_ms": step.mean_ms}}
        return {name: value for name, value in vars(self).items() if name != "costs"} | more


def read(plain: Mapping[str, Any]) -> Outcome:
    return Outcome(**{**plain, "costs": Costs.from_plain(plain["costs"])})


def summed(towns: Sequence[Outcome]) -> Outcome:
    """At least one. `days`: those of the longest."""
    sums: dict[str, Any] = {name: round(sum(getattr(t, name) for t in towns), 1) for name in _SUMS}
    states: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    terms: dict[str, dict[str, int]] = {}
    costs = Costs()
    for town in towns:
        states.update(town.states)
        refused.update(town.refused)
        costs.add_all(town.costs)
        for code, kept in town.terms.items():
            known = terms.setdefault(code, {"met": 0, "late": 0, "latest": 0})
            for name in ("met", "late"):
                known[name] += kept[name]
            known["latest"] = max(known["latest"], kept["latest"])
    database_cpu = [t.database_cpu_s for t in towns]
    return Outcome(
        **sums, database=towns[0].database, days=max(t.days for t in towns), states=dict(states.most_common()),
        terms=dict(sorted(terms.items())), refused=dict(refused.most_common()),
        no_door=towns[0].no_door, faults=[f for t in towns for f in t.faults][:FAULTS_SHOWN],
        database_cpu_s=None if None in database_cpu else round(sum(c or 0.0 for c in database_cpu), 1),
        costs=costs, towns=sum(t.towns for t in towns),
    )  # fmt: skip


def lines(found: Outcome) -> Iterator[str]:
    database = f", of the database's processes {found.database_cpu_s:.0f}" if found.database_cpu_s is not None else ""
    towns = f" in {found.towns} towns" if found.towns > 1 else ""
    spent = f"{found.wall_s:.0f} s, CPU {found.cpu_s:.0f}{database}"
    yield f"{found.database}: {found.lives} lives{towns} in {found.days} days; {spent}"
    yield "end: " + ", ".join(f"{state} {n}" for state, n in found.states.items())
    yield f"{'term':20s} {'met':>9s} {'late':>9s} {'latest, days':>13s}"
    for code, kept in found.terms.items():
        yield f"{code:20s} {kept['met']:9d} {kept['late']:9d} {kept['latest']:13d}"
    yield f"over and on a list, term-nights: {found.told}; behind the lines that a page shows: {found.behind}"
    yield f"tried though no page offers it: {found.mistakes}, all refused" if not found.fault_count else "FAULTS"
    yield f"{'step':20s} {'n':>9s} {'wall ms':>9s} {'p95':>8s} {'CPU ms':>9s} {'p95':>8s}"
    for looks in (False, True):
        for name, cost in found.steps.items():
            if name.startswith(LOOKS) is looks:
                yield (
                    f"{name:20s} {cost['n']:9.0f} {cost['wall_ms']:9.2f} {cost['wall_p95_ms']:8.2f}"
                    f" {cost['cpu_ms']:9.2f} {cost['cpu_p95_ms']:8.2f}"
                )
    yield "refused: " + ", ".join(f"{what} {n}" for what, n in list(found.refused.items())[:12])
    if found.no_door:
        yield f"steps of the table without a page: {', '.join(found.no_door)}"
    step = found.costs.step
    yield f"{'lives':34s} {found.lives:9d}"
    yield f"{'records audited':34s} {found.audited:9d}"
    yield f"{'steps':34s} {step.n:9d}"
    yield _judged("CPU ms a step", f"{step.mean_ms:9.2f}", f"{STEP_LIMIT_MS:.1f}", step.mean_ms <= STEP_LIMIT_MS)
    yield _judged("lives that did not end", f"{found.stuck:9d}", "0", not found.stuck)
    yield _judged("faults", f"{found.fault_count:9d}", "0", not found.fault_count)
    yield from found.faults


def _judged(name: str, value: str, limit: str, good: bool) -> str:
    return f"{name:34s} {value} {'limit':>7s} {limit:>4s}  {'ok' if good else 'NOT MET'}"
