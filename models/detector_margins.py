"""What the vehicle detector lets through. Apart from the network, so that a configuration can be read without it."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin


@dataclass(frozen=True)
class DetectorMargins:
    """At which size vehicles are looked for, which boxes are told, and which two are one."""

    long_side: int = margin(
        640, "pixels", "longer side of the network's input: far vehicles need it, and one takes 15 ms",
        source="decision 14; docs/figures.md has 416, 512 and 640", least=128, most=2048,
    )  # fmt: skip
    min_score: float = margin(
        0.1, "score, 0..1",
        "weaker boxes are not told. So low because the tracker carries a track through an occlusion with weak ones",
        source="models/cards/vehicle-nano.md: of 200 vehicles at a line in Hanoi 188 are found with 0.1, 164 with 0.3",
        least=0.01, most=0.9,
    )  # fmt: skip
    two_wheelers_double_iou: float = margin(
        0.62, "intersection over union",
        "two-wheelers that overlap by more are one: in a queue they overlap by over half, so only near-equal boxes",
        source="first detector; tuned, no better source", most=1.0,
    )  # fmt: skip
    four_wheelers_double_iou: float = margin(
        0.60, "intersection over union", "the same among cars, buses and trucks: one called both car and truck is one",
        source="first detector; nobody wrote down why not the number of the two-wheelers", most=1.0,
    )  # fmt: skip
    most_boxes: int = margin(
        1000, "boxes", "so many of the best are compared with each other: a bound on time, no picture holds as many",
        source="a bound, not a measurement", least=100,
    )  # fmt: skip
