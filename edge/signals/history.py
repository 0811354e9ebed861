"""The steady state of one signal head over time, voted from what was read picture by picture.

LED lamps are dark in many pictures though they are lit for the eye, so a dark picture alone says nothing; and a head
that flashes is lit and dark in turn though it was never steadily anything. Both look alike in short stretches: what
tells them apart is how long the dark stretches last and how they follow one another. A red that did not come as a
signal's red comes is unknown (`edge.signals.onset`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.signals.margins import LampHistoryMargins
from edge.signals.onset import onset_of
from edge.signals.plan import HeadPlan
from edge.signals.reading import LampReading
from edge.signals.runs import DARK, Onset, Run, Stretch
from evidence.acts import LampState
from evidence.packet import LampSpan
from zones.schema import SignalHead

_EPSILON_S = 1e-6
_MOST_OPEN = 256


@dataclass
class LampHistory:
    """The steady states of one head over time; `add` once a frame in order of time.

    `plan`: what is known of the signal beyond the time that is kept here, and beyond a cut of the stream.
    """

    head: SignalHead
    margins: LampHistoryMargins = field(default_factory=LampHistoryMargins)
    plan: HeadPlan = None  # type: ignore[assignment]
    _runs: list[Run] = field(default_factory=list)
    _new: Run | None = None
    """A colour that is not believed yet."""
    _dark: Stretch | None = None
    _beat: tuple[Stretch, float] | None = None
    """The last dark stretch longer than flicker, and when light followed it."""
    _flashing: bool = False
    _last: tuple[int, float] | None = None
    _open: list[tuple[int, float]] = field(default_factory=list)
    """Pictures of a red that its controller has not said, or not yet."""

    def __post_init__(self) -> None:
        if self.plan is None:
            self.plan = HeadPlan(self.head)

    def add(self, frame: int, t_s: float, reading: LampReading) -> None:
        last = self._last
        self._last = (frame, t_s)
        if last is not None and t_s - last[1] > self.margins.gap_s:
            self._end_red_at_gap(t_s - last[1], reading)
            self._runs.append(Run(LampState.UNKNOWN, last[0], last[1] + 1e-3, frame, t_s, 0.0))
            self._new = self._dark = self._beat = None
            self._flashing, last = False, None
        step_s = t_s - last[1] if last is not None else 0.0
        self._confirm(frame, t_s, reading)
        if reading.state in DARK:
            self._add_dark(frame, t_s, step_s, reading)
        else:
            self._add_lit(frame, t_s, step_s, reading)
        if self._flashing:
            self._runs[-1].to_frame, self._runs[-1].to_s = frame, t_s
        now = self._runs[-1] if self._runs else None
        if now is not None and now.onset is not None and now.expired is None and t_s > now.onset.until_s:
            now.expired = (frame, t_s) if now.shown == LampState.RED else None
        shown = self.at(t_s)
        doubted = now is not None and now.state == LampState.RED != shown
        self.plan.look(t_s, step_s, reading, shown, flashing=self._flashing, doubted=doubted)
        while len(self._runs) > 1 and t_s - self._runs[0].to_s > self.margins.keep_s:
            self._runs.pop(0)

    def _confirm(self, frame: int, t_s: float, reading: LampReading) -> None:
        """Of a head in which a controller has a word: red is sure as far as it was said."""
        if reading.stated_s is None:
            return
        red = reading.state == LampState.RED
        if red:
            self._open = [one for one in self._open if one[1] > reading.stated_s]
        held = bool(self._runs) and self._runs[-1].state == LampState.RED
        if (red and t_s > reading.stated_s) or (held and not red):
            self._open.append((frame, t_s))
            if len(self._open) > _MOST_OPEN:
                del self._open[1]

    def confirmed(self, t_s: float) -> bool:
        """Whether a red at `t_s` has been said by the controller by now, where it has a word in it."""
        return not self._open or t_s < self._open[0][1] - _EPSILON_S

    def _add_lit(self, frame: int, t_s: float, step_s: float, reading: LampReading) -> None:
        if self._dark is not None and self._dark.to_s - self._dark.from_s + step_s > self.margins.flicker_s:
            self._beat = (self._dark, t_s)
        self._dark = None
        if self._runs and reading.state == self._runs[-1].state:
            self._new = None
            self._runs[-1].extend(frame, t_s, step_s, reading.confidence)
            return
        if self._new is None or self._new.state != reading.state:
            self._new = Run.begun(frame, t_s, reading)
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
            stretch = self._dark = Stretch(t_s, frame, t_s)
        stretch.to_s = t_s
        if reading.state in stretch.kinds:
            stretch.kinds[reading.state].extend(frame, t_s, step_s, reading.confidence)
        else:
            stretch.kinds[reading.state] = Run.begun(frame, t_s, reading)
        if now is not None and now.state in DARK and not self._flashing and len(stretch.kinds) > 1:
            # From dark to hidden or back: only what was seen without a break counts.
            stretch.kinds = {reading.state: Run.begun(frame, t_s, reading)}
        lasted_s = t_s - stretch.from_s + step_s
        if lasted_s > self.margins.flicker_s:
            self._new = None
            if self._is_flash(stretch):
                self._flash(frame, t_s)
        self._perhaps_dark(stretch, t_s, now)

    def _perhaps_dark(self, stretch: Stretch, t_s: float, now: Run | None) -> None:
        dark = stretch.commonest()
        hold_s = self.margins.hidden_hold_s if dark.state == LampState.UNKNOWN else self.margins.dark_hold_s
        hold_s = self.margins.steady_s if self._flashing else hold_s
        begun_s = dark.from_s if now is not None and now.state in DARK else stretch.from_s
        held = dark.count >= self.margins.hold_frames and t_s - begun_s >= hold_s - _EPSILON_S
        if held and (now is None or dark.state != now.state or self._flashing):
            self._believe(dark)

    def _believe(self, run: Run) -> None:
        if not self._runs or self._runs[-1].state != run.state:
            if run.state not in DARK:
                run.onset = onset_of(run, self._runs, self.plan.known, self.plan.margins)
                self.plan.began(run, self._runs)
            self._end_red()
            self._runs.append(run)
        self._new, self._flashing = None, False

    def _end_red(self) -> None:
        """Red is over: from the first picture that nobody confirmed on nobody knows."""
        now, unsure, self._open = self._runs[-1] if self._runs else None, self._open[:1], []
        if now is None or now.state != LampState.RED or not unsure:
            return
        first = max(unsure[0], (now.from_frame, now.from_s), key=lambda one: one[1])
        if now.shown == LampState.RED and (now.expired is None or first[1] < now.expired[1]):
            now.expired = first

    def _end_red_at_gap(self, gap_s: float, reading: LampReading) -> None:
        """Pictures are missing: red that goes on without time for another cycle may still confirm what was before."""
        if reading.state == LampState.RED and gap_s <= self.plan.margins.yellow_least_s:
            self._open = [one for one in self._open if reading.stated_s is None or one[1] > reading.stated_s]
        self._end_red()

    def _is_flash(self, stretch: Stretch) -> bool:
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
        self._runs, self._open = kept, [one for one in self._open if one[1] < began[0]]
        self._end_red()
        if kept:  # light between the beats was taken for more of it
            kept[-1].to_s, kept[-1].to_frame = min((kept[-1].to_s, kept[-1].to_frame), began)
        if kept and kept[-1].state == LampState.UNKNOWN:
            kept[-1].to_frame, kept[-1].to_s = frame, t_s
        else:
            kept.append(Run(LampState.UNKNOWN, began[1], began[0], frame, t_s, 0.0))
        self._runs, self._flashing = kept, True

    def at(self, t_s: float) -> LampState:
        """State at a stream time; unknown before the first that was held. What came last is taken to last."""
        run = self._run(t_s)
        if run is None or (run.expired is not None and run.expired[1] <= t_s + _EPSILON_S):
            return LampState.UNKNOWN
        return run.shown

    def red_lit(self, t_s: float) -> bool:
        """Whether red is lit then, believed or not: a red that accuses nobody still holds a queue."""
        run = self._run(t_s)
        return run is not None and run.state == LampState.RED

    def since(self, t_s: float) -> float | None:
        """When the state at `t_s` began; None before the first."""
        run = self._run(t_s)
        if run is None:
            return None
        return run.expired[1] if run.expired is not None and run.expired[1] <= t_s + _EPSILON_S else run.from_s

    @property
    def starts(self) -> list[float]:
        """When each state held began, oldest first."""
        return [at_s for run in self._runs for at_s in (run.from_s, run.expired and run.expired[1]) if at_s is not None]

    def _run(self, t_s: float) -> Run | None:
        for run in reversed(self._runs):
            if run.from_s <= t_s + _EPSILON_S:
                return run
        return None

    def onset(self, t_s: float) -> Onset | None:
        """How the colour at `t_s` came; None where no colour was held."""
        run = self._run(t_s)
        return run.onset if run is not None else None

    def onset_seen(self, t_s: float) -> bool:
        """Whether the change into the state at `t_s` was seen, or the state was there when we began to look."""
        onset = self.onset(t_s)
        return onset is not None and onset.seen

    def spans(self, from_s: float, to_s: float) -> list[LampSpan]:
        """The states between two times, for the packet."""
        out: list[LampSpan] = []
        next_s: float | None = None
        for told in (told for run in reversed(self._runs) for told in run.told()):
            if (told.to_s if next_s is None else next_s) >= from_s and told.from_s <= to_s:
                out.append(
                    LampSpan(
                        state=told.state, from_frame=told.from_frame, to_frame=told.to_frame,
                        from_s=round(told.from_s, 4), to_s=round(told.to_s, 4),
                        confidence=round(min(max(told.confidence, 0.0), 1.0), 4),
                    )
                )  # fmt: skip
            next_s = told.from_s
        return out[::-1]
