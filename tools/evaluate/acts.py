"""Acts against truth: who was found, who was missed, who was accused wrongly. Pure; reads no files.

A reported act matches a true one when the kind is the same and the vehicle is: its track lies over the boxes of the
truth at the truth's own times, by an IoU of 0.3 in the middle. When the act was said to have happened is another
question, printed beside each match; only an act named far from its time is another act. Without a track, one box has to
do: within a second, by the same IoU. Each is used once, and the assignment is the one with the most matches. What the
truth marks as doubtful ("low", "ambiguous") is neither a miss when absent nor a false act when reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from evidence.errors import GiaoLoError
from zones.boxes import iou

TIME_TOLERANCE_S = 1.0
"""Where there is no track to tell the vehicle: a second later another one is in the same place."""
NAMED_WITHIN_S = 5.0
"""With its track the vehicle is known; the moment may be named so early or late and it is still the same act."""
READ_BY_EYE_S = 0.2
"""Boxes of a truth are read within two pictures or so of the time that they are written down for."""
BEYOND_TRACK_S = 1.0
"""A track ends when the act is told, which may be before the truth's first box: it is taken to go on evenly so long."""
MIN_IOU = 0.3

Box = tuple[float, float, float, float]
Certainty = Literal["high", "medium", "low"]


class TruthError(GiaoLoError):
    """A truth file or a list of acts cannot be understood."""


@dataclass(frozen=True)
class TrueAct:
    """One act of the truth. `boxes`: known boxes by time, in order; empty: only time can be compared."""

    id: str
    act: str
    from_s: float
    to_s: float
    boxes: tuple[tuple[float, Box], ...]
    certainty: Certainty
    note: str = ""
    plate: str | None = None
    """The vehicle's plate, if the truth names it and the camera could see it."""


@dataclass(frozen=True)
class Innocent:
    """Somebody of whom the truth says that he did nothing; `at_s` None: at any time, near his box."""

    id: str
    at_s: float | None
    box: Box | None
    note: str = ""


@dataclass(frozen=True)
class Truth:
    acts: tuple[TrueAct, ...]
    innocents: tuple[Innocent, ...] = ()


@dataclass(frozen=True)
class Reported:
    """An act out of `acts.jsonl`."""

    act: str
    frame: int
    t_s: float
    box: Box
    line: Mapping[str, Any] = field(default_factory=dict)
    track: tuple[tuple[float, Box], ...] = ()
    """The vehicle's boxes by time, in order, as its packet has them; empty: only `box` is known."""
    told_s: float | None = None
    """Stream time at which it was told, if known."""


@dataclass(frozen=True)
class Match:
    true: TrueAct
    reported: Reported
    iou: float

    @property
    def late_s(self) -> float:
        """By how much the moment named is after the true one."""
        return self.reported.t_s - self.true.from_s

    @property
    def told_late_s(self) -> float | None:
        """How long after the true moment it was told."""
        return None if self.reported.told_s is None else self.reported.told_s - self.true.from_s


@dataclass(frozen=True)
class FalseAct:
    """`why`: `non-violator ID`, `wrong act for ID`, `nobody there`."""

    reported: Reported
    why: str


@dataclass(frozen=True)
class Score:
    """The outcome. Recall counts acts marked high; `recall_all` those marked medium too."""

    matches: tuple[Match, ...]
    missed: tuple[TrueAct, ...]
    false: tuple[FalseAct, ...]
    doubtful: tuple[Match, ...]

    def _found(self, *certainties: Certainty) -> tuple[int, int]:
        found = sum(m.true.certainty in certainties for m in self.matches)
        return found, found + sum(t.certainty in certainties for t in self.missed)

    @property
    def sure(self) -> tuple[int, int]:
        """Found and listed, of those marked high."""
        return self._found("high")

    @property
    def all(self) -> tuple[int, int]:
        return self._found("high", "medium")

    @property
    def plates(self) -> tuple[int, int, int]:
        """Of the acts found whose plate the truth names: read exactly, read wrongly, all of them."""
        known = [(m.true.plate, m.reported.line.get("plate")) for m in (*self.matches, *self.doubtful) if m.true.plate]
        return (
            sum(read == plate for plate, read in known),
            sum(read is not None and read != plate for plate, read in known),
            len(known),
        )

    @property
    def precision(self) -> float | None:
        reported = len(self.matches) + len(self.false)
        return len(self.matches) / reported if reported else None

    @property
    def recall(self) -> float | None:
        found, listed = self.sure
        return found / listed if listed else None

    @property
    def recall_all(self) -> float | None:
        found, listed = self.all
        return found / listed if listed else None


