"""Which plate is it? Two readers that agree on a whole plate decide; else all readings vote within the grammar.

Every reading is spelled out into the plates it may mean: each place of a plate's form takes the probabilities the
reader gave, restricted to what the form allows there. The votes of all readings are summed by weight, together with a
share for "none of these": one poor reading never wins, and unknown stays unknown. The vehicle's class and the plate's
colour are opinions: they choose between plates, and never take away one on which both readers agree.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp, log

from countries.vn.plate_forms import FOUR_WHEELS, TWO_WHEELS
from countries.vn.plates import CONFUSABLE, PlateParse, parse, position_alphabets
from edge.plate.layout import SHORT_NUMBER, UNMEASURED, Layout
from evidence.acts import VehicleClass
from evidence.packet import PlateCandidate
from evidence.plate_colours import PlateColour

_FLOOR = 1e-4
_CONFUSED = 0.02
"""Chance that a reader says one look-alike for another without listing it."""
_BEAM = 12
_NOTHING = 0.3
"""Weight of "none of these", in readings of full weight."""
_WIN = 0.6
_LEAD = 2.0
_N_BEST = 5
AGREED = 0.95
"""Confidence at least where both readers say the same whole plate: so they did on 179 plates of two sets on which
nothing was trained, all of them right."""
_TWO_LINES = 2
_CIVIL = (*TWO_WHEELS, *FOUR_WHEELS)
TWO_WHEELS_BELOW = 0.7
"""Width by height of a vehicle's box: with its rider a motorcycle shows 0.45 to 0.6 from where its plate is seen, a bus
0.8 and a car 0.9 and more."""

CharacterVotes = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class PlateVote:
    """One reading: what each character may be, best first, separators left out. `lines`: characters a line.

    `weight` 0..1: how far this frame deserves to be believed (size, sharpness, the finder's score). `reader`: whose it
    is. `own`: False where the plate hangs so far aside that it may be a neighbour's.
    """

    characters: Sequence[CharacterVotes]
    lines: tuple[int, ...]
    weight: float
    reader: str = ""
    layout: Layout = UNMEASURED
    own: bool = True

    @property
    def text(self) -> str:
        """The likeliest character of each place."""
        return "".join(votes[0][0] for votes in self.characters if votes).replace("Đ", "D")

    @property
    def short(self) -> bool:
        """Whether the number has four digits or fewer: below the series, or behind it on a single line."""
        if len(self.lines) == _TWO_LINES:
            return self.lines[-1] <= SHORT_NUMBER
        return _short(self.text, "car")


@dataclass(frozen=True)
class Outcome:
    """`text` is None unless one candidate won clearly; `confidence` is that of the best candidate."""

    text: str | None
    confidence: float
    kind: str | None
    n_best: list[PlateCandidate]


def decide(
    plate_votes: Sequence[PlateVote], *, cls: VehicleClass, colour: PlateColour = "unknown", shape: float | None = None
) -> Outcome:
    """The plate of one vehicle out of all its readings.

    What is left of a plate of which a character is missing never names another one (`edge.plate.layout`), and a plate
    at the side counts only where it was also read nearer the middle. `shape`: width by height of the vehicle's box.
    """
    at_the_middle = {plate_vote.text for plate_vote in plate_votes if plate_vote.own}
    own = [plate_vote for plate_vote in plate_votes if plate_vote.own or plate_vote.text in at_the_middle]
    whole = [plate_vote for plate_vote in own if plate_vote.layout.whole]
    doubt = sum(plate_vote.weight for plate_vote in own if not plate_vote.layout.whole)
    may_be_short = not any(plate_vote.layout.dot or not plate_vote.layout.whole for plate_vote in own)
    centred = any(plate_vote.layout.centred for plate_vote in own)
    by_lines = {plate_vote.text: plate_vote.short for plate_vote in own}

    def short(text: str) -> bool:
        return by_lines[text] if text in by_lines else _short(text, _class_of(cls))

    def fits(text: str) -> bool:
        return may_be_short or not short(text)

    def proven(text: str) -> bool:
        """By the vote alone; two readers that agree prove a short number too."""
        return fits(text) and (centred or not short(text))

    outcome = count(whole, cls=cls, colour=colour, doubt=doubt, fits=proven)
    if outcome.text is None and colour not in ("unknown", "white"):
        # a colour seen wrongly at night must not veto a clear text
        free = count(whole, cls=cls, doubt=doubt, fits=proven)
        outcome = free if free.text is not None else outcome
    agreed = agreement([b for b in whole if fits(b.text)], cls, colour, shape)
    if agreed is not None and outcome.text in (None, agreed.text):
        votes = {c.text: c.probability for c in outcome.n_best}
        sure = max(AGREED, votes.get(agreed.text, 0.0))
        n_best = outcome.n_best if votes else [PlateCandidate(text=agreed.text, probability=sure)]
        outcome = Outcome(agreed.text, sure, agreed.kind, n_best)
    elif agreed is not None:
        outcome = replace(outcome, text=None, kind=None)
    if not own and plate_votes:
        outcome = replace(count(plate_votes, cls=cls, colour=colour), text=None, kind=None)
    return outcome


def agreement(
    plate_votes: Sequence[PlateVote], cls: VehicleClass, colour: PlateColour = "unknown", shape: float | None = None
) -> PlateParse | None:
    """The whole plate that two readers say, character by character; of several the one that clearly leads.

    One that such a vehicle bears comes before one that it does not: then the class was seen wrongly or the plate is
    another vehicle's, and the shape of the box says which. A military plate must be red.
    """
    kinds = (*_CIVIL, "military") if colour == "red" else _CIVIL
    said: dict[str, dict[str, float]] = {}
    for plate_vote in plate_votes:
        if plate_vote.weight > 0:
            readers = said.setdefault(plate_vote.text, {})
            readers[plate_vote.reader] = readers.get(plate_vote.reader, 0.0) + plate_vote.weight
    both = [(sum(readers.values()), text) for text, readers in said.items() if len(readers) > 1]
    on_two_lines = {plate_vote.text for plate_vote in plate_votes if len(plate_vote.lines) == _TWO_LINES}
    vehicle_class = _class_of(cls)
    for opinion in dict.fromkeys((vehicle_class, None)):
        known = [(w, p) for w, t in both if (p := parse(t, vehicle_class=opinion)).kind in kinds]
        # motorcycles have no plates of one line: 36A-123.45 on one is no 36-A1 2345
        known = [(w, p) for w, p in known if p.kind not in TWO_WHEELS or p.text in on_two_lines]
        if opinion is None and vehicle_class is not None:
            known = [(w, p) for w, p in known if _shaped_for(p.kind, shape)]
        known.sort(key=lambda item: -item[0])
        if known:
            clear = len(known) == 1 or known[0][0] >= _LEAD * known[1][0]
            return known[0][1] if clear else None
    return None


def _shaped_for(kind: str, shape: float | None) -> bool:
    return shape is None or kind == "military" or (shape < TWO_WHEELS_BELOW) == (kind in TWO_WHEELS)


def _short(text: str, vehicle_class: str | None) -> bool:
    parsed = parse(text, vehicle_class=vehicle_class)
    return parsed.kind in _CIVIL and all(len(p.number) <= SHORT_NUMBER for p in (parsed, *parsed.alternatives))


def _class_of(cls: VehicleClass) -> str | None:
    return None if cls == VehicleClass.BICYCLE else cls.value


def count(
    plate_votes: Sequence[PlateVote], *, cls: VehicleClass, colour: PlateColour = "unknown", doubt: float = 0.0,
    fits: Callable[[str], bool] = lambda text: True,
) -> Outcome:  # fmt: skip
    """The vote over all readings of one vehicle. `doubt`: weight of readings that name no plate; what does not `fit`
    stays a candidate and does not win."""
    vehicle_class = _class_of(cls)
    votes: dict[str, float] = {}
    total = _NOTHING + doubt
    for plate_vote in plate_votes:
        total += plate_vote.weight
        for text, probability in spellings(plate_vote, vehicle_class, colour):
            votes[text] = votes.get(text, 0.0) + plate_vote.weight * probability
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    n_best = [PlateCandidate(text=text, probability=round(min(v / total, 1.0), 4)) for text, v in ranked[:_N_BEST]]
    if not n_best:
        return Outcome(None, 0.0, None, [])
    best = n_best[0]
    second = n_best[1].probability if len(n_best) > 1 else 0.0
    parsed = _known(best.text, vehicle_class, colour)
    won = parsed is not None and fits(best.text) and best.probability >= _WIN and best.probability >= _LEAD * second
    return Outcome(best.text if won else None, best.probability, parsed.kind if won and parsed else None, n_best)


def spellings(
    plate_vote: PlateVote, vehicle_class: str | None, colour: PlateColour = "unknown"
) -> list[tuple[str, float]]:
    """Plates that one reading may mean with their probabilities (summing to one at most), best first."""
    length = len(plate_vote.characters)
    lines = len([n for n in plate_vote.lines if n]) or None
    found: dict[str, float] = {}
    forms = position_alphabets(length, vehicle_class, lines if lines in (1, 2) else None, colour)
    # what some form allows at a place may have been read rightly: only where none does it was surely misread
    anywhere = [frozenset().union(*places) for places in zip(*forms, strict=True)]
    for template in forms:
        for text, score in _spell(plate_vote.characters, template, anywhere):
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


def _known(text: str, vehicle_class: str | None, colour: PlateColour) -> PlateParse | None:
    parsed = parse(text, vehicle_class=vehicle_class, colour=None if colour == "unknown" else colour)
    return parsed if parsed.known else None
