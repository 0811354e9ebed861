"""By whose hand a paper is signed: the key of the account that signs, if its office may sanction the act.

Where the centre signs by key, nothing leaves unsigned: an account without a key, or whose office reaches less far than
the band of the act, is refused, and told who could sign. Where no key is configured there is room for a signature by
hand under the name of the configuration, as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Refused, Role
from central.signing.port import Hindrance, Identity, Signed, Signing, SigningError
from central.store.case_tables import CaseRow
from central.store.people_tables import UserRow
from countries.here import HERE
from countries.law import LawError, Proposal
from countries.notice import NoticeContent
from countries.paper_parts import Signer
from evidence.acts import ActCode

_SIGNS = (Role.APPROVER.value, Role.HEAD.value)


@dataclass(frozen=True)
class Hand:
    """Who signs a paper of a case. `most`: the highest fine of a person in the band of the act."""

    identity: Identity
    most: int


def hand_of(session: Session, signing: Signing, row: CaseRow, officer: Officer, *, now: datetime) -> Hand | None:
    """Whose key signs the papers that `officer` makes of this case; None where papers are signed by hand.

    Raises `Refused`: `sign_nobody` (no key is assigned to the account), or why its key may not sign this
    (`sign_<Hindrance>`); and `no_law`, where the band of the act is not known.
    """
    if not signing.on:
        return None
    try:
        return _judged(session, signing, row, officer, now)
    except LawError as error:
        raise Refused("no_law", error.what, remedy=error.remedy) from error


def _judged(session: Session, signing: Signing, row: CaseRow, officer: Officer, now: datetime) -> Hand:
    """Raises `Refused`, `LawError`."""
    law = band_of(row)
    most = law.most
    identity = next((each for each in signing.identities() if each.account == officer.username), None)
    hindrance = identity.hindrance(now, most, law.clause) if identity is not None else None
    if identity is not None and hindrance is None:
        return Hand(identity, most)
    others = who_could(session, signing, row, now=now, law=law, but=officer.username)
    raise _refused(identity, hindrance, officer, law, others, now)


def band_of(row: CaseRow) -> Proposal:
    """Clause and band of a person of the act as decided, by the law of its day. Raises `LawError`."""
    return HERE.law.proposal(ActCode(row.act), row.kind, row.occurred_at)


def who_could(
    session: Session, signing: Signing, row: CaseRow, *, now: datetime, law: Proposal, but: str = ""
) -> tuple[str, ...]:
    """Names of those whose keys may sign this now: active approvers and heads, not the one who confirmed the case."""
    able = [each for each in signing.identities() if each.hindrance(now, law.most, law.clause) is None]
    names = [each.account for each in able if each.account not in (row.confirmed_by, but)]
    query = select(UserRow.username).where(
        UserRow.username.in_(names), UserRow.active.is_(True), UserRow.role.in_(_SIGNS)
    )
    there = set(session.scalars(query))
    return tuple(f"{each.name} ({each.account})" for each in able if each.account in there)


def signer_on_paper(hand: Hand, now: datetime) -> Signer:
    """The block of the signature."""
    return Signer(title=hand.identity.title, name=hand.identity.name, signed_at=now)


def signed_content(content: NoticeContent, hand: Hand | None, now: datetime) -> NoticeContent:
    """The notice with whoever signs it in place of the name of the configuration."""
    if hand is None:
        return content
    return content.model_copy(
        update={
            "signer_title": "\n".join(hand.identity.title),
            "signer_name": hand.identity.name,
            "signed_at": HERE.local(now).isoformat(timespec="seconds"),
        }
    )


def sign(signing: Signing, hand: Hand | None, pdf: bytes, now: datetime) -> tuple[bytes, dict[str, Any]]:
    """The paper as it is kept and handed out, and what the event says of its signature.

    Takes a while (token, timestamp): never inside a write transaction. Raises `Refused` (`sign_token`, `sign_pin`,
    `sign_timestamp`, `sign_unsound`): nothing was made then.
    """
    if hand is None:
        return pdf, {}
    try:
        signed: Signed = signing.sign(pdf, hand.identity.account, at=now)
    except SigningError as error:
        raise Refused(f"sign_{error.code}", error.what, where=error.where, remedy=error.remedy) from error
    return signed.pdf, {"signature": signed.said(hand.most, now)}


def _refused(
    identity: Identity | None, hindrance: Hindrance | None, officer: Officer, law: Proposal, others: Sequence[str],
    now: datetime,
) -> Refused:  # fmt: skip
    code = f"sign_{hindrance}" if identity is not None else "sign_nobody"
    values = {
        "account": officer.username,
        "most": _money(law.most),
        "clause": law.clause,
        "who": "; ".join(others) or "–",
    }
    if identity is not None:
        power = identity.power(HERE.local_date(now))
        values |= {"name": identity.name, "title": ", ".join(identity.title), "power": _money(power.most)}
        values |= {"post": power.words[0], "reference": power.reference}
        values |= {"acts": power.clauses_reference}
        values["until"] = f"{HERE.local(identity.valid_to):%d/%m/%Y}"
        if identity.delegated is not None:
            values["delegated"] = f"{identity.delegated.until:%d/%m/%Y}"
    who = f"who can sign: {values['who']}"
    return Refused(code, f"{officer.username} may not sign this: {code}", remedy=who, values=values)


def _money(amount: int) -> str:
    """As the country writes sums."""
    return f"{amount:,}".replace(",", ".")
