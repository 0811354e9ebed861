"""A controller that posts: the box listens at a port of its own, so that its page need not be open to the controller.

POST /signals/ID   Authorization: Bearer TOKEN   the JSON of `edge.feeds.message`
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from common.patient_http import Gate, Patience, PatientServer
from common.settings import ConfigError
from edge.feed_settings import HttpFeed
from edge.feeds.flood import Flood
from edge.feeds.message import MOST_BYTES, MessageError, read_message
from edge.signals.controller import ControllerFeed

log = logging.getLogger(__name__)
_PATIENCE = Patience(headers_s=5.0, body_s=5.0, unread_s=10.0, idle_s=30)
"""A sender that tells every second keeps its connection."""
_MOST_CLIENTS, _MOST_EACH = 16, 8


def create_app(feed: ControllerFeed, token: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    app = FastAPI(title="Giao Lộ", docs_url=None, redoc_url=None, openapi_url=None)
    flood = Flood()

    @app.post(f"/signals/{feed.id}")
    async def said(request: Request) -> JSONResponse:
        given = request.headers.get("authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return _refused(401, "send the token: Authorization: Bearer TOKEN")
        data = bytearray()
        async for part in request.stream():
            data += part
            if len(data) > MOST_BYTES:
                feed.refused += 1
                return _refused(413, f"more than {MOST_BYTES} bytes")
        # only now is it all there: a sender may open a request long before it has anything to say
        at = clock()
        if flood.too_many(at):
            feed.refused += 1
            return _refused(429, "too many messages a second")
        try:
            statements = read_message(bytes(data), at)
        except MessageError as error:
            feed.refused += 1
            return _refused(400, str(error))
        taken = feed.take(statements)
        return JSONResponse({"taken": taken, "ignored": len(statements) - taken})

    return app


def _refused(status: int, what: str) -> JSONResponse:
    return JSONResponse({"what": what}, status_code=status, headers={"Connection": "close"})


class HttpListener:
    """`start` raises `ConfigError` where token or port cannot be used."""

    def __init__(self, settings: HttpFeed, feed: ControllerFeed) -> None:
        self._settings, self._feed = settings, feed
        self._server: PatientServer | None = None

    def start(self) -> None:
        settings = self._settings
        app = create_app(self._feed, settings.token())
        server = PatientServer(app, f"controller {self._feed.id}", Gate(_MOST_CLIENTS, _MOST_EACH), _PATIENCE)
        try:
            server.start(settings.host, settings.port)
        except OSError as error:
            raise ConfigError(
                f"cannot listen: {error.strerror}", where=f"{settings.host}:{settings.port}",
                remedy="choose another port for this controller",
            ) from error  # fmt: skip
        self._server = server

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
