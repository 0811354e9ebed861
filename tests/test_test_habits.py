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
    pytester.makeini("[pytest]\nmarkers =\n    slow: takes long\n")
    long = "import pytest\ndef test_beside(): pass\n@pytest.mark.slow({})\ndef test_long(): pass"
    pytester.makepyfile(test_a="def test_short(): pass", test_b=long.format(30), test_c=long.format(50))
    told = pytester.runpytest_inprocess("--collect-only", "-q", "-p", "no:xdist", "-p", "no:cacheprovider").stdout.lines
    assert [line for line in told if "::" in line] == [
        "test_c.py::test_beside", "test_c.py::test_long", "test_b.py::test_beside", "test_b.py::test_long",
        "test_a.py::test_short",
    ]  # fmt: skip


def test_in_several_processes_a_file_is_run_by_one_of_them(pytester: pytest.Pytester) -> None:
    for name in ("test_a", "test_b", "test_c"):
        pytester.makepyfile(**{name: "\n".join(f"def test_{number}(): pass" for number in range(6))})
    options = re.search(r'tests="(.+)"', (TESTS.parent / "run").read_text("utf-8"))
    assert options is not None
    result = pytester.runpytest_subprocess(*options[1].split(), "-v", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=18)
    by = {(file, worker) for worker, file in re.findall(r"\[(gw\d)\].* (test_\w)\.py::", result.stdout.str())}
    assert sorted(file for file, _ in by) == ["test_a", "test_b", "test_c"]
    assert len({worker for _, worker in by}) == 3
