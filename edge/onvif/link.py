"""Questions to one camera over HTTP, within limits of time and size: a camera that hangs or floods costs seconds.

The password goes out as a digest only, of the kind that the camera takes: WS-UsernameToken, and HTTP Digest where it
asks for that. Each is tried once: cameras lock an account after some wrong passwords.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp

from edge.onvif.envelope import Login, answer, question
from edge.onvif.faults import OnvifError
from edge.onvif.markup import Element
from edge.onvif.places import Place


@dataclass(frozen=True)
class Limits:
    """`connect_s`: to be taken as a caller; `call_s`: for one question and its whole answer; `device_s`: for all
    questions to one camera; `most_bytes`: of one answer."""

    connect_s: float = 3.0
    call_s: float = 8.0
    device_s: float = 40.0
    most_bytes: int = 2 * 2**20


def now_utc() -> datetime:
    return datetime.now(UTC)


class Link:
    """One camera. `offset`: its clock less ours, so that it is asked at its own time.

    Parameters
    ----------
    session: of `open_session`, shared by all cameras.
    clock, nonce: of the signature.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        login: Login | None,
        limits: Limits,
        *,
        clock: Callable[[], datetime] = now_utc,
        nonce: Callable[[], bytes] = lambda: os.urandom(16),
    ) -> None:
        self._session, self._login, self._limits = session, login, limits
        self._clock, self._nonce = clock, nonce
        self._by_http: aiohttp.DigestAuthMiddleware | None = None
        self.offset = timedelta()

    async def ask(self, place: Place, body: str, wanted: str, *, signed: bool = True) -> Element:
        """The element `wanted` of the answer to `body`. Raises `OnvifError`."""
        login = self._login if signed else None
        if login is None:
            status, data, _ = await self._post(place, question(body), None)
            return _judged(status, data, wanted)
        if self._by_http is None:
            made = question(body, login=login, created=self._clock() + self.offset, nonce=self._nonce())
            status, data, asks = await self._post(place, made, None)
            if status != 401 or not asks:
                return _judged(status, data, wanted)
            if not any(each.lower().startswith("digest") for each in asks):
                if _is_soap(data):
                    return _judged(status, data, wanted)
                raise OnvifError("plain", ", ".join(each.partition(" ")[0] for each in asks))
            if ":" in login.username:
                raise OnvifError("login", "a user's name with ':'")
            self._by_http = aiohttp.DigestAuthMiddleware(login.username, login.password)
        status, data, _ = await self._post(place, question(body), self._by_http)
        return _judged(status, data, wanted)

    async def _post(
        self, place: Place, data: bytes, digest: aiohttp.DigestAuthMiddleware | None
    ) -> tuple[int, bytes, list[str]]:
        try:
            async with (
                asyncio.timeout(self._limits.call_s),
                self._session.post(
                    place.url,
                    data=data,
                    headers={"Content-Type": "application/soap+xml; charset=utf-8", "Accept-Encoding": "identity"},
                    allow_redirects=False,
                    # cameras sign for themselves: nobody could tell theirs from another's, and only digests go out
                    ssl=False,
                    middlewares=() if digest is None else (digest,),
                ) as response,
            ):
                if 300 <= response.status < 400:
                    raise OnvifError("elsewhere", response.headers.get("Location", ""))
                return (
                    response.status,
                    await self._body(response),
                    response.headers.getall("WWW-Authenticate", []),
                )
        except TimeoutError as error:
            raise OnvifError("away" if isinstance(error, aiohttp.ConnectionTimeoutError) else "silent") from error
        except aiohttp.ClientConnectorError as error:
            # what asyncio says of it names address and port once more
            why = error.os_error.errno
            raise OnvifError("away", os.strerror(why) if why and why > 0 else str(error.os_error)) from error
        except (aiohttp.ServerDisconnectedError, OSError) as error:
            raise OnvifError("silent", "it hangs up") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise OnvifError("rubbish", f"no HTTP ({type(error).__name__})") from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise OnvifError("rubbish", "a packed answer that nobody asked for")
        data = bytearray()
        async for part in response.content.iter_any():
            data += part
            if len(data) > self._limits.most_bytes:
                raise OnvifError("large", f"{self._limits.most_bytes // 2**20} MiB")
        return bytes(data)


def open_session(limits: Limits) -> aiohttp.ClientSession:
    """For all cameras: no proxy, no cookie, nothing unpacked. To be closed."""
    return aiohttp.ClientSession(
        # many cameras close a connection after each answer, and do not say so
        connector=aiohttp.TCPConnector(force_close=True),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    )


def _is_soap(data: bytes) -> bool:
    return b"Envelope" in data[:2000]


def _judged(status: int, data: bytes, wanted: str) -> Element:
    """What is told by the envelope counts, where there is one; else what HTTP says."""
    if _is_soap(data):
        return answer(data, wanted)
    if status == 401 or status == 403:
        raise OnvifError("login", f"HTTP {status}")
    if status == 404 or status == 405 or status == 501:
        raise OnvifError("unsupported", f"HTTP {status}")
    if status != 200:
        raise OnvifError("refused", f"HTTP {status}")
    return answer(data, wanted)
