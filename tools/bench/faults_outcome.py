"""What came of the faults: acts against truth, alarms, returns, memory, each beside its limit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench.faults_camera import FaultyCamera, Pass, Told
from tools.bench.faults_kinds import KINDS
from tools.evaluate.acts import Score, Truth, score

BACK_S = 30.0
"""A fault is over for the box so long after its end: another view and wind are looked at for up to 20 s."""
GROWTH = 0.1
"""Memory of the last quarter beside that of the second: caches have filled by then."""


@dataclass(frozen=True)
class Judged:
    """The acts of one pass. `flagged`, `unflagged`: the false ones."""

    score: Score
    right: tuple[Told, ...]
    flagged: tuple[Told, ...]
    unflagged: tuple[Told, ...]
    held_true: int
    held_false: int


def judged(of: Pass, truth: Truth) -> Judged:
    result = score(truth, [told.reported for told in of.told])
    false = {id(each.reported) for each in result.false}
    wrong = [told for told in of.told if id(told.reported) in false]
    held = score(truth, of.held)
    return Judged(
        result,
        tuple(told for told in of.told if id(told.reported) not in false),
        tuple(told for told in wrong if told.owns_up),
        tuple(told for told in wrong if not told.owns_up),
        len(held.matches) + len(held.doubtful),
        len(held.false),
    )


@dataclass
class Tally:
    """Of one kind of fault; "": of passes without any."""

    faults: int = 0
    alarms_s: list[float] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    late: int = 0
    back_s: list[float] = field(default_factory=list)
    never_back: int = 0
    false_alarms: int = 0
    right: int = 0
    flagged: int = 0
    unflagged: int = 0
    held_true: int = 0
    held_false: int = 0


@dataclass
class Outcome:
    """`found`, `sure`: sure acts of passes by what they had: "" nothing, "quiet" what may change nothing, "faults"."""

    footage_s: float = 0.0
    wall_s: float = 0.0
    passes: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    sure: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    lost: int = 0
    packets: int = 0
    rss_mib: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, camera: FaultyCamera) -> None:
        """All that one camera went through."""
        self.footage_s += camera.t_s
        self.packets += camera.packets
        self.lost += camera.lost
        for suffered in camera.suffered:
            tally, kind = self.kinds[suffered.fault.kind.name], suffered.fault.kind
            tally.faults += 1
            if suffered.alarm_s is not None:
                tally.alarms_s.append(suffered.alarm_s)
                tally.states[suffered.state] += 1
            tally.false_alarms += kind.quiet and suffered.alarm_s is not None
            lasted_s = min(suffered.fault.to_s, camera.t_s) - suffered.fault.from_s
            late = suffered.alarm_s is None if lasted_s > kind.within_s else False
            late |= suffered.alarm_s is not None and suffered.alarm_s > kind.within_s
            if kind.alarms and late:
                tally.late += 1
                self.notes.append(
                    f"{camera.film.name}: late: {_line(suffered.fault)}: {suffered.alarm_s} {suffered.state}"
                )
            if kind.quiet and suffered.alarm_s is not None:
                self.notes.append(f"{camera.film.name}: alarm: {_line(suffered.fault)}: {suffered.state}")
            if suffered.normal_s is not None:
                tally.back_s.append(suffered.normal_s)
            elif camera.t_s - suffered.fault.to_s > BACK_S:
                tally.never_back += 1
                self.notes.append(f"{camera.film.name}: not back: {_line(suffered.fault)}")
        for each in camera.passes:
            self._add_pass(camera, each)

    def _add_pass(self, camera: FaultyCamera, of: Pass) -> None:
        name, since = camera.film.name, f"the pass from {of.began_s:.1f} s"
        whole = camera.t_s - of.began_s >= camera.film.length_s - 1.0
        had = "faults" if any(not KINDS[f].quiet for f in of.faults) else "quiet" if of.faults else ""
        result = judged(of, camera.film.truth)
        if whole:
            found, sure = result.score.sure
            self.passes[had] += 1
            self.found[had] += found
            self.sure[had] += sure
            if had != "faults":
                self.notes += [
                    f"{name}: missed in {since}, {'wind' if had else 'without faults'}: {t.id} {t.act}"
                    for t in result.score.missed
                    if t.certainty == "high"
                ]
        for how, acts in (("right", result.right), ("flagged", result.flagged), ("unflagged", result.unflagged)):
            for told in acts:
                tally = self.kinds[told.fault]
                setattr(tally, how, getattr(tally, how) + 1)
                if how != "right":
                    r = told.reported
                    why = next(f.why for f in result.score.false if f.reported is r)
                    self.notes.append(
                        f"{name}: {how} false: {r.act} at {r.t_s:.1f} s of {since}, {why}, after "
                        f"{told.fault or 'no fault'}; {' '.join(told.flags)}"
                    )
        held = self.kinds[of.faults[-1] if of.faults else ""]
        held.held_true += result.held_true
        held.held_false += result.held_false

    def limits(self) -> list[tuple[str, float, float]]:
        """What is held against a limit: its name, what was measured, the most it may be."""
        all_kinds = self.kinds.values()
        first, last = self.quarters()[1], self.quarters()[-1]
        return [
            ("false acts not flagged, beside faults", sum(t.unflagged for n, t in self.kinds.items() if n), 0),
            ("false acts in passes without faults", self.kinds[""].flagged + self.kinds[""].unflagged, 0),
            ("sure acts missed in passes without faults", self.sure[""] - self.found[""], 0),
            ("sure acts missed in wind", self.sure["quiet"] - self.found["quiet"], 0),
            ("alarms in wind", sum(t.false_alarms for t in all_kinds), 0),
            ("faults told too late or never", sum(t.late for t in all_kinds), 0),
            (f"faults not over for the box {BACK_S:.0f} s after their end", sum(t.never_back for t in all_kinds), 0),
            ("packets lost", self.lost, 0),
            (
                "growth of memory, last quarter beside the second, %",
                100 * (last / first - 1) if first else 0,
                100 * GROWTH,
            ),
        ]

    def quarters(self) -> list[float]:
        """Resident memory at the beginning, at the quarters and at the end, MiB."""
        if not self.rss_mib:
            return [0.0] * 5
        last = len(self.rss_mib) - 1
        return [self.rss_mib[round(last * k / 4)] for k in range(5)]

    @property
    def kept(self) -> bool:
        return all(value <= limit for _, value, limit in self.limits())

    def as_dict(self) -> dict[str, Any]:
        return {
            "footage_s": round(self.footage_s, 1),
            "wall_s": round(self.wall_s, 1),
            "passes": dict(self.passes),
            "sure_found": {name: [self.found[name], self.sure[name]] for name in self.sure},
            "kinds": {name or "none": vars(tally) for name, tally in self.kinds.items()},
            "packets": self.packets,
            "rss_mib": [round(mib) for mib in self.quarters()],
            "limits": [
                {"figure": name, "measured": round(value, 2), "limit": limit, "ok": value <= limit}
                for name, value, limit in self.limits()
            ],
            "notes": self.notes,
        }


def as_text(outcome: Outcome) -> str:
    lines = [
        f"{outcome.footage_s / 3600:.2f} h of footage in {outcome.wall_s / 60:.0f} min, "
        f"{sum(t.faults for t in outcome.kinds.values())} faults, {outcome.packets} packets sealed",
        "",
        f"{'fault':20s} {'n':>4s} {'alarm s: middle':>15s} {'most':>6s} {'back s: middle':>14s} {'most':>6s} "
        f"{'right':>6s} {'held':>9s} {'flagged':>8s} {'UNFLAGGED':>9s}  states",
    ]
    for name, t in sorted(outcome.kinds.items()):
        held, states = f"{t.held_true}+{t.held_false}", ", ".join(f"{s} {n}" for s, n in t.states.most_common())
        lines.append(
            f"{name or '(none)':20s} {t.faults:4d} {_of(t.alarms_s, median):>15s} {_of(t.alarms_s, max):>6s} "
            f"{_of(t.back_s, median):>14s} {_of(t.back_s, max):>6s} {t.right:6d} {held:>9s} {t.flagged:8d} "
            f"{t.unflagged:9d}  {states}"
        )
    lines += ["held: true + false by the truth; flagged, UNFLAGGED: false ones that were told", ""]
    for name, label in (("", "no fault"), ("quiet", "wind alone"), ("faults", "other faults")):
        found, sure, passes = outcome.found[name], outcome.sure[name], outcome.passes[name]
        lines.append(f"sure acts found in passes with {label + ':':14s} {found} of {sure} ({passes} passes)")
    rss = ", ".join(f"{mib:.0f}" for mib in outcome.quarters())
    lines += [f"resident memory at 0, 1/4, 1/2, 3/4 and the end, MiB: {rss}", ""]
    lines += [*outcome.notes, ""] if outcome.notes else []
    lines.append(limits_as_text(outcome.limits()))
    return "\n".join(lines)


def limits_as_text(limits: Iterable[tuple[str, float, float]]) -> str:
    lines = [f"{'figure':52s} {'measured':>8s} {'limit':>6s}"]
    for name, value, limit in limits:
        lines.append(f"{name:52s} {value:8.1f} {limit:6.0f}  {'ok' if value <= limit else 'NOT MET'}")
    return "\n".join(lines)


def resident_mib() -> float:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 2**20


def _line(fault: Any) -> str:
    told = f" ({fault.injury.told})" if fault.injury.told else ""
    return f"{fault.kind.name}{told} at {fault.from_s:.1f} s for {fault.to_s - fault.from_s:.1f} s"


def _of(values: Sequence[float], take: Any) -> str:
    return f"{take(values):.1f}" if values else "-"
