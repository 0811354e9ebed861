"""One camera's acts on their way to the outbox: each waits for the end of its clip, and is packed then.

A full outbox does not lose an act either: a bounded number of finished packets waits in memory and is tried again.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import cv2

from edge.delivery.outbox import Build
from edge.delivery.outbox_errors import OutboxError
from edge.delivery.packing import CameraIdentity, Packed, Packer
from edge.delivery.switch_book import SwitchBook
from edge.types import ActEvent
from edge.video.ring import PacketRing
from edge.video.source import Source
from evidence.errors import GiaoLoError
from evidence.packet import Manifest

log = logging.getLogger(__name__)
_CLIP_GRACE_S = 10.0
"""A live camera that stopped sending: so long after the end of its clip an act is packed with what there is."""
_RETRY_S = 5.0


class PacketSink(Protocol):
    """Where packets go: the outbox of a node, or a folder."""

    def commit(self, build: Build) -> Manifest:
        """Give the packet its place in the chain and keep it safe."""
        ...


@dataclass(frozen=True)
class Recorded:
    event: ActEvent
    manifest: Manifest


@dataclass(frozen=True)
class _Waiting:
    event: ActEvent
    give_up_at: float


class Recorder:
    """One camera's recorder; used by that camera's thread alone.

    Parameters
    ----------
    max_kept: so many finished packets are held in memory while the outbox is full; further acts are lost, loudly.
    on_read: called with an act whose plate was being read and has been read by now.
    previous: the camera's recorder before a restart, whose finished packets and count of losses are taken over.
    switches: of the centre; acts of their time are flagged.
    on_withheld: called with an act that is not told after all (`ActEvent.withheld`).
    """

    def __init__(
        self,
        identity: CameraIdentity,
        *,
        source: Source,
        ring: PacketRing,
        sink: PacketSink,
        max_kept: int = 16,
        previous: Recorder | None = None,
        switches: SwitchBook | None = None,
        on_read: Callable[[ActEvent], None] = lambda event: None,
        on_withheld: Callable[[ActEvent], None] = lambda event: None,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._camera = identity.camera
        self._source, self._ring, self._sink = source, ring, sink
        self._packer = Packer(identity, source=source, ring=ring, switches=switches, new_id=new_id, now=now)
        self._max_kept, self._on_read, self._on_withheld = max_kept, on_read, on_withheld
        self._monotonic = monotonic
        self._waiting: list[_Waiting] = []
        self._finished: list[Packed] = [] if previous is None else previous._finished
        self._retry_at = 0.0
        self.lost: int = 0 if previous is None else previous.lost
        self.error = ""

    @property
    def kept_in_memory(self) -> int:
        """Packets that the outbox could not take yet."""
        return len(self._finished)

    def submit(self, event: ActEvent) -> None:
        """Take an act; its packet is made when the end of its clip has come."""
        length_s = event.clip_to_s - event.t_s
        self._waiting.append(_Waiting(event, self._monotonic() + length_s + _CLIP_GRACE_S))

    def advance(self) -> list[Recorded]:
        """Make the packets whose clip is complete and whose plate is read; of one whose clip is about to leave the ring
        the plate is read now. Call once a frame, and when no frame comes."""
        whole_s = self._ring.whole_s
        now = self._monotonic()
        ready: list[_Waiting] = []
        waiting: list[_Waiting] = []
        for entry in self._waiting:
            whole = whole_s is not None and whole_s >= entry.event.clip_to_s
            overdue = self._source.live and now >= entry.give_up_at
            reading = entry.event.reading
            read = reading is None or reading.done or self._ring.leaving(entry.event.clip_from_s)
            (ready if (whole and read) or overdue else waiting).append(entry)
        self._waiting = waiting
        return self._record(ready)

    def finish(self) -> list[Recorded]:
        """The stream has ended: make every packet with what there is."""
        ready, self._waiting, self._retry_at = self._waiting, [], 0.0
        return self._record(ready)

    def _record(self, ready: list[_Waiting]) -> list[Recorded]:
        done: list[Recorded] = []
        for entry in ready:
            if len(self._finished) >= self._max_kept:
                self._retry_at = 0.0  # before one is lost it is tried again, whatever the pause
                done += self._commit()
            if len(self._finished) >= self._max_kept:
                self.lost += 1
                log.critical(
                    "act lost camera=%s act=%s t_s=%.3f: %d packets wait already, %s",
                    self._camera, entry.event.act, entry.event.t_s, self._max_kept, self.error,
                )  # fmt: skip
                continue
            try:
                packed = self._packer.packed(entry.event)
            except (GiaoLoError, ValueError, cv2.error) as error:
                self._lose(entry.event, error)
                continue
            if packed.event.withheld:
                self._on_withheld(packed.event)
                continue
            self._finished.append(packed)
            if entry.event.reading is not None:
                self._on_read(packed.event)
        return [*done, *self._commit()]

    def _lose(self, event: ActEvent, error: Exception) -> None:
        self.lost += 1
        self.error = f"act {event.act} at {event.t_s:.2f} s could not be recorded: {error}"
        log.critical("act lost camera=%s act=%s", self._camera, event.act, exc_info=error)

    def _commit(self) -> list[Recorded]:
        done: list[Recorded] = []
        if not self._finished or self._monotonic() < self._retry_at:
            return done
        while self._finished:
            first = self._finished[0]
            try:
                manifest = self._sink.commit(first.build)
            except (OutboxError, OSError) as error:
                self.error = str(error)
                self._retry_at = self._monotonic() + _RETRY_S
                log.error("outbox refused camera=%s kept=%d %s", self._camera, len(self._finished), error)
                break
            except (GiaoLoError, ValueError) as error:
                self._finished.pop(0)  # a manifest that breaks the contract will not get better by waiting
                self._lose(first.event, error)
                continue
            self._finished.pop(0)
            self.error = ""
            done.append(Recorded(first.event, manifest))
            log.info(
                "packet committed camera=%s act=%s t_s=%.3f plate=%s packet=%s sequence=%d",
                self._camera, manifest.act.code, manifest.act.t_s, manifest.plate.text,
                manifest.packet_id, manifest.chain.sequence,
            )  # fmt: skip
        return done
