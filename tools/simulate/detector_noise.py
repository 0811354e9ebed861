"""From what a perfect eye sees to what a detector says: missed, shaken, merged, split, misnamed, hidden, invented.

Faults last: a vehicle that is missed in one picture is likely to be missed in the next, and a box that leans leans on.
Their lengths are in seconds, so that 6 and 25 pictures a second suffer alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evidence.acts import VehicleClass
from models.detector import VEHICLE_CLASSES, Detections
from tools.simulate.seen import Box, Glance, Sight
from tools.simulate.world import VehicleSpec
from zones.boxes import iou

_CONFUSED: Mapping[VehicleClass, VehicleClass] = {
    VehicleClass.MOTORCYCLE: VehicleClass.BICYCLE,
    VehicleClass.BICYCLE: VehicleClass.MOTORCYCLE,
    VehicleClass.CAR: VehicleClass.TRUCK,
    VehicleClass.TRUCK: VehicleClass.CAR,
    VehicleClass.BUS: VehicleClass.TRUCK,
}


@dataclass(frozen=True)
class DetectorNoise:
    """How bad the eye is. Shares are of the pictures in which a vehicle could have been seen."""

    miss: float = 0.03
    """Single pictures in which it is missed."""
    blind: float = 0.015
    """Share of the time in longer misses, `blind_s` seconds each on average."""
    blind_s: float = 0.3
    hidden_below: float = 0.22
    """Less of it shown than this, and it is not found at all."""
    jitter: float = 0.012
    """Standard deviation of each edge, in shares of the box's side, from picture to picture."""
    lean: float = 0.012
    """The same for what lasts about half a second."""
    flip: float = 0.02
    merge: float = 0.12
    """Share of the time in which two boxes of a kind that overlap by half become one."""
    split: float = 0.004
    double: float = 0.006
    """Share of the pictures in which a motorcycle has a second box, its rider."""
    ghosts: float = 0.03
    """Invented boxes a picture."""
    dropped: float = 0.004
    """Pictures that the camera never sends."""


LEVELS: dict[str, DetectorNoise] = {
    "none": DetectorNoise(0, 0, 0.3, 0.08, 0, 0, 0, 0, 0, 0, 0, 0),
    "light": DetectorNoise(0.01, 0.005, 0.25, 0.18, 0.006, 0.006, 0.01, 0.05, 0.001, 0.002, 0.01, 0.001),
    "default": DetectorNoise(),
    "heavy": DetectorNoise(0.08, 0.04, 0.45, 0.32, 0.022, 0.022, 0.05, 0.3, 0.012, 0.02, 0.1, 0.02),
}


@dataclass
class _Memory:
    """What lasts about one vehicle."""

    blind_until_s: float = -1.0
    lean: np.ndarray[tuple[int], np.dtype[np.float64]] = field(default_factory=lambda: np.zeros(4))
    flipped_until_s: float = -1.0


