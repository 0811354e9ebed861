"""The simulated junction: what it drives, what it writes down, what the node makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("libsumo", reason="the extra `simulate` is not installed")

from countries.vn.plates import parse
from evidence.acts import ActCode, LampState, VehicleClass
from tools.command.simulate import is_divided_piece
from tools.command.simulate import simulate as simulate_command
from tools.simulate.demand import SELDOM, Habits, arrivals
from tools.simulate.demand import Flow as Flow
from tools.simulate.detector_noise import LEVELS, NoisyDetector
from tools.simulate.junction import ARROW, MAIN, camera, demo_scene, ground
from tools.simulate.kept import code_digest, load_verdict, save_verdict, verdict_file
from tools.simulate.report import as_json, close_ones, figures, interval, line, table, views_line
from tools.simulate.seen import Sight, glances
from tools.simulate.signals import CYCLE_S, Programme
from tools.simulate.store import RunFileError, load_run, save_run
from tools.simulate.street_roles import StreetHabits
from tools.simulate.traffic import simulate
from tools.simulate.truth import find_truth
from tools.simulate.views import SeenViews, ViewCount, count_views
from tools.simulate.watching import Report, Verdict, watch
from tools.simulate.world import Moment, Run, TrueAct, VehicleSpec, VehicleState
from zones.check import check

SECONDS = 75.0
REPORT = Report(ActCode.PAVEMENT, "m", 0.5, (), {})


@pytest.fixture(scope="module")
def run() -> Run:
    """On the road with a median, where wrong way is an act too."""
    return simulate(5, SECONDS, habits=Habits().times(1.5), divided=True)


@pytest.fixture(scope="module")
def verdict(run: Run) -> Verdict:
    return watch(run, fps=12.5, noise=LEVELS["default"])


def test_the_scene_made_from_the_ground_has_no_fault() -> None:
    """But that its line ends at the centre line, and that a motorcycle's plate is small there."""
    for scene in (demo_scene(), demo_scene(divided=True), demo_scene(camera(1280, 720))):
        faults = check(scene)
        assert {f.severity for f in faults} <= {"warning"}
        assert {f.path for f in faults} == {"stop_lines[0].points"}
        assert any("does not reach the far kerb" in f.what for f in faults)
        assert any("nothing can be read" in f.what for f in faults)


def test_one_seed_gives_one_run(run: Run) -> None:
    again = simulate(5, 10.0, habits=Habits().times(1.5), divided=True)
    first = [m.vehicles for m in run.moments[:100]]
    assert [list(m.vehicles) for m in again.moments[:100]] == [list(v) for v in first]


def test_the_mix_is_vietnamese() -> None:
    classes = [a.spec.cls for a in arrivals(1, 3600.0, Flow(), Habits())]
    assert 0.70 < classes.count(VehicleClass.MOTORCYCLE) / len(classes) < 0.80


def test_plates_follow_the_grammar_and_bicycles_have_none() -> None:
    specs = [a.spec for a in arrivals(2, 1200.0, Flow(), Habits())]
    assert all(s.plate is None for s in specs if s.cls == VehicleClass.BICYCLE)
    assert all(s.plate and parse(s.plate) for s in specs if s.cls != VehicleClass.BICYCLE)


def test_vehicles_move_as_fast_as_they_say(run: Run) -> None:
    worst = 0.0
    for before, after in zip(run.moments[:-1], run.moments[1:], strict=True):
        then = {v.id: v for v in before.vehicles}
        for v in after.vehicles:
            if v.id in then and v.y_m > -45:
                way = np.hypot(v.x_m - then[v.id].x_m, v.y_m - then[v.id].y_m)
                worst = max(worst, float(way) / run.step_s)
    assert worst < 17.0  # nobody jumps where the camera looks


@pytest.mark.parametrize(
    ("stream", "t_s", "lamp"),
    [
        ("S", 1.0, LampState.GREEN),
        ("S", 29.0, LampState.YELLOW),
        ("S", 32.0, LampState.RED),
        ("right", 32.0, LampState.GREEN),
        ("right", 52.0, LampState.RED),
        ("W", 52.0, LampState.GREEN),
    ],
)
def test_the_signal_programme(stream: str, t_s: float, lamp: LampState) -> None:
    assert Programme().lamp(stream, t_s) == lamp
    assert Programme().lamp(stream, t_s + 3 * CYCLE_S) == lamp


