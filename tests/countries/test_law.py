"""The law as data: the figures of NĐ 168/2024 and NĐ 238/2026, chosen by the day of the act."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest

from countries.devices import DeviceSort
from countries.here import HERE
from countries.law import LawError, OwnerType, VehicleKind
from countries.vn.acts import act_here, act_words
from countries.vn.deadlines import VIETNAM
from countries.vn.law.figures import all_figures, figure
from countries.vn.law.fines import KIND_OF_CLASS, KINDS, all_items, decree, law_item, proposal
from evidence.acts import ActCode, VehicleClass

FIRST, AMENDED = date(2025, 1, 1), date(2026, 8, 15)
AT = datetime(2026, 11, 23, 8, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("act", "kind", "clause", "low_k", "high_k", "ordinary_k", "points"),
    [
        (ActCode.RED_LIGHT, "car", "điểm b khoản 9 Điều 6", 18_000, 20_000, 19_000, 4),
        (ActCode.RED_LIGHT, "motorcycle", "điểm c khoản 7 Điều 7", 4_000, 6_000, 5_000, 4),
        (ActCode.RED_LIGHT, "special", "điểm c khoản 7 Điều 8", 6_000, 8_000, 7_000, 0),
        (ActCode.RED_LIGHT, "bicycle", "điểm đ khoản 2 Điều 9", 150, 250, 200, 0),
        (ActCode.STOPPED_PAST_LINE, "car", "điểm a khoản 1 Điều 6", 400, 600, 500, 0),
        (ActCode.STOPPED_PAST_LINE, "motorcycle", "điểm a khoản 1 Điều 7", 200, 400, 300, 0),
        (ActCode.SOLID_LINE, "car", "điểm a khoản 1 Điều 6", 400, 600, 500, 0),
        (ActCode.SOLID_LINE, "motorcycle", "điểm a khoản 1 Điều 7", 200, 400, 300, 0),
        (ActCode.SOLID_LINE, "special", "điểm a khoản 1 Điều 8", 400, 600, 500, 0),
        (ActCode.SOLID_LINE, "bicycle", "điểm c khoản 1 Điều 9", 100, 200, 150, 0),
        (ActCode.WRONG_WAY, "car", "điểm d khoản 9 Điều 6", 18_000, 20_000, 19_000, 4),
        (ActCode.WRONG_WAY, "motorcycle", "điểm a khoản 7 Điều 7", 4_000, 6_000, 5_000, 2),
        (ActCode.WRONG_WAY, "special", "điểm d khoản 7 Điều 8", 6_000, 8_000, 7_000, 0),
        (ActCode.WRONG_WAY, "bicycle", "điểm c khoản 3 Điều 9", 300, 400, 350, 0),
        (ActCode.OPPOSITE_HALF, "car", "điểm b khoản 5 Điều 6", 4_000, 6_000, 5_000, 2),
        (ActCode.OPPOSITE_HALF, "motorcycle", "điểm d khoản 3 Điều 7", 600, 800, 700, 0),
        (ActCode.OPPOSITE_HALF, "special", "điểm đ khoản 6 Điều 8", 3_000, 5_000, 4_000, 0),
        (ActCode.OPPOSITE_HALF, "bicycle", "điểm a khoản 1 Điều 9", 100, 200, 150, 0),
        (ActCode.WRONG_LANE, "car", "điểm b khoản 5 Điều 6", 4_000, 6_000, 5_000, 2),
        (ActCode.WRONG_LANE, "motorcycle", "điểm d khoản 3 Điều 7", 600, 800, 700, 0),
        (ActCode.WRONG_LANE, "special", "điểm đ khoản 6 Điều 8", 3_000, 5_000, 4_000, 0),
        (ActCode.WRONG_LANE, "bicycle", "điểm a khoản 1 Điều 9", 100, 200, 150, 0),
        (ActCode.LANE_DIRECTION, "car", "điểm a khoản 1 Điều 6", 400, 600, 500, 0),
        (ActCode.LANE_DIRECTION, "motorcycle", "điểm a khoản 1 Điều 7", 200, 400, 300, 0),
        (ActCode.LANE_DIRECTION, "special", "điểm a khoản 1 Điều 8", 400, 600, 500, 0),
        (ActCode.LANE_DIRECTION, "bicycle", "điểm c khoản 1 Điều 9", 100, 200, 150, 0),
        (ActCode.BANNED_U_TURN, "car", "điểm k khoản 4 Điều 6", 2_000, 3_000, 2_500, 0),
        (ActCode.BANNED_U_TURN, "motorcycle", "điểm k khoản 2 Điều 7", 400, 600, 500, 0),
        (ActCode.BANNED_U_TURN, "special", "điểm d khoản 4 Điều 8", 1_000, 2_000, 1_500, 0),
        (ActCode.BANNED_U_TURN, "bicycle", "điểm c khoản 1 Điều 9", 100, 200, 150, 0),
        (ActCode.CLOSED_ROAD, "car", "điểm i khoản 5 Điều 6", 4_000, 6_000, 5_000, 2),
        (ActCode.CLOSED_ROAD, "motorcycle", "điểm b khoản 6 Điều 7", 2_000, 3_000, 2_500, 2),
        (ActCode.CLOSED_ROAD, "special", "điểm d khoản 6 Điều 8", 3_000, 5_000, 4_000, 0),
        (ActCode.CLOSED_ROAD, "bicycle", "điểm c khoản 3 Điều 9", 300, 400, 350, 0),
        (ActCode.PAVEMENT, "car", "điểm d khoản 6 Điều 6", 6_000, 8_000, 7_000, 4),
        (ActCode.PAVEMENT, "motorcycle", "điểm a khoản 7 Điều 7", 4_000, 6_000, 5_000, 2),
        (ActCode.EMERGENCY_LANE, "car", "điểm d khoản 5 Điều 6", 4_000, 6_000, 5_000, 2),
        (ActCode.EMERGENCY_LANE, "special", "điểm e khoản 6 Điều 8", 3_000, 5_000, 4_000, 0),
        (ActCode.BLOCKING_JUNCTION, "car", "điểm a khoản 1 Điều 6", 400, 600, 500, 0),
        (ActCode.BLOCKING_JUNCTION, "motorcycle", "điểm a khoản 1 Điều 7", 200, 400, 300, 0),
        (ActCode.BLOCKING_JUNCTION, "special", "điểm a khoản 1 Điều 8", 400, 600, 500, 0),
        (ActCode.BLOCKING_JUNCTION, "bicycle", "điểm c khoản 1 Điều 9", 100, 200, 150, 0),
        (ActCode.STOPPING_BANNED, "car", "điểm đ khoản 2 Điều 6", 600, 800, 700, 0),
        (ActCode.STOPPING_BANNED, "motorcycle", "điểm e khoản 2 Điều 7", 400, 600, 500, 0),
        (ActCode.STOPPING_BANNED, "special", "điểm a khoản 2 Điều 8", 600, 800, 700, 0),
        (ActCode.PARKING_BANNED, "car", "điểm e khoản 3 Điều 6", 800, 1000, 900, 0),
        (ActCode.PARKING_BANNED, "motorcycle", "điểm e khoản 2 Điều 7", 400, 600, 500, 0),
        (ActCode.PARKING_BANNED, "special", "điểm a khoản 2 Điều 8", 600, 800, 700, 0),
        (ActCode.PARKING_BANNED, "bicycle", "điểm k khoản 1 Điều 9", 100, 200, 150, 0),
    ],
)
def test_the_figures_are_those_of_the_decree(
    act: ActCode, kind: VehicleKind, clause: str, low_k: int, high_k: int, ordinary_k: int, points: int
) -> None:
    found = proposal(act, kind, AT)
    assert (found.clause, found.points) == (clause, points)
    assert (found.least, found.most, found.ordinary) == (low_k * 1000, high_k * 1000, ordinary_k * 1000)


@pytest.mark.parametrize(
    ("key", "clause", "low_k", "name"),
    [
        (
            "SIGN_MARK",
            "điểm a khoản 1 Điều 6",
            400,
            "Không chấp hành hiệu lệnh, chỉ dẫn của biển báo hiệu, vạch kẻ đường",
        ),
        ("LANE", "điểm b khoản 5 Điều 6", 4_000, "Đi không đúng phần đường hoặc làn đường quy định"),
    ],
)
def test_which_act_a_lanes_direction_is_is_one_word_of_the_countrys_data(
    key: str, clause: str, low_k: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to = act_here(ActCode.LANE_DIRECTION).model_copy(update={"law": key})
    for module in ("countries.vn.acts", "countries.vn.law.fines"):
        monkeypatch.setattr(f"{module}.act_here", lambda act: set_to)
    found = proposal(ActCode.LANE_DIRECTION, "car", AT)
    assert (found.law_key, found.clause, found.least) == (key, clause, low_k * 1000)
    assert act_words(ActCode.LANE_DIRECTION)[0].startswith(name)


def _words(text: str) -> set[str]:
    """Of a name: what stands in brackets at its end is ours, and says which line or sign it was."""
    return set(re.findall(r"\w+", re.sub(r" \([^()]*\)$", "", text).lower()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("day", [FIRST, AMENDED])
def test_a_name_has_no_word_that_the_row_of_the_law_has_not(kind: VehicleKind, day: date) -> None:
    """A notice says the act and cites the clause: a bicycle is not told of a lane where its clause knows none."""
    strange = []
    for act in ActCode:
        here = act_here(act)
        if kind in here.no_row:
            continue
        known = _words(law_item(here.law, kind, day).wording)
        named = here.for_kind.get(kind, here)
        for reason, values in [("", {"": None}), *named.name_by.items()]:
            for value in values:
                if (act, value) == (ActCode.BANNED_TURN, "u_turn"):
                    continue  # no rule states it any more, packets of before do
                name, _ = act_words(act, {reason: value}, kind)
                strange += [(act.value, value, word) for word in sorted(_words(name) - known)]
    assert not strange


@pytest.mark.parametrize(
    ("by", "says", "never"),
    [
        ("P.102", "có biển “Cấm đi ngược chiều”", "đường một chiều"),
        ("one_way_road", "đường một chiều", "có biển"),
        ("one_way_carriageway", "đường một chiều", "có biển"),
    ],
)
def test_a_notice_of_the_wrong_way_names_no_sign_that_is_not_there(by: str, says: str, never: str) -> None:
    name, _ = act_words(ActCode.WRONG_WAY, {"one_way_by": by}, "car")
    assert says in name
    assert never not in name
    plain, _ = act_words(ActCode.WRONG_WAY, None, "car")
    assert says in plain


def test_an_organisation_pays_double_and_has_no_licence_to_lose_points_from() -> None:
    person, unit = (proposal(ActCode.RED_LIGHT, "car", AT, owner_type=t) for t in ("person", "organisation"))
    assert (unit.least, unit.most, unit.ordinary) == (36_000_000, 40_000_000, 38_000_000)
    assert (person.points, unit.points) == (4, 0)


@pytest.mark.parametrize(("owner", "least"), [("person", 15_000_000), ("organisation", 150_000_000)])
def test_from_which_fine_on_it_may_be_paid_in_parts(owner: OwnerType, least: int) -> None:
    rules = HERE.law.instalments(AT.date(), owner_type=owner)
    assert (rules.least_fine, rules.most, rules.first_per_cent) == (least, 3, 40)
    assert "Điều 79" in rules.reference


@pytest.mark.parametrize(
    ("points", "taken", "bearer"), [([4], 4, 0), ([0, 4], 4, 1), ([4, 4], 4, 0), ([2, 4, 10], 10, 2), ([0, 0], 0, 0)]
)
def test_of_acts_decided_at_once_the_one_with_the_most_takes_points(points: list[int], taken: int, bearer: int) -> None:
    once = HERE.law.points_once(points, AT.date())
    assert (once.taken, once.bearer, once.reference) == (taken, bearer, "168/2024/NĐ-CP Điều 50.1.b")


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("at", "amended", "shows"),
    [
        (local(2025, 1, 1), False, "the first instant of the decree"),
        (local(2026, 8, 14, 23, 59), False, "the last minute before the amendment"),
        (local(2026, 8, 15), True, "its first instant"),
        (datetime(2026, 8, 14, 17, 0, tzinfo=UTC), True, "the same instant said in UTC"),
        (datetime(2026, 8, 14, 16, 59, tzinfo=UTC), False, "a minute earlier"),
        (AT, True, "today"),
    ],
)
def test_the_decree_is_that_of_the_time_of_the_act(at: datetime, amended: bool, shows: str) -> None:
    found = proposal(ActCode.RED_LIGHT, "car", at)
    assert ("238/2026" in found.decree) is amended, shows
    assert "168/2024/NĐ-CP" in found.decree


def test_the_wording_that_changed_is_chosen_by_the_day() -> None:
    for kind in KINDS:
        before, after = (law_item("NO_ENTRY", kind, day) for day in (AMENDED - timedelta(days=1), AMENDED))
        added = " hoặc có quy định cấm của cấp có thẩm quyền đối với loại phương tiện đang điều khiển"
        # Điều 9 was not amended
        assert after.wording == before.wording + ("" if kind == "bicycle" else added)
        assert before.wording.endswith("đối với loại phương tiện đang điều khiển")


def test_an_act_before_the_decree_has_no_law_here() -> None:
    with pytest.raises(LawError, match="no law data"):
        proposal(ActCode.RED_LIGHT, "car", local(2024, 12, 31, 23, 59))
    with pytest.raises(LawError):
        decree(date(2024, 12, 31))


@pytest.mark.parametrize("act", list(ActCode))
@pytest.mark.parametrize("kind", ["car", "motorcycle", "special", "bicycle"])
def test_every_act_that_a_camera_states_has_law_on_every_day_since(act: ActCode, kind: VehicleKind) -> None:
    here, day = act_here(act), FIRST
    if kind in here.no_row:
        assert not any(item.key == here.law and item.group == kind for item in all_items())
        return
    while day < date(2027, 12, 31):
        law_item(here.law, kind, day)
        decree(day)
        day += timedelta(days=1)


def test_no_two_wordings_hold_on_the_same_day() -> None:
    for first, second in combinations(all_items(), 2):
        if (first.key, first.group) == (second.key, second.group):
            assert not first.holds(second.from_)
            assert not second.holds(first.from_)


def test_every_class_that_the_detector_knows_is_a_kind_of_the_law() -> None:
    assert set(KIND_OF_CLASS) == set(VehicleClass)


def test_no_band_is_over_the_cap_of_the_law() -> None:
    assert all(item.fine.max <= figure("highest_fine", item.from_).value for item in all_items())
    assert all(item.points.value <= figure("licence_points", item.from_).value for item in all_items())


def test_every_figure_names_its_unit_and_where_it_stands() -> None:
    for item in all_items():
        point, number, article = re.fullmatch(r"điểm (\S+) khoản (\d+) Điều (\d+)", item.clause).groups()  # type: ignore[union-attr]
        assert item.reference.split(",")[0] == f"168/2024/NĐ-CP {article}.{number}.{point}"
        assert item.points.reference
    known = {f.key: (f.value, f.unit.split()[0]) for f in all_figures()}
    assert known == {
        "organisation_times": (2, "times"), "ordinary_share": (0.5, "share"), "highest_fine": (75_000_000, "VND"),
        "licence_points": (12, "points"), "postponement_from_person": (2_000_000, "VND"),
        "postponement_from_organisation": (100_000_000, "VND"), "relief_from_person": (2_000_000, "VND"),
        "hearing_from": (15_000_000, "VND"), "notify_days": (10, "calendar"),
        "statute_years": (1, "years"), "instalments_from_person": (15_000_000, "VND"),
        "instalments_from_organisation": (150_000_000, "VND"), "instalments_most": (3, "parts"),
        "instalments_first": (40, "per"), "acts_with_points": (1, "act"), "late_per_day": (0.05, "per"),
    }  # fmt: skip


def test_a_row_is_the_law_of_some_act_or_says_why_not() -> None:
    of_acts = {act_here(act).law for act in ActCode}
    assert {item.key for item in all_items() if not item.no_act} == of_acts
    assert {item.key for item in all_items() if item.no_act} & of_acts == set()


def test_each_kind_of_the_law_has_its_word() -> None:
    assert tuple(HERE.words.kinds) == HERE.law.KINDS == KINDS
    assert set(HERE.words.colours) == {*HERE.plates.COLOURS, "unknown"}


@pytest.mark.parametrize("sort", ["camera", "box"])
@pytest.mark.parametrize(
    ("day", "decree"),
    [(date(2020, 1, 1), "135/2021"), (date(2026, 3, 31), "135/2021"), (date(2026, 4, 1), "61/2026"),
     (date(2030, 1, 1), "61/2026")],
)  # fmt: skip
def test_on_every_day_a_device_needs_a_decision_and_a_look_at_it_by_the_decree_of_that_day(
    sort: DeviceSort, day: date, decree: str
) -> None:
    needs = HERE.devices.needs(sort, day)
    assert [need.key for need in needs] == ["decision", "inspection"]
    assert all(decree in need.reference for need in needs)
