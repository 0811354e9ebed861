"""The margins of all that watches the picture, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.watch.appearance import AppearanceMargins
from edge.watch.gate import GateMargins
from edge.watch.position import PositionMargins
from edge.watch.reference import LearningMargins
from edge.watch.registration_margins import RegistrationMargins
from edge.watch.stillness import StillnessMargins


@dataclass(frozen=True)
class PictureMargins:
    registration: RegistrationMargins = field(default_factory=RegistrationMargins)
    position: PositionMargins = field(default_factory=PositionMargins)
    learning: LearningMargins = field(default_factory=LearningMargins)
    appearance: AppearanceMargins = field(default_factory=AppearanceMargins)
    stillness: StillnessMargins = field(default_factory=StillnessMargins)
    gate: GateMargins = field(default_factory=GateMargins)
