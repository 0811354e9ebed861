"""The menu of the desk: which pages a person may open."""

from __future__ import annotations

from central.cases.lifecycle import Officer, Role


def tabs_of(officer: Officer) -> list[tuple[str, str]]:
    """The pages that this person may open; an administrator keeps accounts and sees no evidence."""
    unit = [("unit", "/desk/unit")]
    if officer.role in (Role.HEAD, Role.ADMIN):
        unit.append(("units", "/desk/units"))
    if officer.role is Role.ADMIN:
        return unit
    cases = [("queue", "/desk"), ("approve", "/desk/approve"), ("contests", "/desk/contests"), ("due", "/desk/due")]
    if len(officer.scope.units) > 1 or not officer.scope.everything:
        cases.append(("moves", "/desk/moves"))
    cases.append(("switches", "/desk/switches"))
    return cases if officer.role is Role.OFFICER else cases + unit
