"""The junction itself: one set of numbers gives the ground for the renderer, the network for SUMO and the scene file.

Our own design of a signalised four-arm junction in Thanh Hóa. The camera hangs over the southern approach and sees its
vehicles from behind. World frame as in `tools.simulate.world`: the middle of the junction is the origin.

The southern approach: a left lane for cars and motorcycles (sign R.415a) that go
straight (a left turn is banned by sign), a right
lane for everybody that goes straight or right, solid line 2.2 between them, double line 1.3 against the other
direction, a strip along the kerb, stop line 7.1, crosswalk 7.3. The right turn has an arrow head of its own.

It is built in two ways: with the double line (a two-way road: who drives against a lane is in its opposite half), or
`divided`: a median in the line's place and sign P.102 at the ends of both carriageways.
"""

from __future__ import annotations

import math

import numpy as np
import shapely

from evidence.acts import ActCode
from tools.simulate.world import XY, Camera, Ground, GroundArea, GroundLine, SignalPost
from zones.schema import GroundPlane, Lane, Marking, Scene, SignalHead

LEFT_LANE = (0.0, 3.5)
RIGHT_LANE = (3.5, 7.5)
KERB_X = 8.7
"""Kerbs of the north-south road at both sides; the strip between lane and kerb is 1.2 m wide."""
KERB_Y = 8.2
LANE_WIDTH_EW = 3.5
BOX = 12.5
"""Lanes end where the junction proper begins, so far from its middle."""
CROSSWALK = (13.0, 16.5)
STOP_LINE = 18.5
"""Edge of the stop line nearest the junction."""
STOP_LINE_WIDTH = 0.3
CORNER_RADIUS = 6.0
LEFT_EXIT = (-1.5, -8.0)
"""Who came from the south and is west and north of this turns left; nobody else gets there."""
_BESIDE = 0.8
"""The right lane's area reaches over the kerb: where wheels are hidden, a box ends too high and too far out."""
LANES_CHOSEN_Y = -21.0
"""From here to the stop line whoever is in the wrong lane may still go over, as the scene has it."""
SOLID_FROM = 60.0
"""The lane line is solid from here to the stop line: a lane is chosen before."""
ARM = 250.0

LENS_M = 0.30
LENS_STEP_M = 0.36
"""Lenses of a head: red `LENS_STEP_M` above its middle, yellow in it, green as much below."""
COLOURS = ("red", "yellow", "green")
MAIN, ARROW = "S-main", "S-right"
PICTURE = (1920, 1080)


def camera(width: int = PICTURE[0], height: int = PICTURE[1]) -> Camera:
    """The enforcement camera on its mast arm, 26 m before the stop line."""
    return Camera((3.2, -44.5, 6.8), (3.2, -21.1, 0.0), 34.0, width, height)


def close_camera(width: int = PICTURE[0], height: int = PICTURE[1]) -> Camera:
    """The same mast with a longer lens, aimed at the stop line: a motorcycle's plate is 29 pixels wide at the line and
    44 where it comes into the picture. Clips are drawn through it."""
    return Camera((3.6, -44.5, 6.8), (3.92, -18.6, 0.0), 26.0, width, height)


CAMERAS = {"wide": camera, "close": close_camera}


MEDIAN = "median"
"""Begin of the names of the median's edges, which stand in the place of the double line."""
P102 = "biển P.102 ở đầu phần đường, phía nút giao (mô phỏng)"
ARROWS = "mũi tên 9.3 trên làn, 8 m và 20 m trước vạch dừng (mô phỏng)"
R415A = "biển R.415a trên giá long môn, trước nút giao (mô phỏng)"
P123A = "biển P.123a trên cột đèn, phía trước vạch dừng (mô phỏng)"
TWO_WAY = "vạch 1.3 giữa hai chiều (mô phỏng)"


def ground(*, divided: bool = False) -> Ground:
    """Everything that is built and painted; `divided`: by a median instead of the double line."""
    return Ground(areas=_areas(), lines=_lines(divided), posts=_posts())


def is_divided(built: Ground) -> bool:
    """Whether the carriageways are one-way ones, with a median between them."""
    return any(line.id.startswith(MEDIAN) for line in built.lines)


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> tuple[XY, ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _turned(points: tuple[XY, ...], quarter: int) -> tuple[XY, ...]:
    """Points of the southern arm turned by quarter turns counter-clockwise: 1 east, 2 north, 3 west."""
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter % 4]
    return tuple((c * x - s * y, s * x + c * y) for x, y in points)


