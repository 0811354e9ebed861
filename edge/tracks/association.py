"""Which box of a frame belongs to which track: ByteTrack's association (Zhang et al., ECCV 2022).

Three rounds: confident boxes with all known tracks, then doubtful boxes with the tracks still seen a moment ago, then
what is left of the confident boxes with tentative tracks. Before the last, one of ours: what is left of the confident
boxes with known tracks whose lower edge a nearer vehicle hides, for that edge leaps as he comes or goes.

Boxes are compared after being grown by a share of their size (C-BIoU, Yang et al., WACV 2023): at six frames a second a
motorcycle moves by more than its own width between frames.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from common.margins import margin
from edge.tracks.kalman import BoxFilter
from edge.tracks.track import Floats, Found, Ints, Track
from zones.boxes import iou

_FORBIDDEN = 1e6
"""Cost of a pair that cannot be; every possible one costs less than 2."""
_TESTS = "chosen with the tracker's tests at 6 to 25 frames a second; no better source"
_IDENTITY = (
    "simulated queues at 12.5 looks a second: of what is seen of a track within 30 s 1.4 % is another vehicle's, and "
    "0.04 % of what lies on the same side of such boxes, as 93 % of its own does (docs/simulation.md)"
)
_QUEUES = "tuned on simulated queues, November 2026 (tools/simulate); no better source"


@dataclass(frozen=True)
class AssociationMargins:
    """What may belong together."""

    high_score: float = margin(
        0.45, "score", "a box so sure is confident: it is believed without a track that it could go on",
        source=_TESTS, most=1.0,
    )  # fmt: skip
    low_score: float = margin(
        0.12, "score",
        "a box so sure is doubtful: of a hidden vehicle more often than of none, so it may carry a track on; less sure "
        "ones are dropped",
        source="0.1 in ByteTrack; " + _TESTS, most=1.0,
    )  # fmt: skip
    grow_share: float = margin(
        0.3, "box sizes",
        "boxes are compared grown by so much on each side: at six frames a second a motorcycle moves by more than its "
        "own width",
        source="C-BIoU, Yang et al., WACV 2023, for the idea; " + _TESTS,
    )  # fmt: skip
    least_overlap: float = margin(
        0.15, "overlap of grown boxes", "confident boxes with less of it lie apart", source=_TESTS, most=1.0
    )
    least_overlap_low: float = margin(
        0.35, "overlap of grown boxes", "the same of doubtful boxes, which may be nothing at all: more is asked",
        source=_TESTS, most=1.0,
    )  # fmt: skip
    least_overlap_hidden: float = margin(
        0.5, "overlap of grown boxes above the higher lower edge",
        "the same of a box whose lower edge leapt as a nearer vehicle came or went: what is to be seen of both must "
        "lie together",
        source="half; as `hidden_share`", most=1.0,
    )  # fmt: skip
    class_penalty: float = margin(
        0.15, "overlap",
        "a box of another class than the track's counts for so much less: a detector mistakes a class now and then, a "
        "neighbour's differs for good",
        source=_TESTS, most=1.0,
    )  # fmt: skip
    score_share: float = margin(
        0.3, "share of the overlap", "so much of an overlap's worth goes with the score: of two alike the surer one",
        source=_TESTS, most=1.0,
    )  # fmt: skip
    most_surprise: float = margin(
        4.0, "standard deviations",
        "a standing vehicle does not leap, and one that drives away does not fall back: a box with its lower edge "
        "farther off is its neighbour's",
        source=_QUEUES,
    )  # fmt: skip
    hidden_share: float = margin(
        0.5, "share of the lower edge",
        "a lower edge of which nearer vehicles hide so much ends where they begin and leaps as they come and go: the "
        "upper edge then tells as well whose the box is",
        source="half; drivers who waited in the junction behind others lost their tracks as a neighbour drove on "
        "(simulation, November 2026)",
        most=1.0,
    )  # fmt: skip
    size_ratio: float = margin(
        3.5, "ratio of areas",
        "no box differs by more in area from what was expected: a bus is not the motorcycle before it",
        source=_TESTS, least=1.0,
    )  # fmt: skip
    growth: float = margin(
        2.2, "ratio of areas",
        "a vehicle shows at once so much more of itself than in the last seconds, and no more: that is another one",
        source=_QUEUES, least=1.0,
    )  # fmt: skip
    nearer_share: float = margin(
        0.04, "box heights", "a box that ends lower by more is nearer to the camera; by less, the boxes tremble",
        source=_QUEUES, most=1.0,
    )  # fmt: skip
    aside_share: float = margin(
        0.15, "widths of the box",
        "a box whose middle lies farther aside of where its track was expected may be another vehicle's, and what was "
        "seen of the track before it too",
        source=_IDENTITY,
    )  # fmt: skip
    above_share: float = margin(
        0.25, "heights of the box",
        "the same of its upper edge; the lower one leaps as nearer vehicles come and go, and tells nothing",
        source=_IDENTITY,
    )  # fmt: skip
    trembling_share: float = margin(
        0.03, "heights of the nearer box",
        "another that ends so little above it may end there because it hides the rest: a large box errs by more pixels",
        source="edges of drawn boxes tremble by 0.012 of their size, this is two and a half of that (tools/simulate)",
        most=1.0,
    )  # fmt: skip


@dataclass(frozen=True)
class Matches:
    """`pairs`: rows of tracks to rows of detections. `leapt`: rows of tracks among them whose lower edge is not where
    it should be, as another vehicle covers or covered it. `astray`: rows of tracks among them whose box lies so far
    from where it was expected that it may be another vehicle's. `fresh`: confident detections that belong to none.
    `covered` `[N]`: see `covered_contacts`."""

    pairs: dict[int, int]
    leapt: frozenset[int]
    astray: frozenset[int]
    fresh: Ints
    covered: Floats


class _Moment(NamedTuple):
    """What there is to pair."""

    tracks: Sequence[Track]
    expected: BoxFilter
    found: Found
    covered: Floats


class Association:
    """Pairs the boxes of one frame with the tracks; remembers nothing.

    Parameters
    ----------
    cut_above_px: a box that begins no lower in the picture is cut off by its upper edge.
    """

    def __init__(self, margins: AssociationMargins = AssociationMargins(), *, cut_above_px: float = 0.0) -> None:
        self._margins = margins
        self._cut_above_px = cut_above_px

    def match(self, tracks: Sequence[Track], expected: BoxFilter, found: Found) -> Matches:
        """`expected`: the filter with a row for each of `tracks`, moved on to this frame."""
        m = self._margins
        high = np.flatnonzero(found.scores >= m.high_score)
        low = np.flatnonzero((found.scores >= m.low_score) & (found.scores < m.high_score))
        known = np.array([i for i, t in enumerate(tracks) if t.state != "tentative"], dtype=np.int64)
        tentative = np.array([i for i, t in enumerate(tracks) if t.state == "tentative"], dtype=np.int64)
        now = _Moment(tracks, expected, found, covered_contacts(found.boxes, found.scores >= m.low_score, m))
        pairs: dict[int, int] = {}

        def left(rows: Ints, of: Collection[int]) -> Ints:
            return np.array([r for r in rows if r not in of], dtype=np.int64)

        pairs.update(self._round(now, known, high, m.least_overlap))
        recent = np.array([r for r in left(known, pairs) if tracks[r].state == "confirmed"], dtype=np.int64)
        pairs.update(self._round(now, recent, low, m.least_overlap_low))
        leapt = self._round(now, left(known, pairs), left(high, pairs.values()), m.least_overlap_hidden, hidden=True)
        pairs.update(leapt)
        pairs.update(self._round(now, tentative, left(high, pairs.values()), m.least_overlap))
        return Matches(pairs, frozenset(leapt), self._astray(now, pairs), left(high, pairs.values()), now.covered)

    def _astray(self, now: _Moment, pairs: Mapping[int, int]) -> frozenset[int]:
        """Rows of the tracks whose box lies so far from where it was expected that it may be another vehicle's."""
        m, rows, dets = self._margins, np.array(list(pairs), np.int64), np.array(list(pairs.values()), np.int64)
        there, here = now.expected.boxes(rows), now.found.boxes[dets]
        aside = np.abs(here[:, 0] + here[:, 2] - there[:, 0] - there[:, 2]) / 2
        above = np.abs(here[:, 1] - there[:, 1])
        width, height = there[:, 2] - there[:, 0], there[:, 3] - there[:, 1]
        return frozenset(rows[(aside > m.aside_share * width) | (above > m.above_share * height)].tolist())

    def _round(self, now: _Moment, rows: Ints, dets: Ints, least: float, *, hidden: bool = False) -> dict[int, int]:
        """`hidden`: of boxes whose lower edge a nearer vehicle hides or hid, by what lies above it."""
        if not len(rows) or not len(dets):
            return {}
        m, boxes = self._margins, now.found.boxes[dets]
        predicted = now.expected.boxes(rows)
        if hidden:
            overlap = overlap_above(predicted, boxes, m.grow_share)
            possible = now.expected.surprise_above(rows, boxes) <= m.most_surprise
            last = [now.tracks[r].last for r in rows]
            then = np.array([o.covered >= m.hidden_share for o in last])
            possible &= then[:, None] | (now.covered[dets] >= m.hidden_share)[None, :]
            # an upper edge that the picture cuts off tells nothing
            whole = np.array([o.box[1] > self._cut_above_px for o in last])
            possible &= whole[:, None] & (boxes[:, 1] > self._cut_above_px)[None, :]
        else:
            overlap = iou(grow(predicted, m.grow_share), grow(boxes, m.grow_share))
            possible = now.expected.surprise(rows, boxes) <= m.most_surprise
        voted = np.array([now.tracks[r].class_index for r in rows])
        differs = voted[:, None] != now.found.classes[dets][None, :]
        worth = (1.0 - m.score_share) + m.score_share * now.found.scores[dets][None, :]
        value = overlap * worth - m.class_penalty * differs
        area = (predicted[:, 2] - predicted[:, 0]) * (predicted[:, 3] - predicted[:, 1])
        det_area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        ratio = area[:, None] / np.maximum(det_area[None, :], 1.0)
        full = np.array([now.tracks[r].full_px2 for r in rows])
        possible &= (ratio < m.size_ratio) & (ratio > 1 / m.size_ratio)
        possible &= det_area[None, :] < m.growth * full[:, None]
        cost = np.where((overlap >= least) & possible, 1.0 - value, _FORBIDDEN)
        left, right = linear_sum_assignment(cost)
        return {int(rows[i]): int(dets[j]) for i, j in zip(left, right, strict=True) if cost[i, j] < _FORBIDDEN}


