"""The plate of a vehicle out of its best views: found, read by all readers, and voted on (`edge.plate.vote`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from countries.here import HERE
from edge.plate.bearer import Hanging, PlateBearerMargins, strange
from edge.plate.in_view import PlatePerception, PlateReadMargins, plate_in
from edge.plate.layout import PlateLayoutMargins, layout_of
from edge.plate.spelling import PlateSpellingMargins, PlateVote
from edge.plate.views import View
from edge.plate.vote import Outcome, PlateVoteMargins, decide
from edge.types import Image
from evidence.acts import VehicleClass
from evidence.packet import Plate, PlateReading
from evidence.plate_colours import PlateColour
from models.plate_colour import PlateColourMargins, plate_colour
from models.plates import PlateReading as RawReading


@dataclass(frozen=True)
class PlateMargins:
    """The numbers of every step from a view to a plate; each is a value of its own, with a digest of its own."""

    read: PlateReadMargins = field(default_factory=PlateReadMargins)
    layout: PlateLayoutMargins = field(default_factory=PlateLayoutMargins)
    spelling: PlateSpellingMargins = field(default_factory=PlateSpellingMargins)
    vote: PlateVoteMargins = field(default_factory=PlateVoteMargins)
    colour: PlateColourMargins = field(default_factory=PlateColourMargins)
    bearer: PlateBearerMargins = field(default_factory=PlateBearerMargins)


@dataclass(frozen=True, eq=False)
class PlateEvidence:
    """What goes into the packet. `crop`: the view of the plate that was read best."""

    plate: Plate
    crop: Image | None
    flags: tuple[str, ...]


@dataclass
class _Said:
    """What was found and read in some views."""

    votes: list[PlateVote] = field(default_factory=list)
    readings: list[PlateReading] = field(default_factory=list)
    crops: list[tuple[float, Image]] = field(default_factory=list)
    colours: dict[PlateColour, float] = field(default_factory=dict)
    shapes: list[float] = field(default_factory=list)

    @property
    def colour(self) -> PlateColour:
        """The one with most votes; unknown where there is none."""
        return max(self.colours, key=lambda c: self.colours[c], default="unknown")

    def and_of(self, other: _Said) -> _Said:
        both = {c: self.colours.get(c, 0.0) + other.colours.get(c, 0.0) for c in {**self.colours, **other.colours}}
        return _Said(
            [*self.votes, *other.votes], [*self.readings, *other.readings], [*self.crops, *other.crops], both,
            [*self.shapes, *other.shapes],
        )  # fmt: skip

    def decided(self, cls: VehicleClass, m: PlateMargins) -> tuple[Outcome, list[PlateVote]]:
        """The plate, and the votes that it came of."""
        shape = float(np.median(self.shapes))
        votes = [replace(each, hanging=replace(each.hanging, shape=shape)) for each in self.votes]
        outcome = decide(votes, cls=cls, colour=self.colour, margins=m.vote, spelling=m.spelling, bearer=m.bearer)
        return outcome, votes


def read_plate(
    views: Sequence[View],
    perception: PlatePerception,
    cls: VehicleClass,
    margins: PlateMargins | None = None,
    *,
    perhaps: Sequence[View] = (),
) -> PlateEvidence:
    """Find and read the plate in each view, then let the readings decide.

    `perhaps`: views of the same track, when it may have followed another vehicle. They are read where `views` do not
    tell the plate, and never name one that `views` have not voted for: without that it is a candidate with a flag.
    """
    m = margins or PlateMargins()
    said = _say(views, perception, m)
    outcome, votes = said.decided(cls, m) if said.crops else (None, [])
    if perhaps and (outcome is None or outcome.text is None):
        own = {candidate.text for candidate in outcome.n_best} if outcome is not None else set()
        every = said.and_of(_say(perhaps, perception, m))
        of_all, votes_of_all = every.decided(cls, m) if every.crops else (outcome, votes)
        if of_all is not None and of_all.text in own:
            return _evidence(said, every, of_all, _doubts(of_all, votes_of_all, cls))
        if of_all is not None and (of_all.text is not None or outcome is None):
            open_ = replace(of_all, text=None, kind=None)
            return _evidence(said, every, open_, ("plate_unread", "plate_perhaps_anothers"))
    if outcome is None:
        return PlateEvidence(Plate(), None, ("plate_not_found",))
    return _evidence(said, said, outcome, _doubts(outcome, votes, cls))


def _say(views: Sequence[View], perception: PlatePerception, m: PlateMargins) -> _Said:
    said = _Said(shapes=[view.image.shape[1] / view.image.shape[0] for view in views])
    for view in views[: m.read.views_read]:
        found = plate_in(view, perception, m.read, m.bearer)
        if found is None:
            continue
        best_weight = 0.0
        for number, raw in enumerate(perception.read(found.picture, found.corners) if found.legible else ()):
            if not raw.text:
                continue
            size = min(1.0, found.height_px / len(raw.lines) / m.read.full_line_px)
            weight = float(np.clip(found.score * size * raw.confidence, 0.0, 1.0))
            best_weight = max(best_weight, weight)
            said.readings.append(_said(raw, view.frame, found.box))
            hanging = replace(found.hanging, lines=len(raw.lines))
            said.votes.append(
                vote_of(raw, weight, reader=raw.reader or str(number), own=found.own, layout=m.layout, hanging=hanging)
            )
        colour = plate_colour(found.picture, m.colour)
        said.colours[colour] = said.colours.get(colour, 0.0) + best_weight + m.read.unread_weight
        said.crops.append((best_weight + m.read.unread_weight * found.score, found.picture))
    return said


def _evidence(own: _Said, every: _Said, outcome: Outcome, doubts: tuple[str, ...]) -> PlateEvidence:
    """`own`: what is shown, as it is surely the vehicle's; `every`: what the outcome came of."""
    colour = own.colour
    if outcome.text is not None and not HERE.plates.parse(outcome.text, colour=colour).known:
        colour = "unknown"  # no such plate comes in it, so it was seen wrongly: somebody has to look
    plate = Plate(
        text=outcome.text,
        confidence=outcome.confidence,
        kind=outcome.kind,
        colour=colour,
        n_best=outcome.n_best,
        readings=every.readings,
    )
    return PlateEvidence(plate, max(own.crops, key=lambda crop: crop[0])[1] if own.crops else None, doubts)


