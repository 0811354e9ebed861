"""How late packets come against the earliest of them: what the network does, and what a camera's time cannot do."""

from __future__ import annotations

from dataclasses import dataclass

LATE_S = 0.75
"""So late may be a slow network or a camera whose time stands still; from here on nobody can tell (limit: 1 s)."""
SETTLED_S = 8.0
"""After a connection the camera's backlog comes at once; by now it has come, or the camera counts too fast."""
_QUIET_S = 2.0
_PAUSE_S = 0.5
_FELL_S = 0.1
"""The least delay fell by more within `_QUIET_S`: a backlog is still coming in."""
_DRIFT = 1e-4
_FLOOR_DRIFT = 1e-3


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
    late_since_s: float | None = None

    @classmethod
    def begin(cls, arrival_s: float, delay_s: float, *, backlog: bool) -> Arrivals:
        began_s = arrival_s if backlog else arrival_s - SETTLED_S
        return cls(began_s, delay_s, delay_s, arrival_s, delay_s, began_s)

    def note(self, arrival_s: float, delay_s: float) -> None:
        dt = max(arrival_s - self.seen_s, 0.0)
        self.seen_s = arrival_s
        self.fell_at_s += max(dt - _PAUSE_S, 0.0)  # while nothing came nothing was quiet
        self.delay_s = min(delay_s, self.delay_s + _DRIFT * dt)
        if self.delay_s < self.fell_to_s - _FELL_S:
            self.fell_to_s, self.fell_at_s = self.delay_s, arrival_s
        if not self.settled:
            self.floor_s = self.delay_s
        else:
            self.floor_s += min(max(self.delay_s - self.floor_s, -_FLOOR_DRIFT * dt), _FLOOR_DRIFT * dt)
        late = delay_s - self.delay_s > LATE_S
        self.late_since_s = (self.late_since_s if self.late_since_s is not None else arrival_s) if late else None

    @property
    def quiet(self) -> bool:
        """The least delay has been found."""
        return self.seen_s - self.fell_at_s >= _QUIET_S

    @property
    def sure(self) -> bool:
        """Whether it is known that packets come neither late nor before their time."""
        return self.late_since_s is None and self.quiet

    @property
    def settled(self) -> bool:
        return self.seen_s - self.began_s >= SETTLED_S or (self.quiet and self.seen_s - self.began_s >= _QUIET_S)

    @property
    def young(self) -> bool:
        return self.seen_s - self.began_s < 2 * SETTLED_S
