"""Looking copies of clips on disk: made once, believed only with our own mark on them, and few enough.

They show vehicles and faces as the original does, so they are as private as the evidence, and no more than `max_bytes`
of them are kept: what was used longest ago goes first.
"""

from __future__ import annotations

import contextlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

_MARK_BYTES = 32


@dataclass(frozen=True)
class Copies:
    """Files `<sha256 of the original>.webm` under `folder`: the copy, then an HMAC-SHA-256 over both with `key`."""

    folder: Path
    key: bytes
    max_bytes: int = 1024**3

    def find(self, sha256: str) -> bytes | None:
        """The copy of that original; None when there is none, or when what lies there is not what we made."""
        path = self._path(sha256)
        try:
            kept = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        copy, mark = kept[:-_MARK_BYTES], kept[-_MARK_BYTES:]
        return copy if hmac.compare_digest(mark, self._mark(sha256, copy)) else None

    def keep(self, sha256: str, copy: bytes) -> bytes:
        """Write it down for the next time, and drop what is too much; the copy itself. Raises `OSError`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._path(sha256).with_suffix(".part")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(copy + self._mark(sha256, copy))
        partial.replace(self._path(sha256))
        self._trim()
        return copy

    def _trim(self) -> None:
        kept = sorted(((f.stat().st_mtime, f.stat().st_size, f) for f in self.folder.glob("*.webm")), reverse=True)
        total = 0
        for _, size, file in kept:
            total += size
            if total > self.max_bytes and file is not kept[0][2]:
                with contextlib.suppress(OSError):
                    file.unlink()

    def _mark(self, sha256: str, copy: bytes) -> bytes:
        return hmac.digest(self.key, b"copy:" + sha256.encode() + b":" + copy, "sha256")

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.webm"
