"""`giaolo`: one command line for everything. Parts are loaded when they are called, so that `verify` starts at once."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence
from typing import Any

import click

from evidence.errors import GiaoLoError
from tools.command.trying import Looker

COMMANDS = {
    "demo": ("tools.demo.cli", "demo"),
    "edge": ("edge.cli", "edge"),
    "central": ("central.cli", "central"),
    "zones": ("zones.cli", "zones"),
    "verify": ("tools.command.verify", "verify"),
    "evaluate": ("tools.evaluate.cli", "evaluate"),
    "simulate": ("tools.command.simulate", "simulate"),
    "bench": ("tools.bench.cli", "bench"),
    "keygen": ("tools.command.keygen", "keygen"),
}


_BROUGHT_BY = {
    "libsumo": "simulate",
    "sumo": "simulate",
    "moderngl": "render",
    "pycocotools": "train",
    "onnx": "train",
    "torch": "train",
}


def _how_to_get(module: str) -> str | None:
    """What to do where `module` is missing; None: it should be there, and its absence is a fault of ours."""
    if module.startswith("tools.train"):
        return "figures of the networks need the training code, which is in no wheel -> run it in a checkout"
    extra = _BROUGHT_BY.get(module.partition(".")[0])
    return None if extra is None else f"{module} is not installed -> pip install 'giaolo[{extra}]'"


class LazyGroup(click.Group):
    """Imports a command's module only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GiaoLoError as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:
            told = _how_to_get(error.name or "")
            if told is None:
                raise
            raise click.ClickException(told) from error


@click.group(cls=LazyGroup)
@click.version_option(package_name="giaolo")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Giao Lộ: phát hiện vi phạm giao thông từ camera cố định."""
    ctx.obj = Looker()


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: expected errors end in one line, not in a traceback."""
    logging.captureWarnings(True)
    cli.main(args=None if arguments is None else list(arguments), prog_name="giaolo")


if __name__ == "__main__":
    main(sys.argv[1:])
