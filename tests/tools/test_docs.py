"""What the documents promise is there: example files load, named tests exist, links lead somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from central.config import load_config as load_central
from edge.config import load_config as load_node

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_the_example_configurations_are_good() -> None:
    node = load_node(ROOT / "docs" / "examples" / "node.yaml")
    assert node.cameras[0].scene.is_absolute()
    centre = load_central(ROOT / "docs" / "examples" / "central.yaml")
    assert centre.web.secure_cookies


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED_TEST.findall(ARCHITECTURE))), ids="::".join)
def test_every_test_named_in_the_architecture_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert not name or name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_promise_has_a_test_beside_it() -> None:
    rows = [line for line in ARCHITECTURE.splitlines() if re.match(r"\| \d\. ", line)]
    assert {row[2] for row in rows} == set("123456")
    assert [row for row in rows if not NAMED_TEST.search(row)] == []


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_links_lead_to_files(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in t]
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_every_decision_says_context_decision_consequences() -> None:
    for file in sorted((ROOT / "docs" / "adr").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        assert re.match(rf"# {int(file.name[:4])}\. ", text), file.name
        assert all(f"**{word}.**" in text for word in ("Context", "Decision", "Consequences")), file.name
