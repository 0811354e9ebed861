"""Where the box' time goes, stage by stage, beside decoding alone and the detector alone on the same pictures."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from common.stopwatch import UNTIMED, StageWatch, Stopwatch
from edge.delivery.packet_folder import PacketFolder
from edge.delivery.packing import CameraIdentity
from edge.delivery.recorder import Recorded, Recorder
from edge.perception import open_perception
from edge.replay import act_line
from edge.substream.opening import open_source
from edge.types import Frame
from edge.video.ring import PacketRing
from edge.video.source import Source, VideoSource
from edge.video.source_status import SourceSettings
from evidence.seal import SigningKey
from models.detector import load_detector
from zones.load import load_scene

_RING_S = 60.0
STAGES = (
    "decoding", "cut watch", "colour conversion", "streams", "picture watch", "lamps", "stills", "region", "letterbox",
    "inference", "suppression", "tracking", "measuring", "views", "rules", "plates", "proof", "act", "recorder",
)  # fmt: skip
"""In the order in which a picture goes through them."""


@dataclass(frozen=True)
class _Run:
    frames: int
    wall_s: float
    cpu_s: float


def profile(clip: Path, scene_file: Path, *, frames: int, threads: int, size: str) -> dict[str, Any]:
    """CPU and wall milliseconds a look of each stage; `bare`: the same pictures only decoded, and only detected."""
    detector = load_detector(size=size, threads=threads)
    decoded = _play(clip, frames, lambda frame: None)
    detected = _play(clip, frames, lambda frame: detector.detect(frame.image))
    found = looked(clip, scene_file, frames=frames, threads=threads, size=size)
    del found["told"]
    a_frame_ms = found["cpu_ms_a_look"] * found["looked_at"] / found["frames"]
    bare, with_detector = (1000 * run.cpu_s / run.frames for run in (decoded, detected))
    return {
        **found,
        "bare_decode_cpu_ms_a_frame": round(bare, 2),
        "bare_detector_cpu_ms_a_frame": round(with_detector, 2),
        "share_of_bare_decode": round(bare / a_frame_ms, 3),
        "share_of_bare_detector": round(with_detector / a_frame_ms, 3),
    }


def looked(
    clip: Path, scene_file: Path, *, frames: int, threads: int, size: str, substream: Path | None = None
) -> dict[str, Any]:
    """The clip through the box: stages as in `profile`, and what was told of it (lines as of `acts.jsonl`).

    `substream`: the small stream of the same time, which is looked at; the clip proves.
    """
    watch = StageWatch()
    perception = open_perception(threads=threads, size=size, stopwatch=watch)
    scene, judging = load_scene(scene_file), perception.judging
    ring = PacketRing(seconds=_RING_S, margins=judging.clip)
    source, film = open_source(
        clip, substream, ring=ring, scene=scene.scene, numbers=judging, settings=SourceSettings(queue_frames=1),
        stopwatch=watch,
    )  # fmt: skip
    pipeline = perception.pipeline(scene, film=film)
    identity = CameraIdentity(
        "bench", SigningKey.generate(), "bench", scene.scene.place, "", scene, perception.digests, judging.digest
    )
    told: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="giaolo-bench-") as folder:
        recorder = Recorder(identity, source=source, ring=ring, sink=PacketFolder(Path(folder)))
        acts = 0

        def note(done: list[Recorded]) -> None:
            told.extend(act_line(each, Path()) for each in done)

        def look(frame: Frame) -> None:
            nonlocal acts
            for event in pipeline.process(frame):
                acts += 1
                recorder.submit(event)
            with watch.stage("recorder"):
                note(recorder.advance())

        whole = _play(clip, frames, look, source=source)
        for event in pipeline.finish():
            acts += 1
            recorder.submit(event)
        with watch.stage("recorder"):
            note(recorder.finish())
    looks = pipeline.looked_at
    spent = watch.spent
    named = [*STAGES, *(name for name in spent if name not in STAGES)]
    stages = [
        {
            "stage": name,
            "calls": spent[name].calls,
            "cpu_ms": round(1000 * spent[name].cpu_s / looks, 3),
            "wall_ms": round(1000 * spent[name].wall_s / looks, 3),
        }
        for name in named
        if name in spent
    ]
    return {
        "clip": clip.name,
        "frames": whole.frames,
        "looked_at": looks,
        "acts": acts,
        "threads": threads,
        "stages": stages,
        "cpu_ms_a_look": round(1000 * whole.cpu_s / looks, 2),
        "wall_ms_a_look": round(1000 * whole.wall_s / looks, 2),
        "told": told,
    }


def as_text(found: dict[str, Any]) -> str:
    """For people."""
    total = found["cpu_ms_a_look"]
    lines = [
        f"{found['clip']}: {found['frames']} frames, {found['looked_at']} looked at, {found['acts']} acts, "
        f"{found['threads']} threads",
        f"{'stage':20s} {'calls':>7s} {'CPU ms a look':>14s} {'share':>6s} {'wall ms':>8s}",
    ]
    for row in found["stages"]:
        cpu_ms = row["cpu_ms"]
        lines.append(f"{row['stage']:20s} {row['calls']:7d} {cpu_ms:14.2f} {cpu_ms / total:6.1%} {row['wall_ms']:8.2f}")
    rest = total - sum(row["cpu_ms"] for row in found["stages"])
    lines += [
        f"{'the rest':20s} {'':7s} {rest:14.2f} {rest / total:6.1%}",
        f"{'all':20s} {'':7s} {total:14.2f} {1:6.1%} {found['wall_ms_a_look']:8.2f}",
        "",
        f"decoding alone: {found['bare_decode_cpu_ms_a_frame']:.2f} ms of CPU a frame; "
        f"the box does {found['share_of_bare_decode']:.3f} of its frames a second of CPU",
        f"decoding and detector alone: {found['bare_detector_cpu_ms_a_frame']:.2f} ms of CPU a frame; "
        f"the box does {found['share_of_bare_detector']:.3f} of its frames",
    ]
    return "\n".join(lines)


def _play(
    clip: Path,
    frames: int,
    look: Callable[[Frame], object],
    *,
    source: Source | None = None,
    stopwatch: Stopwatch = UNTIMED,
) -> _Run:
    source = source or VideoSource(clip, settings=SourceSettings(queue_frames=1), stopwatch=stopwatch)
    seen = 0
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    source.start()
    try:
        for frame in source.frames():
            look(frame)
            seen += 1
            if seen >= frames:
                break
        wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    finally:
        source.stop(timeout_s=5)
    if not seen:
        raise click.ClickException(f"{clip}: holds no frame")
    return _Run(seen, wall_s, cpu_s)
