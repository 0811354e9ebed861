"""The daily test acts of one camera, from its pictures to their place in the chain."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.delivery.daily_capture import TestBuild, TestCapture
from edge.delivery.daily_test import DailyTest
from edge.delivery.packing import CameraIdentity
from edge.delivery.switch_book import SwitchBook
from edge.types import Frame
from edge.video.ring import PacketRing
from edge.video.source import Source
from evidence.marked import TestManifest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tests:
    """The daily test acts of a camera, and how one of them gets its place in the chain."""

    __test__ = False
    daily: DailyTest
    commit: Callable[[TestBuild], TestManifest]


class CameraTests:
    """Those of one life of a camera's source. Whatever fails here is no fault of the camera: it is told of the test.

    Parameters
    ----------
    tests: None: the camera makes none.
    doubts: what an act of now would be held or flagged for: the test goes all the same, and says so.
    on_commit: called after each one that has its place in the chain.
    """

    __test__ = False

    def __init__(
        self,
        tests: Tests | None,
        identity: CameraIdentity,
        *,
        source: Source,
        ring: PacketRing,
        switches: SwitchBook | None,
        doubts: Callable[[], Sequence[str]],
        on_commit: Callable[[], None],
    ) -> None:
        self._camera, self._doubts, self._on_commit = identity.camera, doubts, on_commit
        self._capture: TestCapture | None = None
        if tests is not None:
            self._capture = TestCapture(
                identity, tests.daily, source=source, ring=ring, commit=tests.commit, switches=switches
            )

    def go_on(self, frame: Frame | None) -> None:
        """With the next picture, or without one."""
        capture = self._capture
        if capture is not None:
            self._do(lambda: capture.frame(frame, self._doubts) if frame is not None else capture.idle())

    def end(self) -> None:
        """The stream is over."""
        if self._capture is not None:
            self._do(self._capture.finish)

    def _do(self, step: Callable[[], bool]) -> None:
        try:
            made = step()
        except Exception:
            log.exception("test act fault camera=%s", self._camera)
            return
        if made:
            self._on_commit()
