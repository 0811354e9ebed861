"""The lamp reader on drawn heads and on the clips, and the steadying over time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.margins import explained
from edge.signals.controller_margins import ControllerMargins
from edge.signals.heads import Signals
from edge.signals.history import LampHistory
from edge.signals.lamp_margins import LampMargins
from edge.signals.margins import LampHistoryMargins
from edge.signals.pixels import HeadReader, lamp_state, lenses_of
from edge.signals.reading import LampReading
from edge.video.source import VideoSource
from evidence.acts import LampState
from tests.edge.roads import GREEN, OFF, RED, UNKNOWN, YELLOW
from tests.footage import FOOTAGE
from zones.load import load_scene
from zones.schema import SignalHead

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


@pytest.mark.parametrize("width", [5, 6, 8, 12])
@pytest.mark.parametrize("lit", ["red", "green", None])
@pytest.mark.parametrize(
    ("paint", "colour"), [((50, 180, 215), "yellow"), ((70, 200, 235), "yellow"), ((60, 150, 60), "green")]
)
def test_the_colour_of_a_sunlit_housing_is_no_light(
    width: int, lit: str | None, paint: tuple[int, int, int], colour: str
) -> None:
    """Visors throw shade on it, so that one lens' surroundings are brighter than those of the others."""
    seen = set()
    for seed, shade in enumerate([(1.0, 1.0, 1.0), (0.5, 1.0, 0.8), (0.6, 1.1, 0.7), (0.4, 0.9, 0.6), (0.5, 0.6, 1.1)]):
        for gain in (0.8, 1.0, 1.2):
            seen.add(HeadReader(head(width=width)).read(painted_head(lit, width, paint, shade, gain, seed)).state)
    if lit != colour:
        assert LampState(colour) not in seen
    assert seen <= ({LampState(lit), UNKNOWN} if lit else {OFF, UNKNOWN})


