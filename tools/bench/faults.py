"""`giaolo bench faults`: the clips that ship, and others, played with faults injected between decoder and pipeline."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from edge.cli import detector_option
from tools.bench.faults_camera import Film
from tools.bench.faults_kinds import KINDS
from tools.bench.faults_knocks import Table, ask_knocks, ask_wind, knocks_as_text
from tools.bench.faults_outcome import as_text
from tools.bench.faults_run import run
from tools.evaluate.suite import cases, drawn_cases


@click.command()
@click.option("--hours", type=click.FloatRange(min=0.0), default=0.1, show_default=True, help="Giờ phim. / Of footage.")
@click.option("--seed", type=int, default=1, show_default=True, help="Ngẫu nhiên. / Of chance.")
@click.option(
    "--fault", "only", type=click.Choice(sorted(KINDS)), multiple=True, help="Chỉ lỗi này. / Only these kinds of fault."
)
@click.option("--clip", "names", multiple=True, help="Chỉ phim này. / Only these clips, by name without suffix.")
@click.option(
    "--clips", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Thư mục phim khác. / A folder with more footage, as `evaluate suite` takes it.",
)  # fmt: skip
@click.option("--scenes", type=click.Path(path_type=Path), default=Path("zones/examples"), show_default=True)
@click.option("--knocks", is_flag=True, help="Camera bị xô ở nhiều lúc. / A table of knocks instead.")
@click.option("--wind", is_flag=True, help="Gió 8 px. / Each clip at rest and in wind of 8 px instead.")
@click.option(
    "--moments", type=click.IntRange(1, 100), default=10, show_default=True, help="Lúc, mỗi phim. / Of each clip."
)
@click.option("--json", "as_json", is_flag=True, help="JSON")
@detector_option
def faults(
    hours: float,
    seed: int,
    only: Sequence[str],
    names: Sequence[str],
    clips: Path | None,
    scenes: Path,
    knocks: bool,
    wind: bool,
    moments: int,
    as_json: bool,
    detector: str,
) -> None:
    """Camera hỏng giữa chừng. / Faults injected at random into the clips: knocks, wind, dirt, frozen, lamps, clocks.
    False acts that are not flagged, alarms, memory, each beside its limit; exit 1 if one is not met."""
    chosen = drawn_cases() + (cases(clips, scenes) if clips is not None else [])
    films = [Film.of(case) for case in chosen if not names or case.clip.stem in names]
    if not films:
        raise click.ClickException(f"there is no such clip -> one of {', '.join(case.clip.stem for case in chosen)}")

    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it would be ignored
    logging.getLogger("edge").setLevel(logging.CRITICAL)  # each state of the picture is a warning

    def say(line: str) -> None:
        click.echo(line, err=True)

    if knocks or wind:
        table = Table()
        if wind:
            table.blown += ask_wind(films, size=detector, say=say).blown
        if knocks:
            table.rows += ask_knocks(films, moments=moments, seed=seed, size=detector, say=say).rows
        click.echo(json.dumps(table.as_dict()) if as_json else knocks_as_text(table))
        kept = table.kept
    else:
        outcome = run(films, hours=hours, seed=seed, only=only, size=detector, say=say)
        click.echo(json.dumps(outcome.as_dict()) if as_json else as_text(outcome))
        kept = outcome.kept
    if not kept:
        raise SystemExit(1)
