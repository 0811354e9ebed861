"""What every command of `giaolo central` begins and ends with: its configuration, and one line for a person."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from central.centre import Centre, open_centre
from central.config import CentralConfig, load_config
from evidence.errors import GiaoLoError

config_option = click.option(
    "--config", "config_file", type=click.Path(path_type=Path), required=True, help="CENTRAL.yaml"
)


def open_configured(config_file: Path) -> Centre:
    """The centre of a configuration file. Raises `ClickException` in the words of the fault."""
    try:
        config: CentralConfig = load_config(config_file)
        return open_centre(config)
    except GiaoLoError as error:
        fail(error)


def fail(error: GiaoLoError) -> NoReturn:
    """End the command with what, where and what to do."""
    raise click.ClickException(str(error)) from error