def test_a_run_comes_back_from_disk_as_it_was(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    save_run(run, path)
    back = load_run(path)
    assert back.specs == run.specs
    assert back.acts == run.acts
    assert back.ground == run.ground
    assert [list(m.vehicles) for m in back.moments] == [list(m.vehicles) for m in run.moments]
    assert [dict(m.heads) for m in back.moments] == [dict(m.heads) for m in run.moments]


def test_a_file_that_is_no_run_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "not-a-run.npz"
    path.write_bytes(b"hello")
    with pytest.raises(RunFileError, match="not-a-run"):
        load_run(path)


def test_boxes_hold_the_vehicle_and_hidden_ones_are_known_to_be(run: Run) -> None:
    for glance in list(glances(run, 2.0))[:60]:
        for sight in glance.sights:
            x1, y1, x2, y2 = sight.box
            a, b, c, d = sight.shown
            assert x1 - 1e-6 <= a < c <= x2 + 1e-6
            assert y1 - 1e-6 <= b < d <= y2 + 1e-6
            assert 0.0 <= sight.visible <= 1.0


@pytest.mark.parametrize("fps", [6.0, 10.0, 12.5, 25.0])
def test_a_camera_of_any_rate_sees_the_same_run(run: Run, fps: float) -> None:
    seen = list(glances(replace(run, moments=run.moments[:126]), fps))
    assert abs(len(seen) - 10.0 * fps) <= 1
    assert np.allclose(np.diff([g.t_s for g in seen]), 1 / fps)


def test_the_spoiled_eye_misses_about_as_much_as_asked(run: Run) -> None:
    eye = NoisyDetector(run.specs, replace(LEVELS["none"], miss=0.2, hidden_below=0.0), 5, 1920, 1080)
    there = [(len([s for s in g.sights if s.visible > 0.5]), g) for g in list(glances(run, 5.0))[:150]]
    found = sum(len(eye.see(g)) for _, g in there)
    assert 0.7 < found / sum(len(g.sights) for _, g in there) < 0.85


# -- truth, on drives made by hand -------------------------------------------------------------------------------------

SPEC = VehicleSpec("m", VehicleClass.MOTORCYCLE, "scooter", 1.9, 0.7, 1.6, (0, 0, 0), "36AA12345")
LORRY = VehicleSpec("m", VehicleClass.TRUCK, "truck", 6.4, 2.1, 2.75, (0, 0, 0), "36C12345")


def drive(
    *stops: tuple[float, float, float],
    red_from_s: float = -99.0,
    green_from_s: float = 99.0,
    heading: float = np.pi / 2,
    divided: bool = False,
    spec: VehicleSpec = SPEC,
) -> Run:
    """A motorcycle or another through (time, x, y) of its middle; heads are green, and red between the two times."""
    programme = {True: LampState.RED, False: LampState.GREEN}
    t, x, y = (np.array(v) for v in zip(*stops, strict=True))
    moments = []
    for i in range(round(float(t[-1]) / 0.08) + 1):
        now = i * 0.08
        ahead = min(now + 0.08, float(t[-1]))
        place = float(np.interp(now, t, x)), float(np.interp(now, t, y))
        speed = float(np.hypot(np.interp(ahead, t, x) - place[0], np.interp(ahead, t, y) - place[1])) / 0.08
        heads = {h: Programme().heads(0.0)[h] for h in (MAIN, ARROW)}
        heads = {h: replace(heads[h], lamp=programme[red_from_s <= now < green_from_s]) for h in heads}
        moments.append(Moment(round(now, 4), [VehicleState("m", *place, heading, speed)], heads))
    run = Run(1, 0.08, ground(divided=divided), camera(), {"m": spec}, moments)
    find_truth(run)
    return run


Drive = Callable[[], Run]
driven = partial(partial, drive)
"""A drive for a row of a table: it is driven where its row is tested, not in each process that collects the tests."""


def acts_of(run: Run) -> Mapping[str, bool]:
    return {str(a.act): a.sure for a in run.acts}


ROWS = [
    ("straight over the line in red", driven((0, 2, -28), (5, 2, 5), red_from_s=0.0), {"red_light": True}),
    ("over the line in green", driven((0, 2, -28), (5, 2, 5), red_from_s=99.0), {}),
    (
        "red for a third of a second at the line: too near the onset to say",
        driven((0, 2, -28.5), (4, 2, 5), red_from_s=0.93),
        {"red_light": False},
    ),
    (
        "stands past the line",
        driven((0, 2, -28), (3, 2, -16), (12, 2, -16), red_from_s=0.0),
        {"stopped_past_line": True},
    ),
    ("stands before the line", driven((0, 2, -28), (3, 2, -20), (9, 2, -20), red_from_s=0.0), {}),
    (
        "stops past the line and drives on in red at once",
        driven((0, 2, -28), (3, 2, -16), (4, 2, -16), (7, 2, 5), red_from_s=0.0),
        {"red_light": True},
    ),
    (
        "stands on the line, then drives on in red: has he passed it when he came or when he left?",
        driven((0, 2, -28), (3, 2, -17.5), (15, 2, -17.5), (18, 2, 5), red_from_s=0.0),
        {"red_light": False, "stopped_past_line": True},
    ),
    (
        "green before the far edge of the crosswalk: past the line in red, on its way",
        driven((0, 2, -28), (5, 2, 5), red_from_s=0.0, green_from_s=1.9),
        {"red_light": True},
    ),
    (
        "creeps past the line and waits there for green",
        driven((0, 2, -28), (3, 2, -16.5), (4.8, 2, -16.5), (7, 2, 5), red_from_s=0.0, green_from_s=4.7),
        {"stopped_past_line": False},
    ),
    (
        "rolls with its front past the line when red begins: may go on",
        driven((0, 2, -21.5), (12, 2, -9.5), red_from_s=2.9),
        {},
    ),
    (
        "stands with its front past the line when red begins, then sets off in red",
        driven((0, 2, -28), (3, 2, -18.6), (8, 2, -18.6), (11, 2, 5), red_from_s=5.0),
        {"red_light": True},
    ),
    (
        "stands with its front over the line: half of it is not past it",
        driven((0, 2, -28), (3, 2, -19.1), (9, 2, -19.1), red_from_s=0.0),
        {"stopped_past_line": False},
    ),
    (
        "stands with its rear on the line",
        driven((0, 2, -28), (3, 2, -17.9), (14, 2, -17.9), red_from_s=0.0),
        {"stopped_past_line": True},
    ),
    (
        "creeps on past the line and all but stands until green: either act may be seen in it",
        driven(
            (0, 2, -28), (3, 2, -16.3), (4, 2, -16.05), (5, 2, -16.05), (8.5, 2, 5), red_from_s=0.0, green_from_s=5.0
        ),
        {"red_light": False, "stopped_past_line": False},
    ),
    (
        "stands past the line from the beginning",
        driven((0, 2, -16.5), (9, 2, -16.5), red_from_s=0.0),
        {"stopped_past_line": False},
    ),
    (
        "changes lane over the solid line",
        driven((0, 2.2, -30), (1, 2.2, -28), (6, 4.8, -21), (7, 4.8, -19.6), red_from_s=99.0),
        {"solid_line": True},
    ),
    ("keeps 20 cm from the solid line", driven((0, 2.95, -29), (4, 2.95, -19.8), red_from_s=99.0), {}),
    (
        "against the flow of a one-way carriageway",
        driven((0, 8.0, -19), (4, 8.0, -33), heading=-np.pi / 2, divided=True),
        {"wrong_way": True},
    ),
    (
        "against the flow of a two-way road",
        driven((0, 8.0, -19), (4, 8.0, -33), heading=-np.pi / 2),
        {"opposite_half": True},
    ),
    (
        "on the other side of the double line",
        driven((0, -1.2, -36), (4, -1.2, -22), red_from_s=99.0),
        {"opposite_half": True},
    ),
    (
        "rides on the double line: in the other half with half of it",
        driven((0, -0.2, -36), (4, -0.2, -22), red_from_s=99.0),
        {"opposite_half": False, "solid_line": True},
    ),
    (
        "a lorry along the lane for cars and two-wheelers",
        driven((0, 1.75, -27), (4, 1.75, -17), red_from_s=99.0, spec=LORRY),
        {"wrong_lane": True},
    ),
    ("a motorcycle there", driven((0, 1.75, -29), (4, 1.75, -17), red_from_s=99.0), {}),
    ("a lorry that changes over it", driven((0, 1.15, -27), (4, 2.35, -17), red_from_s=99.0, spec=LORRY), {}),
    ("a lorry in it for a second", driven((0, 1.75, -27), (1.4, 1.75, -17), red_from_s=99.0, spec=LORRY), {}),
    (
        "to the right out of the lane that leads straight on",
        driven((0, 1.75, -24), (2, 1.75, -17), (3, 3, -13), (5, 13, -6), (7, 14, -6), red_from_s=99.0),
        {"lane_direction": True},
    ),
    (
        "so, and out of the picture at once: driven, but hardly to be seen",
        driven((0, 1.75, -24), (2, 1.75, -17), (3, 3, -13), (4, 10, -6), red_from_s=99.0),
        {"lane_direction": False},
    ),
    (
        "over the line, then left",
        driven((0, 1.75, -24), (2, 1.75, -10), (4, -3, -3), (6, -9, 2), red_from_s=99.0),
        {"banned_turn": True},
    ),
    (
        "half round to the left when the run ends",
        driven((0, 1.75, -24), (2, 1.75, -10), (4, -3, -3), red_from_s=99.0, heading=2.3),
        {"banned_turn": False},
    ),
    (
        "as far to the left, and straight on",
        driven((0, 1.75, -24), (2, 1.75, -10), (4, -3, -3), red_from_s=99.0),
        {},
    ),
    (
        "stands past the line when the run begins, then left",
        driven((0, 1.75, -9), (2, 1.75, -9), (4, -3, -3), (6, -9, 2), red_from_s=99.0),
        {"banned_turn": False},
    ),
    (
        "stands over the line in that lane when the run begins, then turns right",
        driven((0, 1.75, -17.5), (2, 1.75, -17.4), (3, 3, -13), (5, 13, -6), (7, 14, -6), red_from_s=99.0),
        {"lane_direction": False},
    ),
    (
        "to the right out of the right lane",
        driven((0, 5.5, -24), (2, 5.5, -17), (3, 6, -13), (5, 13, -6), (7, 14, -6), red_from_s=99.0),
        {},
    ),
    ("with the flow on the other side", driven((0, -2.0, -19), (4, -2.0, -33), heading=-np.pi / 2), {}),
]


@pytest.mark.parametrize(("why", "made", "acts"), ROWS, ids=[r[0] for r in ROWS])
def test_truth(why: str, made: Drive, acts: Mapping[str, bool]) -> None:
    assert acts_of(made()) == acts


# -- the node on it ----------------------------------------------------------------------------------------------------


def test_the_node_finds_what_happened_and_nothing_else(run: Run, verdict: Verdict) -> None:
    assert verdict.vehicles > 60
    assert len(verdict.found) >= 4
    assert not verdict.false
    assert len(verdict.missed) <= 1


def test_wrong_way_is_measured_on_the_road_with_a_median(run: Run, verdict: Verdict) -> None:
    assert ActCode.WRONG_WAY in {a.act for a in run.acts}
    assert ActCode.WRONG_WAY in {true.act for true, _ in verdict.found}
    assert {is_divided_piece(1000), is_divided_piece(1001)} == {True, False}


def test_on_a_two_way_road_the_same_drivers_are_in_its_opposite_half(run: Run) -> None:
    two_way = replace(run, ground=ground(), moments=run.moments[:500], acts=[], innocents={})
    find_truth(two_way)
    assert ActCode.OPPOSITE_HALF in {a.act for a in two_way.acts}
    assert ActCode.WRONG_WAY not in {a.act for a in two_way.acts}
    told = watch(two_way, fps=12.5, noise=LEVELS["default"])
    assert ActCode.OPPOSITE_HALF in {true.act for true, _ in told.found}
    assert not told.false


def test_no_right_turn_on_the_arrow_and_no_priority_vehicle_is_told_without_doubt(verdict: Verdict) -> None:
    accused = {r.vehicle for r in verdict.false}
    assert not accused & set(verdict.innocents)


def test_the_report_adds_up(verdict: Verdict) -> None:
    lines = figures([verdict])
    assert sum(f.found for f in lines) == len(verdict.found)
    assert "precision" in table([verdict])
    said = json.loads(as_json([verdict], seed=3))
    assert said["vehicles"] == verdict.vehicles
    assert {a["act"] for a in said["acts"]} == {str(a) for a in ActCode}


def test_a_share_comes_with_how_sure_it_is() -> None:
    """Five of five may yet be one miss in two: Wilson's interval, by its published table."""
    assert interval(0, 0) is None
    assert interval(5, 5) == pytest.approx((0.5655, 1.0), abs=1e-4)
    assert interval(81, 100) == pytest.approx((0.7222, 0.8749), abs=1e-4)
    five = Verdict(1, 9, 60.0, missed=[], found=[(TrueAct(ActCode.PAVEMENT, "m", 0, 1, "x"), REPORT)] * 5)
    (said,) = (a for a in json.loads(as_json([five]))["acts"] if a["act"] == "pavement")
    assert said["recall_95"] == pytest.approx([0.5655, 1.0], abs=1e-4)
    assert said["precision_95"] == said["recall_95"]
    assert "1.0000 (0.566-1.000)" in table([five])


def test_who_only_comes_close_is_counted_and_so_is_who_of_them_was_accused() -> None:
    close = {"m": "rides along the kerb", "n": "rides along the kerb", "o": "crosses to a gate"}
    said = close_ones([Verdict(1, 9, 60.0, false=[REPORT], innocents=close)])
    assert said == ["lawful: crosses to a gate: 0 of 1 accused", "lawful: rides along the kerb: 1 of 2 accused"]


def test_whose_the_views_are_is_counted_against_the_truth() -> None:
    """A track that followed `a` and then `b`: what is told of `b` by the views before is wrong."""
    book = {
        index: [Sight("a", (0, 0, 40, 80), (0, 0, 40, 80), 1.0), Sight("b", (50, 0, 90, 80), (50, 0, 90, 80), 1.0)]
        for index in range(20)
    }
    views = SeenViews()
    for index in range(20):
        followed = (1, 0, 41, 80) if index < 10 else (50, 0, 90, 79)
        views.offer(3, index, index / 5, followed, np.zeros((9, 9, 3), np.uint8), astray=index == 12)
    assert not views.of(3, 3.0).own, "no plate is looked for"
    counted = count_views(views.asked[3, 3.0], "b", book)
    assert counted == ViewCount(own_right=4, own_wrong=0, perhaps_right=1, perhaps_wrong=5)
    said = views_line([Verdict(1, 2, 4.0, views=counted), Verdict(2, 2, 4.0, views=counted)])
    assert "another's 50.00 % of 20" in said
    assert "80.00 % of 10" in said
    assert views_line([Verdict(1, 2, 4.0)]) == "views of accused vehicles: none"


def test_more_offenders_are_no_more_breakdowns() -> None:
    usual, many = Habits(), Habits().more_offenders(4.0)
    assert (many.stalled, many.priority) == (usual.stalled, usual.priority)
    assert many.banned_left == pytest.approx(4 * usual.banned_left)
    assert many.wrong_way_every_s == pytest.approx(usual.wrong_way_every_s / 4)


def test_acts_that_happen_seldom_can_be_made_frequent_alone() -> None:
    usual, many = Habits(), Habits().more_seldom(8.0)
    assert many.banned_left == pytest.approx(8 * usual.banned_left)
    assert many.wrong_lane == 0.9, "not more than nearly all"
    assert replace(many, **{name: getattr(usual, name) for name in SELDOM}) == usual
    assert usual.more_seldom(1.0) == usual
    street = StreetHabits().more_seldom(3.0)
    assert (street.parks, street.u_turn) == (pytest.approx(0.3), pytest.approx(0.12))
    assert street.pavement == StreetHabits().pavement


def test_an_outcome_is_kept_for_the_code_that_it_came_from(verdict: Verdict, tmp_path: Path) -> None:
    path = verdict_file(tmp_path, verdict.seed, 12.5, "default")
    assert load_verdict(path) is None
    save_verdict(verdict, path)
    read = load_verdict(path)
    assert read is not None
    told, again = (as_json([v], seed=1, fps=12.5, noise="default") for v in (verdict, read))
    assert again == told
    assert (line(read), table([read]), read.innocents) == (line(verdict), table([verdict]), verdict.innocents)
    assert code_digest() in path.name
    assert verdict_file(tmp_path, verdict.seed, 12.5, "default", "-street").name != path.name
    path.write_bytes(path.read_bytes()[:-9])
    assert load_verdict(path) is None


def test_a_piece_says_its_own_figures_on_one_line(verdict: Verdict) -> None:
    """A long evaluation that is cut off has told what it had seen."""
    said = line(verdict)
    assert said.startswith(f"piece {verdict.seed}: {verdict.vehicles} vehicles; ")
    for f in figures([verdict]):
        assert (f"{f.act} {f.found} of {f.found + f.missed}" in said) is bool(f.found + f.missed + f.false)
    assert line(Verdict(7, 3, 60.0)) == "piece 7: 3 vehicles; no act"


def test_the_command_writes_a_run_that_can_be_read(tmp_path: Path) -> None:
    out = tmp_path / "a" / "run.npz"
    result = CliRunner().invoke(simulate_command, ["--seed", "4", "--seconds", "4", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert len(load_run(out).moments) == 50
