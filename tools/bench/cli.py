"""`giaolo bench`: how fast the parts are on this machine. Figures are printed beside their limits, never asserted."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from edge.cli import detector_option
from edge.types import Frame
from tools.bench.cameras import cameras
from tools.bench.desk import desk
from tools.bench.faults import faults
from tools.bench.lives import lives
from tools.bench.substream import substream
from tools.demo.site import choose_clip


@click.group()
def bench() -> None:
    """Đo tốc độ. / Measure speed."""


bench.add_command(cameras)
bench.add_command(desk)
bench.add_command(faults)
bench.add_command(lives)
bench.add_command(substream)


@bench.command()
@click.option("--clip", type=click.Path(path_type=Path), help="Video; mặc định như demo. / As in the demo by default.")
@click.option("--scene", type=click.Path(path_type=Path), help="Cảnh của video. / Its scene file.")
@click.option(
    "--frames", type=click.IntRange(min=1), default=300, show_default=True, help="Số khung hình. / Frames at most."
)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Luồng CPU. / CPU threads.")
@click.option("--profile", "by_stage", is_flag=True, help="Từng công đoạn. / CPU of each stage instead.")
@click.option("--json", "as_json", is_flag=True, help="JSON")
@detector_option
def edge(
    clip: Path | None, scene: Path | None, frames: int, threads: int, by_stage: bool, as_json: bool, detector: str
) -> None:
    """Hộp xử lý. / One camera: frames looked at a second with decoding, the longest stall, decoding alone beside it."""
    from edge.perception import open_perception
    from zones.load import load_scene

    clip, scene = choose_clip(clip, scene)
    if by_stage:
        from tools.bench.profile import as_text, profile

        found = profile(clip, scene, frames=frames, threads=threads, size=detector)
        click.echo(json.dumps(found) if as_json else as_text(found))
        return
    pipeline = open_perception(threads=threads, size=detector).pipeline(load_scene(scene))
    bare = _play(clip, frames, lambda frame: None)
    whole = _play(clip, frames, pipeline.process)
    looked_at = pipeline.looked_at
    # a frame that is not looked at takes no time: the longest are the looks
    looks = sorted(whole.spent)[len(whole.spent) - looked_at :]
    fps = whole.camera_fps
    wanted = min(fps, fps * looked_at / len(whole.spent)) if fps else 0.0
    result = {
        "clip": clip.name,
        "frames": len(whole.spent),
        "looked_at": looked_at,
        "camera_fps": round(fps, 2),
        "wall_s": round(whole.wall_s, 3),
        "fps": round(len(whole.spent) / whole.wall_s, 2),
        "looked_at_fps": round(looked_at / whole.wall_s, 2),
        "decode_fps": round(len(bare.spent) / bare.wall_s, 2),
        "decode_ms": round(1000 * bare.wall_s / len(bare.spent), 2),
        "longest_stall_ms": round(1000 * whole.longest_s, 2),
        "look_ms": _milliseconds(looks),
    }
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(f"{clip.name}: {len(whole.spent)} frames, {looked_at} looked at, {whole.wall_s:.1f} s with decoding")
    click.echo(f"{'figure':44s} {'measured':>9s} {'limit':>9s}")
    measured = looked_at / whole.wall_s
    keeps_up, no_stall = measured >= wanted, whole.longest_s <= _QUEUE_FRAMES / fps if fps else True
    for name, value, limit, verdict in (
        ("frames looked at, a second", measured, wanted, keeps_up),
        ("longest stall, milliseconds", 1000 * whole.longest_s, 1000 * _QUEUE_FRAMES / fps if fps else 0.0, no_stall),
    ):
        click.echo(f"{name:44s} {value:9.1f} {limit:9.1f}  {'ok' if verdict else 'NOT MET'}")
    click.echo(f"{'decoding alone, frames a second':44s} {len(bare.spent) / bare.wall_s:9.1f}")
    for name, value in _milliseconds(looks).items():
        click.echo(f"{'milliseconds a frame looked at, ' + name:44s} {value:9.1f}")


_QUEUE_FRAMES = 4
"""A live camera's queue: a stall that lasts for more frames loses pictures (`source_status.SourceSettings`)."""


@dataclass(frozen=True)
class _Run:
    """Seconds a frame in `spent`; `longest_s`: between two frames taken, decoding included."""

    spent: list[float]
    wall_s: float
    longest_s: float
    camera_fps: float


