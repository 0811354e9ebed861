"""The lamp reader's part of `giaolo evaluate models`: every frame of every clip with lamps, and heads elsewhere."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import click
import cv2
import numpy as np

from edge.signals.history import LampHistory
from edge.signals.lamp_margins import LampMargins
from edge.signals.pixels import HeadReader, lamp_state
from edge.video.source import VideoSource
from evidence.acts import LampState
from zones.load import load_scene
from zones.schema import Scene

ROOT = Path(__file__).resolve().parents[2]
_COLOURS: tuple[Literal["red", "yellow", "green"], ...] = ("red", "yellow", "green")


def lamp_figures(shared: Path) -> None:
    """Print them; the limit stands in the first line."""
    click.echo(
        "frames by what the head showed and what was held of it; limit: red and green never taken for one another"
    )
    wrong = 0
    for listing in sorted((shared / "footage" / "red_light").glob("*.json")):
        truth = json.loads(listing.read_text(encoding="utf-8"))
        scene = load_scene(ROOT / "zones" / "examples" / f"{listing.stem}.yaml").scene
        phases = {
            s["id"]: [(float(p["frames"][0]), float(p["frames"][1]), str(p["state"])) for p in s["phases"]]
            for s in truth["signals"]
        }
        wrong += _lamp_rows(listing.with_name(truth["video"]), scene, partial(_phase, phases))
    for clip in sorted((ROOT / "tools" / "clips").glob("*.mp4")):
        lamps = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))["lamps"]
        scene = load_scene(clip.with_suffix(".yaml")).scene
        wrong += _lamp_rows(clip, scene, partial(_since, lamps))
    click.echo(f"  red called green or green called red: {wrong} (limit 0)")
    _other_heads(shared)


def _other_heads(shared: Path) -> None:
    """Loosely cut heads of other countries, lenses taken to be thirds; some hang upside down, some are arrows."""
    folder = shared / "train" / "signals"
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["file"].startswith(("cinta", "seoul"))]
    table: dict[str, dict[str, int]] = {}
    for row in rows:
        image = cv2.imread(str(folder / row["file"]))
        if image is None:
            continue
        thirds = np.array_split(image, 3, axis=0 if row["file"].startswith("cinta") else 1)
        lenses = [third.reshape(-1, 3).astype(np.float32) for third in thirds]
        read = lamp_state(_COLOURS, lenses, margins=LampMargins()).state.value
        cell = table.setdefault(row["state"], {})
        cell[read] = cell.get(read, 0) + 1
    cells = "; ".join(f"{s}: " + ", ".join(f"{r} {n}" for r, n in sorted(c.items())) for s, c in sorted(table.items()))
    click.echo(f"  single pictures of {len(rows)} heads elsewhere, lenses not drawn: {cells}")


def _phase(phases: dict[str, list[tuple[float, float, str]]], head: str, frame: int, _: float) -> str:
    """Truth names each head, or all of them as one."""
    known = phases.get(head) or (next(iter(phases.values())) if len(phases) == 1 else [])
    state = next((s for first, last, s in known if first <= frame <= last), "")
    return "dark" if "not_visible" in state or state == "off" else state.split("/")[0]


def _since(lamps: dict[str, list[tuple[float, str]]], head: str, _: int, t_s: float) -> str:
    return next((state for at, state in reversed(lamps.get(head, [])) if at <= t_s + 1e-6), "")


def _lamp_rows(clip: Path, scene: Scene, true_state: Callable[[str, int, float], str]) -> int:
    readers = {h.id: HeadReader(h) for h in scene.signals if h.source == "pixels"}
    histories = {h.id: LampHistory(h) for h in scene.signals}
    times: list[tuple[int, float]] = []
    single: dict[str, list[LampState]] = {name: [] for name in readers}
    source = VideoSource(clip)
    source.start()
    for frame in source.frames():
        times.append((frame.index, frame.t_s))
        for name, reader in readers.items():
            reading = reader.read(frame.image)
            single[name].append(reading.state)
            histories[name].add(frame.index, frame.t_s, reading)
    source.stop()
    wrong = 0
    for name in readers:
        table: dict[str, dict[str, int]] = {}
        flashes = 0
        for (number, t_s), raw in zip(times, single[name], strict=True):
            state = true_state(name, number, t_s)
            if not state:
                continue
            held = histories[name].at(t_s).value
            cell = table.setdefault(state, {})
            cell[held] = cell.get(held, 0) + 1
            wrong += {state, held} == {"red", "green"}
            flashes += {state, raw.value} == {"red", "green"}
        cells = "; ".join(
            f"{state}: " + ", ".join(f"{held} {n}" for held, n in sorted(row.items())) for state, row in table.items()
        )
        click.echo(f"  {clip.stem:17s} {name:10s} {cells}  (single frames red for green or back: {flashes})")
    return wrong
