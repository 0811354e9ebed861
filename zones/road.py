"""What the road says: carriageways, signs, areas, each with its source.

A camera sees lines on asphalt; whether a road is one-way, whom a lane is for and at what hours a street is closed
stands on signs and in orders. An act that rests on such a fact is stated only where the scene holds it with its source.
There is no default for any of it. The codes of signs and their meaning are the country's (`Country.signs`).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from countries.here import HERE
from evidence.acts import VehicleClass
from zones.faults import both
from zones.fields import Name, Point, Polygon, SceneModel

if TYPE_CHECKING:
    OneWayBy = str
    SignNumber = str
else:  # the codes are the country's; as literals they stand in the JSON schema, and a wrong one is refused by name
    OneWayBy = Literal[tuple(fact.code for fact in HERE.one_way)]
    SignNumber = Literal[HERE.signs.codes]

RoadKind = Literal["one_way", "divided", "two_way"]
AreaKind = Literal[
    "closed_road", "pavement", "emergency_lane", "kerbside", "keep_clear", "crosswalk", "lane_change", "turn_waiting"
]  # fmt: skip
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HourText = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Source(SceneModel):
    """Who says so: where it stands on the road, or which order says it."""

    place: str = Field(default="", max_length=200, title="Stands at", description="where the sign or paint stands")
    order: str = Field(default="", max_length=200, title="Order", description="number of the decision, and whose")
    dated: date | None = Field(default=None, title="Dated", description="of the decision")
    picture: str = Field(default="", max_length=200, title="Picture", description="file that shows it")

    @property
    def stated(self) -> bool:
        """Somebody can go there, or look it up."""
        return bool(self.place.strip() or self.order.strip())

    @property
    def text(self) -> str:
        """As a packet tells it: place, order and its date."""
        order = self.order.strip()
        if order and self.dated is not None:
            order = f"{order} ({self.dated:%d/%m/%Y})"
        return "; ".join(part for part in (self.place.strip(), order) if part)


class Hours(SceneModel):
    """From `begin` up to but not with `end`, by the clock there; over midnight where `end` is not later than `begin`.

    `days`: those on which it begins.
    """

    begin: HourText = Field(title="From")
    end: HourText = Field(title="To")
    days: list[Day] = Field(default_factory=lambda: list(DAYS), min_length=1, title="Days")

    @field_validator("begin")
    @classmethod
    def _begins_within_a_day(cls, value: str) -> str:
        if value == "24:00":
            raise ValueError(
                both(
                    "24:00 là giờ kết thúc; ghi 00:00 của ngày hôm sau", "24:00 is an end; write 00:00 of the next day"
                )
            )
        return value

    def hold(self, local: datetime) -> bool:
        """Whether the local time lies within."""
        begin, end, now = _minutes(self.begin), _minutes(self.end), _minute_of(local.time())
        today, yesterday = DAYS[local.weekday()], DAYS[(local - timedelta(days=1)).weekday()]
        if begin < end:
            return today in self.days and begin <= now < end
        return (today in self.days and now >= begin) or (yesterday in self.days and now < end)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _minute_of(local: time) -> float:
    return local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 60e6


class Road(SceneModel):
    """A carriageway, to which lanes belong (`Lane.road`).

    Driving against a lane of a `one_way` or `divided` road is another act than driving in the other half of a `two_way`
    one, so it has to be said which it is. `by`: what makes it one-way; of a `divided` road too, as a median alone does
    not say it. `centre`: the marking between the halves of a two-way road.
    """

    id: Name
    kind: RoadKind = Field(title="Kind of road")
    by: OneWayBy | None = Field(default=None, title="One way by", description="the sign or the fact: no default")
    centre: Name | None = Field(default=None, title="Centre line", description="the marking between both halves")
    source: Source = Field(default_factory=Source, title="Source")

    @property
    def states_one_way(self) -> bool:
        return self.kind != "two_way" and self.by is not None and self.source.stated


class Sign(SceneModel):
    """A sign by its number in the country's catalogue, with what it holds for.

    `governs`: ids of stop lines (turns, driving on red), lanes (lanes for classes or movements) or areas (entry,
    stopping), by what the sign says. `classes`: whom it names, where plates below it say more or less than its number
    does: those banned by a ban, those let in by a lane's sign, or let drive on red. `hours`: of the plate below it;
    none: always.
    """

    id: Name
    number: SignNumber = Field(title="Number")
    governs: list[Name] = Field(default_factory=list, title="Holds for")
    classes: list[VehicleClass] | None = Field(default=None, title="Classes", description="none: those of its number")
    hours: list[Hours] = Field(default_factory=list, title="Hours", description="none: always")
    source: Source = Field(default_factory=Source, title="Source")
    at: Point | None = Field(default=None, title="Seen at", description="where it is in the picture, if it is")

    @property
    def named(self) -> frozenset[VehicleClass]:
        """The classes it speaks of."""
        given = self.classes if self.classes is not None else HERE.signs.meaning(self.number).classes
        return frozenset(given)

    def in_force(self, local: datetime) -> bool:
        """Whether it holds at a time of the clock there."""
        return not self.hours or any(hours.hold(local) for hours in self.hours)


class RoadArea(SceneModel):
    """A piece of ground with a meaning of its own.

    `closed_road`: beyond the place from which a sign bans entry. `kerbside`: where a sign bans stopping or parking.
    `keep_clear`: the yellow box in which nobody may stop. `lane_change`: before the junction, where lanes may be chosen
    whatever they are kept for. `turn_waiting`: past a stop line, up to a line of its own, where who turns left may
    wait. What they look like is in the picture; an `emergency_lane` needs its source.
    """

    id: Name
    kind: AreaKind = Field(title="Kind of area")
    polygon: Polygon
    source: Source = Field(default_factory=Source, title="Source")
