"""The faults that a camera may have, each with what is expected of the box, drawn by chance.

A fault changes frames between the decoder and the pipeline. What it leaves as it was it hands on as it is, so that what
was detected in it before counts again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from edge.types import Frame, Image
from edge.watch.faults import ALL_HELD
from edge.watch.gate import UNSURE_FLAG
from evidence.wire import PictureState
from tools.bench import faults_pictures as pictures
from tools.bench.faults_pictures import Lens, Matrix
from zones.schema import Scene

Change = Callable[[Frame, float], Frame | None]
"""A frame, and seconds since the fault began; None: it is lost."""
Random = np.random.Generator
ELSEWHERE: frozenset[PictureState] = frozenset({"moved", "other_view"})


@dataclass(frozen=True)
class View:
    """What a fault must know of a camera: its size, and the lenses of its heads."""

    width: int
    height: int
    heads: Sequence[Mapping[str, Lens]]

    @classmethod
    def of(cls, scene: Scene) -> View:
        return cls(scene.picture.width, scene.picture.height, pictures.lenses(scene))


@dataclass(frozen=True)
class Injury:
    """What one fault does. `told`: how much, for people. `where`: how the picture lies so long after it began.
    `cuts`: the stream is cut where it begins and ends."""

    change: Change
    told: str = ""
    where: Callable[[float], Matrix] | None = None
    cuts: bool = False


@dataclass(frozen=True)
class Kind:
    """`alarms`: one of these states is told within `within_s`, if it lasts so long; empty: none has to be. `quiet`: the
    state stays good, and acts are found as before. `needs`: "lamps", or "green": the lamps are known to be green when
    it begins. `lasts_s`: when it is long. `flags`: those of an act that say that it was seen in such a fault."""

    name: str
    make: Callable[[Random, View], Injury]
    alarms: frozenset[PictureState] = frozenset()
    within_s: float = 60.0
    quiet: bool = False
    needs: str = ""
    lasts_s: tuple[float, float] = (20.0, 80.0)
    flags: frozenset[str] = frozenset({UNSURE_FLAG})


@dataclass(frozen=True)
class Fault:
    """One fault of one camera, in its stream time."""

    kind: Kind
    injury: Injury
    from_s: float
    to_s: float

    def at(self, t_s: float) -> bool:
        return self.from_s <= t_s < self.to_s

    def where(self, t_s: float) -> Matrix | None:
        """How the picture lies at a stream time; None: in its place."""
        return self.injury.where(t_s - self.from_s) if self.injury.where is not None and self.at(t_s) else None


def again(frame: Frame, image: Image) -> Frame:
    """The frame with another picture."""
    return Frame(frame.index, frame.t_s, image, frame.wall_at, frame.pts, frame.segment)


def _still(spoil: Callable[[Image], Image], told: str = "") -> Injury:
    return Injury(lambda frame, since_s: again(frame, spoil(frame.image)), told)


def _lying(where: Callable[[float], Matrix], told: str) -> Injury:
    def change(frame: Frame, since_s: float) -> Frame:
        return again(frame, pictures.warped(frame.image, where(since_s)))

    return Injury(change, told, where)


def knock(view: View, dx: float, dy: float, turn_deg: float, zoom: float = 1.0) -> Injury:
    matrix = pictures.moved(view.width, view.height, dx, dy, turn_deg, zoom)
    told = f"{np.hypot(dx, dy):.0f} px, {turn_deg:+.1f} deg" + (f", x{zoom:.3f}" if zoom != 1.0 else "")
    return _lying(lambda since_s: matrix, told)


def any_knock(
    rng: Random, view: View, px: tuple[float, float] = (8, 40), deg: tuple[float, float] = (0.5, 3)
) -> Injury:
    """Shifted, turned, or both."""
    how, way = rng.integers(3), rng.uniform(0, 2 * np.pi)
    far = rng.uniform(*px) if how != 1 else 0.0
    turn = rng.uniform(*deg) * rng.choice((-1, 1)) if how != 0 else 0.0
    return knock(view, far * np.cos(way), far * np.sin(way), float(turn))


def _zoomed(rng: Random, view: View) -> Injury:
    zoom = 1 + rng.choice((-1, 1)) * rng.uniform(0.015, 0.05)
    return knock(view, 0, 0, 0, float(zoom))


def _drift(rng: Random, view: View) -> Injury:
    way, far, over_s = rng.uniform(0, 2 * np.pi), rng.uniform(16, 40), rng.uniform(20, 60)

    def where(since_s: float) -> Matrix:
        px = far * min(since_s / over_s, 1.0)
        return pictures.moved(view.width, view.height, px * np.cos(way), px * np.sin(way))

    return _lying(where, f"{far:.0f} px in {over_s:.0f} s")


def wind(view: View, px: float, hz: float) -> Injury:
    """A mast swings up and down by `px`, and half as far aside in another time."""

    def where(since_s: float) -> Matrix:
        turn = 2 * np.pi * hz * since_s
        return pictures.moved(view.width, view.height, px / 2 * np.sin(0.71 * turn), px * np.sin(turn))

    return _lying(where, f"{px:.0f} px, {hz:.1f} Hz")


def _wind(rng: Random, view: View) -> Injury:
    return wind(view, float(rng.uniform(3, 8)), float(rng.uniform(0.5, 2)))


def _frozen(rng: Random, view: View) -> Injury:
    kept: list[Frame] = []

    def change(frame: Frame, since_s: float) -> Frame:
        kept.append(frame) if not kept else None
        return Frame(frame.index, frame.t_s, kept[0].picture, frame.wall_at, frame.pts, frame.segment)

    return Injury(change)


def _dirty(rng: Random, view: View) -> Injury:
    through = pictures.dirt(rng, view.width, view.height)
    return _still(lambda image: pictures.soiled(image, through), f"{(through < 0.9).mean():.0%} of the picture")


def _hidden(rng: Random, view: View) -> Injury:
    share, side = float(rng.uniform(0.15, 0.6)), str(rng.choice(("left", "right", "top", "bottom")))
    return _still(lambda image: pictures.hidden(image, share, side), f"{share:.0%}, {side}")


def _blocks(rng: Random, view: View) -> Injury:
    often = float(rng.uniform(0.1, 0.9))

    def change(frame: Frame, since_s: float) -> Frame:
        return again(frame, pictures.broken(frame.image, rng)) if rng.random() < often else frame

    return Injury(change, f"{often:.0%} of the frames")


def _dropped(rng: Random, view: View) -> Injury:
    """Runs of frames are lost, and runs come through."""
    turns = np.cumsum(rng.uniform(0.2, 4.0, 200))

    def change(frame: Frame, since_s: float) -> Frame | None:
        return frame if np.searchsorted(turns, since_s) % 2 else None

    return Injury(change)


def _clock(rng: Random, view: View) -> Injury:
    """The box's clock steps, and back: the stream is cut, as a source does when times cannot have followed."""
    by = timedelta(seconds=float(rng.choice((-1, 1)) * 10 ** rng.uniform(0, 4)))

    def change(frame: Frame, since_s: float) -> Frame:
        return Frame(frame.index, frame.t_s, frame.picture, frame.wall_at + by, frame.pts, frame.segment)

    return Injury(change, f"by {by.total_seconds():+.0f} s", cuts=True)


