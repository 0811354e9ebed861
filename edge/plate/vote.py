"""Which plate is it? Two readers that agree on a whole plate decide; else all readings vote within the grammar.

Every reading is spelled out into the plates it may mean (`edge.plate.spelling`). The votes of all readings are summed
by weight, together with a share for "none of these": one poor reading never wins, and unknown stays unknown. The
vehicle's class and the plate's colour are opinions: they choose between plates, and never take away one on which both
readers agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from common.margins import margin
from countries.here import HERE
from countries.plates import PlateParse
from edge.plate.bearer import Hanging, PlateBearerMargins, may_bear, strange
from edge.plate.spelling import TWO_LINES, PlateSpellingMargins, PlateVote, is_short, known_plate, spellings
from evidence.acts import VehicleClass
from evidence.packet import PlateCandidate
from evidence.plate_colours import PlateColour


@dataclass(frozen=True)
class PlateVoteMargins:
    """When a plate has won."""

    nothing: float = margin(
        0.3, "readings of full weight",
        'weight of "none of these": one reading of no more weight has half the votes at most and never wins',
        source="decision 11; tests/edge/test_plate_vote.py::test_one_poor_reading_never_wins",
    )  # fmt: skip
    win: float = margin(
        0.6, "share of all votes", "a plate is named only with so much; below it the officer sees the candidates",
        source="decision 11; tuned on the plates of docs/figures.md, no better source", most=1.0,
    )  # fmt: skip
    lead: float = margin(
        2.0, "times the next", "two plates that both have many votes leave it open",
        source="decision 11; tuned on the plates of docs/figures.md, no better source", least=1.0,
    )  # fmt: skip
    agreed: float = margin(
        0.95, "confidence", "at least so sure is a plate that both readers say whole",
        source="so they did on 179 plates of two sets on which nothing was trained, all of them right", most=1.0,
    )  # fmt: skip
    candidates: int = margin(
        5, "plates", "so many are told to the officer when none has won",
        source="first vote; nobody wrote down why five", least=1, most=20,
    )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """`text` is None unless one candidate won clearly; `confidence` is that of the best candidate.

    `anothers`: a plate was read on which both readers agree, or that would have won, and that is another vehicle's.
    """

    text: str | None
    confidence: float
    kind: str | None
    n_best: list[PlateCandidate]
    anothers: bool = False


def decide(
    plate_votes: Sequence[PlateVote],
    *,
    cls: VehicleClass,
    colour: PlateColour = "unknown",
    margins: PlateVoteMargins | None = None,
    spelling: PlateSpellingMargins | None = None,
    bearer: PlateBearerMargins | None = None,
) -> Outcome:
    """The plate of one vehicle out of all its readings.

    What is left of a plate of which a character is missing never names another one (`edge.plate.layout`), and a plate
    at the side counts only where it was also read nearer the middle. What is another vehicle's (`edge.plate.bearer`)
    is no candidate.
    """
    m = margins or PlateVoteMargins()
    at_the_middle = {plate_vote.text for plate_vote in plate_votes if plate_vote.own}
    own = [plate_vote for plate_vote in plate_votes if plate_vote.own or plate_vote.text in at_the_middle]
    whole = [plate_vote for plate_vote in own if plate_vote.layout.whole]
    doubt = sum(plate_vote.weight for plate_vote in own if not plate_vote.layout.whole)
    may_be_short = not any(plate_vote.layout.dot or not plate_vote.layout.whole for plate_vote in own)
    centred = any(plate_vote.layout.centred for plate_vote in own)
    by_lines = {plate_vote.text: plate_vote.short for plate_vote in own}

    def short(text: str) -> bool:
        return by_lines[text] if text in by_lines else is_short(text, class_of(cls))

    def fits(text: str) -> bool:
        return may_be_short or not short(text)

    def proven(text: str) -> bool:
        """By the vote alone; two readers that agree prove a short number too."""
        return fits(text) and (centred or not short(text))

    outcome = count(whole, cls=cls, colour=colour, doubt=doubt, fits=proven, margins=m, spelling=spelling)
    if outcome.text is None and colour not in ("unknown", "white"):
        # a colour seen wrongly at night must not veto a clear text
        free = count(whole, cls=cls, doubt=doubt, fits=proven, margins=m, spelling=spelling)
        outcome = free if free.text is not None else outcome
    agreed = agreement([b for b in whole if fits(b.text)], cls, colour, m, bearer)
    if agreed is not None and outcome.text in (None, agreed.text):
        votes = {c.text: c.probability for c in outcome.n_best}
        sure = max(m.agreed, votes.get(agreed.text, 0.0))
        n_best = outcome.n_best if votes else [PlateCandidate(text=agreed.text, probability=sure)]
        outcome = Outcome(agreed.text, sure, agreed.kind, n_best)
    elif agreed is not None:
        outcome = replace(outcome, text=None, kind=None)
    if not own and plate_votes:
        all_of_them = count(plate_votes, cls=cls, colour=colour, margins=m, spelling=spelling)
        outcome = replace(all_of_them, text=None, kind=None)
    return _without_others(outcome, whole, cls, bearer or PlateBearerMargins())


def _without_others(
    outcome: Outcome, plate_votes: Sequence[PlateVote], cls: VehicleClass, m: PlateBearerMargins
) -> Outcome:
    """The outcome without plates that are another vehicle's: nobody is to choose one of those."""
    seen: dict[str, list[PlateVote]] = {}
    for plate_vote in plate_votes:
        seen.setdefault(plate_vote.text, []).append(plate_vote)
    asked = {text for text, votes in seen.items() if len({v.reader for v in votes}) > 1}
    anothers = {
        text
        for text in asked | ({outcome.text} if outcome.text is not None else set())
        if (parsed := HERE.plates.parse(text)).known
        and strange(parsed.kind, cls, found := [v.hanging for v in seen.get(text, plate_votes)])
        and not may_bear(parsed.kind, cls, found, m)
    }
    if not anothers:
        return outcome
    n_best = [candidate for candidate in outcome.n_best if candidate.text not in anothers]
    if outcome.text in anothers or outcome.text is None:
        sure = n_best[0].probability if n_best else 0.0
        return Outcome(None, sure, None, n_best, anothers=True)
    return replace(outcome, n_best=n_best)


