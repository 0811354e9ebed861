"""Who passed a line, came into an area or stood there and was not reported is listed, with what refused."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.explain.why_not import AFTER_THE_RULES, NotReported, WhyNot
from edge.explain.words import LANGUAGES, clause, listing, sentence, words
from edge.pipeline import CameraPipeline
from edge.rules.refusal import Refusal
from evidence.acts import ActCode, LampState, VehicleClass
from tests.edge.judged import judged, refused
from tests.edge.roads import GREEN, RED, YELLOW, Where, drive, lamps, points, scene
from tests.edge.test_pipeline import RUNNER, KnownDetector, KnownPlates, play

RULES = Path(__file__).resolve().parents[2] / "edge" / "rules"
THROUGH = points((0, 300, 450), (6, 300, 60))
LANGUAGE_OF = {"vi": "không báo", "en": "no “"}


@pytest.mark.parametrize(
    ("where", "phases", "guard", "weighed"),
    [
        (THROUGH, [(0.0, GREEN)], "no_lamp_red", None),
        (THROUGH, [(0.0, YELLOW), (2.1, RED)], "red_too_short", "s"),
        (points((0, 300, 450), (2, 300, 310), (2.5, 300, 280), (9, 300, 280)), [(0.0, RED)], "did_not_drive_on", "px"),
        (points((0, 300, 450), (2, 300, 310), (2.5, 300, 290), (4, 300, 310)), [(0.0, RED)], "came_back", None),
        (points((0, 60, 450), (4, 60, 60)), [(0.0, RED)], "passed_beyond_line_end", None),
        (points((0, 300, 301), (2, 300, 301), (4, 300, 60)), [(0.0, RED)], "not_seen_far_enough_before_line", "px"),
        (points((0, 300, 290), (4, 300, 60)), [(0.0, RED)], "first_seen_past_line", None),
    ],
)
def test_a_vehicle_that_passed_the_line_and_ran_no_light_is_told_with_the_guard_that_refused(
    where: Where, phases: list[tuple[float, LampState]], guard: str, weighed: str | None
) -> None:
    here = scene()
    path = drive(here, where, from_s=0, to_s=9 if "drive_on" in guard else 4)
    assert judged(ActCode.RED_LIGHT, path, here, lamps(here, phases)) == []
    (answer,) = refused(ActCode.RED_LIGHT, path, here, lamps(here, phases))
    assert (answer.guard, answer.what) == (guard, "line")
    if weighed is None:
        assert answer.number is None
    else:
        assert answer.number is not None
        assert answer.limit is not None
        assert answer.number < answer.limit
        assert answer.unit == weighed
    assert path.t_s[0] <= answer.t_s <= path.t_s[-1]


def test_a_vehicle_that_never_came_to_the_line_is_not_listed() -> None:
    here = scene()
    for where in (points((0, 300, 450), (2, 300, 340), (9, 300, 340)), points((0, 40, 200), (4, 600, 200))):
        path = drive(here, where, from_s=0, to_s=4)
        assert refused(ActCode.RED_LIGHT, path, here, lamps(here, [(0.0, RED)])) == []


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(120, 480), from_y=st.floats(330, 460), to_y=st.floats(60, 280), seconds=st.floats(1.5, 8),
    red_at=st.floats(0.2, 9),
)  # fmt: skip
def test_whoever_drives_over_a_line_is_reported_or_listed_never_lost(
    x: float, from_y: float, to_y: float, seconds: float, red_at: float
) -> None:
    here = scene()
    path = drive(here, points((0, x, from_y), (seconds, x, to_y)), from_s=0, to_s=seconds)
    told = lamps(here, [(0.0, GREEN), (red_at, RED)])
    for act in (ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE):
        assert len(judged(act, path, here, told)) + len(refused(act, path, here, told)) == 1


def calls() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(RULES.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
                yield f"{file.name}:{node.lineno}", node


def test_every_guard_of_the_rules_has_its_words_in_both_languages_and_no_words_are_left_over() -> None:
    used: dict[str, tuple[bool, bool]] = dict.fromkeys(AFTER_THE_RULES, (False, False))
    for where, call in calls():
        assert isinstance(call.args[0], ast.Constant), f"{where}: the guard's name is not written there"
        named = {keyword.arg for keyword in call.keywords}
        weighs = (len(call.args) > 2 or "number" in named, len(call.args) > 3 or "limit" in named)
        assert weighs[0] <= ("unit" in named or len(call.args) > 4), f"{where}: a number without its unit"
        assert used.setdefault(str(call.args[0].value), weighs) == weighs, f"{where}: weighs more here than elsewhere"
    said: dict[str, dict[str, str]] = words()["guards"]
    assert set(said) == set(used)
    for guard, weighs in used.items():
        for language in LANGUAGES:
            text = said[guard][language]
            assert ("{number}" in text, "{limit}" in text) == weighs, f"{guard}, {language}: {text}"


def listed(*refusals: Refusal, t_s: float = 75.25) -> NotReported:
    acts = (ActCode.RED_LIGHT, ActCode.STOPPED_PAST_LINE)
    box = (1.0, 2.0, 3.0, 4.0)
    told = tuple(zip(acts, refusals, strict=False))
    return NotReported(7, VehicleClass.MOTORCYCLE, "stop_line", "A", t_s, box, told, {"H1": GREEN})


def test_one_sentence_says_who_when_what_refused_by_how_much_and_the_lamps() -> None:
    one = listed(Refusal("red_too_short", 75.25, 0.125, 0.4, "s", "A"), Refusal("no_lamp_red", 75.25, what="A"))
    assert sentence(one, "en") == (
        "At 1:15.2, motorcycle 7 at stop line A: no “Ran a red light”, as it had been red for 0.12 s only, 0.40 s are "
        "needed; no “Stopped past the stop line on red”, as no lamp of this line was red. Lamps then: H1 green."
    )
    assert sentence(one, "vi") == (
        "Lúc 1:15,2, xe máy 7 tại vạch dừng A: không báo “Vượt đèn đỏ” vì đèn mới đỏ được 0,12 giây, cần 0,40 giây; "
        "không báo “Dừng quá vạch khi đèn đỏ” vì không đèn nào của vạch này đỏ. Đèn lúc đó: H1 xanh."
    )


def test_what_refuses_both_acts_is_said_once() -> None:
    twice = sentence(listed(*[Refusal("no_lamp_red", 1.0, what="A")] * 2), "en")
    assert twice.count("no lamp of this line was red") == 1
    assert "“Ran a red light, Stopped past the stop line on red”" in twice


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_number_beyond_the_horizon_is_a_question_mark_and_no_broken_json(value: float | None) -> None:
    one = listed(Refusal("bend_of_two", 1.0, value, 1.8, "box sizes", "A"))
    assert "?" in clause(one.refusals[0][1], "en")
    json.dumps(one.as_dict(), allow_nan=False)


def test_the_list_is_grouped_by_reason_and_bounded() -> None:
    here = scene()
    why_not = WhyNot(here, keep=30)
    path = drive(here, THROUGH, from_s=0, to_s=6)
    for guard, times in (("no_lamp_red", 40), ("came_back", 10)):
        for _ in range(times):
            why_not.note(path, [(ActCode.RED_LIGHT, Refusal(guard, 2.0, what="line"))], (), lamps(here, [(0.0, GREEN)]))
    assert why_not.total == 50
    assert len(why_not.listed) == 30
    assert why_not.groups == [
        ((ActCode.RED_LIGHT, "line", "no_lamp_red"), 40),
        ((ActCode.RED_LIGHT, "line", "came_back"), 10),
    ]
    lines = list(listing(why_not, "en", each=3))
    assert lines[0] == "50 not reported, by reason:"
    assert lines[1] == "   20  stop line line, Ran a red light: no lamp of this line was red"
    assert sum("motorcycle" in line or "car" in line for line in lines) == 6
    assert lines[-1] == "… and 20 more"


def acts_and_list(**rest: Any) -> tuple[list[tuple[Any, ...]], WhyNot]:
    pipeline = CameraPipeline(scene(), KnownDetector(), KnownPlates(), **rest)
    lawful = points((0, 420, 460), (1.5, 420, 60))
    events, _ = play(pipeline, [RUNNER, lawful], seconds=9)
    told = [(e.act, e.frame, e.t_s, e.track_id, e.vehicle, tuple(e.flags), dict(e.reasons)) for e in events]
    return told, pipeline.why_not


class Nobody(WhyNot):
    """Listens to nothing."""

    def note(self, *_: object) -> None:
        return

    def held(self, *_: object) -> None:
        return


def test_the_pipeline_lists_who_was_not_reported_and_the_acts_are_the_same_whether_anybody_listens() -> None:
    with_list, why_not = acts_and_list()
    without, nothing = acts_and_list(why_not=Nobody(scene()))
    assert with_list == without
    assert [act for act, *_ in with_list] == [ActCode.RED_LIGHT]
    assert nothing.listed == ()
    (other,) = [one for one in why_not.listed if one.what == "line"]
    assert other.box[0] > 380, "it is the other vehicle"
    assert other.lamps == {"main": GREEN}
    assert {refusal.guard for _, refusal in other.refusals} == {"no_lamp_red"}
    for language in LANGUAGES:
        told = sentence(other, language)
        assert LANGUAGE_OF[language] in told
        assert not re.search(r"[{}]|None|nan", told)
