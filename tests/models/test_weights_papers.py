"""What every weight says of itself: licence of the file, what it learnt from, on whose terms (docs/adr/0040)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

MODELS = Path(__file__).parents[2] / "models"
ENTRIES: dict[str, dict[str, Any]] = yaml.safe_load((MODELS / "manifest.yaml").read_text("utf-8"))["models"]
TERMS = {"ours", "maker", "claimed", "none"}
CLEAR = {"ours", "maker"}


@pytest.mark.parametrize("model", ENTRIES)
def test_every_weight_names_its_licence_and_the_data_it_learnt_from(model: str) -> None:
    entry = ENTRIES[model]
    assert entry["licence"].startswith("Apache-2.0")
    assert entry["data"], "nothing learns from nothing"
    for source in entry["data"]:
        assert set(source) == {"what", "terms"}, source
        assert len(source["what"]) > 10
        assert source["terms"] in TERMS


@pytest.mark.parametrize("model", ENTRIES)
def test_rights_are_called_clear_only_where_every_source_is_ours_or_the_makers(model: str) -> None:
    entry = ENTRIES[model]
    terms = {source["terms"] for source in entry["data"]}
    assert entry["rights"] == ("clear" if terms <= CLEAR else "unclear")


@pytest.mark.parametrize("model", ENTRIES)
def test_the_card_says_so_too(model: str) -> None:
    entry = ENTRIES[model]
    card = (MODELS / entry["card"]).read_text("utf-8")
    licence = card.split("**Licence.**")[1]
    assert "Apache-2.0" in card
    assert entry["rights"] == "clear" or "0024-what-the-weights-learnt-from" in licence


def test_every_weight_in_the_folder_is_one_of_these() -> None:
    here = {path.name for path in (MODELS / "weights").glob("*.onnx")}
    named = {Path(str(entry.get("bundled", entry["file"]))).name for entry in ENTRIES.values()}
    assert here <= named
