"""Acts against truth, row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.footage import FOOTAGE
from tools.command.cli import cli
from tools.evaluate.acts import Reported, Score, TruthError, read_truth, score

HERE, THERE = (100.0, 100.0, 200.0, 200.0), (400.0, 100.0, 500.0, 200.0)
# 30 px to the side of HERE: IoU 0.54; 60 px: 0.25
NEAR, TOO_FAR = (130.0, 100.0, 230.0, 200.0), (160.0, 100.0, 260.0, 200.0)

LINE_TRUTH: dict[str, Any] = {
    "fps": 10.0,
    "violators": [
        {"id": "runner", "cross_frame": 50, "cross_time_s": 5.0, "box": HERE, "confidence": "high"},
        {"id": "stopper", "cross_frame": 90, "box": HERE, "confidence": "medium", "stops_beyond_line": True},
        {"id": "blurred", "cross_frame": 120, "box": HERE, "confidence": "low - hidden by a bus"},
    ],
    "non_violators": [
        {"id": "on-yellow", "cross_time_s": 2.0, "box": THERE},
        {"id": "waits", "box": THERE, "note": "stands the whole time"},
        {"id": "early", "cross_time_s": 1.0, "box": None},
    ],
}


def act(kind: str, t_s: float, box: tuple[float, float, float, float] = HERE) -> Reported:
    return Reported(kind, int(t_s * 10), t_s, box)


def judged(*acts: Reported) -> Score:
    return score(read_truth(LINE_TRUTH, where="truth"), acts)


def told(result: Score) -> tuple[list[str], list[str], list[str], list[str]]:
    return (
        [m.true.id for m in result.matches],
        [t.id for t in result.missed],
        [f.why for f in result.false],
        [m.true.id for m in result.doubtful],
    )


BOTH = ["runner", "stopper"]


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        pytest.param((), ([], BOTH, [], []), id="nothing found: the sure and the medium are missed, the low is not"),
        pytest.param((act("red_light", 5.0),), (["runner"], ["stopper"], [], []), id="found on the spot"),
        pytest.param(
            (act("red_light", 5.99, NEAR),), (["runner"], ["stopper"], [], []), id="a second late, overlapping"
        ),
        pytest.param((act("red_light", 6.2),), ([], BOTH, ["nobody there"], []), id="more than a second late"),
        pytest.param((act("red_light", 5.0, TOO_FAR),), ([], BOTH, ["nobody there"], []), id="too little overlap"),
        pytest.param(
            (act("stopped_past_line", 5.0),), ([], BOTH, ["wrong act for runner (red_light)"], []), id="the wrong act"
        ),
        pytest.param(
            (act("red_light", 5.0), act("red_light", 5.2)),
            (["runner"], ["stopper"], ["runner a second time"], []),
            id="twice: once right, once false",
        ),
        pytest.param((act("stopped_past_line", 9.0),), (["stopper"], ["runner"], [], []), id="stopping is its own act"),
        pytest.param((act("red_light", 12.0),), ([], BOTH, [], ["blurred"]), id="unsure: neither right nor false"),
        pytest.param((act("red_light", 2.0, THERE),), ([], BOTH, ["non-violator on-yellow"], []), id="on yellow"),
        pytest.param(
            (act("red_light", 30.0, THERE),), ([], BOTH, ["non-violator waits"], []), id="who stands, at any time"
        ),
        pytest.param(
            (act("red_light", 0.9, NEAR),),
            ([], BOTH, ["non-violator early (by its time; the truth gives no box)"], []),
            id="a non-violator of whom only the time is known",
        ),
    ],
)
def test_each_report_is_right_false_or_doubtful(acts: tuple[Reported, ...], expected: tuple[list[str], ...]) -> None:
    assert told(judged(*acts)) == expected


# -- by the vehicle's track --------------------------------------------------------------------------------------------


def way(t_s: float, *, headway_s: float = 0.0, aside: float = 0.0) -> tuple[float, float, float, float]:
    """A rider 40 px wide who drives up the picture at 60 px a second and is at y = 300 at 5 s."""
    bottom = 300.0 - 60.0 * (t_s - headway_s - 5.0)
    return 100.0 + aside, bottom - 80.0, 140.0 + aside, bottom


def tracked(
    kind: str, t_s: float, from_s: float = 1.0, to_s: float = 8.0, told_s: float | None = None, **who: float
) -> Reported:
    times = [from_s + 0.1 * i for i in range(round((to_s - from_s) * 10) + 1)]
    points = tuple((at, way(at, **who)) for at in times)
    return Reported(kind, int(t_s * 10), t_s, way(t_s, **who), {}, points, told_s)


ONE_BOX = {"fps": 10.0, "violators": [{"id": "rider", "cross_frame": 50, "box": way(5.0), "confidence": "high"}]}
LONG = {
    "fps": 10.0,
    "acts": [
        {"id": "lane", "act": "solid_line", "from_s": 5.0, "to_s": 9.0, "confidence": "high",
         "boxes": {f"{t / 10:.1f}": way(t / 10) for t in range(50, 91, 4)}}
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("truth", "report", "found"),
    [
        pytest.param(ONE_BOX, tracked("red_light", 5.0), True, id="on the spot"),
        pytest.param(ONE_BOX, tracked("red_light", 6.08), True, id="1.08 s late, 65 px on: the same rider"),
        pytest.param(ONE_BOX, tracked("red_light", 4.4), True, id="the line drawn some pixels before the true one"),
        pytest.param(ONE_BOX, tracked("red_light", 5.3, headway_s=1.0), False, id="who follows a second later"),
        pytest.param(ONE_BOX, tracked("red_light", 6.0, headway_s=1.0), False, id="the follower, at the same place"),
        pytest.param(ONE_BOX, tracked("red_light", 5.0, aside=35.0), False, id="who rides beside him"),
        pytest.param(ONE_BOX, tracked("solid_line", 5.0), False, id="another act"),
        pytest.param(ONE_BOX, tracked("red_light", 13.0, to_s=14.0), False, id="long after"),
        pytest.param(LONG, tracked("solid_line", 3.5, to_s=5.5), True, id="a lane act whose truth begins later"),
        pytest.param(LONG, tracked("solid_line", 3.5, to_s=4.3), True, id="told before the truth begins"),
        pytest.param(LONG, tracked("solid_line", 6.0, headway_s=1.5), False, id="a lane act of another vehicle"),
    ],
)
def test_the_track_tells_whose_act_it_is_and_the_time_only_when(
    truth: dict[str, Any], report: Reported, found: bool
) -> None:
    result = score(read_truth(truth, where="truth"), [report])
    assert (len(result.matches), len(result.missed), len(result.false)) == ((1, 0, 0) if found else (0, 1, 1))


def test_of_two_reports_the_right_vehicle_is_served_and_the_neighbour_is_false() -> None:
    right, wrong = tracked("red_light", 6.1), tracked("red_light", 5.0, aside=22.0)
    result = score(read_truth(ONE_BOX, where="truth"), [wrong, right])
    assert [m.reported for m in result.matches] == [right]
    assert [f.reported for f in result.false] == [wrong]


def test_it_is_said_how_late_an_act_was_named_and_told(tmp_path: Path) -> None:
    report = tracked("red_light", 6.08, told_s=7.3)
    (match,) = score(read_truth(ONE_BOX, where="truth"), [report]).matches
    assert match.late_s == pytest.approx(1.08)
    assert match.told_late_s == pytest.approx(2.3)
    points = [[t, *box] for t, box in report.track]
    line = {"act": "red_light", "frame": 60, "t_s": 6.08, "told_s": 7.3, "box": report.box, "points": points}
    arguments = write(tmp_path, ONE_BOX, line)
    assert "+1.08 s, told +2.30 s" in run(*arguments).output
    assert "late" in run(*arguments).output
    (found,) = json.loads(run(*arguments, "--json").output)["found"]
    assert (found["late_s"], found["told_late_s"]) == (1.08, 2.3)


@pytest.mark.parametrize(
    ("entry", "span"),
    [
        ({"frames": [20, 40]}, (2.0, 4.0)),
        ({"boxes": {"20": HERE, "50": THERE}}, (2.0, 5.0)),
        ({"box": HERE, "box_frame": 30}, (3.0, 3.0)),
        ({"cross_time_s": 2.5}, (2.5, 2.5)),
        ({"frame": 25}, (2.5, 2.5)),
        ({"from_s": 1.0, "to_s": 2.0}, (1.0, 2.0)),
    ],
)
def test_a_lane_event_of_the_truth_needs_no_frames(entry: dict[str, Any], span: tuple[float, float]) -> None:
    value = {"fps": 10.0, "violators": [], "lane_line_events": [{"id": "a", "event": "over the line"} | entry]}
    (true,) = read_truth(value, where="truth").acts
    assert (true.act, true.from_s, true.to_s, true.certainty) == ("solid_line", *span, "high")


def test_a_lane_event_of_no_known_time_is_neither_missed_nor_false() -> None:
    value = {"fps": 10.0, "violators": [], "lane_line_events": [{"id": "a", "event": "somewhere"}]}
    truth = read_truth(value, where="truth")
    assert told(score(truth, [])) == ([], [], [], [])
    assert told(score(truth, [act("solid_line", 3.0)])) == ([], [], [], ["a"])


def test_recall_counts_the_sure_and_beside_it_the_medium() -> None:
    result = judged(act("red_light", 5.0), act("red_light", 5.5, THERE))
    assert (result.precision, result.recall, result.recall_all) == (0.5, 1.0, 0.5)


def test_without_reports_there_is_no_precision() -> None:
    assert judged().precision is None


def test_a_sure_act_is_served_before_an_unsure_one() -> None:
    truth = read_truth(
        {
            "fps": 10,
            "violators": [
                {"id": "maybe", "cross_frame": 50, "box": HERE, "confidence": "low"},
                {"id": "sure", "cross_frame": 52, "box": NEAR, "confidence": "high"},
            ],
        },
        where="truth",
    )
    assert told(score(truth, [act("red_light", 5.0)])) == (["sure"], [], [], [])


LANE_TRUTH: dict[str, Any] = {
    "fps": 10.0,
    "clips": {
        "van.mp4": {
            "straddle": [{"type": "van", "frames": [10, 40], "boxes": {"10": HERE, "30": THERE}, "confidence": "high"}],
            "wrong_side": [
                {"type": "jeep", "frames": [60, 80], "boxes": {"70": HERE}, "confidence": "medium", "act": "wrong_way"},
                {"type": "bus", "frames": [100, 120], "boxes": {"110": HERE}, "confidence": "medium"},
            ],
        },
        "bus.mp4": {},
    },
}


@pytest.mark.parametrize(
    ("reported", "found"),
    [
        pytest.param(act("solid_line", 1.0), ["van1"], id="at a known box"),
        pytest.param(act("solid_line", 2.0, (250.0, 100.0, 350.0, 200.0)), ["van1"], id="between two known boxes"),
        pytest.param(act("solid_line", 4.9, THERE), ["van1"], id="within a second of the end"),
        pytest.param(act("solid_line", 5.2, THERE), [], id="long after"),
        pytest.param(act("wrong_way", 7.0), ["jeep1"], id="on the wrong side of a one-way carriageway"),
        pytest.param(act("wrong_way", 11.0), [], id="in the other half of a two-way road"),
        pytest.param(act("wrong_way", 1.0), [], id="wrong way is not straddling"),
    ],
)
def test_lane_acts_last_for_a_while_and_move(reported: Reported, found: list[str]) -> None:
    result = score(read_truth(LANE_TRUTH, where="truth", clip="van.mp4"), [reported])
    assert [m.true.id for m in result.matches] == found


def test_the_other_half_of_a_two_way_road_is_neither_missed_nor_free_to_accuse() -> None:
    truth = read_truth(LANE_TRUTH, where="truth", clip="van.mp4")
    assert {t.id for t in score(truth, []).missed} == {"van1", "jeep1"}
    (false,) = score(truth, [act("wrong_way", 11.0)]).false
    assert false.why == "non-violator bus2"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "must be a JSON object"),
        ({}, "`fps`"),
        ({"fps": 0}, "`fps`"),
        ({"fps": 10}, "neither `violators` nor `clips`"),
        ({"fps": 10, "violators": [{"id": "a"}]}, "cannot be understood"),
        ({"fps": 10, "violators": [{"id": "a", "cross_frame": 3, "box": [1, 2]}]}, "cannot be understood"),
        (LANE_TRUTH, "--clip: bus.mp4, van.mp4"),
    ],
)
def test_a_truth_that_makes_no_sense_is_one_clear_error(value: Any, says: str) -> None:
    with pytest.raises(TruthError, match=r".+") as raised:
        read_truth(value, where="truth.json")
    assert says in str(raised.value)
    assert str(raised.value).startswith("truth.json")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["evaluate", "acts", *arguments])


def write(folder: Path, truth: Any, *lines: dict[str, Any]) -> tuple[str, ...]:
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "acts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "--truth", str(folder / "truth.json"), "--acts", str(folder / "acts.jsonl")


LINE = {"act": "red_light", "frame": 50, "t_s": 5.0, "box": HERE}


def test_the_command_prints_precision_recall_misses_and_false_acts(tmp_path: Path) -> None:
    result = run(*write(tmp_path, LINE_TRUTH, LINE, {**LINE, "t_s": 30.0}))
    assert result.exit_code == 0
    assert "precision  0.500" in result.output
    assert "recall     1.000" in result.output
    assert "MISSED stopper" in result.output
    assert "FALSE  red_light" in result.output


def test_the_command_prints_json(tmp_path: Path) -> None:
    result = json.loads(run(*write(tmp_path, LINE_TRUTH, LINE), "--json").output)
    assert (result["precision"], result["recall"]) == (1.0, 1.0)
    assert [m["id"] for m in result["missed"]] == ["stopper"]


def test_acts_of_a_truth_about_several_clips_are_known_by_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "van"
    folder.mkdir()
    line = {**LINE, "act": "solid_line", "t_s": 1.0}
    assert "found  van1" in run(*write(folder, LANE_TRUTH, line)).output


@pytest.mark.parametrize(
    "line", ['{"act": "red_light"}', "not json", '{"act":1,"frame":"x","t_s":0,"box":[1,2,3,4]}', "[]"]
)
def test_a_broken_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    arguments = write(tmp_path, LINE_TRUTH, LINE)
    with (tmp_path / "acts.jsonl").open("a") as file:
        file.write(line + "\n")
    result = run(*arguments)
    assert result.exit_code == 1
    assert "line 2" in result.output


@pytest.mark.footage
@pytest.mark.parametrize("path", sorted(FOOTAGE.glob("*/*.json")) if FOOTAGE.is_dir() else [], ids=lambda p: p.stem)
def test_every_truth_of_the_footage_is_understood(path: Path) -> None:
    value = json.loads(path.read_text())
    for clip in value.get("clips", [None]):
        truth = read_truth(value, where=str(path), clip=clip)
        assert any(a.certainty in ("high", "medium") for a in truth.acts) or truth.innocents


def test_plates_count_where_the_truth_names_them_and_the_camera_could_see_them() -> None:
    entry = {"act": "solid_line", "to_s": 9.0, "boxes": {}, "confidence": "high", "plate": "36A12345"}
    truth = {
        "fps": 10.0,
        "acts": [
            entry | {"id": "exact", "from_s": 1.0, "to_s": 1.0, "plate_px": 40.0},
            entry | {"id": "wrong", "from_s": 4.0, "to_s": 4.0},
            entry | {"id": "unread", "from_s": 7.0, "to_s": 7.0},
            entry | {"id": "from the front", "from_s": 10.0, "to_s": 10.0, "plate_px": 0.0},
            entry | {"id": "not found", "from_s": 20.0, "to_s": 20.0},
        ],
    }
    reported = [
        Reported("solid_line", 0, t_s, HERE, {"plate": plate})
        for t_s, plate in ((1.0, "36A12345"), (4.0, "36A12346"), (7.0, None), (10.0, None))
    ]
    assert score(read_truth(truth, where="truth"), reported).plates == (1, 1, 3)
