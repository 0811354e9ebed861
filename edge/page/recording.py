"""A minute of a camera's own film, written down for a technician: to be played again with `giaolo edge replay`.

It is cut from what the box keeps in memory anyway, never encoded anew, and never sent. One at a time; the newest few
are kept, and none is written into the room that packets need.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from edge.video.clip import ClipError, ClipFault
from edge.video.ring import PacketRing
from evidence.errors import GiaoLoError

log = logging.getLogger(__name__)
MINUTE_S = 60.0
_SPARE_S = 15.0
"""Kept beyond the minute: it begins at a key frame before."""
_GIVE_UP_S = 60.0
"""A stream that stands still is not waited for any longer."""
_KEPT = 3
_POLL_S = 0.5

RecordingState = Literal["none", "running", "done", "failed"]
RecordingFault = Literal[
    "busy", "not_opened", "sends_nothing", "stopped_sending", "disk_full", "not_written", "box_stops"
]  # fmt: skip
"""What keeps a film from being recorded; the page has words for each, as for what a clip may lack."""


class RecordingError(GiaoLoError):
    """Nothing can be recorded now; `kind`: why."""

    def __init__(self, kind: RecordingFault, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.kind: RecordingFault = kind


@dataclass(frozen=True)
class Recording:
    """`seconds`: how much is there; `file`: its name in the folder when done; `faults`: why it failed, or what the
    film lacks."""

    state: RecordingState = "none"
    camera: str = ""
    seconds: float = 0.0
    file: str = ""
    faults: tuple[RecordingFault | ClipFault, ...] = ()


class Recorder:
    """Recordings of all cameras of a box in one folder.

    Parameters
    ----------
    reserve_bytes: free space of the disk that is left to packets.
    """

    def __init__(self, folder: Path, reserve_bytes: int, *, seconds: float = MINUTE_S) -> None:
        self.folder, self._reserve, self._seconds = folder, reserve_bytes, seconds
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.now = Recording()

    def start(self, camera: str, ring: PacketRing) -> Recording:
        """Begin with what comes from now on. Raises `RecordingError` while one runs, or when the disk is too full."""
        with self._lock:
            if self.now.state == "running":
                raise RecordingError(
                    "busy", f"camera {self.now.camera} is being recorded", remedy="wait until it is done"
                )
            begin_s = ring.newest_s
            if begin_s is None:
                raise RecordingError(
                    "sends_nothing", "the camera sends nothing that can be kept", where=camera, remedy="see its state"
                )
            self._check_room(ring.max_bytes)
            self.now = Recording("running", camera)
            self._thread = threading.Thread(target=self._run, args=(camera, ring, begin_s), daemon=True)
            self._thread.start()
            return self.now

    def close(self) -> None:
        """A recording that runs is given up."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def path(self, name: str) -> Path | None:
        """A recording by its file's name; None if there is none of that name."""
        return next((file for file in self.folder.glob("*.mp4") if file.name == name), None)

    def _check_room(self, most_bytes: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < self._reserve + most_bytes:
            raise RecordingError(
                "disk_full",
                "the disk has no room beside what packets need",
                where=str(self.folder),
                remedy="free some space",
            )

    def _run(self, camera: str, ring: PacketRing, begin_s: float) -> None:
        kept_s, ring.seconds = ring.seconds, max(ring.seconds, self._seconds + _SPARE_S)
        try:
            self._wait(ring, begin_s)
            clip = ring.cut(begin_s, begin_s + self._seconds)
            name = f"{camera}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.mp4"
            fresh = self.folder / f".{name}.new"
            fresh.write_bytes(clip.data)
            fresh.replace(self.folder / name)
            self._keep_newest()
            self.now = Recording("done", camera, round(clip.to_s - clip.from_s, 1), name, clip.faults)
        except (ClipError, OSError, RecordingError) as error:
            log.error("recording failed camera=%s error=%s", camera, error)
            kind = "not_written" if isinstance(error, OSError) else error.kind
            self.now = Recording("failed", camera, faults=(kind,))
        finally:
            ring.seconds = kept_s

    def _wait(self, ring: PacketRing, begin_s: float) -> None:
        still_s, newest_s = 0.0, begin_s
        while newest_s < begin_s + self._seconds:
            if self._stop.wait(_POLL_S):
                raise RecordingError("box_stops", "the box stops")
            seen_s = ring.newest_s or newest_s
            still_s = 0.0 if seen_s > newest_s else still_s + _POLL_S
            newest_s = seen_s
            self.now = replace(self.now, seconds=round(min(newest_s - begin_s, self._seconds), 1))
            if still_s >= _GIVE_UP_S:
                raise RecordingError("stopped_sending", "the camera stopped sending", remedy="see its state")

    def _keep_newest(self) -> None:
        old = sorted(self.folder.glob("*.mp4"), key=lambda file: file.stat().st_mtime, reverse=True)[_KEPT:]
        for file in old:
            file.unlink(missing_ok=True)


Rings = Callable[[str], PacketRing | None]
"""The ring of a camera by its id; None while it has none."""
