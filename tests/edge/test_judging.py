"""All numbers that judge in one value: explained, changed by name, named by one digest, and used by what judges."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from common.margins import MarginsError
from edge.cli import edge
from edge.judging import Judging, Values
from edge.pipeline import CameraPipeline
from edge.rules.registry import RULES
from tests.edge.roads import scene
from tests.edge.test_config import make
from tests.edge.test_pipeline import RUNNER, KnownDetector, KnownPlates, play

WHERE = "node.yaml: margins"
ROOT = Path(__file__).parents[2]


def test_every_number_has_unit_reason_and_source_and_a_name_of_its_own() -> None:
    told = list(Judging().explained())
    assert len(told) > 150
    for stage, number in told:
        assert all(text.strip() for text in (number.unit, number.why, number.source)), f"{stage}.{number.name}"
    assert [name for name, count in Counter((stage, n.name) for stage, n in told).items() if count > 1] == []


ELSEWHERE = {
    "SecondReaderMargins": "of the centre's own reader, which judges no packet",
    "SteadinessMargins": "when a technician is told that a camera's two streams move apart: no act is judged by it",
    "StreamMargins": "advice on which stream of a camera to take: no picture is judged by it",
}


def test_no_stage_of_a_box_keeps_margins_of_its_own() -> None:
    known = {kind.__name__ for numbers in Judging().stages().values() for kind in type(numbers).__mro__}
    kept = {
        cls.name
        for room in ("edge", "models")
        for file in (ROOT / room).rglob("*.py")
        for cls in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(cls, ast.ClassDef)
        and any(isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("margin", "figure") for n in ast.walk(cls))
    }
    assert kept - known == set(ELSEWHERE)


def test_a_configuration_reaches_acts_what_they_share_sizes_and_every_other_stage() -> None:
    values: Values = {
        "red_light": {"gone_m": 4.0},
        "crossing": {"max_gap_s": 1},
        "vehicle_car": {"length_m": 5.0},
        "lamps": {"lit": 0.2},
    }
    judging = Judging().changed(values, where=WHERE)
    stages = judging.stages()
    assert {s: {n: getattr(stages[s], n) for n in v} for s, v in values.items()} == values
    assert judging.rules_of(scene())[0].margins is stages["red_light"]
    assert judging.digest != Judging().digest
    assert Judging().changed({}, where=WHERE).digest == Judging().digest


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"blue_light": {"gone_m": 4.0}}, ["blue_light", "one of", "red_light"]),
        ({"red_light": {"gone": 4.0}}, ["red_light", "gone", "gone_m"]),
        ({"red_light": {"entry_points": 2.5}}, ["red_light", "entry_points", "whole number"]),
        ({"lamps": {"lit": 7}}, ["lamps", "lit", "a number of"]),
    ],
)
def test_what_is_no_margin_is_refused_with_its_place_and_the_remedy(values: Values, named: list[str]) -> None:
    with pytest.raises(MarginsError) as caught:
        Judging().changed(values, where=WHERE)
    assert all(word in str(caught.value) for word in [WHERE, *named])


def test_a_margin_that_is_set_judges() -> None:
    strict = Judging().changed({"crossing": {"before_px": 500}}, where=WHERE)
    events, _ = play(CameraPipeline(scene(), KnownDetector(), KnownPlates(), judging=strict), [RUNNER], seconds=9)
    assert events == [], "the runner was never seen so far before the line"


def test_an_act_that_yields_leaves_the_other_the_time_to_show() -> None:
    for rule in RULES.values():
        for other in rule.yields_to:
            assert rule.margins.settle_s > RULES[other].margins.settle_s


def test_a_finding_told_once_per_place_says_for_how_long() -> None:
    for rule in RULES.values():
        if rule.once_per_place is not None:
            assert rule.once_per_place.within_s(rule.margins) > 0


def test_the_command_shows_all_numbers_of_a_box_and_their_digest(tmp_path: Path) -> None:
    path = make(tmp_path, margins={"red_light": {"gone_m": 4.0}}, detector={"long_side": 416})
    shown = CliRunner().invoke(edge, ["margins", "--config", str(path)])
    assert shown.exit_code == 0, shown.output
    assert "gone_m: 4  # m;" in shown.output
    assert "long_side: 416  # pixels;" in shown.output
    plain = CliRunner().invoke(edge, ["margins"])
    assert f"# digest {Judging().digest}" in plain.output
    assert Judging().digest not in shown.output


def test_the_command_names_file_and_remedy_of_a_margin_that_does_not_exist(tmp_path: Path) -> None:
    path = make(tmp_path, margins={"red_light": {"gone": 4.0}})
    refused = CliRunner().invoke(edge, ["margins", "--config", str(path)])
    assert refused.exit_code == 1
    assert all(word in refused.output for word in (str(path), "margins.red_light", "gone_m"))
