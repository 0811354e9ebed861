"""A camera that misbehaves on order: RTSP over TCP (interleaved), H.264 out of a file, its own RTP times."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

_MTU = 1300


@dataclass(frozen=True)
class Odd:
    """What is odd about a camera; times in seconds after PLAY.

    `jump_by_s` from `jump_at_s` on; every `slip_every`-th picture `slip_by_s` off; an audio track, with video that
    stops at `video_stops_s`; `then`: another file from `then_at_s` to `back_at_s`; `skip_key`: begin in the middle of a
    group; `udp_only`: 461 to TCP.
    """

    jump_at_s: float = 1e9
    jump_by_s: float = 0.0
    slip_every: int = 0
    slip_by_s: float = 0.0
    audio: bool = False
    video_stops_s: float = 1e9
    then: Path | None = None
    then_at_s: float = 1e9
    back_at_s: float = 1e9
    skip_key: bool = False
    udp_only: bool = False


def _units(data: bytes) -> list[bytes]:
    return [u.rstrip(b"\0") for u in re.split(b"\0\0\0?\1", data) if u]


def _pictures(path: Path) -> tuple[list[list[bytes]], float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        annexb = BitStreamFilterContext("h264_mp4toannexb", stream)
        pictures = [_units(bytes(q)) for p in container.demux(stream) if p.size for q in annexb.filter(p)]
        return pictures, float(stream.average_rate or 25)


def _key(units: list[bytes]) -> bool:
    return any(u[0] & 31 == 5 for u in units)


def _payloads(unit: bytes) -> list[bytes]:
    if len(unit) <= _MTU:
        return [unit]
    head, kind, body = bytes([(unit[0] & 0xE0) | 28]), unit[0] & 31, unit[1:]
    parts = [body[i : i + _MTU] for i in range(0, len(body), _MTU)]
    last = len(parts) - 1
    return [
        head + bytes([(0x80 if i == 0 else 0) | (0x40 if i == last else 0) | kind]) + p for i, p in enumerate(parts)
    ]


class OddCamera:
    """`url` is open until `close`; `connections` counts its viewers."""

    def __init__(self, clip: Path, odd: Odd) -> None:
        self.odd = odd
        self._pictures, self._fps = _pictures(clip)
        self._other = _pictures(odd.then)[0] if odd.then is not None else []
        self._sets = [u for u in self._pictures[0] if u[0] & 31 in (7, 8)]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/camera"
        self.connections = 0
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(OSError):
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _sdp(self) -> str:
        sets = ",".join(b64encode(u).decode() for u in self._sets)
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=odd", "t=0 0", "a=control:*", "m=video 0 RTP/AVP 96",
                 "a=rtpmap:96 H264/90000", f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}",
                 "a=control:v"]  # fmt: skip
        if self.odd.audio:
            lines += ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:a"]
        return "\r\n".join([*lines, ""])

    def _serve(self, client: socket.socket) -> None:
        lock = threading.Lock()
        with client, client.makefile("rb") as lines, contextlib.suppress(OSError):
            while line := lines.readline():
                if b"RTSP/1.0" not in line:
                    continue
                method, target, head = line.split()[0].decode(), line.split()[1], {}
                while text := lines.readline().decode(errors="replace").strip():
                    name, _, value = text.partition(":")
                    head[name.lower()] = value.strip()
                status, more, body = "200 OK", "Session: 1;timeout=60\r\n", ""
                if method == "OPTIONS":
                    more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
                elif method == "DESCRIBE":
                    more, body = "Content-Type: application/sdp\r\n", self._sdp()
                elif method == "SETUP" and self.odd.udp_only and "TCP" in head.get("transport", ""):
                    status, more = "461 Unsupported Transport", ""
                elif method == "SETUP":
                    channels = "2-3" if target.endswith(b"/a") else "0-1"
                    more += f"Transport: RTP/AVP/TCP;unicast;interleaved={channels}\r\n"
                more += f"Content-Length: {len(body)}\r\n" if body else ""
                with lock:
                    client.sendall(f"RTSP/1.0 {status}\r\nCSeq: {head.get('cseq', 0)}\r\n{more}\r\n{body}".encode())
                if method == "PLAY":
                    threading.Thread(target=self._play, args=(client, lock), daemon=True).start()
                if method == "TEARDOWN":
                    return

    def _play(self, client: socket.socket, lock: threading.Lock) -> None:
        odd, began, sequence = self.odd, time.monotonic(), [0, 0]

        def send(channel: int, kind: int, ticks: int, payload: bytes) -> None:
            sequence[channel // 2] += 1
            rtp = struct.pack("!BBHII", 0x80, kind, sequence[channel // 2] & 0xFFFF, ticks & 0xFFFFFFFF, channel)
            with lock:
                client.sendall(b"$" + bytes([channel]) + struct.pack("!H", len(rtp + payload)) + rtp + payload)

        first = next(i for i, p in enumerate(self._pictures) if i > 2 and not _key(p)) if odd.skip_key else 0
        index, at = 0, first
        with contextlib.suppress(OSError):
            while not self._closed.is_set():
                due_s = index / self._fps
                time.sleep(max(0.0, began + due_s - time.monotonic()))
                other = bool(self._other) and odd.then_at_s <= due_s < odd.back_at_s
                pictures = self._other if other else self._pictures
                units = pictures[at % len(pictures)]
                told_s = 10.0 + due_s + (odd.jump_by_s if due_s >= odd.jump_at_s else 0.0)
                if odd.slip_every and index % odd.slip_every == odd.slip_every - 1:
                    told_s += odd.slip_by_s
                parts = [p for u in units for p in _payloads(u)]
                for place, part in enumerate(parts if due_s < odd.video_stops_s else []):
                    send(0, 96 | (0x80 if place == len(parts) - 1 else 0), round(told_s * 90000), part)
                if odd.audio:
                    send(2, 0x80, round(due_s * 8000), b"\xff" * 160)
                index, at = index + 1, at + 1
                changes = bool(self._other) and other != (odd.then_at_s <= index / self._fps < odd.back_at_s)
                at = 0 if changes else at
