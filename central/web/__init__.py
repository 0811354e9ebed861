"""Officer desk and owner portal.

`create_app` is all that the rest of the centre needs; `privacy` and `stills` are pure and may be imported on their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from central.centre import Centre


def create_app(centre: Centre) -> FastAPI:
    """The ASGI application over an open centre."""
    # the notice borrows pure picture functions from here: importing them must not pull in the whole web
    from central.web.app import build

    return build(centre)
