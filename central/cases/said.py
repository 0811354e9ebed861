"""What a person says with a step: a frozen value for each, checked for itself and against the case. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.cases import instalments, relief
from central.cases.facts import Instalment, Liable, Recipient
from central.cases.lifecycle import Action, CaseState, Refused
from central.cases.terms import hearing_key
from countries.calendar import WorkCalendar
from countries.here import HERE
from countries.law import Proposal

How = Literal["post", "by_hand", "electronic", "posted_up"]
WithdrawReason = Literal[
    "not_violation", "wrong_plate", "cloned_plate", "wrong_owner", "sold", "stolen", "priority_vehicle",
    "evidence_unsound", "procedure", "complaint_upheld", "other",
]  # fmt: skip
"""Counted by the rate of false issue; words: `withdraw_reason.<code>`."""
Mistake = Literal["wrong_owner", "wrong_plate", "other"]
"""Some of the reasons of a withdrawal, in the same words: `field_value.<code>`."""
Name = Annotated[str, Field(max_length=300)]
Number = Annotated[str, Field(max_length=100)]
MOST_PARTS = 12
"""Of a form; how many the law allows is the country's."""
MOST_TOGETHER = 9
"""A paper holds ten acts."""
MOST_MONEY = 10**12
"""No fine is so high; a slip of the keyboard is."""


class Said(BaseModel):
    """`on`: the day on which it happened, by the country's calendar."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    on: date


class Attended(Said):
    name: Name = ""


class Identified(Said):
    """`representative`: who acts for an organisation. What is left out is a dotted line on the papers that follow."""

    liable: Liable
    name: Name = Field(min_length=1)
    id_number: Number = ""
    address: Name = ""
    representative: Name = ""


class MinutesMade(Said):
    """`number`: of minutes that were made elsewhere; without one they are made here, with the unit's next number."""

    number: Number = ""
    place: Name = ""


class HearingAsked(Said):
    manner: Literal["written", "oral"]


class Heard(Said):
    """`number`: as of `MinutesMade`, of the record of a hearing; `place`: where it was held."""

    number: Number = ""
    place: Name = ""


class HearingExtended(Said):
    """`requested`: the day of the request. `number`: as of `MinutesMade`."""

    requested: date
    number: Number = ""


class DecidedToo(BaseModel):
    """Another case of the same vehicle and violator that the same decision is about: its number, the fine of its act
    and why it is so high, and the version of it that was on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    case: int = Field(gt=0)
    fine: int = Field(gt=0, lt=MOST_MONEY)
    mitigating: Name = ""
    aggravating: Name = ""
    seen: int | None = None


class Decided(Said):
    """`fine`: in the country's currency, of this case's act, as are `mitigating` and `aggravating`; `points`: taken off
    the licence by the whole decision. `number`: as of `MinutesMade`."""

    number: Number = ""
    fine: int = Field(gt=0, lt=MOST_MONEY)
    points: int = Field(ge=0, le=100)
    together: tuple[DecidedToo, ...] = Field(default=(), max_length=MOST_TOGETHER)
    mitigating: Name = ""
    aggravating: Name = ""


class Sent(Said):
    """`reference`: of the post, of the system, or who took it."""

    how: How
    reference: Number = ""


class Part(BaseModel):
    """One part of a fine and its last day."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    due: date
    amount: int = Field(gt=0, lt=MOST_MONEY)


class InstalmentsAgreed(Said):
    """A written decision that the fine is paid in parts. `requested`: the day of the request; `confirmed_by`: who
    confirmed on it that the violator is in hardship."""

    number: Number = Field(min_length=1)
    requested: date
    confirmed_by: Name = Field(min_length=1)
    instalments: tuple[Part, ...] = Field(min_length=1, max_length=MOST_PARTS)


class Postponed(Said):
    """The fine may be paid later: `until`, its last day. `confirmed_by`: as of `InstalmentsAgreed`."""

    until: date
    confirmed_by: Name = Field(min_length=1)


class RequestRefused(Said):
    """`number`: as of `MinutesMade`, of the letter that says why."""

    number: Number = ""


class Relieved(Said):
    """`amount`: what is taken off the fine. `confirmed_by`: as of `InstalmentsAgreed`."""

    amount: int = Field(gt=0, lt=MOST_MONEY)
    confirmed_by: Name = Field(min_length=1)


