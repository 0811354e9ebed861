"""An act that was seen in the small stream is proven by the main one: its stills, its plate, its red.

What it needs of packets is held from the moment of the finding on. Decoding is done apart, where plates are read, or at
once where a file is played. No small picture is ever sealed: what the main stream does not show is missing, and said
so. Where the main picture contradicts the small one the act is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.stopwatch import UNTIMED, Stopwatch
from edge.events import with_plate
from edge.plate.apart import PlateAsked, PlatesApart
from edge.plate.reading import PlateEvidence
from edge.plate.views import TrackViews, View, cut_out
from edge.signals.heads import RedSeen
from edge.signals.pixels import HeadReader
from edge.substream.film import MainFilm
from edge.substream.finding import Found, Moment, Take, find
from edge.substream.seen import SeenStills, SeenView, SeenViews
from edge.substream.shown import IfAsked, Shown
from edge.types import ActEvent, Image, Still, StillRole
from evidence.acts import LampState
from evidence.packet import Reason
from zones.schema import SignalHead

UNSURE_FLAG = "main_picture_unsure"
"""No main picture shows surely what was seen at a moment of the act: the nearest in time stands for it."""
UNREAD_FLAG = "lamp_unread_in_main"
"""Red was seen in the small stream, and in the main pictures of the act nobody can tell."""
DIFFERS = "main_stream_differs"
"""The guard: the main picture shows another light than the small one in which red was seen."""
_LOOKS_KEPT_S = 60.0
_AFTER_ONSET_S = 0.3
"""So long after red was first seen it is red in the main stream too, however its pictures lie between those seen."""
_LIT = (LampState.RED, LampState.YELLOW, LampState.GREEN)
Lie = NDArray[np.float64] | None
ReadPlate = Callable[[TrackViews], PlateEvidence]


class Proving(Protocol):
    """What a pipeline asks of whoever proves its acts."""

    def looked(self, frame: int, t_s: float, lie: Lie) -> None:
        """A frame is looked at; `lie`: how it lies while the mast swings."""
        ...

    def later(
        self, event: ActEvent, views: TrackViews, reds: Sequence[RedSeen], read: ReadPlate, place: int
    ) -> ActEvent:
        """The act, whose pictures and plate are to come. `place`: of its plate's flags among its flags."""
        ...

    def over(self) -> None:
        """The stream has ended or was cut: nothing more comes."""
        ...


@dataclass
class _Proven:
    """What the main stream gave."""

    stills: dict[StillRole, Still] = field(default_factory=dict)
    unsure: bool = False
    apart_s: list[float] = field(default_factory=list)
    vehicle: Image | None = None
    lamps: list[LampState] = field(default_factory=list)
    unread: bool = False
    plate: PlateEvidence | Exception | None = None


class ProvenLater:
    """The act's pictures and plate, which are being made."""

    def __init__(
        self, event: ActEvent, place: int, work: Callable[[], _Proven], needs_s: float, offset: Mapping[str, Reason]
    ) -> None:
        self._event, self._place, self._work = event, place, work
        self.needs_s = needs_s
        """The main stream must have come so far."""
        self._offset = offset
        self._asked: PlateAsked[_Proven] | None = None

    @property
    def done(self) -> bool:
        return self._asked is not None and self._asked.done

    def begin(self, apart: PlatesApart | None) -> None:
        """Nothing more is waited for."""
        if self._asked is None:
            self._asked = PlateAsked(self._work) if apart is None else apart.ask(self._work)
            if apart is None:
                self._asked.read()

    def put(self, event: ActEvent) -> ActEvent:
        self.begin(None)
        assert self._asked is not None
        try:
            proven = self._asked.result()
        except Exception as fault:
            proven = _Proven(plate=fault)
        assert proven.plate is not None
        event = with_plate(event, proven.plate, self._place)
        lost = [role for role in event.stills if role not in proven.stills]
        flags = [*event.flags, *(f"{role}_missing" for role in lost)]
        flags += [UNSURE_FLAG] if proven.unsure else []
        flags += [UNREAD_FLAG] if proven.unread else []
        reasons = {**event.reasons, **self._offset}
        if proven.apart_s:
            reasons["substream_residual_s"] = round(max(proven.apart_s), 3)
        differs = any(state not in (LampState.RED, LampState.UNKNOWN) for state in proven.lamps)
        return replace(
            event,
            stills=proven.stills,
            vehicle_crop=proven.vehicle,
            flags=list(dict.fromkeys(flags)),
            reasons=reasons,
            withheld=DIFFERS if differs else "",
        )


