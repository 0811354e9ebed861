"""The life of tracks: begun by a confident box, confirmed when seen again, lost while not seen, ended for good.

Which box belongs to which track is `edge.tracks.association`'s to say, where each is expected `edge.tracks.kalman`'s.
The class of a track is voted by all its boxes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.margins import margin
from edge.tracks.association import Association, AssociationMargins, Matches
from edge.tracks.hidden_stands import HiddenStandMargins, HiddenStands
from edge.tracks.kalman import BoxFilter, FilterMargins
from edge.tracks.track import Found, Ints, Observation, Track

_TESTS = "chosen with the tracker's tests at 6 to 25 frames a second; no better source"
_LEAST_STEP_S = 1e-3
"""Two frames of one time are taken to be so far apart: the filter needs a step."""


@dataclass(frozen=True)
class TrackerMargins:
    """Times in seconds, so that the same numbers serve 6 and 25 frames a second."""

    new_score: float = margin(
        0.5, "score", "a box so sure begins a track; less sure ones only carry one on", source=_TESTS, most=1.0
    )
    confirm_hits: float = margin(
        3, "observations", "seen so often, it is a vehicle: an invented box seldom comes three times in one place",
        source=_TESTS, least=1.0,
    )  # fmt: skip
    tentative_s: float = margin(
        0.35, "s",
        "a track that is not confirmed is dropped when not seen for longer: at six frames a second one may be missed",
        source="arithmetic: two frames of 0.17 s",
    )  # fmt: skip
    lost_s: float = margin(
        1.5, "s", "a vehicle hidden for longer comes back as a new track: by then another may stand in its place",
        source=_TESTS,
    )  # fmt: skip
    history_s: float = margin(
        60.0, "s",
        "so long an observation is remembered: a vehicle that waits in the junction to turn is known by the line that "
        "it came over",
        source="a wait to turn, rounded up; 20 s were too short (November 2026)",
    )  # fmt: skip
    full_half_life_s: float = margin(
        4.0, "s", "the largest box of a track counts for half after so long: it drives away and is smaller for good",
        source="tuned on simulated queues, November 2026 (tools/simulate); no better source", least=0.01,
    )  # fmt: skip


class Tracker:
    """Holds the tracks of one camera. `update` once per processed frame, in order of time.

    Parameters
    ----------
    classes: so many there are.
    cut_above_px: see `Association`.
    """

    def __init__(
        self,
        classes: int,
        margins: TrackerMargins = TrackerMargins(),
        *,
        association: AssociationMargins | None = None,
        motion: FilterMargins | None = None,
        hidden_stands: HiddenStandMargins | None = None,
        cut_above_px: float = 0.0,
    ) -> None:
        self._margins = margins
        self._classes = classes
        self._association = Association(association or AssociationMargins(), cut_above_px=cut_above_px)
        self._motion = motion or FilterMargins()
        self._filter = BoxFilter(self._motion)
        self._tracks: list[Track] = []
        self._hidden_stands = HiddenStands(hidden_stands or HiddenStandMargins(), cut_above_px=cut_above_px)
        self._next_id = 1
        self._t_s: float | None = None

    @property
    def tracks(self) -> list[Track]:
        """Tracks alive now, confirmed or not."""
        return [*self._tracks, *self._hidden_stands.tracks]

    def update(
        self, frame: int, t_s: float, boxes: NDArray[np.float32], scores: NDArray[np.float32], classes: Ints
    ) -> tuple[list[Track], list[Track]]:
        """Take one frame's detections: `boxes` `[N, 4]` x1 y1 x2 y2 in pixels, `scores` `[N]`, `classes` `[N]`.

        Returns the confirmed tracks that were seen in this frame, and the confirmed tracks that ended with it.
        """
        found = Found(boxes.astype(np.float64).reshape(-1, 4), scores.astype(np.float64), classes)
        dt_s = 0.0 if self._t_s is None else max(t_s - self._t_s, _LEAST_STEP_S)
        self._t_s = t_s
        if self._tracks:
            self._filter.predict(dt_s)
        matches = self._association.match(self._tracks, self._filter, found)
        seen = self._see(matches, frame, t_s, found)
        ended = self._retire(matches, t_s)
        # boxes that belong to none, and are so sure that each begins a track, if it is not of one who stood hidden
        fresh = matches.fresh[found.scores[matches.fresh] >= self._margins.new_score]
        back = self._hidden_stands.found(found, fresh)
        self._come_back(back, matches, frame, t_s, found)
        self._start([int(row) for row in fresh if int(row) not in back], matches, frame, t_s, found)
        return [*seen, *back.values()], ended

    def finish(self) -> list[Track]:
        """End every track; returns the confirmed ones."""
        ended = [t for t in self.tracks if t.confirmed]
        self._tracks, self._hidden_stands.tracks = [], []
        self._filter = BoxFilter(self._motion)
        return ended

    def _see(self, matches: Matches, frame: int, t_s: float, found: Found) -> list[Track]:
        if not matches.pairs:
            return []
        rows = np.array(list(matches.pairs), dtype=np.int64)
        dets = np.array(list(matches.pairs.values()), dtype=np.int64)
        leapt = np.isin(rows, list(matches.leapt))
        self._filter.lower_edge_leapt(rows[leapt], found.boxes[dets[leapt]])
        self._filter.correct(rows, found.boxes[dets], found.scores[dets])
        seen: list[Track] = []
        for row, det in matches.pairs.items():
            track, now = self._tracks[row], _observation(frame, t_s, found, det, matches, astray=row in matches.astray)
            self._take(track, now, int(found.classes[det]))
            track.velocity_px_s = (float(self._filter.mean[row, 4]), float(self._filter.mean[row, 5]))
            if track.state == "lost" or track.hits >= self._margins.confirm_hits:
                track.state = "confirmed"
            if track.state == "confirmed":
                seen.append(track)
        return seen

    def _take(self, track: Track, now: Observation, class_index: int) -> None:
        """What was seen of it now."""
        fading = 0.5 ** ((now.t_s - track.last.t_s) / self._margins.full_half_life_s)
        track.hits += 1
        track.observations.append(now)
        track.full_px2 = max(now.area_px2, fading * track.full_px2)
        track.votes[class_index] += now.score
        while now.t_s - track.observations[0].t_s > self._margins.history_s:
            track.observations.pop(0)

    def _retire(self, matches: Matches, t_s: float) -> list[Track]:
        ended: list[Track] = []
        keep: list[int] = []
        for row, track in enumerate(self._tracks):
            unseen_s = t_s - track.last.t_s
            if row in matches.pairs:
                keep.append(row)
            elif track.state == "tentative":
                if unseen_s <= self._margins.tentative_s:
                    keep.append(row)
            elif unseen_s <= self._margins.lost_s:
                track.state = "lost"
                keep.append(row)
            elif not self._hidden_stands.take(track):
                ended.append(track)
        ended += self._hidden_stands.over(t_s)
        for track in ended:
            track.state = "ended"
        self._tracks = [self._tracks[r] for r in keep]
        self._filter.keep(keep)
        return ended

    def _come_back(self, back: Mapping[int, Track], matches: Matches, frame: int, t_s: float, found: Found) -> None:
        """They are followed again from where they are; it may be others who came to light in their places."""
        if not back:
            return
        self._filter.begin(found.boxes[list(back)])
        for row, track in back.items():
            self._take(track, _observation(frame, t_s, found, row, matches, astray=True), int(found.classes[row]))
            track.state = "confirmed"
            track.velocity_px_s = (0.0, 0.0)
            self._tracks.append(track)

    def _start(self, chosen: list[int], matches: Matches, frame: int, t_s: float, found: Found) -> None:
        if not chosen:
            return
        self._filter.begin(found.boxes[chosen])
        for row in chosen:
            first = _observation(frame, t_s, found, row, matches)
            votes = np.zeros(self._classes)
            votes[int(found.classes[row])] = first.score
            self._tracks.append(Track(self._next_id, "tentative", [first], votes, first_s=t_s, full_px2=first.area_px2))
            self._next_id += 1


def _observation(
    frame: int, t_s: float, found: Found, row: int, matches: Matches, *, astray: bool = False
) -> Observation:
    x1, y1, x2, y2 = (float(v) for v in found.boxes[row])
    return Observation(frame, t_s, (x1, y1, x2, y2), float(found.scores[row]), float(matches.covered[row]), astray)
