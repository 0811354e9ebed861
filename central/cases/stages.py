"""Groups of states that screens ask for, and how a query names them.

A partial index is used only by a query that says the index's own condition in the same words, and never when the
states come as parameters: so both are written by `among`.
"""

from __future__ import annotations

from sqlalchemy import TextClause, text

from central.cases.lifecycle import Status

OPEN = (Status.NEW, Status.IN_REVIEW)
TO_ISSUE = (Status.CONFIRMED, Status.NOTICE_PREPARED)
ISSUED = (Status.ISSUED, Status.PUBLISHED)
UNDER_WAY = (
    Status.ATTENDED, Status.IDENTIFIED, Status.MINUTES_MADE, Status.DECIDED, Status.DECISION_SENT, Status.PAID,
    Status.TRANSFERRED,
)  # fmt: skip
"""After the owner's answer, or with another unit."""
OVER = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.CLOSED)
SHOWN = (*ISSUED, *UNDER_WAY, Status.CLOSED)
"""What the look-up by plate knows of; a notice that was taken back is not there any more."""


def among(states: tuple[Status, ...]) -> TextClause:
    """`cases.status` is one of `states`, as an index's condition says it."""
    if len(states) == 1:
        return text(f"cases.status = '{states[0].value}'")
    return text("cases.status IN ({})".format(", ".join(f"'{s.value}'" for s in states)))