def _doubts(outcome: Outcome, plate_votes: Sequence[PlateVote], cls: VehicleClass) -> tuple[str, ...]:
    """Flags: why there is no text, or what about it an officer has to look at."""
    if outcome.text is None:
        why = () if plate_votes else ("plate_too_small",)
        if outcome.anothers:
            why = ("plate_of_another_vehicle",)
        elif plate_votes and not any(plate_vote.own for plate_vote in plate_votes):
            why = ("plate_at_the_side",)
        elif any(plate_vote.own and not plate_vote.layout.whole for plate_vote in plate_votes):
            why = ("plate_part_missing",)
        return ("plate_unread", *why)
    said = [each.hanging for each in plate_votes if each.text == outcome.text]
    if outcome.kind is not None and strange(outcome.kind, cls, said or [each.hanging for each in plate_votes]):
        return ("plate_of_other_class",)
    return ()


def _said(raw: RawReading, frame: int, box: tuple[float, float, float, float]) -> PlateReading:
    """A reading as it stands in the packet."""
    x1, y1, x2, y2 = (round(edge, 1) for edge in box)
    lines = [line.text for line in raw.lines]
    return PlateReading(frame=frame, lines=lines, confidence=round(min(raw.confidence, 1.0), 4), box=(x1, y1, x2, y2))


def vote_of(
    raw: RawReading,
    weight: float,
    *,
    reader: str = "",
    own: bool = True,
    layout: PlateLayoutMargins | None = None,
    hanging: Hanging | None = None,
) -> PlateVote:
    """What a reading says at each place, separators left out; `weight` 0..1."""
    characters = [
        votes
        for line in raw.lines
        for char, votes in zip(line.text, line.alternatives, strict=True)
        if char not in "-."
    ]
    clean = [tuple((c, p) for c, p in votes if c not in "-.") for votes in characters]
    lines = tuple(len(line.text.replace("-", "").replace(".", "")) for line in raw.lines)
    return PlateVote(
        clean, lines, weight, reader or raw.reader, layout_of(raw, layout), own, hanging or Hanging(len(raw.lines))
    )
