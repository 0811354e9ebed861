"""A camera that speaks ONVIF, for tests: SOAP over HTTP that checks signatures for real.

Its answers are those of `onvif_answers`; what it does wrong is said by its fields.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from xml.etree import ElementTree

from tests.edge.onvif_answers import (
    MAIN,
    SUB,
    Stream,
    capabilities,
    envelope,
    fault,
    information,
    profiles_1,
    profiles_2,
    services,
    time_answer,
    uri,
)


@dataclass
class OnvifCamera:
    """`with OnvifCamera(..) as camera`: serves on 127.0.0.1 at `camera.port`.

    `off`: its clock less ours, `manual`: set by hand; `skew_s`: a signature so much too old or young is refused, with
    `expired` by that name. `time_for`: "all", "login" or "nobody"; `open_to`: questions that anybody may ask; `media`:
    the services that it has; `by_http`: "" for WS-UsernameToken, "Digest" or "Basic", "both" for the first with an
    offer of Digest; `inner`: the host that it tells for its services and streams; `raw`: what it sends to a question
    instead of an answer; `hangs`: questions that it answers when it is `released`, `drips`: those that it answers for
    ever, a byte at a time; `refuses`: questions to which it answers with that subcode (`GetProfiles2`: of Media2 only);
    `overs`: transports that it gives an address for; `location`: it sends everybody there; `heard`: called with each
    question.
    """

    username: str = "giaolo"
    password: str = "geheim-wort"
    streams: tuple[Stream, ...] = (MAIN, SUB)
    off: timedelta = timedelta()
    skew_s: float = 120.0
    expired: bool = False
    time_for: str = "all"
    open_to: frozenset[str] = frozenset({"GetServices", "GetCapabilities"})
    media: tuple[int, ...] = (1, 2)
    by_http: str = ""
    inner: str = ""
    raw: dict[str, bytes] = field(default_factory=dict)
    hangs: frozenset[str] = frozenset()
    drips: frozenset[str] = frozenset()
    refuses: dict[str, str] = field(default_factory=dict)
    location: str = ""
    overs: frozenset[str] = frozenset({"RTSP", "RtspUnicast", "UDP"})
    manual: bool = False
    heard: Callable[[str], None] = lambda _: None
    asked: list[str] = field(default_factory=list)
    refused_logins: int = 0
    bodies: list[str] = field(default_factory=list)
    """As they came, headers and all: so that a test can see that the password is in none."""

    def __enter__(self) -> Self:
        self.closed, self.released = threading.Event(), threading.Event()
        self._nonces: set[str] = set()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                camera.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.port}"

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        data = request.rfile.read(int(request.headers["Content-Length"]))
        self.bodies.append(f"{request.headers}{data.decode()}")
        question = ElementTree.fromstring(data).find("{*}Body")[0]  # type: ignore[index]
        name = question.tag.rpartition("}")[2]
        self.asked.append(name)
        self.heard(name)
        if name in self.hangs:
            self.released.wait()
        if name in self.drips:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            with contextlib.suppress(OSError):
                while not self.closed.wait(0.02):
                    request.wfile.write(b"x")
            return
        if self.location:
            self._send(request, 301, b"", {"Location": self.location})
        elif name in self.raw:
            self._send(request, 200, self.raw[name])
        elif name == "GetSystemDateAndTime" and self.time_for == "nobody":
            self._send(request, 500, fault("ActionNotSupported"))
        elif (name != "GetSystemDateAndTime" or self.time_for == "login") and name not in self.open_to:
            self._signed(request, name, question, data)
        else:
            self._answer(request, name, question)

    def _signed(self, request: BaseHTTPRequestHandler, name: str, question: ElementTree.Element, data: bytes) -> None:
        if self.by_http in ("Digest", "Basic"):
            given = request.headers.get("Authorization", "")
            if self.by_http == "Digest" and given.startswith("Digest ") and self._http_digest(given):
                self._answer(request, name, question)
                return
            self.refused_logins += given != ""
            challenge = 'Basic realm="camera"'
            if self.by_http == "Digest":
                challenge = 'Digest realm="camera", qop="auth", nonce="5f3a", algorithm=MD5'
            self._send(request, 401, b"<html>Unauthorized</html>", {"WWW-Authenticate": challenge})
            return
        subcode = self._token_fault(ElementTree.fromstring(data))
        if subcode and self.by_http == "both":
            self.refused_logins += "Authorization" in request.headers
            self._send(request, 401, fault(subcode), {"WWW-Authenticate": 'Digest realm="c", qop="auth", nonce="5f3a"'})
        elif subcode:
            self._send(request, 400, fault(subcode, "Sender not Authorized"))
        else:
            self._answer(request, name, question)

    def _http_digest(self, given: str) -> bool:
        told = {k: a or b for k, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]*))', given)}

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        one, two = md5(f"{self.username}:camera:{self.password}"), md5(f"POST:{told['uri']}")
        wanted = md5(f"{one}:5f3a:{told['nc']}:{told['cnonce']}:{told['qop']}:{two}")
        return told["username"] == self.username and told["response"] == wanted

    def _token_fault(self, envelope: ElementTree.Element) -> str:
        """The subcode by which a signature is refused, "" for a good one."""
        token = envelope.find("{*}Header/{*}Security/{*}UsernameToken")
        if token is None:
            return "NotAuthorized"
        told = {each.tag.rpartition("}")[2]: each.text or "" for each in token}
        created = datetime.strptime(told["Created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        signed = hashlib.sha1(b64decode(told["Nonce"]) + told["Created"].encode() + self.password.encode()).digest()
        right = told["Username"] == self.username and told["Password"] == b64encode(signed).decode()
        fresh = abs((created - self.now()).total_seconds()) <= self.skew_s and told["Nonce"] not in self._nonces
        self._nonces.add(told["Nonce"])
        if right and fresh:
            return ""
        self.refused_logins += 1
        return "MessageExpired" if right and self.expired else "NotAuthorized"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off

    def _answer(self, request: BaseHTTPRequestHandler, name: str, question: ElementTree.Element) -> None:
        second = "ver20/media" in question.tag
        over = question.findtext(".//{*}Protocol")
        subcode = "" if over is None or over in self.overs else "InvalidArgVal"
        subcode = subcode or self.refuses.get(name) or self.refuses.get(f"{name}2" if second else "")
        if subcode:
            self._send(request, 400, fault(subcode))
            return
        token = question.findtext("{*}ProfileToken") or ""
        host = self.inner or self.at
        made = {
            "GetSystemDateAndTime": lambda: time_answer(self.now(), "Manual" if self.manual else "NTP"),
            "GetDeviceInformation": information,
            "GetServices": lambda: services(self.media, host),
            "GetCapabilities": lambda: capabilities(self.media, host),
            "GetProfiles": lambda: (profiles_2 if second else profiles_1)(self.streams),
            "GetStreamUri": lambda: uri(self.streams, token, host.partition(":")[0], second=second),
        }[name]()
        self._send(request, 200, envelope(made))

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        request.send_header("Content-Length", str(len(data)))
        for key, value in (headers or {}).items():
            request.send_header(key, value)
        request.end_headers()
        request.wfile.write(data)
