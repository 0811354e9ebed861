"""The same junction with more that its road says, looked at by a camera that stands farther back and higher.

What is added: the pavement beside the southern approach, the eastern street that sign P.103a closes to cars, buses and
lorries until some minute, P.124a at the stop line, which bans turning round until the same minute, a kerb on the
approach at which P.130 bans stopping or P.131a parking, and the yellow box 4.4 in the middle of the junction. The
enforcement camera of `tools.simulate.junction` sees too little of all of them, and its traffic and acts stay as they
are: here other acts are looked for, on another run.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from countries.here import HERE
from evidence.acts import ActCode, VehicleClass
from tools.simulate.junction import (
    CORNER_RADIUS,
    KERB_X,
    KERB_Y,
    STOP_LINE,
    demo_scene,
    ground,
    is_divided,
    plane,
    polygon,
)
from tools.simulate.motorway import is_motorway, motorway_scene
from tools.simulate.world import XY, Camera, Ground, GroundArea, GroundSign, Run
from zones.schema import Scene

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""The clock at the beginning of every run: seven in the morning in Vietnam."""

MOUTH_X = KERB_X + CORNER_RADIUS
"""The eastern street begins where the rounded kerbs end."""
CLOSED_TO_X = 60.0
CLOSED_TO = frozenset({VehicleClass.CAR, VehicleClass.BUS, VehicleClass.TRUCK})
"""Whom P.103a names."""
PAVEMENT = (KERB_X, KERB_X + 4.0)
PAVEMENT_Y = (-52.0, -(KERB_Y + CORNER_RADIUS))
"""From beyond the picture's lower edge to the corner."""
KERB = (6.6, KERB_X + 0.5)
"""The strip along the kerb in which a car that stops there stands; it reaches over the kerb, as boxes err."""
KERB_Y_FROM_TO = (-52.0, -34.0)
"""The signs hold from beyond the picture to so far before the stop line."""
YELLOW_BOX = (-KERB_X, -KERB_Y, KERB_X, KERB_Y)

CLOSED_ROAD, PAVED, KERBSIDE, BOX_AREA = "duong-phia-dong", "via-he", "le-duong", "o-vach-vang"
LINE, LEFT_LANE_ID = "vach-dung", "lan-trai"
U_TURN_EXIT = (-7.5, -40.0, -0.4, -(STOP_LINE + 1.0))
"""The way back south. Drawn in every other piece: without it the rule has only the way on the road."""
AREAS = (CLOSED_ROAD, PAVED, KERBSIDE, BOX_AREA)
P103A = "biển P.103a kèm biển phụ giờ ở đầu đường phía đông (mô phỏng)"
P130, P131A = (f"biển {number} trên lề đường, 34 m trước nút giao (mô phỏng)" for number in ("P.130", "P.131a"))

P124A = "biển P.124a kèm biển phụ giờ, trước vạch dừng (mô phỏng)"

ACTS = (
    ActCode.PAVEMENT, ActCode.CLOSED_ROAD, ActCode.STOPPING_BANNED, ActCode.PARKING_BANNED, ActCode.BLOCKING_JUNCTION,
    ActCode.BANNED_U_TURN,
)  # fmt: skip
"""The acts looked for there, whose truth is known (`tools.simulate.truths`)."""


def street_camera(width: int = 1920, height: int = 1080) -> Camera:
    """On a pole beside the approach, 43 m before the stop line and 11 m high: it sees the kerb, both pavements of the
    corner, the box and twenty metres of the eastern street."""
    return Camera((6.0, -62.0, 11.0), (6.0, -33.6, 0.0), 50.0, width, height)


def street_ground(*, closed_until_s: float, parking: bool) -> Ground:
    """What is built and painted, and what its signs say. `closed_until_s`: when the eastern street's ban and that of
    turning round end, in whole minutes of the run; `parking`: the kerb's sign bans parking only, else stopping too."""
    west, south, east, north = YELLOW_BOX
    areas = (
        GroundArea(CLOSED_ROAD, "closed_road", _rectangle(MOUTH_X, -KERB_Y, CLOSED_TO_X, KERB_Y)),
        GroundArea(PAVED, "pavement", _rectangle(PAVEMENT[0], PAVEMENT_Y[0], PAVEMENT[1], PAVEMENT_Y[1])),
        GroundArea(KERBSIDE, "kerbside", _rectangle(KERB[0], KERB_Y_FROM_TO[0], KERB[1], KERB_Y_FROM_TO[1])),
        GroundArea(BOX_AREA, "keep_clear", _rectangle(west, south, east, north)),
    )
    kerb = ("P.131a", P131A) if parking else ("P.130", P130)
    signs = (
        GroundSign("cam-o-to", "P.103a", CLOSED_ROAD, P103A, until_s=closed_until_s),
        GroundSign("le-duong-cam", kerb[0], KERBSIDE, kerb[1]),
        GroundSign("cam-quay-dau", "P.124a", LINE, P124A, until_s=closed_until_s),
    )
    built = ground()
    return replace(built, areas=(*built.areas, *areas), signs=signs)


def is_street(built: Ground) -> bool:
    """Whether it is the junction with all that this file adds."""
    return bool(built.signs)


def scene_of(run: Run, *, source: str = "pixels") -> Scene:
    """The scene file of the run's camera over the run's ground (`source`: as in `junction.demo_scene`)."""
    built, cam = run.ground, run.camera
    if is_motorway(built):
        return motorway_scene(cam)
    scene = demo_scene(cam, source=source, divided=is_divided(built))
    if not is_street(built):
        return scene
    areas = areas_of_the_scene(cam, built, AREAS)
    signs = [
        {
            "id": sign.id,
            "number": sign.number,
            "governs": [sign.area],
            "source": {"place": sign.place},
            "hours": [] if sign.until_s is None else [{"begin": "00:00", "end": _clock(sign.until_s)}],
        }
        for sign in built.signs
    ]
    said = scene.model_dump() | {
        "id": "nga-tu-mo-phong-duong",
        "areas": areas,
        "signs": signs,
        "ground": plane(cam, (-2.0, -44.0, 12.0, 0.0)),
        "acts": [act for act in ACTS if act not in _no_sign(built)],
    }
    if ActCode.STOPPING_BANNED in _no_sign(built):
        back = {"id": "quay-dau", "movement": "u_turn", "polygon": polygon(cam, U_TURN_EXIT)}
        said["exits"] = [*said["exits"], back]
    return Scene.model_validate(said)


def areas_of_the_scene(cam: Camera, built: Ground, names: Collection[str]) -> list[dict[str, object]]:
    """Some of the ground's areas as a scene file has them."""
    return [
        {"id": area.id, "kind": area.kind, "polygon": polygon(cam, _ends(area.polygon))}
        for area in built.areas
        if area.id in names
    ]


def _no_sign(built: Ground) -> tuple[ActCode, ...]:
    """Acts that no sign there bans."""
    parking = any(sign.number == "P.131a" for sign in built.signs)
    turning = any(sign.area == LINE for sign in built.signs)
    kerb = ActCode.STOPPING_BANNED if parking else ActCode.PARKING_BANNED
    return (kerb,) if turning else (kerb, ActCode.BANNED_U_TURN)


def _clock(t_s: float) -> str:
    """The clock there, so long after the run began."""
    return f"{HERE.local(BEGIN + timedelta(seconds=t_s)):%H:%M}"


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> tuple[XY, ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _ends(corners: Sequence[XY]) -> tuple[float, float, float, float]:
    x, y = [c[0] for c in corners], [c[1] for c in corners]
    return min(x), min(y), max(x), max(y)
