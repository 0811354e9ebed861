"""Which plate is it? Readings of several frames vote character by character, within the grammar.

Every reading is spelled out into the plates it may mean: each place of a plate's form takes the probabilities the
reader gave, restricted to what the form allows there. The votes of all readings are summed by weight, together with a
share for "none of these": one poor reading never wins, and unknown stays unknown.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal

from evidence.acts import VehicleClass
from evidence.packet import PlateCandidate
from evidence.plate import CONFUSABLE, PlateParse, parse, position_alphabets

_FLOOR = 1e-4
_CONFUSED = 0.02
"""Chance that a reader says one look-alike for another without listing it."""
_BEAM = 12
_NOTHING = 0.3
"""Weight of "none of these", in readings of full weight."""
_WIN = 0.6
_LEAD = 2.0
_N_BEST = 5

CharacterVotes = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Ballot:
    """One reading: what each character may be, best first, separators left out. `lines`: characters a line.

    `weight` 0..1: how far this frame deserves to be believed (size, sharpness, the finder's score).
    """

    characters: Sequence[CharacterVotes]
    lines: tuple[int, ...]
    weight: float


@dataclass(frozen=True)
class Outcome:
    """`text` is None unless one candidate won clearly; `confidence` is that of the best candidate."""

    text: str | None
    confidence: float
    kind: str | None
    n_best: list[PlateCandidate]


Colour = Literal["white", "yellow", "blue", "red", "unknown"]


def count(ballots: Sequence[Ballot], *, cls: VehicleClass, colour: Colour = "unknown") -> Outcome:
    """The vote over all readings of one vehicle."""
    vehicle_class = None if cls == VehicleClass.BICYCLE else cls.value
    votes: dict[str, float] = {}
    total = _NOTHING
    for ballot in ballots:
        total += ballot.weight
        for text, probability in spellings(ballot, vehicle_class, colour):
            votes[text] = votes.get(text, 0.0) + ballot.weight * probability
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    n_best = [PlateCandidate(text=text, probability=round(min(v / total, 1.0), 4)) for text, v in ranked[:_N_BEST]]
    if not n_best:
        return Outcome(None, 0.0, None, [])
    best = n_best[0]
    second = n_best[1].probability if len(n_best) > 1 else 0.0
    parsed = _known(best.text, vehicle_class, colour)
    won = parsed is not None and best.probability >= _WIN and best.probability >= _LEAD * second
    return Outcome(best.text if won else None, best.probability, parsed.kind if won and parsed else None, n_best)


def spellings(ballot: Ballot, vehicle_class: str | None, colour: Colour = "unknown") -> list[tuple[str, float]]:
    """Plates that one reading may mean with their probabilities (summing to one at most), best first."""
    length = len(ballot.characters)
    lines = len([n for n in ballot.lines if n]) or None
    found: dict[str, float] = {}
    forms = position_alphabets(length, vehicle_class, lines if lines in (1, 2) else None, colour)
    # what some form allows at a place may have been read rightly: only where none does it was surely misread
    anywhere = [frozenset().union(*places) for places in zip(*forms, strict=True)]
    for template in forms:
        for text, score in _spell(ballot.characters, template, anywhere):
            if text not in found and _known(text, vehicle_class, colour) is not None:
                found[text] = exp(score)
    whole = max(1.0, sum(found.values()))
    best = heapq.nlargest(_BEAM, found.items(), key=lambda item: (item[1], item[0]))
    return [(text, value / whole) for text, value in best]


def _spell(
    characters: Sequence[CharacterVotes], template: Sequence[frozenset[str]], anywhere: Sequence[frozenset[str]]
) -> list[tuple[str, float]]:
    """The likeliest strings of one form, with the logarithm of their probability. `anywhere`: what any form allows."""
    beam: list[tuple[str, float]] = [("", 0.0)]
    for votes, place, some_form in zip(characters, template, anywhere, strict=True):
        chances: dict[str, float] = {}
        for character, probability in votes:
            plain = "D" if character == "Đ" else character
            if plain in place:
                chances[plain] = chances.get(plain, 0.0) + probability
            for twin in CONFUSABLE.get(plain, ""):
                if twin in place:
                    # what the place forbids was misread for sure; what it allows, now and then
                    share = _CONFUSED if plain in some_form else 0.5
                    chances[twin] = chances.get(twin, 0.0) + probability * share
        if not chances:
            return []
        options = heapq.nlargest(4, chances.items(), key=lambda item: item[1])
        beam = heapq.nlargest(
            _BEAM,
            ((text + c, score + log(min(max(p, _FLOOR), 1.0))) for text, score in beam for c, p in options),
            key=lambda item: item[1],
        )
    return beam


def _known(text: str, vehicle_class: str | None, colour: Colour) -> PlateParse | None:
    parsed = parse(text, vehicle_class=vehicle_class, colour=None if colour == "unknown" else colour)
    return parsed if parsed.known else None
