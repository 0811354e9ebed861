"""Response headers that make a browser refuse what we never do: foreign scripts, frames, sniffing, referrers."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# The browser's own PDF viewer needs its styles; it may stand in our pages only.
PDF_POLICY = "frame-ancestors 'self'; object-src 'self'"

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


class SecurityHeaders:
    """Pure ASGI middleware, so that streamed video is not buffered."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                harden(MutableHeaders(scope=message), https=self._https)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def harden(headers: MutableHeaders, *, https: bool) -> None:
    """Set what every answer carries."""
    for name, value in _FIXED.items():
        headers[name] = value
    pdf = headers.get("content-type", "").startswith("application/pdf")
    headers["Content-Security-Policy"] = PDF_POLICY if pdf else CONTENT_SECURITY_POLICY
    headers["X-Frame-Options"] = "SAMEORIGIN" if pdf else "DENY"
    headers.setdefault("Cache-Control", "no-store")
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"


class HeadIsGet:
    """HEAD is answered as GET without the body (RFC 9110 §9.3.2), on every route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


class BodyLimit:
    """Refuses bodies over `limit_bytes`: forms are small, and nothing else is sent to us."""

    def __init__(self, app: ASGIApp, *, limit_bytes: int) -> None:
        self._app = app
        self._limit = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._limit:
            scope["giaolo.too_large"] = True
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self._limit or scope.get("giaolo.too_large"):
                    raise HTTPException(413)
            return message

        await self._app(scope, limited, send)
