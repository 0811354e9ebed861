"""Answers made of verified blobs: whole or one range of bytes, never a byte that was not hashed before it is sent.

A file sent by its path is whatever lies on the disk at that moment. Here the bytes come from `BlobStore.open`, which
hands out a private copy of what it has just hashed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from central.store.blobs import BlobStore

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_PIECE_BYTES = 256 * 1024


def verified_response(
    store: BlobStore, sha256: str, *, asked: Headers, media_type: str, headers: Mapping[str, str]
) -> Response:
    """The blob as the answer to a request with the headers `asked`: 200, 206, 304 or 416 (RFC 9110 §13, §14).

    The digest is the entity tag. It is promised only after the bytes were found to have it. Raises `StoreError`.
    """
    etag = f'"{sha256}"'
    file = store.open(sha256)
    said = {**headers, "ETag": etag}
    if etag in [tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")]:
        file.close()
        return Response(status_code=304, headers=said)
    wanted = asked.get("range", "") if asked.get("if-range", etag) == etag else ""
    return _answer(file, wanted, media_type, said)


def ranged_response(data: bytes, *, asked: Headers, media_type: str, headers: Mapping[str, str]) -> Response:
    """Bytes that were checked already as the answer, whole or one range of them."""
    return _answer(io.BytesIO(data), asked.get("range", ""), media_type, dict(headers))


def handed_out(file: BinaryIO, size: int, *, media_type: str, headers: Mapping[str, str]) -> Response:
    """A file of `size` bytes that was made and checked for this answer alone: sent as it is read, then removed."""
    said = {**headers, "Content-Length": str(size), "Cache-Control": "no-store"}
    return StreamingResponse(_pieces(file, 0, size), headers=said, media_type=media_type)


def _answer(file: BinaryIO, wanted: str, media_type: str, said: dict[str, str]) -> Response:
    size = file.seek(0, 2)
    said["Accept-Ranges"] = "bytes"
    span = byte_range(wanted, size)
    if span is None:
        file.close()
        return Response(status_code=416, headers={**said, "Content-Range": f"bytes */{size}"})
    first, end = span
    said["Content-Length"] = str(end - first)
    if span == (0, size):
        return StreamingResponse(_pieces(file, first, end), headers=said, media_type=media_type)
    said["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return StreamingResponse(_pieces(file, first, end), 206, headers=said, media_type=media_type)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of a `Range` header over `size` bytes; None when it cannot be satisfied.

    No range, several ranges and what is no range at all mean the whole: a server may leave them out of account.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "":
        return 0, size
    if found[1] == "":
        length = int(found[2])
        return (max(0, size - length), size) if length and size else None
    first = int(found[1])
    end = min(size, int(found[2]) + 1) if found[2] else size
    if found[2] and int(found[2]) < first:
        return 0, size
    return (first, end) if first < size else None


def _pieces(file: BinaryIO, first: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while first < end:
            piece = file.read(min(_PIECE_BYTES, end - first))
            first += len(piece)
            yield piece
