"""The steady state of one signal head over time, voted from what was read picture by picture.

LED lamps are dark in many pictures though they are lit for the eye, so a dark picture alone says nothing; and a head
that flashes is lit and dark in turn though it was never steadily anything. Both look alike in short stretches: what
tells them apart is how long the dark stretches last and how they follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common.margins import margin
from evidence.acts import LampState
from evidence.packet import LampSpan
from zones.schema import SignalHead

_DARK = (LampState.OFF, LampState.UNKNOWN)
_EPSILON_S = 1e-6


@dataclass(frozen=True)
class LampReading:
    """One frame of one head. `confidence` 0..1: how clearly the state stood out."""

    state: LampState
    confidence: float


@dataclass(frozen=True)
class LampHistoryMargins:
    """How the readings of single pictures become a steady state."""

    hold_s: float = margin(
        0.25,
        "s",
        "pictures of a new colour must add up to so much before it is believed; its onset is then dated back to the "
        "first of them",
        source="onsets in the footage are clean within two pictures (docs/figures.md, Lamps)",
    )
    flicker_s: float = margin(
        0.4,
        "s",
        "a dark stretch up to this long is an LED against the shutter and interrupts nothing",
        source="footage: heads dark for up to six pictures (0.3 s) in a row, arrows lit in a third of the pictures",
    )
    dark_hold_s: float = margin(
        1.0,
        "s",
        "dark for so long without one lit picture is believed; a head that is really out stays out",
        source="slow beats of LED and shutter kept lamps of the footage dark for 0.8 s",
    )
    hidden_hold_s: float = margin(
        0.45,
        "s",
        "the same for a head that was not seen well enough: behind what hides it, it may change",
        source="decision 10: flicker must not break a phase; tuned on the clips, no better source",
    )
    flash_period_s: float = margin(
        2.5,
        "s",
        "two long dark stretches whose beginnings lie no farther apart may be flashing",
        source="a signal flashes 30 to 70 times a minute: 2 s at most, and half a second of room for lost pictures",
    )
    flash_dark_share: float = margin(
        0.33,
        "share of the period",
        "flashing is dark for at least so much of the time: less is a lamp that flickers",
        source="a flashing signal is dark for a third of the time or more",
        most=1.0,
    )
    steady_s: float = margin(
        1.7,
        "s",
        "after flashing a state must last longer than any phase of a flash before it is believed",
        source="the longest lit phase by `flash_period_s` and `flash_dark_share` is 2.5 * 0.67 = 1.68 s",
    )
    hold_frames: int = margin(
        2,
        "pictures",
        "a colour needs so many at least: one picture may be a reflection",
        source="first lamp history (decision 10)",
        least=1,
    )
    keep_s: float = margin(
        90.0,
        "s",
        "how long the past is kept: rules and packets ask for the red that an act fell into",
        source="first lamp history; nobody wrote down why 90",
    )
    gap_s: float = margin(
        1.5,
        "s",
        "without a picture for so long nobody knows what was shown: unknown in between",
        source="decision 10 (a lost stream); the value is an estimate",
    )


@dataclass
class _Run:
    state: LampState
    from_frame: int
    from_s: float
    to_frame: int
    to_s: float
    confidence: float
    count: int = 1
    seen_s: float = 0.0
    """Time of its pictures taken together: flicker takes nothing away from a steady lamp but adds nothing either."""

    @classmethod
    def begun(cls, frame: int, t_s: float, reading: LampReading) -> _Run:
        return cls(reading.state, frame, t_s, frame, t_s, reading.confidence)

    def extend(self, frame: int, t_s: float, step_s: float, confidence: float) -> None:
        self.to_frame, self.to_s = frame, t_s
        self.confidence += (confidence - self.confidence) / (self.count + 1)
        self.count += 1
        self.seen_s += step_s


@dataclass
class _Stretch:
    """Pictures without any light, one after the other: dark ones, and ones in which the head was not seen."""

    from_s: float
    from_frame: int
    to_s: float
    kinds: dict[LampState, _Run] = field(default_factory=dict)

    def commonest(self) -> _Run:
        """Unknown when there are as many of both."""
        return max(self.kinds.values(), key=lambda run: (run.count, run.state == LampState.UNKNOWN))


@dataclass
class LampHistory:
    """The steady states of one head over time; `add` once a frame in order of time."""

    head: SignalHead
    margins: LampHistoryMargins = field(default_factory=LampHistoryMargins)
    _runs: list[_Run] = field(default_factory=list)
    _new: _Run | None = None
    """A colour that is not believed yet."""
    _dark: _Stretch | None = None
    _beat: tuple[_Stretch, float] | None = None
    """The last dark stretch longer than flicker, and when light followed it."""
    _flashing: bool = False
    _last: tuple[int, float] | None = None

    def add(self, frame: int, t_s: float, reading: LampReading) -> None:
        last = self._last
        self._last = (frame, t_s)
        if last is not None and t_s - last[1] > self.margins.gap_s:
            self._runs.append(_Run(LampState.UNKNOWN, last[0], last[1] + 1e-3, frame, t_s, 0.0))
            self._new = self._dark = self._beat = None
            self._flashing, last = False, None
        step_s = t_s - last[1] if last is not None else 0.0
        if reading.state in _DARK:
            self._add_dark(frame, t_s, step_s, reading)
        else:
            self._add_lit(frame, t_s, step_s, reading)
        if self._flashing:
            self._runs[-1].to_frame, self._runs[-1].to_s = frame, t_s
        while len(self._runs) > 1 and t_s - self._runs[0].to_s > self.margins.keep_s:
            self._runs.pop(0)

    def _add_lit(self, frame: int, t_s: float, step_s: float, reading: LampReading) -> None:
        if self._dark is not None and self._dark.to_s - self._dark.from_s + step_s > self.margins.flicker_s:
            self._beat = (self._dark, t_s)
        self._dark = None
        if self._runs and reading.state == self._runs[-1].state:
            self._new = None
            self._runs[-1].extend(frame, t_s, step_s, reading.confidence)
            return
        if self._new is None or self._new.state != reading.state:
            self._new = _Run.begun(frame, t_s, reading)
        else:
            self._new.extend(frame, t_s, step_s, reading.confidence)
        hold_s = self.margins.steady_s if self._flashing else self.margins.hold_s
        if self._new.count >= self.margins.hold_frames and self._new.seen_s >= hold_s - _EPSILON_S:
            self._believe(self._new)

    def _add_dark(self, frame: int, t_s: float, step_s: float, reading: LampReading) -> None:
        now = self._runs[-1] if self._runs else None
        if now is not None and reading.state == now.state:
            now.extend(frame, t_s, step_s, reading.confidence)
        stretch = self._dark
        if stretch is None:
            stretch = self._dark = _Stretch(t_s, frame, t_s)
        stretch.to_s = t_s
        if reading.state in stretch.kinds:
            stretch.kinds[reading.state].extend(frame, t_s, step_s, reading.confidence)
        else:
            stretch.kinds[reading.state] = _Run.begun(frame, t_s, reading)
        if now is not None and now.state in _DARK and not self._flashing and len(stretch.kinds) > 1:
            # From dark to hidden or back: only what was seen without a break counts.
            stretch.kinds = {reading.state: _Run.begun(frame, t_s, reading)}
        lasted_s = t_s - stretch.from_s + step_s
        if lasted_s > self.margins.flicker_s:
            self._new = None
            if self._is_flash(stretch):
                self._flash(frame, t_s)
        self._perhaps_dark(stretch, t_s, now)

    def _perhaps_dark(self, stretch: _Stretch, t_s: float, now: _Run | None) -> None:
        dark = stretch.commonest()
        hold_s = self.margins.hidden_hold_s if dark.state == LampState.UNKNOWN else self.margins.dark_hold_s
        hold_s = self.margins.steady_s if self._flashing else hold_s
        begun_s = dark.from_s if now is not None and now.state in _DARK else stretch.from_s
        held = dark.count >= self.margins.hold_frames and t_s - begun_s >= hold_s - _EPSILON_S
        if held and (now is None or dark.state != now.state or self._flashing):
            self._believe(dark)

    def _believe(self, run: _Run) -> None:
        if not self._runs or self._runs[-1].state != run.state:
            self._runs.append(run)
        self._new, self._flashing = None, False

    def _is_flash(self, stretch: _Stretch) -> bool:
        """Whether this dark stretch and the last long one are two beats of the same flashing.

        A head that others hide twice is not: it has to be seen to be dark.
        """
        if self._beat is None or self._flashing:
            return False
        before, lit_s = self._beat
        if {before.commonest().state, stretch.commonest().state} != {LampState.OFF}:
            return False
        period_s = stretch.from_s - before.from_s
        share = (lit_s - before.from_s) / max(period_s, _EPSILON_S)
        return period_s <= self.margins.flash_period_s and share >= self.margins.flash_dark_share

    def _flash(self, frame: int, t_s: float) -> None:
        """What was held since the flashing began, and for a phase of it before, was never steady."""
        assert self._beat is not None
        beat = self._beat[0]
        kept = [r for r in self._runs if r.from_s < beat.from_s - self.margins.steady_s]
        gone = self._runs[len(kept) :]
        began = min([(beat.from_s, beat.from_frame), *((r.from_s, r.from_frame) for r in gone)])
        if kept and kept[-1].state == LampState.UNKNOWN:
            kept[-1].to_frame, kept[-1].to_s = frame, t_s
        else:
            kept.append(_Run(LampState.UNKNOWN, began[1], began[0], frame, t_s, 0.0))
        self._runs, self._flashing = kept, True

    def at(self, t_s: float) -> LampState:
        """State at a stream time; unknown before the first that was held. What came last is taken to last."""
        for run in reversed(self._runs):
            if run.from_s <= t_s + 1e-6:
                return run.state
        return LampState.UNKNOWN

    def since(self, t_s: float) -> float | None:
        """When the state at `t_s` began; None before the first."""
        for run in reversed(self._runs):
            if run.from_s <= t_s + 1e-6:
                return run.from_s
        return None

    @property
    def starts(self) -> list[float]:
        """When each state held began, oldest first."""
        return [run.from_s for run in self._runs]

    def onset_seen(self, t_s: float) -> bool:
        """Whether the change into the state at `t_s` was seen, or the state was there when we began to look."""
        began = [run for run in self._runs if run.from_s <= t_s + 1e-6]
        return len(began) > 1 and began[-2].state != LampState.UNKNOWN

    def spans(self, from_s: float, to_s: float) -> list[LampSpan]:
        """The states between two times, for the packet."""
        ends = [r.from_s for r in self._runs[1:]]
        out: list[LampSpan] = []
        for index, run in enumerate(self._runs):
            end_s = ends[index] if index < len(ends) else run.to_s
            if end_s < from_s or run.from_s > to_s:
                continue
            out.append(
                LampSpan(
                    state=run.state, from_frame=run.from_frame, to_frame=run.to_frame,
                    from_s=round(run.from_s, 4), to_s=round(max(run.to_s, run.from_s), 4),
                    confidence=round(min(max(run.confidence, 0.0), 1.0), 4),
                )
            )  # fmt: skip
        return out
