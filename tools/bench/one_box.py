"""One box with so many cameras, each a file played as a live camera, watched for one pass of the file.

Source, pipeline, recorder and outbox are the product's own; there is no broker. A process of its own for each number of
cameras, so that memory is that of this number: `python -m tools.bench.one_box`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from common.stopwatch import StageWatch
from edge.camera import CameraWorker
from edge.config import CameraConfig, DetectorConfig
from edge.delivery.outbox import Build, Outbox
from edge.explain.why_not import WhyNot
from edge.judging import Judging
from edge.metrics import Metrics
from edge.perception import OnnxPerception, open_perception
from edge.plan import CameraPlan
from edge.seeing import Pipeline
from edge.signals.controller import LampFeed
from edge.substream.film import MainFilm
from edge.types import ActEvent, Frame, SeenPicture
from edge.watch.picture import PictureWatch
from evidence.packet import Manifest
from evidence.seal import SigningKey
from evidence.wire import HeadHealth
from tools.evaluate.acts import Reported, Truth, score
from tools.evaluate.cli import load_truth
from zones.load import LoadedScene, load_scene

_PATIENCE = 6.0
"""A box that needs so many times the pass' own length is given up."""


@dataclass(frozen=True)
class Job:
    """`stagger_s`: the cameras start spread over so long. `length_s`: of the clip. `tail_s`: stream time after the pass
    by which its acts are told and their films whole. `small`: the clip as a small stream, which is looked at then."""

    clip: Path
    scene: Path
    truth: Path
    cameras: int
    length_s: float
    stagger_s: float
    tail_s: float
    threads: int | None
    small: Path | None = None

    def as_json(self) -> str:
        return json.dumps({k: str(v) if isinstance(v, Path) else v for k, v in vars(self).items()})

    @staticmethod
    def of(text: str) -> Job:
        value: dict[str, Any] = json.loads(text)
        clip, scene, truth = (Path(value.pop(k)) for k in ("clip", "scene", "truth"))
        small = value.pop("small")
        return Job(clip, scene, truth, small=Path(small) if small is not None else None, **value)


@dataclass
class _Look:
    """One frame that the pipeline was given: when, and its stream time."""

    at_s: float
    t_s: float


@dataclass
class _Seen:
    """What one camera did."""

    looks: list[_Look] = field(default_factory=list)
    now_s: float = 0.0
    began_s: float = float("inf")
    """The monotonic clock at stream time 0, by the picture that came earliest."""


class _Watched:
    """A camera's pipeline, and what it was given when."""

    def __init__(self, pipeline: Pipeline, seen: _Seen) -> None:
        self._pipeline, self._seen = pipeline, seen

    def process(self, frame: Frame) -> list[ActEvent]:
        at_s = time.monotonic()
        self._seen.looks.append(_Look(at_s, frame.t_s))
        self._seen.now_s = frame.t_s
        self._seen.began_s = min(self._seen.began_s, at_s - frame.t_s)
        return self._pipeline.process(frame)

    def finish(self) -> list[ActEvent]:
        return self._pipeline.finish()

    @property
    def heads(self) -> Sequence[HeadHealth]:
        return self._pipeline.heads

    @property
    def passed(self) -> int:
        return self._pipeline.passed

    @property
    def why_not(self) -> WhyNot:
        return self._pipeline.why_not

    def seen(self) -> SeenPicture:
        return self._pipeline.seen()


class _Perception:
    """The networks shared by all cameras; which camera a pipeline is of is told by the scene that it is asked for."""

    def __init__(self, inner: OnnxPerception) -> None:
        self._inner = inner
        self.seen: dict[int, _Seen] = {}

    @property
    def digests(self) -> Mapping[str, str]:
        return self._inner.digests

    @property
    def judging(self) -> Judging:
        return self._inner.judging

    def pipeline(
        self, scene: LoadedScene, watch: PictureWatch, *, feed: LampFeed | None = None, film: MainFilm | None = None
    ) -> Pipeline:
        return _Watched(
            self._inner.pipeline(scene, watch, feed=feed, film=film), self.seen.setdefault(id(scene), _Seen())
        )


