"""The numbers by which a head is judged over time: how pictures become a steady state, and what a signal can do."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin


@dataclass(frozen=True)
class LampHistoryMargins:
    """How the readings of single pictures become a steady state."""

    hold_s: float = margin(
        0.25,
        "s",
        "pictures of a new colour must add up to so much before it is believed; its onset is then dated back to the "
        "first of them",
        source="onsets in the footage are clean within two pictures (docs/figures.md, Lamps)",
    )
    flicker_s: float = margin(
        0.4,
        "s",
        "a dark stretch up to this long is an LED against the shutter and interrupts nothing",
        source="footage: heads dark for up to six pictures (0.3 s) in a row, arrows lit in a third of the pictures",
    )
    dark_hold_s: float = margin(
        1.0,
        "s",
        "dark for so long without one lit picture is believed; a head that is really out stays out",
        source="slow beats of LED and shutter kept lamps of the footage dark for 0.8 s",
    )
    hidden_hold_s: float = margin(
        0.45,
        "s",
        "the same for a head that was not seen well enough: behind what hides it, it may change",
        source="decision 10: flicker must not break a phase; tuned on the clips, no better source",
    )
    flash_period_s: float = margin(
        2.5,
        "s",
        "two long dark stretches whose beginnings lie no farther apart may be flashing",
        source="a signal flashes 30 to 70 times a minute: 2 s at most, and half a second of room for lost pictures",
    )
    flash_dark_share: float = margin(
        0.33,
        "share of the period",
        "flashing is dark for at least so much of the time: less is a lamp that flickers",
        source="a flashing signal is dark for a third of the time or more",
        most=1.0,
    )
    steady_s: float = margin(
        1.7,
        "s",
        "after flashing a state must last longer than any phase of a flash before it is believed",
        source="the longest lit phase by `flash_period_s` and `flash_dark_share` is 2.5 * 0.67 = 1.68 s",
    )
    hold_frames: int = margin(
        2,
        "pictures",
        "a colour needs so many at least: one picture may be a reflection",
        source="first lamp history (decision 10)",
        least=1,
    )
    keep_s: float = margin(
        90.0,
        "s",
        "how long the past is kept: rules and packets ask for the red that an act fell into",
        source="first lamp history; nobody wrote down why 90",
    )
    gap_s: float = margin(
        1.5,
        "s",
        "without a picture for so long nobody knows what was shown: unknown in between",
        source="decision 10 (a lost stream); the value is an estimate",
    )


_FIELD = "field report of November 2026: what signals of Vietnamese junctions did, and what fooled the lamp reader"


@dataclass(frozen=True)
class SignalPlanMargins:
    """What a signal can do, and when what it shows is not believed (decision 35)."""

    dark_yellow_s: float = margin(
        6.0,
        "s",
        "between green and red a head may be dark for so long: a yellow lens that the camera cannot see. A head that "
        "was dark for longer is out of order, and what lights in its red lens is not its own light",
        source="yellow lasts 3 to 5 s; a clip of the footage has a yellow lens that cannot be read, dark for 3.0 s",
    )
    start_s: float = margin(
        180.0,
        "s",
        "a red that was there when we began to look is taken for one for so long, with a flag: no red of a signal that "
        "works lasts longer, and the sun on a dark head does",
        source="the longest reds of large junctions are about two minutes; half as long again",
    )
    trust_s: float = margin(
        300.0,
        "s",
        "a red whose beginning was hidden is believed, with a flag, if the head showed green or yellow within so long: "
        "the last cycles",
        source="two cycles of a large junction; an estimate",
    )
    longest_s: float = margin(
        300.0,
        "s",
        "a red that lasts longer is a signal that is stuck, though it began as it should",
        source="as `trust_s`; no red of the footage or of a plan that we know lasts half as long",
    )
    misplaced_s: float = margin(
        0.5,
        "s",
        "yellow or green light in red's place for so long, just before red: the picture has moved, the red is not "
        "believed",
        source="a yellow of 3 s read in the wrong place; single pictures of it are smear",
    )
    yellow_least_s: float = margin(
        3.0,
        "s",
        "the shortest yellow that a driver can be asked to stop for; a red after a shorter one is flagged",
        source="no figure in Vietnamese law (QCVN 41:2024 has none); 3 s is usual. Set it to the junction's own",
        most=10.0,
    )
    timing_s: float = margin(
        0.1,
        "s",
        "pictures may be dated wrong by so much: a yellow counts as short only if it is by more",
        source="jitter of RTP times; a picture at 15 a second is 0.07 s",
    )
    yellow_changed_s: float = margin(
        0.4,
        "s",
        "the usual yellow may wander by so much, beyond what the pictures leave open, before it has changed",
        source="a controller keeps yellow to a tenth of a second; a shortening worth money is half a second",
    )
    learnt_yellows: int = margin(
        5, "cycles", "so many yellows tell the usual one, their median, held until the camera starts anew",
        source="a median of five survives two that were misread", least=1,
    )  # fmt: skip
    recent_yellows: int = margin(
        3, "cycles", "so many of the newest tell the one of now, their median", source="survives one misread", least=1
    )
    learnt_phases: int = margin(
        4, "cycles", "so many whole phases of a colour tell how long it usually lasts, their median",
        source="fewer say nothing about a plan that follows the traffic; not measured", least=1,
    )  # fmt: skip
    unusual_ratio: float = margin(
        3.0, "ratio", "two whole phases in a row so many times longer or shorter than usual: not the plan of before",
        source="plans that follow the traffic double a green; not measured", least=1.0,
    )  # fmt: skip
    memory_s: float = margin(
        180.0, "s", "what was wrong with a head is told, and flags its acts, for so long after it was last seen: a "
        "cycle or two", source="as `start_s`",
    )  # fmt: skip
    two_at_once_s: float = margin(
        1.0, "s", "two lenses lit for so long, within `memory_s`: a fault of the signal, or a light beside it",
        source="QCVN 41 6.3.5: one colour at a time; a change of colour smears over two pictures",
    )  # fmt: skip
    moved_s: float = margin(
        2.0, "s", "another colour in red's place for so long, within `memory_s`: the picture has moved",
        source="most of one yellow of 3 s",
    )  # fmt: skip
    contradict_s: float = margin(
        2.0, "s", "heads for the same vehicles, one green and one red, for so long within `memory_s`",
        source="heads of one approach change within a picture of each other; held states lag by 0.25 s",
    )  # fmt: skip
    no_onset_s: float = margin(
        1.0, "s", "red that came out of nowhere for so long, within `memory_s`: told", source="as `two_at_once_s`",
    )  # fmt: skip
    differs_s: float = margin(
        1.0, "s", "picture and controller differ beyond what a change takes, for so long within `memory_s`: told",
        source="as `two_at_once_s`",
    )  # fmt: skip
    no_feed_s: float = margin(
        5.0, "s", "a controller says nothing of a head for so long: told", source="a feed speaks every second",
    )  # fmt: skip
    silent_s: float = margin(
        180.0, "s", "dark, flashing or not to be read for so long without a break: told", source="as `start_s`",
    )  # fmt: skip
    never_s: float = margin(
        600.0, "s", "no red, or no green, for so long: told", source=_FIELD,
    )  # fmt: skip
