"""Life of a case: its states and what may be done in them. Who may do what, and when, is `central.cases.steps`.

    new -> in_review -> confirmed -> notice_prepared -> issued -> published (sent to the owner)
            |    ^  +-> rejected          |
            +----+--- returned -----------+

    published -> attended -> identified -> minutes_made -> decided -> decision_sent -> paid -> closed

An officer holds a case under a lease; a second person issues, never the one who confirmed (design choice: the law asks
for one signatory). The same holds for the decision.

What was issued can be taken back: `withdraw` ends a case from every state after `issued`, `correct` ends its notice and
begins the case anew for another plate or owner. The file may leave (`transferred`) and come back. Inside the tree of
units a case is handed over: whoever held it holds it no more, a draft is drawn anew by the unit that gets it. A case
whose year has passed is `expired`. Warnings, statements of the owner and complaints run beside the states (`Facts`). A
step that was recorded by mistake is undone as long as nothing followed it and its days have not passed.

Some vehicles are not told of by notice to an owner (`CaseState.own_way`): their case is confirmed and leaves for the
authority that is theirs. No door to a notice is open to them, wherever the case stands (`central.cases.steps`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from central.cases.facts import Facts, Recipient
from central.units.tree import ROOT, ROOT_ALONE, Scope
from countries.plates import NoNotice
from evidence.errors import GiaoLoError


class Status(StrEnum):
    NEW = "new"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NOTICE_PREPARED = "notice_prepared"
    ISSUED = "issued"
    PUBLISHED = "published"
    """The notice was sent, and the look-up shows the case."""
    ATTENDED = "attended"
    IDENTIFIED = "identified"
    """It is known who answers for the act."""
    MINUTES_MADE = "minutes_made"
    DECIDED = "decided"
    DECISION_SENT = "decision_sent"
    PAID = "paid"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"


class Action(StrEnum):
    """What is done to a case; also the `action` of its events."""

    CREATE = "create"
    VIEW = "view"
    CLAIM = "claim"
    RELEASE = "release"
    CORRECT_PLATE = "correct_plate"
    CORRECT_DETAILS = "correct_details"
    """Colour of the plate or kind of vehicle, the plate itself left as it was."""
    CONFIRM = "confirm"
    REJECT = "reject"
    RETURN = "return"
    PREPARE_NOTICE = "prepare_notice"
    ISSUE = "issue"
    PRINT = "print"
    PUBLISH = "publish"
    SECOND_READING = "second_reading"
    CONTEST = "contest"
    """A statement of the owner."""
    EXPORT = "export"
    """The case, or the proof of its packet, was handed out as a file."""
    SIBLING = "sibling"
    """A new case bears the same plate and cannot be the same vehicle: pages that were open are stale."""
    SAME_DRIVE = "same_drive"
    """Another case is an act of the same vehicle on the same drive (`central.cases.drives`)."""

    ATTEND = "attend"
    IDENTIFY = "identify"
    MAKE_MINUTES = "make_minutes"
    WAIVE_HEARING = "waive_hearing"
    ASK_HEARING = "ask_hearing"
    HEAR = "hear"
    EXTEND = "extend"
    EXTEND_HEARING = "extend_hearing"
    """The days to explain in writing are made longer, as was asked for."""
    DECIDE = "decide"
    DECISION_CUT = "decision_cut"
    """Another act of the same decision was taken back: it holds for the acts that are left."""
    SEND_DECISION = "send_decision"
    SEND_AMENDMENT = "send_amendment"
    """What is left of a decision that was sent before."""
    RECEIVE_DECISION = "receive_decision"
    AGREE_INSTALMENTS = "agree_instalments"
    ASK_POSTPONEMENT = "ask_postponement"
    """Somebody in hardship asks to pay later."""
    POSTPONE = "postpone"
    REFUSE_POSTPONEMENT = "refuse_postponement"
    ASK_RELIEF = "ask_relief"
    """Somebody in hardship asks to pay less, or nothing."""
    RELIEVE = "relieve"
    REFUSE_RELIEF = "refuse_relief"
    PAY = "pay"
    CLOSE = "close"
    WARN = "warn"
    LIFT_WARNING = "lift_warning"
    HAND_OVER = "hand_over"
    """To another unit of the tree: the case stays what it is, and is another's from then on."""
    TRANSFER = "transfer"
    """The file leaves for an authority outside."""
    TRANSFER_SETTLED = "transfer_settled"
    """The other unit has dealt with it."""
    TRANSFER_RETURNED = "transfer_returned"
    REMIND = "remind"
    """The authority that is a vehicle's own is asked again, as nothing came back from it."""
    REFUSE_STATEMENT = "refuse_statement"
    """Answers it; a statement that is right is answered by `withdraw` or `correct`."""
    COMPLAIN = "complain"
    REFUSE_COMPLAINT = "refuse_complaint"
    WITHDRAW = "withdraw"
    CORRECT = "correct"
    TELL_OWNER = "tell_owner"
    EXPIRE = "expire"
    REOPEN = "reopen"
    """A rejected case is looked at again."""
    UNDO = "undo"
    HOLD = "hold"
    """A legal hold: nothing of the case is deleted until it is lifted, whatever its review day."""
    LIFT_HOLD = "lift_hold"


class Role(StrEnum):
    OFFICER = "officer"
    APPROVER = "approver"
    HEAD = "head"
    ADMIN = "admin"


class Refused(GiaoLoError):
    """The life cycle does not allow the action. `code` is stable for screens and tests, `values` fill its text in."""

    def __init__(
        self, code: str, what: str, *, where: str = "", remedy: str = "", values: Mapping[str, str] | None = None
    ) -> None:
        self.code = code
        self.values = dict(values or {})
        super().__init__(what, where=where, remedy=remedy)


@dataclass(frozen=True)
class Officer:
    """Who acts, for which unit, and which units' cases are open to him (`central.cases.steps.may`)."""

    username: str
    role: Role
    full_name: str = ""
    unit: str = ROOT
    scope: Scope = ROOT_ALONE


@dataclass(frozen=True)
class CaseState:
    """What the life cycle needs to know of a case."""

    status: Status
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    confirmed_by: str | None = None
    facts: Facts = field(default_factory=Facts)
    undo_until: date | None = None
    """The last day on which the last step may be undone; None when it may not."""
    undoes: Action | None = None
    """The step that would be undone."""
    unit: str = ROOT
    """Whose it is."""
    by_commune: bool = True
    """Whether the police of a commune bring the notice of such a vehicle."""
    own_way: NoNotice | None = None
    """Why no notice goes to an owner, as plate, colour and kind of the case say it now; None: it goes the usual way."""

    @property
    def to_warn(self) -> tuple[Recipient, ...]:
        """Offices that can still be warned of this vehicle."""
        return tuple(each for each in self.facts.to_warn if each != "commune" or self.by_commune)

    def held_by(self, now: datetime) -> str | None:
        """Who holds the case under a lease that still runs."""
        if self.status is not Status.IN_REVIEW or self.claimed_until is None or self.claimed_until <= now:
            return None
        return self.claimed_by


UNSENT = (Status.NEW, Status.IN_REVIEW, Status.CONFIRMED, Status.NOTICE_PREPARED, Status.ISSUED)
"""The term for notifying ends with sending, not with issuing: until then the clock runs."""
ENDED = frozenset({Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.CLOSED})
"""Nothing more is asked of anybody, but to tell an owner and to lift a warning."""
