"""Constant-velocity filter over boxes, all tracks at once: where each vehicle is expected in the next frame.

State per track: centre x, bottom y, width, height and their velocities per second. The bottom edge is tracked rather
than the centre because the rules ask where the wheels are. Noise grows with the height of the box, as in SORT and
ByteTrack, and with the time that passed, because our cameras run from 6 to 25 frames a second and lose frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin

Floats = NDArray[np.float64]
_LOWER_EDGE: Floats = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
_UPPER_EDGE: Floats = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, -1.0]])
"""What of a state is the middle of an edge, x and y."""
_TESTS = "chosen with the tracker's tests at 6 to 25 frames a second; no better source"
_BYTETRACK = "of the order of ByteTrack's 1/20 of the height (Zhang et al., ECCV 2022), then as the tests asked"


@dataclass(frozen=True)
class FilterMargins:
    """Standard deviations; heights are those of the track's box."""

    acceleration: float = margin(
        1.5, "heights/s2", "a vehicle changes its pace or way by so much: of a motorcycle 1.6 m tall some 2.4 m/s2",
        source=_TESTS,
    )  # fmt: skip
    growth_share: float = margin(
        0.3, "share of that", "width and height change their pace less than places do", source=_TESTS
    )
    wander: float = margin(
        0.01, "heights", "what a place drifts from one frame to the next without any acceleration", source=_TESTS
    )
    position_jitter: float = margin(0.04, "heights", "a detector's edges tremble by so much", source=_BYTETRACK)
    size_jitter: float = margin(
        0.06, "heights", "a width or a height is the difference of two edges that tremble", source=_BYTETRACK
    )
    contact_jitter: float = margin(
        0.08, "heights", "a lower edge that comes out from behind another vehicle jumps by more than it trembles",
        source=_TESTS,
    )  # fmt: skip
    first_times: float = margin(
        2.0, "times", "a first box is doubted by so many times its trembling", source="ByteTrack's"
    )
    first_velocity: float = margin(
        2.0, "heights/s", "of a new track any pace in town is possible: a deviation of some 3 m/s for a motorcycle",
        source=_TESTS,
    )  # fmt: skip
    first_growth: float = margin(0.5, "heights/s", "and any growth on the way to the camera", source=_TESTS)
    least_noise: float = margin(
        0.5, "times", "however sure the detector is, half of the trembling stays", source=_TESTS
    )
    most_noise: float = margin(
        1.5, "times", "a box of score 0 counts as trembling so much more, a surer one less by its score (NSA)",
        source="Du et al., StrongSORT, 2022, for the idea; " + _TESTS,
    )  # fmt: skip
    longest_step_s: float = margin(
        1.0, "s", "after a longer gap in the stream nothing is expected farther on: the pace of before tells no more",
        source=_TESTS,
    )  # fmt: skip


