"""Work that is done once beside everything else, a few cases at a time, begun with the centre."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

PAUSE_S = 0.05
"""Between two transactions of it: others write meanwhile."""


class OnceBeside:
    """Parameters
    ----------
    name: of its thread, and of the line in the log that says how many cases were gone through.
    work: is handed a question to ask before each few cases, whether it goes on, and returns how many it went through.
    """

    def __init__(self, name: str, work: Callable[[Callable[[], bool]], int]) -> None:
        self._name, self._work = name, work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _run(self) -> None:
        """A fault is told, and keeps nobody from taking evidence: what is stored is as it was."""
        try:
            if done := self._work(lambda: not self._stop.wait(PAUSE_S)):
                log.info("%s gone through cases=%d", self._name, done)
        except Exception:
            log.exception("%s cannot be gone through", self._name)
