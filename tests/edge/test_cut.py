"""A cut in the picture is a cut in the stream; weather, lamps, lorries and a shaken pole are none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.cut import CutMargins, CutWatch, quantile
from edge.video.source import VideoSource
from tests.footage import FOOTAGE

CLIPS = Path(__file__).resolve().parents[2] / "tools" / "clips"
SEEN = sorted(CLIPS.glob("*.mp4")) + (sorted(FOOTAGE.glob("*/*.mp4")) + sorted(FOOTAGE.glob("*/*.avi")))
RNG = np.random.default_rng(5)
FPS = 12.5
Pictures = list[np.ndarray]


def street(seed: int) -> np.ndarray:
    """A view with much structure: buildings, kerbs, trees."""
    rng = np.random.default_rng(seed)
    image = np.full((270, 480, 3), 110, np.uint8)
    for _ in range(120):
        x, y = int(rng.integers(0, 480)), int(rng.integers(0, 270))
        colour = tuple(int(v) for v in rng.integers(30, 220, 3))
        cv2.rectangle(image, (x, y), (x + int(rng.integers(8, 60)), y + int(rng.integers(6, 40))), colour, -1)
    return image


def traffic(view: np.ndarray, count: int, *, from_s: float = 0.0, seed: int = 1) -> Pictures:
    """Thirty vehicles that move by a few pixels a picture; those of another moment stand elsewhere."""
    rng = np.random.default_rng(seed + int(from_s))
    cars = [
        (rng.uniform(0, 480), rng.uniform(60, 250), rng.uniform(-3, 3), rng.integers(20, 235, 3)) for _ in range(30)
    ]
    out = []
    for index in range(count):
        image = view.copy()
        for x, y, speed, colour in cars:
            left, top = int(x + speed * index), int(y)
            fill = tuple(int(v) for v in colour)
            cv2.rectangle(image, (left, top), (left + 40, top + 22), fill, -1)
            cv2.rectangle(image, (left + 8, top + 4), (left + 30, top + 10), (240, 240, 240), -1)
        noise = RNG.normal(0, 2, image.shape)
        out.append(np.clip(image + noise, 0, 255).astype(np.uint8))
    return out


def cuts(pictures: Pictures, margins: CutMargins | None = None) -> list[int]:
    watch: CutWatch[int] = CutWatch(margins)
    out = [pair for i, image in enumerate(pictures) for pair in watch.feed(i, image, i / FPS)] + watch.flush()
    assert [i for i, _ in out] == list(range(len(pictures)))  # every picture comes out, in order
    return [i for i, cut in out if cut]


def test_another_view_is_a_cut() -> None:
    assert cuts(traffic(street(1), 30) + traffic(street(2), 20)) == [30]


def test_the_same_view_at_another_moment_is_a_cut() -> None:
    view = street(1)
    assert cuts(traffic(view, 30) + traffic(view, 20, from_s=60)) == [30]


def flash(pictures: Pictures) -> Pictures:
    return [np.clip(p * 1.8 + 50.0, 0, 255).astype(np.uint8) if i in (20, 21) else p for i, p in enumerate(pictures)]


def exposure(pictures: Pictures) -> Pictures:
    return [(p * 0.55).astype(np.uint8) if i >= 20 else p for i, p in enumerate(pictures)]


def shifted(image: np.ndarray, dx: float, dy: float) -> np.ndarray:
    matrix = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32)
    return cv2.warpAffine(image, matrix, (480, 270), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def shake(pictures: Pictures) -> Pictures:
    moves = RNG.normal(0, 3, (len(pictures), 2))
    return [shifted(p, *moves[i]) if 15 <= i < 40 else p for i, p in enumerate(pictures)]


def knock(pictures: Pictures) -> Pictures:
    return [shifted(p, 9, 5) if i >= 20 else p for i, p in enumerate(pictures)]


def headlights(pictures: Pictures) -> Pictures:
    out = []
    for i, picture in enumerate(pictures):
        dark = (picture * 0.15).astype(np.uint8)
        if i >= 20:
            cv2.circle(dark, (400 - 8 * (i - 20), 180), 45, (250, 250, 250), -1)
        out.append(dark)
    return out


def lorry(pictures: Pictures) -> Pictures:
    """A wall of a lorry over most of the picture, in and out within a second each."""
    wall = cv2.resize(RNG.integers(40, 220, (9, 14, 3)).astype(np.uint8), (400, 270), interpolation=cv2.INTER_NEAREST)
    out = []
    for i, picture in enumerate(pictures):
        left = 480 - 40 * (i - 15)
        shown = picture.copy()
        low, high = max(left, 0), min(left + 400, 480)
        if low < high and i >= 15:
            shown[:, low:high] = wall[:, low - left : high - left]
        out.append(shown)
    return out


@pytest.mark.parametrize("change", [flash, exposure, shake, knock, headlights, lorry, list], ids=lambda c: c.__name__)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_no_cut(change: Callable[[Pictures], Pictures], seed: int) -> None:
    assert cuts(change(traffic(street(seed), 60, seed=seed))) == []


def test_the_margins_that_are_handed_in_are_those_that_judge() -> None:
    pictures = [*traffic(street(1), 20), *traffic(street(2), 20)]
    assert cuts(pictures) == [20]
    assert cuts(pictures, CutMargins(other_view=1.0, same_view=1.0)) == []


@pytest.mark.footage
@pytest.mark.parametrize("clip", SEEN, ids=lambda p: p.stem)
def test_no_clip_of_a_real_or_drawn_street_has_a_cut(clip: Path) -> None:
    watch: CutWatch[int] = CutWatch()
    found = []
    with av.open(str(clip)) as container:
        for index, frame in enumerate(islice(container.decode(video=0), 100)):
            found += watch.feed(index, frame.to_ndarray(format="bgr24"), frame.time or 0.0)
    assert [i for i, cut in found if cut] == []


def test_a_spliced_file_is_two_segments_whose_acts_say_so(tmp_path: Path) -> None:
    view = street(1)
    pictures = traffic(view, 30) + traffic(street(2), 25)
    path = tmp_path / "spliced.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = 480, 270, "yuv420p"
        for image in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    source = VideoSource(path)
    frames = list(source.frames())
    assert [f.index for f in frames] == list(range(55))
    assert [f.segment for f in frames] == [0] * 30 + [1] * 25
    assert source.status().cuts == 1
    assert "picture_cut" in source.clock.state(1.0, 0.0, 2.0)[1]
    assert "picture_cut" not in source.clock.state(0.5, 0.0, 1.0)[1]


@given(st.lists(st.integers(0, 15), min_size=1, max_size=144), st.floats(0, 1))
def test_a_quantile_is_that_of_numpy_to_the_last_bit(places: list[int], share: float) -> None:
    values = np.array(places)
    assert quantile(values, share) == np.quantile(values, share)