class BoxFilter:
    """Means `[N, 8]` and covariances `[N, 8, 8]`, one row a track, in the order of the tracks."""

    def __init__(self, margins: FilterMargins = FilterMargins()) -> None:
        self._margins = margins
        self.mean: Floats = np.zeros((0, 8))
        self.covariance: Floats = np.zeros((0, 8, 8))

    def boxes(self, rows: NDArray[np.int64]) -> Floats:
        """`[N, 4]` where the tracks of these rows are expected."""
        return to_boxes(self.mean[rows])

    def predict(self, dt_s: float) -> None:
        """Move every track `dt_s` seconds ahead."""
        m, dt_s = self._margins, min(dt_s, self._margins.longest_step_s)
        transition = np.eye(8)
        transition[:4, 4:] = np.eye(4) * dt_s
        height = np.maximum(self.mean[:, 3], 1.0)
        # White acceleration: position noise dt^2/2, velocity noise dt, both times the acceleration.
        acceleration = np.stack([m.acceleration * height] * 2 + [m.growth_share * m.acceleration * height] * 2, axis=1)
        step = np.concatenate([acceleration * dt_s**2 / 2 + m.wander * height[:, None], acceleration * dt_s], axis=1)
        self.covariance = transition @ self.covariance @ transition.T + _diagonal(step**2)
        self.mean = self.mean @ transition.T

    def correct(self, rows: NDArray[np.int64], boxes: Floats, scores: Floats) -> None:
        """Correct the tracks of these rows with a box `[4]` and its score each; a low score counts for less."""
        m, mean, covariance = self._margins, self.mean[rows], self.covariance[rows]
        height = np.maximum(mean[:, 3], 1.0)
        jitter = np.stack([m.position_jitter * height] * 2 + [m.size_jitter * height] * 2, axis=1)
        weight = np.clip(m.most_noise - scores, m.least_noise, m.most_noise)[:, None]
        projected = covariance[:, :4, :4] + _diagonal((jitter * weight) ** 2)
        gain = np.linalg.solve(projected, covariance[:, :4, :]).transpose(0, 2, 1)
        innovation = to_state(boxes) - mean[:, :4]
        self.mean[rows] = mean + np.einsum("nij,nj->ni", gain, innovation)
        self.covariance[rows] = covariance - gain @ projected @ gain.transpose(0, 2, 1)

    def surprise(self, rows: NDArray[np.int64], boxes: Floats) -> Floats:
        """`[N rows, M boxes]`: standard deviations of each box's lower edge from where the track should be."""
        return self._surprise(rows, boxes, _LOWER_EDGE)

    def surprise_above(self, rows: NDArray[np.int64], boxes: Floats) -> Floats:
        """The same of the upper edge, which nothing nearer to the camera hides from below."""
        return self._surprise(rows, boxes, _UPPER_EDGE)

    def lower_edge_leapt(self, rows: NDArray[np.int64], boxes: Floats) -> None:
        """Take over the lower edges `[N]` of boxes that a neighbour has covered or laid bare: it was he who moved, so
        neither the upper edge nor any pace changes with it."""
        leap = boxes[:, 3] - self.mean[rows, 1]
        self.mean[rows, 1] += leap
        self.mean[rows, 3] += leap

    def _surprise(self, rows: NDArray[np.int64], boxes: Floats, edge: Floats) -> Floats:
        mean, covariance = self.mean[rows], self.covariance[rows]
        height = np.maximum(mean[:, 3], 1.0)
        noise = _diagonal(np.stack([(self._margins.contact_jitter * height) ** 2] * 2, axis=1))
        spread = edge @ covariance[:, :4, :4] @ edge.T + noise
        gap = (to_state(boxes)[None] - mean[:, None, :4]) @ edge.T
        whitened = np.linalg.solve(spread[:, None], gap[..., None])[..., 0]
        result: Floats = np.sqrt(np.einsum("nmi,nmi->nm", gap, whitened))
        return result

    def begin(self, boxes: Floats) -> None:
        """New tracks at the end, one a box: velocity zero but wide open."""
        m, measured = self._margins, to_state(boxes)
        height = measured[:, 3]
        sd = np.stack(
            [m.first_times * m.position_jitter * height] * 2
            + [m.first_times * m.size_jitter * height] * 2
            + [m.first_velocity * height] * 2
            + [m.first_growth * height] * 2,
            axis=1,
        )
        self.mean = np.concatenate([self.mean, np.concatenate([measured, np.zeros_like(measured)], axis=1)])
        self.covariance = np.concatenate([self.covariance, _diagonal(sd**2)])

    def keep(self, rows: list[int]) -> None:
        """Forget all tracks but these."""
        self.mean, self.covariance = self.mean[rows], self.covariance[rows]


def to_state(boxes: Floats) -> Floats:
    """`[N, 4]` x1 y1 x2 y2 to `[N, 4]` centre x, bottom y, width, height."""
    return np.stack(
        [(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3], boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]], axis=1
    )


def to_boxes(state: Floats) -> Floats:
    """Inverse of `to_state`; sizes are kept at one pixel or more."""
    width = np.maximum(state[:, 2], 1.0)
    height = np.maximum(state[:, 3], 1.0)
    return np.stack([state[:, 0] - width / 2, state[:, 1] - height, state[:, 0] + width / 2, state[:, 1]], axis=1)


def _diagonal(values: Floats) -> Floats:
    out = np.zeros((*values.shape, values.shape[1]))
    index = np.arange(values.shape[1])
    out[:, index, index] = values
    return out
