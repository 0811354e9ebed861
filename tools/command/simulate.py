"""`giaolo simulate` and `giaolo evaluate simulation`."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from tools.simulate.demand import CROWDS, Habits
from tools.simulate.detector_noise import LEVELS, level
from tools.simulate.junction import CAMERAS
from tools.simulate.kept import load_verdict, save_verdict, verdict_file
from tools.simulate.motorway import MotorwayHabits, drive_motorway
from tools.simulate.report import as_json, cases, close_ones, line, table, views_line
from tools.simulate.shown_street import shown_scene, shown_street
from tools.simulate.store import load_run, save_run
from tools.simulate.street_roles import StreetHabits
from tools.simulate.traffic import simulate as run_traffic
from tools.simulate.truth import find_truth
from tools.simulate.turns import Kind, turns, turns_scene
from tools.simulate.watching import Verdict, watch
from tools.simulate.world import Run, cut
from zones.schema import Scene

PIECE_S = 600.0
_SEED_STEP = 1000
"""Seeds of the pieces of one evaluation: seed * 1000, seed * 1000 + 1, ..."""


@click.command("simulate")
@click.option("--seed", type=int, default=1, show_default=True, help="Số gieo; cùng số, cùng kết quả. / Settles all.")
@click.option("--seconds", type=click.FloatRange(1.0, 86400.0), default=60.0, show_default=True)
@click.option("--from", "from_s", type=click.FloatRange(0.0, 86400.0), default=0.0, show_default=True,
              help="Bỏ qua ngần ấy giây đầu. / Leave out so many seconds.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=None, help="File .npz kết quả.")
@click.option("--render", "video", type=click.Path(dir_okay=False, path_type=Path), default=None,
              help="Vẽ thành video .mp4, kèm cảnh và sự thật. / Draw it as video, with scene and truth.")  # fmt: skip
@click.option("--weather", type=click.Choice(["day", "dusk", "rain", "night"]), default="day", show_default=True)
@click.option("--crf", type=click.IntRange(0, 51), default=26, show_default=True, help="Mức nén video. / x264 quality.")
@click.option("--crowd", type=click.Choice(sorted(CROWDS)), default="road", show_default=True,
              help="road: như ngoài đường; shown: rất nhiều vi phạm. / shown: very many acts.")  # fmt: skip
@click.option("--camera", "seen_by", type=click.Choice(sorted(CAMERAS)), default="wide", show_default=True)
@click.option("--turns", "kind", type=click.Choice(["arrow", "plate"]), default=None,
              help="Kịch bản rẽ phải khi đèn đỏ, 720p; không cần SUMO. / Right turns on red, by script.")  # fmt: skip
@click.option("--ten-acts", is_flag=True,
              help="Một phút, mười loại hành vi; không cần SUMO. / A minute of ten kinds of act.")  # fmt: skip
@click.option("--divided", is_flag=True, help="Có dải phân cách và biển P.102. / A median and sign P.102.")
@click.option(
    "--begin", type=float, default=None, help="Giây trong chu kỳ đèn lúc bắt đầu (0: đèn xanh bật). / In cycle."
)
def simulate(
    seed: int, seconds: float, from_s: float, out: Path | None, video: Path | None, weather: str, crf: int, crowd: str,
    seen_by: str, divided: bool, begin: float | None, kind: Kind | None, ten_acts: bool,
) -> None:  # fmt: skip
    """Mô phỏng giao thông ở ngã tư, kèm sự thật về từng hành vi. / Traffic at the junction, with the truth."""
    if out is None and video is None:
        raise click.UsageError("nothing to write: give --out RUN.npz or --render CLIP.mp4")
    scene: Scene | None = None
    if kind is not None:
        run, scene = turns(kind, seed=seed), turns_scene(kind)
    elif ten_acts:
        run = shown_street(seed=seed)
        scene = shown_scene(run.camera)
    else:
        run = _sumo(seed, seconds, from_s, crowd, seen_by, divided, begin)
    for path in (out, video):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
    if out is not None:
        save_run(run, out)
    if video is not None:
        from tools.render.clip import render

        with click.progressbar(length=len(run.moments), label=video.name) as bar:
            render(
                run, video, weather=weather, crf=crf, scene=scene,
                progress=lambda share: bar.update(round(share * len(run.moments)) - bar.pos),
            )  # fmt: skip
    named = " ".join(str(p) for p in (out, video) if p is not None)
    click.echo(
        f"{named}: {len(run.specs)} xe, {len(run.acts)} hành vi / {len(run.specs)} vehicles, {len(run.acts)} acts"
    )
    for act in run.acts:
        doubt = "" if act.sure else f"  (không chắc / unsure{': ' + act.note if act.note else ''})"
        click.echo(f"  {act.t_s:7.2f} s  {act.act:18} {act.vehicle:8} {act.what}{doubt}")


def _sumo(
    seed: int, seconds: float, from_s: float, crowd: str, seen_by: str, divided: bool, begin: float | None
) -> Run:
    flow, habits = CROWDS[crowd]
    with click.progressbar(length=100, label="SUMO") as bar:
        run = run_traffic(
            seed, from_s + seconds, flow=flow, habits=habits, begin_in_cycle_s=begin, seen_by=CAMERAS[seen_by](),
            divided=divided, progress=lambda share: bar.update(int(100 * share) - bar.pos),
        )  # fmt: skip
        bar.update(100 - bar.pos)
    return cut(run, from_s, from_s + seconds) if from_s else run


@click.command("simulation")
@click.option("--vehicles", type=click.IntRange(min=1), default=10_000, show_default=True,
              help="Số xe camera thấy. / Vehicles of each seed.")  # fmt: skip
@click.option("--seed", "each_seed", type=int, multiple=True, default=[1], show_default=True,
              help="Có thể nhiều lần. / May be given several times.")  # fmt: skip
@click.option("--fps", type=click.FloatRange(1.0, 30.0), default=12.5, show_default=True)
@click.option("--noise", type=click.Choice(sorted(LEVELS)), default="default", show_default=True, help="Mức nhiễu.")
@click.option("--only", type=int, default=None, help="Chỉ chạy lại một đoạn theo số gieo của nó. / Replay one piece.")
@click.option("--street", is_flag=True,
              help="Vỉa hè, đường cấm, lề đường, ô vạch vàng. / Acts of the street, seen from afar.")  # fmt: skip
@click.option("--motorway", is_flag=True,
              help="Làn dừng khẩn cấp của cao tốc. / A motorway's emergency lane; needs no SUMO.")  # fmt: skip
@click.option("--offenders", type=click.FloatRange(0.0, 20.0), default=1.0, show_default=True,
              help="Người vi phạm nhiều gấp ngần ấy lần. / So many times as many offenders.")  # fmt: skip
@click.option("--seldom", type=click.FloatRange(1.0, 50.0), default=1.0, show_default=True,
              help="Hành vi hiếm nhiều gấp ngần ấy lần. / So many times as many of the seldom acts.")  # fmt: skip
@click.option("--piece", "piece_s", type=click.FloatRange(10.0, 3600.0), default=PIECE_S, show_default=True,
              help="Giây của một đoạn. / Seconds a piece.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Số tiến trình. / Processes.")
@click.option("--runs", type=click.Path(file_okay=False, path_type=Path), default=None,
              help="Giữ lượt SUMO và kết quả từng đoạn. / Keep runs and outcomes, to go on if cut off.")  # fmt: skip
@click.option("--json", "json_out", type=click.Path(dir_okay=False, path_type=Path), default=None)
@click.option("--cases", "most", type=click.IntRange(min=0), default=20, show_default=True)
def evaluate_simulation(
    vehicles: int, each_seed: tuple[int, ...], fps: float, noise: str, only: int | None, street: bool, motorway: bool,
    offenders: float, seldom: float, piece_s: float, jobs: int, runs: Path | None, json_out: Path | None, most: int,
) -> None:  # fmt: skip
    """Nhận dạng, bám vết, quy tắc trên giao thông mô phỏng. / Tracker and rules against simulated truth."""
    if street and motorway:
        raise click.UsageError("--street and --motorway are two places: give one of them")
    place: Place = "street" if street else "motorway" if motorway else "approach"
    if motorway and seldom != 1.0:
        raise click.UsageError("--seldom: a motorway has one act, which --offenders multiplies")
    verdicts: list[Verdict] = []
    for seed in each_seed if only is None else each_seed[:1]:
        seen = 0
        seeds = (only,) if only is not None else range(seed * _SEED_STEP, (seed + 1) * _SEED_STEP)
        pieces = (_Piece(s, fps, noise, place, offenders, seldom, piece_s, runs) for s in seeds)
        for verdict in _verdicts(pieces, jobs):
            verdicts.append(verdict)
            seen += verdict.vehicles
            click.echo(f"{line(verdict)}  ({seen} / {vehicles} xe)", err=True)  # a run that is cut off has said so much
            for case in cases([verdict], most=most):
                click.echo(f"  {case}", err=True)
            if seen >= vehicles or only is not None:
                break
    seconds = sum(v.seconds for v in verdicts)
    seen = sum(v.vehicles for v in verdicts)
    click.echo(f"{seen} vehicles in {seconds / 3600:.2f} h of traffic, {fps:g} frames a second, noise: {noise}")
    click.echo(table(verdicts))
    click.echo(views_line(verdicts))
    for told in close_ones(verdicts):
        click.echo(told)
    for case in cases(verdicts, most=most):
        click.echo(case)
    if json_out is not None:
        said = as_json(verdicts, seeds=each_seed, fps=fps, noise=noise, place=place, offenders=offenders, seldom=seldom)
        json_out.write_text(said, encoding="utf-8")


Place = Literal["approach", "street", "motorway"]


@dataclass(frozen=True)
class _Piece:
    """A piece of traffic, and how it is looked at."""

    seed: int
    fps: float
    noise: str
    place: Place
    offenders: float
    seldom: float
    seconds: float
    runs: Path | None

    @property
    def divided(self) -> bool:
        return self.place == "approach" and is_divided_piece(self.seed)

    @property
    def variant(self) -> str:
        """What its traffic differs in from the usual, for names of files."""
        said = "" if self.place == "approach" else f"-{self.place}"
        said += f"-x{self.offenders:g}" if self.offenders != 1.0 else ""
        said += f"-seldom{self.seldom:g}" if self.seldom != 1.0 else ""
        return said + (f"-{self.seconds:g}s" if self.seconds != PIECE_S else "")

    def traffic(self) -> Run:
        if self.place == "motorway":
            beside = MotorwayHabits().more_offenders(self.offenders)
            return drive_motorway(self.seed, self.seconds, beside, find_truth=find_truth)
        habits, street = Habits(), StreetHabits()
        if self.offenders != 1.0:
            habits, street = habits.more_offenders(self.offenders), street.more_offenders(self.offenders)
        habits, street = habits.more_seldom(self.seldom), street.more_seldom(self.seldom)
        if self.place == "street":
            habits = Habits()  # who breaks the rules of the line is not looked for there
        return run_traffic(
            self.seed,
            self.seconds,
            habits=habits,
            divided=self.divided,
            street=street if self.place == "street" else None,
        )


def _verdicts(pieces: Iterable[_Piece], jobs: int) -> Iterator[Verdict]:
    """Piece after piece, without end. Each in a process of its own: SUMO keeps what it once took."""
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=4) as pool:
        pending = []
        for piece in pieces:
            pending.append(pool.apply_async(_outcome, (piece,)))
            if len(pending) >= jobs + 1:
                yield pending.pop(0).get()
        for left in pending:
            yield left.get()


def is_divided_piece(seed: int) -> bool:
    """Every other piece runs on the road with a median: there driving the wrong way is an act, on the two-way road of
    the others it is none and nobody may be accused of it."""
    return seed % 2 == 1


def _outcome(piece: _Piece) -> Verdict:
    runs, variant = piece.runs, piece.variant
    outcome = verdict_file(runs, piece.seed, piece.fps, piece.noise, variant) if runs else None
    if outcome is not None and (verdict := load_verdict(outcome)) is not None:
        return verdict
    kept = runs / f"{piece.seed}{variant}{'-divided' if piece.divided else ''}.npz" if runs else None
    if kept is not None and kept.is_file():
        run = load_run(kept)
        find_truth(run)  # its definitions may have changed since
    else:
        run = piece.traffic()
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            save_run(run, kept)
    verdict = watch(run, fps=piece.fps, noise=level(piece.noise))
    if outcome is not None:
        save_verdict(verdict, outcome)
    return verdict