def covered_contacts(boxes: Floats, believed: NDArray[np.bool_], margins: AssociationMargins) -> Floats:
    """`[N]` share of each box's lower edge that lies in `believed` boxes reaching farther down: in nearer ones."""
    if not len(boxes):
        return np.zeros(0)
    x1, y1, x2, y2 = boxes.T
    lower = y2[None, :] > (y2 + margins.nearer_share * (y2 - y1))[:, None]
    upper = y1 - margins.trembling_share * (y2 - y1)
    nearer = lower & (upper[None, :] < y2[:, None]) & believed[None, :]
    shared = np.clip(np.minimum(x2[:, None], x2[None, :]) - np.maximum(x1[:, None], x1[None, :]), 0.0, None)
    share: Floats = np.clip((shared * nearer).sum(axis=1) / np.maximum(x2 - x1, 1e-6), 0.0, 1.0)
    return share


def grow(boxes: Floats, share: float) -> Floats:
    """Boxes made larger by `share` of their width and height on every side."""
    width = (boxes[:, 2] - boxes[:, 0]) * share
    height = (boxes[:, 3] - boxes[:, 1]) * share
    return boxes + np.stack([-width, -height, width, height], axis=1)


def overlap_above(a: Floats, b: Floats, share: float) -> Floats:
    """`[A, B]` overlap of each two boxes above the higher of their lower edges, grown by `share`; 0 where one of them
    lies below that of the other."""
    lowest = np.minimum(a[:, 3][:, None], b[:, 3][None, :])
    one = np.broadcast_to(a[:, None], (*lowest.shape, 4)).copy()
    other = np.broadcast_to(b[None, :], one.shape).copy()
    one[..., 3] = other[..., 3] = lowest
    both = (one[..., 3] > one[..., 1]) & (other[..., 3] > other[..., 1])
    one, other = (grow(each.reshape(-1, 4), share).reshape(each.shape) for each in (one, other))
    size = np.clip(np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2]), 0.0, None)
    shared = size[..., 0] * size[..., 1]
    areas = [(each[..., 2] - each[..., 0]) * (each[..., 3] - each[..., 1]) for each in (one, other)]
    found: Floats = np.where(both, shared / np.maximum(areas[0] + areas[1] - shared, 1e-9), 0.0)
    return found
