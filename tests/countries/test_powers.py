"""Who may fine up to how much: complete, with its law, without a gap, rising by rank, and the law's own sums."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import pairwise

import pytest
import yaml

from countries.here import HERE
from countries.law import LawError
from countries.vn.law.figures import FOLDER
from countries.vn.law.powers import _entries
from evidence.acts import ActCode

BY_RANK = ("officer", "station_head", "commune_chief", "division_head", "province_director")
FIRST = date(2026, 8, 15)
"""NĐ 238/2026/NĐ-CP, which gives Điều 43 these sums, is in force from then."""
SUMS = {
    "officer": 7_500_000, "station_head": 22_500_000, "commune_chief": 37_500_000, "division_head": 60_000_000,
    "province_director": 75_000_000,
}  # fmt: skip
"""Read in NĐ 238/2026/NĐ-CP; a sum that is typed wrong here and there alike is not found."""
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
CAP = 75_000_000
"""No fine in road traffic is higher for a person (Luật XLVPHC Điều 24.1.d)."""


def test_the_offices_stand_from_the_lowest_to_the_highest_each_with_a_title_in_both_languages() -> None:
    assert HERE.powers.posts() == BY_RANK
    titles = [(each.vi, each.en) for each in _entries()]
    assert len(set(titles)) == len({vi for vi, _ in titles}) == len({en for _, en in titles})
    for vi, en in titles:
        assert vi.strip() == vi
        assert re.search(r"[^\x00-\x7f]", vi), f"{vi} is not in Vietnamese"
        assert en.isascii()


@pytest.mark.parametrize("post", BY_RANK)
def test_each_row_has_the_sum_of_the_law_its_unit_and_where_it_stands(post: str) -> None:
    for each in (e for e in _entries() if e.post == post):
        assert (each.most, each.unit) == (SUMS[post], "VND for a person")
        assert re.fullmatch(r"168/2024/NĐ-CP Điều 43(\.\d+)?, sửa đổi bởi 238/2026/NĐ-CP", each.reference), (
            f"{post}: {each.reference} names no article, or not the decree that changed it"
        )


def test_the_higher_office_may_always_more_and_nobody_more_than_the_law_has() -> None:
    for day in (FIRST, date(2026, 11, 23), date(2030, 1, 1)):
        sums = [HERE.powers.power(post, day).most for post in BY_RANK]
        assert sums == sorted(set(sums))
        assert sums[-1] == CAP


@pytest.mark.parametrize("post", BY_RANK)
def test_one_row_holds_on_each_day_from_the_first_on_and_none_before(post: str) -> None:
    rows = sorted((e for e in _entries() if e.post == post), key=lambda e: e.from_)
    assert rows[0].from_ == FIRST
    assert rows[-1].to is None, "what is in force has no last day"
    for before, after in pairwise(rows):
        assert before.to is not None
        assert after.from_ == before.to + timedelta(days=1), f"{post}: a gap, or two at once"
    for day in (FIRST, FIRST + timedelta(days=500)):
        assert sum(e.holds(day) for e in rows) == 1
    with pytest.raises(LawError, match=post):
        HERE.powers.power(post, FIRST - timedelta(days=1))


def test_every_act_that_a_camera_finds_can_be_signed_by_somebody_and_a_red_light_by_the_head_of_a_team() -> None:
    day, bands = date(2026, 11, 23), {}
    for act in ActCode:
        for kind in HERE.law.KINDS:
            try:
                bands[act, kind] = HERE.law.proposal(act, kind, NOON).most
            except LawError:  # no such act for that kind of vehicle
                continue
    assert len(bands) > len(ActCode)
    assert max(bands.values()) <= HERE.powers.power("province_director", day).most
    red_car, red_motorcycle = bands[ActCode.RED_LIGHT, "car"], bands[ActCode.RED_LIGHT, "motorcycle"]
    assert HERE.powers.power("officer", day).most < red_car <= HERE.powers.power("station_head", day).most
    assert red_motorcycle <= HERE.powers.power("officer", day).most


COMMUNE = [
    pytest.param(ActCode.RED_LIGHT, "car", False, id="no red light of a car, though its fine is within the sum"),
    pytest.param(ActCode.RED_LIGHT, "motorcycle", False, id="nor of a motorcycle"),
    pytest.param(ActCode.RED_LIGHT, "bicycle", True, id="that of a bicycle: a whole clause is named"),
    pytest.param(ActCode.WRONG_WAY, "motorcycle", False, id="no wrong way"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "kind", "may"), COMMUNE)
def test_the_chief_of_a_communes_police_sanctions_only_what_the_decree_lists(
    act: ActCode, kind: str, may: bool
) -> None:
    clause = HERE.law.proposal(act, kind, NOON).clause  # type: ignore[arg-type]
    day = date(2026, 11, 23)
    assert HERE.powers.power("commune_chief", day).reaches(clause) is may
    assert HERE.powers.power("division_head", day).reaches(clause), "the traffic police sanction every act of a driver"


def test_a_clause_is_not_another_that_ends_alike() -> None:
    power = HERE.powers.power("commune_chief", date(2026, 11, 23))
    assert power.reaches("điểm đ khoản 1 Điều 6")
    assert not power.reaches("điểm đ khoản 11 Điều 6")
    assert power.reaches("điểm a khoản 2 Điều 8")
    assert not power.reaches("điểm a khoản 12 Điều 8")
    assert "Điều 41.4" in power.clauses_reference


def test_the_file_holds_nothing_that_is_not_read() -> None:
    said = yaml.safe_load((resources.files(FOLDER) / "powers.yaml").read_text("utf-8"))
    assert set(said) == {"schema_version", "powers"}
    assert len(said["powers"]) == len(_entries())
