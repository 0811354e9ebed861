"""Life of a case as a pure state machine: who may do what, when. No database, no clock of its own.

    new -> in_review -> confirmed -> notice_prepared -> issued -> published
            |    ^  +-> rejected          |
            +----+--- returned -----------+

An officer holds a case under a lease; a second person issues, never the one who confirmed (design choice: the law asks
for one signatory).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from evidence.errors import GiaoLoError


class Status(StrEnum):
    NEW = "new"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NOTICE_PREPARED = "notice_prepared"
    ISSUED = "issued"
    PUBLISHED = "published"


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
    EXPORT = "export"
    """The case, or the proof of its packet, was handed out as a file."""
    SIBLING = "sibling"
    """A new case bears the same plate and cannot be the same vehicle: pages that were open are stale."""


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
    """Who acts."""

    username: str
    role: Role
    full_name: str = ""


@dataclass(frozen=True)
class CaseState:
    """What the life cycle needs to know of a case."""

    status: Status
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    confirmed_by: str | None = None

    def held_by(self, now: datetime) -> str | None:
        """Who holds the case under a lease that still runs."""
        if self.status is not Status.IN_REVIEW or self.claimed_until is None or self.claimed_until <= now:
            return None
        return self.claimed_by


UNSENT = (Status.NEW, Status.IN_REVIEW, Status.CONFIRMED, Status.NOTICE_PREPARED, Status.ISSUED)
"""The term for notifying ends with sending, not with issuing: until then the clock runs."""

_REVIEW = frozenset({Role.OFFICER, Role.APPROVER, Role.HEAD})
_APPROVE = frozenset({Role.APPROVER, Role.HEAD})
_ROLES: dict[Action, frozenset[Role]] = {
    Action.VIEW: frozenset(Role),
    Action.CLAIM: _REVIEW,
    Action.RELEASE: _REVIEW,
    Action.CORRECT_PLATE: _REVIEW,
    Action.CONFIRM: _REVIEW,
    Action.REJECT: _REVIEW,
    Action.PREPARE_NOTICE: _REVIEW,
    Action.RETURN: _APPROVE,
    Action.ISSUE: _APPROVE,
    Action.PRINT: _APPROVE,
    Action.PUBLISH: _APPROVE,
    Action.EXPORT: _APPROVE,
}
_FROM: dict[Action, frozenset[Status]] = {
    Action.VIEW: frozenset(Status),
    Action.CLAIM: frozenset({Status.NEW, Status.IN_REVIEW}),
    Action.RELEASE: frozenset({Status.IN_REVIEW}),
    Action.CORRECT_PLATE: frozenset({Status.IN_REVIEW}),
    Action.CONFIRM: frozenset({Status.IN_REVIEW}),
    Action.REJECT: frozenset({Status.IN_REVIEW}),
    Action.PREPARE_NOTICE: frozenset({Status.CONFIRMED, Status.NOTICE_PREPARED}),
    Action.RETURN: frozenset({Status.CONFIRMED, Status.NOTICE_PREPARED}),
    Action.ISSUE: frozenset({Status.NOTICE_PREPARED}),
    Action.PRINT: frozenset({Status.ISSUED}),
    Action.PUBLISH: frozenset({Status.ISSUED}),
    Action.EXPORT: frozenset(Status),
}
_HOLDER_ONLY = frozenset({Action.RELEASE, Action.CORRECT_PLATE, Action.CONFIRM, Action.REJECT})
_TO: dict[Action, Status] = {
    Action.CONFIRM: Status.CONFIRMED,
    Action.REJECT: Status.REJECTED,
    Action.PREPARE_NOTICE: Status.NOTICE_PREPARED,
    Action.ISSUE: Status.ISSUED,
    Action.PUBLISH: Status.PUBLISHED,
}


def step(
    state: CaseState, action: Action, actor: Officer, *, now: datetime, claim_until: datetime | None = None
) -> CaseState:
    """The state after `action`.

    Raises `Refused` with a code: `role`, `status`, `held`, `not_held`, `same_person`, `redraft`,
    `same_person_print`.
    """
    if actor.role not in _ROLES.get(action, frozenset()):
        raise Refused("role", f"the role {actor.role} may not {action}", remedy="ask someone with the right role")
    if state.status not in _FROM[action]:
        raise Refused("status", f"a case that is {state.status} cannot take {action}", remedy="reload the case")
    holder = state.held_by(now)
    if action in (Action.VIEW, Action.EXPORT):
        return state
    if action is Action.CLAIM:
        if holder is not None and holder != actor.username:
            raise Refused("held", f"{holder} holds this case", remedy="take another case, or wait until it is released")
        if claim_until is None or claim_until <= now:
            raise ValueError("a claim needs an end in the future")
        return replace(state, status=Status.IN_REVIEW, claimed_by=actor.username, claimed_until=claim_until)
    frees = action is Action.RELEASE and actor.role is Role.HEAD  # the head may free a case that someone holds
    if action in _HOLDER_ONLY and holder != actor.username and not frees:
        raise Refused("not_held", "you do not hold this case (any more)", remedy="claim it first")
    if action in (Action.RELEASE, Action.RETURN):
        return CaseState(Status.NEW)
    if action is Action.ISSUE and actor.username == state.confirmed_by:
        raise Refused(
            "same_person", "whoever confirmed a case may not issue its notice", remedy="a second person issues"
        )
    if action is Action.PRINT and actor.username == state.confirmed_by:
        raise Refused(
            "same_person_print",
            "whoever confirmed a case does not hold the owner's code",
            remedy="the approver prints it",
        )
    first_draft = state.status is Status.CONFIRMED and actor.username == state.confirmed_by
    if action is Action.PREPARE_NOTICE and actor.role is Role.OFFICER and not first_draft:
        raise Refused(
            "redraft", "an officer drafts the notice of a case he confirmed once; then the approver does",
            remedy="ask the approver to draft it again",
        )  # fmt: skip
    if action in (Action.CORRECT_PLATE, Action.PRINT):
        return state
    after = replace(state, status=_TO[action])
    if action is Action.CONFIRM:
        return replace(after, claimed_by=None, claimed_until=None, confirmed_by=actor.username)
    if action is Action.REJECT:
        return replace(after, claimed_by=None, claimed_until=None)
    return after


def allowed(state: CaseState, actor: Officer, *, now: datetime) -> frozenset[Action]:
    """Actions that `step` would take now: what a screen offers."""
    found = set()
    for action in _FROM:
        try:
            step(state, action, actor, now=now, claim_until=datetime.max.replace(tzinfo=now.tzinfo))
        except Refused:
            continue
        found.add(action)
    return frozenset(found)
