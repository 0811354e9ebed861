"""Papers on the way to a fine, each made of what the case knows: minutes, decision over one act or several, points."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from central.cases import said as saying
from central.cases.lifecycle import Action, CaseState
from central.notices.known import Known
from central.notices.reading import law_of
from countries import paper_contents as contents
from countries.here import HERE
from countries.paper_parts import Reference
from countries.papers import Paper
from evidence.acts import ActCode


def minutes(known: Known, said: saying.MinutesMade, _note: str) -> Iterator[Paper]:
    """Hour, witnesses, what the violator says: filled in at the desk, by hand, before it is signed."""
    row, notice, preventive = known.row, known.row.notice, _preventive(known)
    heard = HERE.law.may_be_heard(ActCode(row.act), row.kind, row.occurred_at)
    yield contents.Minutes(
        **known.letter(said.on),
        place=said.place,
        notice=known.reference(notice),
        officer=contents.Witness(name=known.officer.full_name, of=known.office.unit_in_text, authority=True),
        violator=known.violator(),
        vehicle=known.vehicle(),
        acts=(known.act(),),
        measures=(preventive,) if preventive else (),
        may_be_heard=heard,
        heard_by=known.office.fines.heard_by,
        spoken_until=HERE.terms.until("hearing_oral", said.on, known.calendar) if heard else None,
        written_until=HERE.terms.until("hearing_written", said.on, known.calendar) if heard else None,
    )


def _preventive(known: Known) -> str:
    """What the notice says was done to prevent more; "" where there is none."""
    notice = known.row.notice
    return str(notice.content.get("preventive", "")) if notice else ""


def decision(known: Known, said: saying.Decided, _note: str) -> Iterator[Paper]:
    """One paper over all the acts that are decided at once. What the step does not say there is none of: its fields are
    all that is decided."""
    fines, cases = known.office.fines, (known, *known.along)
    records = [found for each in cases if (found := each.paper(Action.MAKE_MINUTES)) is not None]
    if not records:
        return
    fined: tuple[saying.Decided | saying.DecidedToo, ...] = (said, *said.together)
    acts = [
        contents.PunishedAct(act=each.act(), amount=f.fine, aggravating=f.aggravating, mitigating=f.mitigating)
        for each, f in zip(cases, fined, strict=True)
    ]
    yield contents.Decision(
        **known.letter(said.on),
        decider=fines.decided_by,
        minutes=tuple(dict.fromkeys(records)),
        hearings=tuple(
            held for each in cases if each.facts.hearing == "oral" and (held := each.paper(Action.HEAR)) is not None
        ),
        violator=known.violator(),
        vehicle=known.vehicle(),
        acts=tuple(acts),
        points=said.points,
        points_of=1 + HERE.law.points_once([points_of(each) for each in cases], said.on).bearer,
        payment=contents.Payment(
            treasury=fines.treasury, bank=fines.bank, account=fines.account, agency_code=fines.agency_code,
            chapter=fines.chapter, item=fines.item, within_days=HERE.terms.span("pay", said.on).length,
            late_per_cent=HERE.law.late_payment(said.on).per_cent,
        ),
        held="; ".join(dict.fromkeys(map(_kept, cases))).strip("; "),
        executes=fines.executed_by,
    )  # fmt: skip


def _kept(known: Known) -> str:
    """What was kept until the fine is paid; "" where nothing was."""
    preventive = _preventive(known)
    return "" if preventive == HERE.notice().NO_MEASURE else preventive


def points_of(known: Known) -> int:
    """What the act of a case would take off the licence."""
    state = CaseState(known.status, facts=known.facts)
    return saying.points_of(law_of(known.row, state), state)


def points(known: Known, said: saying.Sent, _note: str) -> Iterator[Paper]:
    """Goes out with a decision that was made here and takes points off; one made elsewhere has its own there."""
    reference = decided_here(known)
    if known.facts.points and reference is not None:
        yield points_taken(known, said.on, reference, known.facts.points)


def decided_here(known: Known) -> Reference | None:
    """The decision of the case, if its paper was made here."""
    decided = known.last(Action.DECIDE)
    made = decided is not None and decided.after.get("paper_sha256")
    return known.paper(Action.DECIDE) if made else None


def points_taken(known: Known, on: date, reference: Reference, taken: int) -> contents.Points:
    """The notice of points for the act of this case."""
    return contents.Points(
        **known.letter(on),
        decision=reference,
        driver=known.violator(),
        vehicle=known.vehicle(),
        act=known.act(),
        licence_of=known.row.kind,
        taken=taken,
    )