class Paid(Said):
    amount: int = Field(gt=0, lt=MOST_MONEY)
    receipt: Number = Field(min_length=1)


class Warned(Said):
    """`office`: the name of whoever gets it. `number`: as of `MinutesMade`."""

    to: Recipient
    office: Name = ""
    number: Number = ""


class Transferred(Said):
    """`number`: as of `MinutesMade`."""

    to: Name = Field(min_length=1)
    number: Number = ""


class HandedOver(Said):
    """`unit`: code of the unit that gets the case."""

    unit: str = Field(min_length=1, max_length=40)


class TransferAnswered(Said):
    """`number`: of the other unit's answer."""

    number: Number = ""


class Reminded(Said):
    """`number`: of the letter."""

    number: Number = ""


class Withdrawn(Said):
    reason: WithdrawReason


class Corrected(Said):
    """What was wrong on the notice: the case begins anew for another plate or owner."""

    mistake: Mistake


class Held(Said):
    """`review`: the day on which somebody asks whether it is still needed; the hold does not end by itself."""

    review: date


SAID: dict[Action, type[Said]] = {
    Action.ATTEND: Attended,
    Action.IDENTIFY: Identified,
    Action.MAKE_MINUTES: MinutesMade,
    Action.WAIVE_HEARING: Said,
    Action.EXTEND_HEARING: HearingExtended,
    Action.ASK_HEARING: HearingAsked,
    Action.HEAR: Heard,
    Action.EXTEND: Said,
    Action.DECIDE: Decided,
    Action.SEND_DECISION: Sent,
    Action.SEND_AMENDMENT: Sent,
    Action.RECEIVE_DECISION: Said,
    Action.AGREE_INSTALMENTS: InstalmentsAgreed,
    Action.ASK_POSTPONEMENT: Said,
    Action.POSTPONE: Postponed,
    Action.REFUSE_POSTPONEMENT: RequestRefused,
    Action.ASK_RELIEF: Said,
    Action.RELIEVE: Relieved,
    Action.REFUSE_RELIEF: RequestRefused,
    Action.PAY: Paid,
    Action.CLOSE: Said,
    Action.WARN: Warned,
    Action.LIFT_WARNING: Said,
    Action.HAND_OVER: HandedOver,
    Action.TRANSFER: Transferred,
    Action.TRANSFER_SETTLED: TransferAnswered,
    Action.TRANSFER_RETURNED: TransferAnswered,
    Action.REMIND: Reminded,
    Action.REFUSE_STATEMENT: Said,
    Action.COMPLAIN: Said,
    Action.REFUSE_COMPLAINT: Said,
    Action.WITHDRAW: Withdrawn,
    Action.CORRECT: Corrected,
    Action.TELL_OWNER: Sent,
    Action.EXPIRE: Said,
    Action.REOPEN: Said,
    Action.HOLD: Held,
    Action.LIFT_HOLD: Said,
    Action.UNDO: Said,
}
"""The steps that are taken with a form of their own, in the order in which they are offered."""
NEEDS_NOTE = frozenset({
    Action.EXTEND, Action.TRANSFER_SETTLED, Action.TRANSFER_RETURNED, Action.REFUSE_STATEMENT, Action.COMPLAIN,
    Action.REFUSE_COMPLAINT, Action.WITHDRAW, Action.CORRECT, Action.REOPEN, Action.UNDO, Action.HEAR,
    Action.HOLD, Action.LIFT_HOLD, Action.HAND_OVER, Action.ASK_POSTPONEMENT, Action.REFUSE_POSTPONEMENT,
    Action.EXTEND_HEARING, Action.ASK_RELIEF, Action.REFUSE_RELIEF,
})  # fmt: skip
"""Steps that somebody will ask about later: the reason, or what was said, is written down."""


def read(action: Action, typed: Mapping[str, Any]) -> Said:
    """The value of what was typed. Raises `Refused` (`field`) that names the field."""
    try:
        return SAID[action].model_validate(dict(typed))
    except ValidationError as error:
        where = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""
        raise Refused("field", "is missing or cannot be so", where=where, remedy="correct the field") from error


