"""Who signs by key, as the head sees it: whose certificate ends, who may sign up to which fine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Role
from central.signing.port import Hindrance, Identity, Signing
from central.store.people_tables import UserRow
from countries.here import HERE
from countries.law import LawError

SOON = timedelta(days=30)
"""So long takes a new certificate, from the application to the key file."""
State = Literal["good", "soon", "no_account"] | Hindrance


@dataclass(frozen=True)
class SignerLine:
    """A signer today. `power`: up to which fine of a person; 0 where the law data has none."""

    identity: Identity
    state: State
    power: int

    @property
    def level(self) -> str:
        """How the page shows it."""
        return "good" if self.state == "good" else "doubt" if self.state == "soon" else "bad"


def signer_lines(session: Session, signing: Signing, now: datetime) -> tuple[SignerLine, ...]:
    """In the order of the configuration. Raises `ConfigError`."""
    signs = (Role.APPROVER.value, Role.HEAD.value)
    accounts = set(session.scalars(select(UserRow.username).where(UserRow.active.is_(True), UserRow.role.in_(signs))))
    return tuple(_line(each, now, each.account in accounts) for each in signing.identities())


def _line(identity: Identity, now: datetime, there: bool) -> SignerLine:
    try:
        power, hindrance = identity.power(HERE.local_date(now)).most, identity.hindrance(now)
    except LawError:
        power, hindrance = 0, "power"
    ends = [identity.valid_to - now]
    if identity.delegated is not None:
        ends.append(timedelta(days=(identity.delegated.until - HERE.local_date(now)).days))
    state: State = hindrance or ("no_account" if not there else "soon" if min(ends) < SOON else "good")
    return SignerLine(identity, state, power)
