"""What a source is told, and what it tells: settings, the stream it found, and a snapshot for health and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SourceState = Literal["starting", "running", "reconnecting", "stalled", "ended", "failed"]
Transport = Literal["tcp", "udp", "http", "auto"]


@dataclass(frozen=True)
class SourceSettings:
    """`fps_limit`: deliver at most so many frames a second (all are decoded, all packets are kept). `key_wait_s`: how
    long a first key frame is waited for while packets come; some cameras send one every 20 s and none on connect.
    `silent_s`: a live camera that sent no picture for so long reads "stalled"; only after `read_timeout_s` it is opened
    again. `drop_late`: a file does not wait for its consumer, as a camera does not. `keys_only`: of the pictures only
    key frames are decoded, and what counts as life is a packet."""

    open_timeout_s: float = 10.0
    read_timeout_s: float = 10.0
    silent_s: float = 3.0
    key_wait_s: float = 90.0
    transport: Transport = "tcp"
    backoff_first_s: float = 1.0
    backoff_max_s: float = 30.0
    queue_frames: int = 4
    decode_threads: int = 1
    fps_limit: float | None = None
    realtime: bool = False
    loop: bool = False
    drop_late: bool = False
    keys_only: bool = False


@dataclass(frozen=True)
class StreamInfo:
    width: int
    height: int
    fps: float
    codec: str


@dataclass(frozen=True)
class SourceStatus:
    """A snapshot for health and metrics; counters since the start.

    `time_steps`: steps of the camera's time; `restamped`: lone packets with a wrong time; `clock_steps`: of the node's
    clock; `cuts`: of the picture; `size_changes`: of the picture's size. `key_interval_s`: the longest of late.
    `dropped_share`: of the frames of the last ten seconds.
    """

    state: SourceState
    error: str
    frames: int
    dropped: int
    corrupt: int
    reconnects: int
    fps: float
    last_frame_age_s: float | None
    ended_early: str
    time_steps: int = 0
    restamped: int = 0
    clock_steps: int = 0
    cuts: int = 0
    size_changes: int = 0
    key_interval_s: float | None = None
    dropped_share: float = 0.0
