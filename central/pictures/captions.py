"""What stands under a still, on screen and paper alike: the moment by its act, the time, what the lamp showed."""

from __future__ import annotations

from central.pictures.stills import StillView
from central.words import formats
from central.words.texts import Texts
from evidence.acts import ACTS, ANY_ACT, ActCode, LampState, StillMoment


def moment_words(view: StillView, act: ActCode, t: Texts, suspected: ActCode | None = None) -> str:
    """`Before the stop line`, `On the solid line`, ... in its language: never words of another act.

    `suspected` is the act that the stills were taken for; where the officer decided on another, only when it was.
    """
    return still_words(view.moment, act if suspected in (None, act) else None, t)


def still_words(still: StillMoment, act: ActCode | None, t: Texts) -> str:
    """What a still of an act shows. None: it was taken for another act, so the words say no more than when."""
    moments = ANY_ACT if act is None else ACTS[act].moments
    return t(f"moment.{moments.of(still)}")


def lamp_words(view: StillView, act: ActCode, t: Texts) -> str:
    """For acts at a lamp: what the lamp that governs the vehicle showed, and how long it had been red.

    A lamp that is not red any more when the last still was taken is said in words: the act was over the line before.
    """
    if view.lamp is None or not ACTS[act].by_the_lamp:
        return ""
    if view.lamp is LampState.RED and view.red_for_s is not None:
        key = "caption.red_at_least" if view.red_at_least else "caption.red_for"
        return t(key, seconds=formats.decimal(view.red_for_s, 1, t.language))
    if view.moment == "after" and view.lamp is LampState.GREEN:
        return t("caption.green_after")
    return t("caption.lamp", state=t(f"lamp.{view.lamp}").lower())


def caption(view: StillView, act: ActCode, t: Texts, suspected: ActCode | None = None) -> str:
    """The whole line, with the clock time to a hundredth of a second."""
    at = formats.clock_exact(view.at) if view.at else ""
    moment = ", ".join(part for part in (moment_words(view, act, t, suspected), at) if part)
    return ". ".join(part for part in (moment, lamp_words(view, act, t)) if part)
