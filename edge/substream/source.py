"""A camera by two streams: the small one is decoded and looked at, of the main one the packets are kept.

What comes out are pictures of the main stream's size, made of the small ones, on the main stream's line of time: boxes,
lines, lamps and moments are the same for both, and the clip that is cut by a moment shows what was seen then.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from common.stopwatch import UNTIMED, Stopwatch
from edge.picture import Picture
from edge.road.region import RegionMargins
from edge.substream.film import MainFilm
from edge.substream.looks import Look, Looks
from edge.substream.margins import SubstreamMargins
from edge.substream.matching import match, thumb_of
from edge.substream.offset import Offset
from edge.substream.stretched import StretchedPicture
from edge.substream.view import SameView, too_small
from edge.types import Frame
from edge.video.clock import StreamClock
from edge.video.keys import KeptSource
from edge.video.margins import VideoMargins
from edge.video.ring import PacketRing
from edge.video.source import VideoSource, frames_of
from edge.video.source_status import SourceState, SourceStatus, StreamInfo
from edge.watch.margins import PictureMargins
from models.detector_margins import DetectorMargins
from zones.schema import Scene

log = logging.getLogger(__name__)
_WORST: tuple[SourceState, ...] = ("failed", "stalled", "reconnecting", "starting", "running", "ended")
_SPARE_S = 0.5
"""B pictures come after those that are shown later; a file is read so much farther."""


class Numbers(Protocol):
    """Those of a box that judge two streams."""

    @property
    def video(self) -> VideoMargins: ...

    @property
    def substream(self) -> SubstreamMargins: ...

    @property
    def picture(self) -> PictureMargins: ...

    @property
    def region(self) -> RegionMargins: ...

    @property
    def detector(self) -> DetectorMargins: ...


class TwoStreams:
    """`main` keeps packets in `ring`; `small` is looked at. Both are started and stopped here.

    Parameters
    ----------
    numbers: those by which the streams are held against each other.
    """

    def __init__(
        self, main: KeptSource, small: VideoSource, ring: PacketRing, scene: Scene, numbers: Numbers,
        *, stopwatch: Stopwatch = UNTIMED,
    ) -> None:  # fmt: skip
        self._stage = stopwatch.stage
        self._main, self._small, self._m = main, small, numbers.substream
        self._offset = Offset(0.0, self._m)
        self._looks = Looks()
        self.film = MainFilm(ring, self._looks, self._offset, self._m)
        self._view = SameView(scene, self._m, numbers.picture)
        self._scene, self._region, self._long_side = scene, numbers.region, numbers.detector.long_side
        self._sized: tuple[int, int] | None = None
        self._too_small = ""
        self._keys: deque[tuple[float, Picture]] = deque(maxlen=8)
        self._newest: Frame | None = None
        self._last: deque[tuple[float, StretchedPicture]] = deque()
        self._whole: tuple[float, Picture] | None = None
        self._lines: tuple[int, int] | None = None
        self._guessed_s = 0.0
        self._segment = 0
        self._last_s: float | None = None

    @property
    def live(self) -> bool:
        return self._main.live

    @property
    def clock(self) -> StreamClock:
        """The main stream's: every time here is on its line."""
        return self._main.clock

    @property
    def info(self) -> StreamInfo | None:
        """The main stream's."""
        return self._main.info

    def start(self) -> None:
        self._main.start()
        self._small.start()

    def stop(self, timeout_s: float | None = None) -> None:
        self._small.stop(timeout_s)
        self._main.stop(timeout_s)

    def frames(self) -> Iterator[Frame]:
        """See `frames_of`."""
        return frames_of(self)

    def next(self, timeout_s: float) -> Frame | None:
        """The next small picture in the main one's size and time; None if none came in time, or none may be judged:
        before the main stream has begun, and while both show other views. Raises as `VideoSource.next`."""
        self._main.watch()
        frame = self._small.next(timeout_s)
        self._keys.extend(self._main.keys.waiting())
        if frame is None or not self._begun(frame):
            return None
        with self._stage("streams"):
            shown = self._on_line(frame)
            if shown is None:
                return None
            self._hold_against()
        return None if self._wrong else shown

    @property
    def _wrong(self) -> str:
        """Why nothing can be judged in the small stream."""
        return self._too_small or self._view.wrong

    def whole(self, frame: Frame) -> Frame | None:
        """The newest key picture of the main stream; None before the first."""
        if self._whole is None:
            return None
        t_s, picture = self._whole
        clock = self._main.clock
        return Frame(frame.index, t_s, picture, clock.wall_at(t_s), 0, clock.segment_at(t_s))

    def status(self) -> SourceStatus:
        """Of both: the worse state of the two, and whose it is; the rate is that of what is looked at."""
        main, small = self._main.status(), self._small.status()
        worse, whose = min(((main, "main stream"), (small, "substream")), key=lambda each: _WORST.index(each[0].state))
        error = f"{whose}: {worse.error}" if worse.error else ""
        ages = [age for age in (main.last_frame_age_s, small.last_frame_age_s) if age is not None]
        return replace(
            small,
            state="failed" if self._wrong else worse.state,
            error=self._wrong or error,
            reconnects=main.reconnects + small.reconnects,
            corrupt=main.corrupt + small.corrupt,
            last_frame_age_s=max(ages, default=None),
            ended_early=small.ended_early or main.ended_early,
            time_steps=main.time_steps + small.time_steps,
            restamped=main.restamped + small.restamped,
            clock_steps=main.clock_steps,
            size_changes=main.size_changes + small.size_changes,
            key_interval_s=main.key_interval_s,
        )

    def _begun(self, frame: Frame) -> bool:
        """Whether there is a line of time to put pictures on. A file's main stream is read as far as is needed."""
        keys = self._main.keys
        if not self._main.live:
            until_s = frame.t_s + self._offset.shift_s + self._m.far_s + _SPARE_S
            keys.allow(until_s)
            while not keys.wait_for(until_s, 1.0):
                if self._main.status().state == "failed":
                    break
        elif self._main.info is None or keys.newest_s is None:
            return False
        return keys.newest_s is not None

    def _on_line(self, frame: Frame) -> Frame | None:
        main, info = self._main, self._main.info
        assert info is not None
        newest_s = main.keys.newest_s or 0.0
        lines = frame.segment, main.clock.segment_at(newest_s)
        if lines != self._lines:
            self._lines = lines
            self._offset.lost()
            self.film.steadiness.begun_anew()
            self._cut()
        self._guess(frame.t_s, newest_s)
        t_s = round(frame.t_s + self._offset.shift_s, 6)
        if t_s < 0 or (self._last_s is not None and t_s <= self._last_s):
            return None  # before the main stream's first picture, or the line leapt back: until it has caught up
        self._last_s = t_s
        size = frame.picture.width, frame.picture.height
        if size != self._sized:
            self._sized = size
            self._too_small = too_small(self._scene, size, self._long_side, self._m, self._region)
            if self._too_small:
                log.error("%s", self._too_small)
        picture = StretchedPicture(frame.picture, info.width, info.height)
        self._looks.add(Look(frame.index, t_s, frame.t_s, self._offset.line, thumb_of(frame.picture)))
        self._last.append((t_s, picture))
        while t_s - self._last[0][0] > self._m.reach_s + _SPARE_S:
            self._last.popleft()
        self._newest = Frame(frame.index, t_s, picture, main.clock.wall_at(t_s), frame.pts, self._segment)
        return self._newest

    def _guess(self, small_s: float, main_s: float) -> None:
        """Until it is measured: what came at one moment was taken at about one moment. What had waited for a stream's
        opening comes at once, so that the first guess is a poor one. Of files nothing is known: they begin together."""
        if self._offset.known or not self._main.live:
            return
        main, small = self._main.clock, self._small.clock
        guess_s = (small.monotonic_at(small_s) - small_s) - (main.monotonic_at(main_s) - main_s)
        if abs(guess_s - self._guessed_s) > self._m.near_s:
            self._offset.shift_s += guess_s - self._guessed_s
            self._guessed_s = guess_s
            self._cut()

    def _cut(self) -> None:
        self._segment += 1

    def _hold_against(self) -> None:
        """Each key picture of the main stream beside the small ones of its time."""
        offset, newest = self._offset, self._newest
        assert newest is not None
        while self._keys:
            t_s, picture = self._keys[0]
            if newest.t_s < t_s + offset.reach_s:
                return
            self._keys.popleft()
            self._whole = t_s, picture
            # of the same moment, for a mast swings
            small = min(self._last, key=lambda each: abs(each[0] - t_s))[1] if offset.known else self._last[-1][1]
            self._view.look(picture, small, t_s)
            own_s = t_s - offset.shift_s
            looks = self._looks.between(own_s - offset.reach_s, own_s + offset.reach_s, offset.line)
            found = match(
                thumb_of(picture), [look.thumb for look in looks], [look.own_s for look in looks], own_s, self._m
            )  # fmt: skip
            steadiness = self.film.steadiness
            steadiness.looked += 1
            steadiness.moved += int(found is not None and found.moves)
            if found is None or not found.alone:
                continue
            before_s = offset.shift_s
            leaps = offset.measured(t_s - looks[found.index].own_s)
            steadiness.measured(offset, t_s)
            if leaps:
                log.warning(
                    "streams stand otherwise: the substream's time %+.3f s is the main stream's, before %+.3f s",
                    offset.shift_s, before_s,
                )  # fmt: skip
                self._cut()
                return
