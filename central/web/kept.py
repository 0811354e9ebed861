"""What was typed while a session ended: it goes through the sign-in and is shown again, never sent by itself."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from fastapi import Request

from central.web.site import safe_back

# Decisions with something typed or chosen in them; a lost "release" is done again with one key.
_KEPT = re.compile(
    r"/desk/(cases|approve)/[\w-]{1,64}/(confirm|reject|plate|return|draft|issue|publish|steps/[a-z_]{1,30})(\?.*)?"
)
_MAX_FIELDS = 40
"""A step's form has a row of two inputs for each part of a fine (`central.cases.said.MOST_PARTS`)."""


@dataclass(frozen=True)
class Kept:
    """A form that waits: where it goes, and its fields without the token."""

    action: str
    fields: tuple[tuple[str, str], ...]

    @property
    def page(self) -> str:
        """The page that the form stood on."""
        path, mark, query = self.action.partition("?")
        return path.rpartition("/")[0] + mark + query

    @property
    def case_id(self) -> str:
        return self.action.split("/")[3]

    @property
    def what(self) -> str:
        """Name of the decision."""
        return self.action.partition("?")[0].rpartition("/")[2]

    def dumps(self) -> str:
        return json.dumps([self.action, self.fields], ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> Kept | None:
        """None unless it is a form of ours."""
        try:
            action, fields = json.loads(text)
            made = tuple((str(name), str(value)) for name, value in fields)
        except (ValueError, TypeError):
            return None
        good = (
            isinstance(action, str) and _KEPT.fullmatch(action) and safe_back(action, "") and len(made) <= _MAX_FIELDS
        )
        return cls(action, made) if good else None


async def kept_of(request: Request) -> Kept | None:
    """The form of a request that came without a session; none when it may come from another site."""
    action = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "POST" or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return None
    form = await request.form()
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != "csrf"]
    return Kept.loads(json.dumps([action, fields]))
