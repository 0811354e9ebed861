"""One camera's thread: source -> pipeline -> recorder. Whatever fails here stays here and is tried again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from common.stopwatch import UNTIMED, Stopwatch
from countries.here import HERE
from edge.camera_tests import CameraTests, Tests
from edge.delivery.packing import CameraIdentity
from edge.delivery.recorder import PacketSink, Recorder
from edge.delivery.switch_book import SwitchBook
from edge.explain.why_not import WhyNot
from edge.health import CameraState
from edge.metrics import Metrics
from edge.pace import Pace
from edge.page.live import LiveView
from edge.plan import CameraPlan
from edge.seeing import Perception, Pipeline
from edge.signals.controller import LampFeed
from edge.substream.film import MainFilm
from edge.substream.opening import open_source
from edge.types import ActEvent, Frame
from edge.video.ring import PacketRing
from edge.video.source import EndOfStream, Source
from edge.video.source_status import SourceSettings, SourceStatus
from edge.watch.faults import ALL_HELD, PICTURE_FAULTS
from edge.watch.kept import WatchFolder
from edge.watch.picture import PictureWatch
from edge.watch.size import SizeWatch
from edge.watch.traffic_book import TRAFFIC_FILE, TrafficBook
from edge.watch.traffic_watch import TrafficWatch
from evidence.errors import GiaoLoError
from evidence.seal import SigningKey

log = logging.getLogger(__name__)
_MAX_FAULTS_RUNNING = 10
_RETRY_FIRST_S = 5.0
_RETRY_MAX_S = 120.0
_NOT_STARTED = SourceStatus("starting", "", 0, 0, 0, 0, 0.0, None, "")


class PipelineError(GiaoLoError):
    """The pipeline fails on every frame."""


class CameraWorker:
    """Runs one camera until `stop`.

    Parameters
    ----------
    state_dir: where the reference of the camera's picture and the record of its states lie.
    on_commit: called after each packet committed.
    switches: of the centre; acts of their time are flagged.
    feed: what the signal controller of this camera's junction says; None: none does.
    tests: its daily test acts; None: it makes none.
    stopwatch: is told what is being done.
    """

    def __init__(
        self,
        plan: CameraPlan,
        *,
        node: str,
        key: SigningKey,
        perception: Perception,
        sink: PacketSink,
        metrics: Metrics,
        kept_in_memory: int,
        state_dir: Path,
        on_commit: Callable[[], None],
        switches: SwitchBook | None = None,
        feed: LampFeed | None = None,
        tests: Tests | None = None,
        stopwatch: Stopwatch = UNTIMED,
    ) -> None:
        self._tests = tests
        self.plan, self._stopwatch = plan, stopwatch
        self.live = LiveView()
        """What is shown to whoever looks at the box's page."""
        self.ring: PacketRing | None = None
        """What is kept of its film; None before it was opened."""
        self._perception, self._metrics, self._on_commit = perception, metrics, on_commit
        camera = plan.config
        self._identity = CameraIdentity(
            node,
            key,
            camera.id,
            camera.place,
            camera.unit,
            plan.scene,
            dict(perception.digests),
            perception.judging.digest,
        )
        self._sink, self._kept_in_memory, self._switches = sink, kept_in_memory, switches
        self._folder = WatchFolder(state_dir, plan.scene, camera=camera.id)
        self._picture = PictureWatch(
            plan.scene.scene, perception.judging.picture, store=self._folder, write=self._folder.write
        )
        self._feed = feed
        self._traffic = TrafficWatch(
            camera.id, len(plan.scene.scene.acts), perception.judging.traffic, HERE.zone,
            book=TrafficBook(state_dir / TRAFFIC_FILE), answers=switches, write=self._folder.write,
        )  # fmt: skip
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {camera.id}", daemon=True)
        self._source: Source | None = None
        self._recorder: Recorder | None = None
        self._pipeline: Pipeline | None = None
        self._film: MainFilm | None = None
        self._error = ""
        self._size, self._pace = SizeWatch(plan.scene.scene, camera=camera.id), Pace()
        self._judging = False

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        """The pipeline finishes, what it found is committed."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """True when the thread has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def why_not(self) -> WhyNot | None:
        """The vehicles that were not reported; None before its pictures were looked at."""
        return self._pipeline.why_not if self._pipeline is not None else None

    def state(self) -> CameraState:
        source, recorder, pipeline, film = self._source, self._recorder, self._pipeline, self._film
        return CameraState(
            id=self.plan.config.id,
            source=source.status() if source is not None else _NOT_STARTED,
            error=self._error or (recorder.error if recorder is not None else ""),
            kept=recorder.kept_in_memory if recorder is not None else 0,
            lost=recorder.lost if recorder is not None else 0,
            wrong_size=self._size.wrong,
            seen_fps=self._pace.fps,
            judged_age_s=self._pace.age_s,
            judging=self._judging,
            picture=self._picture.report,
            reference_fault=self._folder.warning,
            heads=tuple(pipeline.heads) if pipeline is not None else (),
            traffic=self._traffic.report,
            traffic_faults=tuple(self._traffic.warnings),
            test=self._tests.daily.report if self._tests is not None else None,
            test_fault=self._tests.daily.fault if self._tests is not None else "",
            lines=tuple(line.id for line in self.plan.scene.scene.stop_lines),
            substream=film.steadiness.health if film is not None else None,
        )

    def _run(self) -> None:
        pause_s = _RETRY_FIRST_S
        while not self._stop.is_set():
            try:
                self._watch()
                break
            except Exception as error:
                # One camera must never take the others with it.
                self._error = str(error) or repr(error)
                if not isinstance(error, GiaoLoError):
                    log.exception("camera fault camera=%s", self.plan.config.id)
            log.error("camera failed camera=%s retry_s=%.0f error=%s", self.plan.config.id, pause_s, self._error)
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, _RETRY_MAX_S)
        self._last_commits()

    def _watch(self) -> None:
        """One life of source, pipeline and recorder, until the stream ends or we shall stop."""
        camera, judging = self.plan.config, self._perception.judging
        ring = self.ring = PacketRing(
            seconds=camera.ring_seconds, max_bytes=camera.ring_mib * 2**20, margins=judging.clip
        )
        settings = SourceSettings(
            open_timeout_s=camera.open_timeout_s,
            read_timeout_s=camera.stall_s,
            transport=camera.transport,
            fps_limit=camera.fps_limit,
            realtime=camera.is_file and camera.realtime,
            loop=camera.loop,
            drop_late=camera.drop_late,
        )
        source, film = open_source(
            camera.address(), camera.substream_address(), ring=ring, scene=self.plan.scene.scene, numbers=judging,
            settings=settings, start_at=camera.start_at, stopwatch=self._stopwatch,
        )  # fmt: skip
        self._film = film
        pipeline = self._pipeline = self._perception.pipeline(
            self.plan.scene, self._picture, feed=self._feed, film=film
        )
        kept = self._recorder
        recorder = Recorder(
            self._identity, source=source, ring=ring, sink=self._sink, max_kept=self._kept_in_memory, previous=kept,
            switches=self._switches, on_read=self._read, on_withheld=self._withheld,
        )  # fmt: skip
        self._source, self._recorder = source, recorder
        testing = CameraTests(
            self._tests, self._identity, source=source, ring=ring, switches=self._switches,
            doubts=self._test_doubts, on_commit=self._on_commit,
        )  # fmt: skip
        self._judging = True
        source.start()
        faults, last, passed = 0, None, 0
        try:
            while not self._stop.is_set():
                try:
                    frame = source.next(1.0)
                except EndOfStream:
                    break
                if frame is not None and self._size.right(frame):
                    self._pace.judged()
                    last = frame
                    began = time.monotonic()
                    try:
                        found = pipeline.process(frame)
                        blind = self._picture.report.state in ALL_HELD
                        self._traffic.looked(frame.wall_at, pipeline.passed - passed, blind=blind)
                        passed = pipeline.passed
                        self._submit(found, frame)
                        if self.live.wanted and (seen := pipeline.seen()).frame == frame.index:
                            self.live.offer(frame, seen, source.whole(frame))
                        faults, self._error = 0, ""
                    except Exception as error:
                        faults += 1
                        self._metrics.pipeline_faults.labels(camera.id).inc()
                        log.exception("pipeline fault camera=%s frame=%d", camera.id, frame.index)
                        if faults >= _MAX_FAULTS_RUNNING:
                            raise PipelineError(
                                f"pipeline failed on {faults} frames in a row: {error!r}", where=f"camera {camera.id}"
                            ) from error
                        self._rescue(pipeline, frame)
                        pipeline = self._pipeline = self._perception.pipeline(
                            self.plan.scene, self._picture, feed=self._feed, film=film
                        )
                        passed = 0
                    self._metrics.processing.labels(camera.id).observe(time.monotonic() - began)
                self._advance()
                testing.go_on(None if frame is None else source.whole(frame))
            self._submit(pipeline.finish(), last)
        except Exception:
            self._rescue(pipeline, last)
            raise
        finally:
            source.stop(timeout_s=camera.stall_s + 1)
            self._advance(finish=True)
            testing.end()
            self._judging = False

    def _rescue(self, pipeline: Pipeline, now: Frame | None) -> None:
        """What was found before a fault, and waited for what came next, is decided as at the end of a stream."""
        try:
            self._submit(pipeline.finish(), now)
        except Exception:
            log.exception("what was pending is lost camera=%s", self.plan.config.id)

    def _test_doubts(self) -> list[str]:
        """What an act of now would be held or flagged for: the test goes all the same, and says so."""
        picture = self._picture.report.state
        told = [f"picture_{picture}"] if picture in PICTURE_FAULTS else []
        told += ["traffic_held"] if self._traffic.report.held_at is not None else []
        told += ["wrong_size"] if self._size.wrong else []
        return [*told, "pipeline_fault"] if self._error else told

    def _submit(self, events: list[ActEvent], now: Frame | None) -> None:
        assert self._recorder is not None
        if now is not None:
            events, held = self._traffic.told(events, now.wall_at)
            for event in held:
                assert self._pipeline is not None
                self._pipeline.why_not.held(event, {}, "traffic_held")
        for event in events:
            if event.reading is None:
                self._traffic.plate(event.plate.text is not None)
            if now is not None:
                self.live.told(event, now)
            self._metrics.acts.labels(self.plan.config.id, event.act.value).inc()
            self._recorder.submit(event)

    def _read(self, event: ActEvent) -> None:
        """A plate that was read apart."""
        self._traffic.plate(event.plate.text is not None)
        self.live.read(event)

    def _withheld(self, event: ActEvent) -> None:
        """An act that is not told after all: what proves it says otherwise."""
        if self._pipeline is not None:
            self._pipeline.why_not.held(event, {}, event.withheld)
        self.live.withdrawn(event)
        log.warning(
            "act withheld camera=%s act=%s t_s=%.3f %s", self.plan.config.id, event.act, event.t_s, event.withheld
        )

    def _advance(self, *, finish: bool = False) -> None:
        assert self._recorder is not None
        with self._stopwatch.stage("recorder"):
            done = self._recorder.finish() if finish else self._recorder.advance()
        if done:
            self._on_commit()

    def _last_commits(self) -> None:
        """The stream is over, but packets may still wait for room on the disk."""
        while self._recorder is not None and self._recorder.kept_in_memory:
            if self._stop.wait(5.0):
                self._advance(finish=True)
                if self._recorder.kept_in_memory:
                    kept = self._recorder.kept_in_memory
                    log.critical("packets lost at shutdown camera=%s count=%d", self.plan.config.id, kept)
                return
            self._advance()
