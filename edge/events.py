"""From a rule's finding to an act with its evidence: stills chosen, track and lamps written down, plate read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from common.margins import margin
from edge.plate.apart import PlateAsked
from edge.plate.reading import PlateEvidence
from edge.plate.views import View, cut_out
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.signals.history import LampHistory
from edge.types import ActEvent, Still, StillRole
from edge.video.stills import StillStore
from evidence.acts import LampState
from evidence.packet import MAX_READINGS, ControllerTimeline, LampTimeline, Plate, Track, TrackPoint, Vehicle
from zones.schema import SignalHead

_ASKED = "a length that people chose for the evidence, not a measurement; decision 9 counts on it"
_FIRST = "the first version of the pipeline, November 2026; nobody wrote down why this value"


@dataclass(frozen=True)
class EventMargins:
    """How much of film, track and pictures belongs to an act."""

    clip_before_s: float = margin(
        6.0, "s", "film and lamps of so long before the act: where the vehicle came from", source=_ASKED
    )
    clip_after_s: float = margin(6.0, "s", "and so long after it: where it went", source=_ASKED)
    track_before_s: float = margin(
        12.0, "s", "the track is written down from so long before the act: twice the film", source=_FIRST
    )
    max_points: int = margin(
        400,
        "points",
        "longer tracks are thinned: a manifest that names more costs the centre time",
        source="below `evidence.packet.MAX_TRACK_POINTS`, with room (tests/evidence/test_limits.py)",
        least=2,
    )
    still_slack_s: float = margin(
        0.6, "s", "a still of the act itself may be so far from its moment: else it shows another", source=_FIRST
    )
    after_within_s: float = margin(
        2.5,
        "s",
        "the last still is taken so soon after the act at the latest: later the vehicle is small and far, and the "
        "picture "
        "soon after the line says more",
        source=_FIRST,
    )
    apart_s: float = margin(
        0.01,
        "s",
        "stills are different frames: no camera sends two so close to each other",
        source="100 frames a second",
    )
    crop_margin: float = margin(
        0.15, "share of the box", "the picture of the vehicle alone shows so much around it", source=_FIRST, most=1.0
    )


NOT_YET = PlateEvidence(Plate(), None, ())
"""Said of a plate while it is being read."""
_FAULT = PlateEvidence(Plate(), None, ("plate_unread",))
PLATE_FAULT = "plate_note"
"""The reason of an act whose plate could not be read for a fault of the box: the code that is told, and the fault."""
_MOST_OF_A_FAULT = 200
"""Characters of the fault: whoever mends it has the rest in the log."""


@dataclass(frozen=True)
class ReadLater:
    """A plate that is being read. An act whose plate could not be read for a fault is told without, and says so.

    `place`: where among the act's flags those of its plate stand, so that it is the act that was read at once.
    """

    asked: PlateAsked[PlateEvidence]
    place: int

    @property
    def done(self) -> bool:
        return self.asked.done

    def put(self, event: ActEvent) -> ActEvent:
        try:
            read = self.asked.result()
        except Exception as fault:
            return with_plate(event, fault, self.place)
        return with_plate(event, read, self.place)


def with_plate(event: ActEvent, read: PlateEvidence | Exception, place: int) -> ActEvent:
    """An act with its plate, or with the fault for which it could not be read. `place`: see `ReadLater`."""
    if isinstance(read, Exception):
        why = ["plate_reader_failed", repr(read)[:_MOST_OF_A_FAULT]]
        event, read = replace(event, reasons={**event.reasons, PLATE_FAULT: why}), _FAULT
    flags = [*event.flags[:place], *read.flags, *event.flags[place:]]
    return replace(event, plate=read.plate, plate_crop=read.crop, flags=flags, reading=None)


def act_event(
    finding: Finding,
    path: Trajectory,
    margins: EventMargins,
    *,
    lamps: Mapping[str, LampHistory],
    stills: StillStore,
    plate: PlateEvidence,
    best_view: View | None,
    told_s: float | None = None,
    said: Callable[[SignalHead, float, float], ControllerTimeline | None] = lambda head, from_s, to_s: None,
) -> ActEvent:
    """Everything the recorder needs. `told_s`: when the last act of the same vehicle was that has been told already:
    the way from there on belongs to this one too, so that whoever has both packets sees that it is one drive. `said`:
    what a signal controller said of a head between two stream times."""
    t_s = finding.time_s(path)
    frame = path.observations[finding.at].frame
    box = _box(path, finding.at)
    flags = [*finding.flags, *plate.flags]
    pictures = _stills(finding, path, stills, margins)
    flags += _after_the_red(finding, pictures.get("still_after"), lamps)
    flags += [f"{role}_missing" for role in ("still_before", "still_on", "still_after") if role not in pictures]
    on = pictures.get("still_on")
    crop = cut_out(on.image, box, margins.crop_margin)[0].copy() if on is not None and on.frame == frame else None
    if crop is None and best_view is not None:
        crop = best_view.image
    timelines = [
        LampTimeline(
            head=name,
            source=history.head.source,
            governs=name in finding.heads,
            spans=history.spans(t_s - margins.clip_before_s, float(path.t_s[-1]))[:MAX_READINGS],
            controller=said(history.head, t_s - margins.clip_before_s, float(path.t_s[-1])),
        )
        for name, history in lamps.items()
    ]
    return ActEvent(
        act=finding.act,
        frame=frame,
        t_s=t_s,
        track_id=path.track_id,
        vehicle=Vehicle(cls=path.cls, confidence=round(path.cls_share, 4), box=box),
        track=_track(path, t_s, told_s, pictures.get("still_before"), margins),
        lamps=timelines,
        plate=plate.plate,
        reasons=finding.reasons,
        stills=pictures,
        clip_from_s=max(0.0, t_s - margins.clip_before_s),
        clip_to_s=t_s + margins.clip_after_s,
        flags=flags,
        lamp=finding.lamp,
        plate_crop=plate.crop,
        vehicle_crop=crop,
    )


def _after_the_red(finding: Finding, after: Still | None, lamps: Mapping[str, LampHistory]) -> list[str]:
    """What must be told of a last picture in which the lamp is not red any more."""
    if finding.red_until_s is None or after is None or after.t_s < finding.red_until_s - 1e-6:
        return []
    shown = {lamps[name].at(after.t_s) for name in finding.heads}
    return ["green_in_after"] if LampState.GREEN in shown else ["red_not_seen_in_after"]


def _stills(finding: Finding, path: Trajectory, stills: StillStore, margins: EventMargins) -> dict[StillRole, Still]:
    """Before, on, after: three different frames in order; the last one while the act's red lasts, if there is one."""
    before_s, at_s, after_s = (float(path.t_s[i]) for i in (finding.before, finding.at, finding.after))
    after_s = min(max(after_s, at_s), at_s + margins.after_within_s)
    out: dict[StillRole, Still] = {}
    slack_s = margins.still_slack_s
    on = stills.nearest(at_s, from_s=at_s - slack_s, to_s=at_s + slack_s)
    if on is None:
        return out
    out["still_on"] = on
    if finding.before_s is None:
        before = stills.nearest(before_s, to_s=on.t_s - margins.apart_s)
    else:  # what was kept of another moment would say that it stood less long, or more
        begun_s = finding.before_s
        before = stills.nearest(
            begun_s, from_s=begun_s - slack_s, to_s=min(begun_s + slack_s, on.t_s - margins.apart_s)
        )
    after = None
    if finding.red_until_s is not None:
        after = stills.nearest(after_s, from_s=on.t_s + margins.apart_s, to_s=finding.red_until_s - 1e-3)
    if after is None:
        after = stills.nearest(after_s, from_s=on.t_s + margins.apart_s)
    if before is not None:
        out["still_before"] = before
    if after is not None:
        out["still_after"] = after
    return out


