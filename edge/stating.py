"""From a finding whose time has come to an act with its evidence: stills, lamps, plate, and what is in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np

from common.stopwatch import UNTIMED, Stopwatch
from edge.events import NOT_YET, ReadLater, act_event
from edge.judging import Judging
from edge.looking import Looking
from edge.plate.apart import PlatesApart
from edge.plate.in_view import PlatePerception
from edge.plate.reading import PlateEvidence, read_plate
from edge.plate.views import TrackViews, ViewBook
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.rules.pushed import PERHAPS_PUSHED, perhaps_pushed
from edge.signals.controller import LampFeed
from edge.signals.heads import Signals
from edge.substream.proof import Proving
from edge.types import ActEvent
from edge.video.stills import StillStore
from evidence.acts import LampState, VehicleClass
from evidence.packet import ControllerTimeline, Reason
from zones.schema import SignalHead


class Now(NamedTuple):
    """The picture that is looked at: its stream time, and when the box's clock says that it was taken, if it does."""

    t_s: float = 0.0
    wall_at: datetime | None = None

    def wall_of(self, t_s: float) -> datetime | None:
        """The clock at another stream time."""
        return None if self.wall_at is None else self.wall_at - timedelta(seconds=self.t_s - t_s)


class Stating:
    """States the acts of one camera. Parameters: see `edge.pipeline.CameraPipeline`."""

    def __init__(
        self,
        judging: Judging,
        looking: Looking,
        stills: StillStore,
        views: ViewBook,
        plates: PlatePerception,
        *,
        feed: LampFeed | None = None,
        stopwatch: Stopwatch = UNTIMED,
        apart: PlatesApart | None = None,
        proof: Proving | None = None,
    ) -> None:
        self._judging, self._looking = judging, looking
        self._stills, self._views, self._plates = stills, views, plates
        self._feed, self._stage, self._apart, self._proof = feed, stopwatch.stage, apart, proof

    def event(
        self, finding: Finding, path: Trajectory, signals: Signals, now: Now, told_s: float | None = None
    ) -> ActEvent:
        """`told_s`: when the track's act before this one was, if there is one."""
        views = self._views.of(path.track_id, finding.time_s(path))
        proof, later = self._proof, None
        if proof is None and self._apart is not None:
            later = self._apart.ask(partial(self._plate, views, path.cls))
        plate = self._plate(views, path.cls) if proof is None and later is None else NOT_YET
        with self._stage("act"):
            event = act_event(
                finding,
                path,
                self._judging.events,
                lamps=signals.histories,
                stills=self._stills,
                plate=plate,
                best_view=views.own[0] if views.own else None,
                told_s=told_s,
                said=partial(self._said, now),
            )
        red = finding.heads if finding.lamp == LampState.RED else ()
        few, looks = self._looking.around(event.t_s)
        flags, reasons = signals.doubts(red, event.t_s, now.t_s)
        hidden, seen = _hidden_meanwhile(finding, path, self._judging.tracker.lost_s)
        pushed = [PERHAPS_PUSHED] if perhaps_pushed(finding, path, self._judging.shared.pushed) else []
        event = replace(
            event,
            flags=[*event.flags, *flags, *few, *hidden, *pushed],
            reasons={**event.reasons, **reasons, **looks, **seen},
            reading=None if later is None else ReadLater(later, len(finding.flags)),
        )
        if proof is None:
            return event
        reds = signals.reds(red, event.t_s)
        return proof.later(event, views, reds, lambda main: self._plate(main, path.cls), len(finding.flags))

    def _said(self, now: Now, head: SignalHead, from_s: float, to_s: float) -> ControllerTimeline | None:
        """What the signal controller said of a head between two stream times."""
        first, last = now.wall_of(from_s), now.wall_of(to_s)
        if self._feed is None or first is None or last is None:
            return None
        return self._feed.told(head, first, last)

    def _plate(self, views: TrackViews, cls: VehicleClass) -> PlateEvidence:
        with self._stage("plates"):
            return read_plate(views.own, self._plates, cls, self._judging.plates, perhaps=views.perhaps)


def _hidden_meanwhile(finding: Finding, path: Trajectory, lost_s: float) -> tuple[list[str], dict[str, Reason]]:
    """Flags and reasons of an act whose vehicle was lost from sight, from the first observation on which the act rests
    to the last that is known of it, and waited for where it stood for longer than one that drives (`lost_s`): that
    another came to light there is unlikely, and for a person to look at."""
    since = finding.before if finding.rests_from is None else min(finding.before, finding.rests_from)
    seen_s = path.t_s[since:]
    longest_s = float(np.diff(seen_s).max()) if len(seen_s) > 1 else 0.0
    return (["hidden_meanwhile"], {"hidden_for_s": round(longest_s, 2)}) if longest_s > lost_s + 1e-6 else ([], {})