def _play(clip: Path, frames: int, look: Callable[[Frame], object]) -> _Run:
    """The clip's first frames as fast as they go. The file waits for us, so nothing is dropped."""
    from edge.video.source import VideoSource
    from edge.video.source_status import SourceSettings

    # one frame in waiting: what is decoded ahead while the other works is decoded in the time measured
    source = VideoSource(clip, settings=SourceSettings(queue_frames=1))
    spent: list[float] = []
    longest_s = 0.0
    began = last = time.perf_counter()
    source.start()
    try:
        for frame in source.frames():
            at = time.perf_counter()
            look(frame)
            now = time.perf_counter()
            spent.append(now - at)
            longest_s, last = max(longest_s, now - last), now
            if len(spent) >= frames:
                break
        wall_s = time.perf_counter() - began
        fps = source.info.fps if source.info else 0.0
    finally:
        source.stop(timeout_s=5)
    if not spent:
        raise click.ClickException(f"{clip}: holds no frame")
    return _Run(spent, wall_s, longest_s, fps)


@bench.command()
@click.option("--packets", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Số gói. / Packets.")
@click.option(
    "--kib",
    type=click.IntRange(1, 64 * 1024),
    default=1024,
    show_default=True,
    help="Cỡ clip, KiB. / Size of the clip.",
)
@click.option(
    "--database", "urls", multiple=True, help="URL PostgreSQL trống, ngoài SQLite. / An empty PostgreSQL beside SQLite."
)
@click.option("--json", "as_json", is_flag=True, help="JSON")
def ingest(packets: int, kib: int, urls: Sequence[str], as_json: bool) -> None:
    """Trung tâm nhận gói. / The centre's ingest: packets a second from last chunk to signed receipt."""
    results = []
    for url in ("", *urls):
        with tempfile.TemporaryDirectory(prefix="giaolo-bench-") as folder:
            spent = _ingest(Path(folder), url, packets, kib * 1024)
        name = "sqlite" if not url else url.split(":")[0].split("+")[0]
        results.append(
            {"database": name, "packets": packets, "kib": kib, "per_second": round(packets / sum(spent), 2),
             "packet_ms": _milliseconds(spent)}
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(results))
        return
    click.echo(f"{'database':12s} {'packets/s':>10s} {'median ms':>10s} {'p95 ms':>10s} {'max ms':>10s}")
    for result in results:
        ms = result["packet_ms"]
        assert isinstance(ms, dict)
        click.echo(
            f"{result['database']!s:12s} {result['per_second']!s:>10s} "
            + " ".join(f"{ms[name]:10.1f}" for name in ("median", "p95", "max"))
        )


def _ingest(folder: Path, url: str, packets: int, clip_bytes: int) -> list[float]:
    """Seconds a packet, offer and chunks included. The centre is emptied with its folder."""
    from central.centre import open_centre, utc_now
    from central.config import parse_config
    from central.intake.ingest import Ingest
    from central.intake.nodes import add_node
    from evidence.canonical import sha256_hex
    from evidence.seal import SigningKey
    from evidence.wire import Offer, decode_chunk, encode_chunk
    from tools.bench.packets import NODE, PacketMaker
    from tools.demo.site import DEMO_OFFICE

    config = parse_config(
        {"schema_version": 1, "data_dir": "centre", "database_url": url, "second_reader": False, "office": DEMO_OFFICE},
        base=folder,
        where="bench",
    )
    centre = open_centre(config)
    key = SigningKey.generate()
    with centre.db.write() as session:
        add_node(session, NODE, key.public, now=utc_now())
    maker, worker = PacketMaker(key, clip_bytes=clip_bytes), Ingest.of(centre)
    spent = []
    try:
        for _ in range(packets):
            manifest, data = maker.next()
            offer = Offer(
                packet_id=manifest.packet_id, size=len(data), container_sha256=sha256_hex(data), chunk_bytes=256 * 1024
            )
            chunks = [encode_chunk(offer, data, i) for i in range(offer.chunks)]
            began = time.perf_counter()
            worker.offer(NODE, offer)
            for payload in chunks:
                replies = worker.chunk(NODE, decode_chunk(payload, where="bench"))
            spent.append(time.perf_counter() - began)
            if [r.kind for r in replies] != ["receipt"]:
                raise click.ClickException("the centre gave no receipt")
    finally:
        centre.db.dispose()
    return spent


def _milliseconds(spent: Sequence[float]) -> dict[str, float]:
    median, p95, worst = (float(v) * 1000 for v in np.quantile(spent, [0.5, 0.95, 1.0]))
    return {"median": round(median, 2), "p95": round(p95, 2), "max": round(worst, 2)}
