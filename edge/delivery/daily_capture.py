"""The packet of a test act: three pictures and a clip of the running camera, sealed like an act and never one.

It takes the way of an act from here on: ring, encoding, seal, chain, outbox, uplink. What it does not touch: tracks,
rules, plates, the counts of acts and traffic, and the room that finished acts have in memory.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2

from edge.delivery.daily_test import Asked, DailyTest
from edge.delivery.outbox_errors import OutboxError
from edge.delivery.packing import CameraIdentity, PacketFiles, cut_clip, encode_jpeg
from edge.delivery.switch_book import SwitchBook
from edge.types import Frame, Image
from edge.video.ring import PacketRing
from edge.video.source import Source
from evidence.container import pack
from evidence.errors import GiaoLoError
from evidence.marked import TestManifest, TestStatement
from evidence.packet import Chain, FileRole
from evidence.switches import UNSURE_FLAGS

log = logging.getLogger(__name__)
APART_S = 1.0
"""Between two pictures: enough to see that the picture moves on."""
AROUND_S = 6.0
"""Of film before and after: as much as an act has (`EventMargins.clip_before_s`)."""
_GRACE_S = 10.0
"""A camera that stopped sending: so long after the end of its clip it is packed with what there is."""
_LOOK_S = 1.0
_RETRY_S = 60.0
_ROLES: tuple[FileRole, ...] = ("still_before", "still_on", "still_after")
TestBuild = Callable[[Chain], tuple[TestManifest, bytes]]


@dataclass(frozen=True, eq=False)
class _Picture:
    frame: int
    t_s: float
    segment: int
    image: Image


@dataclass(frozen=True)
class _Whole:
    """Pictures and all; what is still to come is the end of the clip."""

    pictures: tuple[_Picture, ...]
    doubts: tuple[str, ...]
    give_up_at: float


class TestCapture:
    """Makes the test acts of one life of a camera's source; of that camera's thread alone.

    `commit`: gives a packet its place in the chain (`Outbox.commit`). `frame` and `idle` say whether one was committed.
    """

    __test__ = False

    def __init__(
        self,
        identity: CameraIdentity,
        daily: DailyTest,
        *,
        source: Source,
        ring: PacketRing,
        commit: Callable[[TestBuild], TestManifest],
        switches: SwitchBook | None = None,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity, self._daily = identity, daily
        self._source, self._ring, self._commit, self._switches = source, ring, commit, switches
        self._new_id, self._now, self._monotonic = new_id, now, monotonic
        self._asked: Asked | None = None
        self._look_at = 0.0
        self._pictures: list[_Picture] = []
        self._whole: _Whole | None = None

    def frame(self, frame: Frame, doubts: Callable[[], Sequence[str]]) -> bool:
        """A picture of the camera; `doubts`: what an act of now would be held or flagged for."""
        self._look()
        if self._asked is not None and self._whole is None:
            self._take(frame, doubts)
        return self._advance()

    def idle(self) -> bool:
        """No picture came: look for an answer, and end what has waited for long enough."""
        self._look()
        return self._advance()

    def finish(self) -> bool:
        """The stream is over: what has its pictures is packed with the film there is."""
        return self._advance(over=True)

    def _look(self) -> None:
        now_s = self._monotonic()
        if now_s < self._look_at:
            return
        self._look_at = now_s + _LOOK_S
        self._daily.look()
        if self._asked is None:
            self._asked = self._daily.due()

    def _take(self, frame: Frame, doubts: Callable[[], Sequence[str]]) -> None:
        last = self._pictures[-1] if self._pictures else None
        if last is not None and frame.segment != last.segment:
            self._pictures, last = [], None  # the picture was cut: of one moment all three
        if last is not None and frame.t_s < last.t_s + APART_S:
            return
        self._pictures.append(_Picture(frame.index, frame.t_s, frame.segment, frame.image.copy()))
        if len(self._pictures) == len(_ROLES):
            to_come_s = max(self._pictures[1].t_s + AROUND_S - frame.t_s, 0.0)
            self._whole = _Whole(
                tuple(self._pictures), tuple(doubts()), self._monotonic() + to_come_s + _GRACE_S
            )  # fmt: skip
            self._pictures = []

    def _advance(self, *, over: bool = False) -> bool:
        whole = self._whole
        if whole is None or self._asked is None:
            return False
        film_s = self._ring.whole_s
        there = film_s is not None and film_s >= whole.pictures[1].t_s + AROUND_S
        if not (there or over or self._monotonic() >= whole.give_up_at):
            return False
        asked, self._whole, self._asked = self._asked, None, None
        try:
            manifest = self._commit(self._build(whole, asked))
        except (OutboxError, OSError, GiaoLoError, ValueError, cv2.error) as error:
            # nothing is lost: the next try takes pictures of its own moment
            self._daily.fault = str(error)
            self._look_at = self._monotonic() + _RETRY_S
            log.error("test act could not be kept camera=%s %s", self._identity.camera, error)
            return False
        self._daily.made(
            asked, at=manifest.created_at, sequence=manifest.chain.sequence, packet_id=manifest.packet_id
        )  # fmt: skip
        return True

    def _build(self, whole: _Whole, asked: Asked) -> TestBuild:
        identity, files, on = self._identity, PacketFiles(), whole.pictures[1]
        from_s, to_s = max(on.t_s - AROUND_S, 0.0), on.t_s + AROUND_S
        clip, clip_flags, _ = cut_clip(self._ring, identity.camera, from_s, to_s, holding_s=on.t_s)
        for role, picture in zip(_ROLES, whole.pictures, strict=True):
            files.add(role, "jpg", encode_jpeg(picture.image), picture.frame, picture.t_s)
        if clip is not None:
            files.add("clip", "mp4", clip.data, t_s=clip.from_s)
        files.add("scene", "json", identity.scene_file())
        clock, clock_flags = self._source.clock.state(on.t_s, from_s, to_s)
        at, packet_id, created_at = self._source.clock.wall_at(on.t_s), str(self._new_id()), self._now()
        said = self._said(at, unsure=not UNSURE_FLAGS.isdisjoint(clock_flags))
        info, (height, width) = self._source.info, on.image.shape[:2]
        statement = TestStatement(
            asked=asked, occurred_at=at, frame=on.frame, t_s=on.t_s,
            doubts=list(dict.fromkeys([*whole.doubts, *said, *clock_flags, *clip_flags])),
        )  # fmt: skip
        camera = identity.camera_said(width, height, info.fps if info is not None else 0.0)

        def build(chain: Chain) -> tuple[TestManifest, bytes]:
            manifest = TestManifest(
                packet_id=packet_id,
                created_at=created_at,
                node=identity.node_said(),
                camera=camera,
                chain=chain,
                clock=clock,
                scene=identity.scene_said(),
                models=dict(identity.models),
                margins=identity.margins,
                test=statement,
                files=files.entries,
            )
            return manifest, pack(manifest, files.data, identity.key)

        return build

    def _said(self, at: datetime, *, unsure: bool) -> list[str]:
        """The centre's switches of that moment."""
        if self._switches is None:
            return []
        found = self._switches.concerning(camera=self._identity.camera, line=None, first=at, last=at, unsure=unsure)
        return [each.kind for each in found]
