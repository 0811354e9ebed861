"""The list of suspected acts a camera may state, and what an act is about whoever looks at it.

A camera sees an act, never a driver and never an amount: which clause and band follow from an act, and what it is
called, is the country's business (`countries/vn/acts.yaml`); the law goes by the time and the class of the vehicle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

Subject = Literal["stop_line", "marking", "lane", "exit", "area", "sign"]
"""A thing of the scene. The reason of the same name tells which one of its kind it was."""
StillMoment = Literal["before", "on", "after"]
Unit = Literal["", "s", "px", "m", "deg", "kmh", "share"]
"""What a reason's number counts, and what its name ends in; `share`: a part of the whole, 0 to 1."""


class ActCode(StrEnum):
    """Stable identifiers, used in packets, in `acts.jsonl` and as keys of all that is said of an act elsewhere."""

    RED_LIGHT = "red_light"
    STOPPED_PAST_LINE = "stopped_past_line"
    SOLID_LINE = "solid_line"
    WRONG_WAY = "wrong_way"
    BANNED_TURN = "banned_turn"
    OPPOSITE_HALF = "opposite_half"
    WRONG_LANE = "wrong_lane"
    LANE_DIRECTION = "lane_direction"
    BANNED_U_TURN = "banned_u_turn"
    CLOSED_ROAD = "closed_road"
    PAVEMENT = "pavement"
    EMERGENCY_LANE = "emergency_lane"
    BLOCKING_JUNCTION = "blocking_junction"
    STOPPING_BANNED = "stopping_banned"
    PARKING_BANNED = "parking_banned"


class VehicleClass(StrEnum):
    """What the detector can tell apart; `MOTORCYCLE` is the machine with its rider."""

    MOTORCYCLE = "motorcycle"
    CAR = "car"
    BUS = "bus"
    TRUCK = "truck"
    BICYCLE = "bicycle"


class LampState(StrEnum):
    """State of a signal head. `OFF` is seen to be dark; `UNKNOWN` is not seen well enough to say."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    OFF = "off"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ReasonSpec:
    """A fact that the act's rule states. `decides`: it is shown before the others, in the order of the list.

    `least`, `most`: the reason, if there is one, that says how much it had to be, or might be: shown beside it.
    """

    name: str
    unit: Unit = ""
    decides: bool = True
    least: str = ""
    most: str = ""


@dataclass(frozen=True)
class Moments:
    """Which moment each of the three stills shows, by name; acts may share one. Its words are the country's."""

    before: str
    on: str
    after: str

    def of(self, still: StillMoment) -> str:
        """The moment that one of the stills shows."""
        named: str = getattr(self, still)
        return named


ANY_ACT = Moments("earlier", "recorded", "later")
"""Of stills that were taken for another act than the one an officer decided on: no more than when."""


@dataclass(frozen=True)
class ActSpec:
    """An act as its packets tell it.

    `moments`: what its rule gives out as `before`, `at` and `after` (`edge/rules`). `about`: what of the scene it is
    about, in the order in which that is drawn. `areas`: the kinds of area of the road that it may happen in, where it
    is about one (`zones.road.AreaKind`). `reasons`: all that its rule may state, in the order of display.
    `by_the_lamp`: whether it is an act only while a signal shows red. `at_the_line`: whether its moment, zero of the
    time shown, is that at the stop line.
    """

    code: ActCode
    moments: Moments
    about: tuple[Subject, ...]
    reasons: tuple[ReasonSpec, ...]
    areas: tuple[str, ...] = ()
    by_the_lamp: bool = False
    at_the_line: bool = False

    def reason(self, name: str) -> ReasonSpec | None:
        """What is known of a reason; None for one that another version of the rule, or the recorder, wrote."""
        return next((r for r in self.reasons if r.name == name), None)


def _also(*named: str | tuple[str, Unit]) -> tuple[ReasonSpec, ...]:
    """Reasons that back up what decides, by name or with their unit."""
    pairs: list[tuple[str, Unit]] = [(each, "") if isinstance(each, str) else each for each in named]
    return tuple(ReasonSpec(name, unit, decides=False) for name, unit in pairs)


_BY_SIGNAL = _also(("yellow_before_red_s", "s"), ("yellow_at_most_s", "s"), "signal_doubt", ("controller_doubt_s", "s"))
"""Reasons of an act that rests on a signal's red, of how it came."""
_BY_LOOKING = _also(
    "looks_per_second", ("longest_gap_s", "s"), ("hidden_for_s", "s"), ("substream_offset_s", "s"),
    ("substream_residual_s", "s"),
)  # fmt: skip
"""Reasons of every act: how often the box looked around it, and for how long it did not; for how long the vehicle was
hidden meanwhile, if it was; and where the box looked at a camera's small stream, how that one's time stands to the main
stream's."""
BY_SIGN = ("sign", "sign_hours", "sign_number", "sign_source")
"""Reasons of every act that rests on a sign."""
_STANDING = (
    ReasonSpec("stood_s", "s", least="stopped_s"),
    ReasonSpec("stopped_s", "s"),
    ReasonSpec("moved_while_standing_m", "m", most="moved_limit_m"),
    ReasonSpec("moved_while_standing_px", "px", most="moved_limit_px"),
    ReasonSpec("first_seen_before_act_s", "s"),
    ReasonSpec("last_seen_after_act_s", "s"),
    *_also("area", ("moved_limit_m", "m"), ("moved_limit_px", "px"), ("unseen_for_s", "s"), *BY_SIGN),
)
"""Reasons of standing at a kerb where a sign bans it."""

