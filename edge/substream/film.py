"""What a camera's main stream has to give: its packets, and which of its pictures shows a moment that was seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.substream.looks import Look, Looks
from edge.substream.margins import SubstreamMargins
from edge.substream.offset import Offset
from edge.substream.steadiness import Steadiness
from edge.video.ring import Group, PacketRing


@dataclass(frozen=True)
class MainFilm:
    """Of one life of a camera's source."""

    ring: PacketRing
    looks: Looks
    offset: Offset
    margins: SubstreamMargins
    steadiness: Steadiness = field(default_factory=Steadiness)

    def place_s(self, look: Look | None, t_s: float) -> float:
        """Where in the main stream's time the moment of a look lies, by what is known now. `t_s`: by what was then."""
        if look is None or look.line != self.offset.line:
            return t_s
        return look.own_s + self.offset.shift_s

    def around(self, t_s: float) -> list[Group]:
        """What is needed to find the picture of a moment; whoever holds it has it when the ring has dropped it."""
        reach_s = self.offset.reach_s
        return self.ring.groups(t_s - reach_s, t_s + reach_s)