def _corner(quarter: int) -> tuple[XY, ...]:
    """The rounded kerb between an arm and the next one counter-clockwise, from the arm's stop line side on."""
    half, other = (KERB_X, KERB_Y) if quarter % 2 == 0 else (KERB_Y, KERB_X)
    cx, cy = half + CORNER_RADIUS, -(other + CORNER_RADIUS)
    angles = np.linspace(math.pi, math.pi / 2, 9)
    arc = tuple((cx + CORNER_RADIUS * math.cos(a), cy + CORNER_RADIUS * math.sin(a)) for a in angles)
    return _turned(((half, -ARM), *arc, (ARM, -other)), quarter)


def _areas() -> tuple[GroundArea, ...]:
    asphalt = [
        GroundArea("road-ns", "asphalt", _rectangle(-KERB_X, -ARM, KERB_X, ARM)),
        GroundArea("road-ew", "asphalt", _rectangle(-ARM, -KERB_Y, ARM, KERB_Y)),
    ]
    pavements, walks = [], []
    for quarter, name in enumerate(("se", "ne", "nw", "sw")):
        kerb = _corner(quarter)
        outer = _turned(((ARM, -ARM),), quarter)
        pavements.append(GroundArea(f"pavement-{name}", "pavement", (*kerb, *outer)))
        corner = _turned((((KERB_X, -KERB_Y) if quarter % 2 == 0 else (KERB_Y, -KERB_X)),), quarter)
        asphalt.append(GroundArea(f"corner-{name}", "asphalt", (*kerb[1:-1], *corner)))
    for quarter, arm in enumerate("SENW"):
        half = KERB_X if quarter % 2 == 0 else KERB_Y
        walk = _turned(_rectangle(-half + 0.4, -CROSSWALK[1], half - 0.4, -CROSSWALK[0]), quarter)
        walks.append(GroundArea(f"crosswalk-{arm}", "crosswalk", walk, heading_rad=quarter * math.pi / 2))
    north = math.pi / 2
    arrows = [
        GroundArea(f"arrow-{kind}-{i}", f"arrow_{kind}", _rectangle(x - 0.6, y, x + 0.6, y + 3.0), heading_rad=north)
        for i, y in enumerate((-26.5, -39.0))
        for kind, x in (("straight", 1.75), ("straight", 4.6), ("right", 6.4))
    ]
    lanes = [
        GroundArea("lane-left", "lane", _rectangle(LEFT_LANE[0], -ARM, LEFT_LANE[1], -STOP_LINE), heading_rad=north),
        GroundArea("lane-right", "lane", _rectangle(RIGHT_LANE[0], -ARM, RIGHT_LANE[1], -STOP_LINE), heading_rad=north),
    ]
    box = GroundArea("junction", "junction", _rectangle(-KERB_X, -CROSSWALK[0], KERB_X, CROSSWALK[0]))
    return (*asphalt, *pavements, *walks, *arrows, *lanes, box)


def _lines(divided: bool) -> tuple[GroundLine, ...]:
    near = STOP_LINE + STOP_LINE_WIDTH
    middle = STOP_LINE + STOP_LINE_WIDTH / 2
    lines: list[GroundLine] = []
    for quarter, arm in enumerate("SENW"):
        half = RIGHT_LANE[1] if quarter % 2 == 0 else 2 * LANE_WIDTH_EW
        lines.append(
            GroundLine(
                f"stop-{arm}", "7.1", _turned(((0.15, -middle), (half + 0.1, -middle)), quarter), STOP_LINE_WIDTH
            )
        )
        for sign in (-1, 1):
            stripe = _turned(((sign * 0.15, -ARM), (sign * 0.15, -near)), quarter)
            name, kind = (MEDIAN, "kerb") if divided else ("centre", "1.3")
            lines.append(GroundLine(f"{name}-{arm}-{'a' if sign < 0 else 'b'}", kind, stripe))
        divide = LEFT_LANE[1]
        lines.append(GroundLine(f"lane-{arm}", "2.2", _turned(((divide, -SOLID_FROM), (divide, -near)), quarter)))
        lines.append(GroundLine(f"lane-far-{arm}", "2.1", _turned(((divide, -ARM), (divide, -SOLID_FROM)), quarter)))
        lines.append(GroundLine(f"out-{arm}", "2.1", _turned(((-3.5, -ARM), (-3.5, -near)), quarter)))
        if quarter % 2 == 0:
            lines.append(GroundLine(f"edge-{arm}", "3.1", _turned(((7.6, -ARM), (7.6, -near)), quarter)))
        lines.append(GroundLine(f"kerb-{arm}", "kerb", _corner(quarter)))
    return tuple(lines)


