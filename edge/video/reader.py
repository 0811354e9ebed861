"""One thread's reading of a camera or a file: played to its end, and opened again when a camera is lost.

A broken or silent camera is opened again with growing pauses, for as long as nobody stops it.
"""

from __future__ import annotations

import logging
import threading

import av

from edge.video.connection import Connection, Stalled, Stream
from edge.video.source_errors import SourceError
from edge.video.source_status import SourceSettings
from evidence.addresses import hide

log = logging.getLogger(__name__)


class _Abandoned(Exception):
    """This reader hung; another has taken its place."""


class StreamReader:
    """Reads `stream` in a thread of its own until it ends, is stopped, or this reader is abandoned because it hangs."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._progress, self._settings = stream.progress, stream.settings
        self._connection = Connection(stream, self._alive)
        self._stop, self._monotonic = stream.stop, stream.clocks.monotonic
        self._abandoned = False
        self.shown = stream.shown
        self.alive_s = self._monotonic()
        self.thread = threading.Thread(target=self._run, name=f"source {self.shown}", daemon=True)

    def start(self) -> None:
        self.alive_s = self._monotonic()
        self.thread.start()

    def abandon(self) -> None:
        """Another reader takes its place: when FFmpeg lets this one go it ends without a word."""
        self._abandoned = True

    def _alive(self) -> None:
        if self._abandoned:
            raise _Abandoned
        self.alive_s = self._monotonic()

    def _run(self) -> None:
        try:
            if self._stream.live:
                self._run_live()
            else:
                self._run_file()
        except _Abandoned:
            return
        except SourceError as error:
            self._fail(error)
        except Exception as error:
            # A decoder or driver may raise anything; this camera fails, the process does not.
            log.exception("source failed url=%s", self.shown)
            self._fail(SourceError(f"failed: {error!r}", where=self.shown))
        if not self._abandoned:
            self._stream.handover.end()

    def _fail(self, error: SourceError) -> None:
        p = self._progress
        p.state, p.error, p.fatal = "failed", str(error), error
        log.error("source failed url=%s error=%s", self.shown, error)

    def _run_file(self) -> None:
        p = self._progress
        while not self._stop.is_set():
            before = p.frames
            self._connection.play()
            if not self._settings.loop or p.frames == before:
                break
        p.state = "ended"

    def _run_live(self) -> None:
        p = self._progress
        failures = 0
        while not self._stop.is_set():
            self._alive()
            before = p.frames
            try:
                self._connection.play()
                raise SourceError("the camera closed the stream", where=self.shown)
            except Stalled as error:
                p.state, p.error = "stalled", str(error)
            except (SourceError, av.FFmpegError) as error:
                p.state, p.error = "reconnecting", hide(str(error))
            if self._stop.is_set():
                break
            failures = 0 if p.frames > before else failures + 1
            pause_s = pause_before_retry_s(self._settings, failures, self._stream.clocks.uniform())
            log.warning(
                "source lost url=%s state=%s pause_s=%.1f error=%s",
                self.shown,
                p.state,
                pause_s,
                p.error,
            )
            self._rest(pause_s)
            p.reconnects += 1
        p.state = "ended"

    def _rest(self, pause_s: float) -> None:
        """A pause, in pieces short enough that the watchdog does not take it for a reader that hangs."""
        piece_s = self._settings.read_timeout_s
        self._alive()
        self._stop.wait(min(pause_s, piece_s))
        while not self._stop.is_set() and pause_s > piece_s:
            pause_s -= piece_s
            self._alive()
            self._stop.wait(min(pause_s, piece_s))


def pause_before_retry_s(settings: SourceSettings, failures: int, chance: float) -> float:
    """Exponential back-off with jitter (`chance`: 0..1), so that a hundred nodes do not come back at once."""
    full_s = min(settings.backoff_max_s, settings.backoff_first_s * 2.0 ** min(failures, 16))
    return full_s * (0.5 + 0.5 * chance)
