"""`giaolo bench`: how fast the parts are on this machine. Figures are printed beside their limits, never asserted."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from edge.cli import detector_option
from models.manifest import DetectorSize
from tools.demo_site import choose_clip


@click.group()
def bench() -> None:
    """Đo tốc độ. / Measure speed."""


@bench.command()
@click.option("--clip", type=click.Path(path_type=Path), help="Video; mặc định như demo. / As in the demo by default.")
@click.option("--scene", type=click.Path(path_type=Path), help="Cảnh của video. / Its scene file.")
@click.option(
    "--frames", type=click.IntRange(min=1), default=300, show_default=True, help="Số khung hình. / Frames at most."
)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Luồng CPU. / CPU threads.")
@click.option("--json", "as_json", is_flag=True, help="JSON")
@detector_option
def edge(
    clip: Path | None, scene: Path | None, frames: int, threads: int, as_json: bool, detector: DetectorSize
) -> None:
    """Hộp xử lý. / The pipeline of one camera: frames a second and time a frame, the camera's own rate beside it."""
    from edge.pipeline import open_eyes
    from edge.source import VideoSource
    from zones.load import load_scene

    clip, scene = choose_clip(clip, scene)
    pipeline = open_eyes(threads=threads, size=detector).pipeline(load_scene(scene))
    source = VideoSource(clip)
    source.start()
    spent: list[float] = []
    fps = 0.0
    try:
        for frame in source.frames():
            fps = source.info.fps if source.info else fps
            began = time.perf_counter()
            pipeline.process(frame)
            spent.append(time.perf_counter() - began)
            if len(spent) >= frames:
                break
    finally:
        source.stop(timeout_s=5)
    if not spent:
        raise click.ClickException(f"{clip}: holds no frame")
    measured = 1.0 / float(np.mean(spent))
    result = {
        "clip": clip.name,
        "frames": len(spent),
        "fps": round(measured, 2),
        "camera_fps": round(fps, 2),
        "frame_ms": _milliseconds(spent),
    }
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(f"{'figure':38s} {'measured':>9s} {'limit':>9s}")
    verdict = "ok" if measured >= fps else "NOT MET"
    click.echo(
        f"{'frames a second, ' + clip.name:38s} {measured:9.1f} {fps:9.1f}  {verdict} (limit: the camera's rate)"
    )
    for name, value in _milliseconds(spent).items():
        click.echo(f"{'milliseconds a frame, ' + name:38s} {value:9.1f} {1000 / fps if fps else 0:9.1f}")


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
    from central.ingest import Ingest
    from central.nodes import add_node
    from evidence.canonical import sha256_hex
    from evidence.seal import SigningKey
    from evidence.wire import Offer, decode_chunk, encode_chunk
    from tools.demo_site import DEMO_OFFICE
    from tools.packets import NODE, PacketMaker

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
