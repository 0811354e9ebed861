"""From single measurements of where the picture lies to what the camera does: in place, shaken by wind, moved.

One measurement is enough to say that the camera is in place. That it is not needs several over some seconds, because
wind swings a mast to and fro about its place: then the middle of the swing counts, over two stretches that agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from common.margins import margin

Shifts = NDArray[np.float64]
Place = Literal["in_place", "shaking", "moved"]
_DRAWN = "drawn pictures knocked, swung and sagging, tests/edge/test_watch_position.py; not tuned further"


@dataclass(frozen=True)
class PositionMargins:
    """How far a picture may lie elsewhere, and how long it is looked at before that is said."""

    least_px: float = margin(
        3.0, "pixels", "a line or lamp may lie so far from where the scene has it: a third of what made a false act "
        "(10 px at a stop line, 12 px at lenses 20 px apart)", source="field trial, November 2026 (decision 34)",
    )  # fmt: skip
    share_of_width: float = margin(
        0.003, "share of the width", "or so far, if that is more: 1080p pictures lie 3 px off by measuring them small",
        source="as above; measured within 1.7 px at 1080p, 0.7 px at 640", most=0.1,
    )  # fmt: skip
    lens_share: float = margin(
        0.3, "share of the way to the next lens", "and a lens no farther than this: from half of it on its neighbour's "
        "light lies in its box", source="geometry: discs nearly touch each other", most=0.5,
    )  # fmt: skip
    every_s: float = margin(
        5.0, "s", "the picture is held against the reference so often", source="10 ms a time; a minute was asked",
        least=0.5, most=60.0,
    )  # fmt: skip
    closely_s: float = margin(
        0.12, "s", "and so often while something is out of place",
        source="eight a second catch a mast that swings at 2 Hz",
    )  # fmt: skip
    steady_s: float = margin(
        1.2, "s", "over so long a picture that stays is not swinging", source=_DRAWN, least=0.2,
    )  # fmt: skip
    steady: float = margin(
        0.35, "share of the limit", "its places then scatter by less than this", source=_DRAWN,
    )  # fmt: skip
    least_samples: int = margin(5, "pictures", "that were recognised, for any verdict", source=_DRAWN, least=2)
    swing_s: float = margin(
        4.0, "s", "a swing is judged by its middle over so long: some swings of a mast",
        source="masts swing at 0.5 to 2 Hz", least=0.5,
    )  # fmt: skip
    halves: float = margin(
        0.6, "share of the limit", "the middles of both halves lie so near to each other, or it is not over yet",
        source=_DRAWN,
    )  # fmt: skip
    reach: float = margin(
        1.5, "times the swing", "a picture that lies no farther off than so much of the swing seen last lies so by the "
        "wind, and what is measured in it is put back; gusts grow", source="not measured", least=1.0,
    )  # fmt: skip
    longest_s: float = margin(
        12.0, "s", "then a verdict is given in any case: what does not come to rest is judged by its middle",
        source="acts wait for it; the film of an act is kept for 45 s", least=1.0,
    )  # fmt: skip
    unrecognised_s: float = margin(
        20.0, "s", "a clear picture that is not recognised for so long shows something else: turned away, or covered",
        source="a bus that stops before the lens drives on sooner; acts wait for it",
    )  # fmt: skip
    clear: float = margin(
        0.6, "share of the reference's edges", "with so strong edges a picture is clear; with weaker ones (rain, dark) "
        "nobody knows", source=_DRAWN,
    )  # fmt: skip
    unsure_s: float = margin(
        60.0, "s", "when nothing was recognised for so long, nobody knows where the camera looks",
        source="a check a minute is what is asked",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """Where the counted points lay at a stream time: `[k, 2]` full pixels beside the reference."""

    t_s: float
    shifts: Shifts


@dataclass(frozen=True)
class Verdict:
    """`px`: by how much the counted point lies off that is worst beside its limit; `off`: that share of the limit.
    `swing`: how far single pictures lie from the middle, in limits; `middle [k, 2]`: where the points lie."""

    place: Place
    px: float
    off: float
    swing: float
    middle: Shifts


def off(shifts: Shifts, limits: NDArray[np.float32]) -> tuple[float, float]:
    """By how much of its limit the worst point lies off, and by how many pixels."""
    px = np.hypot(shifts[:, 0], shifts[:, 1])
    worst = int(np.argmax(px / limits))
    return float(px[worst] / limits[worst]), float(px[worst])


def judged(
    samples: Sequence[Sample], limits: NDArray[np.float32], now_s: float, begun_s: float, m: PositionMargins
) -> Verdict | None:
    """What the camera does, by the samples since `begun_s`; None: go on looking."""
    last = [s for s in samples if s.t_s >= now_s - m.steady_s]
    if len(last) >= m.least_samples and last[-1].t_s - last[0].t_s >= 0.5 * m.steady_s:
        verdict = _verdict(last, limits, swinging=False)
        if verdict.swing <= 2 * m.steady and _scatter(last, limits) <= m.steady:
            return verdict
    swing = [s for s in samples if s.t_s >= now_s - m.swing_s]
    over = now_s - begun_s >= m.longest_s
    if len(swing) < m.least_samples or (now_s - begun_s < m.swing_s and not over):
        return None
    half = len(swing) // 2
    drift = _middle(swing[:half]) - _middle(swing[half:])
    if off(drift, limits)[0] > m.halves and not over:
        return None
    return _verdict(swing, limits, swinging=True)


def _middle(samples: Sequence[Sample]) -> Shifts:
    return np.asarray(np.mean([s.shifts for s in samples], axis=0), dtype=np.float64)


def _scatter(samples: Sequence[Sample], limits: NDArray[np.float32]) -> float:
    spread = np.std([s.shifts for s in samples], axis=0)
    return float((np.hypot(spread[:, 0], spread[:, 1]) / limits).max())


def _verdict(samples: Sequence[Sample], limits: NDArray[np.float32], *, swinging: bool) -> Verdict:
    middle = _middle(samples)
    share, px = off(middle, limits)
    swing = max(off(s.shifts - middle, limits)[0] for s in samples)
    place: Place = "moved" if share > 1.0 else "shaking" if swinging else "in_place"
    return Verdict(place, px, share, swing, middle)
