"""An act is its row, its rule, its needs, its entry in the country and its test: what is missing is named.

How to add one: docs/adding-an-act.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from central.words.texts import LANGUAGES, texts
from countries.here import HERE
from countries.law import LawError
from countries.vn.acts import ActWordsError, act_here
from edge.rules.registry import RULES
from evidence.acts import ACTS, ANY_ACT, ActCode, ActSpec, StillMoment, Unit
from zones.needs import NEEDS
from zones.road import AreaKind

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 25, 5, tzinfo=UTC)
STILLS: tuple[StillMoment, ...] = ("before", "on", "after")
MAY_NAME_ACTS = ("evidence/acts.py", "zones/needs.py", "edge/rules/", "countries/vn/", "zones/examples/")
"""Where an act may be named. Everywhere else one asks these; `tools/` draw a world and know what they draw."""
FIELDS = {"wrong_way_s", "wrong_way_px"}
"""Fields of a scene whose names begin like an act."""
SIGNS_SAY = {"lane_direction"}
"""What a sign says of a lane (`countries.road.SignSays`), by the same word as the act."""
UNITS = set(get_args(Unit)) - {""}
AREAS = set(get_args(AreaKind))
"""Kinds of areas of the road, some of which are called as what is done in them."""


def missing(act: ActCode) -> list[str]:
    """What the act lacks, each with the file in which it belongs."""
    spec = ACTS.get(act)
    if spec is None:
        return ["evidence/acts.py: its row in ACTS"]
    return [*_in_the_box(act, spec), *_in_the_scene(act), *_in_the_country(act), *_in_words(act, spec), *_tests(act)]


def _in_the_box(act: ActCode, spec: ActSpec) -> Iterator[str]:
    rule = RULES.get(act)
    if rule is None:
        yield f"edge/rules: a file that ends in RULE = Rule(ActCode.{act.name}, ...)"
        return
    box = ROOT / "edge"
    beside = [box / "signals" / "heads.py", box / "looking.py", box / "stating.py", box / "substream" / "proof.py"]
    tell = [*(box / "rules").glob("*.py"), *beside]
    written = "".join(file.read_text(encoding="utf-8") for file in tell)
    for reason in spec.reasons:
        # some names end in the unit that the road or the picture gives: f"rear_before_line_{unit}"
        begins = reason.name.removesuffix("m").removesuffix("px")
        if f'"{reason.name}"' not in written and f'f"{begins}{{' not in written:
            yield f"edge/rules: the reason {reason.name}, which the act's row lists"


def _in_the_scene(act: ActCode) -> Iterator[str]:
    if act not in NEEDS:
        yield "zones/needs.py: its line in NEEDS"


def _in_the_country(act: ActCode) -> Iterator[str]:
    try:
        here = act_here(act)
    except ActWordsError:
        yield "countries/vn/acts.yaml: its entry under acts (law, name, short)"
        return
    for kind in HERE.law.KINDS:
        try:
            HERE.law.proposal(act, kind, NOW)
        except LawError:
            if kind not in here.no_row:
                yield f"countries/vn/law: a row {here.law} for {kind}, or the reason in its no_row"
        else:
            if kind in here.no_row:
                yield f"countries/vn/acts.yaml: no_row names {kind}, and the law has a row for it"


def _in_words(act: ActCode, spec: ActSpec) -> Iterator[str]:
    keys = [f"act.{act.value}", *(f"moment.{spec.moments.of(still)}" for still in STILLS)]
    keys += [f"reason.{reason.name}" for reason in spec.reasons]
    for language in LANGUAGES:
        t = texts(language)
        yield from (f"countries/vn/acts.yaml: {key} ({language})" for key in keys if not t.has(key))


def _tests(act: ActCode) -> Iterator[str]:
    named = re.compile(rf"\bActCode\.{act.name}\b|\b{act.value}\(")
    files = sorted((ROOT / "tests" / "edge").glob("test_*.py"))
    if not any(named.search(file.read_text(encoding="utf-8")) for file in files):
        yield f"tests/edge: a test of its rule, judged(ActCode.{act.name}, ...)"


@pytest.mark.parametrize("act", list(ActCode))
def test_an_act_is_complete(act: ActCode) -> None:
    lacks = missing(act)
    assert not lacks, "\n".join([f"{act.value} lacks", *lacks])


def test_an_act_of_which_nothing_is_there_is_told_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    act = ActCode.BANNED_TURN
    monkeypatch.delitem(RULES, act)  # type: ignore[arg-type]
    monkeypatch.delitem(NEEDS, act)  # type: ignore[arg-type]
    assert [part.split(":")[0] for part in missing(act)] == ["edge/rules", "zones/needs.py"]
    monkeypatch.delitem(ACTS, act)  # type: ignore[arg-type]
    assert missing(act) == ["evidence/acts.py: its row in ACTS"]


def test_stills_of_another_act_have_words_too() -> None:
    for language in LANGUAGES:
        assert all(texts(language).has(f"moment.{ANY_ACT.of(still)}") for still in STILLS)


def test_of_each_reason_the_unit_is_the_one_its_name_ends_in() -> None:
    for spec in ACTS.values():
        for reason in spec.reasons:
            end = reason.name.rsplit("_", 1)[-1]
            assert reason.unit == (end if end in UNITS else ""), reason.name


@pytest.mark.parametrize("spec", ACTS.values(), ids=lambda spec: spec.code.value)
def test_a_limit_that_a_rule_tells_stands_beside_what_it_limits(spec: ActSpec) -> None:
    names = {reason.name for reason in spec.reasons}
    limits = {limit for reason in spec.reasons for limit in (reason.least, reason.most) if limit}
    assert limits <= names
    told = {name for name in names if re.search(r"_needed_?|_limit_", name) or name in {"stopped_s", "red_margin_s"}}
    assert told == limits


def names_an_act(file: Path) -> set[str]:
    """Acts that a file names: as strings or members in Python, as words in anything else."""
    text = file.read_text(encoding="utf-8")
    codes = {act.value for act in ActCode}
    if file.suffix != ".py":
        return codes & set(re.findall(r"[a-z]+(?:_[a-z]+)*", text)) - FIELDS - SIGNS_SAY - AREAS
    nodes = list(ast.walk(ast.parse(text)))
    said = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    members = {act.value for act in ActCode for n in nodes if isinstance(n, ast.Attribute) and n.attr == act.name}
    return ((said & codes) - SIGNS_SAY - AREAS) | members


def test_no_table_elsewhere_knows_an_act_by_name() -> None:
    found = {}
    for room in ("evidence", "common", "countries", "zones", "models", "edge", "central"):
        for file in (ROOT / room).rglob("*"):
            path = file.relative_to(ROOT).as_posix()
            if file.suffix in (".py", ".html", ".yaml", ".js") and not path.startswith(MAY_NAME_ACTS):
                found[path] = names_an_act(file)
    assert {path: acts for path, acts in found.items() if acts} == {}
