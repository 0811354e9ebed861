"""Each way in which a scene makes no sense is found, at its place in the file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.zones.scenes import DROP, GOOD, scene_data
from zones.check import check, scene_schema_json
from zones.load import scene_from_data

LAMP = {"colour": "red", "box": [602, 102, 628, 126]}
LANE = GOOD["lanes"][0]
TWO_WAY = {key: value for key, value in LANE.items() if key != "road"}
ROAD = GOOD["roads"][0]
BOX = [[100, 200], [300, 200], [300, 250], [100, 250]]


def sign(number: str, *governs: str, **rest: Any) -> dict[str, Any]:
    """A sign on a mast."""
    return {"id": "b1", "number": number, "governs": list(governs), "source": {"place": "trên cột đèn"}, **rest}


def two_way(**changes: Any) -> dict[str, Any]:
    """GOOD's road with both directions and its line between."""
    road = {"id": "r1", "kind": "two_way", "centre": "m1", "source": {"place": "vạch 1.2"}}
    return {"roads": [road | changes]}


def test_a_good_scene_has_no_fault():
    assert check(scene_from_data(GOOD)) == []


@pytest.mark.parametrize(
    "head",
    [{"phase": 2, "source": "controller", "box": None, "lamps": []}, {"controller_head": "K2"}, {"phase": 8}],
    ids=["told alone", "seen and told by name", "seen and told by phase"],
)
def test_a_head_that_a_controller_tells_is_good_where_its_phase_or_name_is_given(head):
    data = scene_data(**{f"signals.0.{name}": value for name, value in head.items()})
    assert check(scene_from_data(data)) == []


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("crossed junction", {"junction": [[50, 300], [590, 150], [590, 300], [50, 150]]}, "junction", "crosses itself"),
    (
        "crossed lane",
        {"lanes.0.polygon": [[60, 345], [300, 479], [300, 345], [60, 479]]},
        "lanes[0].polygon",
        "crosses itself",
    ),
    (
        "crossed stop line",
        {"stop_lines.0.points": [[50, 340], [300, 360], [300, 300], [100, 380]]},
        "stop_lines[0].points",
        "crosses itself",
    ),
    (
        "flat area",
        {"approaches.0.polygon": [[50, 345], [300, 345], [590, 345]]},
        "approaches[0].polygon",
        "is empty",
    ),
    (
        "area without size",
        {"exits.0.polygon": [[100, 120], [101, 120], [100, 121]]},
        "exits[0].polygon",
        "is empty",
    ),
    ("line outside", {"stop_lines.0.points.1": [650, 340]}, "stop_lines[0].points[1]", "outside the picture"),
    ("exit outside", {"exits.0.polygon.0": [-5, 120]}, "exits[0].polygon[0]", "outside the picture"),
    (
        "excluded area outside",
        {"exclude": [{"id": "x", "polygon": [[0, 0], [9, 0], [9, 999]]}]},
        "exclude[0]",
        "outside",
    ),
    (
        "lamp outside the picture",
        {"signals.0.countdown": [620, 70, 650, 95]},
        "signals[0].countdown",
        "outside the picture",
    ),
    ("box turned over", {"signals.0.box": [630, 100, 600, 180]}, "signals[0].box", "turned over"),
    ("stop line of no length", {"stop_lines.0.points": [[50, 340], [50, 340]]}, "stop_lines[0].points", "no length"),
    ("forward on the line", {"stop_lines.0.forward": [300, 340]}, "stop_lines[0].forward", "on the line"),
    ("approach past the line", {"stop_lines.0.forward": [300, 450]}, "stop_lines[0].approach", "junction side"),
    ("junction before the line", {"stop_lines.0.forward": [300, 450]}, "junction", "past no stop line"),
    ("exit before the line", {"stop_lines.0.forward": [300, 450]}, "exits[0].polygon", "before every stop line"),
    ("unknown approach", {"stop_lines.0.approach": "a9"}, "stop_lines[0].approach", "no approach 'a9'"),
    ("no junction", {"junction": DROP}, "junction", "is missing"),
    ("head governs nothing", {"signals.0.governs": []}, "signals[0].governs", "governs nothing"),
    ("head governs an unknown line", {"signals.0.governs": ["s9"]}, "signals[0].governs[0]", "no stop line 's9'"),
    ("head governs an unknown lane", {"signals.0.lanes": ["l1", "l9"]}, "signals[0].lanes[1]", "no lane 'l9'"),
    ("head for no movement", {"signals.0.movements": []}, "signals[0].movements", "governs nobody"),
    ("one-way without a source", {"roads.0.source": {"place": " "}}, "roads[0].source", "căn cứ"),
    ("a source of nothing", {"roads.0.by": None}, "roads[0].by", "not what it is of"),
    ("a lane of no road", {"lanes.0.road": "r9"}, "lanes[0].road", "no road 'r9'"),
    ("an edge that is not drawn", {"lanes.0.edge": "m9"}, "lanes[0].edge", "no marking 'm9'"),
    ("arrows that nobody saw", {"lanes.0.arrows": {}}, "lanes[0].arrows", "no source of the arrows"),
    ("a lane that nobody may leave", {"lanes.0.movements": []}, "lanes[0].movements", "is empty"),
    ("both ways, and one-way by a sign", two_way(by="P.102"), "roads[0].by", "not one-way by anything"),
    ("a centre line that is not drawn", two_way(centre="m9"), "roads[0].centre", "no marking 'm9'"),
    ("a lane line for a centre line", two_way() | {"markings.0.kind": "2.2"}, "roads[0].centre", "opposite directions"),
    ("a one-way road with a centre line", {"roads.0.centre": "m1"}, "roads[0].centre", "only a two-way road"),
    ("a sign that stands nowhere", {"signs": [sign("P.123a", "s1", source={})]}, "signs[0].source", "no source"),
    ("a sign for nothing", {"signs": [sign("P.123a")]}, "signs[0].governs", "holds for nothing"),
    ("a turn banned in a lane", {"signs": [sign("P.123a", "l1")]}, "signs[0].governs[0]", "cannot hold for 'l1'"),
    ("a lane's sign at a line", {"signs": [sign("R.412e", "s1")]}, "signs[0].governs[0]", "cannot hold for 's1'"),
    ("a picture of lanes, but of which", {"signs": [sign("R.415a", "l1")]}, "signs[0].classes", "which classes"),
    ("a sign outside the picture", {"signs": [sign("P.123a", "s1", at=[900, 9])]}, "signs[0].at", "outside"),
    (
        "entry banned where stopping is",
        {"areas": [{"id": "x", "kind": "kerbside", "polygon": BOX}], "signs": [sign("P.101", "x")]},
        "signs[0].governs[0]",
        "cannot hold for 'x'",
    ),
    (
        "a crossed area",
        {"areas": [{"id": "x", "kind": "pavement", "polygon": [[9, 9], [90, 90], [90, 9], [9, 90]]}]},
        "areas[0].polygon",
        "crosses itself",
    ),
    ("one-way, but which way?", {"lanes.0.direction": None}, "lanes[0].direction", "wrong way cannot be told"),
    (
        "a head that only a controller could tell",
        {"signals.0.source": "controller", "signals.0.box": None, "signals.0.lamps": []},
        "signals[0].source",
        "names no phase",
    ),
    (
        "the same with lamps drawn, said in Vietnamese",
        {"signals.0.source": "controller"},
        "signals[0].source",
        "không nêu pha",
    ),
    (
        "two names at the controller",
        {"signals.0.phase": 2, "signals.0.controller_head": "K2"},
        "signals[0].controller_head",
        "names a phase and a name",
    ),
    ("head not seen", {"signals.0.box": None, "signals.0.lamps": []}, "signals[0]", "neither box nor lamps"),
    (
        "lamp beside its head",
        {"signals.0.lamps.0.box": [560, 102, 590, 126]},
        "signals[0].lamps[0].box",
        "outside its head",
    ),
    ("two red lamps", {"signals.0.lamps.1.colour": "red"}, "signals[0].lamps[1].colour", "second red lamp"),
    ("same id twice", {"lanes": [LANE, LANE]}, "lanes[1].id", "is also lanes[0]"),
    ("lane without direction", {"lanes.0.direction": None}, "lanes[0].direction", "is missing"),
    ("direction out of its lane", {"lanes.0.direction.1": [400, 350]}, "lanes[0].direction[1]", "outside the lane"),
    ("direction of no length", {"lanes.0.direction.1": [200, 470]}, "lanes[0].direction", "no length"),
    ("mixed line without a side", {"markings.0.kind": "1.4"}, "markings[0].crossable_from", "from one side"),
    (
        "mixed line with its side on the line",
        {"markings.0.kind": "2.4", "markings.0.crossable_from": [310, 400]},
        "markings[0].crossable_from",
        "lies on the line",
    ),
    ("stripes that cross", {"markings.0.second": [[300, 479], [320, 345]]}, "markings[0].second", "crosses the first"),
    (
        "ground points crossed",
        {"ground.pixels": [[150, 345], [600, 470], [490, 345], [40, 470]]},
        "ground.pixels",
        "cross over",
    ),
    (
        "ground points in a row",
        {"ground.metres": [[0, 12], [10, 12], [20, 12], [0, 0]]},
        "ground.metres",
        "on one line",
    ),
    (
        "ground mirrored",
        {"ground.metres": [[0, 0], [10, 0], [10, 12], [0, 12]]},
        "ground.metres",
        "mirrored",
    ),
    ("drawn on a larger picture", {"picture": {"width": 320, "height": 240}}, "picture", "coordinates reach"),
    (
        "left turns wait before the line",
        {"areas": [{"id": "w", "kind": "turn_waiting", "polygon": [[60, 350], [300, 350], [300, 400], [60, 400]]}]},
        "areas[0].polygon",
        "lies past no stop line",
    ),
    (
        "nothing to be found",
        {"acts": ["solid_line"], "markings": []},
        "acts",
        "no act can follow",
    ),
]


