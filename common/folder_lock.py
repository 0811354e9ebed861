"""A folder that one process has to itself. The kernel lets go of it when the process dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO


class FolderTakenError(Exception):
    """Another process has it. `who`: what that one wrote of itself, "" where it is not known."""

    def __init__(self, who: str) -> None:
        self.who = who
        super().__init__(who)


@dataclass(frozen=True)
class FolderLock:
    """Held until `release`, or until the process ends."""

    handle: IO[bytes]

    @classmethod
    def take(cls, file: Path, *, now: datetime | None = None, shared: bool = False) -> FolderLock:
        """Lock with `file`, made if missing, at once or not at all. Raises `FolderTakenError`, and `OSError`.

        `now`: written down with the process id, for whoever comes next. `shared`: with others who share, never with one
        who has it to himself.
        """
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        handle = os.fdopen(descriptor, "r+b", buffering=0)
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            who = handle.read(200).decode("ascii", "replace").strip()
            handle.close()
            raise FolderTakenError(who) from error
        except OSError:
            handle.close()
            raise
        if not shared:
            with contextlib.suppress(OSError):  # a full disk keeps nobody from having it
                handle.truncate(0)
                since = f" since {now.isoformat(timespec='seconds')}" if now is not None else ""
                handle.write(f"process {os.getpid()}{since}".encode("ascii"))
        return cls(handle)

    def release(self) -> None:
        """Let others have it. Twice does no harm."""
        self.handle.close()

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
