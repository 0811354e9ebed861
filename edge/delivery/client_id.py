"""The name under which a box is known to its broker."""

from __future__ import annotations

import contextlib
import re
import secrets

from edge.config import NodeConfig


def client_id(config: NodeConfig) -> str:
    """Of the MQTT session: the same after a restart, so that the broker ends the session before at once; never shared.

    A box that was copied with its disk has its twin's id: the uplink finds that out and takes another one.
    """
    if config.broker.client_id is not None:
        return config.broker.client_id
    file = config.data_dir / "client-id"
    try:
        suffix = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        suffix = ""
    if not re.fullmatch(r"[0-9a-f]{8}", suffix):
        suffix = secrets.token_hex(4)
        with contextlib.suppress(OSError):  # a full disk: a new one at the next start
            file.write_text(suffix, "ascii")
    return f"giaolo-{config.node_id}-{suffix}"
