"""All clips with truth through the whole edge, one table: the footage, and the clips that are ours."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from tools.evaluate.acts import Score, Truth, score
from tools.evaluate.cli import as_text, load_acts, load_truth

CLIP_SUFFIXES = (".mp4", ".avi", ".mkv")
DRAWN = Path(__file__).resolve().parents[1] / "clips"
"""The clips that are ours, each with its scene and its truth beside it."""


@dataclass(frozen=True)
class Case:
    """A clip with its scene and truth; `truth` None: ordinary traffic, nothing may be found."""

    clip: Path
    scene: Path
    truth: Path | None
    several: bool = False


def cases(footage: Path, scenes: Path) -> list[Case]:
    """Clips of the footage that have a scene; several clips may share a truth and a scene by their folder's name."""
    found = []
    for clip in sorted(p for p in footage.rglob("*") if p.suffix in CLIP_SUFFIXES):
        own, shared = clip.with_suffix(".json"), clip.parent.with_suffix(".json")
        scene = scenes / f"{clip.stem}.yaml"
        scene = scene if scene.is_file() else scenes / f"{clip.parent.name}.yaml"
        if not scene.is_file():
            continue
        truth = own if own.is_file() else shared if shared.is_file() else None
        found.append(Case(clip, scene, truth, several=truth == shared and truth is not None))
    return found


def drawn_cases(folder: Path = DRAWN) -> list[Case]:
    """The clips that are ours; a wheel brings those of the demo."""
    return [Case(c, c.with_suffix(".yaml"), c.with_suffix(".json")) for c in sorted(folder.glob("*.mp4"))]


def run_suite(footage: Path, scenes: Path, out: Path | None, size: str = "nano") -> bool:
    """Print the table; True when every limit is met."""
    from edge.replay import replay

    chosen = cases(footage, scenes)
    if not chosen:
        raise click.ClickException(f"{footage}: there are no clips here that have a scene in {scenes}")
    chosen += drawn_cases()
    rows: list[tuple[Case, Score, float]] = []
    with tempfile.TemporaryDirectory(prefix="giaolo-suite-") as scratch:
        for case in chosen:
            folder = (out or Path(scratch)) / case.clip.stem
            began = time.monotonic()
            replay(case.clip, case.scene, folder, size=size)
            truth = load_truth(case.truth, case.clip.name if case.several else None) if case.truth else Truth(())
            rows.append((case, score(truth, load_acts(folder / "acts.jsonl")), time.monotonic() - began))
    click.echo(f"{'clip':38s} {'high':>6s} {'all':>6s} {'false':>6s} {'late':>6s} {'told':>6s} {'seconds':>8s}")
    for case, result, seconds in rows:
        (sure, sure_of), (found, of) = result.sure, result.all
        click.echo(
            f"{case.clip.parent.name + '/' + case.clip.name:38s} {f'{sure}/{sure_of}':>6s} {f'{found}/{of}':>6s}"
            f" {len(result.false):6d} {_middle([m.late_s for m in result.matches])}"
            f" {_middle([m.told_late_s for m in result.matches])} {seconds:8.1f}"
        )
    for case, result, _ in rows:
        if result.missed or result.false or result.doubtful:
            click.echo(f"\n{case.clip.name}\n{as_text(result)}")
    return _limits(rows)


def _middle(values: Sequence[float | None]) -> str:
    """Seconds that the acts found were named, or told, after they happened."""
    known = [v for v in values if v is not None]
    return f"{median(known):+6.2f}" if known else f"{'-':>6s}"


def _limits(rows: list[tuple[Case, Score, float]]) -> bool:
    """The project's own limits beside the figures."""
    red = [r for c, r, _ in rows if c.clip.parent.name == "red_light"]
    lane = [r for c, r, _ in rows if c.clip.parent.name == "nepal"]
    ordinary = [r for c, r, _ in rows if c.truth is None]
    drawn = [r for c, r, _ in rows if c.clip.parent == DRAWN]
    innocents = sum(f.why.startswith("non-violator") for r in red for f in r.false)
    checks = [
        ("red light: high-confidence runners missed", sum(r.sure[1] - r.sure[0] for r in red), 0),
        ("red light: non-violators reported", innocents, 0),
        ("red light: other false acts", sum(len(r.false) for r in red) - innocents, 1),
        ("lane line: acts listed but missed", sum(len(r.missed) for r in lane), 0),
        ("ordinary traffic: acts", sum(len(r.false) for r in ordinary), 0),
        ("drawn: acts missed", sum(len(r.missed) for r in drawn), 0),
        ("drawn: false acts", sum(len(r.false) for r in drawn), 0),
    ]
    click.echo(f"\n{'figure':45s} {'measured':>8s} {'limit':>6s}")
    for name, value, limit in checks:
        click.echo(f"{name:45s} {value:8d} {limit:6d}  {'ok' if value <= limit else 'NOT MET'}")
    return all(value <= limit for _, value, limit in checks)
