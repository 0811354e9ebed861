"""The habits that the suite rests on: a skip cannot hide a promise, and a run in several processes is one run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests import footage

pytest_plugins = ["pytester"]
TESTS = Path(__file__).parent
CONFTEST = """
from tests.footage import pytest_runtest_makereport, pytest_runtest_setup, pytest_terminal_summary
"""
PROMISES = """
import pytest

@pytest.mark.footage
def test_a_promise(): pass

@pytest.mark.footage
def test_that_finds_a_reason_to_skip(): pytest.skip("no such clip")

def test_without_footage(): pytest.skip("not today")
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite of three, with the rules of this one; its ../shared is a folder of its own."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(PROMISES)
    pytester.makeini("[pytest]\nmarkers =\n    footage: needs footage\n")
    monkeypatch.setattr(footage, "SHARED", pytester.path / "shared")
    monkeypatch.delenv("CI", raising=False)
    return pytester


def run(inner: pytest.Pytester) -> pytest.RunResult:
    return inner.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")


def test_without_footage_its_tests_are_skipped(inner: pytest.Pytester) -> None:
    result = run(inner)
    result.assert_outcomes(skipped=3)
    assert "NOT PROVED" not in result.stdout.str()


def test_in_ci_without_footage_the_summary_says_aloud_what_is_not_proved(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = run(inner)
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*NOT PROVED: 2 tests on footage did not run*", "*test_in_ci_without_footage*.py"])


def test_in_ci_with_footage_a_skip_is_a_failure(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    (footage.SHARED / "footage").mkdir(parents=True)
    run(inner).assert_outcomes(passed=1, skipped=2)
    monkeypatch.setenv("CI", "true")
    result = run(inner)
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*skipped although its footage is here and CI is set: *no such clip*"])


# what is itself a clock: a camera that keeps time, a moment left to chance, a process that must still be there
MAY_SLEEP = {"tests/waiting.py", "tests/edge/odd_camera.py", "tests/edge/test_outbox.py", "tests/test_test_habits.py"}


def test_no_test_sleeps_and_hopes() -> None:
    found = []
    for path in sorted(TESTS.rglob("*.py")):
        where = str(path.relative_to(TESTS.parent))
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(r"(\w+\.)*sleep", ast.unparse(node.func)):
                found.append(f"{where}:{node.lineno}")
    assert [place for place in found if place.split(":")[0] not in MAY_SLEEP] == []


def test_what_runs_longest_starts_first_and_a_file_stays_together(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("from tests.processes import pytest_collection_modifyitems")
    pytester.makeini("[pytest]\nmarkers =\n    slow: takes long\n    xdist_group: together\n")
    pytester.makepyfile(
        test_a="def test_short(): pass\ndef test_short_too(): pass",
        test_b="import pytest\ndef test_beside(): pass\n@pytest.mark.slow(30)\ndef test_long(): pass",
        test_c="import pytest\n@pytest.mark.xdist_group('alone')\n@pytest.mark.slow(50)\ndef test_longest(): pass\n"
        "def test_of_the_same_file(): pass",
    )
    told = pytester.runpytest_inprocess("--collect-only", "-q", "-p", "no:xdist", "-p", "no:cacheprovider").stdout.lines
    assert [line.split("::")[1] for line in told if "::" in line] == [
        "test_longest", "test_beside", "test_long", "test_short", "test_short_too", "test_of_the_same_file",
    ]  # fmt: skip
