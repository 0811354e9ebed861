"""What vehicles of each class are like: the one table of sizes that the road and the rules ask.

The classes are the detector's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.margins import figure
from evidence.acts import VehicleClass

_BUILT = "common sizes of the class, rounded by us and not measured; the simulated ones: tools/simulate/vehicle_mix.py"
_BENT = "tuned on the simulation's first three seeds, November 2026: tracks that changed over against sharp driving"


@dataclass(frozen=True)
class VehicleBuild:
    """One class; lengths in metres."""

    widest_m: float = figure(
        "m",
        "a lower edge that is wider on the road shows flank too; a road vehicle may be 2.5 m wide, handlebars and "
        "mirrors are counted in",
        source=_BUILT,
    )
    length_m: float = figure(
        "m",
        "the front is so far before the rear; rather long than short, for a front over the line before red may go on",
        source=_BUILT,
    )
    longest_m: float = figure(
        "m",
        "and no farther: where one so long would have had its front over the line as red began nobody saw it before it",
        source="the longest common ones of what is seen as the class: a minibus as a car, a coach of 12.2 m; with a "
        "trailer a lorry may be 20 m long (recalled, not looked up)",
    )
    half_m: float = figure(
        "m",
        "with the rear so far before the line half of the vehicle is past it; the front half of one that stops rightly "
        "is what boxes and lengths may err, so rather less than half of a long one",
        source="half of a common length, rounded down where lengths differ much; not measured",
    )
    deep_m: float = figure(
        "m",
        "from the near end of the footprint to what makes the upper edge of its box: the far end of the roof, or the "
        "rider's head",
        source=_BUILT,
    )
    tall_m: float = figure("m", "taken for the height of a vehicle whose wheels were never seen", source=_BUILT)
    tallest_m: float = figure("m", "a box that is taller on the road holds two vehicles", source=_BUILT)
    size_m: float = figure(
        "m",
        "geometric mean of width and height: the yardstick of a way in a picture without a ground plane",
        source=_BUILT,
    )
    bend_m: float = figure(
        "m",
        "no vehicle changes its way by more from one stretch of 0.7 s to the next: 5 m/s2 make 2.5 m, the rest is what "
        "boxes err, most where a long vehicle's flank comes into sight; a greater change was two vehicles in one track",
        source=_BENT,
    )

    @property
    def keeps_height_in_turning(self) -> bool:
        """Less deep than tall: its upper edge does not come much nearer when it shows its flank."""
        return self.deep_m < self.tall_m


BUILDS: Mapping[VehicleClass, VehicleBuild] = {
    VehicleClass.MOTORCYCLE: VehicleBuild(
        widest_m=0.95,
        length_m=1.9,
        longest_m=2.2,
        half_m=0.95,
        deep_m=1.0,
        tall_m=1.6,
        tallest_m=2.3,
        size_m=1.1,
        bend_m=2.8,
    ),
    VehicleClass.BICYCLE: VehicleBuild(
        widest_m=0.85,
        length_m=1.8,
        longest_m=2.2,
        half_m=0.9,
        deep_m=1.0,
        tall_m=1.6,
        tallest_m=2.3,
        size_m=1.1,
        bend_m=2.8,
    ),
    VehicleClass.CAR: VehicleBuild(
        widest_m=2.05,
        length_m=4.6,
        longest_m=6.0,
        half_m=2.2,
        deep_m=3.0,
        tall_m=1.45,
        tallest_m=2.6,
        size_m=1.65,
        bend_m=4.0,
    ),
    VehicleClass.TRUCK: VehicleBuild(
        widest_m=2.60,
        length_m=7.5,
        longest_m=20.0,
        half_m=3.2,
        deep_m=5.0,
        tall_m=2.2,
        tallest_m=4.5,
        size_m=2.6,
        bend_m=12.0,
    ),
    VehicleClass.BUS: VehicleBuild(
        widest_m=2.65,
        length_m=10.5,
        longest_m=12.2,
        half_m=4.5,
        deep_m=8.0,
        tall_m=2.8,
        tallest_m=4.5,
        size_m=2.8,
        bend_m=12.0,
    ),
}
