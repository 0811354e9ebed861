"""What a page raises when it cannot answer; `central.web.errors` says it in words. Knows nothing of pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WebError(Exception):
    """A refusal with words of its own: `error.<key>` and `error.<key>_todo`."""

    def __init__(
        self, key: str, status: int, *, where: str = "", values: Mapping[str, Any] | None = None,
        retry_after_s: int | None = None,
    ) -> None:  # fmt: skip
        self.key = key
        self.status = status
        self.where = where
        self.values = dict(values or {})
        self.retry_after_s = retry_after_s
        super().__init__(key)


class SignInNeeded(Exception):
    """The page is for people who are signed in."""
