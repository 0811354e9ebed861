"""Papers of whoever defends themselves: the record of a hearing, word of a longer term, a complaint and its answer."""

from __future__ import annotations

from collections.abc import Iterator

from central.cases import said as saying
from central.cases.lifecycle import Action
from central.cases.said import Said
from central.notices.known import Known
from countries import remedy_contents as remedies
from countries.here import HERE
from countries.paper_contents import Witness
from countries.paper_parts import Party, Reference
from countries.papers import Paper


def hearing(known: Known, said: saying.Heard, note: str) -> Iterator[Paper]:
    """Of one that was held face to face. Who explains in writing leaves a letter, and no record is made of it."""
    minutes = known.paper(Action.MAKE_MINUTES)
    if minutes is None or known.facts.hearing != "oral":
        return
    yield remedies.HearingRecord(
        **known.letter(said.on),
        minutes=minutes,
        requested_on=known.facts.hearing_asked,
        place=said.place,
        organiser=Witness(name="", of=known.office.unit_in_text, authority=True),
        recorder=known.officer.full_name,
        violator=known.violator(),
        vehicle=known.vehicle(),
        act=known.act(),
        said=note,
    )


def extension(known: Known, said: Said, note: str) -> Iterator[Paper]:
    """The new last day counts from the minutes, as the term itself does."""
    minutes = known.paper(Action.MAKE_MINUTES)
    if minutes is None:
        return
    yield remedies.Extension(
        **known.letter(said.on),
        to=known.violator(),
        minutes=minutes,
        vehicle=known.vehicle(),
        act=known.act(),
        reason=note,
        until=HERE.terms.until("decision_complex", known.facts.minutes or said.on, known.calendar),
    )


def hearing_extension(known: Known, said: saying.HearingExtended, note: str) -> Iterator[Paper]:
    """The last day is that of the term that runs from then on."""
    minutes = known.paper(Action.MAKE_MINUTES)
    if minutes is None:
        return
    yield remedies.HearingExtension(
        **known.letter(said.on),
        to=known.violator(),
        minutes=minutes,
        requested_on=said.requested,
        vehicle=known.vehicle(),
        act=known.act(),
        reason=note,
        until=HERE.terms.until("hearing_longer", known.facts.minutes or said.on, known.calendar),
    )


def complaint_receipt(known: Known, said: Said, note: str) -> Iterator[Paper]:
    """For whoever brings a complaint. The term is that which runs on the list of what falls due."""
    yield remedies.ComplaintReceipt(
        **known.letter(said.on),
        who=_complainant(known),
        against=_against(known),
        decided=known.facts.decided is not None,
        vehicle=known.vehicle(),
        statement=note,
        answer_days=HERE.terms.span("complaint_answer", said.on).length,
        until=HERE.terms.until("complaint_answer", said.on, known.calendar),
        received_by=known.officer.full_name,
    )


def complaint_answer(known: Known, said: Said, note: str) -> Iterator[Paper]:
    """To a complaint that is not right. One that is right is answered by taking the notice back."""
    complained = known.last(Action.COMPLAIN)
    if complained is None or known.facts.complaint is None:
        return
    yield remedies.ComplaintAnswer(
        **known.letter(said.on),
        decider=known.office.fines.decided_by,
        who=_complainant(known),
        against=_against(known),
        decided=known.facts.decided is not None,
        vehicle=known.vehicle(),
        complained_on=known.facts.complaint,
        statement=complained.note,
        reasons=note,
    )


def _complainant(known: Known) -> Party:
    """Who answers for the act, where that is known; before that the owner, to whom the notice went."""
    violator = known.violator()
    return violator if violator.name else known.owner(known.row.notice)


def _against(known: Known) -> Reference | None:
    """The decision, else the notice; both with their number."""
    decision = known.paper(Action.DECIDE) if known.facts.decided is not None else None
    return decision or known.reference(known.row.notice)
