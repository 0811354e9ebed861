"""The node: one process, one outbox, one uplink, a thread a camera.

`run_node` is the whole life: read the configuration, run it, take up its changes, leave cleanly. A broken file never
ends it (see `edge.plan`).
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from common.broker import BrokerError
from common.settings import ConfigError
from countries.here import HERE
from edge.camera import CameraWorker
from edge.camera_tests import Tests
from edge.config import DetectorConfig, NodeConfig, watch_folder
from edge.delivery.centre_trust import KEPT_AS, CentreTrust
from edge.delivery.client_id import client_id
from edge.delivery.daily_test import DailyTest
from edge.delivery.delivered_ring import Keep
from edge.delivery.outbox import Outbox
from edge.delivery.outbox_errors import OutboxError
from edge.delivery.switch_book import SWITCHES_FILE, SwitchBook
from edge.delivery.uplink import Uplink
from edge.feeds.feeds import Feeds, unfed, warnings
from edge.health import NodeState
from edge.judging import Judging
from edge.metrics import Metrics, MetricsError
from edge.page.recording import Recorder
from edge.page.server import Box, CameraOnPage, PageError, PageServer
from edge.perception import open_perception
from edge.plan import CameraPlan, Plan, changed, load_plan
from edge.seeing import Perception
from evidence.errors import GiaoLoError
from evidence.wire import Health

log = logging.getLogger(__name__)
OpenPerception = Callable[[DetectorConfig, Judging], Perception]
_WATCH_S = 2.0
_RETRY_S = 10.0


def open_default_perception(settings: DetectorConfig, judging: Judging) -> Perception:
    """The project's own networks."""
    return open_perception(threads=settings.threads, size=settings.size, judging=judging, several=True)


