"""How the node is: one snapshot for the heartbeat, and Prometheus metrics from the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from edge.outbox import Counts
from edge.recorder import SOFTWARE
from edge.source import SourceStatus
from evidence.errors import GiaoLoError
from evidence.packet import utc_text
from evidence.wire import CameraHealth, Health

_MAX_ERRORS = 20
_SOURCE_COUNTERS = (
    ("frames", "Frames decoded"),
    ("dropped", "Decoded frames dropped because the pipeline was busy"),
    ("corrupt", "Packets or frames that could not be decoded cleanly"),
    ("reconnects", "Attempts to open the stream again"),
)


class MetricsError(GiaoLoError):
    """The metrics server cannot start."""


@dataclass(frozen=True)
class CameraState:
    """One camera as its thread sees it. `kept`: packets in memory because the outbox is full; `lost`: acts lost."""

    id: str
    source: SourceStatus
    error: str = ""
    kept: int = 0
    lost: int = 0

    @property
    def health(self) -> CameraHealth:
        source = self.source
        return CameraHealth(
            id=self.id,
            state="failed" if self.error and source.state == "running" else source.state,
            fps=source.fps,
            last_frame_age_s=source.last_frame_age_s,
            reconnects=source.reconnects,
            error=(self.error or source.error or source.ended_early)[:500],
        )


@dataclass(frozen=True)
class NodeState:
    """Everything that health and metrics tell."""

    node: str
    cameras: Sequence[CameraState]
    outbox: Counts
    disk_free_bytes: int
    reserve_bytes: int
    broker_connected: bool
    problems: Sequence[str]
    uplink_errors: Sequence[str]
    warnings: Sequence[str]

    def health(self, now: datetime | None = None) -> Health:
        """The heartbeat. `degraded`: something needs a person or is being waited for; `safe_mode` outranks it."""
        errors = [*self.problems, *self.uplink_errors, *self.warnings]
        if self.disk_free_bytes < self.reserve_bytes:
            errors.append(
                f"outbox: {self.disk_free_bytes // 2**20} MiB free, below the reserve of "
                f"{self.reserve_bytes // 2**20} MiB: new packets wait in memory"
            )
        if self.outbox.refused:
            errors.append(f"outbox: {self.outbox.refused} packet(s) refused or damaged, kept aside")
        for camera in self.cameras:
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
            errors=[e[:500] for e in errors[:_MAX_ERRORS]],
        )


class Metrics:
    """A registry of its own; `state` is asked at each scrape."""

    def __init__(self, state: Callable[[], NodeState | None]) -> None:
        self.registry = CollectorRegistry()
        self._state = state
        self._server: Callable[[], None] | None = None
        self.acts = Counter("giaolo_acts", "Acts stated by the pipeline", ["camera", "act"], registry=self.registry)
        self.processing = Histogram(
            "giaolo_processing_seconds",
            "Time the pipeline took for a frame (detector included)",
            ["camera"],
            buckets=(0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2),
            registry=self.registry,
        )
        self.delivery = Histogram(
            "giaolo_delivery_seconds",
            "Time from a packet's creation to the centre's receipt",
            buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86400),
            registry=self.registry,
        )
        self.pipeline_faults = Counter(
            "giaolo_pipeline_faults", "Frames on which the pipeline failed", ["camera"], registry=self.registry
        )
        self.registry.register(_StateCollector(state))

    def serve(self, host: str, port: int) -> None:
        try:
            server, thread = start_http_server(port, host, self.registry)
        except OSError as error:
            raise MetricsError(
                f"cannot listen: {error.strerror}", where=f"{host}:{port}", remedy="choose another metrics.port"
            ) from error

        def close() -> None:
            server.shutdown()
            server.server_close()
            thread.join(2)

        self._server = close

    def close(self) -> None:
        if self._server is not None:
            self._server()
            self._server = None


class _StateCollector:
    """Reads the snapshot when it is scraped, so that no counter is kept twice."""

    def __init__(self, state: Callable[[], NodeState | None]) -> None:
        self._state = state

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        if state is None:
            return
        for name, text in _SOURCE_COUNTERS:
            counter = CounterMetricFamily(f"giaolo_source_{name}", text, labels=["camera"])
            for camera in state.cameras:
                counter.add_metric([camera.id], getattr(camera.source, name))
            yield counter
        lost = CounterMetricFamily("giaolo_acts_lost", "Acts that could not be recorded", labels=["camera"])
        fps = GaugeMetricFamily("giaolo_source_fps", "Frames a second, decoded", labels=["camera"])
        up = GaugeMetricFamily("giaolo_camera_up", "1 while frames come", labels=["camera", "state"])
        kept = GaugeMetricFamily("giaolo_packets_in_memory", "Packets the outbox had no room for", labels=["camera"])
        for camera in state.cameras:
            lost.add_metric([camera.id], camera.lost)
            fps.add_metric([camera.id], camera.source.fps)
            up.add_metric([camera.id, camera.health.state], float(camera.health.state == "running"))
            kept.add_metric([camera.id], camera.kept)
        yield from (lost, fps, up, kept)
        outbox = GaugeMetricFamily("giaolo_outbox_packets", "Packets by state", labels=["state"])
        for name in ("pending", "refused", "delivered"):
            outbox.add_metric([name], getattr(state.outbox, name))
        yield outbox
        yield GaugeMetricFamily("giaolo_disk_free_bytes", "Free space of the outbox's disk", state.disk_free_bytes)
        yield GaugeMetricFamily("giaolo_broker_connected", "1 while connected", float(state.broker_connected))
        yield GaugeMetricFamily(
            "giaolo_safe_mode", "1 while the last good configuration runs", float(bool(state.problems))
        )
