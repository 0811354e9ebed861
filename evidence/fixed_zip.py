"""A ZIP archive in one fixed form: nothing compressed, every byte beside the contents a function of names and contents.

Any ZIP program opens it. Here it is read from its start by what stands there, and each header has to be the one that
would be written for what follows it: no two readings of one file, no size that only claims to be, nothing between,
before or behind. So nothing is unpacked that was not looked at, and there is nothing to unfold.

The form is published in docs/case-file-v1.md; comments name its steps.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from evidence.errors import ForeignError

NAME = r"(?:[a-z0-9][a-z0-9._-]{0,63}/)?[a-z0-9][a-z0-9._-]{0,63}"
"""A file, or a file in one folder. Small letters: two names that differ in size of letters are one file elsewhere."""
MAX_FILES = 200
MAX_BYTES = 768 * 1024 * 1024
"""A packet of the greatest size, its pictures and clip beside it once more, and as much again for papers."""

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEAD = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL_HEAD = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END_HEAD = struct.Struct("<4sHHHHIIH")
_VERSION = 10
_DAY = (0 << 9) | (1 << 5) | 1
"""1980-01-01, the first day that a ZIP can say; the hour is 0."""
_READABLE = 0o444 << 16
_MADE_BY = 3 << 8 | _VERSION
"""Unix: so that the rights are read as such."""
_MAX_NAME = 129
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
"""Names that are devices on Windows, whatever they end in."""


class ZipError(ForeignError):
    """It is no ZIP archive in the fixed form."""


@dataclass(frozen=True)
class Entry:
    """A file of the archive: where its bytes begin, how many they are, and their CRC-32."""

    name: str
    offset: int
    size: int
    crc: int


def good_name(name: str) -> bool:
    """Whether a file of that name may be in an archive, and unpacked on any machine."""
    if not re.fullmatch(NAME, name):
        return False
    parts = name.split("/")
    return ".." not in name and not any(p.endswith(".") or _RESERVED.fullmatch(p) for p in parts)


def write(target: BinaryIO, files: Mapping[str, bytes]) -> None:
    """Write the archive. Raises `ZipError`: a name that may not be, too many files, or too much."""
    if len(files) > MAX_FILES:
        raise ZipError(f"would hold {len(files)} files, the limit is {MAX_FILES}")
    entries, place = [], 0
    for name, content in files.items():
        if not good_name(name):
            raise ZipError("may not be the name of a file of the archive", where=name[:_MAX_NAME])
        head = _local(name, len(content), zlib.crc32(content))
        place += len(head)
        entries.append(Entry(name, place, len(content), zlib.crc32(content)))
        place += len(content)
        if place > MAX_BYTES:
            raise ZipError(f"would be larger than {MAX_BYTES} bytes")
        target.write(head)
        target.write(content)
    target.write(_directory(entries, place))


def read(source: BinaryIO, size: int) -> list[Entry]:
    """What the archive of `size` bytes holds, each header and all contents checked. Raises `ZipError`.

    `source` can seek. No content is kept: see `content`.
    """
    # case-file-v1 step 1: size
    if size > MAX_BYTES:
        raise ZipError(f"is larger than {MAX_BYTES} bytes")
    entries: list[Entry] = []
    place = 0
    while True:
        source.seek(place)
        head = source.read(_LOCAL_HEAD.size + _MAX_NAME)
        if head[:4] != _LOCAL:
            break
        if len(entries) == MAX_FILES:
            raise ZipError(f"holds more than {MAX_FILES} files")
        entry = _entry(head, place, size)
        # case-file-v1 step 3: each name once
        if any(entry.name == before.name for before in entries):
            raise ZipError("stands twice in the archive", where=entry.name)
        # case-file-v1 step 2: the header is the one of this name and these bytes
        if not head.startswith(_local(entry.name, entry.size, _crc(source, entry))):
            raise ZipError("was altered, or its header was", where=entry.name)
        entries.append(entry)
        place = entry.offset + entry.size
    # case-file-v1 step 4: the list at the end is of these files, and nothing comes after it
    source.seek(place)
    end = _directory(entries, place)
    if source.read(len(end) + 1) != end or not entries:
        raise ZipError(
            "is not a ZIP archive in the fixed form, is cut off, or was altered outside of its files",
            where=f"byte {place}",
            remedy="get the file again, as it was handed out",
        )
    return entries


def content(source: BinaryIO, entry: Entry) -> bytes:
    """The bytes of one file of an archive that was read."""
    source.seek(entry.offset)
    return source.read(entry.size)


def _entry(head: bytes, place: int, size: int) -> Entry:
    if len(head) < _LOCAL_HEAD.size:
        raise ZipError("archive is cut off", where=f"byte {place}")
    _, _, _, method, _, _, crc, packed, length, name_bytes, extra = _LOCAL_HEAD.unpack_from(head)
    raw = head[_LOCAL_HEAD.size : _LOCAL_HEAD.size + name_bytes]
    name = raw.decode("ascii", "replace")
    # case-file-v1 step 3: a name that may be unpacked anywhere
    if name_bytes > _MAX_NAME or extra or not good_name(name):
        raise ZipError("is a name that no file of the archive may have", where=name[:_MAX_NAME] or f"byte {place}")
    # case-file-v1 step 2: not compressed, and as long as it says
    if method != 0 or packed != length:
        raise ZipError("is compressed: nothing in this archive is", where=name)
    offset = place + _LOCAL_HEAD.size + name_bytes
    if offset + length > size:
        raise ZipError("archive is cut off", where=name)
    return Entry(name, offset, length, crc)


def _crc(source: BinaryIO, entry: Entry) -> int:
    value = 0
    for piece in pieces(source, entry):
        value = zlib.crc32(piece, value)
    return value


def pieces(source: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The bytes of one file, a MiB at a time."""
    source.seek(entry.offset)
    left = entry.size
    while left:
        piece = source.read(min(left, 1024 * 1024))
        if not piece:
            raise ZipError("archive is cut off", where=entry.name)
        left -= len(piece)
        yield piece


def _local(name: str, size: int, crc: int) -> bytes:
    raw = name.encode("ascii")
    return _LOCAL_HEAD.pack(_LOCAL, _VERSION, 0, 0, 0, _DAY, crc, size, size, len(raw), 0) + raw


def _directory(entries: Iterable[Entry], place: int) -> bytes:
    """The list at the end of an archive whose files end at `place`."""
    listed = b""
    count = 0
    for entry in entries:
        raw = entry.name.encode("ascii")
        begins = entry.offset - len(raw) - _LOCAL_HEAD.size
        listed += _CENTRAL_HEAD.pack(
            _CENTRAL, _MADE_BY, _VERSION, 0, 0, 0, _DAY, entry.crc, entry.size, entry.size, len(raw), 0, 0, 0, 0,
            _READABLE, begins,
        ) + raw  # fmt: skip
        count += 1
    return listed + _END_HEAD.pack(_END, 0, 0, count, count, len(listed), place, 0)
