"""A track as it was seen: values that tracker, road and rules hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Found(NamedTuple):
    """One frame's detections: boxes `[N, 4]` x1 y1 x2 y2 in pixels, scores `[N]` 0..1, classes `[N]` by index."""

    boxes: Floats
    scores: Floats
    classes: Ints


@dataclass(frozen=True)
class Observation:
    """A track as it was seen in one frame. `box` is the detector's own, not the filter's.

    `covered`: share of the lower edge, 0..1, that lies in boxes of other vehicles nearer to the camera. `astray`: it
    lies so far from where the track was expected that another vehicle may have taken the track over.
    """

    frame: int
    t_s: float
    box: tuple[float, float, float, float]
    score: float
    covered: float = 0.0
    astray: bool = False

    @property
    def area_px2(self) -> float:
        """Of the box."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


@dataclass
class Track:
    """One vehicle. `observations` are what was really seen, oldest first; gaps are gaps.

    `tentative` until it was seen often enough, then `confirmed`; `lost` while it is not seen, `ended` for good.
    """

    id: int
    state: Literal["tentative", "confirmed", "lost", "ended"]
    observations: list[Observation]
    votes: NDArray[np.float64]
    """Sum of the scores of each class, `[classes]`."""
    hits: int = 1
    velocity_px_s: tuple[float, float] = (0.0, 0.0)
    first_s: float = 0.0
    full_px2: float = 0.0
    """Area of the largest box of the last seconds."""

    @property
    def confirmed(self) -> bool:
        """Seen often enough to be a vehicle, and not over."""
        return self.state in ("confirmed", "lost")

    @property
    def last(self) -> Observation:
        """The newest."""
        return self.observations[-1]

    @property
    def class_index(self) -> int:
        """The class with most votes."""
        return int(self.votes.argmax())

    @property
    def class_share(self) -> float:
        """Share of the winning class in the votes, 0..1."""
        return float(self.shares.max())

    @property
    def shares(self) -> NDArray[np.float64]:
        """`[C]`: share of each class in the votes, 0..1."""
        shares: NDArray[np.float64] = self.votes / max(float(self.votes.sum()), 1e-9)
        return shares
