"""Tests on pictures of others, which lie in ../shared beside the checkout and are no part of it.

`@pytest.mark.footage` asks for ../shared/footage, `@pytest.mark.footage("plates")` for another folder. Without the
folder the test is skipped: a clone has none. Where `CI` is set and the folder is there, a skip for any other reason
is a failure, and where the folder is absent the end of the run says aloud what was not proved.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
FOOTAGE = SHARED / "footage"


def asked_for(item: pytest.Item) -> Path | None:
    """The folder that the test works on; None: none."""
    mark = item.get_closest_marker("footage")
    return None if mark is None else SHARED / str(mark.args[0] if mark.args else "footage")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    folder = asked_for(item)
    if folder is not None and not folder.is_dir():
        pytest.skip(f"../shared/{folder.relative_to(SHARED)} is not beside the checkout")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    folder = asked_for(item)
    if os.environ.get("CI") and folder is not None and folder.is_dir() and report.skipped:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped although its footage is here and CI is set: {why}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    missed = [report for report in terminalreporter.stats.get("skipped", []) if "footage" in report.keywords]
    if os.environ.get("CI") and missed:
        terminalreporter.section(
            f"NOT PROVED: {len(missed)} tests on footage did not run", sep="!", red=True, bold=True
        )
        terminalreporter.line("../shared is not beside the checkout, or not whole; promises on real traffic are open.")
        for where in sorted({report.nodeid.split("::")[0] for report in missed}):
            terminalreporter.line(f"  {where}")