ACTS: Mapping[ActCode, ActSpec] = {
    spec.code: replace(spec, reasons=(*spec.reasons, *_BY_LOOKING))
    for spec in (
        ActSpec(
            ActCode.RED_LIGHT,
            Moments("before_line", "at_line", "beyond_line"),
            about=("stop_line",),
            reasons=(
                ReasonSpec("red_for_s", "s", least="red_margin_s"),
                ReasonSpec("red_margin_s", "s"),
                ReasonSpec("red_onset_seen"),
                ReasonSpec("rear_before_line_px", "px"),
                ReasonSpec("entered_junction_after_s", "s"),
                ReasonSpec("red_left_s", "s"),
                ReasonSpec("travel_past_line_px", "px"),
                *_also("exit", "movements_possible", "observations_after", "observations_before"),
                *_also(("rear_at_red_onset_px", "px"), ("rear_past_line_px", "px"), "stop_line"),
                *_BY_SIGNAL,
            ),
            by_the_lamp=True,
            at_the_line=True,
        ),
        ActSpec(
            ActCode.STOPPED_PAST_LINE,
            Moments("earlier", "over_line", "standing_past_line"),
            about=("stop_line",),
            reasons=(
                ReasonSpec("red_for_s", "s", least="red_margin_s"),
                ReasonSpec("red_margin_s", "s"),
                ReasonSpec("red_onset_seen"),
                ReasonSpec("rear_before_line_px", "px"),
                ReasonSpec("rear_stood_past_line_px", "px"),
                ReasonSpec("rear_stood_past_line_m", "m"),
                ReasonSpec("front_stood_past_line_m", "m"),
                ReasonSpec("stood_s", "s", least="stopped_s"),
                *_also("movements_possible", "observations_standing", ("rear_before_line_m", "m")),
                *_also("stop_line", ("stopped_s", "s")),
                *_BY_SIGNAL,
            ),
            by_the_lamp=True,
        ),
        ActSpec(
            ActCode.SOLID_LINE,
            Moments("earlier", "on_solid_line", "later"),
            about=("marking",),
            reasons=(
                ReasonSpec("marking_kind"),
                ReasonSpec("overlap_share", "share", least="overlap_needed"),
                ReasonSpec("on_line_s", "s"),
                ReasonSpec("crossed_to_other_side"),
                *_also("marking", "on_line_observations", "overlap_needed", "stripe", ("travel_on_line_px", "px")),
                *_also(("from_end_of_marking_m", "m")),
            ),
        ),
        ActSpec(
            ActCode.WRONG_WAY,
            Moments("against_begins", "against_direction", "later"),
            about=("lane",),
            reasons=(
                ReasonSpec("against_px", "px", least="against_needed_px"),
                ReasonSpec("against_s", "s", least="against_needed_s"),
                *_also(("against_needed_px", "px"), ("against_needed_s", "s"), "lane", "one_way_by"),
                *_also("one_way_reference", ("steps_against_share", "share")),
            ),
        ),
        ActSpec(
            ActCode.BANNED_TURN,
            Moments("before_turn", "turning", "after_turn"),
            about=("stop_line", "exit", "sign"),
            reasons=(
                ReasonSpec("movement"),
                ReasonSpec("exit_after_line_s", "s"),
                *_also("exit", "observations_in_exit", "stop_line", ("way_in_exit_px", "px"), *BY_SIGN),
            ),
        ),
        ActSpec(
            ActCode.OPPOSITE_HALF,
            Moments("other_half_begins", "in_other_half", "later"),
            about=("lane", "marking"),
            reasons=(
                ReasonSpec("against_m", "m"),
                ReasonSpec("against_s", "s", least="against_needed_s"),
                ReasonSpec("marking_kind"),
                ReasonSpec("against_px", "px", decides=False, least="against_needed_px"),
                *_also(("against_needed_px", "px"), ("against_needed_s", "s"), "lane", "marking"),
                *_also(("steps_against_share", "share"), "two_way_reference"),
            ),
        ),
        ActSpec(
            ActCode.WRONG_LANE,
            Moments("lane_begins", "in_wrong_lane", "later"),
            about=("lane", "sign"),
            reasons=(
                ReasonSpec("lane_classes"),
                ReasonSpec("in_lane_s", "s", least="in_lane_needed_s"),
                ReasonSpec("along_lane_m", "m", least="along_lane_needed_m"),
                ReasonSpec("within_lane_m", "m", least="within_lane_needed_m"),
                ReasonSpec("height_about_m", "m"),
                *_also("lane", ("along_lane_needed_m", "m"), ("aside_in_lane_m", "m"), ("class_share", "share")),
                *_also(("in_lane_needed_s", "s"), ("within_lane_needed_m", "m"), *BY_SIGN),
            ),
        ),
        ActSpec(
            ActCode.LANE_DIRECTION,
            Moments("in_its_lane", "leaves_junction", "later"),
            about=("lane", "stop_line", "exit", "sign"),
            reasons=(
                ReasonSpec("movements_allowed"),
                ReasonSpec("movement_driven"),
                ReasonSpec("exit_after_line_s", "s"),
                *_also("arrows_source", "exit", "lane", "observations_in_exit", "stop_line"),
                *_also(("way_in_exit_px", "px"), *BY_SIGN),
            ),
        ),
        ActSpec(
            ActCode.BANNED_U_TURN,
            Moments("before_u_turn", "turning_round", "after_u_turn"),
            about=("stop_line", "exit", "sign"),
            reasons=(
                ReasonSpec("movement"),
                ReasonSpec("turned_round_deg", "deg", least="round_needed_deg"),
                ReasonSpec("back_beside_m", "m", least="back_beside_needed_m"),
                ReasonSpec("back_after_line_s", "s"),
                ReasonSpec("exit_after_line_s", "s"),
                *_also("exit", "observations_in_exit", ("round_needed_deg", "deg"), "stop_line"),
                *_also(("back_beside_needed_m", "m"), ("way_in_exit_px", "px"), *BY_SIGN),
            ),
        ),
        ActSpec(
            ActCode.CLOSED_ROAD,
            Moments("before_closed_road", "in_closed_road", "later"),
            about=("area", "sign"),
            areas=("closed_road",),
            reasons=(
                ReasonSpec("way_inside_m", "m", least="way_inside_needed_m"),
                ReasonSpec("way_inside_sizes", least="way_inside_needed_sizes"),
                ReasonSpec("inside_s", "s", least="inside_needed_s"),
                *_also("area", ("class_share", "share"), ("inside_needed_s", "s"), "observations_inside"),
                *_also("observations_outside", ("way_inside_needed_m", "m"), "way_inside_needed_sizes", *BY_SIGN),
            ),
        ),
        ActSpec(
            ActCode.PAVEMENT,
            Moments("coming_on_pavement", "on_pavement", "later"),
            about=("area",),
            areas=("pavement",),
            reasons=(
                ReasonSpec("along_m", "m", least="along_needed_m"),
                ReasonSpec("inside_s", "s", least="inside_needed_s"),
                ReasonSpec("fastest_kmh", "kmh"),
                ReasonSpec("from_edge_m", "m", decides=False, least="from_edge_needed_m"),
                *_also(("along_needed_m", "m"), "area", ("from_edge_needed_m", "m")),
                *_also(("inside_needed_s", "s"), "observations_inside"),
            ),
        ),
        ActSpec(
            ActCode.EMERGENCY_LANE,
            Moments("earlier", "in_emergency_lane", "later"),
            about=("area",),
            areas=("emergency_lane",),
            reasons=(
                ReasonSpec("along_m", "m", least="along_needed_m"),
                ReasonSpec("inside_s", "s", least="inside_needed_s"),
                ReasonSpec("from_edge_m", "m", decides=False, least="from_edge_needed_m"),
                *_also(("along_needed_m", "m"), "area", "area_reference"),
                *_also(
                    ("from_edge_needed_m", "m"), ("inside_needed_s", "s"), "observations_inside", "slowest_of_fastest"
                ),
            ),
        ),
        ActSpec(
            ActCode.BLOCKING_JUNCTION,
            Moments("entering_box", "standing_in_box", "later"),
            about=("area",),
            areas=("keep_clear",),
            reasons=(
                ReasonSpec("stood_s", "s", least="stopped_s"),
                ReasonSpec("stopped_s", "s"),
                ReasonSpec("stood_after_entering_s", "s"),
                ReasonSpec("moved_while_standing_m", "m"),
                ReasonSpec("moved_while_standing_px", "px"),
                *_also("area", "movements_possible", "observations_standing"),
            ),
        ),
        ActSpec(
            ActCode.STOPPING_BANNED,
            Moments("standing_begins", "standing_where_banned", "later"),
            about=("area", "sign"),
            areas=("kerbside",),
            reasons=_STANDING,
        ),
        ActSpec(
            ActCode.PARKING_BANNED,
            Moments("standing_begins", "parked_where_banned", "later"),
            about=("area", "sign"),
            areas=("kerbside",),
            reasons=_STANDING,
        ),
    )
}
