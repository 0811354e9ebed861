"""No code of the program stands where a person reads: flags and reasons of cases and kinds of alarms have words."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from central.words.texts import LANGUAGES, texts
from countries.road import SignSays
from edge.video.clip import ClipFault
from zones.road import AreaKind

ROOT = Path(__file__).parents[2]
# what decides the flags and reasons of an act; pictures are named in the packet and are shown, not told
DECIDES = [
    *sorted((ROOT / "edge" / "rules").glob("*.py")),
    *(
        ROOT / "edge" / f"{name}.py"
        for name in ("events", "delivery/recorder", "video/clock", "plate/reading", "signals/heads", "looking")
    ),
]
PICTURES = {"still_before", "still_on", "still_after", "plate_crop", "vehicle_crop"}
# alarms whose kind is not written out where they are raised
KINDS = {"quarantined", "conflict", "disabled_node", "unknown_node", "gap", "behind_node", "old_packets"}


def codes(file: Path) -> set[str]:
    """The snake-case words that a source file writes out, but for names of guards: those stay on the box, and have
    words of their own there (tests/edge/test_why_not.py)."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    guards = {id(n.args[0]) for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "Refusal"}
    words = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in guards}
    return {word for word in words if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", word)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_flag_and_reason_that_a_box_can_give_has_words(language: str) -> None:
    t = texts(language)
    given = set().union(*(codes(file) for file in DECIDES)) - PICTURES
    given |= {f"{picture}_missing" for picture in PICTURES if picture.startswith("still")}
    given |= {*get_args(ClipFault)}
    given -= {*get_args(AreaKind), *get_args(SignSays)}  # what the rules ask the scene for
    assert {"red_onset_not_seen", "crossing_not_seen", "plate_part_missing", "stream_time_step"} <= given
    groups = ("flag", "reason", "value")
    assert {code for code in given if not any(t.has(f"{group}.{code}") for group in groups)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_alarm_has_words(language: str) -> None:
    raised = re.compile(r'(?:raise_alarm\(session, |\.alarm\(|TransferRefused\()\s*"(\w+)"')
    kinds = set(KINDS)
    for file in (ROOT / "central").rglob("*.py"):
        kinds |= set(raised.findall(file.read_text(encoding="utf-8")))
    assert {"fork", "shared_id", "log_rewound", "evidence_unsound", "broker_rules", "too_large"} <= kinds
    assert {kind for kind in kinds if not texts(language).has(f"alarm.{kind}")} == set()


def test_no_english_text_puts_a_plural_after_a_number() -> None:
    """It read as 1 violations and 1 days left: a number stands behind its word, or before a unit."""
    counted = re.compile(r"\{(?:n|shown|total|minutes|seconds)\} (?!follows)(?:other )?[a-z]+s\b")
    assert {key: text for key, text in texts("en").entries.items() if counted.search(text)} == {}


def test_the_paper_names_the_owners_code_as_the_look_up_asks_for_it() -> None:
    form = (ROOT / "countries" / "vn" / "forms" / "form-01-73.yaml").read_text(encoding="utf-8")
    name = "Mã tra cứu"
    assert f"{name} dành cho chủ phương tiện: <b>{{code}}</b>" in form
    assert texts("vi")("owner.code").startswith(name)


def test_nobody_is_told_to_ask_for_what_nobody_can_do() -> None:
    """A locked name opens by itself; the desk has no way to unlock it, and no officer edits the configuration."""
    assert "mở khóa" not in texts("vi")("signin.locked_todo")
    for language, who in (("vi", "người quản trị"), ("en", "the administrator")):
        for key, text in texts(language).entries.items():
            assert not re.search(r"\boffice\.[a-z]|\bcalendar\b", text) or who in text, key


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_paper_named_without_its_number_does_not_end_in_the_word_for_it(language: str) -> None:
    words = yaml.safe_load((Path(__file__).parents[2] / "central" / "words" / f"{language}.yaml").read_text("utf-8"))
    number = words["papers"]["number"]
    assert [name for name in words["paper"].values() if name.endswith(number)] == []
