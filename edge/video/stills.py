"""The pictures an act may need later, kept small: a sparse ring of encoded frames, and exact ones on request.

An act is known only seconds after it began. Keeping every raw frame for that long would cost hundreds of megabytes a
camera, so frames wait as nearly lossless JPEG, a few a second (`edge.video.kept`), and the frame of a possible act is
pinned exactly.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Set

from edge.picture import Picture
from edge.types import Frame, Image, Still
from edge.video.kept import Kept, kept

_NEAR_S = 0.6
"""A picture farther from the time asked for shows another moment (as `EventMargins.still_slack_s`)."""


class StillStore:
    """`keep_s`: how long frames are held; `step_s`: pause between those of the ring; `max_pinned`: frames beside the
    ring at most. When there are more, the one goes whose neighbours lie closest: least is lost with it.

    Held for longest: the coming of one who stands over the line for 5 s, told 6 s later. What is the beginning of
    something longer is asked to stay (`hold`), for as long as its owner says; `max_held`: frames at most that stay so.
    When there are as many, no more are: an act whose first picture is missing says so.
    """

    def __init__(self, *, keep_s: float = 15.0, step_s: float = 0.2, max_pinned: int = 64, max_held: int = 32) -> None:
        self._keep_s, self._step_s, self._max_pinned, self._max_held = keep_s, step_s, max_pinned, max_held
        self._long: dict[int, tuple[float, Kept]] = {}
        self._owners: dict[Hashable, set[int]] = {}
        self._kept: OrderedDict[int, tuple[float, Kept]] = OrderedDict()
        self._pinned: set[int] = set()
        self._current: Frame | None = None
        self._next_s = -1e9

    def offer(self, frame: Frame) -> None:
        """The newest frame; it goes into the ring when its turn has come."""
        self._current = frame
        if frame.t_s + 1e-6 >= self._next_s:
            self._keep(frame)
            self._next_s = max(self._next_s + self._step_s, frame.t_s + self._step_s / 2)
        while self._kept and frame.t_s - next(iter(self._kept.values()))[0] > self._keep_s:
            self._pinned.discard(self._kept.popitem(last=False)[0])

    def clear(self) -> None:
        """The stream was cut: pictures from before prove nothing about what comes."""
        self._kept.clear()
        self._pinned.clear()
        self._long.clear()
        self._owners.clear()
        self._current, self._next_s = None, -1e9

    def pin(self) -> None:
        """Hold the newest frame exactly."""
        frame = self._current
        if frame is None or frame.index in self._kept or self._max_pinned < 1:
            return
        self._keep(frame)
        self._pinned.add(frame.index)
        while len(self._pinned) > self._max_pinned:
            spare = self._least_missed()
            self._pinned.discard(spare)
            del self._kept[spare]

    def hold(self, owner: Hashable, t_s: float) -> None:
        """Keep the picture that was nearest to a time until its owner lets go, if one is near and there is room."""
        held = [(i, at_s) for i, (at_s, _) in {**self._long, **self._kept}.items() if abs(at_s - t_s) <= _NEAR_S]
        if not held:
            return
        index = min(held, key=lambda each: abs(each[1] - t_s))[0]
        if index not in self._long:
            if len(self._long) >= self._max_held:
                return
            self._long[index] = self._kept[index]
        self._owners.setdefault(owner, set()).add(index)

    def let_go(self, owner: Hashable) -> None:
        """What it alone had asked for is not kept any longer."""
        if self._owners.pop(owner, None):
            wanted: Set[int] = set().union(*self._owners.values())
            self._long = {index: kept for index, kept in self._long.items() if index in wanted}

    def _least_missed(self) -> int:
        held = [(index, t_s) for index, (t_s, _) in self._kept.items()]
        spans = [
            (after - before, index)
            for (_, before), (index, _), (_, after) in zip(held, held[1:], held[2:], strict=False)
            if index in self._pinned
        ]
        return min(spans)[1] if spans else min(self._pinned)

    @property
    def held(self) -> int:
        """Frames held now."""
        return len(self._kept.keys() | self._long.keys())

    def nearest(self, t_s: float, *, from_s: float = -1e9, to_s: float = 1e9) -> Still | None:
        """The held frame nearest to `t_s` among those between `from_s` and `to_s`."""
        held = {**self._long, **self._kept}
        allowed = [(i, kept) for i, kept in held.items() if from_s - 1e-6 <= kept[0] <= to_s + 1e-6]
        if not allowed:
            return None
        index, (at_s, picture) = min(allowed, key=lambda item: abs(item[1][0] - t_s))
        return Still(index, at_s, self._image(picture))

    def between(self, from_s: float, to_s: float) -> list[Still]:
        """All held frames of a stretch of time, in order."""
        held = {**self._long, **self._kept}
        wanted = sorted((at_s, index) for index, (at_s, _) in held.items() if from_s <= at_s <= to_s)
        return [Still(i, at_s, self._image(held[i][1])) for at_s, i in wanted]

    def _keep(self, frame: Frame) -> None:
        if frame.index in self._kept:
            return
        picture = kept(self._shown(frame))
        if picture is not None:
            self._kept[frame.index] = (frame.t_s, picture)

    def _shown(self, frame: Frame) -> Picture:
        """What is kept of a frame."""
        return frame.picture

    def _image(self, picture: Kept) -> Image:
        """What was kept, as a picture of the camera's size."""
        return picture.image()
