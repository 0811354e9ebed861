"""From measurements to what the camera does: knocked, sagging, swung by wind, swung and knocked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.watch.position import PositionMargins, Sample, Verdict, judged

M = PositionMargins()
LIMITS = np.full(4, 3.0, np.float32)


def first_verdict(way: Callable[[float], tuple[float, float]], *, noise_px: float = 0.3, fps: float = 8.0) -> Verdict:
    rng = np.random.default_rng(1)
    samples: list[Sample] = []
    for index in range(int(20 * fps)):
        t_s = index / fps
        samples.append(Sample(t_s, np.tile(way(t_s), (4, 1)) + rng.normal(0, noise_px, (4, 2))))
        verdict = judged(samples, LIMITS, t_s, 0.0, M)
        if verdict is not None:
            return verdict
    raise AssertionError("no verdict after the longest time")


@pytest.mark.parametrize(
    ("why", "way", "place"),
    [
        ("at rest", lambda t: (0, 0), "in_place"),
        ("within the limit", lambda t: (2, -1), "in_place"),
        ("knocked", lambda t: (0, -8), "moved"),
        ("sagging 1 px a second, now 5 px", lambda t: (0, 5 + t), "moved"),
        ("wind, 2 Hz", lambda t: (3 * np.sin(9 * t), 8 * np.sin(12.6 * t)), "shaking"),
        ("a slow mast, 0.5 Hz", lambda t: (8 * np.sin(3.1 * t), 0), "shaking"),
        ("wind about a place that is no longer the old one", lambda t: (0, 12 + 8 * np.sin(12.6 * t)), "moved"),
        ("knocked while it is looked at", lambda t: (0, 12.0 * (t > 0.6)), "moved"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_camera_does(why: str, way: Callable[[float], tuple[float, float]], place: str) -> None:
    assert first_verdict(way).place == place


@settings(max_examples=60, deadline=None)
@given(
    st.floats(4.5, 40.0), st.floats(0, 6.28), st.floats(0.0, 8.0), st.floats(0.6, 3.0), st.floats(0, 6.28),
    st.sampled_from([4.0, 6.0, 8.0]),
)  # fmt: skip
def test_whoever_was_knocked_is_never_in_place_however_the_wind_blows(
    far: float, where: float, swing: float, hertz: float, phase: float, fps: float
) -> None:
    def way(t_s: float) -> tuple[float, float]:
        wind = swing * np.sin(2 * np.pi * hertz * t_s + phase)
        return far * np.cos(where), far * np.sin(where) + wind

    if swing and abs((2 * hertz) % fps) < 0.7:  # looked at in step with the swing: it seems to stand
        return
    assert first_verdict(way, fps=fps).place == "moved"
