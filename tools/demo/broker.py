"""An MQTT broker in a process of its own: amqtt embedded, or the Mosquitto that is installed.

amqtt speaks MQTT 3.1.1 only, which is enough for one box; a province runs Mosquitto or EMQX.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import logging
import os
import shutil
import signal
import sys
from pathlib import Path

from evidence.errors import GiaoLoError


class BrokerError(GiaoLoError):
    """The broker cannot run."""


def embedded_command(port: int) -> list[str]:
    """Command line of the embedded broker."""
    return [sys.executable, "-m", "tools.demo.broker", "--port", str(port)]


def mosquitto_command(port: int, folder: Path) -> list[str]:
    """Command line of a Mosquitto that keeps its sessions in `folder`. Raises `BrokerError` if there is none."""
    binary = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        raise BrokerError("Mosquitto is not installed", remedy="apt-get install mosquitto, or use --broker embedded")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser {getpass.getuser()}\n",
        encoding="utf-8",
    )
    return [binary, "-c", str(config)]


async def _serve(port: int) -> None:
    from amqtt.broker import Broker

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 50}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await broker.start()
    await stop.wait()
    await broker.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
