"""Tracks of vehicles that stood as they were lost from sight: who stands stays where he is until he is seen again.

A track that drives is lost for good after a moment, because by then another may be where it would be. Who stands in a
queue or in the junction is hidden by others for seconds and comes to light in the same place. His track waits for him
there, and for nobody who is not where he was; whether it was he who came to light is marked as open all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.margins import margin
from edge.tracks.association import overlap_above
from edge.tracks.track import Found, Ints, Observation, Track


@dataclass(frozen=True)
class HiddenStandMargins:
    """Who stood, how long his track waits, and which box is his."""

    waits_s: float = margin(
        5.0, "s", "so long after he was seen last the track of who stood waits for him",
        source="simulated queues: up to 5 s it was he 19 times of 19, later 7 times of 8 (docs/simulation.md)",
    )  # fmt: skip
    stood_s: float = margin(
        1.0, "s", "who did not leave his place for so long before he was lost stood",
        source="as `RepeatMargins.stood_s`", least=0.1,
    )  # fmt: skip
    stood_overlap: float = margin(
        0.8, "overlap above the higher lower edge", "boxes that lie together so well are of one place",
        source="edges that tremble by 1.2 % of a box and lean as much (tools/simulate) leave 0.9; not tuned", most=1.0,
    )  # fmt: skip
    same_overlap: float = margin(
        0.7, "overlap above the higher lower edge",
        "a box that lies so well where he stood is his: who stands a quarter of a width beside him does not",
        source="geometry: two boxes a quarter of their width apart overlap by 0.6", most=1.0,
    )  # fmt: skip


class HiddenStands:
    """The tracks that wait. No filter follows them: they stand.

    Parameters
    ----------
    cut_above_px: a box that begins no lower in the picture is cut off by its upper edge, by which standing is told.
    """

    def __init__(self, margins: HiddenStandMargins = HiddenStandMargins(), *, cut_above_px: float = 0.0) -> None:
        self._margins, self._cut_above_px = margins, cut_above_px
        self.tracks: list[Track] = []

    def take(self, track: Track) -> bool:
        """Whether its vehicle stood when it was seen last: then it waits from now on."""
        if not self._stood(track.observations):
            return False
        self.tracks.append(track)
        return True

    def over(self, t_s: float) -> list[Track]:
        """Those that have waited for too long; they wait no more."""
        gone = [track for track in self.tracks if t_s - track.last.t_s > self._margins.waits_s]
        self.tracks = [track for track in self.tracks if track not in gone]
        return gone

    def found(self, found: Found, rows: Ints) -> dict[int, Track]:
        """Which of these `rows` of boxes, which belong to no other, are of vehicles that were waited for: those whose
        tracks they are now. Of several boxes in one place it is the one that lies best there."""
        if not self.tracks or not len(rows):
            return {}
        there = np.array([track.last.box for track in self.tracks])
        overlap = overlap_above(there, found.boxes[rows], 0.0)
        alike = np.array([t.class_index for t in self.tracks])[:, None] == found.classes[rows][None, :]
        overlap = np.where(alike, overlap, 0.0)
        result: dict[int, Track] = {}
        while (best := float(overlap.max())) >= self._margins.same_overlap:
            track, row = (int(i) for i in np.argwhere(overlap == best)[0])
            result[int(rows[row])] = self.tracks[track]
            overlap[track, :] = overlap[:, row] = 0.0
        self.tracks = [track for track in self.tracks if track not in result.values()]
        return result

    def _stood(self, seen: Sequence[Observation]) -> bool:
        last, m = seen[-1], self._margins
        lately = [o for o in seen if o.t_s >= last.t_s - 2 * m.stood_s]
        before = [o for o in lately if o.t_s <= last.t_s - m.stood_s]
        if not before or last.box[1] <= self._cut_above_px:
            return False
        overlap = overlap_above(np.array([last.box]), np.array([o.box for o in lately]), 0.0)[0]
        return float(np.median(overlap)) >= m.stood_overlap and float(overlap[: len(before)].max()) >= m.stood_overlap
