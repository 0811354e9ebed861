"""Constant-velocity filter over boxes, all tracks at once.

State per track: centre x, bottom y, width, height and their velocities per second. The bottom edge is tracked rather
than the centre because the rules ask where the wheels are. Noise grows with the height of the box, as in SORT and
ByteTrack, and with the time that passed, because our cameras run from 6 to 25 frames a second and lose frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Per second, as a share of the box's height: how far a velocity may change, and how far a measured edge may jitter.
_ACCELERATION = 1.5
_POSITION_JITTER = 0.04
_SIZE_JITTER = 0.06
# A foot comes out from behind another vehicle: the bottom edge jumps by more than it jitters.
_FOOT_JITTER = 0.08


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


def initiate(boxes: Floats) -> tuple[Floats, Floats]:
    """Mean `[N, 8]` and covariance `[N, 8, 8]` of new tracks, velocity zero but wide open."""
    measured = to_state(boxes)
    mean = np.concatenate([measured, np.zeros_like(measured)], axis=1)
    height = measured[:, 3]
    sd = np.stack(
        [2 * _POSITION_JITTER * height] * 2 + [2 * _SIZE_JITTER * height] * 2 + [2.0 * height] * 2 + [0.5 * height] * 2,
        axis=1,
    )
    return mean, _diagonal(sd**2)


def predict(mean: Floats, covariance: Floats, dt_s: float) -> tuple[Floats, Floats]:
    """Move every track `dt_s` seconds ahead."""
    transition = np.eye(8)
    transition[:4, 4:] = np.eye(4) * dt_s
    height = np.maximum(mean[:, 3], 1.0)
    # White acceleration: position noise dt^2/2, velocity noise dt, both times the acceleration.
    acceleration = np.stack([_ACCELERATION * height] * 2 + [0.3 * _ACCELERATION * height] * 2, axis=1)
    step = np.concatenate([acceleration * dt_s**2 / 2 + 0.01 * height[:, None], acceleration * dt_s], axis=1)
    moved = mean @ transition.T
    return moved, transition @ covariance @ transition.T + _diagonal(step**2)


def update(mean: Floats, covariance: Floats, boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Correct tracks with their boxes; a low score counts for less (NSA, as in StrongSORT)."""
    height = np.maximum(mean[:, 3], 1.0)
    jitter = np.stack([_POSITION_JITTER * height] * 2 + [_SIZE_JITTER * height] * 2, axis=1)
    weight = np.clip(1.5 - scores, 0.5, 1.5)[:, None]
    noise = _diagonal((jitter * weight) ** 2)
    projected = covariance[:, :4, :4] + noise
    gain = np.linalg.solve(projected, covariance[:, :4, :]).transpose(0, 2, 1)
    innovation = to_state(boxes) - mean[:, :4]
    new_mean = mean + np.einsum("nij,nj->ni", gain, innovation)
    new_covariance = covariance - gain @ projected @ gain.transpose(0, 2, 1)
    return new_mean, new_covariance


def surprise(mean: Floats, covariance: Floats, boxes: Floats) -> Floats:
    """`[N tracks, M boxes]`: how many standard deviations each box's foot lies from where the track should be."""
    height = np.maximum(mean[:, 3], 1.0)
    noise = _diagonal(np.stack([(_FOOT_JITTER * height) ** 2] * 2, axis=1))
    spread = covariance[:, :2, :2] + noise
    gap = to_state(boxes)[None, :, :2] - mean[:, None, :2]
    whitened = np.linalg.solve(spread[:, None], gap[..., None])[..., 0]
    result: Floats = np.sqrt(np.einsum("nmi,nmi->nm", gap, whitened))
    return result


def _diagonal(values: Floats) -> Floats:
    out = np.zeros((*values.shape, values.shape[1]))
    index = np.arange(values.shape[1])
    out[:, index, index] = values
    return out
