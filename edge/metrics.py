"""Prometheus metrics, from the same numbers as the heartbeat (`edge.health`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from edge.health import SUBSTREAM_FAULTS, TEST_FAULTS, CameraState, NodeState
from edge.signals.controller import FeedReport
from edge.signals.faults import HEAD_FAULTS
from edge.watch.faults import PICTURE_FAULTS
from edge.watch.traffic_told import traffic_gauges
from evidence.errors import GiaoLoError

_SOURCE_COUNTERS = (
    ("frames", "Frames decoded"),
    ("dropped", "Decoded frames dropped because the pipeline was busy"),
    ("corrupt", "Packets or frames that could not be decoded cleanly"),
    ("reconnects", "Attempts to open the stream again"),
    ("time_steps", "Steps of the camera's time: a new segment each"),
    ("restamped", "Packets whose own time was not used"),
    ("clock_steps", "Steps of the node's clock while the camera ran"),
    ("cuts", "Cuts of the picture while time went on"),
    ("size_changes", "Changes of the picture's size"),
)


class MetricsError(GiaoLoError):
    """The metrics server cannot start."""


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
        seen = GaugeMetricFamily("giaolo_seen_fps", "Frames a second, looked at", labels=["camera"])
        judged = GaugeMetricFamily("giaolo_judged_age_seconds", "Age of the newest looked at", labels=["camera"])
        dropped = GaugeMetricFamily("giaolo_dropped_share", "Of the frames of the last seconds", labels=["camera"])
        key = GaugeMetricFamily("giaolo_key_interval_seconds", "Longest time between key frames", labels=["camera"])
        head_good = GaugeMetricFamily(
            "giaolo_signal_head_good", "1 while nothing is wrong with a signal head", labels=["camera", "head", "state"]
        )
        yellow = GaugeMetricFamily("giaolo_yellow_seconds", "The newest yellow of a head", labels=["camera", "head"])
        kept = GaugeMetricFamily("giaolo_packets_in_memory", "Packets the outbox had no room for", labels=["camera"])
        picture = GaugeMetricFamily(
            "giaolo_picture_good", "1 while acts may be told by the picture", labels=["camera", "state"]
        )
        away = GaugeMetricFamily("giaolo_picture_off_pixels", "How far a line or lamp lies off", labels=["camera"])
        held = CounterMetricFamily("giaolo_acts_held", "Acts not told for the picture's sake", labels=["camera"])
        for camera in state.cameras:
            picture.add_metric([camera.id, camera.picture.state], float(camera.picture.state not in PICTURE_FAULTS))
            held.add_metric([camera.id], camera.picture.acts_held)
            if camera.picture.off_px is not None:
                away.add_metric([camera.id], camera.picture.off_px)
            lost.add_metric([camera.id], camera.lost)
            fps.add_metric([camera.id], camera.source.fps)
            up.add_metric([camera.id, camera.health.state], float(camera.health.state == "running"))
            kept.add_metric([camera.id], camera.kept)
            for head in camera.heads:
                head_good.add_metric([camera.id, head.id, head.state], float(head.state not in HEAD_FAULTS))
                if head.yellow_s is not None:
                    yellow.add_metric([camera.id, head.id], head.yellow_s)
            if camera.judged_age_s is not None:
                judged.add_metric([camera.id], camera.judged_age_s)
            dropped.add_metric([camera.id], camera.source.dropped_share)
            if camera.seen_fps is not None:
                seen.add_metric([camera.id], camera.seen_fps)
            if camera.source.key_interval_s is not None:
                key.add_metric([camera.id], camera.source.key_interval_s)
        yield from (lost, fps, up, kept, seen, judged, dropped, key, head_good, yellow, picture, away, held)
        yield from _controllers(state.controllers)
        yield from _tests(state.cameras)
        yield from _substreams(state.cameras)
        yield from traffic_gauges({camera.id: camera.traffic for camera in state.cameras})
        outbox = GaugeMetricFamily("giaolo_outbox_packets", "Packets by state", labels=["state"])
        for name in ("pending", "refused", "delivered"):
            outbox.add_metric([name], getattr(state.outbox, name))
        yield outbox
        yield GaugeMetricFamily("giaolo_disk_free_bytes", "Free space of the outbox's disk", state.disk_free_bytes)
        yield GaugeMetricFamily("giaolo_broker_connected", "1 while connected", float(state.broker_connected))
        yield GaugeMetricFamily(
            "giaolo_safe_mode", "1 while the last good configuration runs", float(bool(state.problems))
        )


def _tests(cameras: Sequence[CameraState]) -> Iterator[Metric]:
    good = GaugeMetricFamily(
        "giaolo_test_act_good", "1 unless the newest test act did not come through", labels=["camera", "state"]
    )
    took = GaugeMetricFamily("giaolo_test_act_seconds", "From the newest test act to its receipt", labels=["camera"])
    for camera in cameras:
        if camera.test is None:
            continue
        good.add_metric([camera.id, camera.test.state], float(camera.test.state not in TEST_FAULTS))
        if camera.test.took_s is not None:
            took.add_metric([camera.id], camera.test.took_s)
    yield from (good, took)


def _substreams(cameras: Sequence[CameraState]) -> Iterator[Metric]:
    good = GaugeMetricFamily(
        "giaolo_substream_good", "1 unless the times of a camera's two streams move", labels=["camera", "state"]
    )
    gauges = {
        "offset_s": GaugeMetricFamily(
            "giaolo_substream_offset_seconds", "To be added to the small stream's time", labels=["camera"]
        ),
        "residual_s": GaugeMetricFamily(
            "giaolo_substream_residual_seconds", "Measurements lie off it, in the middle", labels=["camera"]
        ),
        "wandered_s": GaugeMetricFamily(
            "giaolo_substream_wandered_seconds", "It changed within ten minutes", labels=["camera"]
        ),
    }
    for camera in cameras:
        if camera.substream is None:
            continue
        good.add_metric([camera.id, camera.substream.state], float(camera.substream.state not in SUBSTREAM_FAULTS))
        for name, gauge in gauges.items():
            value = getattr(camera.substream, name)
            if value is not None:
                gauge.add_metric([camera.id], value)
    yield from (good, *gauges.values())


def _controllers(reports: Sequence[FeedReport]) -> Iterator[Metric]:
    good = GaugeMetricFamily(
        "giaolo_controller_good", "1 while a signal controller speaks", labels=["controller", "state"]
    )
    age = GaugeMetricFamily("giaolo_controller_age_seconds", "Since its last statement", labels=["controller"])
    off = GaugeMetricFamily("giaolo_controller_offset_seconds", "Box's clock less its clock", labels=["controller"])
    ignored = CounterMetricFamily("giaolo_controller_ignored", "Statements out of order", labels=["controller"])
    refused = CounterMetricFamily("giaolo_controller_refused", "Messages that are none", labels=["controller"])
    for one in reports:
        good.add_metric([one.id, one.state], float(one.state == "good" and not one.error))
        ignored.add_metric([one.id], one.ignored)
        refused.add_metric([one.id], one.refused)
        if one.age_s is not None:
            age.add_metric([one.id], one.age_s)
        if one.offset_s is not None:
            off.add_metric([one.id], one.offset_s)
    yield from (good, age, off, ignored, refused)
