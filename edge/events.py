"""From a rule's finding to an act with its evidence: stills chosen, track and lamps written down, plate read."""

from __future__ import annotations

from collections.abc import Mapping

from edge.plate.reading import PlateEvidence
from edge.plate.views import View, cut_out
from edge.road.trajectory import Trajectory
from edge.rules.finding import Finding
from edge.signals.history import LampHistory
from edge.types import ActEvent, Still, StillRole
from edge.video.stills import StillStore
from evidence.acts import LampState
from evidence.packet import MAX_READINGS, LampTimeline, Track, TrackPoint, Vehicle

CLIP_BEFORE_S = 6.0
CLIP_AFTER_S = 6.0
_TRACK_BEFORE_S = 12.0
_MAX_POINTS = 400
_STILL_SLACK_S = 0.6


def act_event(
    finding: Finding,
    path: Trajectory,
    *,
    lamps: Mapping[str, LampHistory],
    stills: StillStore,
    plate: PlateEvidence,
    best_view: View | None,
) -> ActEvent:
    """Everything the recorder needs."""
    t_s = float(path.t_s[finding.at]) if finding.moment_s is None else finding.moment_s
    frame = path.observations[finding.at].frame
    box = _box(path, finding.at)
    flags = [*finding.flags, *plate.flags]
    pictures = _stills(finding, path, stills)
    flags += _after_the_red(finding, pictures.get("still_after"), lamps)
    flags += [f"{role}_missing" for role in ("still_before", "still_on", "still_after") if role not in pictures]
    on = pictures.get("still_on")
    crop = cut_out(on.image, box, 0.15)[0].copy() if on is not None and on.frame == frame else None
    if crop is None and best_view is not None:
        crop = best_view.image
    timelines = [
        LampTimeline(
            head=name,
            source=history.head.source,
            governs=name in finding.heads,
            spans=history.spans(t_s - CLIP_BEFORE_S, float(path.t_s[-1]))[:MAX_READINGS],
        )
        for name, history in lamps.items()
    ]
    return ActEvent(
        act=finding.act,
        frame=frame,
        t_s=t_s,
        track_id=path.track_id,
        vehicle=Vehicle(cls=path.cls, confidence=round(path.cls_share, 4), box=box),
        track=_track(path, t_s),
        lamps=timelines,
        plate=plate.plate,
        reasons=finding.reasons,
        stills=pictures,
        clip_from_s=max(0.0, t_s - CLIP_BEFORE_S),
        clip_to_s=t_s + CLIP_AFTER_S,
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


def _stills(finding: Finding, path: Trajectory, stills: StillStore) -> dict[StillRole, Still]:
    """Before, on, after: three different frames in order; the last one while the act's red lasts, if there is one."""
    before_s, at_s, after_s = (float(path.t_s[i]) for i in (finding.before, finding.at, finding.after))
    # Past 2.5 s the vehicle is small and far; the picture soon after the line says more.
    after_s = min(max(after_s, at_s), at_s + 2.5)
    out: dict[StillRole, Still] = {}
    on = stills.nearest(at_s, from_s=at_s - _STILL_SLACK_S, to_s=at_s + _STILL_SLACK_S)
    if on is None:
        return out
    out["still_on"] = on
    before = stills.nearest(before_s, to_s=on.t_s - 0.01)
    after = None
    if finding.red_until_s is not None:
        after = stills.nearest(after_s, from_s=on.t_s + 0.01, to_s=finding.red_until_s - 1e-3)
    if after is None:
        after = stills.nearest(after_s, from_s=on.t_s + 0.01)
    if before is not None:
        out["still_before"] = before
    if after is not None:
        out["still_after"] = after
    return out


def _box(path: Trajectory, index: int) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(float(v), 1) for v in path.boxes[index])
    return x1, y1, x2, y2


def _track(path: Trajectory, t_s: float) -> Track:
    chosen = [o for o in path.observations if o.t_s >= t_s - _TRACK_BEFORE_S]
    step = -(-len(chosen) // _MAX_POINTS)
    points = [
        TrackPoint(
            frame=o.frame, t_s=round(o.t_s, 4), score=round(min(o.score, 1.0), 4),
            box=(round(o.box[0], 1), round(o.box[1], 1), round(o.box[2], 1), round(o.box[3], 1)),
        )
        for o in chosen[:: max(step, 1)]
    ]  # fmt: skip
    return Track(id=path.track_id, points=points)
