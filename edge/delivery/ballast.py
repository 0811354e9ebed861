"""Room set aside for the hour in which the disk is full: given up so that what is delivered can be written down.

A full disk must not keep the outbox from forgetting what the centre has: only that makes room again. The ballast is a
file of real blocks; it goes when a write of the database finds no room, and comes back when there is room.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)
MAX_BYTES = 4 * 1024 * 1024
"""What the write-ahead log of the database may grow to between two checkpoints: 1000 pages of 4 KiB."""
_SHARE_OF_DISK = 16
_BLOCK = 64 * 1024


class Ballast:
    """One file `path`; `size` bytes, less on a tiny disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = min(MAX_BYTES, shutil.disk_usage(path.parent).total // _SHARE_OF_DISK // _BLOCK * _BLOCK)

    @property
    def there(self) -> bool:
        return self.path.exists()

    def fill(self) -> bool:
        """Make it if it is not there. False when there is no room for it."""
        if self.there:
            return True
        part = self.path.with_name(self.path.name + ".part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                # random, as a file system that packs or thins files would keep zeros in no blocks at all
                for _ in range(self.size // _BLOCK):
                    os.write(descriptor, os.urandom(_BLOCK))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            part.rename(self.path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return False
        return True

    def drop(self) -> bool:
        """Give the room to whoever needs it now. False when it was given before."""
        try:
            self.path.unlink()
        except OSError:
            return False
        log.warning("disk is full, ballast given up file=%s", self.path)
        return True
