"""Which picture of one stream shows the moment of a picture of the other: by what moves in them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.picture import Image, Picture
from edge.substream.margins import SubstreamMargins

WIDTH, HEIGHT = 240, 135
_SMOOTHED = 0.8
"""Pixels: thinned edges differ by up to 6 grey levels between the streams at one moment, smoothed ones by 3."""
Box = tuple[float, float, float, float]


def thumb_of(picture: Picture) -> Image:
    """`[135, 240]` grey, whatever the size and shape of the picture; smoothed, so that both of one moment are alike."""
    light = picture.sparse_light(max(1, picture.width // (4 * WIDTH)))
    small = cv2.resize(light, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), _SMOOTHED), np.uint8)


@dataclass(frozen=True)
class Match:
    """`index`: of the picture that shows the moment, of those given. `sure`: False where none shows it well enough, or
    it may lie beyond those given. `alone`: no other that lies farther off is as much alike, so that it tells how the
    streams' times stand to each other. `difference`: of what moves, grey levels on the average. `moves`: whether
    enough does; where nothing does every picture is right."""

    index: int
    sure: bool
    alone: bool
    difference: float
    moves: bool = True


def match(
    thumb: Image, others: Sequence[Image], times_s: Sequence[float], near_s: float, m: SubstreamMargins,
    *, box: Box | None = None, open_ends: bool = True,
) -> Match | None:  # fmt: skip
    """The one of `others`, of another stream at `times_s` in order, that shows the moment of `thumb`; None of none.

    Parameters
    ----------
    near_s: where it is expected: of those that are as much alike the nearest is taken.
    box: the vehicle that matters, in shares of width and height: it must be in its place too.
    open_ends: pictures beyond the first and the last of `others` were not looked at, and may be the right one.
    """
    if not others:
        return None
    nearest = int(np.argmin(np.abs(np.asarray(times_s) - near_s)))
    stack = np.stack(others).astype(np.float32)
    wide = np.ptp(stack, axis=0) > m.moves
    # brightness may be set apart for each stream
    apart = stack - thumb.astype(np.float32)
    apart = np.abs(apart - np.median(apart[nearest]))
    masks = [wide]
    if box is not None:
        x1, y1, x2, y2 = (
            int(np.clip(round(v * side), 0, side)) for v, side in zip(box, (WIDTH, HEIGHT, WIDTH, HEIGHT), strict=True)
        )
        here = np.zeros_like(wide)
        here[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)] = True
        masks.append(wide & here)
    curves = [apart[:, mask].mean(axis=1) for mask in masks if int(mask.sum()) >= m.least_moving]
    if not curves:
        # nothing moves; but it must be the same picture all the same
        difference = float(apart[nearest].mean())
        return Match(nearest, difference <= m.alike, False, difference, moves=False)
    at_s, both = np.asarray(times_s), np.mean(curves, axis=0)
    as_good = np.flatnonzero(both <= float(both.min()) + m.as_good)
    best = int(as_good[np.argmin(np.abs(at_s[as_good] - near_s))])
    sure = all(curve[best] <= max(m.alike, m.unlike * float(curve.max())) for curve in curves)
    alone = bool((np.abs(at_s[as_good] - at_s[best]) <= m.near_s).all())
    at_end = alone and open_ends and len(others) > 1 and best in (0, len(others) - 1)
    return Match(best, sure and not at_end, alone and sure and not at_end, float(curves[-1][best]))