def score(truth: Truth, reported: Sequence[Reported]) -> Score:
    """Match what was reported with what happened."""
    overlap = np.array([[_overlap(t, r) if t.act == r.act else -1.0 for r in reported] for t in truth.acts])
    matches: list[Match] = []
    if overlap.size:
        # certainty first: a doubtful act must not take the report away from a sure one
        weight = np.array([{"high": 3.0, "medium": 2.0, "low": 1.0}[t.certainty] for t in truth.acts])[:, None]
        value = np.where(overlap >= MIN_IOU, weight + overlap, 0.0)
        rows, columns = linear_sum_assignment(-value)
        matches = [
            Match(truth.acts[i], reported[j], float(overlap[i, j]))
            for i, j in zip(rows, columns, strict=True)
            if overlap[i, j] >= MIN_IOU
        ]
    used_true, used = {id(m.true) for m in matches}, {id(m.reported) for m in matches}
    return Score(
        matches=tuple(m for m in matches if m.true.certainty != "low"),
        missed=tuple(t for t in truth.acts if id(t) not in used_true and t.certainty != "low"),
        false=tuple(FalseAct(r, _why(truth, r)) for r in reported if id(r) not in used),
        doubtful=tuple(m for m in matches if m.true.certainty == "low"),
    )


def _why(truth: Truth, reported: Reported) -> str:
    for true in truth.acts:
        if _overlap(true, reported) >= MIN_IOU:
            return f"wrong act for {true.id} ({true.act})" if true.act != reported.act else f"{true.id} a second time"
    for innocent in truth.innocents:
        near = innocent.at_s is None or abs(innocent.at_s - reported.t_s) <= TIME_TOLERANCE_S
        if innocent.box is not None:
            then = _agreement(reported.track, innocent.at_s, innocent.box) if innocent.at_s is not None else None
            if then is not None and then >= MIN_IOU:
                return f"non-violator {innocent.id}"
            if near and _iou(innocent.box, reported.box) >= MIN_IOU:
                return f"non-violator {innocent.id}"
        if near and innocent.box is None and innocent.at_s is not None:
            return f"non-violator {innocent.id} (by its time; the truth gives no box)"
    return "nobody there"


def _overlap(true: TrueAct, reported: Reported) -> float:
    """How well the vehicle of the report is that of the truth, as an IoU; 0 when the times do not agree."""
    if true.boxes and reported.track:
        if not true.from_s - NAMED_WITHIN_S <= reported.t_s <= true.to_s + NAMED_WITHIN_S:
            return 0.0
        found = [_agreement(reported.track, at_s, box) for at_s, box in true.boxes]
        known = [value for value in found if value is not None]
        if known:
            return float(np.median(known))
    if not true.from_s - TIME_TOLERANCE_S <= reported.t_s <= true.to_s + TIME_TOLERANCE_S:
        return 0.0
    if not true.boxes:
        return MIN_IOU
    return max(_iou(box, reported.box) for box in [_at(true.boxes, reported.t_s), *_near(true, reported.t_s)])


