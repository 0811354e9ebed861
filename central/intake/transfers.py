"""Partial transfers on disk: they survive kill -9 of the centre and go on where they stood.

One folder a transfer: `offer.json`, `data` (chunks at their place) and `have` (a byte a chunk). Chunks are not synced
one by one: after a power cut the whole may not match its SHA-256, then the transfer starts again from the node.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from central.config import Limits
from central.store.blobs import StoreFull
from evidence.errors import GiaoLoError, WireError
from evidence.part import Part
from evidence.wire import Chunk, Offer, decode, encode

_FULL_ERRNO = (errno.ENOSPC, errno.EDQUOT)


class TransferRefused(GiaoLoError):
    """A transfer cannot be opened now; the node asks again later. `reason` is a label for counters."""

    def __init__(self, reason: str, what: str, *, where: str = "", remedy: str = "") -> None:
        self.reason = reason
        super().__init__(what, where=where, remedy=remedy)


@dataclass(frozen=True)
class Transfer:
    """One open transfer."""

    node: str
    offer: Offer
    folder: Path


class Transfers:
    """All partial transfers under `folder`. One process owns them; calls come from one thread."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        folder.mkdir(parents=True, exist_ok=True)

    def open(self, node: str, offer: Offer, *, now: datetime) -> Transfer:
        """Open or find the transfer of an offer. Makes room by dropping the node's own longest idle ones.

        Raises `TransferRefused` when the packet alone is over the node's share, `StoreFull` when the disk is full.
        """
        found = self.find(node, offer.packet_id, offer.container_sha256)
        if found is not None and found.offer == offer:
            return found
        if found is not None:
            self.drop(found)
        if offer.size > self.limits.open_bytes_per_node:
            raise TransferRefused(
                "too_large",
                f"packet of {offer.size} bytes is over the node's share of {self.limits.open_bytes_per_node}",
                where=node,
                remedy="raise limits.open_bytes_per_node",
            )
        self._make_room(node, offer.size)
        free = shutil.disk_usage(self.folder).free
        if free - 2 * offer.size < self.limits.disk_reserve_bytes:
            raise StoreFull(
                f"disk is full: {free} bytes free", where=str(self.folder), remedy="free space; the node tries again"
            )
        transfer = Transfer(node, offer, self._path(node, offer.packet_id, offer.container_sha256))
        making = transfer.folder.with_name(transfer.folder.name + ".new")
        shutil.rmtree(making, ignore_errors=True)
        with _disk_errors(making):
            making.mkdir(parents=True)
            (making / "offer.json").write_bytes(encode(offer))
            (making / "data").touch()
            (making / "have").write_bytes(bytes(offer.chunks))
            os.rename(making, transfer.folder)
        self._touch(transfer, now)
        return transfer

    def find(self, node: str, packet_id: str, container_sha256: str) -> Transfer | None:
        """The open transfer, also one that an earlier process opened; a folder that makes no sense is removed."""
        folder = self._path(node, packet_id, container_sha256)
        try:
            offer = decode(Offer, (folder / "offer.json").read_bytes(), where=str(folder))
            sane = (folder / "have").stat().st_size == offer.chunks and (folder / "data").exists()
        except FileNotFoundError:
            sane = False
            if not folder.exists():
                return None
        except WireError:
            sane = False
        if not sane:
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return Transfer(node, offer, folder)

    def add(self, node: str, chunk: Chunk, *, now: datetime) -> Transfer | None:
        """Keep a chunk; the transfer, or None when nobody opened one that it fits."""
        header = chunk.header
        transfer = self.find(node, header.packet_id, header.container_sha256)
        if transfer is None:
            return None
        if (header.size, header.chunk_bytes) != (transfer.offer.size, transfer.offer.chunk_bytes):
            return None
        with _disk_errors(transfer.folder):
            _write_at(transfer.folder / "data", header.index * header.chunk_bytes, chunk.data)
            _write_at(transfer.folder / "have", header.index, b"\x01")
        self._touch(transfer, now)
        return transfer

    def missing(self, transfer: Transfer) -> list[tuple[int, int]]:
        """Missing chunks as inclusive ranges."""
        return missing_ranges((transfer.folder / "have").read_bytes())

    @contextlib.contextmanager
    def whole(self, transfer: Transfer) -> Iterator[Part | None]:
        """The whole container, on the disk as it lies; None when its bytes are not what was offered: then drop it."""
        with (transfer.folder / "data").open("rb") as file:
            data = Part.whole(file)
            # packet-v1 step 30: all of it, as it was offered
            good = data.size == transfer.offer.size and data.sha256() == transfer.offer.container_sha256
            yield data if good else None

    def drop(self, transfer: Transfer) -> None:
        shutil.rmtree(transfer.folder, ignore_errors=True)

    def expire(self, *, now: datetime) -> int:
        """Drop transfers idle longer than the limit; how many."""
        dropped = 0
        for node in self.folder.iterdir():
            for folder in node.iterdir() if node.is_dir() else ():
                if now.timestamp() - _touched(folder) > self.limits.transfer_max_age_s:
                    shutil.rmtree(folder, ignore_errors=True)
                    dropped += 1
        return dropped

    def _make_room(self, node: str, size: int) -> None:
        folder = self.folder / node
        # those without a single chunk first: offers in the node's name cost nothing, chunks do
        opened = sorted(folder.iterdir(), key=lambda f: (_begun(f), _touched(f))) if folder.exists() else []
        sizes = {f: _offered_size(f) for f in opened}
        while opened and (
            len(opened) >= self.limits.open_transfers_per_node
            or sum(sizes[f] for f in opened) + size > self.limits.open_bytes_per_node
        ):
            shutil.rmtree(opened.pop(0), ignore_errors=True)

    def _touch(self, transfer: Transfer, now: datetime) -> None:
        os.utime(transfer.folder / "have", (now.timestamp(), now.timestamp()))

    def _path(self, node: str, packet_id: str, container_sha256: str) -> Path:
        return self.folder / node / f"{packet_id}-{container_sha256[:32]}"


def missing_ranges(have: bytes) -> list[tuple[int, int]]:
    """Runs of zero bytes as inclusive ranges."""
    ranges: list[tuple[int, int]] = []
    position = have.find(0)
    while position >= 0:
        end = have.find(1, position)
        last = (end if end >= 0 else len(have)) - 1
        ranges.append((position, last))
        position = have.find(0, last + 1)
    return ranges


def _begun(folder: Path) -> bool:
    try:
        return b"\x01" in (folder / "have").read_bytes()
    except OSError:
        return False


def _touched(folder: Path) -> float:
    try:
        return (folder / "have").stat().st_mtime
    except OSError:
        return 0.0


def _offered_size(folder: Path) -> int:
    try:
        return decode(Offer, (folder / "offer.json").read_bytes(), where=str(folder)).size
    except (OSError, WireError):
        return 0


def _write_at(path: Path, offset: int, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        while data:
            written = os.pwrite(descriptor, data, offset)
            data, offset = data[written:], offset + written
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_ERRNO:
            raise StoreFull("disk is full", where=str(folder), remedy="free space; the node tries again") from error
        raise
