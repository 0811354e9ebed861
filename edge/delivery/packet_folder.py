"""Packets as files of a folder: where replay puts them, without an outbox."""

from __future__ import annotations

from pathlib import Path

from edge.delivery.outbox import Build
from edge.delivery.outbox_store import file_name, write_durably
from evidence.packet import Chain, Manifest


class PacketFolder:
    """Packets as files of one folder, with a chain of their own that starts at 1. For replay, without MQTT."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._chain = Chain(sequence=1, previous=None)

    def commit(self, build: Build) -> Manifest:
        manifest, container = build(self._chain)
        write_durably(self.path(manifest), container)
        self._chain = Chain(sequence=self._chain.sequence + 1, previous=manifest.digest)
        return manifest

    def path(self, manifest: Manifest) -> Path:
        return self.folder / file_name(manifest.chain.sequence, manifest.packet_id)
