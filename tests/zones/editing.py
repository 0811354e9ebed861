"""The editor's page for tests: where a pixel is, what the page knows, and eyes that look until they are let go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from evidence.acts import VehicleClass
from zones.schema import Picture
from zones.vehicle_sizes import Sighting


def at(x: float, y: float) -> tuple[float, float]:
    """A pixel of the scene on the screen: the canvas is 640 x 480 at (240, 40)."""
    return 240 + x, 40 + y


def scene_of(page: Any) -> dict[str, Any]:
    """The scene as the page has it."""
    return cast(dict[str, Any], page.evaluate("import('./state.js').then(({ at }) => at.scene)"))


class SlowSurveyor:
    """Sees the vehicles of a simulated camera when it is let go."""

    def __init__(self) -> None:
        self.let_go, self.looks = threading.Event(), 0

    def __call__(
        self, video: Path, *, seconds: float, go_on: Callable[[float], bool]
    ) -> tuple[Picture, list[Sighting]]:
        self.looks, seen = self.looks + 1, 0
        while go_on(float(seen)) and not self.let_go.wait(0.01):
            seen += 1
        boxes = [(120 + 35 * i, 300 - 10 * k, 160 + 35 * i - 2 * k, 380 - 14 * k) for i in range(10) for k in range(3)]
        return Picture(width=640, height=480), [
            Sighting(i // 3, VehicleClass.MOTORCYCLE, box, ((box[0] + box[2]) / 2, box[3] - 12.0))
            for i, box in enumerate(boxes)
        ]
