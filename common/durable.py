"""Files and folders that survive a power cut: what was written is synced, and so is every folder that names it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


class DurableFolders:
    """Makes folders so that they survive a power cut: each one's parent is synced once in the life of a process.

    Also the parents of folders that are there already: whoever made them may have been killed before the sync.
    """

    def __init__(self, *, mode: int = 0o777) -> None:
        self._mode = mode
        self._synced: set[Path] = set()

    def make(self, folder: Path) -> None:
        """Make `folder` and those above it. Raises `OSError`."""
        folder = folder.absolute()
        missing = [folder]
        while not missing[-1].parent.is_dir():
            missing.append(missing[-1].parent)
        # two levels above as well: the fan-out of an earlier process
        above = [p for p in folder.parents if p not in missing][:2]
        for path in [*reversed(above), *reversed(missing)]:
            if path.parent == path or (path in self._synced and path.is_dir()):
                continue
            path.mkdir(exist_ok=True, mode=self._mode)
            with contextlib.suppress(PermissionError):  # a parent that is not ours existed before us
                sync_folder(path.parent)
            self._synced.add(path)


def sync_file(path: Path) -> None:
    """Make the bytes of a file survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make names made, changed or removed in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
