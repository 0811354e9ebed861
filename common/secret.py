"""A passphrase or PIN that stands in a file of its own or in the environment, never in a configuration."""

from __future__ import annotations

import os
from pathlib import Path

from common.settings import ConfigError


def read_secret(file: Path | None, variable: str, *, of: str) -> str:
    """First line of `file`, else the environment's `variable`. `of`: whose it is. Raises `ConfigError`."""
    if file is None:
        value = os.environ.get(variable, "")
        if not value:
            raise ConfigError(
                f"the environment variable {variable} is empty or not set", where=of,
                remedy="set it where the service is started, or name a file (passphrase_file)",
            )  # fmt: skip
        return value
    try:
        value = file.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigError(
            f"the passphrase in {file} cannot be read: {what}", where=of, remedy="correct the file's path or rights"
        ) from error
    if not value:
        raise ConfigError(
            f"{file} holds no passphrase in its first line", where=of, remedy="write the passphrase there"
        )
    return value
