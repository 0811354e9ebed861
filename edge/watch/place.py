"""The camera's place over time: checked now and then, closely while something is out of place, learnt at the start."""

from __future__ import annotations

from collections import deque
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Frame, Image
from edge.watch.position import PositionMargins, Sample, Verdict, judged, off
from edge.watch.reference import (
    KeptReference,
    LearningMargins,
    Reference,
    ReferenceStore,
    drawn_digest,
    put_back,
    without_traffic,
)
from edge.watch.registration import Floats, Registration, small_grey, small_light
from edge.watch.registration_margins import RegistrationMargins
from evidence.wire import PictureState
from zones.schema import Scene

__all__ = ["PlaceWatch", "drawn_digest"]
_CONFIRMED = 2
"""Pictures by which a first picture was recognised again: it is one of the street."""
_AT_REST = 4
"""Pictures of the first moments at one place: half a second. A mast is not so long where its swing turns."""
_AFTER_WIND = 3
"""In wind every check takes seconds: so many times less often, but before each act."""


class PlaceWatch:
    """One camera. `look` at frames in order; `state` is what is known of its place.

    Parameters
    ----------
    store: where the reference lies; a box without one learns it anew at each start.
    """

    def __init__(
        self,
        scene: Scene,
        registration: RegistrationMargins,
        position: PositionMargins,
        learning: LearningMargins,
        store: ReferenceStore | None = None,
    ) -> None:
        self._scene, self._store = scene, store
        self._registration, self._m, self._learning = registration, position, learning
        self.reference: Reference | None = None
        self.state: PictureState = "learning"
        self.off_px: float | None = None
        self.swing = 0.0
        self.good_s = -1e9
        """When the picture was last found in its place."""
        self.verdict_s = -1e9
        """When it was last looked at closely to an end."""
        self._learnt: list[Floats] | None = None
        self._next_learnt_s = -1e9
        self.begin_anew()

    def begin_anew(self) -> None:
        """The stream was cut, and its times may begin anew. What is known of the place stays; it is looked at anew."""
        self._samples: deque[Sample] = deque(maxlen=400)
        self._found: tuple[float, Registration] | None = None
        self._close_since_s: float | None = None
        self._unseen_since_s: float | None = None
        self._sure_s: float | None = None
        self._last_s = self._next_s = self.good_s = self.verdict_s = self._next_learnt_s = -1e9

    @property
    def open(self) -> bool:
        """Whether a question is open: the next pictures decide it."""
        return self._close_since_s is not None or self._unseen_since_s is not None

    def measured(self, image: Image, t_s: float) -> Sample | None:
        """Where a picture of this camera lies; None: it is not recognised, or nothing is known that stands still."""
        if self.reference is None or (self.state == "unsure" and self.unproven):
            return None
        return self.reference.sample(image, t_s)

    @property
    def unproven(self) -> bool:
        """Whether the reference is a single picture in which nothing was recognised again: it may be of vehicles."""
        return self._learnt is not None and len(self._learnt) < _CONFIRMED

    def off(self, sample: Sample) -> tuple[float, float]:
        """Share of the limit, and pixels, by which the worst counted point lies off."""
        assert self.reference is not None
        return off(sample.shifts, self.reference.patches.limits)

    def look(self, frame: Frame, *, asked: bool = False) -> bool:
        """Hold the frame against the reference if it is time, or `asked`. Returns whether it was looked at."""
        t_s = frame.t_s
        if t_s < self._next_s and not (asked and t_s - self._last_s >= self._m.closely_s):
            return False
        self._last_s = t_s
        if self._sure_s is None:
            self._sure_s = t_s
        grey, scale = small_grey(frame.image, self._registration)
        if self.reference is None:
            self._begin(grey, scale, frame.wall_at)
        assert self.reference is not None
        if not self.reference.usable:
            self.state, self._next_s = "unsure", t_s + self._m.every_s
            self._begin_again(grey, scale, frame.wall_at)
            return True
        found = self.reference.registered(grey)
        if found is None:
            self._not_recognised(grey, scale, t_s, frame.wall_at)
        else:
            self._recognised(found, grey, t_s, frame.wall_at, asked=asked)
        return True

    def swung(self, frame: Frame) -> NDArray[np.float64] | None:
        """`[2, 3]`: a point of the picture, full pixels, to where it lies in the scene, while the mast swings about its
        place; None: it does not, or this picture is not recognised, or lies farther off than the swing reaches."""
        if self.state != "shaking" or self.reference is None:
            return None
        most = 1.0 + self._m.reach * self.swing
        if self._found is not None and self._found[0] == frame.t_s:
            found: Registration | None = self._found[1]
        else:
            small, _ = small_light(frame.picture, self._registration)
            farthest_px = float(most * self.reference.patches.limits.max() + np.abs(self.reference.origin).max())
            found = self.reference.registered(small, within_px=farthest_px)
        if found is None or self.off(self.reference.sample_of(found, frame.t_s))[0] > most:
            return None
        back = np.asarray(cv2.invertAffineTransform(found.matrix), np.float64)
        back[:, 2] += self.reference.origin.mean(axis=0)
        return back

    def conclude(self, now_s: float) -> None:
        """The stream ends: an open question is answered by what was seen. That a part of a swing lies aside is none."""
        if self._close_since_s is not None and self.reference is not None:
            samples, limits = list(self._samples), self.reference.patches.limits
            swings = self.state == "shaking" and all(self.off(each)[0] <= 1.0 + self.swing for each in samples)
            begun_s = self._close_since_s if swings else -1e9
            verdict = judged(samples, limits, samples[-1].t_s if samples else now_s, begun_s, self._m)
            if verdict is not None:
                self._concluded(verdict, now_s)

    def _begin(self, grey: Floats, scale: float, wall_at: datetime) -> None:
        kept = self._store.load() if self._store is not None else None
        if kept is not None:
            self.reference = self._reference(kept)
            if self.reference.usable:
                return
        self._begin_again(grey, scale, wall_at)

    def _begin_again(self, grey: Floats, scale: float, wall_at: datetime) -> None:
        """The first picture is the reference until there is one without traffic."""
        if self.reference is not None and self.reference.kind == "scene":
            return  # it is the scene's: not for us to replace
        self.reference = Reference(self._scene, grey, scale, "learnt", wall_at, self._registration, self._m)
        self._learnt = []

    def _reference(self, kept: KeptReference) -> Reference:
        return Reference.of(self._scene, kept, self._registration, self._m)

    def _recognised(self, found: Registration, grey: Floats, t_s: float, wall_at: datetime, *, asked: bool) -> None:
        assert self.reference is not None
        sample = self.reference.sample_of(found, t_s)
        share, px = self.off(sample)
        self._found = t_s, found
        self._sure_s, self._unseen_since_s = t_s, None
        if self._close_since_s is None:
            if self.state == "in_place" and share <= 1.0:
                self.off_px, self.good_s = px, t_s
                self._next_s = t_s + self._m.every_s
                self._learn(found, grey, t_s, wall_at)
                return
            if self.state == "moved" and share > 1.0:
                self.off_px, self._next_s = px, t_s + self._m.every_s
                return
            self._close_since_s = t_s
            self._samples.clear()
        self._samples.append(sample)
        limits = self.reference.patches.limits
        verdict = judged(list(self._samples), limits, t_s, self._close_since_s, self._m)
        self._next_s = t_s + self._m.closely_s
        if verdict is not None:
            self._concluded(verdict, t_s)

    def _concluded(self, verdict: Verdict, t_s: float) -> None:
        assert self.reference is not None
        if self.state == "learning" and self._learnt is not None and not self._knocked(verdict):
            self.reference.origin = self.reference.origin + verdict.middle
            swinging = verdict.swing > 1.0
            self.state, self.off_px = "shaking" if swinging else "in_place", 0.0
        else:
            self.state, self.off_px = verdict.place, verdict.px
        self.swing = verdict.swing
        self.verdict_s = t_s
        if self.state in ("in_place", "shaking"):
            self.good_s = t_s
        self._close_since_s = None
        self._next_s = t_s + self._m.every_s * (_AFTER_WIND if self.state == "shaking" else 1)

    def _knocked(self, verdict: Verdict) -> bool:
        """While it was first looked at: at rest in the first place, at rest in another since, and never back."""
        shares = [self.off(sample)[0] for sample in self._samples]
        left = next((i for i, share in enumerate(shares) if share > 1.0), len(shares))
        at_rest = verdict.place == "moved" and verdict.swing <= 1.0
        return at_rest and left >= _AT_REST and min(shares[left:], default=0.0) > 1.0

    def _not_recognised(self, grey: Floats, scale: float, t_s: float, wall_at: datetime) -> None:
        assert self.reference is not None
        assert self._sure_s is not None
        if self._close_since_s is not None and t_s - self._close_since_s > self._m.longest_s:
            self._close_since_s = None
        if self._unseen_since_s is None:
            self._unseen_since_s = t_s
        unseen_s = t_s - self._unseen_since_s
        self._next_s = t_s + (1.0 if unseen_s < self._m.unrecognised_s else self._m.every_s)
        if unseen_s < self._m.unrecognised_s or self.state == "moved":
            return
        if self.unproven:
            # the first picture was no good one (a decoder's first, a bus before the lens): begin with another
            self.state, self._unseen_since_s = "learning", None
            self._begin_again(grey, scale, wall_at)
            return
        if _edges(grey) >= self._m.clear * _edges(self.reference.grey):
            self.state, self.off_px = "other_view", None
        elif t_s - self._sure_s >= self._m.unsure_s and self.state != "other_view":
            self.state, self.off_px = "unsure", None

    def _learn(self, found: Registration, grey: Floats, t_s: float, wall_at: datetime) -> None:
        """A picture more for the reference that is without traffic; when there are enough, it is that one."""
        if self._learnt is None or t_s < self._next_learnt_s:
            return
        assert self.reference is not None
        scale = self.reference.patches.scale
        self._learnt.append(put_back(grey, found, scale))
        self._next_learnt_s = t_s + self._learning.apart_s
        if len(self._learnt) < self._learning.pictures:
            return
        origin = np.asarray(self.reference.origin.mean(axis=0) / scale, np.float32)
        kept = KeptReference(without_traffic(self._learnt, origin), "learnt", wall_at)
        fresh = self._reference(kept)
        self._learnt = None
        if not fresh.usable:
            return  # the first picture stays: better than none
        self.reference = fresh
        if self._store is not None:
            self._store.save(kept)


def _edges(grey: Floats) -> float:
    """How strong a picture's stronger edges are, grey levels a small pixel."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    strength = cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    return float(np.percentile(strength, 90))