def agreement(
    plate_votes: Sequence[PlateVote],
    cls: VehicleClass,
    colour: PlateColour = "unknown",
    margins: PlateVoteMargins | None = None,
    bearer: PlateBearerMargins | None = None,
) -> PlateParse | None:
    """The whole plate that two readers say, character by character; of several the one that clearly leads.

    One that such a vehicle bears comes before one that it does not: then the class was seen wrongly or the plate is
    another vehicle's, and `edge.plate.bearer` says which.
    """
    m, bearer = margins or PlateVoteMargins(), bearer or PlateBearerMargins()
    kinds = HERE.plates.kinds_in(colour)
    said: dict[str, dict[str, float]] = {}
    found: dict[str, list[Hanging]] = {}
    for plate_vote in plate_votes:
        found.setdefault(plate_vote.text, []).append(plate_vote.hanging)
        if plate_vote.weight > 0:
            readers = said.setdefault(plate_vote.text, {})
            readers[plate_vote.reader] = readers.get(plate_vote.reader, 0.0) + plate_vote.weight
    both = [(sum(readers.values()), text) for text, readers in said.items() if len(readers) > 1]
    on_two_lines = {plate_vote.text for plate_vote in plate_votes if len(plate_vote.lines) == TWO_LINES}
    vehicle_class = class_of(cls)
    for opinion in dict.fromkeys((vehicle_class, None)):
        known = [(w, p) for w, t in both if (p := HERE.plates.parse(t, vehicle_class=opinion)).kind in kinds]
        # motorcycles have no plates of one line: a car's text there is not one of theirs
        known = [(w, p) for w, p in known if p.kind not in HERE.plates.TWO_WHEELS or p.text in on_two_lines]
        if opinion is None and vehicle_class is not None:
            known = [
                (w, p)
                for w, p in known
                if not strange(p.kind, cls, found[p.text]) or may_bear(p.kind, cls, found[p.text], bearer)
            ]
        known.sort(key=lambda item: -item[0])
        if known:
            clear = len(known) == 1 or known[0][0] >= m.lead * known[1][0]
            return known[0][1] if clear else None
    return None


def class_of(cls: VehicleClass) -> str | None:
    """The class as the grammar of plates asks for it; None where it says nothing of the form."""
    return None if cls == VehicleClass.BICYCLE else cls.value


def count(
    plate_votes: Sequence[PlateVote], *, cls: VehicleClass, colour: PlateColour = "unknown", doubt: float = 0.0,
    fits: Callable[[str], bool] = lambda text: True,
    margins: PlateVoteMargins | None = None, spelling: PlateSpellingMargins | None = None,
) -> Outcome:  # fmt: skip
    """The vote over all readings of one vehicle. `doubt`: weight of readings that name no plate; what does not `fit`
    stays a candidate and does not win."""
    m = margins or PlateVoteMargins()
    vehicle_class = class_of(cls)
    votes: dict[str, float] = {}
    total = m.nothing + doubt
    for plate_vote in plate_votes:
        total += plate_vote.weight
        for text, probability in spellings(plate_vote, vehicle_class, colour, spelling):
            votes[text] = votes.get(text, 0.0) + plate_vote.weight * probability
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    n_best = [
        PlateCandidate(text=text, probability=round(min(v / total, 1.0), 4)) for text, v in ranked[: m.candidates]
    ]
    if not n_best:
        return Outcome(None, 0.0, None, [])
    best = n_best[0]
    second = n_best[1].probability if len(n_best) > 1 else 0.0
    parsed = known_plate(best.text, vehicle_class, colour)
    won = parsed is not None and fits(best.text) and best.probability >= m.win and best.probability >= m.lead * second
    return Outcome(best.text if won else None, best.probability, parsed.kind if won and parsed else None, n_best)
