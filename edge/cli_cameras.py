"""`giaolo edge`: finding cameras, trying one, a still of one."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import click

from edge.cli_common import be_quiet, login_options, tell
from edge.config import CameraConfig, read_password
from evidence.errors import GiaoLoError


@click.command("find-cameras")
@click.option("--at", multiple=True, metavar="HOST[:PORT]", help="Chỉ hỏi địa chỉ này. / Ask this address only.")
@click.option("--interface", help="Chỉ tìm qua cổng mạng này. / Only out of this network interface, like eth0.")
@click.option("--seconds", type=click.FloatRange(0.2, 60), default=3.0, show_default=True, help="Chờ. / Wait.")
@login_options[0]
@login_options[1]
@click.option("--json", "as_json", is_flag=True, help="In dạng JSON. / Print all that was found as JSON.")
def find_cameras(
    at: tuple[str, ...],
    interface: str | None,
    seconds: float,
    username: str | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Tìm camera ONVIF trong mạng, chọn luồng. / Find ONVIF cameras and choose their streams; exit 1 on a fault."""
    from edge.doctor.cameras import as_dict, find, told
    from edge.onvif.envelope import Login

    if password_file is not None and username is None:
        raise click.UsageError("--password-file needs a --username")
    if at and interface is not None:
        raise click.UsageError("--interface is for finding, --at for asking: give one of them")
    be_quiet()
    try:
        login = None
        if username is not None:
            login = Login(username, "" if password_file is None else read_password(password_file))
        survey = find(at, interface=interface, login=login, wait_s=seconds)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        found = as_dict(survey, username, password_file)
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        raise SystemExit(1 if any(line["level"] == "fault" for line in found["told"]) else 0)
    tell(told(survey, username, password_file))


@click.command("test-camera")
@click.argument("url")
@login_options[0]
@login_options[1]
@click.option("--seconds", type=click.FloatRange(1, 120), default=8.0, show_default=True, help="Mỗi cách. / Each way.")
@click.option("--substream", metavar="URL", help="Luồng phụ của camera. / Its small stream, tried beside this one.")
@click.option("--scene", type=click.Path(path_type=Path), help="SCENE.yaml, nếu đã vẽ. / If it is drawn already.")
def test_camera(
    url: str, username: str | None, password_file: Path | None, seconds: float, substream: str | None,
    scene: Path | None,
) -> None:  # fmt: skip
    """Thử một camera: UDP, TCP, HTTP, mã hóa, cỡ hình, giờ. / Try a camera's address; exit 1 if it cannot be used."""
    from edge.doctor.camera import best_of, told, trial, verdict, ways_of
    from edge.doctor.substream import examined
    from edge.judging import Judging
    from zones.load import load_scene

    try:
        drawn = None if scene is None else load_scene(scene).scene
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    address = _address(url, username, password_file)
    small_address = None if substream is None else _address(substream, username, password_file)
    be_quiet()
    found, ways = [], ways_of(address)
    for way in ways:
        found.append(trial(address, way, seconds=seconds))
        for line in told(found[-1], only=len(ways) == 1):
            click.echo(line.line)
    lines = verdict(found, None if drawn is None else drawn.picture)
    best = best_of(found)
    if small_address is None or best is None:
        tell(lines)
    else:
        way = next(way for way, one in zip(ways, found, strict=True) if one is best)
        tell(chain(lines, examined(best, address, small_address, drawn, Judging(), way=way, seconds=seconds)))


@click.command()
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="SOURCE là tên camera. / SOURCE is an id."
)
@login_options[0]
@login_options[1]
def snapshot(
    source: str, target: Path, config_path: Path | None, username: str | None, password_file: Path | None
) -> None:
    """Chụp một hình đủ cỡ từ camera SOURCE vào TARGET.png. / A full-size still of a camera, for `giaolo zones edit`."""
    from edge.doctor.snapshot import take

    be_quiet()
    try:
        size = take(source, target, config_path, lambda: _address(source, username, password_file))
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{target}: {size[0]} x {size[1]}")


def _address(url: str, username: str | None, password_file: Path | None) -> str:
    """Of a camera that is in no configuration yet, read as one that is."""
    try:
        return CameraConfig(
            id="camera", url=url, scene=Path("none"), username=username, password_file=password_file
        ).address()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
