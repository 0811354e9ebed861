"""Lines of a program's log: with the time zone, one line an event whatever a stranger sent, and never without end.

Both programs set their log up here. What comes from outside (topics, names, reasons) is written with its control
characters spelled out, so nobody can write a line of his own into it (ASVS 16.4.1). The same place in the code may
write a burst and then only now and then, with the number of lines that were left out: a flood of one kind of error
fills no disk and hides no other line.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from evidence.addresses import hide

# C0 and C1 controls (line ends, escape sequences of terminals), Unicode's line and paragraph separators, and the marks
# that turn the direction of writing.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTINUED = "    | "


def plain(text: str) -> str:
    """`text` on one line: control characters as `\\n`, `\\x1b`, `\\u2028`; a lone surrogate as `\\udcff`."""
    spelled = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return spelled.encode("utf-8", "backslashreplace").decode()


class LineFormatter(logging.Formatter):
    """`2026-11-25T17:40:12.345+07:00 WARNING central.web message`; a traceback follows indented."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        lines = [f"{at} {record.levelname} {record.name} {plain(hide(record.getMessage()))}"]
        more = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        more += record.stack_info.splitlines() if record.stack_info else []
        return "\n".join(lines + [_CONTINUED + plain(hide(line)) for line in more])


@dataclass
class LineLimit(logging.Filter):
    """Lets each place in the code write `burst` lines at once, then one every `every_s` seconds."""

    burst: int
    every_s: float
    clock: Callable[[], float] = time.monotonic
    _places: dict[tuple[str, str, int], tuple[float, float, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def filter(self, record: logging.LogRecord) -> bool:
        """Places are lines of code, so their number is bounded whatever is sent to us."""
        place = (record.name, record.pathname, record.lineno)
        with self._lock:
            now_s = self.clock()
            tokens, at_s, left_out = self._places.get(place, (float(self.burst), now_s, 0))
            tokens = min(float(self.burst), tokens + (now_s - at_s) / self.every_s)
            if tokens < 1.0:
                self._places[place] = (tokens, now_s, left_out + 1)
                return False
            self._places[place] = (tokens - 1.0, now_s, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} like it not written)", ()
        return True


class _ByLevel(logging.Filter):
    """What tells of work done may come often; faults repeat themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._work = LineLimit(burst=1000, every_s=0.02)
        self._faults = LineLimit(burst=50, every_s=1.0)

    def filter(self, record: logging.LogRecord) -> bool:
        return (self._faults if record.levelno >= logging.WARNING else self._work).filter(record)


def set_up(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send the log of this process to `stream` (standard error), in place of whatever was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter())
    handler.addFilter(_ByLevel())
    logging.basicConfig(level=level, handlers=[handler], force=True)
