"""The list of suspected acts a camera may state.

A camera sees an act, never a driver and never an amount: which clause and band follow from an act is the centre's
business (`countries.vn.law`), chosen by the time of the act and the class of the vehicle.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActCode(StrEnum):
    """Stable identifiers, used in packets, in `acts.jsonl` and as keys of the law table."""

    RED_LIGHT = "red_light"
    STOPPED_PAST_LINE = "stopped_past_line"
    SOLID_LINE = "solid_line"
    WRONG_WAY = "wrong_way"
    BANNED_TURN = "banned_turn"


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
class Act:
    """An act as people read it. `law_key` names the row of vietnam-law §1.1 (Nghị định 168/2024/NĐ-CP)."""

    code: ActCode
    vi: str
    en: str
    law_key: str


ACTS: dict[ActCode, Act] = {
    a.code: a
    for a in (
        Act(
            ActCode.RED_LIGHT,
            "Không chấp hành hiệu lệnh của đèn tín hiệu giao thông",
            "Running a red light",
            "RED",
        ),
        Act(
            ActCode.STOPPED_PAST_LINE,
            "Không chấp hành hiệu lệnh, chỉ dẫn của vạch kẻ đường (dừng xe quá vạch dừng khi đèn đỏ)",
            "Stopped past the stop line on red",
            "SIGN_MARK",
        ),
        Act(
            ActCode.SOLID_LINE,
            "Không chấp hành hiệu lệnh, chỉ dẫn của vạch kẻ đường (đè, cắt vạch liền)",
            "Crossing or riding on a solid line",
            "SIGN_MARK",
        ),
        Act(
            ActCode.WRONG_WAY,
            "Đi ngược chiều của đường một chiều, đi ngược chiều trên đường có biển “Cấm đi ngược chiều”",
            "Driving against the direction of traffic",
            "WRONG_WAY",
        ),
        Act(
            ActCode.BANNED_TURN,
            "Rẽ trái (phải) tại nơi có biển báo hiệu cấm rẽ trái (phải) đối với loại phương tiện đang điều khiển",
            "Turning where a sign bans it",
            "TURN_BAN",
        ),
    )
}