def check(
    said: Said, action: Action, state: CaseState, note: str, *, today: date, law: Proposal | None, since: date | None,
    calendar: WorkCalendar | None = None,
) -> None:  # fmt: skip
    """What can only be judged with the case. `law`: band and points of the act for whoever answers for it; `since`: the
    day of the step before. `calendar`: the unit's, else the country's.

    Raises `Refused`: `future`, `before_last`, `review_past`, `note`, `warned_there`, `not_by_commune`,
    `not_delivered`, `no_law`, `fine_band`, `points_most`, `overpaid`, `parts_request`, `hearing_late`,
    `request_late`, those of `central.cases.instalments.check`, of `central.cases.relief.check` and of
    `check_postponed`.
    """
    if said.on > today:
        raise Refused("future", "the day is yet to come", where="on", remedy="enter the day on which it happened")
    if action not in (Action.UNDO, Action.HOLD, Action.LIFT_HOLD):
        check_day(said, since)
    if isinstance(said, Held) and said.review <= today:
        raise Refused(
            "review_past", "the day of review has passed", where="review", remedy="name a day that is to come"
        )
    if action in NEEDS_NOTE and not note.strip():
        raise Refused("note", "say why", where="note", remedy="write a short reason")
    if isinstance(said, Warned) and said.to in state.facts.warned_to:
        raise Refused("warned_there", "this office was warned already", where="to", remedy="choose another")
    if isinstance(said, Warned) and said.to == "commune" and not state.by_commune:
        raise Refused(
            "not_by_commune", "the commune brings no notice of such a vehicle", where="to", remedy="choose another"
        )
    if isinstance(said, Warned) and said.to not in state.to_warn:
        raise Refused(
            "not_delivered", "no notice was sent that could be delivered", where="to", remedy="choose another"
        )
    if isinstance(said, Decided):
        check_fine(said.fine, law)
        if not said.together:
            check_points(said.points, points_of(law, state))
    if isinstance(said, InstalmentsAgreed):
        if said.requested > said.on:
            raise Refused(
                "parts_request", "the request is of a later day", where="requested", remedy="correct the days"
            )
        instalments.check([Instalment(p.due, p.amount) for p in said.instalments], state.facts, said.on, calendar)
    if isinstance(said, Postponed):
        check_postponed(said, state)
    if isinstance(said, HearingAsked) and (minutes := state.facts.minutes) is not None:
        last = HERE.terms.until(hearing_key(state.facts), minutes, calendar)
        if said.on > last:
            raise Refused("hearing_late", "the term to ask for a hearing has passed", where="on", remedy="decide")
    if isinstance(said, HearingExtended) and said.requested > said.on:
        raise Refused("request_late", "the request is of a later day", where="requested", remedy="correct the days")
    if isinstance(said, Relieved):
        check_day(said, state.facts.relief_asked)
        relief.check(said.amount, state.facts)
    if isinstance(said, Paid) and said.amount > state.facts.unpaid:
        raise Refused("overpaid", "more than is owed", where="amount", remedy="correct the amount")


def check_day(said: Said, since: date | None) -> None:
    """Raises `Refused` (`before_last`)."""
    if since is not None and said.on < since:
        raise Refused("before_last", "the step before was taken later", where="on", remedy="correct the day")


def check_postponed(said: Postponed, state: CaseState) -> None:
    """Raises `Refused`: `before_last`, `postponed_short`, `postponed_long`."""
    check_day(said, state.facts.postponement_asked)
    last = HERE.terms.until("postponement", said.on)
    if said.until <= said.on:
        raise Refused("postponed_short", "the new last day is not later", where="until", remedy="name a later day")
    if said.until > last:
        values = {"day": f"{last:%d/%m/%Y}"}
        raise Refused("postponed_long", "is put off too long", where="until", remedy="name a day before", values=values)


def check_fine(fine: int, law: Proposal | None) -> None:
    """Raises `Refused`: `no_law`, `fine_band`."""
    if law is None:
        raise Refused("no_law", "the law data has no band for this act", remedy="ask the administrator")
    if not law.least <= fine <= law.most:
        values = {"least": f"{law.least:,}", "most": f"{law.most:,}"}
        raise Refused("fine_band", "the fine is outside its band", where="fine", remedy="correct it", values=values)


def points_of(law: Proposal | None, state: CaseState) -> int:
    """What the act takes off the licence of whoever answers for it: nothing of whoever did not drive."""
    return law.points if law is not None and state.facts.liable in ("owner", "driver") else 0


def check_points(points: int, most: int) -> None:
    """Raises `Refused` (`points_most`)."""
    if points > most:
        values = {"most": str(most)}
        raise Refused("points_most", "too many points", where="points", remedy="correct them", values=values)