class Proof:
    """Of one camera's pipeline; of its thread alone, but for the work that it gives away.

    Parameters
    ----------
    readers: of the heads that are seen in the picture, by id.
    crop_margin: kept around the vehicle that is shown alone, share of its box.
    apart: where it is done meanwhile; None: at once.
    """

    def __init__(
        self,
        film: MainFilm,
        stills: SeenStills,
        views: SeenViews,
        *,
        readers: Mapping[str, HeadReader],
        crop_margin: float,
        views_read: int,
        apart: PlatesApart | None = None,
        stopwatch: Stopwatch = UNTIMED,
    ) -> None:
        self._stage = stopwatch.stage
        self._film, self._stills, self._views = film, stills, views
        self._readers, self._crop_margin, self._views_read = readers, crop_margin, views_read
        self._apart = apart
        self._lies: dict[int, tuple[float, Lie]] = {}
        self._open: list[tuple[ProvenLater, float]] = []
        self._now_s = 0.0

    def looked(self, frame: int, t_s: float, lie: Lie) -> None:
        """See `Proving`."""
        self._now_s = t_s
        if lie is not None:
            self._lies[frame] = t_s, lie
            self._lies = {f: each for f, each in self._lies.items() if t_s - each[0] <= _LOOKS_KEPT_S}
        self._views.hold_on()
        self._stills.hold_on()
        self._go_on()

    def over(self) -> None:
        """See `Proving`."""
        for later, _ in self._open:
            later.begin(self._apart)
        self._open.clear()

    def later(
        self, event: ActEvent, views: TrackViews, reds: Sequence[RedSeen], read: ReadPlate, place: int
    ) -> ActEvent:
        """See `Proving`."""
        film, reach_s = self._film, self._film.offset.reach_s
        boxes = {point.frame: point.box for point in event.track.points}
        stills = [(role, still, self._moment(still, boxes.get(still.frame))) for role, still in event.stills.items()]
        own = [view for view in views.own[: self._views_read] if isinstance(view, SeenView)]
        others = [view for view in views.perhaps if isinstance(view, SeenView)]
        onsets = [
            (red.head, Moment(at_s, None, groups))
            for red in reds
            if red.since_s is not None and (at_s := red.since_s + _AFTER_ONSET_S) < event.t_s
            if (groups := film.around(at_s))
        ]
        moments = [
            *(moment for _, _, moment in stills),
            *(moment for _, moment in onsets),
            *(self._moment_of(view) for view in own),
        ]
        others_moments = [self._moment_of(view) for view in others]
        lies = {still.frame: self._lies.get(still.frame, (0.0, None))[1] for still in event.stills.values()}
        first_view = len(stills) + len(onsets)

        def work() -> _Proven:
            proven, shown = _Proven(), Shown(own)

            def take(i: int, found: Found) -> None:
                if i >= first_view:
                    shown.take(i - first_view, found)
                elif i >= len(stills):
                    state = self._light(onsets[i - len(stills)][0], found, None)
                    proven.lamps += [state] if state in (LampState.GREEN, LampState.YELLOW) else []
                else:
                    role, still, _ = stills[i]
                    self._still(role, still, found, event, proven)
                    proven.apart_s.append(abs(found.t_s - still.t_s))
                    # it was seen before the streams' difference was known: what is said of its time is off by so much
                    proven.unsure |= proven.apart_s[-1] > film.margins.still_apart_s
                    for red in reds if role == "still_on" else ():
                        state = self._light(red.head, found, lies[still.frame])
                        proven.lamps.append(state)
                        proven.unread |= state == LampState.UNKNOWN

            def sought(these: Sequence[Moment], take: Take) -> None:
                # what has come since belongs to it too
                with self._stage("proof"):
                    find([each.with_more(film.around(each.t_s)) for each in these], reach_s, film.margins, take)

            def perhaps() -> list[View]:
                of_others = Shown(others)
                sought(others_moments, of_others.take)
                return of_others.views

            sought(moments, take)
            proven.unread |= bool(reds) and "still_on" not in proven.stills
            try:
                proven.plate = read(TrackViews(shown.views, IfAsked(len(others), perhaps)))
            except Exception as fault:  # the act stands without its plate
                proven.plate = fault
            return proven

        offset: dict[str, Reason] = {"substream_offset_s": round(film.offset.shift_s, 3)}
        needs_s = max((moment.t_s for _, _, moment in stills), default=event.t_s) + reach_s
        later = ProvenLater(event, place, work, needs_s, offset)
        self._open.append((later, self._now_s))
        self._go_on()
        return replace(event, vehicle_crop=None, reading=later)

    def _go_on(self) -> None:
        """What has all its packets is begun."""
        whole_s, waiting = self._film.ring.whole_s, []
        for later, since_s in self._open:
            there = whole_s is not None and whole_s >= later.needs_s
            if there or self._now_s - since_s >= self._film.margins.wait_s:
                later.begin(self._apart)
            else:
                waiting.append((later, since_s))
        self._open = waiting

    def _moment(self, still: Still, box: tuple[float, float, float, float] | None) -> Moment:
        pin = self._stills.moment(still.frame, still.t_s)
        return Moment(self._film.place_s(pin.look, still.t_s), pin.look, pin.groups, box)

    def _moment_of(self, view: SeenView) -> Moment:
        at_s = self._film.place_s(view.look, view.t_s)
        return Moment(at_s, view.look, view.pinned or self._film.around(at_s), view.box)

    def _still(self, role: StillRole, still: Still, found: Found, event: ActEvent, proven: _Proven) -> None:
        proven.unsure |= not found.sure
        image = found.picture.image()
        proven.stills[role] = Still(still.frame, found.t_s, image)
        if role == "still_on":
            proven.vehicle = cut_out(image, event.vehicle.box, self._crop_margin)[0].copy()

    def _light(self, head: SignalHead, found: Found, lie: Lie) -> LampState:
        """What a head shows in the main picture: red, another colour that contradicts it, or unknown.

        Lamps of LEDs are dark in single pictures, so that the neighbours are asked where the picture itself is dark.
        """
        reader = self._readers[head.id]
        here = reader.read(found.picture, lie).state
        if here in _LIT:
            return here
        near = [reader.read(picture, lie).state for _, picture in found.around]
        lit = {state for state in near if state in _LIT}
        if lit == {LampState.RED}:
            return LampState.RED
        return LampState.UNKNOWN if LampState.RED in lit or not lit else lit.pop()