def _posts() -> tuple[SignalPost, ...]:
    south = -math.pi / 2
    posts = [
        SignalPost(MAIN, (9.45, -17.4), 9.12, -17.4, 2.6, south),
        SignalPost(ARROW, (9.45, -17.4), 9.78, -17.4, 2.6, south, arrow="right", countdown=False),
    ]
    for quarter, arm in ((1, "E"), (2, "N"), (3, "W")):
        half = KERB_X if quarter % 2 == 0 else KERB_Y
        ((x, y),) = _turned(((half + 0.75, -17.4),), quarter)
        posts.append(SignalPost(f"{arm}-main", (x, y), x, y, 2.6, south + quarter * math.pi / 2))
    return tuple(posts)


def demo_scene(
    seen_by: Camera | None = None, *, source: str = "pixels", divided: bool = False, built: Ground | None = None
) -> Scene:
    """The scene file of a camera over the southern approach, from the same numbers as the ground.

    `source`: `pixels` for rendered video, `controller` when no picture is drawn (not a scene that a box takes).
    `divided`: of the ground built so; its lanes are one-way then, and there is no double line. `built`: a ground whose
    signal heads hang elsewhere than those of `ground`.
    """
    cam = seen_by or camera()
    posts = {post.id: post for post in (built.posts if built is not None else _posts())}
    view = _View(cam)
    near = view.nearest_y + 0.2
    lane_end = -(STOP_LINE + STOP_LINE_WIDTH)
    roads = _roads(divided)

    def lane(name: str, x: tuple[float, float], *, north: bool, **rest: object) -> Lane:
        middle = max((x[0] + x[1]) / 2, -1.5)
        way = view.part((middle, near + 0.5), (middle, lane_end - 0.5))
        return Lane.model_validate(
            {
                "id": name,
                "polygon": view.polygon(_rectangle(x[0], near, x[1], lane_end)),
                "direction": way if north else way[::-1],
                "road": roads[0 if north else -1]["id"],
                **rest,
            }
        )

    centre = Marking(
        id="tim-duong",
        kind="1.3",
        points=[view.point(0.15, near), view.point(0.15, lane_end)],
        second=[view.point(-0.15, near), view.point(-0.15, lane_end)],
    )
    scene = Scene.model_validate(
        {
            "schema_version": 2,
            "id": "nga-tu-mo-phong",
            "place": "Ngã tư mô phỏng, hướng Nam, phường Hạc Thành, tỉnh Thanh Hóa",
            "picture": {"width": cam.width, "height": cam.height},
            "stop_lines": [
                {
                    "id": "vach-dung",
                    "points": [view.point(0.1, -STOP_LINE), view.point(KERB_X, -STOP_LINE)],
                    "forward": view.point(4.0, -8.0),
                    "approach": "loi-vao",
                }
            ],
            "approaches": [{"id": "loi-vao", "polygon": view.polygon(_rectangle(0.1, near, KERB_X, lane_end))}],
            "junction": view.polygon(_rectangle(-14.5, -CROSSWALK[0], 14.5, 14.0)),
            "exits": [
                {"id": "di-thang", "movement": "straight", "polygon": view.polygon(_rectangle(0.3, -3.0, 8.7, 14.0))},
                {"id": "re-phai", "movement": "right", "polygon": view.polygon(_rectangle(9.6, -11.0, 16.0, -1.0))},
                {
                    "id": "re-trai",
                    "movement": "left",
                    "polygon": view.polygon(_rectangle(-14.0, LEFT_EXIT[1], LEFT_EXIT[0], 8.0)),
                },
            ],
            "roads": roads,
            "signs": [
                {
                    "id": "lan-theo-loai-xe",
                    "number": "R.415a",
                    "governs": ["lan-trai"],
                    "source": {"place": R415A},
                    "classes": ["motorcycle", "car", "bicycle"],
                },
                {"id": "cam-re-trai", "number": "P.123a", "governs": ["vach-dung"], "source": {"place": P123A}},
            ],
            "lanes": [
                lane("lan-trai", LEFT_LANE, north=True, movements=["straight"], arrows={"place": ARROWS}),
                lane(
                    "lan-phai",
                    (RIGHT_LANE[0], KERB_X + _BESIDE),
                    north=True,
                    movements=["straight", "right"],
                    arrows={"place": ARROWS},
                ),
                lane("lan-nguoc", (-7.0, 0.0), north=False),
            ],
            "areas": [
                {
                    "id": "vung-chuyen-lan",
                    "kind": "lane_change",
                    "polygon": view.polygon(_rectangle(-0.5, LANES_CHOSEN_Y, KERB_X + 0.8, lane_end + 1.0)),
                },
            ],
            "markings": [
                *([] if divided else [centre]),
                Marking(id="vach-lan", kind="2.2", points=[view.point(3.5, near), view.point(3.5, lane_end)]),
            ],
            "signals": [
                _head(view, posts[MAIN], source, movements=["straight", "left", "right", "u_turn"]),
                _head(view, posts[ARROW], source, movements=["right"], arrow="right"),
            ],
            "ground": plane(cam, (0.5, near + 0.5, 7.0, -5.0)),
            "acts": _acts(divided),
        }
    )
    return scene


