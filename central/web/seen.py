"""What stood on the page of whoever decides about a draft, as the form sends it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form

from central.notices.basis import Seen


def seen(
    draft: Annotated[str, Form(max_length=64)] = "-", version: Annotated[int, Form()] = -1,
    doubts: Annotated[list[str] | None, Form()] = None, doubts_read: Annotated[str, Form()] = "",
    without_owner: Annotated[str, Form()] = "", held: Annotated[list[str] | None, Form()] = None,
    word: Annotated[str, Form(max_length=1000)] = "",
) -> Seen:  # fmt: skip
    """What stood on the approver's page. A form without it has seen nothing: every decision is refused.

    `doubts` are ticked together, those that hold the case (`held`) one by one.
    """
    accepted = (*((doubts or ()) if doubts_read == "yes" else ()), *(held or ()))
    return Seen(draft, version, accepted, without_owner=without_owner == "yes", word=word.replace("\r\n", "\n"))


SeenDep = Annotated[Seen, Depends(seen)]
