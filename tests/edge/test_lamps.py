"""The lamp reader on drawn heads and on the clips, and the steadying over time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.lamps import HeadReader, LampHistory, LampReading, ReportedLamps, Signals, lenses_of
from edge.source import VideoSource
from evidence.acts import LampState
from tests.edge.roads import GREEN, OFF, RED, UNKNOWN, YELLOW
from zones.load import load_scene
from zones.schema import SignalHead

FOOTAGE = Path(__file__).resolve().parents[2].parent / "shared" / "footage"
EXAMPLES = Path(__file__).resolve().parents[2] / "zones" / "examples"
X, Y = 40, 30
BGR = {"red": (30, 30, 230), "yellow": (40, 190, 230), "green": (160, 220, 60)}


def head(orientation: str = "vertical", width: int = 12) -> SignalHead:
    box = (X, Y, X + width, Y + 3 * width) if orientation == "vertical" else (X, Y, X + 3 * width, Y + width)
    return SignalHead.model_validate({"id": "h", "box": box, "orientation": orientation})


def picture(
    lit: str | None, *, width: int = 12, gain: float = 1.0, background: int = 60, white_core: bool = False,
    orientation: str = "vertical", noise: float = 4.0, seed: int = 1,
) -> np.ndarray:  # type: ignore[type-arg]  # fmt: skip
    """A dark head with three lenses, one of them lit."""
    image = np.full((120, 160, 3), background, np.float32)
    for lens in lenses_of(head(orientation, width)):
        x1, y1, x2, y2 = (int(v) for v in lens.box)
        image[y1:y2, x1:x2] = 25
        middle, radius = ((x1 + x2) // 2, (y1 + y2) // 2), max(2, int((x2 - x1) * 0.36))
        colour = BGR[lens.colour] if lens.colour == lit else (45, 48, 50)
        cv2.circle(image, middle, radius, tuple(float(c) for c in colour), -1)
        if white_core and lens.colour == lit:
            cv2.circle(image, middle, max(1, radius - 1), (225.0, 235.0, 250.0), -1)
    image = cv2.GaussianBlur(image, (3, 3), 0.7) * gain
    image += np.random.default_rng(seed).normal(0, noise, image.shape)
    return image.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("width", [6, 10, 18])
@pytest.mark.parametrize("orientation", ["vertical", "horizontal"])
@pytest.mark.parametrize("lit", ["red", "yellow", "green", None])
def test_colours_are_read_down_to_six_pixels_a_lens(lit: str | None, orientation: str, width: int) -> None:
    image = picture(lit, width=width, orientation=orientation)
    assert HeadReader(head(orientation, width)).read(image).state == (LampState(lit) if lit else OFF)


@pytest.mark.parametrize("lit", ["red", "green"])
@pytest.mark.parametrize("gain", [0.55, 0.8, 1.3])
def test_dim_and_bright_lamps_are_read(lit: str, gain: float) -> None:
    assert HeadReader(head()).read(picture(lit, gain=gain)).state == LampState(lit)


@pytest.mark.parametrize("lit", ["red", "green"])
@pytest.mark.parametrize("gain", [0.6, 1.0, 1.3])
def test_a_head_upside_down_never_shows_the_opposite(lit: str, gain: float) -> None:
    image = picture(lit, gain=gain)
    tint = np.array([0, 30, 0] if lit == "red" else [0, 0, 30], np.uint8)  # leaves behind it, a brick wall
    image[image.max(axis=2) < 90] += tint
    image[Y : Y + 3 * 12] = image[Y : Y + 3 * 12][::-1]
    assert HeadReader(head()).read(image).state in (UNKNOWN, OFF)


def test_an_over_exposed_core_is_read_by_its_rim() -> None:
    assert HeadReader(head()).read(picture("red", white_core=True)).state == RED


@pytest.mark.parametrize(
    ("colour", "what"),
    [
        ((40, 40, 220), "a red bus"),
        ((240, 240, 240), "a white lorry"),
        ((70, 200, 90), "a green bus"),
        ((8, 8, 8), "night"),
    ],
)
def test_what_hides_the_whole_head_shows_no_colour(colour: tuple[int, int, int], what: str) -> None:
    image = np.full((120, 160, 3), colour, np.uint8)
    assert HeadReader(head()).read(image).state in (OFF, UNKNOWN), what


def test_a_head_outside_the_picture_is_unknown() -> None:
    outside = SignalHead.model_validate({"id": "h", "box": [500, 500, 512, 536]})
    assert HeadReader(outside).read(picture("red")).state == UNKNOWN


@settings(max_examples=60, deadline=None)
@given(
    lit=st.sampled_from(["red", "yellow", "green"]), gain=st.floats(0.45, 1.4), background=st.integers(0, 200),
    noise=st.floats(0, 8), width=st.integers(6, 20), seed=st.integers(0, 99), core=st.booleans(),
)  # fmt: skip
def test_one_colour_is_never_called_another(
    lit: str, gain: float, background: int, noise: float, width: int, seed: int, core: bool
) -> None:
    image = picture(lit, width=width, gain=gain, background=background, noise=noise, seed=seed, white_core=core)
    assert HeadReader(head(width=width)).read(image).state in (LampState(lit), OFF, UNKNOWN)


def steadied(states: list[LampState], fps: float) -> list[tuple[LampState, int]]:
    history = LampHistory(head())
    for index, state in enumerate(states):
        history.add(index, index / fps, LampReading(state, 1.0))
    return [(span.state, span.from_frame) for span in history.spans(0, 1e9)]


@pytest.mark.parametrize(
    ("states", "fps", "expected"),
    [
        ([GREEN] * 10 + [RED] * 10, 10, [(GREEN, 0), (RED, 10)]),
        ([RED] * 10 + [UNKNOWN] + [RED] * 10, 10, [(RED, 0)]),
        ([RED] * 10 + [OFF] * 3 + [RED] * 10, 10, [(RED, 0)]),
        ([RED] * 10 + [GREEN] + [RED] * 10, 10, [(RED, 0)]),
        ([RED] * 10 + [OFF] * 20, 10, [(RED, 0), (OFF, 10)]),
        ([YELLOW] * 45 + [OFF] * 3 + [RED] * 20, 25, [(YELLOW, 0), (RED, 48)]),
        ([GREEN] * 7 + [OFF] * 18 + [RED] * 9, 6, [(GREEN, 0), (OFF, 7), (RED, 25)]),
        ([RED, OFF] * 20, 25, [(RED, 0)]),
    ],
    ids=[
        "change",
        "one frame lost",
        "flicker",
        "one wrong frame",
        "goes dark",
        "bangkok",
        "hanoi",
        "LED against shutter",
    ],
)
def test_a_state_is_believed_when_it_lasts_and_dated_back_to_its_first_frame(
    states: list[LampState], fps: float, expected: list[tuple[LampState, int]]
) -> None:
    assert steadied(states, fps) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(list(LampState)), min_size=1, max_size=80), st.sampled_from([6.0, 12.5, 25.0]))
def test_spans_are_in_order_and_each_state_was_really_seen(states: list[LampState], fps: float) -> None:
    history = LampHistory(head())
    for index, state in enumerate(states):
        history.add(index, index / fps, LampReading(state, 1.0))
    spans = history.spans(0, 1e9)
    assert [s.from_frame for s in spans] == sorted({s.from_frame for s in spans})
    assert all(states[s.from_frame] == s.state for s in spans)
    assert all(history.at(s.from_frame / fps) == s.state for s in spans)


def test_while_nobody_looks_a_head_may_show_anything() -> None:
    history = LampHistory(head())
    for index, t_s in enumerate([*np.arange(0, 3, 0.1), *np.arange(13, 16, 0.1)]):
        history.add(index, float(t_s), LampReading(RED, 1.0))
    assert [s.state for s in history.spans(0, 99)] == [RED, UNKNOWN, RED]
    assert history.at(8.0) == UNKNOWN
    assert history.since(15.0) == pytest.approx(13.0)
    assert not history.onset_seen(15.0)


def test_a_controllers_report_grows_stale() -> None:
    feed = ReportedLamps(stale_s=2.0)
    controlled = SignalHead.model_validate({"id": "h", "source": "controller", "governs": ["line"]})
    signals = Signals([controlled], feed=feed)
    image = picture("green")
    feed.report("h", RED, 0.0)
    for index in range(60):
        signals.observe(index, index / 10, image)
    history = signals.histories["h"]
    assert [(s.state, s.from_frame) for s in history.spans(0, 10)] == [(RED, 0), (UNKNOWN, 21)]


@pytest.mark.footage
@pytest.mark.parametrize("clip", ["hanoi_giang_vo", "bangkok", "saudi_pickup", "colorado_springs", "portland"])
def test_the_phases_of_the_clips_are_read(clip: str) -> None:
    """Every head against the truth, frame by frame: red and green are never exchanged, onsets within two frames."""
    video = FOOTAGE / "red_light" / f"{clip}.mp4"
    if not video.is_file():
        pytest.skip("the footage of ../shared is not beside the checkout")
    truth: dict[str, Any] = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    signals = Signals(load_scene(EXAMPLES / f"{clip}.yaml").scene.signals)
    source = VideoSource(video)
    source.start()
    times = {}
    for frame in source.frames():
        signals.observe(frame.index, frame.t_s, frame.image)
        times[frame.index] = frame.t_s
    phases = truth["signals"][0]["phases"]
    for history in signals.histories.values():
        for phase in phases:
            first, last = phase["frames"]
            wanted = phase["state"].split("_")[0].split("/")[0]
            seen = {history.at(times[f]).value for f in range(first + 2, min(last, max(times)) - 1)}
            if wanted in ("red", "green"):
                assert seen == {wanted}, (history.head.id, phase)
            else:
                assert not seen & {"green"}, (history.head.id, phase)
        red = next(p for p in phases if p["state"] == "red")["frames"][0]
        span = next(s for s in history.spans(0, 1e9) if s.state == RED)
        assert abs(span.from_frame - red) <= 2
