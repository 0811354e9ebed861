"""`giaolo evaluate`: figures, each printed beside what it is measured against."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
from pathlib import Path
from statistics import median
from typing import Any

import click

from edge.cli import detector_option
from evidence.errors import GiaoLoError
from tools.evaluate.acts import Box, Reported, Score, Truth, TruthError, read_truth, score

_HEAVY = {
    "simulation": ("tools.command.simulate", "evaluate_simulation"),
    "realism": ("tools.evaluate.realism", "realism"),
    "clones": ("tools.evaluate.clones", "clones"),
    "models": ("tools.evaluate.model_figures", "models"),
}


class _WithHeavy(click.Group):
    """Some need the whole node or SUMO: loaded only when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        heavy = set(_HEAVY)
        if importlib.util.find_spec("tools.train") is None:  # in a wheel
            heavy.remove("models")
        return sorted([*super().list_commands(ctx), *heavy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _HEAVY:
            return super().get_command(ctx, cmd_name)
        module, name = _HEAVY[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_WithHeavy)
def evaluate() -> None:
    """Đo độ chính xác. / Measure accuracy against truth."""


@evaluate.command()
@click.option("--truth", type=click.Path(path_type=Path), required=True, help="TRUTH.json")
@click.option("--acts", "acts_file", type=click.Path(path_type=Path), required=True, help="acts.jsonl of a replay")
@click.option("--clip", help="which clip of a truth file that has several")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def acts(truth: Path, acts_file: Path, clip: str | None, as_json: bool) -> None:
    """Compare acts with the truth: precision, recall, misses, false acts."""
    try:
        result = score(load_truth(truth, clip, beside=acts_file), load_acts(acts_file))
    except TruthError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(as_dict(result), ensure_ascii=False) if as_json else as_text(result))


@evaluate.command()
@click.option("--footage", type=click.Path(path_type=Path), default=Path("../shared/footage"), show_default=True)
@click.option("--scenes", type=click.Path(path_type=Path), default=Path("zones/examples"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=None, help="keep packets and acts here")
@detector_option
def suite(footage: Path, scenes: Path, out: Path | None, detector: str) -> None:
    """Replay every clip with truth and print one table, limits beside the figures; exit 1 if one is not met."""
    from tools.evaluate.suite import run_suite

    if not run_suite(footage, scenes, out, detector):
        raise SystemExit(1)


def load_truth(path: Path, clip: str | None, *, beside: Path | None = None) -> Truth:
    """Read a truth file. One about several clips: `clip`, or the clip that the acts in `beside` were found in."""
    value = _json(path)
    if clip is None and beside is not None and isinstance(value, dict) and isinstance(value.get("clips"), dict):
        clip = _clip_of(beside, list(value["clips"]))
    return read_truth(value, where=str(path), clip=clip)


def _clip_of(acts_file: Path, clips: list[str]) -> str | None:
    """A replay's packets name the clip as their camera; without packets the folder's name may."""
    from evidence.container import open_packet

    names = [acts_file.resolve().parent.name]
    packets = sorted(acts_file.resolve().parent.glob("*.glp"))
    if packets:
        with contextlib.suppress(GiaoLoError, OSError):
            names.insert(0, open_packet(packets[0].read_bytes()).manifest.camera.id)
    return next((c for n in names for c in clips if n in (c, Path(c).stem)), None)


def load_acts(path: Path) -> list[Reported]:
    """Read `acts.jsonl`. Raises `TruthError` naming the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TruthError(f"cannot be read: {error}", where=str(path)) from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            x1, y1, x2, y2 = (float(v) for v in entry["box"])
            told_s = float(entry["told_s"]) if entry.get("told_s") is not None else None
            act, frame, t_s = str(entry["act"]), int(entry["frame"]), float(entry["t_s"])
            found.append(Reported(act, frame, t_s, (x1, y1, x2, y2), entry, _track(entry, path.parent), told_s))
        except (ValueError, KeyError, TypeError) as error:
            raise TruthError(
                f"is not an act: {error!r}", where=f"{path}: line {number}", remedy="give the acts.jsonl of a replay"
            ) from error
    return found


def _track(entry: dict[str, Any], folder: Path) -> tuple[tuple[float, Box], ...]:
    """The vehicle's track: in the line itself, or of older lines in the packet that lies beside it."""
    from evidence.container import open_packet

    rows = entry.get("points")
    if rows is None and isinstance(entry.get("packet"), str):
        with contextlib.suppress(GiaoLoError, OSError):
            packet = open_packet((folder / Path(entry["packet"]).name).read_bytes())
            rows = [(point.t_s, *point.box) for point in packet.manifest.track.points]
    return tuple((float(t_s), (float(x1), float(y1), float(x2), float(y2))) for t_s, x1, y1, x2, y2 in rows or ())


def as_text(result: Score) -> str:
    """For people."""
    (sure, sure_of), (found, of) = result.sure, result.all
    lines = [
        f"precision  {share(result.precision)}  ({len(result.matches)} right, {len(result.false)} false)",
        f"recall     {share(result.recall)}  ({sure} of {sure_of} marked high)",
        f"recall all {share(result.recall_all)}  ({found} of {of} marked high or medium)",
    ]
    exact, wrong, known = result.plates
    if known:
        lines.append(f"plates     {share(exact / known)}  ({exact} of {known} that could be seen exact, {wrong} wrong)")
    if result.matches:
        late = [match.late_s for match in result.matches]
        told = [match.told_late_s for match in result.matches if match.told_late_s is not None]
        lines.append(
            f"late       {median(late):+5.2f} s in the middle, {max(late, key=abs):+.2f} s at worst: the moment named"
            + (f"; told {median(told):+.2f} s, {max(told):+.2f} s" if told else "")
        )
    for match in result.matches:
        lines.append(
            f"found  {match.true.id:12s} {match.true.act:18s} frame {match.reported.frame} "
            f"t {match.reported.t_s:.2f} s ({match.late_s:+.2f} s"
            + (f", told {match.told_late_s:+.2f} s" if match.told_late_s is not None else "")
            + f"), IoU {match.iou:.2f}"
            + (f", plate {match.reported.line.get('plate')} / {match.true.plate}" if match.true.plate else "")
        )
    for true in result.missed:
        lines.append(
            f"MISSED {true.id:12s} {true.act:18s} t {true.from_s:.2f} s, marked {true.certainty}"
            + (f": {true.note}" if true.note else "")
        )
    for false in result.false:
        r = false.reported
        lines.append(f"FALSE  {r.act} frame {r.frame} t {r.t_s:.2f} s box {[round(v) for v in r.box]}: {false.why}")
    for match in result.doubtful:
        lines.append(f"doubt  {match.true.id} {match.true.act}: reported, the truth itself is unsure; not counted")
    return "\n".join(lines)


def as_dict(result: Score) -> dict[str, Any]:
    """For programs."""
    return {
        "precision": result.precision,
        "recall": result.recall,
        "recall_all": result.recall_all,
        "plates": dict(zip(("exact", "wrong", "known"), result.plates, strict=True)),
        "found": [
            {
                "id": m.true.id,
                "act": m.true.act,
                "frame": m.reported.frame,
                "iou": round(m.iou, 3),
                "late_s": round(m.late_s, 3),
                "told_late_s": None if m.told_late_s is None else round(m.told_late_s, 3),
            }
            for m in result.matches
        ],
        "missed": [{"id": t.id, "act": t.act, "t_s": t.from_s, "marked": t.certainty} for t in result.missed],
        "false": [
            {"act": f.reported.act, "frame": f.reported.frame, "box": list(f.reported.box), "why": f.why}
            for f in result.false
        ],
        "doubtful": [{"id": m.true.id, "act": m.true.act, "frame": m.reported.frame} for m in result.doubtful],
    }


def share(value: float | None) -> str:
    return "  -  " if value is None else f"{value:5.3f}"


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TruthError(f"cannot be read: {error}", where=str(path)) from error
    except ValueError as error:
        raise TruthError(f"is not JSON: {error}", where=str(path)) from error
