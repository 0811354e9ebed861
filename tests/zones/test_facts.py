"""What the road says: old files read without guessing, hours of signs, and which act a scene can state."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from countries.here import HERE
from edge.rules.finding import Finding
from edge.rules.in_force import in_force
from evidence.acts import ActCode, VehicleClass
from tests.edge.roads import scene as road_scene
from tests.edge.roads import sign
from tests.zones.scenes import GOOD
from tools.command.cli import cli
from tools.simulate.junction import demo_scene
from zones.check import check
from zones.facts import banned_turns, one_way, signs, two_way
from zones.load import load_scene, scene_digest, scene_from_data
from zones.road import DAYS, Hours, Source
from zones.statable import statable
from zones.upgrade import questions, upgraded

OLD: dict[str, Any] = {
    **{name: value for name, value in GOOD.items() if name != "roads"},
    "schema_version": 1,
    "stop_lines": [{**GOOD["stop_lines"][0], "banned_turns": ["left"]}],
    "lanes": [
        {
            **{name: value for name, value in GOOD["lanes"][0].items() if name != "road"},
            "one_way_by": "P.102",
            "one_way_reference": "biển P.102 tại cọc H3/120",
        }
    ],
}


def old(**lane: Any) -> dict[str, Any]:
    """OLD with other fields in its lane."""
    data = copy.deepcopy(OLD)
    data["lanes"][0] = {**data["lanes"][0], **lane}
    return data


def test_a_one_way_lane_of_a_motorway_is_warned_of() -> None:
    """6.11.đ and 8.9.đ: no case that a camera opens could cite them."""
    lane = {
        "id": "edge", "kind": "emergency_lane", "polygon": [[310, 345], [590, 345], [639, 479], [310, 479]],
        "source": {"place": "cao tốc, km 305"},
    }  # fmt: skip

    def told(data: dict[str, Any]) -> list[str]:
        return [f.path for f in check(scene_from_data(data)) if "motorway is another, heavier act" in f.what]

    assert told({**GOOD, "areas": [lane]}) == ["lanes[0].road"]
    assert told(GOOD) == []
    free = [{name: value for name, value in GOOD["lanes"][0].items() if name != "road"}]
    assert told({**GOOD, "areas": [lane], "lanes": free}) == []


def test_what_an_old_file_states_is_stated_by_the_new_one() -> None:
    scene = scene_from_data(OLD)
    assert scene.schema_version == 2
    road = one_way(scene, scene.lanes[0])
    assert road is not None
    assert (road.by, road.source.text) == ("P.102", "biển P.102 tại cọc H3/120")
    assert set(banned_turns(scene, "s1")) == {"left"}
    assert [f for f in check(scene) if f.severity == "error"] == []


@pytest.mark.parametrize(
    ("lane", "asked"),
    [
        ({}, []),
        ({"one_way_by": None, "one_way_reference": "", "one_way": True}, ["lanes[0].one_way"]),
        ({"one_way_by": None, "one_way_reference": "", "one_way": False}, ["lanes[0].one_way"]),
        ({"classes": ["car"]}, ["lanes[0].classes"]),
        ({"classes": ["motorcycle", "car", "bus", "truck", "bicycle"]}, []),
        ({"movements": ["left"]}, ["lanes[0].movements"]),
        ({"movements": ["straight", "left", "right", "u_turn"]}, []),
    ],
)
def test_what_an_old_file_leaves_open_is_asked_and_states_nothing(lane: dict[str, Any], asked: list[str]) -> None:
    data = old(**lane)
    found = questions(data)
    assert [f.path for f in found] == [*asked, "stop_lines[0].banned_turns"]
    assert all(f.severity == "warning" and " / " in f.what and " / " in f.remedy for f in found)
    scene = scene_from_data(data)
    assert bool(one_way(scene, scene.lanes[0])) is (lane.get("one_way_by", "P.102") is not None)
    assert signs(scene, "lane_for", "l1") == signs(scene, "lane_direction", "l1") == ()


def test_reading_an_old_file_does_not_change_its_data() -> None:
    data = copy.deepcopy(OLD)
    scene_from_data(data)
    assert data == OLD
    assert upgraded(GOOD) is GOOD
    assert questions(GOOD) == []


@pytest.mark.parametrize("broken", [{"lanes": 3}, {"lanes": [3]}, {"stop_lines": {"a": 1}}, {"stop_lines": [None]}])
def test_an_old_file_that_is_broken_is_told_as_such(broken: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "scene.yaml"
    file.write_text(yaml.safe_dump({**OLD, **broken}))
    result = CliRunner().invoke(cli, ["zones", "check", str(file)])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert next(iter(broken)) in result.output


def test_migrating_writes_the_new_file_keeps_the_old_one_and_asks(tmp_path: Path) -> None:
    file = tmp_path / "scene.yaml"
    file.write_text(yaml.safe_dump(old(classes=["car"]), allow_unicode=True), encoding="utf-8")
    before = load_scene(file)
    result = CliRunner().invoke(cli, ["zones", "migrate", str(file)])
    assert result.exit_code == 0, result.output
    assert "lanes[0].classes" in result.output
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["schema_version"] == 2
    assert yaml.safe_load((tmp_path / "scene.yaml.bak").read_text(encoding="utf-8"))["schema_version"] == 1
    assert scene_digest(load_scene(file).scene) == before.digest
    again = CliRunner().invoke(cli, ["zones", "migrate", str(file)])
    assert (again.exit_code, "giữ nguyên" in again.output) == (0, True)


@pytest.mark.parametrize(
    ("source", "stated", "text"),
    [
        (Source(), False, ""),
        (Source(place="  "), False, ""),
        (Source(picture="bien.jpg"), False, ""),
        (Source(place="cọc H3/120"), True, "cọc H3/120"),
        (Source(order="QĐ 12", dated=date(2026, 3, 1)), True, "QĐ 12 (01/03/2026)"),
        (Source(place="cột đèn", order="QĐ 12"), True, "cột đèn; QĐ 12"),
    ],
)
def test_a_source_is_a_place_or_an_order(source: Source, stated: bool, text: str) -> None:
    assert (source.stated, source.text) == (stated, text)


MONDAY = datetime(2026, 11, 23, tzinfo=HERE.zone)


@pytest.mark.parametrize(
    ("hours", "at", "holds"),
    [
        (("06:00", "09:00"), timedelta(hours=6), True),
        (("06:00", "09:00"), timedelta(hours=9), False),
        (("06:00", "09:00"), timedelta(hours=5, minutes=59, seconds=59), False),
        (("00:00", "24:00"), timedelta(hours=23, minutes=59, seconds=59), True),
        (("22:00", "05:00"), timedelta(hours=23), True),
        (("22:00", "05:00"), timedelta(days=1, hours=4), True),
        (("22:00", "05:00"), timedelta(days=1, hours=5), False),
        (("22:00", "05:00", "sun"), timedelta(hours=4), True),
        (("22:00", "05:00", "sun"), timedelta(hours=23), False),
        (("06:00", "09:00", "sat", "sun"), timedelta(hours=7), False),
    ],
)
def test_hours_hold_from_their_begin_to_before_their_end(hours: Any, at: timedelta, holds: bool) -> None:
    begin, end, *days = hours
    assert Hours(begin=begin, end=end, days=days or list(DAYS)).hold(MONDAY + at) is holds


@given(
    st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60), st.sets(st.sampled_from(DAYS), min_size=1),
    st.integers(0, 7 * 24 * 60 - 1),
)  # fmt: skip
def test_hours_hold_as_long_as_they_say_each_day(begin: int, end: int, days: set[Any], minute: int) -> None:
    text = [f"{m // 60:02d}:{m % 60:02d}" for m in (begin, end)]
    hours = Hours(begin=text[0], end=text[1], days=sorted(days))
    length = end - begin if begin < end else end + 24 * 60 - begin
    at = MONDAY + timedelta(minutes=minute)
    began = [d for d in (at.date(), at.date() - timedelta(days=1)) if DAYS[d.weekday()] in days]
    within = any(
        0 <= (at - MONDAY).total_seconds() / 60 - ((d - MONDAY.date()).days * 1440 + begin) < length for d in began
    )
    assert hours.hold(at) is within


@pytest.mark.parametrize("bad", ["24:00", "6:00", "25:00", "06:60", ""])
def test_hours_are_written_as_on_a_clock(bad: str) -> None:
    with pytest.raises(ValueError, match="begin"):
        Hours(begin=bad, end="09:00")


RUSH = {"hours": [{"begin": "06:00", "end": "08:30", "days": ["mon", "tue"]}]}


def finding(*names: str) -> Finding:
    return Finding(ActCode.BANNED_TURN, "line", 0, 1, 2, {}, signs=names)


@pytest.mark.parametrize(
    ("names", "local", "by"),
    [
        ((), MONDAY, "no sign at all"),
        (("rush",), MONDAY + timedelta(hours=7), "rush"),
        (("rush",), MONDAY + timedelta(hours=9), None),
        (("rush",), MONDAY + timedelta(days=3, hours=7), None),
        (("rush", "always"), MONDAY + timedelta(hours=9), "always"),
    ],
)
def test_a_finding_stands_by_the_sign_that_was_in_force(names: Any, local: datetime, by: str | None) -> None:
    road = road_scene(
        signs=[sign("P.123a", "line", id="rush", **RUSH), sign("P.123b", "line", id="always")],
    )
    found = in_force(finding(*names), road, local.astimezone(UTC))
    if by is None:
        assert found is None
    elif not names:
        assert found is not None
        assert "sign" not in found.reasons
    else:
        assert found is not None
        assert (found.reasons["sign"], found.reasons["sign_source"]) == (by, "cột đèn")
        assert ("sign_hours" in found.reasons) is (by == "rush")


def test_the_other_half_of_a_road_is_stated_only_over_a_line_that_nobody_may_cross() -> None:
    for kind, stated in (("1.1", False), ("1.2", True), ("1.3", True), ("1.4", False), ("1.5", False)):
        road = road_scene(
            markings=[{"id": "tim", "kind": kind, "points": [[300, 305], [300, 479]], "crossable_from": [200, 400]}],
            roads=[{"id": "road", "kind": "two_way", "centre": "tim", "source": {"place": "vạch"}}],
        )
        assert bool(two_way(road, road.lanes[0])) is stated, kind
        assert one_way(road, road.lanes[0]) is None


FACTS = demo_scene(divided=True)


TWO_WAY_FACTS = demo_scene()


@given(st.sets(st.sampled_from(["roads", "signs", "areas", "markings", "exits", "signals", "ground"])))
def test_a_scene_without_the_fact_cannot_state_the_act(gone: set[str]) -> None:
    without = {name: None if name == "ground" else [] for name in gone}
    stated = {one.act for one in statable(FACTS.model_copy(update=without)) if not one.lacks}
    needs = {
        ActCode.WRONG_WAY: {"roads"},
        ActCode.BANNED_TURN: {"signs", "exits"},
        ActCode.WRONG_LANE: {"signs", "areas", "ground"},
        ActCode.LANE_DIRECTION: {"exits"},
        ActCode.SOLID_LINE: {"markings", "ground"},
        ActCode.RED_LIGHT: {"signals"},
        ActCode.STOPPED_PAST_LINE: {"signals"},
    }
    for act, facts in needs.items():
        assert (act in stated) is not bool(facts & gone), (act, gone)
    two_way_stated = {one.act for one in statable(TWO_WAY_FACTS.model_copy(update=without)) if not one.lacks}
    assert (ActCode.OPPOSITE_HALF in two_way_stated) is not bool({"roads", "markings"} & gone), gone
    assert ActCode.OPPOSITE_HALF not in stated


def test_which_acts_a_scene_can_state_is_told_in_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "scene.yaml"
    file.write_text(yaml.safe_dump({**GOOD, "roads": [], "lanes": [{**GOOD["lanes"][0], "road": None}]}), "utf-8")
    result = CliRunner().invoke(cli, ["zones", "acts", str(file)])
    assert result.exit_code == 0, result.output
    assert "✓ red_light" in result.output
    assert "✗ wrong_way" in result.output
    assert "không nêu hành vi đi ngược chiều ở đây / no lane belongs to a one-way road" in result.output
    assert "✗ banned_turn" in result.output
    machine = CliRunner().invoke(cli, ["zones", "acts", str(file), "--json"])
    told = {one["act"]: one for one in yaml.safe_load(machine.output)}
    assert set(told) == {act.value for act in ActCode}
    assert told["red_light"]["lacks"] == []


@pytest.mark.parametrize(("number", "governs", "told"), [("P.123a", "s1", True), ("R.412b", "l1", False)])
def test_a_sign_whose_number_nobody_has_read_is_to_be_confirmed(
    number: str, governs: str, told: bool, tmp_path: Path
) -> None:
    file = tmp_path / "scene.yaml"
    sign = {"id": "b1", "number": number, "governs": [governs], "source": {"place": "cột đèn"}}
    file.write_text(yaml.safe_dump({**GOOD, "signs": [sign]}), "utf-8")
    result = CliRunner().invoke(cli, ["zones", "acts", str(file)])
    assert result.exit_code == 0, result.output
    assert (f"cần người xác nhận: {number}" in result.output) is told
    assert HERE.signs.meaning(number).confirmed is not told


def test_each_sign_of_the_catalogue_says_something_of_somebody() -> None:
    assert len(set(HERE.signs.codes)) == len(HERE.signs.codes)
    for meaning in HERE.signs.all:
        assert bool(meaning.movements) is (meaning.says in ("no_turn", "free_on_red")), meaning
        assert set(meaning.classes) <= set(VehicleClass)
    assert {HERE.signs.of_turn(turn) for turn in ("left", "right", "u_turn")} == {"P.123a", "P.123b", "P.124a"}
    assert HERE.signs.of_turn("straight") is None
