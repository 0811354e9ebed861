"""ByteTrack's association (Zhang et al., ECCV 2022) on a constant-velocity filter, with class votes.

Three rounds: confident boxes with all tracks, then doubtful boxes with the tracks still seen a moment ago, then what is
left of the confident boxes with unconfirmed tracks. Boxes are compared after being grown by a share of their size
(C-BIoU, Yang et al., WACV 2023): at six frames a second a motorcycle moves by more than its own width between frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge.tracks import kalman
from zones.boxes import iou

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_FORBIDDEN = 1e6


@dataclass(frozen=True)
class TrackerSettings:
    """Times in seconds, so that the same settings serve 6 and 25 frames a second.

    `max_surprise`: standard deviations that a box's foot may lie from where the track was expected.
    """

    high_score: float = 0.45
    low_score: float = 0.12
    new_score: float = 0.5
    confirm_hits: int = 3
    lost_s: float = 1.5
    grow: float = 0.3
    min_overlap: float = 0.15
    min_overlap_low: float = 0.35
    class_penalty: float = 0.15
    max_surprise: float = 4.0
    history_s: float = 60.0


_GROWTH = 2.2
_FULL_HALF_LIFE_S = 4.0
"""A vehicle shows at once that much more of itself than in the last seconds, and no more: that is another."""


@dataclass(frozen=True)
class Observation:
    """A track as it was seen in one frame. `box` is the detector's own, not the filter's.

    `covered`: share of the lower edge, 0..1, that lies in boxes of others who stand nearer to the camera.
    """

    frame: int
    t_s: float
    box: tuple[float, float, float, float]
    score: float
    covered: float = 0.0


@dataclass
class Track:
    """One vehicle. `observations` are what was really seen, oldest first; gaps are gaps."""

    id: int
    state: Literal["tentative", "confirmed", "lost", "ended"]
    observations: list[Observation]
    votes: NDArray[np.float64]
    hits: int = 1
    velocity_px_s: tuple[float, float] = (0.0, 0.0)
    first_s: float = field(default=0.0)
    full_px2: float = 0.0
    """Area of the largest box of the last seconds."""

    @property
    def confirmed(self) -> bool:
        return self.state in ("confirmed", "lost")

    @property
    def last(self) -> Observation:
        return self.observations[-1]

    @property
    def class_index(self) -> int:
        return int(np.argmax(self.votes))

    @property
    def class_share(self) -> float:
        """Share of the winning class in the votes, 0..1."""
        return float(self.votes.max() / max(self.votes.sum(), 1e-9))


class Tracker:
    """Holds the tracks of one camera. `update` once per processed frame, in order of time."""

    def __init__(self, classes: int, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self._classes = classes
        self._tracks: list[Track] = []
        self._mean: Floats = np.zeros((0, 8))
        self._covariance: Floats = np.zeros((0, 8, 8))
        self._next_id = 1
        self._t_s: float | None = None

    @property
    def tracks(self) -> list[Track]:
        """Tracks alive now, confirmed or not."""
        return list(self._tracks)

    def update(
        self, frame: int, t_s: float, boxes: NDArray[np.float32], scores: NDArray[np.float32], classes: Ints
    ) -> tuple[list[Track], list[Track]]:
        """Associate one frame's detections.

        Parameters: `boxes` `[N, 4]` x1 y1 x2 y2 in pixels, `scores` `[N]`, `classes` `[N]`.
        Returns the confirmed tracks that were seen in this frame, and the confirmed tracks that ended with it.
        """
        s = self.settings
        all_boxes = boxes.astype(np.float64).reshape(-1, 4)
        all_scores = scores.astype(np.float64)
        dt = 0.0 if self._t_s is None else max(t_s - self._t_s, 1e-3)
        self._t_s = t_s
        if self._tracks:
            self._mean, self._covariance = kalman.predict(self._mean, self._covariance, min(dt, 1.0))

        high = np.flatnonzero(all_scores >= s.high_score)
        low = np.flatnonzero((all_scores >= s.low_score) & (all_scores < s.high_score))
        known = np.array([i for i, t in enumerate(self._tracks) if t.state != "tentative"], dtype=np.int64)
        fresh = np.array([i for i, t in enumerate(self._tracks) if t.state == "tentative"], dtype=np.int64)
        match: dict[int, int] = {}

        def run(track_rows: Ints, det_rows: Ints, least: float) -> tuple[Ints, Ints]:
            pairs = self._associate(track_rows, det_rows, all_boxes, all_scores, classes, least)
            match.update(pairs)
            left_tracks = np.array([r for r in track_rows if r not in match], dtype=np.int64)
            used = set(match.values())
            left_dets = np.array([d for d in det_rows if d not in used], dtype=np.int64)
            return left_tracks, left_dets

        known_left, high_left = run(known, high, s.min_overlap)
        recent = np.array([r for r in known_left if self._tracks[r].state == "confirmed"], dtype=np.int64)
        run(recent, low, s.min_overlap_low)
        _, high_left = run(fresh, high_left, s.min_overlap)

        covered = covered_feet(all_boxes, all_scores >= s.low_score)
        seen = self._apply(match, frame, t_s, all_boxes, all_scores, classes, covered)
        ended = self._retire(match, t_s)
        self._start(high_left, frame, t_s, all_boxes, all_scores, classes, covered)
        return seen, ended

    def finish(self) -> list[Track]:
        """End every track; returns the confirmed ones."""
        ended = [t for t in self._tracks if t.confirmed]
        self._tracks = []
        self._mean, self._covariance = np.zeros((0, 8)), np.zeros((0, 8, 8))
        return ended

    def _associate(
        self, rows: Ints, dets: Ints, boxes: Floats, scores: Floats, classes: Ints, least: float
    ) -> dict[int, int]:
        if not len(rows) or not len(dets):
            return {}
        predicted = kalman.to_boxes(self._mean[rows])
        overlap = iou(grow(predicted, self.settings.grow), grow(boxes[dets], self.settings.grow))
        voted = np.array([self._tracks[r].class_index for r in rows])
        differs = voted[:, None] != classes[dets][None, :]
        value = overlap * (0.7 + 0.3 * scores[dets][None, :]) - self.settings.class_penalty * differs
        # A box may not change its size by half between frames: a bus is not the motorcycle before it.
        area = (predicted[:, 2] - predicted[:, 0]) * (predicted[:, 3] - predicted[:, 1])
        det_area = (boxes[dets, 2] - boxes[dets, 0]) * (boxes[dets, 3] - boxes[dets, 1])
        ratio = area[:, None] / np.maximum(det_area[None, :], 1.0)
        # Nor may a standing vehicle leap, or one that drives away fall back: that box belongs to its neighbour.
        possible = kalman.surprise(self._mean[rows], self._covariance[rows], boxes[dets]) <= self.settings.max_surprise
        full = np.array([self._tracks[r].full_px2 for r in rows])
        possible &= (ratio < 3.5) & (ratio > 1 / 3.5) & (det_area[None, :] < _GROWTH * full[:, None])
        cost = np.where((overlap >= least) & possible, 1.0 - value, _FORBIDDEN)
        left, right = linear_sum_assignment(cost)
        return {int(rows[i]): int(dets[j]) for i, j in zip(left, right, strict=True) if cost[i, j] < _FORBIDDEN}

    def _apply(
        self,
        match: dict[int, int],
        frame: int,
        t_s: float,
        boxes: Floats,
        scores: Floats,
        classes: Ints,
        covered: Floats,
    ) -> list[Track]:
        if not match:
            return []
        rows = np.array(list(match), dtype=np.int64)
        dets = np.array(list(match.values()), dtype=np.int64)
        self._mean[rows], self._covariance[rows] = kalman.update(
            self._mean[rows], self._covariance[rows], boxes[dets], scores[dets]
        )
        seen: list[Track] = []
        for row, det in match.items():
            track = self._tracks[row]
            track.hits += 1
            x1, y1, x2, y2 = (float(v) for v in boxes[det])
            seen_now = Observation(frame, t_s, (x1, y1, x2, y2), float(scores[det]), float(covered[det]))
            track.observations.append(seen_now)
            fading = 0.5 ** ((t_s - track.observations[-2].t_s) / _FULL_HALF_LIFE_S)
            track.full_px2 = max((x2 - x1) * (y2 - y1), fading * track.full_px2)
            track.votes[int(classes[det])] += float(scores[det])
            track.velocity_px_s = (float(self._mean[row, 4]), float(self._mean[row, 5]))
            while t_s - track.observations[0].t_s > self.settings.history_s:
                track.observations.pop(0)
            if track.state == "lost" or track.hits >= self.settings.confirm_hits:
                track.state = "confirmed"
            if track.state == "confirmed":
                seen.append(track)
        return seen

    def _retire(self, match: dict[int, int], t_s: float) -> list[Track]:
        ended: list[Track] = []
        keep: list[int] = []
        for row, track in enumerate(self._tracks):
            if row in match:
                keep.append(row)
            elif track.state == "tentative":
                # At low rates one missed frame must not kill a young track.
                if t_s - track.last.t_s <= 0.35:
                    keep.append(row)
            elif t_s - track.last.t_s <= self.settings.lost_s:
                track.state = "lost"
                keep.append(row)
            else:
                track.state = "ended"
                ended.append(track)
        self._tracks = [self._tracks[r] for r in keep]
        self._mean, self._covariance = self._mean[keep], self._covariance[keep]
        return ended

    def _start(
        self, rows: Ints, frame: int, t_s: float, boxes: Floats, scores: Floats, classes: Ints, covered: Floats
    ) -> None:
        chosen = [int(r) for r in rows if scores[r] >= self.settings.new_score]
        if not chosen:
            return
        mean, covariance = kalman.initiate(boxes[chosen])
        self._mean = np.concatenate([self._mean, mean])
        self._covariance = np.concatenate([self._covariance, covariance])
        for row in chosen:
            votes = np.zeros(self._classes)
            votes[int(classes[row])] = float(scores[row])
            x1, y1, x2, y2 = (float(v) for v in boxes[row])
            first = Observation(frame, t_s, (x1, y1, x2, y2), float(scores[row]), float(covered[row]))
            self._tracks.append(
                Track(self._next_id, "tentative", [first], votes, first_s=t_s, full_px2=(x2 - x1) * (y2 - y1))
            )
            self._next_id += 1


_NEARER_SHARE = 0.04


def covered_feet(boxes: Floats, believed: NDArray[np.bool_]) -> Floats:
    """`[N]` share of each box's lower edge that lies in `believed` boxes reaching farther down: who stands nearer."""
    if not len(boxes):
        return np.zeros(0)
    x1, y1, x2, y2 = boxes.T
    nearer = (y2[None, :] > (y2 + _NEARER_SHARE * (y2 - y1))[:, None]) & (y1[None, :] < y2[:, None]) & believed[None, :]
    shared = np.clip(np.minimum(x2[:, None], x2[None, :]) - np.maximum(x1[:, None], x1[None, :]), 0.0, None)
    share: Floats = np.clip((shared * nearer).sum(axis=1) / np.maximum(x2 - x1, 1e-6), 0.0, 1.0)
    return share


def grow(boxes: Floats, share: float) -> Floats:
    """Boxes made larger by `share` of their width and height on every side."""
    width = (boxes[:, 2] - boxes[:, 0]) * share
    height = (boxes[:, 3] - boxes[:, 1]) * share
    return boxes + np.stack([-width, -height, width, height], axis=1)
