"""A browser without a network, for benchmarks of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    """What the server said; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Browser:
    """Asks the application itself, without a network between: what is timed is the server's work."""

    app: Any
    cookies: Mapping[str, str]
    peers: int = 0

    async def ask(
        self, path: str, query: str = "", *, form: Mapping[str, str | list[str]] | None = None, **headers: str
    ) -> Answer:
        body = urlencode(form, doseq=True).encode() if form is not None else b""
        sent = {"host": "127.0.0.1", "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        if form is not None:
            sent |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        # look-ups are rationed by address: each call comes from another one
        self.peers += 1
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": "POST" if form is not None else "GET", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "server": ("127.0.0.1", 80),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in sent.items()],
            "client": (f"10.0.{self.peers // 250}.{self.peers % 250 + 1}", 50000),
        }  # fmt: skip
        said: list[Any] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return waiting.pop() if waiting else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        start = said[0]
        return Answer(
            start["status"],
            {k.decode().lower(): v.decode() for k, v in start["headers"]},
            b"".join(m.get("body", b"") for m in said[1:]),
        )