def _agreement(track: Sequence[tuple[float, Box]], at_s: float, box: Box) -> float | None:
    """IoU of a box of the truth with the track at that time, give or take; None where the track does not reach."""
    if not track or not track[0][0] - BEYOND_TRACK_S <= at_s <= track[-1][0] + BEYOND_TRACK_S:
        return None
    return max(_iou(box, _going_on(track, at_s + share * READ_BY_EYE_S)) for share in (-1.0, -0.5, 0.0, 0.5, 1.0))


def _going_on(track: Sequence[tuple[float, Box]], t_s: float) -> Box:
    """The track at a time; beyond its ends it goes on as it did in its first or last half second."""
    first, last = track[0][0], track[-1][0]
    if first <= t_s <= last or last - first < 0.1:
        return _at(track, t_s)
    end_s, inner_s = (first, min(first + 0.5, last)) if t_s < first else (last, max(last - 0.5, first))
    end, inner = np.array(_at(track, end_s)), np.array(_at(track, inner_s))
    x1, y1, x2, y2 = (end + (end - inner) * (t_s - end_s) / (end_s - inner_s)).tolist()
    return x1, y1, x2, y2


def _at(boxes: Sequence[tuple[float, Box]], t_s: float) -> Box:
    """Between two known boxes the vehicle is taken to move evenly."""
    times = [t for t, _ in boxes]
    columns = np.array([box for _, box in boxes])
    x1, y1, x2, y2 = (float(np.interp(t_s, times, columns[:, i])) for i in range(4))
    return x1, y1, x2, y2


def _near(true: TrueAct, t_s: float) -> list[Box]:
    return [box for at, box in true.boxes if abs(at - t_s) <= TIME_TOLERANCE_S]


def _iou(a: Sequence[float], b: Sequence[float]) -> float:
    return float(iou(np.array([a], np.float64), np.array([b], np.float64))[0, 0])


def read_truth(value: Any, *, where: str, clip: str | None = None) -> Truth:
    """Understand a truth file: violators at a stop line, or lane acts of several clips (`clip` names one of them).

    Raises `TruthError` naming the place that cannot be understood.
    """
    if not isinstance(value, dict):
        raise TruthError("holds no truth: it must be a JSON object", where=where)
    fps = value.get("fps")
    if not isinstance(fps, int | float) or fps <= 0:
        raise TruthError("`fps` is missing or not a positive number", where=where)
    try:
        if "clips" in value:
            return _lane_truth(value, float(fps), where, clip)
        return _line_truth(value, float(fps), where)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TruthError(
            f"cannot be understood: {error!r}",
            where=where,
            remedy="follow the format of the truth files of the footage",
        ) from error


def _line_truth(value: dict[str, Any], fps: float, where: str) -> Truth:
    if not any(k in value for k in ("violators", "non_violators", "acts")):
        raise TruthError("has neither `violators` nor `clips`", where=where)
    acts = []
    for v in value.get("violators", []):
        at_s = float(v["cross_time_s"]) if v.get("cross_time_s") is not None else v["cross_frame"] / fps
        box_s = v["box_frame"] / fps if v.get("box_frame") is not None else at_s
        boxes: tuple[tuple[float, Box], ...] = ((box_s, _box(v["box"])),) if v.get("box") else ()
        act = v.get("act") or ("stopped_past_line" if v.get("stops_beyond_line") else "red_light")
        until_s = float(v.get("until_s", at_s))
        acts.append(TrueAct(str(v["id"]), act, at_s, until_s, boxes, _certainty(v), v.get("note", "")))
    for v in value.get("lane_line_events", []):
        boxes = _boxes(v, fps)
        from_s, to_s, known = _span(v, fps, boxes)
        certainty = _certainty(v) if known else "low"
        act = v.get("act", "solid_line")
        acts.append(TrueAct(str(v["id"]), act, from_s, to_s, boxes, certainty, v.get("event", "")))
    for v in value.get("acts", []):
        boxes = tuple((float(t), _box(b)) for t, b in sorted(v.get("boxes", {}).items(), key=lambda kv: float(kv[0])))
        acts.append(
            TrueAct(
                str(v["id"]),
                v["act"],
                float(v["from_s"]),
                float(v["to_s"]),
                boxes,
                _certainty(v),
                v.get("note", ""),
                _plate(v),
            )
        )
    innocents = [
        Innocent(
            str(v["id"]),
            v.get("cross_time_s") if v.get("cross_time_s") is not None else _seconds(v.get("box_frame"), fps),
            _box(v["box"]) if v.get("box") else None,
            v.get("note", ""),
        )
        for v in value.get("non_violators", [])
    ]
    return Truth(tuple(acts), tuple(innocents))


