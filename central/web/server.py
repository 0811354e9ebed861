"""The web's own server: how long a client may take, how many may be connected, and what is left for everybody else.

Ingest and web share a process, and with it the table of open files. Connections are therefore counted and cut off
before that table is full: half a request held open by a thousand sockets must cost the web a few seconds, and the
evidence nothing.
"""

from __future__ import annotations

import logging
import resource
from typing import Any

import uvicorn
from fastapi import FastAPI

from central.config import Web
from central.metrics import CONNECTIONS_CUT
from common.patient_http import CarefulProtocol, Gate, Patience

log = logging.getLogger(__name__)

RESERVED_FILES = 300
"""Open files kept for ingest, database (15 connections of three files), second reader, broker and logs."""
BACKLOG = 64
"""Connections that the kernel queues, and asyncio takes at once, before they are counted."""
_TAKEN_BEFORE_COUNTED = 4 * BACKLOG
"""asyncio takes a backlog a turn and tells the protocol two turns later."""
_OPEN_FILES = 65_536
_FEWEST = 16


def raise_open_files() -> int:
    """Raise this process's limit of open files as far as it may; the limit that holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            log.warning("limit of open files stays at %d: %s", soft, error)
            return soft
        return wanted
    return _OPEN_FILES if soft == resource.RLIM_INFINITY else soft


def connections_for(wanted: int, open_files: int) -> int:
    """As many connections as were asked for, or as the open files allow beside `RESERVED_FILES`."""
    return max(_FEWEST, min(wanted, open_files - RESERVED_FILES - _TAKEN_BEFORE_COUNTED))


def _cut(what: str) -> None:
    CONNECTIONS_CUT.labels(what).inc()


def web_server(app: FastAPI, web: Web, *, patience: Patience | None = None) -> uvicorn.Server:
    """A server that is not started yet."""
    patience = patience or Patience()
    most = connections_for(web.max_connections, raise_open_files())
    if most < web.max_connections:
        log.warning("web takes %d connections, not %d: raise the limit of open files", most, web.max_connections)
    gate = Gate(most, max(_FEWEST // 2, most // 4), web.trusted_proxies)

    def protocol(*args: Any, **options: Any) -> CarefulProtocol:
        return CarefulProtocol(*args, gate=gate, patience=patience, on_cut=_cut, **options)

    config = uvicorn.Config(
        app, host=web.host, port=web.port, log_config=None, access_log=False, proxy_headers=False,
        server_header=False, timeout_graceful_shutdown=5, timeout_keep_alive=patience.idle_s, backlog=BACKLOG,
        ws="none", http=protocol,  # type: ignore[arg-type]
    )  # fmt: skip
    return uvicorn.Server(config)