def _size(rng: Random, view: View) -> Injury:
    def change(frame: Frame, since_s: float) -> Frame:
        return again(frame, np.ascontiguousarray(frame.image[::2, ::2]))

    return Injury(change, "half", cuts=True)


def _turned_over(rng: Random, view: View) -> Injury:
    axis = int(rng.integers(3))
    flip: Callable[[Image], Image] = (
        lambda i: i[::-1, ::-1], lambda i: i[:, ::-1], lambda i: i[::-1]
    )[axis]  # fmt: skip
    return _still(lambda image: np.ascontiguousarray(flip(image)), ("by 180 deg", "left is right", "up is down")[axis])


def _swapped(rng: Random, view: View) -> Injury:
    return _still(lambda image: pictures.exchanged(image, view.heads))


def _lamps_dark(rng: Random, view: View) -> Injury:
    return _still(lambda image: pictures.shown(image, view.heads, None))


def _red_stuck(rng: Random, view: View) -> Injury:
    return _still(lambda image: pictures.shown(image, view.heads, "red"))


def _flicker(rng: Random, view: View) -> Injury:
    hz, dark = float(10 ** rng.uniform(-0.3, 0.8)), float(rng.uniform(0.2, 0.6))

    def change(frame: Frame, since_s: float) -> Frame:
        out = since_s * hz % 1.0 < dark
        return again(frame, pictures.shown(frame.image, view.heads, None)) if out else frame

    return Injury(change, f"{hz:.1f} Hz, dark {dark:.0%}")


