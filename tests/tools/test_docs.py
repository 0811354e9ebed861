"""What the documents promise is there: example files load, named tests exist, links lead somewhere."""

from __future__ import annotations

import ast
import re
import tomllib
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


DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for where in (".", "docs", "docs/adr", "models/cards")
    for path in (ROOT / where).glob("*.md")
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in t]
    assert [t for t in targets if not ((ROOT / document).parent / t).exists()] == []


def test_every_decision_says_context_decision_consequences() -> None:
    for file in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        text = file.read_text(encoding="utf-8")
        assert re.match(rf"# {int(file.name[:4])}\. ", text), file.name
        assert all(f"**{word}.**" in text for word in ("Context", "Decision", "Consequences")), file.name


def test_the_list_of_decisions_names_each_with_its_title_and_every_number_that_was_not_used() -> None:
    lines = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d", line)]
    listed = {}
    numbers: list[int] = []
    for number, title, state in rows:
        first, *last = (int(n) for n in number.split(" to "))
        numbers += range(first, (last[0] if last else first) + 1)
        if title != "not used":
            listed[first] = title
            assert state, number
    assert numbers == list(range(1, numbers[-1] + 1)), "each number once, in order"
    assert listed == {
        int(
            file.name[:4]
        ): f"[{re.sub(r'^# [0-9]+[.] ', '', file.read_text(encoding='utf-8').splitlines()[0])}]({file.name})"
        for file in (ROOT / "docs" / "adr").glob("0*.md")
    }


def test_the_newest_version_of_the_changelog_is_that_of_the_package() -> None:
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.fullmatch(rf"{re.escape(version)}, 20\d\d-\d\d-\d\d", headings[0])
    assert len(headings) == len(set(headings))


def test_every_room_says_that_it_is_typed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert [room for room in settings["mypy"]["packages"] if not (ROOT / room / "py.typed").is_file()] == []
    assert "py.typed" in settings["setuptools"]["package-data"]["*"]
