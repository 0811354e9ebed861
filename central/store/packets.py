"""Stored packets given out again: the original container, byte for byte, for a court or an inspector."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy.orm import Session

from central.store.blobs import BlobStore, StoreError
from central.store.packet_tables import PacketRow
from evidence.canonical import sha256_hex
from evidence.container import rebuild
from evidence.marked import TestManifest, read_manifest
from evidence.packet import Manifest


@lru_cache(maxsize=16)
def manifest_of(text: str) -> Manifest:
    """The manifest of a packet that verified when it came, as the database has it. Raises `PacketError`.

    One decision reads the same one several times, and each reading writes it out again: the newest few are kept.
    """
    return Manifest.from_bytes(text.encode())


def container_of(session: Session, store: BlobStore, packet_id: str) -> bytes:
    """The container as the node sealed it; `packet_id` is the row's `id`.

    Raises `StoreError` when it is unknown or no longer whole.
    """
    row = session.get(PacketRow, packet_id)
    if row is None:
        raise StoreError("there is no such packet", where=packet_id)
    manifest = read_manifest(row.manifest.encode())
    if isinstance(manifest, TestManifest):
        raise StoreError("is a test act: its pictures were not kept", where=packet_id)
    files = {f.name: store.read(f.sha256) for f in row.files}
    data = rebuild(manifest, row.seal.encode(), files)
    if sha256_hex(data) != row.container_sha256:
        raise StoreError("packet is not what was received", where=packet_id, remedy="restore it from the backup")
    return data
