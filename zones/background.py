"""One look at a recorded video at a time, in a thread of its own, while the page asks how far it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from evidence.errors import GiaoLoError
from zones.faults import both

log = logging.getLogger(__name__)
T = TypeVar("T")
State = Literal["none", "running", "done", "failed"]
GoOn = Callable[[float], bool]
"""Asked after each picture with the seconds of the video seen so far; no ends the look."""


class BusyError(GiaoLoError):
    """A run is going on already."""


class Background(Generic[T]):
    """The last run, or the one that goes on. `result`: of the last that came to its end; None before."""

    def __init__(self, name: str, *, seconds: float) -> None:
        self._name, self._seconds = name, seconds
        self._lock = threading.Lock()
        self._state: State = "none"
        self._seen_s = 0.0
        self._stop = False
        self._why = ""
        self.result: T | None = None

    def start(self, work: Callable[[GoOn], T]) -> None:
        """Raises `BusyError` while one goes on. What `work` gives is the result, a `GiaoLoError` is told as it is."""
        with self._lock:
            if self._state == "running":
                raise BusyError(
                    both("đang chạy một lượt khác", "a run is going on already"),
                    remedy=both("đợi hoặc dừng lượt đó", "wait for it or stop it"),
                )
            self._state, self._seen_s, self._stop = "running", 0.0, False
            self.result, self._why = None, ""
        threading.Thread(target=self._run, args=(work,), name=self._name, daemon=True).start()

    def stop(self) -> None:
        """What was seen up to then is the result."""
        self._stop = True

    def told(self) -> dict[str, Any]:
        """For the page."""
        with self._lock:
            return {
                "state": self._state, "seen_s": round(self._seen_s, 1), "of_s": self._seconds, "why": self._why,
            }  # fmt: skip

    def _goes_on(self, seen_s: float) -> bool:
        self._seen_s = seen_s
        return not self._stop

    def _run(self, work: Callable[[GoOn], T]) -> None:
        result, why = None, ""
        try:
            result = work(self._goes_on)
        except GiaoLoError as error:
            why = " -> ".join(part for part in (error.what, error.remedy) if part)
        except Exception as error:  # a fault of ours must not leave the page waiting for ever
            log.exception(self._name)
            why = f"{type(error).__name__}: {error}"
        with self._lock:
            self.result, self._why = result, why
            self._state = "failed" if why else "done"
