"""`giaolo bench cameras`: how many cameras a box carries, by the acts that it finds of those that happened."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import click

from tools.bench.one_box import Job
from tools.bench.substream import size_of, write_small
from tools.demo.site import choose_clip

_MOST_AGE_S = 1.0
"""A picture older than this when it is judged: the box does not keep up (95 of 100 must be younger)."""


@click.command()
@click.option(
    "--cameras", "numbers", type=click.IntRange(1, 256), multiple=True, default=(1, 2, 4, 8), show_default=True,
    help="Số camera, có thể nhiều lần. / Cameras; may be given several times.",
)  # fmt: skip
@click.option("--clip", type=click.Path(path_type=Path), help="Video; mặc định như demo. / As in the demo by default.")
@click.option("--scene", type=click.Path(path_type=Path), help="Cảnh của video. / Its scene file.")
@click.option(
    "--truth", type=click.Path(path_type=Path), help="Sự thật của video. / What happens in it; beside the clip."
)
@click.option("--threads", type=click.IntRange(1, 64), help="Luồng của mạng dò xe. / As a node has it by default.")
@click.option(
    "--stagger", type=float, default=10.0, show_default=True, help="Giây giữa các camera. / Starts spread over so long."
)
@click.option(
    "--tail", type=float, default=12.0, show_default=True, help="Giây sau video. / So long acts of it may yet be told."
)
@click.option("--substream", help="Nhìn bằng luồng phụ cỡ này. / Looked at by a small stream of WIDTHxHEIGHT.")
@click.option("--json", "as_json", is_flag=True, help="JSON")
def cameras(
    numbers: Sequence[int],
    clip: Path | None,
    scene: Path | None,
    truth: Path | None,
    threads: int | None,
    stagger: float,
    tail: float,
    substream: str | None,
    as_json: bool,
) -> None:
    """Bao nhiêu camera một hộp. / Each number of cameras for one pass of the clip, played as live cameras: acts found
    against truth, looks, age of the judged picture, cores, memory, plates, latency."""
    clip, scene = choose_clip(clip, scene)
    truth = truth or clip.with_suffix(".json")
    if not truth.is_file():
        raise click.ClickException(f"{truth}: nothing says what happens in the clip -> --truth")
    rows = []
    with tempfile.TemporaryDirectory(prefix="giaolo-bench-") as folder:
        small = None if substream is None else write_small(clip, Path(folder) / "small.mp4", *size_of(substream))
        for number in numbers:
            rows.append(_run(Job(clip, scene, truth, number, _length_s(clip), stagger, tail, threads, small)))
            if not as_json:
                click.echo(_text(rows[-1], head=len(rows) == 1))
    knee = max((row["cameras"] for row in rows if carries(row)), default=None)
    if as_json:
        click.echo(json.dumps({"clip": clip.name, "rows": rows, "knee": knee}))
    else:
        click.echo(f"knee: {knee or 'none'} (all acts found, none false, age p95 <= {_MOST_AGE_S} s)")


def carries(row: dict[str, Any]) -> bool:
    """Whether the box kept up: every act found, none false, and pictures judged while they were young."""
    p95 = row["age_s"]["p95"]
    return row["acts_found"] == row["acts"] and not row["false_acts"] and p95 is not None and p95 <= _MOST_AGE_S


def _run(job: Job) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.one_box", job.as_json()], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise click.ClickException(f"{job.cameras} cameras: {done.stderr[-2000:]}")
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def _length_s(clip: Path) -> float:
    with av.open(str(clip)) as container:
        if container.duration is None:
            raise click.ClickException(f"{clip}: does not say how long it is")
        return float(container.duration) / av.time_base


_HEAD = (
    f"{'cameras':>7s} {'acts':>7s} {'false':>5s} {'plates':>7s} {'wrong':>5s} {'looks/s':>7s} {'dropped':>7s} "
    f"{'age p50':>7s} {'p95':>6s} {'max':>6s} {'cores':>5s} {'others':>6s} {'MiB':>5s} {'plate ms':>8s} "
    f"{'film->commit p50':>16s} {'p95':>6s}"
)


def _text(row: dict[str, Any], *, head: bool) -> str:
    age, late = row["age_s"], row["commit_after_film_s"]
    plate_ms = row["plate_ms"] if row["plate_ms"] is not None else "-"
    line = (
        f"{row['cameras']:7d} {row['acts_found']:3d}/{row['acts']:<3d} {row['false_acts']:5d} "
        f"{row['plates_right']:3d}/{row['plates']:<3d} {row['plates_wrong']:5d} {row['looks_per_s']:7.2f} "
        f"{row['dropped']:7.0%} {_s(age['p50'])} {_s(age['p95'], 6)} {_s(age['max'], 6)} {row['cores']:5.2f} "
        f"{row['others_cores']:6.2f} {row['memory_mib']:5d} {plate_ms:>8} "
        f"{_s(late['p50'], 16)} {_s(late['p95'], 6)}"
    )
    return f"{_HEAD}\n{line}" if head else line


def _s(value: float | None, width: int = 7) -> str:
    return f"{'-':>{width}s}" if value is None else f"{value:{width}.2f}"
