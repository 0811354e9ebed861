"""Which tests share a process when several run: a file stays together, the longest start first.

`@pytest.mark.slow(SECONDS)` says what a test takes alone on one core, so that no long one begins when the others are
done. `@pytest.mark.xdist_group(NAME)` takes tests out of their file's group, or keeps tests of several files from
running at the same time.
"""

from __future__ import annotations

import pytest


def group_of(item: pytest.Item) -> str:
    """Tests of one group run in one process, one after the other. Fixtures of a module are made once so."""
    mark = item.get_closest_marker("xdist_group")
    if mark is None:
        return item.nodeid.split("::")[0]
    return str(mark.args[0] if mark.args else mark.kwargs["name"])


def seconds_of(item: pytest.Item) -> float:
    mark = item.get_closest_marker("slow")
    return 0.0 if mark is None else float(mark.args[0])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    takes: dict[str, float] = {}
    for item in items:
        takes[group_of(item)] = takes.get(group_of(item), 0.0) + seconds_of(item)
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=lambda item: -takes[group_of(item)])