@dataclass
class NoisyDetector:
    """Turns glances into detections, in order of time. Everything random comes from `seed`."""

    specs: Mapping[str, VehicleSpec]
    noise: DetectorNoise
    seed: int
    width: int
    height: int

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, 3])
        self._memories: dict[str, _Memory] = {}
        self._merged_until: dict[frozenset[str], float] = {}
        self._last_s = 0.0

    def drops(self) -> bool:
        """Whether the camera loses this picture."""
        return bool(self._rng.random() < self.noise.dropped)

    def see(self, glance: Glance) -> Detections:
        dt_s = max(glance.t_s - self._last_s, 1e-3)
        self._last_s = glance.t_s
        found: list[tuple[Box, float, VehicleClass]] = []
        owners: list[str] = []
        for sight in glance.sights:
            one = self._one(sight, glance.t_s, dt_s)
            if one is not None:
                found.append(one)
                owners.append(sight.id)
        found = self._merge(found, owners, glance.t_s, dt_s)
        found += self._extra(found)
        return _detections(found)

    def _one(self, sight: Sight, t_s: float, dt_s: float) -> tuple[Box, float, VehicleClass] | None:
        s, rng = self.noise, self._rng
        memory = self._memories.setdefault(sight.id, _Memory())
        cls = self.specs[sight.id].cls
        if t_s >= memory.blind_until_s and s.blind and rng.random() < s.blind * dt_s / s.blind_s:
            memory.blind_until_s = t_s + float(rng.exponential(s.blind_s))
        if s.flip and t_s >= memory.flipped_until_s and rng.random() < s.flip * dt_s / 0.3:
            memory.flipped_until_s = t_s + float(rng.exponential(0.3))
        keep = np.exp(-dt_s / 0.5)
        memory.lean = keep * memory.lean + np.sqrt(1 - keep**2) * s.lean * rng.normal(size=4)
        shake = memory.lean + s.jitter * rng.normal(size=4)
        hidden = sight.visible < s.hidden_below
        # between barely and half shown it is found now and then
        unsure = np.clip((sight.visible - s.hidden_below) / 0.3, 0.0, 1.0)
        missed = rng.random() < s.miss + (1 - unsure) * (0.35 if s.miss else 0.0)
        if hidden or missed or t_s < memory.blind_until_s:
            return None
        x1, y1, x2, y2 = sight.shown
        if s.jitter:
            w, h = x2 - x1, y2 - y1
            x1, y1, x2, y2 = x1 + shake[0] * w, y1 + shake[1] * h, x2 + shake[2] * w, y2 + shake[3] * h
        x1, x2 = np.clip((x1, x2), 0, self.width)
        y1, y2 = np.clip((y1, y2), 0, self.height)
        if x2 - x1 < 6 or y2 - y1 < 6:
            return None
        score = 0.95 if not s.miss else float(np.clip(rng.normal(0.55 + 0.33 * sight.visible, 0.08), 0.1, 0.98))
        if t_s < memory.flipped_until_s:
            cls = _CONFUSED[cls]
        return (float(x1), float(y1), float(x2), float(y2)), score, cls

    def _merge(
        self, found: list[tuple[Box, float, VehicleClass]], owners: list[str], t_s: float, dt_s: float
    ) -> list[tuple[Box, float, VehicleClass]]:
        if not self.noise.merge or len(found) < 2:
            return found
        boxes = np.array([f[0] for f in found])
        gone: set[int] = set()
        for i, j in np.argwhere(np.triu(iou(boxes, boxes), 1) > 0.5).tolist():
            if i in gone or j in gone or found[i][2] != found[j][2]:
                continue
            pair = frozenset((owners[i], owners[j]))
            if t_s >= self._merged_until.get(pair, -1.0) and self._rng.random() < self.noise.merge * dt_s / 0.4:
                self._merged_until[pair] = t_s + float(self._rng.exponential(0.4))
            if t_s >= self._merged_until.get(pair, -1.0):
                continue
            gone.add(j)
            (a, b), (c, d) = np.minimum(boxes[i, :2], boxes[j, :2]), np.maximum(boxes[i, 2:], boxes[j, 2:])
            found[i] = ((float(a), float(b), float(c), float(d)), max(found[i][1], found[j][1]), found[i][2])
        return [f for k, f in enumerate(found) if k not in gone]

    def _extra(self, found: Sequence[tuple[Box, float, VehicleClass]]) -> list[tuple[Box, float, VehicleClass]]:
        s, rng = self.noise, self._rng
        out: list[tuple[Box, float, VehicleClass]] = []
        for box, score, cls in found:
            x1, y1, x2, y2 = box
            if cls in (VehicleClass.BUS, VehicleClass.TRUCK) and rng.random() < s.split:
                cut = float(rng.uniform(0.35, 0.65))
                out.append(((x1, y1, x2, y1 + cut * (y2 - y1)), score * 0.7, VehicleClass.CAR))
            if cls == VehicleClass.MOTORCYCLE and rng.random() < s.double:
                out.append(((x1, y1, x2, y1 + 0.62 * (y2 - y1)), score * 0.6, cls))
        for _ in range(int(rng.poisson(s.ghosts)) if s.ghosts else 0):
            w, h = rng.uniform(20, 140), rng.uniform(30, 160)
            x, y = rng.uniform(0, self.width - w), rng.uniform(0, self.height - h)
            score = float(rng.uniform(0.1, 0.6))
            out.append(((float(x), float(y), float(x + w), float(y + h)), score, VehicleClass.MOTORCYCLE))
        return out


def level(name: str) -> DetectorNoise:
    """One of `LEVELS`; `KeyError` otherwise."""
    return replace(LEVELS[name])


def _detections(found: Sequence[tuple[Box, float, VehicleClass]]) -> Detections:
    if not found:
        return Detections.none()
    order = np.argsort([-f[1] for f in found])
    rows = [found[int(i)] for i in order]
    return Detections(
        np.array([r[0] for r in rows], np.float32),
        np.array([r[1] for r in rows], np.float32),
        np.array([VEHICLE_CLASSES.index(str(r[2])) for r in rows], np.int64),
    )