def _box(path: Trajectory, index: int) -> tuple[float, float, float, float]:
    """As it was seen: what was measured of it may have a swing of the mast taken off."""
    x1, y1, x2, y2 = (round(float(v), 1) for v in path.observations[index].box)
    return x1, y1, x2, y2


def _track(path: Trajectory, t_s: float, told_s: float | None, before: Still | None, margins: EventMargins) -> Track:
    """The way around the act, and where the vehicle was in the first still, however long before that is."""
    chosen = [o for o in path.observations if o.t_s >= t_s - margins.track_before_s]
    room = margins.max_points - len(chosen)
    if told_s is not None and room > 0:  # of the way from there on as much as has room: of this act nothing gives way
        older = [o for o in path.observations if told_s <= o.t_s < t_s - margins.track_before_s]
        chosen = [*older[:: max(-(-len(older) // room), 1)], *chosen]
    step = -(-len(chosen) // margins.max_points)
    chosen = chosen[:: max(step, 1)]
    if before is not None and chosen and before.t_s < chosen[0].t_s:
        then = min(path.observations, key=lambda o: abs(o.t_s - before.t_s))
        if abs(then.t_s - before.t_s) <= margins.still_slack_s and then.t_s < chosen[0].t_s:
            chosen = [then, *chosen]
    points = [
        TrackPoint(
            frame=o.frame, t_s=round(o.t_s, 4), score=round(min(o.score, 1.0), 4),
            box=(round(o.box[0], 1), round(o.box[1], 1), round(o.box[2], 1), round(o.box[3], 1)),
        )
        for o in chosen
    ]  # fmt: skip
    return Track(id=path.track_id, points=points)
