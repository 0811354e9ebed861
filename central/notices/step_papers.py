"""Which paper belongs to which step of a case, and what stands on it: the one table from step to paper.

Number and PDF are not made here (`central.notices.proceedings`): a content is a value, and so it can be looked at
as a draft before the step is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from central.cases import said as saying
from central.cases.lifecycle import Action, Status
from central.cases.said import Said
from central.notices import decision_papers, fine_papers, remedy_papers
from central.notices.known import Known
from countries import paper_contents as contents
from countries.here import HERE
from countries.law import OwnerType
from countries.paper_parts import Party, Reference
from countries.papers import Paper, PaperCode

MOST_PROSE = 8000
_ON_PAPER: Mapping[saying.Mistake, Literal["owner", "plate", "other"]] = {
    "wrong_owner": "owner", "wrong_plate": "plate", "other": "other",
}  # fmt: skip


@dataclass(frozen=True)
class StepPaper:
    """What a step makes. `codes`: the papers it may make. `make` gives those of this case, without numbers.

    `typed`: a number that was typed with the step is that of a paper made elsewhere, and then none is made here.
    """

    codes: tuple[PaperCode, ...]
    make: Callable[[Known, Any, str], Iterator[Paper]]
    typed: bool = False


def papers_of(known: Known, action: Action, said: Said, note: str) -> tuple[Paper, ...]:
    """The papers of a step, without numbers; none for a step that has none. Raises `LawError`."""
    row = STEP_PAPERS.get(action)
    elsewhere = str(getattr(said, "number", ""))
    if row is None or (row.typed and elsewhere):
        return ()
    return tuple(row.make(known, said, note))


def pdf_of(paper: Paper) -> bytes:
    """The paper as its finished PDF: every paper of a step is made here and nowhere else."""
    return HERE.papers().render(paper)


def _withdrawal(known: Known, said: saying.Withdrawn, note: str) -> Iterator[Paper]:
    """To whoever the notice was addressed to. None where none was issued: then nobody has one to take back. A decision
    on it falls with it and is named; of several acts that were decided at once it is amended for those left."""
    if (shared := _taken_back(known, said, note)) is not None:
        yield contents.Withdrawal(**shared, **_falls_too(known))
    yield from decision_papers.amendment(known, said, note)


def _falls_too(known: Known) -> dict[str, Any]:
    """The decision that was made on this act alone, and whom it was against if he is not the one who is written to."""
    if known.facts.decided is None or known.along:
        return {}
    punished = known.violator().name
    same = " ".join(punished.split()).casefold() == " ".join(_addressee(known).name.split()).casefold()
    return {"decision": known.paper(Action.DECIDE), "punished": "" if same else punished}


def _correction(known: Known, said: saying.Corrected, note: str) -> Iterator[Paper]:
    """None where the notice was never sent."""
    notice = known.row.notice
    if notice is None or notice.published_at is None:
        return
    if (shared := _taken_back(known, said, note)) is not None:
        yield contents.Correction(**shared, mistake=_ON_PAPER[said.mistake])


def _taken_back(known: Known, said: Said, note: str) -> dict[str, Any] | None:
    notice = known.row.notice
    reference = known.reference(notice)
    if notice is None or reference is None:
        return None
    return {
        **known.letter(said.on),
        "to": _addressee(known),
        "notice": reference,
        "vehicle": known.vehicle(),
        "act": known.act(),
        "reason": note,
        "informed": _informed(known),
    }


def _informed(known: Known) -> tuple[str, ...]:
    """Offices that were told of the case by name and have to know that it is taken back."""
    if known.facts.warned is None:
        return ()
    warned = [e for e in known.record if e.action == Action.WARN.value and e.sequence > known.lifted]
    return tuple(office for e in warned if (office := str(e.after.get("office", ""))))


def _transfer(known: Known, said: saying.Transferred, _note: str) -> Iterator[Paper]:
    notice = known.row.notice
    yield contents.Transfer(
        **known.letter(said.on),
        to=said.to,
        owner=known.owner(notice),
        vehicle=known.vehicle(),
        act=known.act(),
        notice=known.reference(notice, sent=True),
    )


def _warning(known: Known, said: saying.Warned, _note: str) -> Iterator[Paper]:
    """To inspection and registry a letter; to the police of a commune the slip of form 04, with the notice."""
    notice, facts = known.row.notice, known.facts
    sent = known.reference(notice, sent=True)
    shared = {
        **known.letter(said.on),
        "to": said.office,
        "owner": known.owner(notice),
        "vehicle": known.vehicle(),
        "act": known.act(),
        "notice": sent,
    }
    if said.to == "commune":
        if sent is not None:
            yield contents.Delivery(**shared)
        return
    yield contents.WarningLetter(**shared, to_kind=said.to, sent_on=facts.sent, **_why_warned(known))


def _why_warned(known: Known) -> dict[str, Any]:
    """Of the three terms whose passing asks for a warning, the one that ran (`central.cases.terms`)."""
    facts = known.facts
    if known.status is Status.TRANSFERRED:
        event = known.last(Action.TRANSFER)
        passed_to = str(event.after.get("to", "")) if event else ""
        return {"because": "no_result", "passed_to": passed_to, "passed_on": facts.transferred}
    if known.status is Status.DECISION_SENT:
        received = facts.decision_received
        due = facts.next_payment.due if facts.next_payment else facts.postponed_until
        pay_by = due or (HERE.terms.until("pay", received, known.calendar) if received else None)
        return {"because": "not_paid", "decision": known.paper(Action.DECIDE), "answer_by": pay_by}
    return {"answer_by": HERE.terms.until("answer", facts.sent, known.calendar) if facts.sent else None}


def _lifting(known: Known, said: Said, note: str) -> Iterator[Paper]:
    """To each office that was warned by a letter, about the notice that held then."""
    for event in known.record:
        to = event.after.get("to")
        if (
            event.action != Action.WARN.value
            or event.sequence <= known.lifted
            or to not in ("inspection", "registration")
        ):
            continue
        notice = known.notice_at(event.sequence)
        number = event.after.get("paper_number") or event.after.get("number") or ""
        yield contents.WarningLifted(
            **known.letter(said.on),
            to=str(event.after.get("office", "")),
            to_kind=to,
            owner=known.owner(notice),
            vehicle=known.vehicle(notice),
            notice=known.reference(notice, sent=True),
            warning=Reference(number=str(number), on=event.after["on"]),
            because=_why_lifted(known, notice is not None and notice.replaced_at is not None),
            reason=note,
        )


def _why_lifted(known: Known, replaced: bool) -> Literal["resolved", "withdrawn", "other"]:
    if replaced or known.status is Status.WITHDRAWN:
        return "withdrawn"
    return "resolved" if known.status in (Status.PAID, Status.CLOSED) else "other"


def _answer(known: Known, said: Said, note: str) -> Iterator[Paper]:
    """To a statement that changed nothing. One that is right is answered by the withdrawal or the correction."""
    notice = known.row.notice
    reference = known.reference(notice)
    if notice is None or reference is None or known.facts.statement is None:
        return
    answered = known.last(Action.REFUSE_STATEMENT)
    since = answered.sequence if answered else 0
    stated = [e.note for e in known.of_this_notice if e.action == Action.CONTEST.value and e.sequence > since]
    yield contents.Answer(
        **known.letter(said.on),
        to=_addressee(known),
        notice=reference,
        vehicle=known.vehicle(),
        stated_on=known.facts.statement,
        statement="; ".join(stated)[:MOST_PROSE],
        result="refused",
        decided=known.facts.decided is not None,
        reasons=(note,),
        complain_to=known.office.complaints_to,
        complain_days=HERE.terms.span("complaint", said.on).length,
    )


def _addressee(known: Known) -> Party:
    """Whoever the notice is addressed to: in words where nobody was found by name."""
    notice = known.row.notice
    assert notice is not None
    content = notice.content
    kind: OwnerType = "organisation" if content.get("owner_type") == "organisation" else "person"
    return Party(name=str(content.get("addressee", "")), type=kind, address=str(content.get("owner_address", "")))


STEP_PAPERS: Mapping[Action, StepPaper] = {
    Action.MAKE_MINUTES: StepPaper(("minutes",), fine_papers.minutes, typed=True),
    Action.DECIDE: StepPaper(("decision",), fine_papers.decision, typed=True),
    Action.SEND_DECISION: StepPaper(("points",), fine_papers.points),
    Action.WARN: StepPaper(("warning", "delivery"), _warning, typed=True),
    Action.LIFT_WARNING: StepPaper(("lifting",), _lifting),
    Action.TRANSFER: StepPaper(("transfer",), _transfer, typed=True),
    Action.REFUSE_STATEMENT: StepPaper(("answer",), _answer),
    Action.HEAR: StepPaper(("hearing",), remedy_papers.hearing, typed=True),
    Action.EXTEND_HEARING: StepPaper(("hearing_extension",), remedy_papers.hearing_extension, typed=True),
    Action.EXTEND: StepPaper(("extension",), remedy_papers.extension),
    Action.COMPLAIN: StepPaper(("complaint_receipt",), remedy_papers.complaint_receipt),
    Action.REFUSE_COMPLAINT: StepPaper(("complaint_answer",), remedy_papers.complaint_answer),
    Action.POSTPONE: StepPaper(("postponement",), decision_papers.postponement),
    Action.REFUSE_POSTPONEMENT: StepPaper(
        ("request_refused",), decision_papers.request_refused("postponement"), typed=True
    ),
    Action.RELIEVE: StepPaper(("relief",), decision_papers.relief),
    Action.REFUSE_RELIEF: StepPaper(("request_refused",), decision_papers.request_refused("relief"), typed=True),
    Action.WITHDRAW: StepPaper(("withdrawal", "amendment", "points"), _withdrawal),
    Action.CORRECT: StepPaper(("correction",), _correction),
}
"""Steps with a paper. All others have none of their own here: docs/papers.md says of each why."""
