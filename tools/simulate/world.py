"""The words that simulation and renderer share: vehicles, moments, the junction's ground, the camera.

World frame: metres, x east, y north, z up, right-handed; headings in radians, 0 = east, counter-clockwise. A vehicle's
position is the middle of its footprint on the road. Times `t_s` are seconds since the start of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evidence.acts import ActCode, LampState, VehicleClass
from evidence.plate_colours import KnownPlateColour

Floats = NDArray[np.float64]
Body = Literal["scooter", "underbone", "sedan", "hatchback", "suv", "pickup", "van", "bus", "truck", "bicycle"]
XY = tuple[float, float]


@dataclass(frozen=True)
class VehicleSpec:
    """What does not change about a vehicle. `colour` is RGB 0..255; `plate` normalised, None for bicycles."""

    id: str
    cls: VehicleClass
    body: Body
    length_m: float
    width_m: float
    height_m: float
    colour: tuple[int, int, int]
    plate: str | None
    plate_colour: KnownPlateColour = "white"
    riders: int = 1
    priority: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class VehicleState:
    id: str
    x_m: float
    y_m: float
    heading_rad: float
    speed_m_s: float
    braking: bool = False
    signalling: Literal["none", "left", "right", "hazard"] = "none"


@dataclass(frozen=True)
class HeadState:
    lamp: LampState
    countdown_s: int | None = None


@dataclass(frozen=True)
class Moment:
    """Everything at one instant."""

    t_s: float
    vehicles: Sequence[VehicleState]
    heads: Mapping[str, HeadState]


@dataclass(frozen=True)
class GroundLine:
    """Paint on the road. `kind`: 7.1 (stop line), 1.1 ... 2.4 after QCVN 41:2024, or `kerb`."""

    id: str
    kind: str
    points: Sequence[XY]
    width_m: float = 0.15


@dataclass(frozen=True)
class GroundArea:
    """`kind`: asphalt, pavement, crosswalk (7.3), island, arrow_straight, arrow_left, arrow_right, lane, junction;
    of the street (`tools.simulate.street`) also closed_road, kerbside, keep_clear (4.4)."""

    id: str
    kind: str
    polygon: Sequence[XY]
    heading_rad: float = 0.0


@dataclass(frozen=True)
class SignalPost:
    """A head on its post: the post's foot, the head's middle above the road, the way its lenses face."""

    id: str
    foot: XY
    x_m: float
    y_m: float
    z_m: float
    faces_rad: float
    arrow: Literal["straight", "left", "right"] | None = None
    countdown: bool = True
    turn_on_red: bool = False
    """A blue plate beside it lets one turn right on red."""


@dataclass(frozen=True)
class GroundSign:
    """A sign that holds for an area of the ground, by its number after QCVN 41:2024. `place`: where it stands.
    `until_s`: when its hours end, in whole minutes of the run; None: it always holds."""

    id: str
    number: str
    area: str
    place: str
    until_s: float | None = None


@dataclass(frozen=True)
class Ground:
    """The junction as it is built. `signs`: those of which truth or traffic must know."""

    areas: Sequence[GroundArea]
    lines: Sequence[GroundLine]
    posts: Sequence[SignalPost]
    signs: Sequence[GroundSign] = ()


@dataclass(frozen=True)
class Camera:
    """A pin-hole camera without distortion. `fov_deg`: horizontal."""

    position: tuple[float, float, float]
    target: tuple[float, float, float]
    fov_deg: float
    width: int
    height: int

    def axes(self) -> Floats:
        """Rows: right, down, forward, in world coordinates."""
        forward = np.asarray(self.target, float) - np.asarray(self.position, float)
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward])

    @property
    def focal_px(self) -> float:
        return self.width / 2 / float(np.tan(np.radians(self.fov_deg) / 2))

    def project(self, points: Floats) -> Floats:
        """`[N, 3]` world points to `[N, 3]`: x, y in pixels and depth in metres; NaN pixels behind the camera."""
        seen = (np.asarray(points, float).reshape(-1, 3) - np.asarray(self.position, float)) @ self.axes().T
        depth = seen[:, 2:]
        with np.errstate(divide="ignore", invalid="ignore"):
            xy = seen[:, :2] / depth * self.focal_px + np.array([self.width / 2, self.height / 2])
        return np.concatenate([np.where(depth > 0.1, xy, np.nan), depth], axis=1)


@dataclass(frozen=True)
class TrueAct:
    """An act as it happened in the world. `t_s`: for the stop line, when the rear passed it."""

    act: ActCode | str
    vehicle: str
    t_s: float
    until_s: float
    what: str
    note: str = ""
    sure: bool = True
    """False: so near the edge of the definition that neither reporting nor missing it is a fault."""


@dataclass
class Run:
    """A whole simulated run, at a fixed step."""

    seed: int
    step_s: float
    ground: Ground
    camera: Camera
    specs: dict[str, VehicleSpec]
    moments: list[Moment]
    acts: list[TrueAct] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    """What scripted drivers had in memory; what came of it stands in `acts`."""
    innocents: dict[str, str] = field(default_factory=dict)
    """Vehicles whose part invites a false accusation, and why: stalled, priority, right turn on the arrow."""


def cut(run: Run, from_s: float, to_s: float) -> Run:
    """A stretch of a run, its time beginning at zero. An act that was under way when it begins is not sure."""
    kept = [m for m in run.moments if from_s - 1e-6 <= m.t_s < to_s - 1e-6]
    begin_s = kept[0].t_s if kept else from_s
    acts = [
        replace(a, t_s=max(a.t_s - begin_s, 0.0), until_s=a.until_s - begin_s, sure=a.sure and a.t_s >= begin_s)
        for a in run.acts
        if a.t_s < to_s and a.until_s > begin_s
    ]
    return replace(run, moments=[replace(m, t_s=m.t_s - begin_s) for m in kept], acts=acts)