class _Sink:
    """The outbox, and when each packet was committed."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.committed: dict[str, list[tuple[float, Manifest]]] = defaultdict(list)

    def commit(self, build: Build) -> Manifest:
        manifest = self._outbox.commit(build)
        self.committed[manifest.camera.id].append((time.monotonic(), manifest))
        return manifest


def run_box(job: Job, folder: Path) -> dict[str, Any]:
    """Play the job; figures by name. Times in seconds, memory in MiB."""
    watch = StageWatch()
    threads = DetectorConfig().threads if job.threads is None else job.threads
    perception = _Perception(open_perception(threads=threads, several=True, stopwatch=watch))
    outbox = Outbox(folder / "outbox", min_free_bytes=0)
    sink = _Sink(outbox)
    scenes = [load_scene(job.scene) for _ in range(job.cameras)]
    names = [f"cam-{number:02d}" for number in range(job.cameras)]
    key, metrics = SigningKey.generate(), Metrics(lambda: None)
    workers = [
        CameraWorker(
            CameraPlan(_camera(job, name), scene), node="bench", key=key, perception=perception, sink=sink,
            metrics=metrics, kept_in_memory=16, state_dir=folder / name, on_commit=lambda: None, stopwatch=watch,
        )
        for name, scene in zip(names, scenes, strict=True)
    ]  # fmt: skip
    memory = _Memory()
    first_s = time.monotonic()
    for number, worker in enumerate(workers):
        time.sleep(max(0.0, first_s + job.stagger_s * number / job.cameras - time.monotonic()))
        worker.start()
    before_s, cpu_s, others = time.monotonic(), _cpu_s(), _machine_busy_s()
    memory.start()
    window = job.length_s - job.stagger_s
    while time.monotonic() - before_s < window:
        time.sleep(0.1)
    all_running = (before_s, time.monotonic())
    used_s, machine_s = _cpu_s() - cpu_s, _machine_busy_s() - others
    give_up_s = first_s + _PATIENCE * job.length_s
    ends_s = job.length_s + job.tail_s
    while any(seen.now_s < ends_s for seen in perception.seen.values()) and time.monotonic() < give_up_s:
        time.sleep(0.1)
    dropped = [state.source.dropped / max(state.source.frames, 1) for state in (w.state() for w in workers)]
    most_mib = memory.stop()
    for worker in workers:
        worker.ask_to_stop()
    for worker in workers:
        worker.join(_PATIENCE * job.length_s)
    told = {name: list(sink.committed[name]) for name in names}
    outbox.close()
    wall_s = all_running[1] - all_running[0]
    seen = [perception.seen[id(scene)] for scene in scenes]
    return {
        "cameras": job.cameras,
        **_acts(load_truth(job.truth, None), told, seen, job.length_s),
        **_looks(seen, all_running),
        "dropped": round(float(np.mean(dropped)), 3),
        "cores": round(used_s / wall_s, 2),
        "others_cores": round(max(machine_s - used_s, 0.0) / wall_s, 2),
        "memory_mib": round(most_mib),
        **_plates(watch, sum(len(packets) for packets in told.values())),
        "stages_ms": {
            name: round(1000 * spent.cpu_s / max(sum(len(s.looks) for s in seen), 1), 2)
            for name, spent in watch.spent.items()
        },
    }


def _camera(job: Job, name: str) -> CameraConfig:
    now = datetime.now(UTC)
    small = str(job.small) if job.small is not None else None
    return CameraConfig(
        id=name, url=str(job.clip), substream=small, scene=job.scene, loop=True, drop_late=True, start_at=now
    )


def _acts(
    truth: Truth, told: Mapping[str, list[tuple[float, Manifest]]], seen: Sequence[_Seen], length_s: float
) -> dict[str, Any]:
    """Acts of the first pass against truth, and how long after its film's end each was committed."""
    found = of = false = right = wrong = known = 0
    late_s: list[float] = []
    after_act_s: list[float] = []
    for packets, camera in zip(told.values(), seen, strict=True):
        mine = [(at_s, m) for at_s, m in packets if m.act.t_s < length_s]
        result = score(truth, [_reported(manifest) for _, manifest in mine])
        sure, sure_of = result.sure
        found, of, false = found + sure, of + sure_of, false + len(result.false)
        read = result.plates
        right, wrong, known = right + read[0], wrong + read[1], known + read[2]
        for at_s, manifest in mine:
            waited_s = at_s - camera.began_s - manifest.act.t_s
            after_act_s.append(waited_s)
            late_s.append(waited_s - _FILM_AFTER_S)
    return {
        "acts_found": found,
        "acts": of,
        "false_acts": false,
        "plates_right": right,
        "plates_wrong": wrong,
        "plates": known,
        "commit_s": _quantiles(after_act_s),
        "commit_after_film_s": _quantiles(late_s),
    }


_FILM_AFTER_S = Judging().events.clip_after_s


def _reported(manifest: Manifest) -> Reported:
    track = tuple((point.t_s, point.box) for point in manifest.track.points)
    act = manifest.act
    return Reported(act.code.value, act.frame, act.t_s, manifest.vehicle.box, {"plate": manifest.plate.text}, track)


def _looks(seen: Sequence[_Seen], running: tuple[float, float]) -> dict[str, Any]:
    """While all cameras ran: looks a second and camera, and how old a picture was when it was judged."""
    ages: list[float] = []
    for camera in seen:
        ages += [
            look.at_s - camera.began_s - look.t_s for look in camera.looks if running[0] <= look.at_s <= running[1]
        ]
    per_camera = len(ages) / max(running[1] - running[0], 1e-9) / len(seen)
    return {"looks_per_s": round(per_camera, 2), "age_s": _quantiles(ages)}


def _plates(watch: StageWatch, packets: int) -> dict[str, Any]:
    spent = watch.spent.get("plates")
    if spent is None or not packets:
        return {"plate_ms": None, "plate_cpu_ms": None}
    return {
        "plate_ms": round(1000 * spent.wall_s / packets),
        "plate_cpu_ms": round(1000 * spent.cpu_s / packets),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p95": None, "max": None}
    p50, p95, most = (round(float(v), 2) for v in np.quantile(values, [0.5, 0.95, 1.0]))
    return {"p50": p50, "p95": p95, "max": most}


class _Memory:
    """The most resident memory of this process, looked at ten times a second."""

    def __init__(self) -> None:
        self._most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        page = resource.getpagesize()
        while not self._over.wait(0.1):
            pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
            self._most = max(self._most, pages * page / 2**20)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _machine_busy_s() -> float:
    """CPU seconds of all programs of the machine since it started."""
    user, nice, system, _, _, irq, softirq, *_ = (
        int(v) for v in Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    job = Job.of(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="giaolo-bench-") as folder:
        print(json.dumps(run_box(job, Path(folder))))


if __name__ == "__main__":
    main()
