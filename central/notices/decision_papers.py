"""Papers about a decision: its fine is put off, lowered or not, or an act of it falls away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Literal

from central.cases import said as saying
from central.cases.lifecycle import Action
from central.cases.said import Said
from central.cases.together import points_left
from central.notices.fine_papers import decided_here, points_of, points_taken
from central.notices.known import Known
from countries import decision_contents as decisions
from countries.paper_contents import PunishedAct
from countries.papers import Paper


def postponement(known: Known, said: saying.Postponed, _note: str) -> Iterator[Paper]:
    """Of what is unpaid. Which hardship it is was said with the request."""
    reference, asked = known.paper(Action.DECIDE), known.last(Action.ASK_POSTPONEMENT)
    if reference is None or asked is None:
        return
    yield decisions.Postponement(
        **known.letter(said.on),
        decider=known.office.fines.decided_by,
        decision=reference,
        violator=known.violator(),
        vehicle=known.vehicle(),
        amount=known.facts.unpaid,
        requested_on=known.facts.postponement_asked or date.fromisoformat(asked.after["on"]),
        confirmed_by=said.confirmed_by,
        reason=asked.note,
        until=said.until,
    )


def relief(known: Known, said: saying.Relieved, _note: str) -> Iterator[Paper]:
    """What is taken off, and what is left. Which hardship it is was said with the request."""
    reference, asked = known.paper(Action.DECIDE), known.last(Action.ASK_RELIEF)
    if reference is None or asked is None:
        return
    yield decisions.Relief(
        **known.letter(said.on),
        decider=known.office.fines.decided_by,
        decision=reference,
        violator=known.violator(),
        vehicle=known.vehicle(),
        amount=said.amount,
        left=known.facts.unpaid - said.amount,
        requested_on=known.facts.relief_asked or date.fromisoformat(asked.after["on"]),
        confirmed_by=said.confirmed_by,
        reason=asked.note,
    )


def request_refused(asked: Literal["postponement", "relief"]) -> Callable[[Known, Said, str], Iterator[Paper]]:
    """To whoever asked to pay later, or less; `asked` says which."""

    def make(known: Known, said: Said, note: str) -> Iterator[Paper]:
        reference = known.paper(Action.DECIDE)
        since = known.facts.relief_asked if asked == "relief" else known.facts.postponement_asked
        if reference is None or since is None:
            return
        yield decisions.RequestRefused(
            **known.letter(said.on),
            to=known.violator(),
            decision=reference,
            asked=asked,
            requested_on=since,
            vehicle=known.vehicle(),
            reason=note,
        )

    return make


def amendment(known: Known, said: Said, note: str) -> Iterator[Paper]:
    """The decision for the acts that are left (`Known.along`), where it was made here. Of an act that bears points only
    now the notice goes with it, if the decision was sent: else it goes with that."""
    reference, left = decided_here(known), sorted(known.along, key=lambda each: each.row.number)
    if reference is None or not left:
        return
    day, before = known.facts.decided or said.on, max(each.facts.points for each in (known, *left))
    points, bearer = points_left(before, [points_of(each) for each in left], day)
    yield decisions.Amendment(
        **known.letter(said.on),
        decider=known.office.fines.decided_by,
        decision=reference,
        violator=known.violator(),
        vehicle=known.vehicle(),
        gone=(_punished(known),),
        acts=tuple(_punished(each) for each in left),
        points=points,
        points_of=1 + bearer,
        points_before=before,
        reason=note,
    )
    bears = left[bearer]
    if points and not bears.facts.points and bears.facts.decision_sent is not None:
        yield points_taken(bears, said.on, reference, points)


def _punished(known: Known) -> PunishedAct:
    return PunishedAct(act=known.act(), amount=known.facts.fine)
