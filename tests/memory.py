"""Folders of tests in memory: an fsync costs nothing there, and a test is many small files that nobody wants again.

That a file is written durably is shown by `tests/power.py`, which loses what was not synced, and not by a disk. Where
there is too little memory, or no programs may be started from it, they lie where pytest puts them; `--basetemp` names
another place, in which what modules keep stays to be looked at. A test that passed leaves nothing (pyproject.toml).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
RUN_GIB = 8
"""What a run in three processes may need, most of it PostgreSQL's."""


def memory(gib: float) -> Path | None:
    """Where so much memory is free for files; None: nowhere."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free > gib * 1024**3 else None


def pytest_configure(config: pytest.Config) -> None:
    place = memory(RUN_GIB)
    if place is not None and config.option.basetemp is None:  # processes of xdist are told theirs
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(place))
