"""A drawn street with things that stand still: buildings, poles, kerbs and paint, traffic, a signal, and a mast that
does not keep still. Vehicles are orange, for `KnownDetector`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pipeline import CameraPipeline
from edge.types import ActEvent, Frame, Image
from edge.watch.picture import PictureWatch
from tests.edge.roads import points, scene
from tests.edge.test_pipeline import KnownDetector, KnownPlates
from zones.schema import Scene

WIDTH, HEIGHT = 640, 480
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LENSES = {"red": (601, 20), "yellow": (601, 40), "green": (601, 60)}
Route = Callable[[float], Any]
Mast = Callable[[float], NDArray[np.float64]]


def street() -> Scene:
    """As `roads.scene`, with a head of three lenses, 20 px apart."""
    lamps = [{"colour": c, "box": [x - 9, y - 9, x + 9, y + 9]} for c, (x, y) in LENSES.items()]
    return scene(signals=[{"id": "main", "lamps": lamps, "governs": ["line"]}], acts=["red_light", "stopped_past_line"])


def moved(dx: float = 0.0, dy: float = 0.0, turn_deg: float = 0.0, zoom: float = 1.0) -> NDArray[np.float64]:
    """`[2, 3]`: turned and zoomed about the middle, then shifted."""
    matrix = np.asarray(cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn_deg, zoom), np.float64)
    matrix[:, 2] += (dx, dy)
    return matrix


def knocked(at_s: float, *how: float) -> Mast:
    return lambda t_s: moved(*how) if t_s >= at_s else moved()


def at_rest(t_s: float) -> NDArray[np.float64]:
    return moved()


@cache
def _still() -> Image:
    """Everything that stands: larger than the picture, so that a move shows more street and not a border."""
    rng = np.random.default_rng(3)
    image = np.full((HEIGHT + 200, WIDTH + 200, 3), 95, np.uint8)
    image[:340] = (150, 145, 140)
    for _ in range(150):  # windows, doors, signs
        x, y = int(rng.integers(0, WIDTH + 180)), int(rng.integers(0, 330))
        w, h, grey = int(rng.integers(8, 40)), int(rng.integers(8, 30)), int(rng.integers(40, 210))
        cv2.rectangle(image, (x, y), (x + w, y + h), (grey, max(grey - 12, 0), max(grey - 20, 0)), -1)
    image[340:] = (92, 95, 95)
    for side in (150, 650):  # pavements with slabs and poles
        cv2.rectangle(image, (side - 90, 340), (side + 30, HEIGHT + 200), (125, 130, 130), -1)
        for y in range(350, HEIGHT + 200, 37):
            x = side - 60 + int(rng.integers(0, 60))
            cv2.rectangle(image, (x, y), (x + 12, y + 9), (60, 60, 70), -1)
    cv2.line(image, (200, 400), (600, 400), (230, 230, 230), 4)
    cv2.line(image, (400, 405), (400, HEIGHT + 200), (230, 230, 230), 3)
    for x in range(220, 600, 60):
        cv2.rectangle(image, (x, 350), (x + 25, 385), (215, 215, 215), -1)
    return image


@cache
def _noise() -> NDArray[np.int16]:
    return np.random.default_rng(1).integers(-4, 5, (8, HEIGHT, WIDTH, 3)).astype(np.int16)


def picture(index: int, vehicles: Sequence[tuple[float, float]], lamp: str, how: NDArray[np.float64]) -> Image:
    """`how`: where the camera's picture lies beside its place, as `moved` gives it."""
    world = _still().copy()
    for x, y in vehicles:
        cv2.rectangle(world, (int(x + 80), int(y + 40)), (int(x + 120), int(y + 100)), (20, 120, 240), -1)
    cv2.rectangle(world, (688, 108), (714, 172), (20, 20, 20), -1)
    lit = {"red": (20, 20, 250), "yellow": (30, 220, 250), "green": (150, 240, 40)}
    for colour, (x, y) in LENSES.items():
        cv2.circle(world, (x + 100, y + 100), 7, lit[colour] if colour == lamp else (45, 45, 45), -1)
    matrix = how.copy()
    matrix[:, 2] -= how[:, :2] @ (100.0, 100.0)
    x, y = (-int(v) for v in matrix[:, 2])
    if np.array_equal(matrix, [[1, 0, -x], [0, 1, -y]]) and 0 <= x <= 200 and 0 <= y <= 200:  # by whole pixels
        image = world[y : y + HEIGHT, x : x + WIDTH]
    else:
        image = cv2.warpAffine(world, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(image, _noise()[index % 8], dtype=cv2.CV_8U), np.uint8)


def play(
    routes: Sequence[Route],
    lamp: Callable[[float], str],
    *,
    seconds: float,
    mast: Mast = at_rest,
    watch: PictureWatch | None = None,
    fps: float = 10.0,
    spoil: Callable[[float, Image], Image] = lambda t_s, image: image,
) -> tuple[list[ActEvent], list[tuple[float, str]]]:
    """The acts that are told, and `(t_s, state)` at each change of the picture's state."""
    watch = watch or PictureWatch(street())
    pipeline = CameraPipeline(street(), KnownDetector(), KnownPlates(), watch=watch)
    events: list[ActEvent] = []
    states: list[tuple[float, str]] = []
    for index in range(int(seconds * fps)):
        t_s = index / fps
        places = [p for route in routes if (p := route(t_s)) is not None]
        image = spoil(t_s, picture(index, places, lamp(t_s), mast(t_s)))
        events += pipeline.process(Frame(index, t_s, image, BEGIN + timedelta(seconds=t_s), index))
        if not states or states[-1][1] != watch.report.state:
            states.append((t_s, watch.report.state))
    return events + pipeline.finish(), states


def lamps(*changes: tuple[float, str]) -> Callable[[float], str]:
    return lambda t_s: [colour for at_s, colour in changes if t_s >= at_s][-1]


def drives(at_s: float, x: float = 200.0) -> Route:
    """Straight on; the rear passes the stop line at `at_s`."""
    way = points((at_s - 2.4, x, 460), (at_s + 3.6, x, 60))
    return lambda t_s: way(t_s) if at_s - 2.4 <= t_s <= at_s + 3.6 else None


def waits(from_s: float, x: float, y: float = 308.0) -> Route:
    """Comes to the line and stands before it, the rear `y - 300` px from it."""
    way = points((from_s, x, 470), (from_s + 2.5, x, y))
    return lambda t_s: way(t_s) if t_s >= from_s else None
