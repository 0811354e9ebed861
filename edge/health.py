"""How the node is: one snapshot, for the heartbeat, the box's page and the metrics (`edge.metrics`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from common.sizes import size_text
from common.software import SOFTWARE
from edge.delivery.packet_table import Counts
from edge.looking import LookingMargins
from edge.signals.controller import FeedReport
from edge.signals.faults import HEAD_FAULTS
from edge.video.source_status import SourceStatus
from edge.watch.faults import PICTURE_FAULTS
from edge.watch.report import PictureReport
from edge.watch.traffic_told import traffic_fault
from evidence.addresses import hide
from evidence.packet import utc_text
from evidence.switches import Switch
from evidence.wire import (
    CameraHealth,
    CameraStateName,
    HeadHealth,
    Health,
    SubstreamHealth,
    SubstreamState,
    TestHealth,
    TestState,
    TrafficHealth,
)

_MAX_ERRORS = 20
LEAST_SEEN_FPS = LookingMargins().least_fps
"""Below this acts are missed, and those that are found are flagged."""
MOST_DROPPED = 0.5
MOST_KEY_INTERVAL_S = 10.0
"""A clip begins at a key frame: with rarer ones it is long, and a camera that comes back is blind for as long."""
TEST_FAULTS: Mapping[TestState, tuple[str, str]] = {
    "no_pictures": ("the daily test act is due and cannot be made: no pictures come", "see to the camera and its link"),
    "not_kept": ("the daily test act is due and cannot be kept", "see to the box's disk"),
    "unanswered": (
        "the newest test act has no receipt for over an hour",
        "see to the broker, the link and the centre (giaolo edge doctor)",
    ),
    "refused": ("the centre set the newest test act aside", "see its reason (giaolo edge outbox list)"),
}
"""What is told of a test act that did not come through, and what to do."""
_STEADY_STREAMS = "set a constant frame rate for both streams in the camera, see the network, or leave substream out"
SUBSTREAM_FAULTS: Mapping[SubstreamState, tuple[str, str]] = {
    "wanders": ("the times of its two streams move apart, acts may be flagged", _STEADY_STREAMS),
    "scatters": (
        "the times of its two streams cannot be measured well, acts may be flagged",
        _STEADY_STREAMS,
    ),
}
"""The same of two streams of a camera."""


@dataclass(frozen=True)
class CameraState:
    """One camera as its thread sees it. `kept`: packets in memory because the outbox is full; `lost`: acts lost.

    `wrong_size`: why its pictures are not looked at; `seen_fps`: frames a second that are; `judged_age_s`: how
    long ago the newest of them was. `judging`: its pictures are
    still looked at and its acts written down, though its stream may be over. `picture`: whether it is still what the
    scene describes; `reference_fault`: why it cannot be held against the reference that the scene names. `heads`: its
    signal heads. `traffic`: beside that of other days; `traffic_faults`: why it cannot be kept. `test`: its
    daily test act; `test_fault`: why the last could not be kept. `lines`: the ids of its scene's stop lines.
    `substream`: how the time of its small stream stands to that of the main one; None: it has none.
    """

    id: str
    source: SourceStatus
    error: str = ""
    kept: int = 0
    lost: int = 0
    wrong_size: str = ""
    seen_fps: float | None = None
    judged_age_s: float | None = None
    judging: bool = False
    picture: PictureReport = field(default_factory=PictureReport)
    reference_fault: str = ""
    heads: tuple[HeadHealth, ...] = ()
    traffic: TrafficHealth = field(default_factory=lambda: TrafficHealth(state="learning"))
    traffic_faults: tuple[str, ...] = ()
    test: TestHealth | None = None
    test_fault: str = ""
    lines: tuple[str, ...] | None = None
    substream: SubstreamHealth | None = None

    @property
    def health(self) -> CameraHealth:
        source, picture = self.source, self.picture
        return CameraHealth(
            id=self.id,
            state=self._state,
            fps=source.fps,
            last_frame_age_s=source.last_frame_age_s,
            reconnects=source.reconnects,
            error=hide(self.error or self.wrong_size or source.error or source.ended_early)[:500],
            seen_fps=self.seen_fps,
            judged_age_s=self.judged_age_s,
            dropped_share=source.dropped_share,
            time_steps=source.time_steps,
            clock_steps=source.clock_steps,
            cuts=source.cuts,
            key_interval_s=source.key_interval_s,
            picture=picture.state,
            picture_since=None if picture.since is None else utc_text(picture.since),
            picture_off_px=picture.off_px,
            picture_reference=picture.reference,
            picture_reference_at=None if picture.reference_at is None else utc_text(picture.reference_at),
            acts_held=picture.acts_held,
            heads=list(self.heads),
            traffic=self.traffic,
            test=self.test,
            lines=None if self.lines is None else list(self.lines),
            substream=self.substream,
        )

    @property
    def _state(self) -> CameraStateName:
        over = self.source.state == "ended" and not self.judging  # over is what has been judged, not what was read
        if over or self.source.state not in ("running", "ended"):
            return self.source.state
        return "failed" if self.error else "wrong_size" if self.wrong_size else "running"

    @property
    def warnings(self) -> list[str]:
        """What a person should mend though the camera runs."""
        source = self.source
        out = [*([self.reference_fault] if self.reference_fault else []), *self.traffic_faults]
        if self.test is not None and self.test.state in TEST_FAULTS:
            what, remedy = TEST_FAULTS[self.test.state]
            why = f" ({self.test_fault})" if self.test_fault and self.test.state == "not_kept" else ""
            out.append(f"camera {self.id}: {what}{why} -> {remedy}")
        if self.substream is not None and self.substream.state in SUBSTREAM_FAULTS:
            what, remedy = SUBSTREAM_FAULTS[self.substream.state]
            by = f"by {self.substream.wandered_s} s in ten minutes, +-{self.substream.residual_s} s"
            out.append(f"camera {self.id}: {what} ({by}) -> {remedy}")
        if unusual := traffic_fault(self.traffic):
            out.append(f"camera {self.id}: {unusual}")
        if source.state == "running" and self.picture.state in PICTURE_FAULTS:
            what, remedy = PICTURE_FAULTS[self.picture.state]
            far = f", by {self.picture.off_px:.0f} px" if self.picture.off_px and self.picture.state == "moved" else ""
            held = f"; {self.picture.acts_held} act(s) held since the start" if self.picture.acts_held else ""
            out.append(f"camera {self.id}: {what}{far}{held} -> {remedy}")
        # a limit of frames that was asked for (`fps_limit`) drops none
        slow = self.seen_fps is not None and self.seen_fps < LEAST_SEEN_FPS < source.fps and source.dropped_share > 0.1
        if source.state == "running" and not self.wrong_size and (slow or source.dropped_share > MOST_DROPPED):
            out.append(
                f"camera {self.id}: the box cannot follow: it looks at {self.seen_fps or 0.0:.1f} of {source.fps:.1f} "
                f"frames a second, {100 * source.dropped_share:.0f} % dropped -> fewer cameras, or a stronger box"
            )
        for head in self.heads if source.state == "running" else []:
            fault = HEAD_FAULTS.get(head.state)
            if fault is not None:
                out.append(f"camera {self.id}: signal {head.id} {fault[0]} -> {fault[1]}")
        if source.key_interval_s is not None and source.key_interval_s > MOST_KEY_INTERVAL_S:
            out.append(
                f"camera {self.id}: a key frame only every {source.key_interval_s:.0f} s -> set its key frame "
                "(I-frame) interval to 2 s"
            )
        return out


@dataclass(frozen=True)
class NodeState:
    """Everything that health and metrics tell. `in_force`: switches that hold now, for the box's own page."""

    node: str
    cameras: Sequence[CameraState]
    outbox: Counts
    disk_free_bytes: int
    reserve_bytes: int
    broker_connected: bool
    problems: Sequence[str]
    uplink_errors: Sequence[str]
    warnings: Sequence[str]
    switches: Mapping[str, str] = field(default_factory=dict)
    controllers: Sequence[FeedReport] = ()
    in_force: Sequence[Switch] = ()

    def health(self, now: datetime | None = None) -> Health:
        """The heartbeat. `degraded`: something needs a person or is being waited for; `safe_mode` outranks it."""
        errors = [*self.problems, *self.uplink_errors, *self.warnings]
        if self.disk_free_bytes < self.reserve_bytes:
            errors.append(
                f"outbox: {size_text(self.disk_free_bytes)} free, below the reserve of "
                f"{size_text(self.reserve_bytes)}: new packets wait in memory"
            )
        if self.outbox.refused:
            errors.append(f"outbox: {self.outbox.refused} packet(s) refused or damaged, kept aside")
        for camera in self.cameras:
            errors += camera.warnings
            if camera.lost:
                errors.append(f"camera {camera.id}: {camera.lost} act(s) could not be kept")
        ill = bool(errors) or any(c.health.state not in ("running", "ended") or c.error for c in self.cameras)
        status: Literal["safe_mode", "degraded", "running"] = "degraded" if ill else "running"
        if self.problems:
            status = "safe_mode"
        return Health(
            node=self.node,
            status=status,
            at=utc_text(now or datetime.now(UTC)),
            software=SOFTWARE,
            outbox_pending=self.outbox.pending,
            outbox_refused=self.outbox.refused,
            oldest_pending_s=self.outbox.oldest_pending_s(now or datetime.now(UTC)),
            newest_sequence=self.outbox.newest,
            delivered_sequence=self.outbox.delivered_to,
            disk_free_bytes=self.disk_free_bytes,
            cameras=[c.health for c in self.cameras],
            errors=[hide(e)[:500] for e in errors[:_MAX_ERRORS]],
            switches=dict(self.switches),
        )
