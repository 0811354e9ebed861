"""A road to drive on in tests: a scene in 640 x 480, and vehicles whose boxes follow a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from edge.road.book import TrajectoryBook
from edge.road.measuring import SceneGeometry
from edge.road.trajectory import Trajectory
from edge.signals.history import LampHistory
from edge.signals.reading import LampReading
from edge.tracks.track import Observation, Track
from evidence.acts import LampState, VehicleClass
from zones.geometry import GroundMap
from zones.schema import GroundPlane, Scene

CLASSES = tuple(VehicleClass)
Where = Callable[[float], tuple[float, float]]
RED, YELLOW, GREEN, OFF, UNKNOWN = (
    LampState.RED,
    LampState.YELLOW,
    LampState.GREEN,
    LampState.OFF,
    LampState.UNKNOWN,
)
ONE_WAY = {"id": "road", "kind": "one_way", "by": "P.102", "source": {"place": "biển P.102 ở đầu đường"}}


def sign(number: str, *governs: str, **rest: Any) -> dict[str, Any]:
    """A sign of that number, on a mast."""
    return {"id": f"sign-{number}", "number": number, "governs": list(governs), "source": {"place": "cột đèn"}, **rest}


def scene(**changes: Any) -> Scene:
    """Seen from behind: the stop line at y = 300, the junction from y = 250 up, two lanes, a solid line between."""
    base: dict[str, Any] = {
        "schema_version": 2,
        "id": "test",
        "picture": {"width": 640, "height": 480},
        "stop_lines": [{"id": "line", "points": [[100, 300], [500, 300]], "forward": [300, 100]}],
        "junction": [[50, 250], [600, 250], [600, 50], [50, 50]],
        "exits": [
            {"id": "ahead", "movement": "straight", "polygon": [[200, 80], [400, 80], [400, 40], [200, 40]]},
            {"id": "right", "movement": "right", "polygon": [[560, 80], [639, 80], [639, 240], [560, 240]]},
        ],
        "roads": [ONE_WAY],
        "lanes": [
            {"id": "left", "polygon": [[100, 310], [298, 310], [298, 479], [100, 479]],
             "direction": [[200, 470], [200, 310]], "road": "road"},
            {"id": "right", "polygon": [[302, 310], [500, 310], [500, 479], [302, 479]],
             "direction": [[400, 470], [400, 310]], "road": "road"},
        ],
        "markings": [{"id": "solid", "kind": "2.2", "points": [[300, 305], [300, 479]]}],
        "signals": [{"id": "main", "box": [600, 10, 610, 40], "governs": ["line"]}],
    }  # fmt: skip
    return Scene.model_validate(base | changes)


def lamps(scene_: Scene, phases: Sequence[tuple[float, LampState]], *, until_s: float = 30.0) -> dict[str, LampHistory]:
    """Every head shows `phases` (start time, state), looked at ten times a second."""
    return {head.id: history(phases, scene_, head.id, until_s) for head in scene_.signals}


def history(
    phases: Sequence[tuple[float, LampState]], scene_: Scene, head_id: str, until_s: float = 30.0
) -> LampHistory:
    head = next(h for h in scene_.signals if h.id == head_id)
    made = LampHistory(head)
    for index, t_s in enumerate(np.arange(0, until_s, 0.1)):
        state = [s for start, s in phases if start <= t_s + 1e-9][-1]
        made.add(index, float(t_s), LampReading(state, 1.0))
    return made


GROUND: dict[str, Any] = {
    "pixels": [[140, 450], [460, 450], [340, 150], [260, 150]],
    "metres": [[-4, 10], [4, 10], [4, 40], [-4, 40]],
}
"""In metres the camera looks along +y; `ROAD` maps between pixels and metres."""
ROAD = GroundMap.of(GroundPlane.model_validate(GROUND))
LINE_M = 16.0
_SIZE_M = {
    VehicleClass.MOTORCYCLE: (0.75, 1.6),
    VehicleClass.BICYCLE: (0.6, 1.6),
    VehicleClass.CAR: (1.8, 1.5),
    VehicleClass.TRUCK: (2.2, 2.8),
    VehicleClass.BUS: (2.5, 3.0),
}


def pixels(*metres: tuple[float, float]) -> list[list[float]]:
    return [[round(float(u), 2), round(float(v), 2)] for u, v in ROAD.to_pixels(metres)]


def ground_scene(**changes: Any) -> Scene:
    """The stop line 16 m ahead of the camera, from x = -6 m to 6 m; crosswalk to 22 m, then the junction."""
    base: dict[str, Any] = {
        "ground": GROUND,
        "stop_lines": [
            {"id": "line", "points": pixels((-6, LINE_M), (6, LINE_M)), "forward": pixels((0, 30))[0]},
        ],
        "junction": pixels((-12, 22), (12, 22), (12, 45), (-12, 45)),
        "exits": [], "lanes": [], "markings": [],
    }  # fmt: skip
    return scene(**(base | changes))


def drive_m(
    scene_: Scene,
    where: Where,
    *,
    from_s: float,
    to_s: float,
    others: Sequence[Where] = (),
    **rest: Any,
) -> Trajectory:
    """As `drive`; `where(t_s)` is the middle of the rear on the road in metres, and the box shrinks with distance.

    `others`: where vehicles of the same class are meanwhile.
    """
    width_m, height_m = _SIZE_M[rest.get("cls", VehicleClass.MOTORCYCLE)]

    def box(t_s: float, where: Where = where) -> tuple[float, float, float, float]:
        x_m, y_m = where(t_s)
        left, middle, right = ROAD.to_pixels([(x_m - 0.5, y_m), (x_m, y_m), (x_m + 0.5, y_m)])
        scale = float(np.hypot(*(right - left)))
        return float(middle[0]), float(middle[1]), width_m * scale, height_m * scale

    return drive(
        scene_, lambda t: box(t)[:2], size=lambda t: box(t)[2:], from_s=from_s, to_s=to_s,
        others=[partial(box, where=other) for other in others], **rest,
    )  # fmt: skip


def drive(
    scene_: Scene,
    where: Callable[[float], tuple[float, float]],
    *,
    from_s: float,
    to_s: float,
    fps: float = 10.0,
    size: tuple[float, float] | Callable[[float], tuple[float, float]] = (40.0, 60.0),
    cls: VehicleClass = VehicleClass.MOTORCYCLE,
    ended: bool = False,
    cut_off: bool = False,
    seen: Callable[[float], bool] = lambda _: True,
    others: Sequence[Callable[[float], tuple[float, float, float, float]]] = (),
    live: bool = False,
    remembered_s: float | None = None,
) -> Trajectory:
    """The path of one vehicle; `where(t_s)` is the middle of the bottom edge of its box. `others(t_s)`: that, width and
    height of other vehicles' boxes meanwhile. `live`: measured picture by picture, so that paces are known.
    `remembered_s`: what is longer ago at the end is forgotten, as a track forgets."""
    times = [float(t_s) for t_s in np.arange(from_s, to_s + 1e-9, 1 / fps)]

    def observed(t_s: float, x: float, y: float, width: float, height: float) -> Observation:
        return Observation(round(t_s * fps), t_s, (x - width / 2, y - height, x + width / 2, y), 0.9)

    votes = np.zeros(len(CLASSES))
    votes[CLASSES.index(cls)] = 5.0
    observations = [observed(t, *where(t), *(size(t) if callable(size) else size)) for t in times if seen(t)]
    track = Track(1, "ended" if ended else "confirmed", observations, votes)
    beside = [
        Track(2 + i, "confirmed", [observed(t, *other(t)) for t in times], votes.copy())
        for i, other in enumerate(others)
    ]
    book = TrajectoryBook(SceneGeometry(scene_), CLASSES)
    everything = [(each, list(each.observations)) for each in (track, *beside)]
    for t_s in times if live else ():
        for each, all_of_it in everything:
            each.observations = [o for o in all_of_it if o.t_s <= t_s]
        book.add([each for each, _ in everything if each.observations])
    for each, all_of_it in everything:
        each.observations = all_of_it
    book.add([track, *beside])
    if remembered_s is not None:
        track.observations = [o for o in observations if o.t_s >= to_s - remembered_s]
        book.add([track])
    path = book.of(track, cut_off=cut_off)
    assert path is not None
    return path


def points(*stops: tuple[float, float, float]) -> Callable[[float], tuple[float, float]]:
    """A drive through (time, x, y) in straight lines at even speed; it stands before the first and after the last."""
    t, x, y = (np.array(v) for v in zip(*stops, strict=True))
    return lambda at: (float(np.interp(at, t, x)), float(np.interp(at, t, y)))
