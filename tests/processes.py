"""The order of files when several processes share the suite: the longest start first, so that none begins at the end.

`run` gives each file to one process (`--dist loadfile`): fixtures of a module are made once, and what a file keeps
between its tests is seen by no other. `@pytest.mark.slow(SECONDS)` says what a test takes alone on one core.
(xdist's own groups do nothing with pytest 9.2: it no longer lets a plugin rename a test.)
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest


def file_of(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0]


def seconds_of(item: pytest.Item) -> float:
    mark = item.get_closest_marker("slow")
    return 0.0 if mark is None else float(mark.args[0])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end: to look through them for garbage, again and again, is a tenth of the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    takes: dict[str, float] = {}
    for item in items:
        takes[file_of(item)] = takes.get(file_of(item), 0.0) + seconds_of(item)
    items.sort(key=lambda item: -takes[file_of(item)])
