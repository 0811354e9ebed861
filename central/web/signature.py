"""What the page of a notice says of its signature: who will sign, or who did and whether it still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request

from central.cases.lifecycle import Action, Officer, Refused
from central.cases.stages import TO_ISSUE
from central.notices.basis import NoticeDesk, NoticeView
from central.notices.hand import hand_of
from central.store.case_tables import CaseEventRow, CaseRow
from central.web.errors import problem_of
from central.words import formats
from central.words.texts import Texts
from countries.here import HERE
from evidence.errors import GiaoLoError


@dataclass(frozen=True)
class SignatureLines:
    """`why_not`: this account cannot sign. `by_key`: the notice is signed, and a code goes beside it. `good`: whether
    it holds; None: nothing is signed yet, or it cannot be judged any more."""

    told: tuple[str, ...] = ()
    why_not: str = ""
    by_key: bool = False
    good: bool | None = None


def before_issue(
    request: Request, session: Session, desk: NoticeDesk, row: CaseRow, officer: Officer, t: Texts, now: datetime
) -> SignatureLines:
    """Who will sign, or why this account cannot; nothing of a case that does not wait to be issued."""
    if row.status not in TO_ISSUE:
        return SignatureLines()
    try:
        hand = hand_of(session, desk.signing, row, officer, now=now)
    except Refused as refused:
        problem = problem_of(request, refused)
        return SignatureLines(why_not=f"{problem['what']} {problem['todo']}")
    except GiaoLoError:  # what it is stands in the centre's log since its start
        return SignatureLines(why_not=t("signature.fault"))
    if hand is None:
        return SignatureLines()
    who = hand.identity
    return SignatureLines((t("signature.will", owner=who.owner, name=who.name, title=", ".join(who.title)),))


def after_issue(desk: NoticeDesk, notice: NoticeView, events: Sequence[CaseEventRow], t: Texts) -> SignatureLines:
    """Who signed, by the record, and what the stored paper says of itself now."""
    said = next((e.after.get("signature") for e in reversed(events) if e.action == Action.ISSUE.value), None)
    if said is None:
        return SignatureLines((t("signature.unsigned"),) if desk.signing.on else ())
    told = [t("signature.signed", name=said["name"], title=", ".join(said["title"]), at=_at(said["at"]))]
    if said["stamped_at"]:
        told.append(t("signature.stamped", at=_at(said["stamped_at"])))
    fault = _fault(desk, notice, said)
    if fault is None:
        return SignatureLines(tuple(told), by_key=True)
    told += [t("signature.unsound", fault=fault), t("signature.unsound_todo")] if fault else [t("signature.intact")]
    return SignatureLines(tuple(told), by_key=True, good=not fault)


def _fault(desk: NoticeDesk, notice: NoticeView, said: dict[str, Any]) -> str | None:
    """Empty: it holds. None: the centre no longer has the authorities to judge it by."""
    if not desk.signing.on:
        return None
    try:
        found = desk.signing.check(desk.store.read(notice.pdf_sha256))
    except GiaoLoError as error:
        return error.what
    if not found or found[0].certificate != said["certificate_sha256"]:
        return "?" if not found else found[0].owner
    return found[0].fault


def _at(text: str) -> str:
    return formats.stamp(HERE.local(datetime.fromisoformat(text)))
