"""What would be found with a scene as drawn now: one run at a time over recorded video, in a thread of its own.

Who can look (the box's eyes and rules) is not known here: whoever starts the editor gives it in as a `Tryer`.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from evidence.errors import GiaoLoError
from zones.faults import both

log = logging.getLogger(__name__)
SECONDS = 60.0
"""So much of the video is looked at: a cycle of most signals, and as long as a person waits for it."""
State = Literal["none", "running", "done", "failed"]


class Tryer(Protocol):
    """Looks at the first `seconds` of a video with a scene's file and answers what came of it, in lines by language.

    `go_on`: asked after each picture with the seconds seen so far; no ends the look. Raises `GiaoLoError` where scene
    or video cannot be used.
    """

    def __call__(
        self, scene: Path, video: Path, *, seconds: float, go_on: Callable[[float], bool]
    ) -> Mapping[str, Sequence[str]]: ...


class BusyError(GiaoLoError):
    """A run is going on already."""


class Trying:
    """The last run, or the one that goes on."""

    def __init__(self, tryer: Tryer, video: Path, *, seconds: float = SECONDS) -> None:
        self.video, self.seconds = video, seconds
        self._tryer = tryer
        self._lock = threading.Lock()
        self._state: State = "none"
        self._seen_s = 0.0
        self._stop = False
        self._lines: Mapping[str, Sequence[str]] = {}
        self._why = ""

    def start(self, scene: str) -> None:
        """Begin with a scene's YAML. Raises `BusyError` while one goes on."""
        with self._lock:
            if self._state == "running":
                raise BusyError(
                    both("đang thử một lượt khác", "a run is going on already"),
                    remedy=both("đợi hoặc dừng lượt đó", "wait for it or stop it"),
                )
            self._state, self._seen_s, self._stop = "running", 0.0, False
            self._lines, self._why = {}, ""
        threading.Thread(target=self._run, args=(scene,), name="trial of a scene", daemon=True).start()

    def stop(self) -> None:
        """What was seen up to then is the result."""
        self._stop = True

    def told(self) -> dict[str, Any]:
        """For the page."""
        with self._lock:
            return {
                "state": self._state,
                "seen_s": round(self._seen_s, 1),
                "of_s": self.seconds,
                "lines": {language: list(lines) for language, lines in self._lines.items()},
                "why": self._why,
            }

    def _goes_on(self, seen_s: float) -> bool:
        self._seen_s = seen_s
        return not self._stop

    def _run(self, scene: str) -> None:
        state, lines, why = "failed", dict[str, Sequence[str]](), ""
        try:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "scene.yaml")
                file.write_text(scene, encoding="utf-8")
                lines = dict(self._tryer(file, self.video, seconds=self.seconds, go_on=self._goes_on))
            state = "done"
        except GiaoLoError as error:
            why = " -> ".join(part for part in (error.what, error.remedy) if part)
        except Exception as error:  # a fault of ours must not leave the page waiting for ever
            log.exception("trial of a scene")
            why = f"{type(error).__name__}: {error}"
        with self._lock:
            self._state, self._lines, self._why = ("done" if state == "done" else "failed"), lines, why
