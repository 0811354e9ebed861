"""How far the reading of a source has come: written by the thread that reads, shown to everybody else."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field, replace

from av.video.frame import VideoFrame

from edge.video.clock import StreamClock
from edge.video.segment import Position, Segment
from edge.video.source_errors import SourceError
from edge.video.source_status import SourceSettings, SourceState, SourceStatus, StreamInfo

log = logging.getLogger(__name__)
_SHARE_OVER_S = 10.0
_RATE_FROM_S = 0.5
"""A rate over less than this would be told from two or three pictures."""


@dataclass
class Progress:
    """Over all connections and passes of one source. `segment`: the connection that is open now.

    `arrivals`: when the last pictures came (monotonic); `outcomes`: when a picture was handed over, and whether another
    was dropped for it. A reader that hung and was replaced may still write its last word here.
    """

    state: SourceState = "starting"
    error: str = ""
    fatal: SourceError | None = None
    info: StreamInfo | None = None
    frames: int = 0
    dropped: int = 0
    corrupt: int = 0
    reconnects: int = 0
    cuts: int = 0
    ended_early: str = ""
    position: Position = field(default_factory=Position)
    segment: Segment | None = None
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=50))
    outcomes: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=2000))

    def decoded(self, picture: VideoFrame, t_s: float, *, of: str) -> bool:
        """One more picture has come, so that the source runs. False: what was damaged in it the decoder has made up,
        and with that nobody is accused. `of`: how the log names it when it begins to run."""
        self.frames += 1
        info = self.info
        if info is not None and (picture.width, picture.height) != (info.width, info.height):
            self.info = replace(info, width=picture.width, height=picture.height)
        if self.state != "running":
            log.info("%s t_s=%.3f reconnects=%d", of, t_s, self.reconnects)
        self.state, self.error = "running", ""
        self.corrupt += picture.is_corrupt
        return not picture.is_corrupt

    def status(self, now_s: float, *, live: bool, settings: SourceSettings, clock: StreamClock) -> SourceStatus:
        """A snapshot at `now_s` (monotonic). A live camera reads "stalled" as soon as pictures stay away."""
        arrivals = list(self.arrivals)
        segment, position = self.segment, self.position
        age_s = None if position.seen_s is None else round(now_s - position.seen_s, 3)
        hangs = live and self.state == "running" and (age_s or 0.0) > min(settings.silent_s, settings.read_timeout_s)
        recent = [dropped for at_s, dropped in list(self.outcomes) if now_s - at_s <= _SHARE_OVER_S]
        span_s = now_s - arrivals[0] if arrivals else 0.0
        return SourceStatus(
            state="stalled" if hangs else self.state,
            error=self.error or (f"no decodable frame for {age_s:.0f} s" if hangs else ""),
            frames=self.frames,
            dropped=self.dropped,
            corrupt=self.corrupt + (segment.corrupt if segment is not None else 0),
            reconnects=self.reconnects,
            fps=round(len(arrivals) / span_s, 2) if span_s > _RATE_FROM_S and self.state == "running" else 0.0,
            last_frame_age_s=age_s,
            ended_early=self.ended_early,
            time_steps=position.counts.steps,
            restamped=position.counts.restamped,
            clock_steps=clock.clock_steps,
            cuts=self.cuts,
            size_changes=position.size_changes,
            key_interval_s=position.key_interval_s,
            dropped_share=round(sum(recent) / len(recent), 3) if recent else 0.0,
        )
