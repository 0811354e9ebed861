"""Whom a notice may go to at all. Some vehicles are not fined by notice to an owner, whatever the register says."""

from __future__ import annotations

from central.cases.lifecycle import Refused
from countries.here import HERE


def check_route(plate: str, *, colour: str, kind: str) -> None:
    """Raises `Refused` with the country's reason (`NoNotice.code`) where no notice goes to the owner."""
    hindrance = HERE.plates.no_notice(plate, colour=colour, kind=kind)
    if hindrance is not None:
        raise Refused(hindrance.code, hindrance.what, where=plate[:20], remedy=hindrance.remedy)
