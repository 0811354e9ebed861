"""Deleting while the centre runs: only where the configuration switches it on, in one hour of the night."""

from __future__ import annotations

import logging
import threading

from central.centre import Centre
from central.retention.again import compare
from central.retention.files import settle
from central.retention.running import Done, apply
from central.store.alarms import raise_alarm
from countries.here import HERE

log = logging.getLogger(__name__)
_EVERY_S = 600.0
ACTOR = "centre"


class Keeper:
    """`start` finishes what a killed run or a restored backup left; then `step` runs every ten minutes."""

    def __init__(self, centre: Centre, *, every_s: float = _EVERY_S) -> None:
        self._centre, self._every_s = centre, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeping", daemon=True)

    def start(self) -> None:
        """Apply again what a restored database has again, before anybody is shown anything; then begin."""
        self.begin()
        self._thread.start()

    def begin(self) -> None:
        """A fault is told and raises an alarm, and does not keep the centre from taking evidence."""
        try:
            compare(self._centre)
            settle(self._centre)
        except Exception as error:
            log.exception("deletions cannot be finished")
            self._alarm(str(error))

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def step(self) -> Done | None:
        """Delete what is due if it is switched on and its hour has come; None where it is not."""
        settings, now = self._centre.config.retention, self._centre.clock()
        if not settings.enabled or HERE.local(now).hour != settings.hour:
            return None
        done = apply(self._centre, by=ACTOR, now=now, most=settings.at_once)
        if done.cases or done.rows or done.files:
            log.info("deleted cases=%d rows=%d kept=%s", done.cases, done.rows, dict(done.kept))
        return done

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self.step()
                settle(self._centre)  # of what another process of this centre deleted
            except Exception as error:
                log.exception("keeping fault")
                self._alarm(str(error))

    def _alarm(self, text: str) -> None:
        try:
            with self._centre.db.write() as session:
                raise_alarm(session, "deletion_stuck", None, None, text, self._centre.clock())
        except Exception:
            log.exception("alarm cannot be raised")
