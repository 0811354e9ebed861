"""One centre on one `data_dir`: partial transfers, quarantine and ledger are of one process, which nobody shares.

Beside a running centre go the commands that look and those that only write to the database or add a file: both hold
transactions against one another, and what `retention` removes has a lock of its own (`central.store.blobs`). Not beside
it goes what it would not notice: another centre, a database of newer software, another key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from common.folder_lock import FolderLock, FolderTakenError
from evidence.errors import GiaoLoError

_FILE = "running.lock"


class InUseError(GiaoLoError):
    """Another process has the data folder."""


def have_alone(data_dir: Path, *, now: datetime, wait: Callable[[float], object] | None = None) -> FolderLock:
    """The data folder for this process alone: a centre that runs, or a change that no running one may miss.

    `wait`: sleeps so many seconds; a command that is just bringing the database up to date is waited for. Raises
    `InUseError`.
    """
    return _take(data_dir, now=now, shared=False, wait=wait)


def beside_others(data_dir: Path, *, now: datetime) -> FolderLock:
    """The data folder together with other commands, while no centre runs on it. Raises `InUseError`."""
    return _take(data_dir, now=now, shared=True, wait=None)


def _take(
    data_dir: Path, *, now: datetime, shared: bool, wait: Callable[[float], object] | None, tries: int = 20
) -> FolderLock:
    for left in range(tries if wait is not None else 1, 0, -1):
        try:
            return FolderLock.take(data_dir / _FILE, now=now, shared=shared)
        except FolderTakenError as error:
            if left > 1 and wait is not None:
                wait(0.1)
                continue
            raise InUseError(
                f"a centre runs on it already ({error.who or 'its process is not known'})",
                where=f"data_dir {data_dir}",
                remedy="stop that one first, or give each centre a data_dir of its own (several may share a "
                "PostgreSQL database)",
            ) from error
    raise AssertionError
