"""One reading as a vote, spelled out into the plates it may mean.

Each place of a plate's form takes the probabilities that the reader gave, restricted to what the form allows there;
what looks alike is put right by its place.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from common.margins import margin
from countries.here import HERE
from countries.plates import PlateParse
from edge.plate.bearer import CIVIL, UNPLACED, Hanging
from edge.plate.layout import UNMEASURED, Layout
from evidence.plate_colours import PlateColour

_PLATES = HERE.plates
TWO_LINES = 2


@dataclass(frozen=True)
class PlateSpellingMargins:
    """How far a reader may have taken one character for another."""

    confused: float = margin(
        0.02, "probability", "a reader says one look-alike for another without listing it, now and then",
        source="first vote; an estimate, no better source", most=1.0,
    )  # fmt: skip
    forbidden: float = margin(
        0.5, "probability", "a character that no form of a plate has in this place was misread for sure: which of its "
        "look-alikes was meant is open",
        source="two look-alikes share it; decision 11, e7cda05 says which places", most=1.0,
    )  # fmt: skip
    least_chance: float = margin(
        1e-4, "probability", "a character is never less likely than this: one bad place must not end a whole reading",
        source="a floor against the logarithm of zero", least=1e-12, most=1.0,
    )  # fmt: skip
    beam: int = margin(
        12, "spellings", "so many are followed at each place and kept of each reading: a bound on time",
        source="a bound, not a measurement", least=1,
    )  # fmt: skip
    options: int = margin(
        4, "characters a place", "so many are tried at each place: a bound on time",
        source="a bound, not a measurement", least=1,
    )  # fmt: skip


CharacterVotes = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class PlateVote:
    """One reading: what each character may be, best first, separators left out. `lines`: characters a line.

    `weight` 0..1: how far this frame deserves to be believed (size, sharpness, the finder's score). `reader`: whose it
    is. `own`: False where the plate hangs so far aside that it may be a neighbour's, or better in another vehicle's
    box. `hanging`: where it was found.
    """

    characters: Sequence[CharacterVotes]
    lines: tuple[int, ...]
    weight: float
    reader: str = ""
    layout: Layout = UNMEASURED
    own: bool = True
    hanging: Hanging = UNPLACED

    @property
    def text(self) -> str:
        """The likeliest character of each place."""
        return "".join(_PLATES.BARE.get(votes[0][0], votes[0][0]) for votes in self.characters if votes)

    @property
    def short(self) -> bool:
        """Whether the number has four digits or fewer: below the series, or behind it on a single line."""
        if len(self.lines) == TWO_LINES:
            return self.lines[-1] <= _PLATES.SHORT_NUMBER
        return is_short(self.text, "car")


def is_short(text: str, vehicle_class: str | None) -> bool:
    parsed = _PLATES.parse(text, vehicle_class=vehicle_class)
    return parsed.kind in CIVIL and all(len(p.number) <= _PLATES.SHORT_NUMBER for p in (parsed, *parsed.alternatives))


def spellings(
    plate_vote: PlateVote,
    vehicle_class: str | None,
    colour: PlateColour = "unknown",
    margins: PlateSpellingMargins | None = None,
) -> list[tuple[str, float]]:
    """Plates that one reading may mean with their probabilities (summing to one at most), best first."""
    m = margins or PlateSpellingMargins()
    length = len(plate_vote.characters)
    lines = len([n for n in plate_vote.lines if n]) or None
    found: dict[str, float] = {}
    forms = _PLATES.position_alphabets(length, vehicle_class, lines if lines in (1, 2) else None, colour)
    # what some form allows at a place may have been read rightly: only where none does it was surely misread
    anywhere = [frozenset().union(*places) for places in zip(*forms, strict=True)]
    for template in forms:
        for text, score in _spell(plate_vote.characters, template, anywhere, m):
            if text not in found and known_plate(text, vehicle_class, colour) is not None:
                found[text] = exp(score)
    whole = max(1.0, sum(found.values()))
    best = heapq.nlargest(m.beam, found.items(), key=lambda item: (item[1], item[0]))
    return [(text, value / whole) for text, value in best]


def _spell(
    characters: Sequence[CharacterVotes],
    template: Sequence[frozenset[str]],
    anywhere: Sequence[frozenset[str]],
    m: PlateSpellingMargins,
) -> list[tuple[str, float]]:
    """The likeliest strings of one form, with the logarithm of their probability. `anywhere`: what any form allows."""
    bare, confusable = _PLATES.BARE, _PLATES.CONFUSABLE
    beam: list[tuple[str, float]] = [("", 0.0)]
    for votes, place, some_form in zip(characters, template, anywhere, strict=True):
        chances: dict[str, float] = {}
        for character, probability in votes:
            plain = bare.get(character, character)
            if plain in place:
                chances[plain] = chances.get(plain, 0.0) + probability
            for twin in confusable.get(plain, ""):
                if twin in place:
                    # what the place forbids was misread for sure; what it allows, now and then
                    share = m.confused if plain in some_form else m.forbidden
                    chances[twin] = chances.get(twin, 0.0) + probability * share
        if not chances:
            return []
        options = heapq.nlargest(m.options, chances.items(), key=lambda item: item[1])
        beam = heapq.nlargest(
            m.beam,
            ((text + c, score + log(min(max(p, m.least_chance), 1.0))) for text, score in beam for c, p in options),
            key=lambda item: item[1],
        )
    return beam


def known_plate(text: str, vehicle_class: str | None, colour: PlateColour) -> PlateParse | None:
    parsed = _PLATES.parse(text, vehicle_class=vehicle_class, colour=None if colour == "unknown" else colour)
    return parsed if parsed.known else None
