"""`giaolo edge replay`: a file through the eyes and the recorder of a live camera, as fast as it goes, without MQTT."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

from edge.delivery.packet_folder import PacketFolder
from edge.delivery.packing import CameraIdentity
from edge.delivery.recorder import Recorded, Recorder
from edge.explain.why_not import WhyNot
from edge.explain.words import LANGUAGES, listing, sentence
from edge.perception import open_perception
from edge.substream.opening import open_source
from edge.types import ActEvent
from edge.video.ring import PacketRing
from edge.video.source_errors import check_file
from edge.watch.kept import SceneReference, WatchFolder
from edge.watch.picture import PictureWatch
from evidence.errors import GiaoLoError
from evidence.seal import SigningKey
from zones.load import load_scene

ACTS_FILE = "acts.jsonl"
WHY_NOT_FILE = "why_not.jsonl"
KEY_FILE = "node.key"
_RING_S = 60.0
_LISTED = 5000
"""Vehicles of one file that are listed: some hours of a busy junction; more are counted."""


class ReplayError(GiaoLoError):
    """The replay cannot write its results."""


def replay(
    clip: Path,
    scene_file: Path,
    out: Path,
    *,
    size: str = "nano",
    json_lines: bool = False,
    explain: bool = False,
    substream: Path | None = None,
    stdout: TextIO = sys.stdout,
) -> int:
    """Write sealed packets and `acts.jsonl` into `out`; returns the exit status.

    The key of the seal lies in `out` (`node.key`, `node.key.pub`), made on the first run. Results of an earlier run in
    the same folder are replaced. `explain`: write `why_not.jsonl` too, the vehicles that passed a line or stood in an
    area and were not reported, and print them by reason. `substream`: the small stream of the same camera and time: it
    is looked at, and `clip` proves.

    Raises
    ------
    GiaoLoError: scene or clip cannot be used, or `out` cannot be written. Acts found up to then are kept.
    """
    scene = load_scene(scene_file)
    for file in (clip, substream):
        if file is not None:
            check_file(str(file))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for old in out.glob("*.glp"):
            old.unlink()
        key = SigningKey.load_or_create(out / KEY_FILE)
    except OSError as error:
        raise ReplayError(
            f"cannot be written: {error.strerror}", where=str(out), remedy="choose another folder"
        ) from error
    perception = open_perception(size=size)
    ring = PacketRing(seconds=_RING_S, margins=perception.judging.clip)
    judging = perception.judging
    source, film = open_source(clip, substream, ring=ring, scene=scene.scene, numbers=judging)
    sink = PacketFolder(out)
    identity = CameraIdentity(
        "replay", key, _ident(clip.stem), scene.scene.place, "", scene, perception.digests, judging.digest
    )
    recorder = Recorder(
        identity, source=source, ring=ring, sink=sink,
        on_withheld=lambda event: why_not.held(event, pipeline.signals.histories, event.withheld),
    )  # fmt: skip
    kept = WatchFolder(out / "watch", scene, camera="replay")
    watch = PictureWatch(scene.scene, judging.picture, store=SceneReference(kept), write=kept.write)
    why_not = WhyNot(scene.scene, keep=_LISTED)
    pipeline = perception.pipeline(scene, watch, why_not, film=film)
    lines: list[dict[str, Any]] = []
    told: dict[tuple[str, int, int], float] = {}
    """Stream time at which each event came out: its pictures must not be kept for it."""
    now_s = 0.0

    def submit(event: ActEvent) -> None:
        told[_name(event)] = now_s
        recorder.submit(event)

    def note(done: list[Recorded]) -> None:
        for recorded in done:
            line = act_line(recorded, sink.path(recorded.manifest), told.get(_name(recorded.event)))
            lines.append(line)
            if json_lines:
                print(json.dumps(line, ensure_ascii=False), file=stdout, flush=True)
        if done:
            _write(out / ACTS_FILE, lines)

    _write(out / ACTS_FILE, lines)
    source.start()
    try:
        for frame in source.frames():
            now_s = frame.t_s
            for event in pipeline.process(frame):
                submit(event)
            note(recorder.advance())
        for event in pipeline.finish():
            submit(event)
    finally:
        source.stop(timeout_s=5)
        note(recorder.finish())
    status = source.status()
    summary = f"{clip}: {status.frames} frames, {len(lines)} acts, packets in {out}"
    print(summary, file=sys.stderr)
    if watch.report.acts_held or watch.report.state not in ("in_place", "learning"):
        held = watch.report
        print(f"{clip}: picture {held.state}, {held.acts_held} acts held: {kept.record}", file=sys.stderr)
    if status.ended_early:
        print(f"{clip}: warning: {status.ended_early}", file=sys.stderr)
    if explain:
        _explain(why_not, out / WHY_NOT_FILE, stdout, json_lines=json_lines)
    if recorder.lost:
        print(f"{clip}: error: {recorder.lost} acts could not be recorded: {recorder.error}", file=sys.stderr)
        return 1
    return 0


def _explain(why_not: WhyNot, file: Path, stdout: TextIO, *, json_lines: bool) -> None:
    lines = [{**one.as_dict(), "vi": sentence(one, "vi"), "en": sentence(one, "en")} for one in why_not.listed]
    _write(file, lines)
    if json_lines:
        stdout.writelines(json.dumps({"not_reported": line}, ensure_ascii=False) + "\n" for line in lines)
        return
    for language in LANGUAGES:
        stdout.writelines(line + "\n" for line in listing(why_not, language))


def _name(event: ActEvent) -> tuple[str, int, int]:
    return event.act.value, event.track_id, event.frame


def act_line(recorded: Recorded, packet: Path, told_s: float | None = None) -> dict[str, Any]:
    """One line of `acts.jsonl`. `told_s`: stream time at which the pipeline told the act; `points`: the vehicle's track
    as `[t_s, x1, y1, x2, y2]`."""
    event, manifest = recorded.event, recorded.manifest
    return {
        "act": event.act.value,
        "frame": event.frame,
        "t_s": round(event.t_s, 4),
        "told_s": None if told_s is None else round(told_s, 4),
        "box": list(event.vehicle.box),
        "class": event.vehicle.cls.value,
        "track": event.track_id,
        "points": [[point.t_s, *point.box] for point in event.track.points],
        "plate": event.plate.text,
        "plate_confidence": event.plate.confidence,
        "lamp": event.lamp.value,
        "reasons": dict(manifest.act.reasons),
        "flags": list(manifest.act.flags),
        "packet": packet.name,
        "packet_id": manifest.packet_id,
    }


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    """The whole file anew: it is small, and a reader never sees half a line."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in sorted(lines, key=lambda x: x["t_s"]))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def _ident(stem: str) -> str:
    """A camera id out of a file name."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem).strip("._-")
    return plain[:64] or "clip"
