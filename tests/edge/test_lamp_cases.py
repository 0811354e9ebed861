"""Every lamp case of the field report, drawn: right or unknown, and the table in docs/lamps.md says which."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.signals.history import LampHistory
from edge.signals.pixels import HeadReader
from edge.types import Image
from tests.edge.heads import HEAD, drawn, flat

DOC = Path(__file__).resolve().parents[2] / "docs" / "lamps.md"
FPS, SECONDS = 15, 10
SUN, TAIL, SODIUM = ((35, 25), 11, (150, 160, 235)), ((35, 25), 13, (40, 40, 220)), ((35, 25), 12, (60, 150, 220))
RED_LORRY, HEADLIGHT = (40, 40, 210), ((35, 40), 30, (250, 250, 255))
Shown = Callable[[float, int], Image]


def every(lit_s: float, dark_s: float, colour: str, *, dark_first: bool = False) -> Shown:
    def shown(t_s: float, frame: int) -> Image:
        at = t_s % (lit_s + dark_s)
        lit = at >= dark_s if dark_first else at < lit_s
        return drawn(*([colour] if lit else []), seed=frame)

    return shown


def steady(*lit: str, **how: object) -> Shown:
    return lambda _, frame: drawn(*lit, seed=frame, **how)  # type: ignore[arg-type]


def meanwhile(from_s: float, to_s: float, *lit: str, **how: object) -> Shown:
    return lambda t_s, f: drawn(*lit, seed=f, **(how if from_s < t_s < to_s else {}))  # type: ignore[arg-type]


def counting(colour: str, foot: int, *lit: str) -> Shown:
    return lambda t_s, frame: drawn(*lit, seed=frame, digits=(str(9 - int(t_s) % 10), colour, foot))


# what is seen; what the signal truly shows; the picture
CASES: list[tuple[str, str, Shown]] = [
    ("red", "red", steady("red")),
    ("yellow", "yellow", steady("yellow")),
    ("green", "green", steady("green")),
    ("all dark", "off", steady()),
    ("red arrow", "red", steady("red", arrow=True)),
    ("yellow flashes, 1 Hz", "flashing", every(0.5, 0.5, "yellow")),
    ("red flashes, 1 Hz", "flashing", every(0.5, 0.5, "red")),
    ("red flashes, 0.67 Hz", "flashing", every(0.75, 0.75, "red")),
    ("green flashes before yellow", "flashing", every(0.5, 0.5, "green")),
    ("red LED, dark in every third picture", "red", lambda _, f: drawn(*(["red"] if f % 3 else []), seed=f)),
    ("red LED, dark for 0.4 of 2 s", "red", every(1.6, 0.4, "red", dark_first=True)),
    ("red LED, dark for 0.8 of 3 s", "red", every(2.2, 0.8, "red", dark_first=True)),
    ("green LED, dark for 0.8 of 3 s", "green", every(2.2, 0.8, "green", dark_first=True)),
    ("grey night picture, red", "red", steady("red", grey="mean", background=30)),
    ("grey night picture, green", "green", steady("green", grey="max", background=30)),
    ("haze of 60 %, red", "red", steady("red", haze=0.6)),
    ("haze of 85 %, red", "red", steady("red", haze=0.85)),
    ("low sun on all lenses, none lit", "off", steady(unlit=230)),
    ("low sun on the red lens, green lit", "green", steady("green", glare=SUN)),
    ("low sun on the red lens, all dark", "off", steady(glare=SUN)),
    ("low sun comes on to the red lens, all dark", "off", meanwhile(3, 9, glare=SUN)),
    ("tail lamp before the red lens, green lit", "green", meanwhile(3, 8, "green", glare=TAIL)),
    ("tail lamp before the red lens, all dark", "off", meanwhile(3, 8, glare=TAIL)),
    ("headlight over the head, green lit", "green", meanwhile(3, 6, "green", glare=HEADLIGHT)),
    ("sodium light on the red lens at night, all dark", "off", steady(glare=SODIUM, background=15)),
    ("red and yellow at once", "two at once", steady("red", "yellow")),
    ("red and green at once", "two at once", steady("red", "green")),
    ("red countdown in green's place", "red", counting("red", 102, "red")),
    ("red countdown in yellow's place, green lit", "green", counting("red", 68, "green")),
    ("red countdown in red's place, else dark", "red", counting("red", 34)),
    ("over-exposed red: white core", "red", steady("red", white_core=True)),
    ("over-exposed green: white core", "green", steady("green", white_core=True)),
    ("red bus over the whole head", "hidden", lambda *_: flat((40, 40, 200))),
    ("red and white lorry over the head", "hidden", lambda *_: flat((225, 225, 225), upper=RED_LORRY)),
    ("picture a lens down, red lit", "red", steady("red", moved=34)),
    ("picture a lens up, yellow lit: yellow in red's place", "yellow", steady("yellow", moved=-34)),
    ("picture two lenses up, green lit: green in red's place", "green", steady("green", moved=-68)),
    ("picture two lenses down, red lit: red in green's place", "red", steady("red", moved=68)),
    ("picture upside down, green lit", "green", lambda _, f: drawn("green", seed=f)[::-1, ::-1].copy()),
    ("rain, green", "green", steady("green", noise=35)),
    ("rain, all dark", "off", steady(noise=35)),
    ("red and blue channels exchanged, green lit", "green", lambda _, f: drawn("green", seed=f)[:, :, ::-1].copy()),
    ("amber with the hue of sodium light", "yellow", steady(glare=((35, 59), 12, (30, 120, 250)))),
    ("amber behind dirt", "yellow", steady("yellow", dirt=(35, 59))),
]  # fmt: skip


def held(shown: Shown) -> list[str]:
    """The states held, in order."""
    reader, history = HeadReader(HEAD), LampHistory(HEAD)
    for frame in range(FPS * SECONDS):
        history.add(frame, frame / FPS, reader.read(shown(frame / FPS, frame)))
    states = [span.state.value for span in history.spans(0, SECONDS)]
    return [state for i, state in enumerate(states) if i == 0 or states[i - 1] != state]


@pytest.mark.parametrize(("seen", "truth", "shown"), CASES, ids=[case[0] for case in CASES])
def test_a_lamp_is_told_right_or_unknown(seen: str, truth: str, shown: Shown) -> None:
    states = held(shown)
    assert set(states) <= {truth, "unknown", "off"}, seen
    told = dict(re.findall(r"^\| ([^|]+?) \| [^|]+ \| ([^|]+?) \|$", DOC.read_text(encoding="utf-8"), re.MULTILINE))
    assert told.get(seen) == ", ".join(states), f"docs/lamps.md: | {seen} | {truth} | {', '.join(states)} |"


def test_the_table_tells_of_these_cases_and_no_others() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| [^|]+ \|$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    assert [row for row in rows if row[0] not in ("seen", "---")] == [(seen, truth) for seen, truth, _ in CASES]
