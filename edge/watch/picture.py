"""One camera's picture watched, and its acts held while it cannot carry an accusation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.types import ActEvent, Frame
from edge.watch.gate import ActGate, PicturesBetween
from edge.watch.margins import PictureMargins
from edge.watch.place import PlaceWatch
from edge.watch.reference import ReferenceStore
from edge.watch.registration import Floats
from edge.watch.report import Entry, PictureReport
from edge.watch.sight import Sight
from evidence.wire import PictureState
from zones.schema import Scene

_GOOD: frozenset[PictureState] = frozenset({"learning", "in_place", "shaking"})


class PictureWatch:
    """`look` at each frame that is looked at, in order; `told` gives the acts on.

    Parameters
    ----------
    write: where the record of states and held acts goes.
    """

    def __init__(
        self,
        scene: Scene,
        margins: PictureMargins | None = None,
        *,
        store: ReferenceStore | None = None,
        write: Callable[[Entry], None] = lambda entry: None,
    ) -> None:
        margins = margins or PictureMargins()
        self._write = write
        self._place = PlaceWatch(scene, margins.registration, margins.position, margins.learning, store)
        self._sight = Sight(scene, margins.appearance, margins.stillness, margins.registration, self._usable)
        self._gate = ActGate(self._place, self._sight, margins.gate, self._held)
        self._frame: Frame | None = None
        self._newly_held: list[ActEvent] = []
        self.report = PictureReport()
        """How it is now: one value, replaced as a whole, so that another thread may read it."""

    def look(self, frame: Frame) -> None:
        self._frame = frame
        placed = self._place.look(frame, asked=self._gate.asks)
        if self._sight.look(frame, asked=self._gate.asks) or placed:
            self._tell()

    def swung(self, frame: Frame) -> NDArray[np.float64] | None:
        """How the picture lies while the mast swings: see `PlaceWatch.swung`."""
        return self._place.swung(frame)

    def told(
        self, acts: Sequence[ActEvent], between: PicturesBetween = lambda from_s, to_s: (), *, over: bool = False
    ) -> list[ActEvent]:
        """Take acts, and give back those whose picture is good; others wait or are held. `over`: the stream ends."""
        if self._frame is None:
            return list(acts)
        now_s = self._frame.t_s
        for act in acts:
            self._gate.offer(act, now_s, between)
        if over:
            self._place.conclude(now_s)
            self._tell()
        return self._gate.ripe(now_s, over=over)

    def newly_held(self) -> list[ActEvent]:
        """The acts that were held since this was asked last."""
        held, self._newly_held = self._newly_held, []
        return held

    def begin_anew(self) -> None:
        """The stream was cut, or its times begin anew."""
        self._place.begin_anew()
        self._sight.begin_anew()

    def _usable(self) -> Floats | None:
        reference = self._place.reference
        return reference.grey if reference is not None and reference.usable else None

    def _tell(self) -> None:
        place, before, frame = self._place, self.report, self._frame
        assert frame is not None
        reference = place.reference
        sight: PictureState | None = self._sight.fault
        # what blinds the camera outranks where it looks; that it has no colour does not
        state = sight if sight not in (None, "grey") or (sight and place.state in _GOOD) else place.state
        assert state is not None
        changed = state != before.state or before.since is None
        self.report = replace(
            before,
            state=state,
            since=frame.wall_at if changed else before.since,
            off_px=None if place.off_px is None else round(place.off_px, 1),
            reference=None if reference is None else reference.kind,
            reference_at=None if reference is None else reference.at,
        )
        if changed:
            self._write(Entry("state", frame.wall_at, {"state": state, "off_px": self.report.off_px}))

    def _held(self, event: ActEvent, why: str) -> None:
        self.report = replace(self.report, acts_held=self.report.acts_held + 1)
        self._newly_held.append(event)
        at = None if self._frame is None else self._frame.wall_at
        told = {"act": event.act.value, "t_s": round(event.t_s, 3), "frame": event.frame, "why": why}
        self._write(Entry("held", at, told | {"box": list(event.vehicle.box), "off_px": self.report.off_px}))
