"""Waiting for what another thread or process does: a hang is a fault, slowness of a busy machine is none."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 10.0
"""How much longer than at rest a thing may take: several test runs and builds may share two cores."""


def eventually(check: Callable[[], object], timeout_s: float, what: str = "", *, every_s: float = 0.02) -> None:
    """Until `check` holds. `timeout_s`: what it takes at rest, generously; `PATIENCE` times that is waited."""
    end = time.monotonic() + timeout_s * PATIENCE
    while not check():
        assert time.monotonic() < end, f"did not happen within {timeout_s * PATIENCE} s: {what}"
        time.sleep(every_s)