class Node:
    """A running plan. `start`, `apply` changed plans, `stop`."""

    def __init__(self, plan: Plan, open_perception: OpenPerception = open_default_perception) -> None:
        assert plan.config is not None
        self.plan = plan
        self._config: NodeConfig = plan.config
        self._open_perception = open_perception
        self._perception: Perception | None = None
        self._perception_error = ""
        self._workers: dict[str, CameraWorker] = {}
        self._lock = threading.Lock()
        self._warnings: list[str] = []
        outbox = self._config.outbox
        self.outbox = Outbox(
            self._config.data_dir / "outbox",
            min_free_bytes=outbox.min_free_mib * 2**20,
            keep=Keep(days=outbox.keep_days, max_bytes=outbox.keep_mib * 2**20),
        )
        trust = CentreTrust(plan.centre_key, self._config.data_dir / KEPT_AS)
        self.switches = SwitchBook(self._config.node_id, trust, self._config.data_dir / SWITCHES_FILE)
        self.feeds = Feeds(
            self._config,
            plan.judging.controller,
            lambda: {each.config.id: each.scene.scene for each in self.plan.cameras},
        )
        self.metrics = Metrics(self.state)
        recordings = Recorder(self._config.data_dir / "recordings", outbox.min_free_mib * 2**20)
        self.page = PageServer(
            self._config.page, Box(self._config.node_id, self.state, self._cameras_on_page, recordings)
        )
        self.uplink = Uplink(
            self._config.node_id,
            self._config.broker,
            self.outbox,
            plan.centre_key,
            health=self.health,
            on_delivered=self.metrics.delivery.observe,
            heartbeat_s=self._config.broker.heartbeat_s,
            client_id=client_id(self._config),
            trust=trust,
            switches=self.switches,
        )

    def start(self) -> None:
        """Uplink first: what waited in the outbox goes out while the cameras start."""
        self._warnings += self.outbox.warnings
        if self._config.metrics.enabled:
            try:
                self.metrics.serve(self._config.metrics.host, self._config.metrics.port)
            except MetricsError as error:
                self._warn(f"metrics: {error}")
        if self._config.page.enabled:
            try:
                self.page.start()
            except (ConfigError, PageError) as error:
                self._warn(f"page: {error}")
        try:
            self.uplink.start()
        except BrokerError as error:
            log.error("uplink: %s; packets are kept in the outbox, it is tried again", error)
        self.feeds.start()
        self._log_problems()
        self._reconcile()

    def apply(self, plan: Plan) -> bool:
        """Take up a plan that was read again. False: it needs a new node (outbox, uplink or networks changed)."""
        if plan.core != self.plan.core:
            return False
        self.plan = plan
        self._log_problems()
        self._reconcile()
        self.uplink.wake()
        return True

    def stop(self, timeout_s: float = 30.0) -> None:
        """Finish pipelines, commit what they found, say goodbye. Nothing committed depends on this."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.ask_to_stop()
        for worker in workers:
            if not worker.join(timeout_s):
                log.error("camera does not stop camera=%s", worker.plan.config.id)
        self.feeds.stop()
        self.uplink.stop()
        self.page.close()
        self.metrics.close()
        self.outbox.close()
        log.info("node stopped node=%s", self._config.node_id)

    def state(self) -> NodeState:
        with self._lock:
            cameras = [w.state() for w in self._workers.values()]
        problems, feeds = [*self.plan.problems], self.feeds.reports()
        if self._perception_error:
            problems.append(self._perception_error)
        return NodeState(
            node=self._config.node_id,
            cameras=cameras,
            outbox=self.outbox.counts(),
            disk_free_bytes=self.outbox.free_bytes(),
            reserve_bytes=self._config.outbox.min_free_mib * 2**20,
            broker_connected=self.uplink.connected,
            problems=problems,
            uplink_errors=self.uplink.errors(),
            warnings=[*self._warnings, *self.switches.warnings, *warnings(feeds), *self._unfed()],
            controllers=feeds,
            switches=self.switches.known,
            in_force=self.switches.in_force(),
        )

    def _unfed(self) -> list[str]:
        return [
            f"camera {camera.config.id}: no controller is configured for signal {head} -> add it to `controllers`"
            for camera in self.plan.cameras
            for head in unfed(self._config, camera.config.id, camera.scene.scene)
        ]

    def _cameras_on_page(self) -> dict[str, CameraOnPage]:
        with self._lock:
            workers = list(self._workers.values())
        return {
            w.plan.config.id: CameraOnPage(
                w.plan.config.id, w.plan.config.place or w.plan.scene.scene.place, w.plan.scene.scene, w.live,
                w.why_not, w.ring,
            )
            for w in workers
        }  # fmt: skip

    def health(self) -> Health:
        return self.state().health()

    @property
    def idle(self) -> bool:
        """Whether every camera has come to its end (files do)."""
        with self._lock:
            return all(w.join(0) for w in self._workers.values())

    def _reconcile(self) -> None:
        """Stop cameras that are gone or changed, start those that are new. The others do not notice."""
        wanted = {c.config.id: c for c in self.plan.cameras}
        gone = [w for i, w in self._workers.items() if i not in wanted or not _same(wanted[i], w.plan)]
        for worker in gone:
            worker.ask_to_stop()
        for worker in gone:
            worker.join(30.0)
            with self._lock:
                del self._workers[worker.plan.config.id]
            log.info("camera stopped camera=%s", worker.plan.config.id)
        if self.plan.key is None or not wanted:
            return
        perception = self._networks()
        if perception is None:
            return
        for camera_id, camera in wanted.items():
            if camera_id not in self._workers:
                worker = CameraWorker(
                    camera,
                    node=self._config.node_id,
                    key=self.plan.key,
                    perception=perception,
                    sink=self.outbox,
                    metrics=self.metrics,
                    kept_in_memory=self._config.outbox.kept_in_memory,
                    state_dir=watch_folder(self._config, camera_id),
                    on_commit=self.uplink.wake,
                    switches=self.switches,
                    feed=self.feeds.of(camera_id),
                    tests=Tests(self._daily_test(camera), self.outbox.commit),
                )
                with self._lock:
                    self._workers[camera_id] = worker
                worker.start()
                log.info("camera started camera=%s scene=%s", camera_id, camera.scene.scene.id)

    def _daily_test(self, camera: CameraPlan) -> DailyTest:
        """A file that plays a camera makes a test act only when somebody asks."""
        settings, own = self._config.daily_test, camera.config
        return DailyTest(
            self._config.node_id,
            own.id,
            watch_folder(self._config, own.id),
            hour=settings.hour if settings.enabled and not own.is_file else None,
            zone=HERE.zone,
            settled=self.outbox.settled,
        )

    def _networks(self) -> Perception | None:
        if self._perception is None:
            try:
                self._perception, self._perception_error = (
                    self._open_perception(self._config.detector, self.plan.judging),
                    "",
                )
            except Exception as error:
                # Without networks the node still delivers what it holds and says what is wrong.
                self._perception_error = f"networks cannot be loaded: {error}"
                log.exception("networks cannot be loaded")
        return self._perception

    def _warn(self, text: str) -> None:
        self._warnings.append(text)
        log.error("%s", text)

    def _log_problems(self) -> None:
        for problem in self.plan.problems:
            log.error("safe mode node=%s %s", self._config.node_id, problem)


def _same(a: CameraPlan, b: CameraPlan) -> bool:
    return a.config == b.config and a.scene.digest == b.scene.digest


def run_node(
    config_path: Path,
    *,
    open_perception: OpenPerception = open_default_perception,
    stop: threading.Event | None = None,
    on_node: Callable[[Node], None] = lambda node: None,
) -> int:
    """Run until SIGTERM, SIGINT or `stop`. Returns the exit status.

    SIGHUP reads the configuration again at once; its files are looked at every two seconds anyway.
    """
    stop = stop or threading.Event()
    reread = threading.Event()
    _handle_signals(stop, reread)
    node: Node | None = None
    plan = load_plan(config_path)
    try:
        while not stop.is_set():
            if node is None:
                node = _start(plan, open_perception, on_node)
            _wait_for_change(plan, stop, reread, None if node is not None else _RETRY_S)
            if stop.is_set():
                break
            plan = load_plan(config_path)
            if node is not None and (plan.config is None or not node.apply(plan)):
                log.info("configuration needs a restart of the node's parts")
                node.stop()
                node = None
    finally:
        if node is not None:
            node.stop()
    return 0


def _start(plan: Plan, open_perception: OpenPerception, on_node: Callable[[Node], None]) -> Node | None:
    if plan.config is None:
        for problem in plan.problems:
            log.critical("no usable configuration and no last good one: %s", problem)
        return None
    try:
        node = Node(plan, open_perception)
    except (OutboxError, OSError) as error:
        log.critical("outbox cannot be opened: %s", error)
        return None
    except GiaoLoError as error:
        log.critical("node cannot start: %s", error)
        return None
    node.start()
    on_node(node)
    return node


def _wait_for_change(plan: Plan, stop: threading.Event, reread: threading.Event, retry_s: float | None) -> None:
    """Until a watched file changes, SIGHUP, or `retry_s` is over."""
    waited_s = 0.0
    while not stop.wait(_WATCH_S):
        waited_s += _WATCH_S
        if reread.is_set() or changed(plan):
            reread.clear()
            log.info("configuration is read again")
            return
        if retry_s is not None and waited_s >= retry_s:
            return


def _handle_signals(stop: threading.Event, reread: threading.Event) -> None:
    if threading.current_thread() is not threading.main_thread():
        return

    def leave(number: int, _: FrameType | None) -> None:
        log.info("signal %s: stopping", signal.Signals(number).name)
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGHUP, lambda *_: reread.set())
