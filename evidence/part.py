"""Bytes that lie in a file and are not held in memory: a container, or one file of it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Part:
    """`size` bytes of `file` from `offset` on. Reading moves the file's place: for one thread at a time."""

    file: BinaryIO
    offset: int
    size: int

    @classmethod
    def whole(cls, data: bytes | BinaryIO) -> Part:
        """All of a file, or of bytes that are in memory already."""
        file = io.BytesIO(data) if isinstance(data, bytes) else data
        return cls(file, 0, file.seek(0, io.SEEK_END))

    def pieces(self) -> Iterator[bytes]:
        """In order, at most `PIECE_BYTES` each; fewer in all when the file was cut meanwhile. Raises `OSError`."""
        place, end = self.offset, self.offset + self.size
        while place < end:
            self.file.seek(place)
            piece = self.file.read(min(PIECE_BYTES, end - place))
            if not piece:
                return
            yield piece
            place += len(piece)

    def at(self, place: int, length: int) -> bytes:
        """Up to `length` bytes from `place` on."""
        self.file.seek(self.offset + place)
        return self.file.read(max(0, min(length, self.size - place)))

    def read(self) -> bytes:
        """All of it, in memory."""
        return self.at(0, self.size)

    def sha256(self) -> str:
        """Of all of it, 64 lower-case hex digits."""
        hasher = hashlib.sha256()
        for piece in self.pieces():
            hasher.update(piece)
        return hasher.hexdigest()

    def opened(self) -> BinaryIO:
        """To be read like a file of its own."""
        return io.BufferedReader(_Raw(self))


class _Raw(io.RawIOBase):
    def __init__(self, part: Part) -> None:
        self._part, self._place = part, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._part.size}[whence]
        self._place = max(0, begin + place)
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._part.at(self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)
