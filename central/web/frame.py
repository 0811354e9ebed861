"""What stands around every page of the desk: the menu with its counts, names of people, the keys."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Status
from central.cases.stages import OPEN, TO_ISSUE
from central.desk.worklist import status_counts
from central.users import full_names
from central.web import queries
from central.web.menu import tabs_of
from central.web.site import texts_of

_HELP = (
    ("queue", (("J", "down"), ("K", "up"), ("Enter", "open"), ("F", "filter"))),
    (
        "case",
        (
            ("C", "confirm"), ("P", "correct"), ("R", "reject"), ("0 – 9, -", "reason"), ("L", "release"),
            ("Q", "back"), ("O", "overlay"), ("1 – 4", "enlarge"), ("B", "siblings"),
        ),
    ),
    (
        "approve",
        (
            ("I", "issue"), ("P", "publish"), ("N", "next"), ("B", "siblings"), ("Q", "list"), ("O", "overlay"),
            ("1 – 4", "enlarge"),
        ),
    ),
    ("clip", (("A", "act"), ("Space", "play"), ("S", "slow"), (", .", "step"))),
)  # fmt: skip


def badges(totals: dict[Status, int], unread: int) -> dict[str, int]:
    """The numbers in the menu: work that waits, and statements of owners that nobody has opened."""
    return {
        "queue": sum(totals[s] for s in OPEN),
        "approve": sum(totals[s] for s in TO_ISSUE),
        "contests": unread,
    }


def frame(session: Session, officer: Officer, tab: str) -> dict[str, Any]:
    """Navigation and counts of every desk page."""
    totals = status_counts(session, scope=officer.scope)
    return {
        "tab": tab,
        "tabs": tabs_of(officer),
        "counts": badges(totals, queries.unread_contests(session, officer.scope)),
        "names": full_names(session),
        "help_keys": _HELP,
        "totals": totals,
    }


_STAYED = ("plate", "release", "return")
"""What leads to no next case, and does not say that the queue is empty."""


def said(request: Request, done: str, number: int, key: str) -> str | None:
    """What was just recorded, from the address we redirected to; unknown words say nothing."""
    t = texts_of(request)
    key = "case.done" if done in _STAYED else key
    return t(key, what=t(f"done.{done}"), ref=t("case.ref", n=number)) if t.has(f"done.{done}") else None