def _disorder(rng: Random, view: View) -> Injury:
    """Colours in no order, each for less time than a yellow may last."""
    colours = rng.choice(("red", "yellow", "green", ""), 400)
    turns = np.cumsum(rng.uniform(0.3, 2.5, 400))

    def change(frame: Frame, since_s: float) -> Frame:
        lit = str(colours[min(int(np.searchsorted(turns, since_s)), 399)])
        return again(frame, pictures.shown(frame.image, view.heads, lit or None))

    return Injury(change)


_LAMPS = frozenset({"red_onset_not_seen", "signal_in_doubt", "yellow_too_short", "yellow_changed"})
_GREY: frozenset[PictureState] = frozenset({"grey"})
_BLIND_S = 15.0
"""Decision 34 has a fault of sight told within 10 s; another view within 20 s."""
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("knock", any_knock, ELSEWHERE),
        Kind("zoom", _zoomed, ELSEWHERE),
        Kind("drift", _drift, ELSEWHERE, lasts_s=(60, 120)),
        Kind("wind", _wind, quiet=True),
        Kind("turned over", _turned_over, ALL_HELD),
        Kind("frozen", _frozen, frozenset({"frozen"}), _BLIND_S),
        Kind("black", lambda rng, view: _still(pictures.black), ALL_HELD, _BLIND_S),
        Kind("white", lambda rng, view: _still(pictures.white), ALL_HELD, _BLIND_S),
        Kind("blur", lambda rng, view: _still(pictures.blurred), ALL_HELD, _BLIND_S),
        Kind("cover", lambda rng, view: _still(pictures.hooded), ALL_HELD, _BLIND_S),
        Kind("grey", lambda rng, view: _still(pictures.grey), ALL_HELD.union(_GREY), _BLIND_S),
        Kind("hidden", _hidden, flags=_LAMPS | {UNSURE_FLAG}),
        Kind("dirt", _dirty, flags=_LAMPS | {UNSURE_FLAG}),
        Kind("blocks", _blocks, flags=_LAMPS | {UNSURE_FLAG}),
        Kind("dropped", _dropped, flags=_LAMPS | {"few_pictures"}),
        Kind("clock", _clock, flags=_LAMPS),
        Kind("size", _size, flags=_LAMPS),
        Kind("lamps swapped", _swapped, needs="lamps", flags=_LAMPS),
        Kind("lamps flicker", _flicker, needs="lamps", flags=_LAMPS),
        Kind("lamps dark", _lamps_dark, needs="lamps", flags=_LAMPS),
        Kind("lamps in disorder", _disorder, needs="lamps", flags=_LAMPS),
        # a red that only goes on is a red for whoever looks: what came out of green without a yellow is none
        Kind("red stuck", _red_stuck, needs="green", flags=_LAMPS),
    )
}
"""By name."""
