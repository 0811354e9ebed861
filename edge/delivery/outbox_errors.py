"""What can go wrong with an outbox, in words of what a person can do; and what SQLite means by its codes."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

from evidence.errors import GiaoLoError

DB_NAME = "outbox.db"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_TINY = 256 * 1024
"""With less than this free, an I/O error of SQLite is a full disk: it cannot grow its files."""


class OutboxError(GiaoLoError):
    """The outbox cannot do what it was asked."""


class OutboxFullError(OutboxError):
    """No room. Nothing was evicted that is unsent and nothing half-written stays."""


class OutboxBusyError(OutboxError):
    """Another program holds the database's lock; it goes on when that one lets go."""


class DamagedError(sqlite3.DatabaseError):
    """The check of the database found damage."""


def is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, DamagedError) or (
        code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )


def is_full(error: BaseException, folder: Path) -> bool:
    """Whether a write failed for want of room."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    code = getattr(error, "sqlite_errorcode", None) or 0
    if code & 0xFF == sqlite3.SQLITE_FULL:
        return True
    return code & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and shutil.disk_usage(folder).free < _TINY


def translated(error: OSError | sqlite3.Error, folder: Path) -> OutboxError:
    """The error that says what a person can do."""
    if is_full(error, folder):
        return OutboxFullError(
            "disk is full",
            where=str(folder),
            remedy="free space on the disk or restore the link to the centre; unsent evidence is never evicted",
        )
    if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return OutboxBusyError(
            "is locked by another program", where=str(folder / DB_NAME), remedy="end that program: a backup, a shell"
        )
    return OutboxError(f"cannot be read or written: {error}", where=str(folder), remedy="check the disk")
