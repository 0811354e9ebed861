"""The numbers by which a signal controller's word is judged."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin

_CHOSEN = "chosen with the feed, November 2026; tried with simulated controllers, with none on a street"


@dataclass(frozen=True)
class ControllerMargins:
    """How long a controller's word counts, and how well its moments are known."""

    stale_s: float = margin(
        2.0,
        "s",
        "a statement older than this is unknown: a controller that went silent may show anything",
        source="a feed says each state again every second (docs/controller.md): one may be lost",
    )
    transit_s: float = margin(
        0.2,
        "s",
        "the shortest way of a statement takes so long at most: by so much a moment may be earlier than it is dated",
        source="MQTT or HTTP in one network: some hundredths of a second; measured on one machine only",
    )
    untimed_s: float = margin(
        1.0,
        "s",
        "the same where the controller states no time of its own: a statement that waited cannot be told",
        source=_CHOSEN,
    )
    picture_late_s: float = margin(
        0.5,
        "s",
        "a picture may be dated so much later than it was taken: red begins for it so much later",
        source="cameras without a clock of their own are dated by arrival; makers tell a latency of 0.1 to 0.5 s",
    )
    picture_early_s: float = margin(
        0.2,
        "s",
        "a picture may be dated so much earlier than it was taken: red ends for it so much sooner",
        source="a camera's clock by RTCP that is off by more is flagged as such",
    )
    differ_s: float = margin(
        1.0,
        "s",
        "picture and controller may differ for so long, as at each change; longer is unknown, and told",
        source="a statement a second, and what it takes until a colour is held (`lamp_history.hold_s`)",
    )
    clock_off_s: float = margin(
        5.0,
        "s",
        "a controller's clock that is off by more is told; its statements are dated by the box's",
        source="a clock kept by NTP or GNSS is off by less than a second; NTCIP states whole seconds",
    )
    step_s: float = margin(
        1.0,
        "s",
        "a statement that took so much less than the shortest way so far says that a clock was set",
        source=_CHOSEN,
    )
    relearn_s: float = margin(
        5.0,
        "s",
        "nothing but late statements for so long says that a clock was set back",
        source=_CHOSEN,
    )
    learn_s: float = margin(
        3.0, "s", "the clock is learnt for so long before anything counts: the first may have waited", source=_CHOSEN
    )
    learn_statements: int = margin(
        5, "statements", "and from so many", source=_CHOSEN, least=1
    )  # fmt: skip
    window_s: float = margin(
        60.0,
        "s",
        "the shortest way of so long counts: clocks drift",
        source="a crystal drifts by 3 ms a minute at 50 ppm",
    )
    keep_s: float = margin(
        30.0, "s", "statements are kept for so long", source="pictures of a busy box are judged seconds late", least=5.0
    )