def painted_head(
    lit: str | None, width: int, paint: tuple[int, int, int], shade: tuple[float, ...], gain: float, seed: int
) -> np.ndarray:  # type: ignore[type-arg]
    image = np.full((120, 160, 3), 60, np.float32)
    image[Y - 3 : Y + 3 * width + 3, X - 3 : X + width + 3] = paint
    for lens, light in zip(lenses_of(head(width=width)), shade, strict=True):
        x1, y1, x2, y2 = (int(v) for v in lens.box)
        image[y1:y2, x1 - 3 : x2 + 3] *= light
        colour = BGR[lens.colour] if lens.colour == lit else (45, 48, 50)
        middle = ((x1 + x2) // 2, (y1 + y2) // 2)
        cv2.circle(image, middle, max(1, int(width * 0.3)), tuple(float(c) for c in colour), -1)
    image = cv2.GaussianBlur(image, (3, 3), 0.7) * gain
    image += np.random.default_rng(seed).normal(0, 4, image.shape)
    return image.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("width", [8, 12, 18])
@pytest.mark.parametrize("gain", [0.6, 1.0, 1.3])
@pytest.mark.parametrize(
    ("lit", "lenses", "never"),
    [
        ("yellow", -1, "red"),
        ("green", -1, "yellow"),
        ("green", -2, "red"),
        ("red", 1, "yellow"),
        ("yellow", 1, "green"),
        ("red", 2, "green"),
    ],
)
def test_a_picture_moved_by_a_lens_shows_no_other_colour(
    lit: str, lenses: int, never: str, width: int, gain: float
) -> None:
    image = np.roll(picture(lit, width=width, gain=gain), lenses * width, axis=0)
    state = HeadReader(head(width=width)).read(image).state
    assert state != LampState(never)
    assert state in (OFF, UNKNOWN)


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


def cycle(*phases: tuple[float, LampState]) -> Callable[[float], LampState]:
    """What a head shows that goes through (seconds, state) again and again."""
    ends = np.cumsum([seconds for seconds, _ in phases])
    return lambda t_s: phases[int(np.searchsorted(ends, t_s % ends[-1] + 1e-9, side="right")) % len(phases)][1]


def watched(shown: Callable[[float], LampState], fps: float, until_s: float = 12.0) -> LampHistory:
    history = LampHistory(head())
    for index in range(round(until_s * fps)):
        history.add(index, index / fps, LampReading(shown(index / fps), 1.0))
    return history


@pytest.mark.parametrize("fps", [12.5, 15, 25])
@pytest.mark.parametrize("colour", [RED, GREEN])
@pytest.mark.parametrize(
    ("why", "lit_s", "dark_s"),
    [
        ("dark for six pictures in a row", 0.3, 0.3),
        ("lit in a third of the pictures", 0.15, 0.3),
        ("a slow beat", 1.6, 0.4),
        ("a slower beat", 2.2, 0.8),
    ],
)
@pytest.mark.parametrize("first", ["lit", "dark"])
def test_an_led_that_flickers_in_video_is_steady(
    why: str, lit_s: float, dark_s: float, colour: LampState, fps: float, first: str
) -> None:
    phases = [(lit_s, colour), (dark_s, OFF)]
    history = watched(cycle(*(phases if first == "lit" else phases[::-1])), fps)
    assert [s.state for s in history.spans(0, 99)] == [colour], why
    assert history.at(11.9) == colour


@pytest.mark.parametrize("every", [2, 3])
@pytest.mark.parametrize("fps", [12.5, 15, 25])
def test_an_led_dark_or_lit_in_every_third_picture_is_steady(every: int, fps: float) -> None:
    for shown in (lambda i: OFF if i % every == 0 else RED, lambda i: RED if i % every == 0 else OFF):
        assert [state for state, _ in steadied([shown(i) for i in range(round(8 * fps))], fps)] == [RED]


def test_an_arrow_that_flickers_is_believed_beside_the_state_before() -> None:
    arrow = [RED] * 75 + [GREEN if i % 3 == 0 else OFF for i in range(150)] + [RED] * 75
    assert steadied(arrow, 15) == [(RED, 0), (GREEN, 75), (RED, 225)]


@pytest.mark.parametrize("fps", [6, 10, 12.5, 15, 25])
@pytest.mark.parametrize("colour", [RED, YELLOW, GREEN])
@pytest.mark.parametrize(("lit_s", "dark_s"), [(0.5, 0.5), (0.75, 0.75), (1.0, 1.0), (0.5, 0.7), (0.6, 0.6)])
@pytest.mark.parametrize("first", ["lit", "dark"])
def test_a_flashing_head_is_never_held_as_steady(
    lit_s: float, dark_s: float, colour: LampState, fps: float, first: str
) -> None:
    phases = [(lit_s, colour), (dark_s, OFF)]
    history = watched(cycle(*(phases if first == "lit" else phases[::-1])), fps)
    assert {s.state for s in history.spans(2 * (lit_s + dark_s) + 1.0, 99)} == {UNKNOWN}
    assert history.at(8.0) == UNKNOWN
    assert colour not in {s.state for s in history.spans(0, 99)}


def test_what_was_steady_before_it_flashed_stays_and_what_is_steady_after_it_begins_anew() -> None:
    shown = [RED] * 100 + ([OFF] * 5 + [GREEN] * 5) * 5 + [YELLOW] * 30 + [RED] * 60
    assert steadied(shown, 10) == [(RED, 0), (UNKNOWN, 100), (YELLOW, 150), (RED, 180)]


def test_a_head_that_others_hide_twice_does_not_flash() -> None:
    hidden = [RED] * 40 + [UNKNOWN] * 5 + [RED] * 6 + [UNKNOWN] * 5 + [RED] * 40
    assert steadied(hidden, 10) == [(RED, 0)]
    longer = [RED] * 40 + [UNKNOWN] * 8 + [RED] * 6 + [UNKNOWN] * 8 + [RED] * 40
    assert [s for s, _ in steadied(longer, 10)] == [RED, UNKNOWN, RED, UNKNOWN, RED]


def test_a_head_that_goes_out_or_stays_hidden_is_no_longer_what_it_was() -> None:
    assert steadied([RED] * 20 + [OFF, UNKNOWN, UNKNOWN] * 10, 10) == [(RED, 0), (UNKNOWN, 21)]
    assert steadied([RED] * 20 + [OFF, OFF, UNKNOWN] * 10, 10) == [(RED, 0), (OFF, 20)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(list(LampState)), min_size=1, max_size=80), st.sampled_from([6.0, 12.5, 25.0]))
