"""The one way in which a query is held to what somebody sees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from central.units.tree import Scope


def within(column: Any, scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """Conditions that leave the rows of `scope` alone; none where it is everything, so that nothing is asked in vain.

    `column`: of the table that is asked, `unit_code`. One unit becomes an equality, which an index begins with.
    """
    if scope.everything:
        return ()
    if len(scope.units) == 1:
        return (column == next(iter(scope.units)),)
    return (column.in_(sorted(scope.units)),)
