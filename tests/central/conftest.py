"""Centres for tests: on both databases where the database matters, on SQLite elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from central.centre import Centre
from tests.central.build import make_centre


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Centre]:
    """An empty centre, once on each database."""
    url = request.getfixturevalue("centre_url") if request.param == "postgresql" else ""
    made = make_centre(tmp_path / "centre", url=url)
    yield made
    made.db.dispose()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Centre]:
    """An empty centre on SQLite."""
    made = make_centre(tmp_path / "centre")
    yield made
    made.db.dispose()


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """argon2 is slow on purpose; what is tested here is everything around it. `test_users` tests its real cost.

    Of the module, so that what a module makes once has it too.
    """
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("central.users._hasher", quick)
        patch.setattr("central.users._NOBODY", quick.hash("nobody"))
        yield
