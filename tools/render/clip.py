"""A run, or a stretch of it, as a video file with its scene and its truth."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from evidence.acts import VehicleClass
from evidence.errors import GiaoLoError
from tools.render.scene import Studio
from tools.render.vehicles import build
from tools.render.weather import WEATHER, photograph
from tools.simulate.junction import ARROW, MAIN, STOP_LINE
from tools.simulate.seen import Box, look
from tools.simulate.street import scene_of
from tools.simulate.world import Run
from zones.schema import Scene


class RenderError(GiaoLoError):
    """A clip cannot be drawn."""


def render(
    run: Run,
    out: Path,
    *,
    weather: str = "day",
    crf: int = 26,
    seed: int = 3,
    scene: Scene | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write `out` (MP4), and beside it the scene (`.yaml`) and the truth (`.json`). Raises `RenderError`.

    `scene`: None: the one that the run's ground makes (`street.scene_of`).
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise RenderError("ffmpeg is not installed", remedy="apt-get install ffmpeg")
    studio = Studio(run, weather=weather)
    size = f"{run.camera.width}x{run.camera.height}"
    partial = out.with_suffix(".part.mp4")
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [
        ffmpeg, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size,
        "-r", f"{1 / run.step_s:g}", "-i", "-", "-c:v", "libx264", "-preset", "slow", "-crf", str(crf), "-g", "25",
        "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(partial),
    ]  # fmt: skip
    coder = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert coder.stdin is not None
    for index, moment in enumerate(run.moments):
        rng = np.random.default_rng([seed, index])  # of each picture: a part of a run is drawn as in the whole
        coder.stdin.write(photograph(studio.draw(moment), WEATHER[weather], rng).tobytes())
        if progress is not None:
            progress((index + 1) / len(run.moments))
    coder.stdin.close()
    if coder.wait():
        raise RenderError(f"ffmpeg ended with status {coder.returncode}", where=str(out))
    partial.replace(out)
    scene = scene or scene_of(run)
    out.with_suffix(".yaml").write_text(
        yaml.safe_dump(scene.model_dump(mode="json", exclude_none=True), allow_unicode=True, sort_keys=False),
        encoding="utf-8",
    )
    out.with_suffix(".json").write_text(
        json.dumps(truth(run, out.name), ensure_ascii=False, indent=1), encoding="utf-8"
    )


def truth(run: Run, video: str) -> dict[str, Any]:
    """What happened, in the format of the truth files: acts with the boxes of their vehicles, and their plates."""
    seen = [(m.t_s, {s.id: s.box for s in look(run.camera, run.specs, m.vehicles)}) for m in run.moments]
    acts = []
    for number, act in enumerate(sorted(run.acts, key=lambda a: a.t_s), 1):
        boxes: dict[str, Box] = {
            f"{t_s:.2f}": now[act.vehicle]
            for t_s, now in seen
            if act.t_s - 1.0 <= t_s <= act.until_s + 1.0 and act.vehicle in now
        }
        spec = run.specs[act.vehicle]
        acts.append(
            {
                "id": f"{act.vehicle}-{number}", "act": str(act.act), "from_s": round(act.t_s, 2), "to_s": round(act.until_s, 2),
                "boxes": boxes, "confidence": "high" if act.sure else "low", "type": spec.cls.value, "plate": spec.plate,
                "plate_colour": spec.plate_colour, "plate_px": round(_plate_px(run, act.vehicle), 1), "note": act.note,
            }
        )  # fmt: skip
    return {
        "definitions": {"made_by": "simulation; positions and lamps are exact", "box_format": "[x1,y1,x2,y2] pixels"},
        "video": video, "resolution": [run.camera.width, run.camera.height], "fps": round(1 / run.step_s, 4),
        "frames": len(run.moments), "acts": acts, "non_violators": [], "near_stop_line": _near_line(run),
        "lamps": {head: _phases(run, head) for head in (MAIN, ARROW) if any(p.id == head for p in run.ground.posts)},
    }  # fmt: skip


def _phases(run: Run, head: str) -> list[tuple[float, str]]:
    """What a head shows, and from when on."""
    found: list[tuple[float, str]] = []
    for moment in run.moments:
        lamp = moment.heads[head].lamp.value
        if not found or found[-1][1] != lamp:
            found.append((round(moment.t_s, 2), lamp))
    return found


def _plate_px(run: Run, name: str) -> float:
    """How wide the vehicle's rear plate was at best, well in view; 0: it never was."""
    hangs = build(run.specs[name]).plate
    if hangs is None:
        return 0.0
    across = np.array([[hangs.x, side * hangs.width / 2, hangs.z] for side in (-1, 1)])
    best = 0.0
    for moment in run.moments:
        state = next((v for v in moment.vehicles if v.id == name), None)
        if state is None:
            continue
        c, s = np.cos(state.heading_rad), np.sin(state.heading_rad)
        ends = across @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + [state.x_m, state.y_m, 0]
        to_eye = np.asarray(run.camera.position) - ends.mean(axis=0)
        if to_eye @ [-c, -s, 0] < 0.5 * float(np.hypot(*to_eye[:2])):
            continue  # seen from the front or the side
        seen = run.camera.project(ends)[:, :2]
        inside = ((seen >= 0) & (seen <= [run.camera.width, run.camera.height])).all()
        if inside and any(x.id == name and x.visible >= 0.75 for x in look(run.camera, run.specs, moment.vehicles)):
            best = max(best, float(np.hypot(*(seen[1] - seen[0]))))
    return best


def _near_line(run: Run) -> dict[str, list[tuple[str, Box]]]:
    """Of every tenth frame: vehicles around the stop line that are well in view, for the figure of realism."""
    out: dict[str, list[tuple[str, Box]]] = {}
    for index, moment in enumerate(run.moments):
        if index % 10:
            continue
        places = {v.id: v for v in moment.vehicles}
        entries: list[tuple[str, Box]] = []
        for sight in look(run.camera, run.specs, moment.vehicles):
            place = places[sight.id]
            if sight.visible >= 0.6 and abs(place.y_m + STOP_LINE) <= 8.0 and abs(place.x_m) <= 9.0:
                two = run.specs[sight.id].cls in (VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE)
                box = tuple(round(v, 1) for v in sight.box)
                entries.append(("two wheels" if two else "four wheels", box))  # type: ignore[arg-type]
        if entries:
            out[str(index)] = entries
    return out
