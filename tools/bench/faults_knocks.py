"""The table of knocks: a camera that starts anew for each, knocked once at one moment of a clip, and wind beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edge.perception import OnnxPerception
from tools.bench.faults_camera import GOOD, FaultyCamera, Film
from tools.bench.faults_kinds import KINDS, Fault, Injury, Random, View, any_knock, wind
from tools.bench.faults_outcome import judged, limits_as_text
from tools.bench.faults_run import perception

_SIZES = {"small": ((8.0, 15.0), (0.5, 1.0)), "large": ((15.0, 40.0), (1.0, 3.0))}
"""Pixels and degrees."""
_WIND_PX, _WIND_HZ = 8.0, (0.5, 1.0, 2.0)
_EVER_S = 1e9
_NOTICED_WITHIN_S = 60.0
_AND_ON_S = 5.0
"""What waited when it was noticed is decided at once; so much longer shows that it stays so."""


@dataclass(frozen=True)
class Row:
    """One knock. `at_s`: of the clip's first pass; `flagged`, `unflagged`: false acts that were told after it; `right`:
    right ones, from then on; `held`: true and false ones."""

    film: str
    at_s: float
    size: str
    how: str
    alarm_s: float | None
    state: str
    right: int
    held: tuple[int, int]
    flagged: tuple[str, ...]
    unflagged: tuple[str, ...]


@dataclass(frozen=True)
class Blown:
    """One pass in wind. `at_rest`: how many sure acts are found there; `missed`: those that were not found; `bad`:
    states that are alarms."""

    film: str
    how: str
    found: int
    at_rest: int
    sure: int
    false: int
    bad: tuple[str, ...]
    missed: tuple[str, ...] = ()


@dataclass
class Table:
    rows: list[Row] = field(default_factory=list)
    blown: list[Blown] = field(default_factory=list)

    def limits(self) -> Sequence[tuple[str, float, float]]:
        late = [r for r in self.rows if r.alarm_s is None or r.alarm_s > _NOTICED_WITHIN_S]
        after_knocks = [
            ("false acts not flagged, after a knock", sum(len(r.unflagged) for r in self.rows), 0),
            (f"knocks not noticed within {_NOTICED_WITHIN_S:.0f} s", len(late), 0),
        ]
        in_wind = [
            ("alarms in wind", sum(len(b.bad) for b in self.blown), 0),
            ("sure acts found at rest, missed in wind", sum(max(0, b.at_rest - b.found) for b in self.blown), 0),
            ("false acts in wind", sum(b.false for b in self.blown), 0),
        ]
        return [*(after_knocks if self.rows else ()), *(in_wind if self.blown else ())]

    @property
    def kept(self) -> bool:
        return all(value <= limit for _, value, limit in self.limits())

    def as_dict(self) -> dict[str, Any]:
        return {
            "knocks": [vars(row) for row in self.rows],
            "wind": [vars(each) for each in self.blown],
            "limits": [
                {"figure": name, "measured": value, "limit": limit, "ok": value <= limit}
                for name, value, limit in self.limits()
            ],
        }


def ask_knocks(films: Sequence[Film], *, moments: int, seed: int, size: str, say: Callable[[str], None]) -> Table:
    """One knock at each of so many moments of each clip."""
    rng, eyes, table = np.random.default_rng(seed), perception(size), Table()
    for film in films:
        for at_s in _moments(film, moments, rng):
            name = list(_SIZES)[len(table.rows) % len(_SIZES)]
            table.rows.append(_knocked(film, eyes, at_s, name, rng))
            say(_row(table.rows[-1]))
    return table


def ask_wind(films: Sequence[Film], *, size: str, say: Callable[[str], None]) -> Table:
    """Each clip at rest, and in wind."""
    eyes, table = perception(size), Table()
    for film in films:
        at_rest = _pass(film, eyes, None)
        table.blown.append(at_rest)
        say(_blown(at_rest))
        for hz in _WIND_HZ:
            blown = _pass(film, eyes, hz, at_rest.found)
            table.blown.append(blown)
            say(_blown(blown))
    return table


def _moments(film: Film, number: int, rng: Random) -> list[float]:
    """One by chance in each part of the clip."""
    part_s = (film.length_s - 0.5) / number
    return [0.2 + part_s * (k + float(rng.uniform())) for k in range(number)]


def _pass(film: Film, eyes: OnnxPerception, hz: float | None, at_rest: int | None = None) -> Blown:
    """One pass, in wind or at rest."""

    def blow(camera: FaultyCamera) -> None:
        if hz is not None and camera.fault is None:
            camera.begin(Fault(KINDS["wind"], wind(camera.view, _WIND_PX, hz), 0.0, _EVER_S))

    camera = _play(film, eyes, blow, lambda camera: camera.taken >= film.frames)
    result = judged(camera.passes[0], film.truth)
    found, sure = result.score.sure
    bad = tuple(sorted(camera.passes[0].states - GOOD))
    how = "at rest" if hz is None else f"wind of {_WIND_PX:.0f} px, {hz:.1f} Hz"
    missed = tuple(f"{t.id} {t.act}" for t in result.score.missed if t.certainty == "high")
    at_rest = found if at_rest is None else at_rest
    return Blown(film.name, how, found, at_rest, sure, len(result.score.false), bad, missed)


def _knocked(film: Film, eyes: OnnxPerception, at_s: float, size: str, rng: Random) -> Row:
    """Until it is noticed and a little longer, at most as long as it may take. Where the clip ends before, another pass
    of it follows, as knocked as it was."""
    hows: list[Injury] = []

    def hit(camera: FaultyCamera) -> None:
        if camera.fault is None and camera.t_s >= at_s:
            hows.append(_how(rng, camera.view, size))
            camera.begin(Fault(KINDS["knock"], hows[0], camera.t_s, _EVER_S))

    def done(camera: FaultyCamera) -> bool:
        if not camera.suffered:
            return False
        alarm_s = camera.suffered[-1].alarm_s
        return camera.t_s > at_s + _AND_ON_S + (_NOTICED_WITHIN_S if alarm_s is None else alarm_s)

    camera = _play(film, eyes, hit, done)
    suffered, results = camera.suffered[0], [judged(each, film.truth) for each in camera.passes]

    def named(flagged: bool) -> tuple[str, ...]:
        told = [t for r in results for t in (r.flagged if flagged else r.unflagged)]
        return tuple(f"{t.reported.act} at {t.reported.t_s:.1f} s ({' '.join(t.flags)})" for t in told)

    right = sum(bool(told.fault) for result in results for told in result.right)
    held = sum(r.held_true for r in results), sum(r.held_false for r in results)
    return Row(
        film.name, at_s, size, hows[0].told, suffered.alarm_s, suffered.state, right, held, named(True), named(False)
    )


def _how(rng: Random, view: View, size: str) -> Injury:
    px, deg = _SIZES[size]
    return any_knock(rng, view, px, deg)


def _play(
    film: Film, eyes: OnnxPerception, before: Callable[[FaultyCamera], None], done: Callable[[FaultyCamera], bool]
) -> FaultyCamera:
    with tempfile.TemporaryDirectory(prefix="giaolo-knock-") as folder:
        camera = FaultyCamera(film, eyes, Path(folder))
        try:
            while not (camera.taken and done(camera)):
                before(camera)
                camera.take()
        finally:
            camera.close()
    return camera


def knocks_as_text(table: Table) -> str:
    lines = [_BLOWN_HEAD, *(_blown(each) for each in table.blown)] if table.blown else []
    lines += [_HEAD, *(_row(row) for row in table.rows)] if table.rows else []
    noticed = sorted(row.alarm_s for row in table.rows if row.alarm_s is not None)
    if noticed:
        lines += ["", f"{len(table.rows)} knocks, alarm after {noticed[len(noticed) // 2]:.1f} s in the middle, "
                  f"{noticed[-1]:.1f} s at most"]  # fmt: skip
    return "\n".join([*lines, "", limits_as_text(table.limits())])


_BLOWN_HEAD = f"{'clip':14s} {'mast':22s} {'sure acts':>10s} {'false':>6s}  alarms"
_HEAD = (
    f"{'clip':14s} {'moment':>7s} {'size':6s} {'knock':24s} {'alarm s':>7s} {'state':11s} {'right':>5s} {'held':>5s} "
    f"{'flagged':>7s} {'UNFLAGGED':>9s}"
)


def _blown(each: Blown) -> str:
    found = f"{each.found}/{each.sure}"
    missed = f"  missed: {', '.join(each.missed)}" if each.missed else ""
    return f"{each.film:14s} {each.how:22s} {found:>10s} {each.false:6d}  {', '.join(each.bad) or '-'}{missed}"


def _row(row: Row) -> str:
    alarm = "never" if row.alarm_s is None else f"{row.alarm_s:.1f}"
    acts = "; ".join((*row.flagged, *row.unflagged))
    return (
        f"{row.film:14s} {row.at_s:7.1f} {row.size:6s} {row.how:24s} {alarm:>7s} {row.state:11s} {row.right:5d} "
        f"{f'{row.held[0]}+{row.held[1]}':>5s} {len(row.flagged):7d} {len(row.unflagged):9d}  {acts}"
    ).rstrip()
