"""What it takes to have crossed a line for good."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin

_FIRST = "the first version of the rules, November 2026; nobody wrote down why this value"
_TUNED = "tuned on the simulation's first three seeds, November 2026 (docs/simulation.md); no better source"


@dataclass(frozen=True)
class CrossingMargins:
    """What it takes to have crossed a line for good. A box size is `Trajectory.size_px`."""

    entry_within_s: float = margin(
        8.0,
        "s",
        "a vehicle that takes longer from the line into the junction has stopped in between: another act than running "
        "the light",
        source="chosen with decision 16; not measured",
    )
    before_boxes: float = margin(
        0.06,
        "box sizes",
        "the rear must have been seen so far before the line: less is the jitter of a box",
        source=_FIRST,
    )
    before_px: float = margin(
        2.0, "pixels", "and so far at least: edges of a small box jump by whole pixels", source=_FIRST
    )
    before_m: float = margin(
        0.5,
        "m",
        "the same on the road, where it is asked for in metres",
        source="chosen with decision 16; not measured",
    )
    size_pictures: int = margin(
        3,
        "pictures",
        "the size of the box is the middle of so many before and after: one of them may be cut or merged",
        source=_FIRST,
        least=1,
    )
    max_gap_s: float = margin(
        1.2,
        "s",
        "a longer hole between the last picture before the line and the first past it is not bridged: another vehicle "
        "may have been picked up",
        source=_FIRST,
    )
    max_step_boxes: float = margin(
        2.0, "box sizes", "a longer step over the line is the leap of a track to another vehicle", source=_FIRST
    )
    max_step_of_pace: float = margin(
        1.6,
        "ratio",
        "a step may also be so many times what the pace beside it makes in the same time: at few pictures a second the "
        "fastest come far in one",
        source="red lights of the fastest were refused without it (decision 16); the value is tuned on the simulation",
    )
    pace_pictures: int = margin(
        2, "pictures", "that pace is taken over so many before, and after, the step", source=_TUNED, least=1
    )
    around_s: float = margin(
        1.0, "s", "so long before and after the step the way must be that of one vehicle", source=_FIRST
    )
    jump_boxes: float = margin(
        0.25, "box sizes", "a shorter step is never a jump from one standing vehicle to the next", source=_TUNED
    )
    jump_share: float = margin(
        0.5,
        "share of the way around",
        "a step that makes more of it is a jump: nothing else of the way was driven",
        source="tracks that went over from a waiting vehicle to one past the line, in the simulation; value tuned "
        "there",
        most=1.0,
    )
    jump_share_per_s: float = margin(
        0.5,
        "share a second of gap",
        "so much more may be made where pictures are missing: an even pace over a gap of one second, in the two "
        "seconds "
        "looked at, makes half of the way",
        source="geometry: gap / (2 * around_s)",
    )
