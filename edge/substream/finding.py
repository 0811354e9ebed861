"""The main pictures of moments that were seen in the small ones: decoded out of the packets, and no more of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge.picture import Image, Picture
from edge.substream.looks import Look
from edge.substream.margins import SubstreamMargins
from edge.substream.matching import Box, match, thumb_of
from edge.video.decoding import decoded
from edge.video.ring import Group


@dataclass(frozen=True, eq=False)
class Moment:
    """`look`: what was seen; None: it is not known any more, and time alone counts. `groups`: packets of its time.
    `box`: of the vehicle, pixels of the main picture."""

    t_s: float
    look: Look | None
    groups: Sequence[Group]
    box: Box | None = None

    def with_more(self, groups: Sequence[Group]) -> Moment:
        """The same with packets that have come since."""
        return replace(self, groups=list({id(g): g for g in (*self.groups, *groups)}.values()))


@dataclass(frozen=True, eq=False)
class Found:
    """`sure`: the picture shows the moment; else it is only the one nearest to it. `around`: it and its neighbours."""

    t_s: float
    picture: Picture
    sure: bool
    around: Sequence[tuple[float, Picture]]


Take = Callable[[int, Found], None]


def find(moments: Sequence[Moment], reach_s: float, m: SubstreamMargins, take: Take) -> None:
    """`take` is given each moment by its place in `moments`, with its picture; those that have none are left out. What
    it does not copy is gone after it, so that no more than some pictures are in memory at a time."""
    order = sorted(range(len(moments)), key=lambda i: moments[i].t_s)
    together: list[list[int]] = []
    held: set[int] = set()
    for i in order:
        groups = {id(group) for group in moments[i].groups}
        if together and held & groups:
            together[-1].append(i)
            held |= groups
        else:
            together.append([i])
            held = groups
    for cluster in together:
        _find([(i, moments[i]) for i in cluster], reach_s, m, take)


def _find(moments: list[tuple[int, Moment]], reach_s: float, m: SubstreamMargins, take: Take) -> None:
    groups = list({id(g): g for _, moment in moments for g in moment.groups}.values())
    from_s, to_s = moments[0][1].t_s - reach_s, moments[-1][1].t_s + reach_s
    near: list[tuple[float, Picture, Image]] = []
    waiting = list(moments)
    for t_s, picture in decoded(groups, from_s, to_s):
        while waiting and t_s > waiting[0][1].t_s + reach_s:
            _take(*waiting.pop(0), near, reach_s, m, take)
        if not waiting:
            return
        near = [each for each in near if each[0] >= waiting[0][1].t_s - reach_s]
        if any(abs(t_s - moment.t_s) <= reach_s for _, moment in waiting):
            near.append((t_s, picture, thumb_of(picture)))
    for i, moment in waiting:
        _take(i, moment, near, reach_s, m, take)


def _take(
    i: int, moment: Moment, near: Sequence[tuple[float, Picture, Image]], reach_s: float, m: SubstreamMargins,
    take: Take,
) -> None:  # fmt: skip
    there = [each for each in near if abs(each[0] - moment.t_s) <= reach_s + 1e-6]
    if not there:
        return
    around = [(t_s, picture) for t_s, picture, _ in there]
    if moment.look is None:
        t_s, picture = min(around, key=lambda each: abs(each[0] - moment.t_s))
        take(i, Found(t_s, picture, False, around))
        return
    box = moment.box
    if box is not None:
        width, height = there[0][1].width, there[0][1].height
        box = box[0] / width, box[1] / height, box[2] / width, box[3] / height
    found = match(
        moment.look.thumb, [thumb for _, _, thumb in there], [t_s for t_s, _, _ in there], moment.t_s, m, box=box
    )  # fmt: skip
    assert found is not None
    if found.sure:
        take(i, Found(*around[found.index], True, around))
        return
    t_s, picture = min(around, key=lambda each: abs(each[0] - moment.t_s))
    if abs(t_s - moment.t_s) <= m.still_apart_s:
        take(i, Found(t_s, picture, False, around))