def _acts(divided: bool) -> list[ActCode]:
    """The acts that the facts allow and whose truth is known (`tools.simulate.truth`): no other is looked for."""
    against = ActCode.WRONG_WAY if divided else ActCode.OPPOSITE_HALF
    return [
        ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE, ActCode.SOLID_LINE, ActCode.BANNED_TURN, against,
        ActCode.WRONG_LANE, ActCode.LANE_DIRECTION,
    ]  # fmt: skip


def _roads(divided: bool) -> list[dict[str, object]]:
    """Both carriageways with a median and P.102 between, or the one road with its double line."""
    if divided:
        names = ("phan-duong-bac", "phan-duong-nam")
        return [{"id": name, "kind": "divided", "by": "P.102", "source": {"place": P102}} for name in names]
    return [{"id": "duong", "kind": "two_way", "centre": "tim-duong", "source": {"place": TWO_WAY}}]


def _head(view: _View, post: SignalPost, source: str, **rest: object) -> SignalHead:
    lenses = []
    for i, colour in enumerate(COLOURS):
        z = post.z_m + (1 - i) * LENS_STEP_M
        x, y = view.point(post.x_m, post.y_m, z)
        reach = 0.58 * LENS_M * view.scale(post.x_m, post.y_m, z)
        box = tuple(round(v, 1) for v in (x - reach, y - reach, x + reach, y + reach))
        lenses.append({"colour": colour, "box": box})
    fields = {"id": post.id, "lamps": lenses, "governs": ["vach-dung"], "source": source, **rest}
    return SignalHead.model_validate(fields)


def plane(cam: Camera, rectangle: tuple[float, float, float, float]) -> GroundPlane:
    """The road's plane by the corners of a rectangle on it (west, south, east, north end in metres)."""
    view, (a, b, c, d) = _View(cam), _rectangle(*rectangle)
    return GroundPlane(pixels=(view.point(*a), view.point(*b), view.point(*c), view.point(*d)), metres=(a, b, c, d))


def polygon(cam: Camera, rectangle: tuple[float, float, float, float]) -> list[XY]:
    """What the camera sees of a rectangle on the ground (west, south, east, north end in metres), in pixels."""
    return _View(cam).polygon(_rectangle(*rectangle))


class _View:
    """Projects pieces of the ground into a camera's picture and cuts them off at its edges."""

    def __init__(self, cam: Camera) -> None:
        self._camera = cam
        self._frame = shapely.box(0, 0, cam.width - 1, cam.height - 1)

    @property
    def nearest_y(self) -> float:
        """The road that the lower edge of the picture shows."""
        cam = self._camera
        down = cam.axes()[2] * cam.focal_px + cam.axes()[1] * cam.height / 2
        return float(cam.position[1] - cam.position[2] * down[1] / down[2])

    def scale(self, x: float, y: float, z: float = 0.0) -> float:
        """Pixels a metre at a point."""
        depth = float(self._camera.project(np.array([[x, y, z]]))[0, 2])
        return self._camera.focal_px / depth

    def point(self, x: float, y: float, z: float = 0.0) -> XY:
        u, v, _ = self._camera.project(np.array([[x, y, z]]))[0]
        return round(float(u), 1), round(float(v), 1)

    def part(self, a: XY, b: XY) -> tuple[XY, XY]:
        """What is well inside the picture of a straight piece of road."""
        seen = shapely.LineString([self.point(*a), self.point(*b)]).intersection(self._frame.buffer(-8))
        assert isinstance(seen, shapely.LineString)
        (ax, ay), (bx, by) = seen.coords[0], seen.coords[-1]
        return (round(ax, 1), round(ay, 1)), (round(bx, 1), round(by, 1))

    def polygon(self, corners: tuple[XY, ...]) -> list[XY]:
        """The visible part; edges are straight in the picture too, as the camera has no distortion."""
        flat = np.array([(x, y, 0.0) for x, y in corners])
        seen = self._camera.project(flat)
        visible = shapely.Polygon(seen[:, :2]).intersection(self._frame)
        assert isinstance(visible, shapely.Polygon)
        points = list(shapely.Polygon(visible).exterior.coords)[:-1]
        return [(round(x, 1), round(y, 1)) for x, y in points]
