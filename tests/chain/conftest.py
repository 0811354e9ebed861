"""Towns that are taken down again, whatever happens in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chain.town import Town
from tests.conftest import MosquittoServer


@pytest.fixture
def make_town(tmp_path: Path, mosquitto: MosquittoServer, postgres_url: str) -> Iterator[Callable[..., Town]]:
    towns: list[Town] = []

    def make(**options: Any) -> Town:
        folder = tmp_path / "town"
        folder.mkdir()
        towns.append(Town(folder, mosquitto, postgres_url, **options))
        return towns[-1]

    yield make
    for town in towns:
        town.close()
