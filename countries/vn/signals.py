"""What signals and one-way roads mean in Vietnam.

- Red: "cấm đi" (Luật Trật tự, an toàn giao thông đường bộ 36/2024/QH15 Điều 11.4): passing the stop line is the act.
- Yellow: one must stop before the line; who is on it or past it by then may go on (Điều 11.4). Passing at yellow is
  the same act in NĐ 168/2024/NĐ-CP (6.9.b, 7.7.c); nothing here states it, as a camera cannot tell who could have
  stopped. Who was on the line at yellow is still on or past it when red begins: a vehicle rolling over the line then
  is let go.
- Arrows: a green one permits its movement beside a red or yellow lamp (QCVN 41:2024 6.4.3). Lamps for the left turn
  are those of the U-turn, unless some head is for that (6.2.2, 6.4.1).
- The blue plate that lets right turns go on red ("ĐÈN ĐỎ ... ĐƯỢC RẼ PHẢI") takes that movement out of the head's
  `movements` in the scene: then no lamp governs it.
"""

from __future__ import annotations

from countries.road import RoadFact, SignalMeaning

SIGNALS = SignalMeaning(obeys_lamps_of={"u_turn": "left"}, green_arrow_over_red=True, rolling_over_goes_on=True)

# Driving against it is the act of 6.9.d and 7.7.a only on a one-way road or past P.102; in the other half of a two-way
# road it is the lighter 6.5.b and 7.3.d. Whether a carriageway of a divided road is "đường một chiều" without P.102 is
# a question for the traffic police: who draws the scene answers it with a reference.
ONE_WAY = (
    RoadFact("P.102", "P.102"),
    RoadFact("one_way_road", "I.407"),
    RoadFact("one_way_carriageway", ""),
)
