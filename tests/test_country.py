"""Nothing of one country stands outside its package: laws, plates, markings, clock and letters of Vietnam.

What belongs to the country is asked through `countries.here`. The places that may hold such things are listed below,
each with its reason; a place that needs its entry no longer is told too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from countries.here import HERE
from countries.vn.plate_forms import MILITARY_LETTERS, PROVINCES, SECOND_LETTER, SERIES_11, SERIES_20

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("evidence", "common", "countries", "zones", "models", "edge", "central", "tools")
OWN = ROOT / "countries" / "vn"
PRODUCT = "Giao Lộ"

LAW = re.compile(r"(?<![\d/])\d{2,3}/20\d\d\b|QCVN|Điều \d|\bĐ\d+\.\d|\b0[1-6]/73\b|\bL\.?XLVPHC|vietnam-law")
LETTERS = re.compile("[ĂÂĐÊÔƠƯăâđêôơưÀ-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĨĩŨũẠ-ỹ]")
ZONE = re.compile("Ho_Chi_Minh|Asia/Saigon")
SIGN = re.compile(r"[12]\.[1-5]|[PIRS]\.[1-5]\d\d[a-h]?")
GRAMMAR = re.compile("|".join((SERIES_20, SERIES_11, SECOND_LETTER, MILITARY_LETTERS, r"NG\W+QT", r"\(\?P<province>")))

WORDS, PLATE, ALL = ("words",), ("plate",), ("words", "plate", "sign", "law", "clock")
SCREEN = "what a technician reads, in both languages"
HELP = "help texts and lines of a command, in both languages"
DRAWN = "the drawn world is Vietnam's: its junction, paint, plates, vehicles"
ALLOWED: dict[str, tuple[tuple[str, ...], str]] = {
    "edge/cli.py": (WORDS, HELP),
    "edge/cli_cameras.py": (WORDS, HELP),
    "edge/cli_common.py": (WORDS, HELP),
    "edge/doctor/*.py": (WORDS, "what a technician reads of what was tried, in both languages"),
    "edge/page/plain.py": (WORDS, SCREEN),
    "zones/cli.py": (WORDS, HELP),
    "zones/check.py": (WORDS, SCREEN),
    "zones/check_facts.py": (WORDS, SCREEN),
    "zones/check_heads.py": (WORDS, SCREEN),
    "zones/faults.py": (WORDS, SCREEN),
    "zones/field_faults.py": (WORDS, SCREEN),
    "zones/load.py": (WORDS, SCREEN),
    "zones/road.py": (WORDS, SCREEN),
    "zones/shapes.py": (WORDS, SCREEN),
    "zones/picture.py": (WORDS, SCREEN),
    "zones/reference.py": (WORDS, SCREEN),
    "zones/still.py": (WORDS, SCREEN),
    "zones/statable.py": (WORDS, SCREEN),
    "zones/background.py": (WORDS, SCREEN),
    "zones/trying.py": (WORDS, SCREEN),
    "zones/upgrade.py": (WORDS, SCREEN),
    "zones/advice.py": (WORDS, SCREEN),
    "zones/needs.py": (WORDS, SCREEN),
    "zones/draw.py": (WORDS, SCREEN),
    "zones/legend.py": (WORDS, SCREEN),
    "zones/ground_estimate.py": (WORDS, SCREEN),
    "zones/marked_edges.py": (WORDS, SCREEN),
    "zones/editor.py": (WORDS, SCREEN),
    "central/passwords.py": (WORDS, "passwords that are guessed first are in the language of those who choose them"),
    "countries/plates.py": (WORDS, "a docstring shows what a letter that was lost looks like"),
    "models/plates.py": (WORDS + PLATE, "the alphabet of the plate readers' output: it belongs to the weights"),
    "models/easyocr_reader.py": (WORDS, "a letter of that alphabet which another network does not know"),
    "tools/command/*.py": (WORDS, HELP),
    "tools/evaluate/*.py": (WORDS, HELP),
    "tools/bench/*.py": (ALL, HELP + "; made-up cases"),
    "tools/demo/*.py": (ALL, HELP + "; the demo's office, people and vehicles"),
    "tools/simulate/*.py": (ALL, DRAWN),
    "tools/render/*.py": (ALL, DRAWN),
    "tools/train/*.py": (ALL, DRAWN + "; so are the sets that networks learn from"),
}
"""Files that may hold such things, by path, which ones and why. Tests and files of words (YAML) are not looked at."""
CITATION = re.compile(r"source=")
"""A margin may say which law its number comes from: a citation, no rule."""


@dataclass(frozen=True)
class Stray:
    file: str
    line: int
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def python_files() -> list[Path]:
    return [f for room in ROOMS for f in sorted((ROOT / room).rglob("*.py")) if OWN not in f.parents]


def strays(path: Path, text: str) -> Iterator[Stray]:
    name = path.relative_to(ROOT).as_posix()
    for number, line in enumerate(text.replace(PRODUCT, "").splitlines(), 1):
        if CITATION.search(line):
            continue
        for kind, pattern, what in (
            ("law", LAW, "a law of the country: cite it in countries/vn, and ask the port (countries.here)"),
            ("clock", ZONE, "the country's clock: ask HERE.zone"),
            (
                "words",
                LETTERS,
                "words in the country's language: put them into countries/vn, or into central/words for screens",
            ),
        ):
            if found := pattern.search(line):
                yield Stray(name, number, kind, f"{found[0]!r} is {what}")
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(text)):
        if province := province_in(node):
            yield Stray(name, node.lineno, "plate", f"{province!r} is a province code: ask HERE.plates")  # type: ignore[attr-defined]
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if SIGN.fullmatch(node.value):
            what = f"{node.value!r} is a code of a marking or sign: ask HERE.markings, HERE.signs, HERE.one_way"
            yield Stray(name, node.lineno, "sign", what)
        elif found := GRAMMAR.search(node.value):
            yield Stray(name, node.lineno, "plate", f"{found[0]!r} is grammar of plates: ask HERE.plates")


def province_in(node: ast.AST) -> str | None:
    """A code that a text is asked to begin with, or one of a list of them; a lone number may be anything."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
        asked, least = node.args, 1
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        asked, least = node.elts, 3
    elif isinstance(node, ast.Dict):
        asked, least = [key for key in node.keys if key], 3
    else:
        return None
    codes = [each.value for each in asked if isinstance(each, ast.Constant) and each.value in PROVINCES]
    return codes[0] if len(codes) >= least else None


