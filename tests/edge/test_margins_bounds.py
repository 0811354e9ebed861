"""A node may set every margin within its bounds: no stage falls over (what it then says is the node's own doing)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
import pytest

from common.margins import changed
from countries.vn.plates import parse
from edge.plate.in_view import PlateReadMargins
from edge.plate.layout import PlateLayoutMargins, layout_of
from edge.plate.reading import PlateMargins, read_plate
from edge.plate.spelling import PlateSpellingMargins
from edge.plate.views import PlateViewMargins, View, ViewBook
from edge.plate.vote import PlateVoteMargins
from edge.signals.heads import Signals
from edge.signals.lamp_margins import LampMargins
from edge.signals.margins import LampHistoryMargins
from edge.video.clock import StreamClock
from edge.video.cut import CutMargins, CutWatch
from edge.video.margins import ArrivalMargins, ClockMargins, StreamTimeMargins
from edge.video.stream_time import StreamTime
from evidence.acts import VehicleClass
from models.detector import suppress
from models.detector_margins import DetectorMargins
from models.line_reader import LineReaderMargins, merit, straightened
from models.plate_colour import PlateColourMargins, plate_colour
from models.plate_geometry import PlateGeometryMargins, line_counts, split_lines
from models.plates import Corners, LineReading, PlateBox, PlateReading
from zones.schema import SignalHead

T = TypeVar("T")
SEEDS = range(25)


def anywhere(margins: T, rng: random.Random) -> T:
    """The same margins, each on a bound of its own, far off or as it was."""
    told: dict[str, float] = {}
    for each in fields(margins):  # type: ignore[arg-type]
        least, most = each.metadata["least"], each.metadata["most"]
        far = min(most, max(least, 5 * getattr(margins, each.name) + 1))
        value = rng.choice([least, far, getattr(margins, each.name)])
        told[each.name] = int(value) if each.type == "int" else value
    return changed(margins, told, where="node.yaml")


@pytest.mark.parametrize("seed", SEEDS)
def test_no_number_of_the_lamps_stops_them(seed: int) -> None:
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    head = SignalHead.model_validate({"id": "h", "box": (4, 4, 16, 40)})
    signals = Signals(
        [head],
        lamp_margins=anywhere(LampMargins(), rng),
        history_margins=anywhere(LampHistoryMargins(), rng),
    )
    for index in range(30):
        image = noise.integers(0, 256, (48, 20, 3), dtype=np.uint8) if index % 3 else np.zeros((48, 20, 3), np.uint8)
        signals.observe(index, index / 10, image)
    for span in signals.histories["h"].spans(0.0, 3.0):
        assert span.to_s >= span.from_s


class Perception:
    """Finds a plate anywhere and reads it wrongly."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def find(self, crop_bgr: np.ndarray) -> list[PlateBox]:
        height, width = crop_bgr.shape[:2]
        x, y = self._rng.uniform(0, width * 0.7), self._rng.uniform(0, height * 0.7)
        return [PlateBox((x, y, x + 0.3 * width, y + 0.2 * height), self._rng.random())]

    def read(self, plate_bgr: np.ndarray, corners: Corners | None = None) -> list[PlateReading]:
        return [reading(self._rng, name) for name in ("one", "two")]


def reading(rng: random.Random, reader: str) -> PlateReading:
    text = rng.choice(["36A12345", "3OA1Z345", "36B5", "", "29H1123"])
    line = LineReading(
        text,
        (0.9,) * len(text),
        tuple(((c, 0.9), ("8", 0.1)) for c in text),
        tuple((i + 0.5) / max(len(text), 1) for i in range(len(text))),
    )
    return PlateReading((line,) if text else (), reader)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_number_of_the_plates_stops_them(seed: int) -> None:
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    margins = PlateMargins(
        read=anywhere(PlateReadMargins(), rng),
        layout=anywhere(PlateLayoutMargins(), rng),
        spelling=anywhere(PlateSpellingMargins(), rng),
        vote=anywhere(PlateVoteMargins(), rng),
        colour=anywhere(PlateColourMargins(), rng),
    )
    book = ViewBook(anywhere(PlateViewMargins(), rng))
    image = noise.integers(0, 256, (120, 160, 3), dtype=np.uint8)
    for index in range(8):
        book.offer(1, index, index / 5, (10 + index, 10, 100 + index, 110), image)
    views: Sequence[View] = book.of(1, 0.0).own
    plate = read_plate(views, Perception(rng), VehicleClass.CAR, margins).plate
    assert plate.text is None or parse(plate.text).known
    layout_of(reading(rng, "one"), margins.layout)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_number_of_the_networks_stops_what_stands_around_them(seed: int) -> None:
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    geometry, lines = anywhere(PlateGeometryMargins(), rng), anywhere(LineReaderMargins(), rng)
    crop = noise.integers(0, 256, (rng.randrange(6, 60), rng.randrange(6, 120), 3), dtype=np.uint8)
    for picture in straightened(crop, ((1.0, 1.0), (5.0, 1.0), (5.0, 4.0), (1.0, 4.0)), lines, geometry):
        assert picture.shape[0] <= 480, "strokes are looked for in no larger a picture"
        for count in line_counts(picture, geometry):
            assert len(split_lines(picture, count, geometry)) == count
    merit(reading(rng, "one"), lines)
    plate_colour(crop, anywhere(PlateColourMargins(), rng))
    corner = noise.uniform(0, 90, (40, 2))
    boxes = np.concatenate([corner, corner + noise.uniform(1, 40, (40, 2))], 1).astype(np.float32)
    kept = suppress(boxes, noise.random(40, np.float32), noise.integers(0, 5, 40), anywhere(DetectorMargins(), rng))
    assert len(kept) <= 40


@pytest.mark.parametrize("seed", SEEDS)
def test_no_number_of_the_video_stops_it(seed: int) -> None:
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    watch: CutWatch[int] = CutWatch(anywhere(CutMargins(), rng))
    view = noise.integers(0, 256, (54, 96, 3), dtype=np.uint8)
    came = []
    for index in range(20):
        if index % 7 == 6:
            view = noise.integers(0, 256, (54, 96, 3), dtype=np.uint8)
        came += watch.feed(index, np.roll(view, index % 3, axis=1), index / 12.5)
    assert [i for i, _ in came + watch.flush()] == list(range(20))
    line: StreamTime[Any] = StreamTime(
        1 / 90_000, 0.08, live=True,
        margins=anywhere(StreamTimeMargins(), rng), arrival_margins=anywhere(ArrivalMargins(), rng),
    )  # fmt: skip
    clock = StreamClock(file=False, system_synchronised=lambda: True, margins=anywhere(ClockMargins(), rng))
    clock.start_segment(0.0)
    packet, stamped = SimpleNamespace(), []
    for index in range(120):
        slip = rng.choice([0, 0, 0, 0, 90_000 * 50, -90_000 * 3])
        stamped += line.feed(packet, index * 7200 + slip, 100.0 + index * 0.08 + rng.random() * 0.2)
    stamped += line.flush()
    assert len(stamped) == 120
    for each in stamped:
        t_s = max(each.ticks / 90_000, 0.0)
        clock.observe_arrival(t_s, datetime.fromtimestamp(1e9 + t_s, UTC), each.arrival_s, sure=each.sure)
        clock.state(t_s)
