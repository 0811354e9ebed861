"""Whoever was told no leaves a line in the log: for lack of a right, of a form's token, or for asking too often."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.users import SignedIn

log = logging.getLogger(__name__)

_LOGGED = (403, 429)


class LogRefusals:
    """Pure ASGI middleware; `request.state` says who is signed in and, where a handler knew it, why it was refused."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _LOGGED:
                _tell(Request(scope), message["status"])
            await send(message)

        await self._app(scope, receive, watched if scope["type"] == "http" else send)


def _tell(request: Request, status: int) -> None:
    signed: SignedIn | None = getattr(request.state, "signed_in", None)
    log.warning(
        "refused status=%d why=%s name=%s address=%s method=%s path=%s",
        status,
        getattr(request.state, "refused", "-"),
        signed.officer.username if signed else "-",
        request.app.state.site.address(request),
        request.method,
        request.url.path,
    )