@pytest.mark.parametrize(("changes", "path", "what"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_fault_is_found_where_it_is(changes, path, what):
    faults = [f for f in check(scene_from_data(scene_data(**changes))) if f.severity == "error"]
    assert any(f.path.startswith(path) and what in f.what for f in faults), [str(f) for f in faults]
    assert all(" / " in f.what and " / " in f.remedy for f in faults), "said in both languages"


@pytest.mark.parametrize(
    ("shows", "changes", "path", "what"),
    [
        ("line without a head", {"signals": []}, "stop_lines[0]", "no head governs"),
        (
            "a turn that no head governs",
            {"signals.0.movements": ["straight", "left"]},
            "stop_lines[0]",
            "governs right",
        ),
        (
            "a turn that a plate lets others make on red",
            {
                "signals.0.movements": ["straight", "left"],
                "signs": [sign("S.phu-re-phai", "s1", classes=["motorcycle", "bicycle"])],
            },
            "stop_lines[0]",
            "không đèn nào điều khiển hướng right",
        ),
        ("no red lens", {"signals.0.lamps": [{**LAMP, "colour": "green"}]}, "signals[0].lamps", "no red lamp"),
        (
            "a lane with a direction that nothing says is one-way",
            {"lanes.0.road": None},
            "lanes",
            "wrong way is not stated here",
        ),
        (
            "the same said in Vietnamese",
            {"lanes.0.road": None},
            "lanes",
            "không nêu hành vi đi ngược chiều ở đây",
        ),
        (
            "a divided road that nothing says is one-way",
            {"roads.0": {"id": "r1", "kind": "divided"}},
            "lanes",
            "wrong way is not stated here",
        ),
        ("a two-way road without its line", two_way(centre=None), "roads[0]", "no centre line"),
        ("a two-way road that nobody saw", two_way(source={}), "roads[0].source", "no source of the two-way road"),
        (
            "a street that no sign closes",
            {"areas": [{"id": "x", "kind": "closed_road", "polygon": BOX}]},
            "areas[0]",
            "no sign holds for 'x'",
        ),
        (
            "a sign of which only an old file tells",
            {"signs": [sign("P.123a", "s1", source={"place": "schema_version 1"})]},
            "signs[0].source.place",
            "comes from a file of version 1",
        ),
        (
            "a scene that looks for nothing else",
            {"lanes.0.road": None, "acts": ["wrong_way"]},
            "lanes",
            "wrong way is not stated here",
        ),
        ("an act that cannot be", {"acts": ["red_light", "solid_line"], "markings": []}, "acts[1]", "never be found"),
        ("broken side of a plain line", {"markings.0.crossable_from": [100, 400]}, "markings[0]", "means nothing"),
        ("drawn on a smaller picture", {"picture": {"width": 1920, "height": 1080}}, "picture", "nothing lies beyond"),
        ("a lens of five pixels", {"signals.0.lamps.1.box": [602, 128, 628, 134]}, "signals[0].lamps[1].box", "6 px"),
        (
            "a whole head whose lenses are small",
            {"signals.0": {"id": "h1", "box": [600, 100, 610, 118], "governs": ["s1"]}},
            "signals[0].box",
            "the lens is only 10 x 6 px",
        ),
        ("the same in Vietnamese", {"signals.0.lamps.1.box": [602, 128, 628, 134]}, "signals[0].lamps[1]", "nắng"),
        (
            "nothing drawn before the line",
            {"approaches": [], "stop_lines.0.approach": None, "lanes": [], "roads": []},
            "stop_lines[0]",
            "no road is drawn before stop line 's1'",
        ),
        (
            "an approach of another line, far from this one",
            {"approaches.0.polygon": [[1, 440], [639, 440], [639, 479], [1, 479]], "lanes": [], "roads": []},
            "stop_lines[0]",
            "no road is drawn before",
        ),
        (
            "a lane beside the line",
            {
                "lanes": [LANE, {"id": "other", "polygon": [[5, 345], [640, 345], [640, 479], [5, 479]]}],
                "stop_lines.0.points": [[50, 340], [400, 340]],
                "stop_lines.0.approach": None,
            },
            "stop_lines[0].points",
            "ngoài đầu vạch (làn other), xe vượt",
        ),
        (
            "an approach wider than the line",
            {"stop_lines.0.points": [[50, 340], [400, 340]]},
            "stop_lines[0].points",
            "không kéo tới lề đường bên kia",
        ),
        (
            "a line that ends at the centre line",
            {"stop_lines.0.points": [[310, 340], [590, 340]], "stop_lines.0.approach": None},
            "stop_lines[0].points",
            "centre line m1",
        ),
        (
            "a marking that goes on into the junction",
            {"markings.0.points": [[310, 479], [310, 250]]},
            "markings[0].points",
            "ends inside the junction",
        ),
        (
            "an arrow, but nothing tells the ways apart",
            {"ground": None, "signals.0.movements": ["right"], "signals.0.arrow": "right"},
            "signals[0].movements",
            "no exit for left, right",
        ),
        (
            "an arrow that governs every movement",
            {"signals.0.arrow": "right"},
            "signals[0].movements",
            "the right arrow governs every movement",
        ),
        (
            "an arrow that governs another movement",
            {"signals.0.arrow": "right", "signals.0.movements": ["left"]},
            "signals[0].movements",
            "lacks it",
        ),
        (
            "a road too small in the picture for motorcycle plates",
            {"ground.metres": [[0, 4], [3, 4], [3, 0], [0, 0]]},
            "stop_lines[0].points",
            "a motorcycle's plate about 2",
        ),
        (
            "a road too small for any plate",
            {"ground.metres": [[0, 12], [10, 12], [10, 0], [0, 0]]},
            "stop_lines[0].points",
            "a car's two-line plate 1",
        ),
        ("a camera that only watches", {"acts": []}, "acts", "only watches"),
        ("a solid line without a ground plane", {"ground": None}, "markings[0]", "without a ground plane"),
    ],
)
def test_what_a_person_should_look_at_is_a_warning(shows, changes, path, what):
    faults = check(scene_from_data(scene_data(**changes)))
    assert [f for f in faults if f.severity == "error"] == [], shows
    assert any(f.path.startswith(path) and what in f.what for f in faults), shows


@pytest.mark.parametrize(
    ("shows", "changes"),
    [
        ("a lane for both directions needs none", {"lanes.0": TWO_WAY | {"direction": None}}),
        (
            "a turn on red by a plate",
            {"signals.0.movements": ["straight", "left"], "signs": [sign("S.phu-re-phai", "s1")]},
        ),
        ("a turn on red by a plate, under a head for all ways", {"signs": [sign("S.phu-re-phai", "s1")]}),
        ("a two-way road with its line", two_way()),
        ("a lane of a two-way road", two_way() | {"acts": ["red_light", "wrong_way"]}),
        ("a turn banned at hours", {"signs": [sign("P.123a", "s1", hours=[{"begin": "06:00", "end": "08:30"}])]}),
        (
            "a closed street with its sign",
            {"areas": [{"id": "x", "kind": "closed_road", "polygon": BOX}], "signs": [sign("P.103a", "x")]},
        ),
        ("a pavement needs no sign", {"areas": [{"id": "x", "kind": "pavement", "polygon": BOX}]}),
        (
            "lanes by a picture, with its classes, and where they are chosen",
            {
                "areas": [{"id": "x", "kind": "lane_change", "polygon": BOX}],
                "signs": [sign("R.415a", "l1", classes=["car"])],
            },
        ),
        ("wrong way is not looked for", {"lanes.0": TWO_WAY, "acts": ["red_light", "solid_line"]}),
        ("a mixed line with its side", {"markings.0.kind": "1.4", "markings.0.crossable_from": [200, 400]}),
        ("a double line", {"markings.0.kind": "1.3", "markings.0.second": [[314, 479], [314, 345]]}),
        (
            "without ground, when solid lines are not looked for",
            {"ground": None, "acts": ["red_light", "stopped_past_line"]},
        ),
        (
            "an arrow with all its exits and no ground",
            {
                "ground": None,
                "markings": [],
                "acts": ["red_light"],
                "signals.0.movements": ["right"],
                "signals.0.arrow": "right",
                "exits": [
                    {"id": f"e-{way}", "movement": way, "polygon": [[100, 120], [500, 120], [500, 150], [100, 150]]}
                    for way in ("straight", "left", "right")
                ],
            },
        ),
        (
            "who turns round goes back beside the approach",
            {"exits": [{"id": "back", "movement": "u_turn", "polygon": [[5, 350], [45, 350], [45, 400], [5, 400]]}]},
        ),
        ("points on the very edge", {"approaches.0.polygon": [[50, 345], [590, 345], [640, 480], [0, 480]]}),
    ],
)
def test_what_is_right_is_left_alone(shows, changes):
    assert [str(f) for f in check(scene_from_data(scene_data(**changes)))] == [], shows


def test_whoever_has_drawn_nothing_is_told_of_a_few_drawings_not_of_fifteen():
    (fault,) = check(scene_from_data({"schema_version": 2, "id": "new", "picture": {"width": 640, "height": 480}}))
    assert fault.path == "acts"
    assert "a governed stop line" in fault.remedy
    assert "`giaolo zones acts`" in fault.remedy
    assert len(fault.remedy) < 400


def test_a_broken_shape_never_stops_the_check():
    data = scene_data(
        **{
            "stop_lines.0.points": [[50, 340], [50, 340]],
            "junction": [[1, 1], [1, 1], [1, 1]],
            "lanes.0.polygon": [[60, 345], [300, 479], [300, 345], [60, 479]],
            "markings.0.points": [[1, 1], [1, 1]],
        }
    )
    paths = {f.path for f in check(scene_from_data(data))}
    assert {"stop_lines[0].points", "junction", "lanes[0].polygon", "markings[0].points"} <= paths


def test_the_json_schema_names_every_field_of_a_scene():
    schema = scene_schema_json()
    assert set(GOOD) <= set(schema["properties"])
    assert schema["$defs"]["StopLine"]["properties"]["forward"]["title"] == "Junction side"
