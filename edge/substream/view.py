"""Whether both streams of a camera show the same view: else what is seen in one is proven of nobody by the other."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

import numpy as np

from edge.picture import Picture
from edge.road.region import RegionMargins, region
from edge.signals.pixels import lenses_of
from edge.substream.margins import SubstreamMargins
from edge.substream.matching import thumb_of
from edge.substream.stretched import StretchedPicture
from edge.watch.margins import PictureMargins
from edge.watch.reference import Reference
from edge.watch.registration import small_light
from zones.schema import Scene


def too_small(
    scene: Scene, small: tuple[int, int], long_side: int, m: SubstreamMargins, region_margins: RegionMargins
) -> str:
    """Why nothing can be judged in small pictures of that size, with the remedy; empty: it can.

    `long_side`: pixels of the picture that the detector is given.
    """
    wide, high = scene.picture.width, scene.picture.height
    across, down = small[0] / wide, small[1] / high
    lenses = [lens.box for head in scene.signals if head.source == "pixels" for lens in lenses_of(head)]
    lens_px = min((min((x2 - x1) * across, (y2 - y1) * down) for x1, y1, x2, y2 in lenses), default=np.inf)
    x1, y1, x2, y2 = region(scene, wide, high, region_margins)
    share = max((x2 - x1) * across, (y2 - y1) * down) / min(long_side, max(x2 - x1, y2 - y1))
    lacks = max(m.least_lens_px / lens_px, m.least_share / share)
    if lacks <= 1.0:
        return ""
    what = f"a lens is {lens_px:.1f} px wide" if m.least_lens_px > lens_px else "vehicles are too small"
    return (
        f"the substream of {small[0]} x {small[1]} is too small: {what} -> set it to {_even(small[0] * lacks)} x "
        f"{_even(small[1] * lacks)} or more in the camera, or leave the substream out"
    )


def _even(side: float) -> int:
    return int(np.ceil(side / 2)) * 2


class SameView:
    """Of one camera. `wrong`: what is wrong, with the remedy; empty: nothing, or nobody knows."""

    def __init__(self, scene: Scene, margins: SubstreamMargins, picture: PictureMargins) -> None:
        self._scene, self._m, self._picture = scene, margins, picture
        self._off: deque[tuple[float, float]] = deque(maxlen=margins.view_looks)
        self._next_s = -1e9
        self.wrong = ""

    @property
    def known(self) -> bool:
        """Whether enough was looked at to say something."""
        return len(self._off) == self._m.view_looks

    def look(self, main: Picture, small: StretchedPicture, t_s: float) -> None:
        """Two pictures of about one moment."""
        wanted = self._scene.picture
        if t_s < self._next_s or (main.width, main.height) != (wanted.width, wanted.height):
            return
        grey, scale = small_light(main, self._picture.registration)
        reference = Reference(
            self._scene, grey, scale, "learnt", datetime.fromtimestamp(0, UTC), self._picture.registration,
            self._picture.position,
        )  # fmt: skip
        if not reference.usable:
            return  # fog, or night: nothing to compare
        found = reference.registered(small_light(small, self._picture.registration)[0])
        share, px = np.inf, np.inf
        if found is None:
            a, b = (thumb_of(each).astype(np.float64) for each in (main, small))
            a, b = a - a.mean(), b - b.mean()
            alike = float((a * b).mean() / max(a.std() * b.std(), 1e-6))
            if alike >= self._m.view_alike:
                return
        else:
            way = np.hypot(*reference.sample_of(found, t_s).shifts.T)
            # a small picture cannot be measured finer than its own pixels
            share = float((way / (reference.patches.limits + main.width / small.small.width)).max(initial=0.0))
            px = float(way.max(initial=0.0))
        self._off.append((share, px))
        if not self.known:
            return
        share, px = (float(np.median(each)) for each in zip(*self._off, strict=True))
        self.wrong = ""
        if share > 1.0:
            far = f"{px:.0f} px beside it" if np.isfinite(px) else "nothing alike is found"
            self.wrong = (
                f"the substream shows another view than the main stream ({far}) -> set both streams of the camera to "
                "the same part of the picture, without cropping"
            )
        self._next_s = t_s + (self._m.view_every_s if not self.wrong else 0.0)