def test_spans_are_in_order_and_each_state_was_really_seen(states: list[LampState], fps: float) -> None:
    history = LampHistory(head())
    for index, state in enumerate(states):
        history.add(index, index / fps, LampReading(state, 1.0))
    spans = history.spans(0, 1e9)
    assert [s.from_frame for s in spans] == sorted({s.from_frame for s in spans})
    # flashing is unknown though each picture of it was known
    assert all(states[s.from_frame] == s.state or s.state == UNKNOWN for s in spans)
    assert all(history.at(s.from_frame / fps) == s.state for s in spans)


def test_while_nobody_looks_a_head_may_show_anything() -> None:
    history = LampHistory(head())
    for index, t_s in enumerate([*np.arange(0, 3, 0.1), *np.arange(13, 16, 0.1)]):
        history.add(index, float(t_s), LampReading(RED, 1.0))
    assert [s.state for s in history.spans(0, 99)] == [RED, UNKNOWN, RED]
    assert history.at(8.0) == UNKNOWN
    assert history.since(15.0) == pytest.approx(13.0)
    assert not history.onset_seen(15.0)


def test_the_margins_that_are_handed_in_are_those_that_judge() -> None:
    """What no lens of a dim picture reaches any more is off; a history told to wait for longer believes later."""
    dim = picture("red", gain=0.6)
    assert HeadReader(head()).read(dim).state == RED
    assert HeadReader(head(), LampMargins(lit=0.9, dark=0.8)).read(dim).state == OFF
    signals = Signals([head()], lamp_margins=LampMargins(lit=0.9, dark=0.8))
    patient = Signals([head()], history_margins=LampHistoryMargins(hold_s=1.0))
    for index in range(10):
        signals.observe(index, index / 10, dim)
        patient.observe(index, index / 10, dim)
    assert [s.state for s in signals.histories["h"].spans(0, 9)] in ([], [OFF])
    assert patient.histories["h"].at(0.9) == UNKNOWN


@pytest.mark.parametrize(
    "margins", [LampMargins(), LampHistoryMargins(), ControllerMargins()], ids=lambda m: type(m).__name__
)
def test_every_number_of_the_lamps_says_its_unit_reason_and_source(margins: object) -> None:
    assert all(m.unit and m.why and m.source for m in explained(margins))


@pytest.mark.footage
@pytest.mark.parametrize("clip", ["hanoi_giang_vo", "bangkok", "saudi_pickup", "colorado_springs", "portland"])
def test_the_phases_of_the_clips_are_read(clip: str) -> None:
    """Every head against the truth, frame by frame: red and green are never exchanged, onsets within two frames."""
    video = FOOTAGE / "red_light" / f"{clip}.mp4"
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


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**16),
    sizes=st.lists(st.integers(4, 900), min_size=1, max_size=4),
    levels=st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)),
    spread=st.integers(0, 120),
    around=st.booleans(),
)
def test_whole_grey_levels_are_read_as_their_fractions_would_be_to_the_last_bit(
    seed: int, sizes: list[int], levels: tuple[int, int, int], spread: int, *, around: bool
) -> None:
    rng = np.random.default_rng(seed)
    lit = rng.integers(0, len(sizes))
    crops = [
        (rng.normal(levels if i == lit else 40, spread, (size, 3))).clip(0, 255).astype(np.int16)
        for i, size in enumerate(sizes)
    ]
    housing = [crop[::3] for crop in crops] if around else []
    colours = [("red", "yellow", "green")[i % 3] for i in range(len(sizes))]
    whole, fractions = (
        lamp_state(colours, [c.astype(kind) for c in crops], [c.astype(kind) for c in housing], margins=LampMargins())
        for kind in (np.int16, np.float32)
    )
    assert whole == fractions
