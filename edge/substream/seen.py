"""What is kept of small pictures for acts: moments and boxes, and how to find the main pictures of them."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, fields
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.picture import Image, Picture
from edge.plate.views import PlateViewMargins, View, ViewBook
from edge.substream.film import MainFilm
from edge.substream.looks import Look
from edge.substream.stretched import StretchedPicture, stretched
from edge.types import Frame
from edge.video.ring import Group
from edge.video.stills import StillStore

log = logging.getLogger(__name__)
MOST_PINNED_BYTES = 64 * 2**20
"""Packets of one camera that are kept beyond its ring at most, for stills that are held; and as much for views."""
_SPARE_S = 6.0
"""So long before the ring drops them packets are kept for those who still want them."""
_NOTHING: Image = np.zeros((0, 0, 3), np.uint8)


def size_of(groups: Iterable[Group]) -> int:
    """Bytes of the packets, none counted twice."""
    return sum(group.size for group in {id(group): group for group in groups}.values())


@dataclass(frozen=True)
class Pinned:
    """A moment whose main picture can be had when the ring has dropped it."""

    look: Look | None
    groups: list[Group]


class SeenStills(StillStore):
    """Keeps small pictures, by which the camera's watches judge an act; what is sealed is the main picture of the same
    moment (`edge.substream.proof`)."""

    def __init__(self, film: MainFilm) -> None:
        super().__init__()
        self._film = film
        self._size = (0, 0)
        self.pins: dict[int, Pinned] = {}

    def hold(self, owner: Hashable, t_s: float) -> None:
        before = set(self._long)
        super().hold(owner, t_s)
        for index in self._long.keys() - before:
            at_s = self._long[index][0]
            look = self._film.looks.of(index)
            groups = self._film.around(self._film.place_s(look, at_s))
            others = [group for pin in self.pins.values() for group in pin.groups]
            if size_of([*others, *groups]) > MOST_PINNED_BYTES:
                log.warning("a picture that may begin an act is not held t_s=%.2f: too many packets are", at_s)
                continue
            self.pins[index] = Pinned(look, groups)

    def let_go(self, owner: Hashable) -> None:
        super().let_go(owner)
        self.pins = {index: pin for index, pin in self.pins.items() if index in self._long}

    def clear(self) -> None:
        super().clear()
        self.pins.clear()

    def moment(self, frame: int, t_s: float) -> Pinned:
        """Of a still that was given out."""
        look = self._film.looks.of(frame)
        return self.pins.get(frame) or Pinned(look, self._film.around(self._film.place_s(look, t_s)))

    def _shown(self, frame: Frame) -> Image:
        picture = frame.picture
        assert isinstance(picture, StretchedPicture)
        self._size = picture.width, picture.height
        return picture.small.image()

    def _image(self, data: NDArray[np.uint8]) -> Image:
        return stretched(cast(Image, cv2.imdecode(data, cv2.IMREAD_COLOR)), *self._size)


@dataclass(frozen=True, eq=False)
class SeenView(View):
    """A view without a picture yet: `image` is empty. `part`: its rectangle in the main picture. `pinned`: packets that
    the ring may have dropped by now."""

    part: tuple[int, int, int, int] = (0, 0, 0, 0)
    look: Look | None = None
    pinned: list[Group] = field(default_factory=list)


class SeenViews(ViewBook):
    """Judges views by their boxes and the small picture, and keeps their moments."""

    def __init__(self, film: MainFilm, margins: PlateViewMargins | None = None) -> None:
        super().__init__(margins)
        self._film = film
        self.dropped = 0
        """Views that were given up for want of memory."""

    def hold_on(self) -> None:
        """Keep the packets of views that the ring is about to drop. Call it now and then."""
        oldest_s = self._film.ring.oldest_s
        if oldest_s is None:
            return
        views = [(track, v) for track, kept in self._views.items() for v in kept if isinstance(v, SeenView)]
        for _, view in views:
            if not view.pinned and view.t_s < oldest_s + _SPARE_S:
                view.pinned.extend(self._film.around(self._film.place_s(view.look, view.t_s)))
        gone = sorted(((v.t_s, track, v) for track, v in views if v.pinned), key=lambda each: each[0])
        while gone and size_of(g for _, _, v in gone for g in v.pinned if g.last_s < oldest_s) > MOST_PINNED_BYTES:
            _, track, view = gone.pop(0)
            self._views[track].remove(view)
            self.dropped += 1

    def _crop(self, picture: Picture, part: tuple[int, int, int, int]) -> Image:
        assert isinstance(picture, StretchedPicture)
        return picture.small_part(*part)[0]

    def _view(self, view: View, part: tuple[int, int, int, int]) -> View:
        told = {each.name: getattr(view, each.name) for each in fields(View)}
        look = self._film.looks.of(view.frame)
        return SeenView(**{**told, "image": _NOTHING}, part=part, look=look)
