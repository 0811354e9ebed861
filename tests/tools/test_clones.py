"""Copied plates in a made-up fleet: those that contradict each other are found, honest vehicles are not held."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from tools.evaluate.cli import evaluate
from tools.evaluate.clones import World, fleet, judge


@pytest.mark.parametrize("seed", [1, 2])
def test_of_ten_thousand_passes_every_contradiction_is_found_and_nobody_honest_is_held(seed: int) -> None:
    result = judge(*fleet(10_000, seed))
    assert result.good
    assert result.held == 0
    assert result.contradicting >= 5, "else the run shows nothing"


def test_nobody_is_held_where_no_plate_is_copied_however_fast_they_drive() -> None:
    result = judge(*fleet(2000, 3, World(copied=0.0, fastest_kmh=175.0, detour=1.0)))
    assert (result.copied, result.held) == (0, 0)


def test_a_world_in_which_readings_are_often_wrong_is_not_called_good() -> None:
    result = judge(*fleet(10_000, 1, replace(World(), misread=0.5, days=1)))
    assert result.held > 0, "wrong digits meet other vehicles: the limit measures something"
    assert not result.good


def test_the_command_prints_each_figure_beside_its_limit() -> None:
    shown = CliRunner().invoke(evaluate, ["clones", "--passes", "2000"])
    assert shown.exit_code == 0, shown.output
    assert "honest held" in shown.output
    assert "limit 0.001" in shown.output
