"""Content-addressed blobs: what is put under a SHA-256 is what comes back, or an error that says it was altered.

`BlobStore` is the port; `FileStore` keeps files in a fan-out of 256 x 256 folders. A blob is written to a temporary
file, synced, renamed, and its folder synced, and so is every folder in which a new folder was made: a power cut leaves
the blob whole or absent, and what `put` has returned is there after it. Blobs are never changed, and removed only by
`central.retention`, after their deletion was signed and logged.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from common.durable import DurableFolders, sync_file, sync_folder
from evidence.errors import GiaoLoError
from evidence.part import Part

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LEFT_OVER_S = 86_400
_PIECE_BYTES = 1024 * 1024
_IN_MEMORY_BYTES = 32 * 1024 * 1024
"""A verified copy up to this size is kept in memory: stills and the usual clip of some ten seconds."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoreError(GiaoLoError):
    """A blob is missing, altered, or cannot be read."""


class BlobUnsound(StoreError):
    """A blob is missing or its bytes are not those of its digest: somebody has to look at it."""

    def __init__(self, sha256: str, what: str, *, where: str) -> None:
        self.sha256 = sha256
        super().__init__(what, where=where, remedy="restore it from the backup")


class StoreFull(StoreError):
    """No room for evidence: nothing was written, nothing was evicted."""


class BlobStore(Protocol):
    """Port to wherever blobs lie."""

    def put(self, data: bytes | Part) -> str:
        """Keep `data` durably; its SHA-256. A `Part` is not held in memory. Raises `StoreFull`."""

    def rehearse(self, data: Part) -> None:
        """Write as `put` does and take it away again: of a test act, which shows that there is room and right to. What
        is kept under the same digest is not touched. Raises `StoreFull`."""

    def read(self, sha256: str) -> bytes:
        """The blob, verified. Raises `StoreError`."""

    def open(self, sha256: str) -> BinaryIO:
        """A private, verified copy of the blob, at its start; the caller closes it. Raises `StoreError`."""

    def exists(self, sha256: str) -> bool:
        """Whether the blob is there (not whether it is whole)."""

    def clean(self, *, now_s: float) -> int:
        """Remove what crashes left half-written; how many."""

    def remove(self, sha256: str) -> None:
        """Remove the blob for good, if it is there. Only within `removing`. Raises `StoreError`."""

    def taking_in(self) -> AbstractContextManager[None]:
        """While blobs are put and the rows that name them are not committed yet: nothing is removed meanwhile."""

    def removing(self) -> AbstractContextManager[None]:
        """While it is asked whether a blob is named, and removed if it is not: nothing is taken in meanwhile."""


class FileStore:
    """Blobs as files under `folder`. `reserve_bytes` of free disk are left alone."""

    def __init__(self, folder: Path, *, reserve_bytes: int = 0) -> None:
        self.folder = folder
        self.reserve_bytes = reserve_bytes
        self._folders = DurableFolders()
        self._folders.make(folder / "tmp")

    def put(self, data: bytes | Part) -> str:
        part = Part.whole(data) if isinstance(data, bytes) else data
        digest = part.sha256()
        target = self.path(digest)
        if target.exists() and self._whole(target, digest):
            # it may be there since a moment ago, put by a process that was killed before it could sync
            self._folders.make(target.parent)
            sync_file(target)
            sync_folder(target.parent)
            return digest
        self._check_room(part.size)
        write_durably(target, part, sha256=digest, temporary=self.folder / "tmp", folders=self._folders)
        return digest

    def rehearse(self, data: Part) -> None:
        self._check_room(data.size)
        target = self.folder / "tmp" / f"test-{uuid.uuid4().hex}"
        try:
            write_durably(target, data, temporary=self.folder / "tmp", folders=self._folders)
        finally:
            target.unlink(missing_ok=True)

    def read(self, sha256: str) -> bytes:
        with self.open(sha256) as file:
            return file.read()

    def open(self, sha256: str) -> BinaryIO:
        path = self.path(sha256)
        # copied while it is hashed: what is changed on the disk after the check does not reach the reader
        copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, dir=str(self.folder / "tmp"))  # noqa: SIM115
        try:
            hasher = hashlib.sha256()
            with path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    hasher.update(piece)
                    copy.write(piece)
            if hasher.hexdigest() != sha256:
                raise BlobUnsound(sha256, "blob was altered on disk: its SHA-256 does not match", where=str(path))
        except FileNotFoundError as error:
            copy.close()
            raise BlobUnsound(sha256, "blob is missing", where=str(path)) from error
        except OSError as error:
            copy.close()
            raise StoreError(f"blob cannot be read: {error.strerror}", where=str(path)) from error
        except StoreError:
            copy.close()
            raise
        copy.seek(0)
        return cast(BinaryIO, copy)

    def exists(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def remove(self, sha256: str) -> None:
        path = self.path(sha256)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)
        except OSError as error:
            raise StoreError(f"blob cannot be removed: {error.strerror}", where=str(path)) from error

    def taking_in(self) -> AbstractContextManager[None]:
        return self._locked(fcntl.LOCK_SH)

    def removing(self) -> AbstractContextManager[None]:
        return self._locked(fcntl.LOCK_EX)

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """A lock of the folder, between processes and threads alike: each holds a file of its own."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def path(self, sha256: str) -> Path:
        """Where the blob lies."""
        if not _DIGEST.fullmatch(sha256):
            raise StoreError("is not a SHA-256 digest", where=sha256[:80])
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def clean(self, *, now_s: float) -> int:
        """Remove what crashes left half-written more than a day before `now_s` (Unix time); how many."""
        left = [f for f in (self.folder / "tmp").iterdir() if now_s - f.stat().st_mtime > _LEFT_OVER_S]
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)

    def _check_room(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free - size < self.reserve_bytes:
            raise StoreFull(
                f"disk is full: {free} bytes free, {self.reserve_bytes} are kept in reserve",
                where=str(self.folder),
                remedy="free space or move data_dir; nodes keep their packets and try again",
            )

    @staticmethod
    def _whole(path: Path, digest: str) -> bool:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest


def write_durably(
    target: Path, data: bytes | Part, *, temporary: Path, folders: DurableFolders, sha256: str = ""
) -> None:
    """Write, sync, rename into place, sync the folder. Raises `StoreFull` when the disk is; leaves nothing then.

    `sha256`: what is written has to be that, else `StoreError`: the file that it is read from may have been changed.
    """
    name, hasher = "", hashlib.sha256()
    part = Part.whole(data) if isinstance(data, bytes) else data
    try:
        folders.make(temporary)
        folders.make(target.parent)
        descriptor, name = tempfile.mkstemp(dir=temporary)
        with os.fdopen(descriptor, "wb") as file:
            for piece in part.pieces():
                hasher.update(piece)
                file.write(piece)
            if sha256 and hasher.hexdigest() != sha256:
                raise OSError(errno.EIO, "it was changed while it was read")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o400)
        os.replace(name, target)
    except OSError as error:
        if name:
            with contextlib.suppress(OSError):
                os.unlink(name)
        if error.errno in _FULL:
            raise StoreFull(
                "disk is full", where=str(target.parent), remedy="free space; nodes keep their packets and try again"
            ) from error
        raise StoreError(f"cannot be written: {error.strerror}", where=str(target)) from error
    sync_folder(target.parent)
