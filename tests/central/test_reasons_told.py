"""Why a machine suspects an act, as an officer reads it: with units, with limits beside it, in his language."""

from __future__ import annotations

import pytest

from central.cases.telling import reason_lines
from central.words.texts import Language, texts
from evidence.acts import ActCode
from evidence.packet import Reason

PAVEMENT: dict[str, Reason] = {"along_m": 15.4, "along_needed_m": 10.0, "inside_s": 3.6, "fastest_kmh": 18}


@pytest.mark.parametrize(
    ("act", "reasons", "language", "first", "rest"),
    [
        pytest.param(
            ActCode.PAVEMENT, PAVEMENT, "vi",
            {"Đoạn đường đi dọc khu vực": "15,4 m (cần ít nhất 10,0 m)", "Ở trong khu vực": "3,60 giây",
             "Tốc độ lúc nhanh nhất (ước lượng, không phải kết quả đo)": "18 km/h"}, {},
            id="a limit beside, a limit that the packet does not tell",
        ),
        pytest.param(
            ActCode.BANNED_U_TURN, {"movement": "u_turn", "turned_round_deg": 172, "round_needed_deg": 140.0}, "en",
            {"Turn": "U-turn",
             "Angle between the way there and the way back": "172 degrees (at least 140 degrees needed)"},
            {}, id="degrees",
        ),
        pytest.param(
            ActCode.PARKING_BANNED,
            {"moved_while_standing_m": 0.12, "moved_limit_m": 0.5, "sign_hours": "mon, tue, wed 06:00-09:00"}, "vi",
            {"Xê dịch trong lúc dừng": "0,12 m (tối đa 0,50 m)"},
            {"Giờ biển có hiệu lực": "thứ Hai, thứ Ba, thứ Tư 06:00-09:00"}, id="at most; days in words",
        ),
        pytest.param(
            ActCode.CLOSED_ROAD,
            {"inside_s": 1.9, "class_share": 0.953,
             "sign_hours": "mon, tue, wed, thu, fri, sat, sun 22:00-06:00"}, "en",
            {"Inside the area for": "1.90 s"},
            {"Share of the frames seen as this kind": "95%", "Hours of the sign": "every day 22:00-06:00"},
            id="a share; every day",
        ),
        pytest.param(
            ActCode.RED_LIGHT, {"plate_note": ["plate_reader_failed", "MemoryError()"]}, "vi",
            {"Ghi chú về biển số": "bộ đọc biển số của hộp gặp lỗi; MemoryError()"}, {}, id="a fault of the box",
        ),
    ],
)  # fmt: skip
def test_reasons_have_their_unit_their_limit_and_words(
    act: ActCode, reasons: dict[str, Reason], language: Language, first: dict[str, str], rest: dict[str, str]
) -> None:
    told, more = reason_lines(act, reasons, texts(language))
    assert dict(told) == first
    assert dict(more) == rest
