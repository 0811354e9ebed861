"""`giaolo edge`: run a node, replay a file."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from evidence import logs
from evidence.errors import GiaoLoError
from models.manifest import DETECTOR_SIZES, DetectorSize

detector_option = click.option(
    "--detector",
    type=click.Choice(DETECTOR_SIZES),
    default="nano",
    show_default=True,
    help="Cỡ của mạng dò xe. / Size of the vehicle detector.",
)


@click.group()
def edge() -> None:
    """Hộp xử lý tại nút giao. / The box at the junction."""


@edge.command()
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), required=True, help="NODE.yaml / cấu hình của hộp."
)
@click.option("--verbose", is_flag=True, help="Ghi nhật ký chi tiết. / Log more.")
def run(config_path: Path, verbose: bool) -> None:
    """Chạy hộp cho đến khi dừng. / Run the node until it is stopped (SIGTERM, Ctrl-C); SIGHUP reads the file again."""
    from edge.node import run_node

    logs.set_up(logging.DEBUG if verbose else logging.INFO)
    raise SystemExit(run_node(config_path))


@edge.command()
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--scene", type=click.Path(path_type=Path), required=True, help="SCENE.yaml / mô tả góc nhìn.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Thư mục kết quả. / Folder for packets.")
@detector_option
@click.option("--json", "json_lines", is_flag=True, help="In từng hành vi dạng JSON. / Print each act as a JSON line.")
def replay(clip: Path, scene: Path, out: Path, detector: DetectorSize, json_lines: bool) -> None:
    """Xử lý một tệp video nhanh nhất có thể, không dùng MQTT. / Process a video file as fast as possible."""
    from edge.replay import replay as run_replay

    try:
        status = run_replay(clip, scene, out, size=detector, json_lines=json_lines)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(status)
