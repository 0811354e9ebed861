"""Whether the camera's picture is as large as the one that its scene was drawn on."""

from __future__ import annotations

import logging

from edge.types import Frame
from zones.schema import Scene

log = logging.getLogger(__name__)


class SizeWatch:
    """Of one camera. `wrong`: what is wrong with the last picture, for whoever sets the camera up; empty: nothing."""

    def __init__(self, scene: Scene, *, camera: str) -> None:
        self._wanted, self._camera = scene.picture, camera
        self.wrong = ""

    def right(self, frame: Frame) -> bool:
        """Whether the picture may be judged. One line of the log when that changes; it may change back."""
        width, height, wanted = frame.picture.width, frame.picture.height, self._wanted
        wrong = ""
        if (width, height) != (wanted.width, wanted.height):
            wrong = (
                f"wrong picture size: {width} x {height}, the scene was drawn for {wanted.width} x {wanted.height}"
                " -> set the camera to the old size, or draw the scene on its new picture"
            )
        if wrong != self.wrong:
            log.error("camera=%s %s", self._camera, wrong or "picture size is right again")
            self.wrong = wrong
        return not wrong
