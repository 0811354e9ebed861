"""Every number that judges, in one value: by stage and name, with its digest, and changed by a node's configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from common import margins
from common.margins import Margin, MarginsError
from edge.events import EventMargins
from edge.holding import HoldingMargins
from edge.looking import LookingMargins
from edge.plate.reading import PlateMargins
from edge.plate.views import PlateViewMargins
from edge.repeats import RepeatMargins
from edge.road.book import BookMargins
from edge.road.in_the_way import InTheWayMargins
from edge.road.measuring import MeasuringMargins
from edge.road.near_faces import NearFaceMargins
from edge.road.region import RegionMargins
from edge.road.stays import StayMargins
from edge.road.vehicles import BUILDS, VehicleBuild
from edge.road.wheels_by_height import HeightMargins
from edge.road.wheels_by_upper_edge import UpperEdgeMargins
from edge.rules.registry import RULES
from edge.rules.rule import ActMargins, Rule
from edge.rules.shared import SharedMargins
from edge.signals.controller_margins import ControllerMargins
from edge.signals.lamp_margins import LampMargins
from edge.signals.margins import LampHistoryMargins, SignalPlanMargins
from edge.substream.margins import SubstreamMargins
from edge.tracks.association import AssociationMargins
from edge.tracks.hidden_stands import HiddenStandMargins
from edge.tracks.kalman import FilterMargins
from edge.tracks.tracking import TrackerMargins
from edge.video.margins import VideoMargins
from edge.video.ring import ClipMargins
from edge.watch.margins import PictureMargins
from edge.watch.traffic import TrafficMargins
from evidence.acts import ActCode, VehicleClass
from models.detector_margins import DetectorMargins
from models.line_reader import LineReaderMargins
from models.plate_finder import PlateFinderMargins
from models.plate_geometry import PlateGeometryMargins
from models.slot_reader import SlotReaderMargins
from zones.schema import Scene

Values = Mapping[str, Mapping[str, float]]
"""Numbers as a configuration sets them, by stage and name."""


_GROUPS = {"shared": "", "plates": "plate_", "video": "", "picture": "picture_"}
"""Fields that hold several stages, and what goes before the names of these."""


@dataclass(frozen=True)
class Judging:
    """The margins of one box. A field is a stage of its name, but for those that hold several.

    `acts`: those of the rules, each a stage by the name of its act. `vehicles`: sizes by class, as `vehicle_car`.
    `shared`, `plates`, `video`, `picture`: one value a stage, see `_GROUPS`.
    """

    acts: Mapping[ActCode, ActMargins] = field(default_factory=lambda: {act: r.margins for act, r in RULES.items()})
    vehicles: Mapping[VehicleClass, VehicleBuild] = field(default_factory=lambda: BUILDS)
    shared: SharedMargins = field(default_factory=SharedMargins)
    plates: PlateMargins = field(default_factory=PlateMargins)
    video: VideoMargins = field(default_factory=VideoMargins)
    picture: PictureMargins = field(default_factory=PictureMargins)
    traffic: TrafficMargins = field(default_factory=TrafficMargins)
    clip: ClipMargins = field(default_factory=ClipMargins)
    looking: LookingMargins = field(default_factory=LookingMargins)
    detector: DetectorMargins = field(default_factory=DetectorMargins)
    region: RegionMargins = field(default_factory=RegionMargins)
    measuring: MeasuringMargins = field(default_factory=MeasuringMargins)
    near_faces: NearFaceMargins = field(default_factory=NearFaceMargins)
    wheels_by_height: HeightMargins = field(default_factory=HeightMargins)
    wheels_by_upper_edge: UpperEdgeMargins = field(default_factory=UpperEdgeMargins)
    tracker: TrackerMargins = field(default_factory=TrackerMargins)
    hidden_stands: HiddenStandMargins = field(default_factory=HiddenStandMargins)
    association: AssociationMargins = field(default_factory=AssociationMargins)
    motion: FilterMargins = field(default_factory=FilterMargins)
    trajectories: BookMargins = field(default_factory=BookMargins)
    stays: StayMargins = field(default_factory=StayMargins)
    in_the_way: InTheWayMargins = field(default_factory=InTheWayMargins)
    lamps: LampMargins = field(default_factory=LampMargins)
    lamp_history: LampHistoryMargins = field(default_factory=LampHistoryMargins)
    signal_plan: SignalPlanMargins = field(default_factory=SignalPlanMargins)
    controller: ControllerMargins = field(default_factory=ControllerMargins)
    plate_views: PlateViewMargins = field(default_factory=PlateViewMargins)
    plate_finder: PlateFinderMargins = field(default_factory=PlateFinderMargins)
    plate_geometry: PlateGeometryMargins = field(default_factory=PlateGeometryMargins)
    line_reader: LineReaderMargins = field(default_factory=LineReaderMargins)
    slot_reader: SlotReaderMargins = field(default_factory=SlotReaderMargins)
    holding: HoldingMargins = field(default_factory=HoldingMargins)
    repeats: RepeatMargins = field(default_factory=RepeatMargins)
    events: EventMargins = field(default_factory=EventMargins)
    substream: SubstreamMargins = field(default_factory=SubstreamMargins)

    def stages(self) -> dict[str, Any]:
        """All margins by the name of their stage."""
        named: dict[str, Any] = {act.value: numbers for act, numbers in self.acts.items()}
        named |= {f"vehicle_{cls.value}": build for cls, build in self.vehicles.items()}
        for group, before in _GROUPS.items():
            held = getattr(self, group)
            named |= {before + each.name: getattr(held, each.name) for each in fields(held)}
        return named | {name: getattr(self, name) for name in _SINGLE}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all numbers by stage and name: what a packet names (`Manifest.margins`)."""
        return margins.digest(self.stages())

    def explained(self) -> Iterator[tuple[str, Margin]]:
        """Every number with its stage."""
        for stage, numbers in self.stages().items():
            for each in margins.explained(numbers):
                yield stage, each

    def changed(self, values: Values, *, where: str) -> Judging:
        """The same with some numbers set. Raises `MarginsError` naming `where`, stage and remedy."""
        stages = self.stages()
        for stage, numbers in values.items():
            if stage not in stages:
                known = ", ".join(sorted(stages))
                raise MarginsError(f"there is no stage {stage}", where=where, remedy=f"one of {known}")
            stages[stage] = margins.changed(stages[stage], numbers, where=f"{where}.{stage}")
        groups = {
            group: replace(held, **{each.name: stages[before + each.name] for each in fields(held)})
            for group, before in _GROUPS.items()
            for held in (getattr(self, group),)
        }
        return replace(
            self,
            acts={act: stages[act.value] for act in self.acts},
            vehicles={cls: stages[f"vehicle_{cls.value}"] for cls in self.vehicles},
            **groups,
            **{name: stages[name] for name in _SINGLE},
        )

    def rules_of(self, scene: Scene) -> list[Rule[Any]]:
        """The rules of the acts that a scene looks for, with the margins in force."""
        return [replace(rule, margins=self.acts[act]) for act, rule in RULES.items() if act in scene.acts]


_SINGLE = tuple(each.name for each in fields(Judging) if each.name not in ("acts", "vehicles", *_GROUPS))
