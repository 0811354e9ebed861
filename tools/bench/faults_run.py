"""The run with faults by chance, and the table of knocks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.perception import OnnxPerception, open_perception
from tools.bench.faults_camera import FaultyCamera, Film
from tools.bench.faults_kinds import KINDS, Fault, Kind, Random
from tools.bench.faults_memory import RememberingDetector, RememberingPlates
from tools.bench.faults_outcome import Outcome, resident_mib

_GAP_S = (5.0, 90.0)
"""Between two faults of a camera: so that about half of the passes have none."""
_SHORT_S = (0.3, 10.0)
_SHORT = 0.4
"""Share of the faults that are short: over before anybody may say so."""
_RSS_EVERY_S, _TELL_EVERY_S = 20.0, 60.0


def perception(size: str) -> OnnxPerception:
    """The networks, each picture looked at and each plate read once as long as nothing changes it."""
    opened = open_perception(threads=1, size=size)
    opened.detector, opened.plates = RememberingDetector(opened.detector), RememberingPlates(opened.plates)
    return opened


@dataclass
class _Plan:
    """One camera and when it suffers next."""

    camera: FaultyCamera
    next_s: float


def run(
    films: Sequence[Film], *, hours: float, seed: int, only: Sequence[str], size: str, say: Callable[[str], None]
) -> Outcome:
    """`hours` of footage, shared evenly by the cameras, which take turns pass by pass; each lives for the whole run.

    Interrupted, it judges what was played so far.
    """
    rng, outcome, began = np.random.default_rng(seed), Outcome(), time.monotonic()
    eyes = perception(size)
    with tempfile.TemporaryDirectory(prefix="giaolo-faults-") as folder:
        plans = []
        for film in films:
            camera = FaultyCamera(film, eyes, Path(folder) / film.name)
            plans.append(_Plan(camera, float(rng.uniform(*_GAP_S))))
        told_s = seen_s = 0.0
        try:
            while (played_s := sum(p.camera.t_s for p in plans)) < hours * 3600:
                least = min(plans, key=lambda p: p.camera.t_s)
                for _ in range(least.camera.film.frames):
                    _begin(least, rng, only)
                    least.camera.take()
                if played_s - seen_s >= _RSS_EVERY_S or not outcome.rss_mib:
                    outcome.rss_mib.append(resident_mib())
                    seen_s = played_s
                if played_s - told_s >= _TELL_EVERY_S:
                    now_s = time.monotonic() - began
                    say(f"{played_s / 60:.0f} min of footage, {resident_mib():.0f} MiB, {now_s:.0f} s")
                    told_s = played_s
        except KeyboardInterrupt:
            say("interrupted: this is what was played until now")
        outcome.rss_mib.append(resident_mib())
        for plan in plans:
            plan.camera.close()
            outcome.add(plan.camera)
    outcome.wall_s = time.monotonic() - began
    return outcome


def _begin(plan: _Plan, rng: Random, only: Sequence[str]) -> None:
    """The next fault, if it is time."""
    camera = plan.camera
    if not camera.settled or camera.t_s < plan.next_s:
        return
    if camera.suffered and plan.next_s <= camera.suffered[-1].fault.to_s:
        plan.next_s = camera.t_s + float(rng.uniform(*_GAP_S))  # it is over: a while without
        return
    fitting = [kind for kind in KINDS.values() if (not only or kind.name in only) and _fits(kind, camera)]
    if not fitting:
        return
    kind = fitting[int(rng.integers(len(fitting)))]
    lasts_s = float(rng.uniform(*(_SHORT_S if rng.random() < _SHORT else kind.lasts_s)))
    camera.begin(Fault(kind, kind.make(rng, camera.view), camera.t_s, camera.t_s + lasts_s))


def _fits(kind: Kind, camera: FaultyCamera) -> bool:
    if kind.needs == "green":
        return bool(camera.view.heads) and camera.film.lit(camera.into_pass_s) == {"green"}
    return not kind.needs or bool(camera.view.heads)
