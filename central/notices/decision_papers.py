"""Papers about a decision that was made here: its fine is put off, or an act of it falls away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

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
        amount=known.facts.fine - known.facts.paid,
        requested_on=known.facts.postponement_asked or date.fromisoformat(asked.after["on"]),
        confirmed_by=said.confirmed_by,
        reason=asked.note,
        until=said.until,
    )


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
