"""The scene of one camera, as it stands in its YAML file (`schema_version: 1`).

All coordinates are pixels `[x, y]` of the camera's full picture, origin top left. Whether a scene makes sense is the
business of `zones.check`; this module only says which fields there are. `title`/`description` feed the editor and the
documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from countries.here import HERE
from evidence.acts import ActCode, VehicleClass

Point = tuple[float, float]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Polygon = Annotated[list[Point], Field(min_length=3)]
Polyline = Annotated[list[Point], Field(min_length=2)]
Movement = Literal["straight", "left", "right", "u_turn"]
if TYPE_CHECKING:
    OneWayBy = str
    MarkingKind = str
else:  # the codes are the country's; as literals they stand in the JSON schema, and a wrong one is refused by name
    OneWayBy = Literal[tuple(fact.code for fact in HERE.one_way)]
    MarkingKind = Literal[HERE.markings.codes]

ALL_MOVEMENTS: tuple[Movement, ...] = ("straight", "left", "right", "u_turn")


class SceneModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Picture(SceneModel):
    """Size of the picture the coordinates belong to."""

    width: int = Field(gt=0, le=16384, title="Width", description="pixels")
    height: int = Field(gt=0, le=16384, title="Height", description="pixels")


class StopLine(SceneModel):
    """Marking 7.1 with its direction: the vehicle moves from the approach side to the junction side.

    `forward` is a point on the junction side: it alone gives the line its direction.
    """

    id: Name
    points: Polyline = Field(title="Line", description="along the paint, its edge nearest the junction")
    forward: Point = Field(title="Junction side", description="any point past the line")
    approach: Name | None = Field(default=None, title="Approach area", description="where a vehicle comes from")
    banned_turns: list[Literal["left", "right"]] = Field(
        default_factory=list,
        title="Banned turns",
        description="by signs, for all who come over this line",
    )


class Area(SceneModel):
    """A named polygon on the road."""

    id: Name
    polygon: Polygon


class Exit(SceneModel):
    """An area through which a movement leaves the junction: it tells which movement a track made."""

    id: Name
    movement: Movement
    polygon: Polygon


class Lane(SceneModel):
    """A lane with what is allowed in it. `direction` points the lawful way of travel, in pixels.

    Driving against it is the act only on a one-way road (`Country.one_way`); in the other half of a two-way road it is
    not. So the scene has to say which it is and where that stands (the sign's place, or number and date of the order);
    without both, no wrong way is stated there.
    """

    id: Name
    polygon: Polygon
    direction: tuple[Point, Point] | None = Field(default=None, title="Direction", description="from, to")
    classes: list[VehicleClass] = Field(default_factory=lambda: list(VehicleClass), title="Allowed classes")
    movements: list[Movement] = Field(default_factory=lambda: list(ALL_MOVEMENTS), title="Allowed movements")
    one_way_by: OneWayBy | None = Field(
        default=None,
        title="One way by",
        description="the sign or the fact that makes it one-way: no default",
    )
    one_way_reference: str = Field(
        default="", max_length=200, title="One way: reference", description="where the sign stands, or the order"
    )
    one_way: bool | None = Field(
        default=None,
        title="(old field)",
        description="before `one_way_by`; true states nothing any more, false: known not to be one-way",
    )

    @property
    def states_one_way(self) -> bool:
        """Whether driving against `direction` is the act here: direction, fact and reference all stand in the file."""
        return self.direction is not None and self.one_way_by is not None and bool(self.one_way_reference.strip())


class Marking(SceneModel):
    """A longitudinal line (`Country.markings`). Of a one-sided one, `crossable_from` is a point on the broken side."""

    id: Name
    kind: MarkingKind
    points: Polyline
    second: Polyline | None = Field(default=None, title="Second stripe", description="of a double line, if drawn")
    crossable_from: Point | None = None
    active: bool = Field(default=True, description="false: known, but no act is derived from it")


class Lamp(SceneModel):
    """One lens: `[x1, y1, x2, y2]` around it, a little larger than the lit disc."""

    colour: Literal["red", "yellow", "green"]
    box: tuple[float, float, float, float]


class SignalHead(SceneModel):
    """A signal head: either `lamps` (best) or the whole `box`, and what it governs."""

    id: Name
    box: tuple[float, float, float, float] | None = Field(default=None, title="Whole head")
    lamps: list[Lamp] = Field(default_factory=list, title="Single lenses")
    orientation: Literal["vertical", "horizontal"] = "vertical"
    governs: list[Name] = Field(default_factory=list, title="Stop lines governed")
    movements: list[Movement] = Field(default_factory=lambda: list(ALL_MOVEMENTS), title="Movements governed")
    classes: list[VehicleClass] = Field(default_factory=lambda: list(VehicleClass), title="Classes governed")
    lanes: list[Name] = Field(default_factory=list, title="Lanes governed", description="empty: all")
    arrow: Literal["straight", "left", "right"] | None = Field(
        default=None, title="Arrow", description="an arrow lamp: green permits that movement even beside a red (6.4.3)"
    )
    countdown: tuple[float, float, float, float] | None = Field(default=None, title="Countdown digits")
    source: Literal["pixels", "controller"] = Field(
        default="pixels",
        description="`controller` is for the simulation: a box has nothing that could feed such a head yet",
    )


class GroundPlane(SceneModel):
    """Four points on the road with their place in metres, for speed and true distances.

    Metres: x to the right, y away from the camera. Both lists go around the rectangle in the same order.
    """

    pixels: tuple[Point, Point, Point, Point]
    metres: tuple[Point, Point, Point, Point]


class RuleSettings(SceneModel):
    """Margins of the decisive tests."""

    red_margin_s: float = Field(default=0.5, ge=0, le=10, description="lamp must have been red for so long at the line")
    line_margin_px: float = Field(default=0.0, ge=0, description="rear contact must be so far past the line")
    stopped_s: float = Field(default=2.0, gt=0, description="standing so long past the line is the stop-line act")
    min_track_points: int = Field(default=3, ge=2)
    solid_overlap: float = Field(default=0.2, ge=0, le=0.5, description="share of the vehicle past a solid line")
    wrong_way_s: float = Field(default=1.0, gt=0, description="moving against a lane's direction for so long")
    wrong_way_px: float = Field(default=40.0, gt=0, description="and so far")


class Scene(SceneModel):
    """Everything a camera's rules need to know of its view."""

    schema_version: Literal[1]
    id: Name
    version: int = Field(default=1, ge=1)
    place: str = Field(default="", max_length=300, title="Place", description="as it stands in a notice")
    picture: Picture
    stop_lines: list[StopLine] = Field(default_factory=list)
    approaches: list[Area] = Field(default_factory=list)
    junction: Polygon | None = Field(default=None, title="Junction area")
    exits: list[Exit] = Field(default_factory=list)
    lanes: list[Lane] = Field(default_factory=list)
    markings: list[Marking] = Field(default_factory=list)
    signals: list[SignalHead] = Field(default_factory=list)
    exclude: list[Area] = Field(default_factory=list, title="Excluded areas", description="vehicles here are ignored")
    ground: GroundPlane | None = None
    acts: list[ActCode] = Field(default_factory=lambda: list(ActCode), title="Acts looked for")
    rules: RuleSettings = Field(default_factory=RuleSettings)