def _lane_truth(value: dict[str, Any], fps: float, where: str, clip: str | None) -> Truth:
    clips = value["clips"]
    if clip is None or clip not in clips:
        names = ", ".join(sorted(clips))
        raise TruthError("is about several clips", where=where, remedy=f"say which one with --clip: {names}")
    acts: list[TrueAct] = []
    innocents: list[Innocent] = []
    for kind, usual in (("straddle", "solid_line"), ("wrong_side", None)):
        for number, v in enumerate(clips[clip].get(kind, []), 1):
            boxes = _boxes(v, fps)
            first_s, last_s, known = _span(v, fps, boxes)
            certainty = _certainty(v) if known else "low"
            name, act = f"{v.get('type', kind)}{number}", v.get("act", usual)
            if act is None:
                # In the other half of a two-way road: not the wrong way of a one-way road, and no other act stated yet.
                innocents += [Innocent(name, at_s, box, "in the other half of a two-way road") for at_s, box in boxes]
            else:
                acts.append(TrueAct(name, act, first_s, last_s, boxes, certainty, v.get("note", "")))
    return Truth(tuple(acts), tuple(innocents))


def _boxes(entry: Mapping[str, Any], fps: float) -> tuple[tuple[float, Box], ...]:
    """Known boxes by frame, or the one box of an entry."""
    boxes = {int(f): _box(b) for f, b in (entry.get("boxes") or {}).items()}
    if entry.get("box") and entry.get("box_frame") is not None:
        boxes.setdefault(int(entry["box_frame"]), _box(entry["box"]))
    return tuple((frame / fps, box) for frame, box in sorted(boxes.items()))


def _span(entry: Mapping[str, Any], fps: float, boxes: Sequence[tuple[float, Box]]) -> tuple[float, float, bool]:
    """From when to when, and whether that is known: by `frames`, in seconds, at one moment, else by its boxes."""
    if entry.get("frames"):
        first, last = entry["frames"]
        return first / fps, last / fps, True
    if entry.get("from_s") is not None:
        return float(entry["from_s"]), float(entry.get("to_s", entry["from_s"])), True
    for name, unit_s in (("cross_time_s", 1.0), ("time_s", 1.0), ("cross_frame", 1 / fps), ("frame", 1 / fps)):
        if entry.get(name) is not None:
            return entry[name] * unit_s, entry[name] * unit_s, True
    if boxes:
        return boxes[0][0], boxes[-1][0], True
    return 0.0, float("inf"), False


def _certainty(entry: Mapping[str, Any]) -> Certainty:
    word = str(entry.get("confidence", "high")).split()[0].strip(",;-").lower()
    if word in ("low", "ambiguous", "unsure"):
        return "low"
    return "medium" if word == "medium" else "high"


def _plate(entry: Mapping[str, Any]) -> str | None:
    """Drawn clips say how wide the plate was at best (`plate_px`); 0: it never faced the camera."""
    return entry.get("plate") if entry.get("plate_px", 1.0) > 0 else None


def _seconds(frame: Any, fps: float) -> float | None:
    return None if frame is None else float(frame) / fps


def _box(value: Any) -> Box:
    x1, y1, x2, y2 = (float(v) for v in value)
    return x1, y1, x2, y2