def allowed(stray: Stray) -> bool:
    return any(Path(stray.file).match(pattern) and stray.kind in kinds for pattern, (kinds, _) in ALLOWED.items())


def test_nothing_of_the_country_stands_outside_its_package() -> None:
    found = [s for file in python_files() for s in strays(file, file.read_text(encoding="utf-8")) if not allowed(s)]
    assert not found, "\n" + "\n".join(map(str, found))


def test_scripts_and_templates_hold_no_law_and_no_clock_of_the_country() -> None:
    pages = [f for end in ("*.js", "*.html") for f in sorted((ROOT / "central" / "web").rglob(end))]
    assert pages
    found = [s for file in pages for s in strays(file, file.read_text(encoding="utf-8"))]
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("pattern", ALLOWED)
def test_each_place_that_may_hold_such_things_still_does(pattern: str) -> None:
    files = [f for f in python_files() if f.relative_to(ROOT).match(pattern)]
    assert any(True for file in files for _ in strays(file, file.read_text(encoding="utf-8"))), "take the entry out"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('"""TT 73/2024/TT-BCA Điều 24.1: ten days."""', "a law"),
        ("# QCVN 41:2024 6.4", "a law"),
        ('KINDS = ("1.2", "2.2")', "a marking"),
        ('BY = "P.102"', "a marking or sign"),
        ('VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")', "the country's clock"),
        ('TITLE = "Thông báo"', "words in the country's language"),
        ('SERIES = "ABCDEFGHKLMNPSTUVXYZ"', "grammar of plates"),
        ('x = plate.startswith("29")', "a province code"),
    ],
)
def test_each_kind_of_stray_is_found_with_its_place(line: str, what: str) -> None:
    found = list(strays(ROOT / "edge" / "made_up.py", f"\n{line}\n"))
    assert found
    assert str(found[0]).startswith("edge/made_up.py:2: ")
    assert any(what.split()[-1] in stray.what for stray in found)


@pytest.mark.parametrize("line", ["x = 1.2", 'PRODUCT = "Giao Lộ"', '"31/01/2026"', '"MQTT 3.1.1"', '"ABCDEFGH"'])
def test_what_only_looks_like_one_is_none(line: str) -> None:
    assert list(strays(ROOT / "edge" / "made_up.py", line)) == []


def test_a_box_loads_neither_papers_nor_the_holidays() -> None:
    asked = "import sys, edge.config, zones.check; print({'reportlab', 'typst', 'holidays'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_the_country_fills_in_the_whole_port() -> None:
    assert HERE.code == "vn"
    assert HERE.markings.one_sided < HERE.markings.solid < set(HERE.markings.codes)
    assert HERE.calendar().weekend == {5, 6}
    assert HERE.notice().render.__doc__
    assert set(HERE.plate_width_m) == {"motorcycle", "car"}
