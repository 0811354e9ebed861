"""The numbers by which a stream's time is believed or doubted: of packets, of connections, of the clocks.

They stand together because they hold each other up: what one stage lets through unflagged the next must date right to
a second. Together they are tried by the property test over every weather of a stream (tests/edge/test_stream_time.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common.margins import margin
from edge.video.cut import CutMargins

_PROPERTY = "decision 20; the property test of tests/edge/test_stream_time.py holds with it"
_CRYSTAL_DRIFT = 1e-4


@dataclass(frozen=True)
class ArrivalMargins:
    """How late a packet may come, and when it is known how late they come at the earliest."""

    late_s: float = margin(
        0.75, "s", "so late may be a slow network or a camera whose time stands still: from here on nobody can tell",
        source="the limit for a date is 1 s (`ClockMargins.max_offset_s`), the rest is for jitter",
    )  # fmt: skip
    settled_s: float = margin(
        8.0, "s",
        "after a connection the camera's backlog comes at once; by now it has come, or the camera counts too fast",
        source=_PROPERTY,
    )  # fmt: skip
    young_s: float = margin(
        16.0, "s",
        "a step so soon after the start of a line puts all of the line in doubt: its least delay may be wrong",
        source="twice `settled_s`; " + _PROPERTY,
    )  # fmt: skip
    quiet_s: float = margin(
        2.0, "s", "the least delay has not fallen for so long: it has been found", source=_PROPERTY,
    )  # fmt: skip
    pause_s: float = margin(
        0.5, "s", "longer without packets is a pause: while nothing came nothing was quiet", source=_PROPERTY,
    )  # fmt: skip
    fell_s: float = margin(
        0.1, "s", "the least delay fell by more: a backlog is still coming in", source=_PROPERTY,
    )  # fmt: skip
    drift: float = margin(
        _CRYSTAL_DRIFT, "s a second", "the least delay may rise so fast: cheap crystals drift by up to 100 ppm",
        source="tolerance of ordinary quartz crystals",
    )  # fmt: skip
    floor_drift: float = margin(
        1e-3, "s a second", "the floor follows the least delay so fast: many small slips do not add up to a large one",
        source="ten times the drift of a crystal; " + _PROPERTY,
    )  # fmt: skip


@dataclass(frozen=True)
class StreamTimeMargins:
    """When a camera's time is taken at its word, replaced for a packet, or not used any more."""

    early_s: float = margin(
        0.5, "s",
        "a picture that arrives by so much before all others could have has a wrong time: buffers jitter by less",
        source=_PROPERTY,
    )  # fmt: skip
    too_late_s: float = margin(
        5.0, "s", "later than this, and for `late_stays_s`, is no slow network: cameras and networks buffer less",
        source=_PROPERTY,
    )  # fmt: skip
    late_stays_s: float = margin(
        3.0, "s", "lateness that went back sooner was a stall", source=_PROPERTY,
    )  # fmt: skip
    late_agreed_s: float = margin(
        120.0, "s", "a delay that never once went back for so long is how this line is now", source=_PROPERTY,
    )  # fmt: skip
    stall_s: float = margin(
        1.0, "s", "after so long without packets those that come may have waited together", source=_PROPERTY,
    )  # fmt: skip
    stays: int = margin(
        3, "packets", "so many in a row off the line are a step, fewer are slips of the camera", source=_PROPERTY,
        least=2,
    )  # fmt: skip
    ordinary_s: float = margin(
        0.5, "s", "two packets may always lie so far apart, or `usual_steps` of the stream's own", source=_PROPERTY,
    )  # fmt: skip
    usual_steps: float = margin(
        3.0, "steps of the stream", "two pictures may be lost between two packets and nothing is odd", source=_PROPERTY,
    )  # fmt: skip
    back_s: float = margin(
        0.3, "s", "B pictures come after pictures that are shown later: so far back is no step", source=_PROPERTY,
    )  # fmt: skip
    back_steps: float = margin(
        5.0, "steps of the stream", "the same in pictures, for slow streams", source=_PROPERTY,
    )  # fmt: skip
    file_gap_s: float = margin(
        1.0, "s", "more between two packets of a recording is a gap, or a step of its recorder", source=_PROPERTY,
    )  # fmt: skip
    stuck: int = margin(
        16, "packets", "so many without progress are more than any codec reorders",
        source="H.264 and H.265 hold at most 16 pictures back", least=1,
    )  # fmt: skip
    give_up_steps: int = margin(
        6, "steps", "so many within `give_up_within_s`, and the camera's times are not used", source=_PROPERTY, least=2,
    )  # fmt: skip
    give_up_within_s: float = margin(60.0, "s", "see `give_up_steps`", source=_PROPERTY)
    good_again_s: float = margin(
        30.0, "s", "times that were good for so long are used again", source=_PROPERTY,
    )  # fmt: skip
    crawl_after_s: float = margin(
        1.0, "s", "late, and watched, for so long before a camera is said to count too slowly", source=_PROPERTY,
    )  # fmt: skip
    crawl_packets: int = margin(
        8, "packets", "on fewer a rate cannot be told", source=_PROPERTY, least=2,
    )  # fmt: skip
    crawl_rate: float = margin(
        0.5, "s of the camera a second", "a late camera whose time goes slower stands still or counts wrongly",
        source=_PROPERTY, most=1.0,
    )  # fmt: skip


