"""What the commands of `giaolo edge` share: options, and lines of what was tried."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import click

from edge.doctor.told import Told

config_option = click.option(
    "--config", "config_path", type=click.Path(path_type=Path), required=True, help="NODE.yaml / cấu hình của hộp."
)
login_options = (
    click.option("--username", help="Tên trong camera. / User name of the camera."),
    click.option("--password-file", type=click.Path(path_type=Path), help="Tệp mật khẩu. / Its first line is used."),
)


def be_quiet() -> None:
    """What is wrong is told in our own lines; those of a log would say it again, in between."""
    logging.getLogger().addHandler(logging.NullHandler())


def tell(lines: Iterable[Told | str]) -> None:
    """Each line as it comes, a bare text as it is; exit 1 if one is a fault."""
    faults = 0
    for told in lines:
        click.echo(told if isinstance(told, str) else told.line)
        faults += isinstance(told, Told) and told.level == "fault"
    raise SystemExit(1 if faults else 0)
