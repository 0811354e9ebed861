"""What is kept of small pictures for acts: moments and boxes, and how to find the main pictures of them."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from edge.picture import Image, Picture
from edge.plate.bearer import Box, Neighbour
from edge.plate.views import PlateViewMargins, View, ViewBook
from edge.substream.film import MainFilm
from edge.substream.looks import Look
from edge.substream.stretched import StretchedPicture, stretched
from edge.tracks.association import AssociationMargins, grow
from edge.types import Frame
from edge.video.kept import Kept
from edge.video.ring import Group
from edge.video.stills import StillStore
from zones.boxes import iou
from zones.geometry import GroundMap

log = logging.getLogger(__name__)
MOST_PINNED_BYTES = 64 * 2**20
"""Packets of one camera that are kept beyond its ring at most, for stills that are held; and as much for views."""
_SPARE_S = 6.0
"""So long before the ring drops them packets are kept for those who still want them."""
_NOTHING: Image = np.zeros((0, 0, 3), np.uint8)


def size_of(groups: Iterable[Group]) -> int:
    """Bytes of the packets, none counted twice."""
    return sum(group.size for group in {id(group): group for group in groups}.values())


@dataclass
class Pinned:
    """A moment whose main picture can be had when the ring has dropped it. `whole`: all packets of its time have come;
    before that the main stream may be behind."""

    t_s: float
    look: Look | None
    groups: list[Group]
    whole: bool = False

    def top_up(self, film: MainFilm) -> None:
        """Take what has come since."""
        if self.whole:
            return
        at_s, come_s = film.place_s(self.look, self.t_s), film.ring.whole_s
        self.groups = list({id(g): g for g in (*self.groups, *film.around(at_s))}.values())
        self.whole = come_s is not None and come_s >= at_s + film.offset.reach_s


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
            self.pins[index] = Pinned(at_s, look, groups)

    def hold_on(self) -> None:
        """Packets of held moments that come late are held too. Call it now and then."""
        for pin in self.pins.values():
            pin.top_up(self._film)

    def let_go(self, owner: Hashable) -> None:
        super().let_go(owner)
        self.pins = {index: pin for index, pin in self.pins.items() if index in self._long}

    def clear(self) -> None:
        super().clear()
        self.pins.clear()

    def moment(self, frame: int, t_s: float) -> Pinned:
        """Of a still that was given out."""
        look = self._film.looks.of(frame)
        return self.pins.get(frame) or Pinned(t_s, look, self._film.around(self._film.place_s(look, t_s)))

    def _shown(self, frame: Frame) -> Picture:
        picture = frame.picture
        assert isinstance(picture, StretchedPicture)
        self._size = picture.width, picture.height
        return picture.small

    def _image(self, picture: Kept) -> Image:
        return stretched(picture.image(), *self._size)


@dataclass(frozen=True, eq=False)
class SeenView(View):
    """A view without a picture yet: `image` is empty. `part`: its rectangle in the main picture. `pinned`: packets that
    the ring may have dropped by now."""

    part: tuple[int, int, int, int] = (0, 0, 0, 0)
    look: Look | None = None
    pinned: list[Group] = field(default_factory=list)


class SeenViews(ViewBook):
    """Judges views by their boxes and the small picture, and keeps their moments.

    Two tracks that change over are two: where one may have been taken over by another vehicle, so may each track beside
    it. Boxes found in small pictures tremble more, and of the two that changed over in the demo clip seen at 640 x 360
    only one leapt far enough to be told; the other had its plate.
    """

    def __init__(
        self, film: MainFilm, margins: PlateViewMargins | None = None, association: AssociationMargins | None = None
    ) -> None:
        super().__init__(margins)
        self._film, self._association = film, association or AssociationMargins()
        self._frame = -1
        self._offered: list[tuple[int, Box]] = []
        self._astray: list[Box] = []
        self.dropped = 0
        """Views that were given up for want of memory."""

    def offer(
        self, track_id: int, frame: int, t_s: float, box: Sequence[float], picture: Picture | Image, *,
        others: Sequence[Neighbour] = (), ground: GroundMap | None = None, astray: bool = False,
    ) -> None:  # fmt: skip
        """As `ViewBook.offer`; of one frame after the other."""
        if frame != self._frame:
            self._frame, self._offered, self._astray = frame, [], []
        here = float(box[0]), float(box[1]), float(box[2]), float(box[3])
        if astray:
            self._astray.append(here)
            for other, there in self._offered:
                begun = self._begun_s.setdefault(other, [])
                if self._beside(here, there) and (not begun or begun[-1] < t_s):
                    begun.append(t_s)
        beside = any(self._beside(here, there) for there in self._astray)
        self._offered.append((track_id, here))
        super().offer(
            track_id, frame, t_s, box, picture, others=others, ground=ground, astray=astray or beside
        )  # fmt: skip

    def _beside(self, a: Box, b: Box) -> bool:
        """Whether the tracker may take one of two boxes for the other: by its own measure."""
        m = self._association
        boxes = [grow(np.array([each]), m.grow_share) for each in (a, b)]
        return float(iou(*boxes)[0, 0]) >= m.least_overlap

    def hold_on(self) -> None:
        """Keep the packets of views that the ring is about to drop. Call it now and then."""
        oldest_s, whole_s = self._film.ring.oldest_s, self._film.ring.whole_s
        if oldest_s is None or whole_s is None:
            return
        there_s = whole_s - self._film.offset.reach_s
        views = [(track, v) for track, kept in self._views.items() for v in kept if isinstance(v, SeenView)]
        for _, view in views:
            if not view.pinned and view.t_s < min(oldest_s + _SPARE_S, there_s):
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
