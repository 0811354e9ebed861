"""A small RTSP server that serves a file as a camera would; RTP and sender reports are FFmpeg's own.

Over TCP, over UDP to the ports that a client asks for, or through two HTTP connections (Apple's tunnel of QuickTime
Streaming Server, as cameras behind proxies speak it: what comes down is RTSP, what goes up is base64).
"""

from __future__ import annotations

import base64
import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed")


class _Tunnel:
    """Both connections of a client that speaks HTTP, as one."""

    def __init__(self, down: socket.socket, up: socket.socket, first: bytes) -> None:
        self._down, self._up, self._left = down, up, first

    def recv(self, size: int) -> bytes:
        while len(self._left) < 4:
            data = self._up.recv(size)
            if not data:
                return b""
            self._left += data
        whole = len(self._left) & ~3
        now, self._left = self._left[:whole], self._left[whole:]
        # each request is encoded for itself and padded, so that padding may stand anywhere
        return b"".join(base64.b64decode(now[i : i + 4]) for i in range(0, whole, 4))

    def sendall(self, data: bytes) -> None:
        self._down.sendall(data)

    def close(self) -> None:
        for each in (self._up, self._down):
            each.close()


class RtspServer:
    """`only`: the one transport that it knows; None: all. `asked`: the transports that clients set up.

    `cut` drops every connection and refuses new ones until `restore`; `stall` keeps them open but silent.
    """

    def __init__(self, clip: Path, *, only: str | None = None) -> None:
        self.clip, self._only = clip, only
        self.asked: list[str] = []
        self._tunnels: dict[str, socket.socket] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"rtsp://127.0.0.1:{self.port}/camera"
        self._clients: set[socket.socket] = set()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._silent = threading.Event()
        self._refusing = False
        self._closed = False
        self._began = time.monotonic()
        self.connections = self.refused = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def at_s(self) -> float:
        """The moment of the clip that the camera sees now; it goes on whether anybody looks or not."""
        return time.monotonic() - self._began

    def cut(self) -> None:
        self._refusing = True
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()

    def restore(self) -> None:
        self._refusing = False

    def stall(self) -> None:
        self._silent.set()

    def flow(self) -> None:
        self._silent.clear()

    def close(self) -> None:
        self._closed = True
        self._listener.close()
        self.cut()
        for process in list(self._processes):
            process.kill()
            process.wait()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                self.refused += 1
                client.close()
                continue
            self.connections += 1
            self._clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        lock = threading.Lock()
        ports = _even_ports()
        process: subprocess.Popen[bytes] | None = None
        wire: socket.socket | _Tunnel | None = client
        buffer, over = b"", "tcp"
        try:
            while len(buffer) < 5 and (data := client.recv(4096)):
                buffer += data
            if buffer[:4] in (b"GET ", b"POST"):
                tunnel = self._tunnel(client, buffer)
                if tunnel is None:
                    wire = None
                    return
                wire, buffer, over = tunnel, b"", "http"
            while True:
                while b"\r\n\r\n" not in buffer:
                    if buffer[:1] == b"$" and len(buffer) >= 4:  # receiver reports of the client
                        length = 4 + int.from_bytes(buffer[2:4], "big")
                        if len(buffer) >= length:
                            buffer = buffer[length:]
                            continue
                    data = wire.recv(4096)
                    if not data:
                        return
                    buffer += data
                head, buffer = buffer.split(b"\r\n\r\n", 1)
                request = head.decode(errors="replace")
                match = re.search(r"CSeq: *(\d+)", request, re.IGNORECASE)
                lines = ["RTSP/1.0 200 OK", f"CSeq: {match.group(1) if match else 0}"]
                body = ""
                method = re.split(r"\s", request.lstrip("$\0"), maxsplit=1)[0]
                if method == "OPTIONS":
                    lines.append("Public: DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
                elif method == "DESCRIBE":
                    body = self._sdp(ports)
                    lines += [f"Content-Base: {self.url}/", "Content-Type: application/sdp"]
                elif method == "SETUP":
                    theirs = re.search(r"client_port=(\d+)-(\d+)", request)
                    over = over if theirs is None else "udp"
                    if self._only not in (None, over):
                        lines[0] = "RTSP/1.0 461 Unsupported Transport"
                    elif theirs is None:
                        lines += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60"]
                    else:
                        ours = f"server_port={ports[0]}-{ports[1]}"
                        ports = int(theirs[1]), int(theirs[2])
                        lines += [f"Transport: RTP/AVP;unicast;{theirs[0]};{ours}", "Session: 1;timeout=60"]
                    self.asked.append(over)
                elif method == "PLAY":
                    lines.append("Session: 1")
                if body:
                    lines.append(f"Content-Length: {len(body)}")
                with lock:
                    wire.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
                if method == "PLAY" and process is None:
                    process = self._play(client, wire, lock, ports, over)
        except OSError:
            pass
        finally:
            if wire is not None:  # else it is one way of a tunnel, and goes on
                self._clients.discard(client)
                wire.close()
            if process is not None:
                process.kill()
                process.wait()
                self._processes.discard(process)

    def _command(self, ports: tuple[int, int], *, seek_s: float) -> list[str]:
        assert FFMPEG is not None
        seek = ["-ss", f"{seek_s:.3f}"] if seek_s > 0.5 else []
        start = [FFMPEG, "-loglevel", "error", "-re", *seek, "-i", str(self.clip), "-an", "-c", "copy"]
        return [*start, "-f", "rtp", f"rtp://127.0.0.1:{ports[0]}?rtcpport={ports[1]}&pkt_size=1200"]

    def _sdp(self, ports: tuple[int, int]) -> str:
        with tempfile.NamedTemporaryFile(suffix=".sdp") as file:
            command = [*self._command(ports, seek_s=0), "-sdp_file", file.name]
            command.remove("-re")
            subprocess.run([*command[:-3], "-frames:v", "1", *command[-3:]], check=True, timeout=20)
            text = Path(file.name).read_text()
        text = re.sub(r"m=video \d+", "m=video 0", text).replace("SDP:\n", "")
        return text.rstrip().replace("\r", "").replace("\n", "\r\n") + "\r\na=control:stream\r\n"

    def _tunnel(self, client: socket.socket, head: bytes) -> _Tunnel | None:
        """The way down waits for the way up, which names the same cookie; None for the way down."""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        asked, rest = head.split(b"\r\n\r\n", 1)
        cookie = re.search(rb"x-sessioncookie: *(\S+)", asked, re.IGNORECASE)
        name = cookie[1].decode() if cookie is not None else ""
        if asked.startswith(b"GET "):
            self._tunnels[name] = client
            client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n")
            return None
        return _Tunnel(self._tunnels.pop(name), client, rest)

    def _play(
        self,
        client: socket.socket,
        wire: socket.socket | _Tunnel,
        lock: threading.Lock,
        ports: tuple[int, int],
        over: str,
    ) -> subprocess.Popen[bytes]:
        for channel, port in enumerate(ports if over != "udp" else ()):
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
            receiver.bind(("127.0.0.1", port))
            receiver.settimeout(0.5)
            threading.Thread(target=self._forward, args=(receiver, client, wire, lock, channel), daemon=True).start()
        # A camera does not wait for its viewers: a later connection sees a later moment.
        process = subprocess.Popen(self._command(ports, seek_s=self.at_s()), stdin=subprocess.DEVNULL)
        self._processes.add(process)
        return process

    def _forward(
        self, receiver: socket.socket, client: socket.socket, wire: socket.socket | _Tunnel, lock: threading.Lock,
        channel: int,
    ) -> None:  # fmt: skip
        with receiver:
            while client in self._clients and not self._closed:
                try:
                    data = receiver.recv(65536)
                except TimeoutError:
                    continue
                if self._silent.is_set():
                    continue
                try:
                    with lock:
                        wire.sendall(b"$" + bytes([channel]) + len(data).to_bytes(2, "big") + data)
                except OSError:
                    return


def _even_ports() -> tuple[int, int]:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1]) & ~1
        with contextlib.suppress(OSError):
            for each in (port, port + 1):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                    probe.bind(("127.0.0.1", each))
            return port, port + 1
