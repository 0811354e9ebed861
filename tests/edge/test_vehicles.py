"""What vehicles of a class are like."""

from __future__ import annotations

import pytest

from common.margins import explained
from edge.road.vehicles import BUILDS, VehicleBuild
from evidence.acts import VehicleClass


def test_every_class_has_its_figures() -> None:
    assert set(BUILDS) == set(VehicleClass)


@pytest.mark.parametrize("cls", VehicleClass)
def test_every_figure_of_a_class_has_unit_reason_and_source(cls: VehicleClass) -> None:
    told = list(explained(BUILDS[cls]))
    assert len(told) == 9
    assert all(m.unit == "m" and m.why and m.source and m.value > 0 for m in told)


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_figures_of_a_class_agree_with_each_other(build: VehicleBuild) -> None:
    assert build.half_m <= build.length_m / 2, "doubt of where the front is must be in the driver's favour"
    assert build.tall_m < build.tallest_m
    assert build.deep_m < build.length_m


def test_only_what_is_narrow_keeps_its_height_when_it_turns() -> None:
    """A car or a bus shows its flank and with it the near edge of its roof; a rider's head stays where it is."""
    keep = {cls for cls, build in BUILDS.items() if build.keeps_height_in_turning}
    assert keep == {VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE}
