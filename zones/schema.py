"""The scene of one camera, as it stands in its YAML file (`schema_version: 2`).

All coordinates are pixels `[x, y]` of the camera's full picture, origin top left. Whether a scene makes sense is the
business of `zones.check`; this module only says which fields there are. `title`/`description` feed the editor and the
documentation. A file of version 1 is read as what it says in version 2 (`zones.upgrade`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import AwareDatetime, Field, model_validator

from countries.here import HERE
from evidence.acts import ActCode, VehicleClass
from zones.fields import ALL_MOVEMENTS, Movement, Name, Point, Polygon, Polyline, SceneModel
from zones.road import Road, RoadArea, Sign, Source
from zones.upgrade import upgraded

if TYPE_CHECKING:
    MarkingKind = str
else:
    MarkingKind = Literal[HERE.markings.codes]

__all__ = ["ALL_MOVEMENTS", "Movement", "Point", "Road", "RoadArea", "Sign", "Source"]


class ReferencePicture(SceneModel):
    """The still on which the scene was drawn, for the box to notice that the camera moved: `giaolo zones reference`."""

    file: str = Field(pattern=r"^[^/\\\x00]{1,200}$", title="File", description="beside the scene's file")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", title="SHA-256", description="of the file")
    at: AwareDatetime = Field(title="Named at", description="when it was named")


class Picture(SceneModel):
    """Size of the picture the coordinates belong to."""

    width: int = Field(gt=0, le=16384, title="Width", description="pixels")
    height: int = Field(gt=0, le=16384, title="Height", description="pixels")
    reference: ReferencePicture | None = Field(
        default=None, title="Reference", description="none: the box keeps one from when the scene was first in force"
    )


class StopLine(SceneModel):
    """Marking 7.1 with its direction: the vehicle moves from the approach side to the junction side.

    `forward` is a point on the junction side: it alone gives the line its direction.
    """

    id: Name
    points: Polyline = Field(title="Line", description="along the paint, its edge nearest the junction")
    forward: Point = Field(title="Junction side", description="any point past the line")
    approach: Name | None = Field(default=None, title="Approach area", description="where a vehicle comes from")


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
    """A lane. `direction` points the lawful way of travel, in pixels; `road` is the carriageway to which it belongs.

    `movements`: those that its arrows allow. That they bind anybody is said by `arrows`, where they are painted, or by
    a sign that governs the lane. `edge`: the marking towards the next lane, where its kind decides who may enter.
    """

    id: Name
    polygon: Polygon
    direction: tuple[Point, Point] | None = Field(default=None, title="Direction", description="from, to")
    road: Name | None = Field(default=None, title="Road", description="the carriageway it belongs to")
    movements: list[Movement] = Field(default_factory=lambda: list(ALL_MOVEMENTS), title="Allowed movements")
    arrows: Source | None = Field(default=None, title="Arrows painted", description="where: no default")
    edge: Name | None = Field(default=None, title="Edge line", description="the marking towards the next lane")


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
        title="State from",
        description="the picture, or the signal controller alone; with `pixels` and a phase it is held against both",
    )
    phase: int | None = Field(
        default=None, ge=1, le=255, title="Phase", description="of the controller (NTCIP 1202) that drives this head"
    )
    controller_head: Name | None = Field(
        default=None, title="Name at the controller", description="under which it tells this head, in place of a phase"
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

    schema_version: Literal[2]
    id: Name
    version: int = Field(default=1, ge=1)
    place: str = Field(default="", max_length=300, title="Place", description="as it stands in a notice")
    picture: Picture
    stop_lines: list[StopLine] = Field(default_factory=list)
    approaches: list[Area] = Field(default_factory=list)
    junction: Polygon | None = Field(default=None, title="Junction area")
    exits: list[Exit] = Field(default_factory=list)
    roads: list[Road] = Field(default_factory=list, title="Carriageways")
    lanes: list[Lane] = Field(default_factory=list)
    signs: list[Sign] = Field(default_factory=list, title="Signs")
    areas: list[RoadArea] = Field(default_factory=list, title="Areas of the road")
    markings: list[Marking] = Field(default_factory=list)
    signals: list[SignalHead] = Field(default_factory=list)
    exclude: list[Area] = Field(default_factory=list, title="Excluded areas", description="vehicles here are ignored")
    ground: GroundPlane | None = None
    acts: list[ActCode] = Field(default_factory=lambda: list(ActCode), title="Acts looked for")
    rules: RuleSettings = Field(default_factory=RuleSettings)

    @model_validator(mode="before")
    @classmethod
    def _of_any_version(cls, data: Any) -> Any:
        return upgraded(data)
