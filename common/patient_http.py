"""uvicorn's HTTP/1.1 for a server beside which more important things run: how long a client may take, and how many.

Half a request held open by a thousand sockets must cost the web a few seconds, and the rest of the process nothing.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True)
class Patience:
    """Seconds that a client may take. Forms have at most 64 KiB: a telephone line carries them in ten seconds."""

    headers_s: float = 10.0
    body_s: float = 30.0
    unread_s: float = 60.0
    """How long an answer may wait for its reader without a byte taken."""
    idle_s: int = 5


@dataclass
class Gate:
    """Counts connections: `most` in all, `most_each` from one address; `proxies` speak for many and are not bounded."""

    most: int
    most_each: int
    proxies: Collection[str] = ()
    _open: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> bool:
        """Whether one more may come in from there; who came in has to `leave`."""
        each = self.most if address in self.proxies else self.most_each
        if self._open.total() >= self.most or self._open[address] >= each:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]


class CarefulProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with an end to its patience: slow headers, slow bodies and answers that nobody reads."""

    def __init__(
        self, *args: Any, gate: Gate, patience: Patience, on_cut: Callable[[str], None], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._gate, self._patience, self._on_cut = gate, patience, on_cut
        self._address: str | None = None
        self._waits_for = ""
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self._gate.enter(address):
            self._on_cut("too_many")
            transport.abort()
            return
        self._address = address
        self._await("headers", self._patience.headers_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await("")
        self._read()
        if self._address is not None:
            self._gate.leave(self._address)
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        state = self.conn.their_state
        if state is h11.IDLE:  # part of the head of a request
            if self._waits_for != "headers":
                self._await("headers", self._patience.headers_s)
        elif state is h11.SEND_BODY:
            if self._waits_for != "body":
                self._await("body", self._patience.body_s)
        else:
            self._await("")

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self._later(self._patience.unread_s, "unread")

    def resume_writing(self) -> None:
        self._read()
        super().resume_writing()

    def _await(self, what: str, seconds: float = 0.0) -> None:
        """Give the client `seconds` for `what`; nothing is awaited with an empty word."""
        if self._timer is not None:
            self._timer.cancel()
        self._waits_for = what
        self._timer = self._later(seconds, what) if what else None

    def _read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _later(self, seconds: float, what: str) -> asyncio.TimerHandle:
        cut: Callable[[str], None] = self._cut
        return self.loop.call_later(seconds, cut, what)

    def _cut(self, what: str) -> None:
        self._on_cut(what)
        self.transport.abort()


class PatientServer:
    """Serves an application from a thread of its own. `start` raises `OSError`; `close` may be called at any time."""

    def __init__(self, app: Any, name: str, gate: Gate, patience: Patience) -> None:
        def protocol(*args: Any, **options: Any) -> CarefulProtocol:
            return CarefulProtocol(*args, gate=gate, patience=patience, on_cut=lambda what: None, **options)

        config = uvicorn.Config(
            app, log_config=None, access_log=False, proxy_headers=False, server_header=False, ws="none",
            timeout_keep_alive=patience.idle_s, timeout_graceful_shutdown=1, http=protocol,  # type: ignore[arg-type]
        )  # fmt: skip
        self._server, self._name = uvicorn.Server(config), name
        self._thread: threading.Thread | None = None

    def start(self, host: str, port: int) -> None:
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
            bound.listen()  # whoever comes before the thread runs waits a moment
        except OSError:
            bound.close()
            raise
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [bound]}, name=self._name, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(5)
            self._thread = None