@dataclass(frozen=True)
class SegmentMargins:
    """What a connection takes from the camera's own clock, and from ours."""

    plausible_s: float = margin(
        366 * 86400.0, "s", "a sender's clock that is off by more than a year was never set: it tells nothing",
        source="an estimate: a clock that lost its time begins years off; no better source",
    )  # fmt: skip
    same_moment_s: float = margin(
        0.02, "s", "wall and monotonic clock are read one after the other; a thread put aside in between reads again",
        source="well below the 0.1 s that the wall clock is followed by (`ClockMargins.anchor_s`)",
    )  # fmt: skip
    told_gap_s: float = margin(
        1.0, "s", "the camera's word about the time without pictures counts up to so much over ours",
        source="ours is late by the time to open, never early; nobody measured how much more a second covers",
    )  # fmt: skip


@dataclass(frozen=True)
class ClockMargins:
    """How far the clocks may be apart before a packet says so."""

    max_offset_s: float = margin(
        1.0, "s", "a clock that is off by more makes an act doubtful", source="right to the second: promise 3",
    )  # fmt: skip
    used_offset_s: float = margin(
        0.5, "s", "up to here the camera's clock is used: with the jitter of arrivals it stays within a second",
        source="half of `max_offset_s`",
    )  # fmt: skip
    clock_step_s: float = margin(
        0.5, "s", "wall minus monotonic clock moved by more: the node's clock was set", source=_PROPERTY,
    )  # fmt: skip
    anchor_s: float = margin(
        0.1, "s", "smaller steps are followed without a word: before and after them the time is right to the second",
        source="a tenth of `max_offset_s`",
    )  # fmt: skip
    clock_settles_s: float = margin(
        30.0, "s", "after a step the clock is believed again: NTP programs set it in their first few measurements",
        source=_PROPERTY,
    )  # fmt: skip
    stream_settles_s: float = margin(
        10.0, "s", "after a step of the camera's time: by then the least delay of arrivals has been seen",
        source="`ArrivalMargins.settled_s` and some room",
    )  # fmt: skip
    drift: float = margin(
        _CRYSTAL_DRIFT, "s a second", "as for arrivals: cheap crystals drift by up to 100 ppm",
        source="tolerance of ordinary quartz crystals",
    )  # fmt: skip
    late_stays_s: float = margin(
        3.0, "s", "without a monotonic clock: what comes later and stays so for so long tells of a step",
        source="`StreamTimeMargins.late_stays_s`",
    )  # fmt: skip
    settled_s: float = margin(
        5.0, "s", "without a monotonic clock: what comes early after so long tells of a step too",
        source="an estimate of when a backlog has come; no better source",
    )  # fmt: skip


@dataclass(frozen=True)
class VideoMargins:
    """The numbers of every step from a packet to a dated picture; each is a value of its own, with its own digest."""

    arrival: ArrivalMargins = field(default_factory=ArrivalMargins)
    stream_time: StreamTimeMargins = field(default_factory=StreamTimeMargins)
    segment: SegmentMargins = field(default_factory=SegmentMargins)
    clock: ClockMargins = field(default_factory=ClockMargins)
    cut: CutMargins = field(default_factory=CutMargins)
