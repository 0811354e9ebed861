"""How late packets come against the earliest of them: what the network does, and what a camera's time cannot do."""

from __future__ import annotations

from dataclasses import dataclass

from edge.video.margins import ArrivalMargins


@dataclass
class Arrivals:
    """How late packets come against the earliest. `delay_s`: arrival minus line, the least; `floor_s` follows slowly,
    so that many small slips do not add up to a large one."""

    began_s: float
    delay_s: float
    floor_s: float
    seen_s: float
    fell_to_s: float
    fell_at_s: float
    margins: ArrivalMargins
    late_since_s: float | None = None

    @classmethod
    def begin(cls, arrival_s: float, delay_s: float, *, backlog: bool, margins: ArrivalMargins) -> Arrivals:
        began_s = arrival_s if backlog else arrival_s - margins.settled_s
        return cls(began_s, delay_s, delay_s, arrival_s, delay_s, began_s, margins)

    def note(self, arrival_s: float, delay_s: float) -> None:
        m = self.margins
        dt = max(arrival_s - self.seen_s, 0.0)
        self.seen_s = arrival_s
        self.fell_at_s += max(dt - m.pause_s, 0.0)  # while nothing came nothing was quiet
        self.delay_s = min(delay_s, self.delay_s + m.drift * dt)
        if self.delay_s < self.fell_to_s - m.fell_s:
            self.fell_to_s, self.fell_at_s = self.delay_s, arrival_s
        if not self.settled:
            self.floor_s = self.delay_s
        else:
            self.floor_s += min(max(self.delay_s - self.floor_s, -m.floor_drift * dt), m.floor_drift * dt)
        late = delay_s - self.delay_s > m.late_s
        self.late_since_s = (self.late_since_s if self.late_since_s is not None else arrival_s) if late else None

    @property
    def quiet(self) -> bool:
        """The least delay has been found."""
        return self.seen_s - self.fell_at_s >= self.margins.quiet_s

    @property
    def sure(self) -> bool:
        """Whether it is known that packets come neither late nor before their time."""
        return self.late_since_s is None and self.quiet

    @property
    def settled(self) -> bool:
        lasted_s = self.seen_s - self.began_s
        return lasted_s >= self.margins.settled_s or (self.quiet and lasted_s >= self.margins.quiet_s)

    @property
    def young(self) -> bool:
        return self.seen_s - self.began_s < self.margins.young_s
