"""A fine that is lowered, or remitted, for whoever is in hardship: when it may be asked for, and how much. Pure."""

from __future__ import annotations

from central.cases.facts import Facts
from central.cases.lifecycle import Refused
from countries.here import HERE


def may_be_asked(facts: Facts) -> bool:
    """Whether anything could be granted: a part, the rest, or all of what is unpaid."""
    return facts.decided is not None and facts.unpaid > 0 and (_part(facts) or _rest(facts) or _whole(facts))


def check(amount: int, facts: Facts) -> None:
    """That `amount` of the fine may be taken off it.

    Raises `Refused`: `relief_most` (more than is unpaid), `relief_part`, `relief_rest`, `relief_whole` (the law lets
    that be granted only to whoever was put off, had it lowered or pays in parts).
    """
    if amount > facts.unpaid:
        values = {"most": f"{facts.unpaid:,}"}
        raise Refused("relief_most", "more than is unpaid", where="amount", remedy="correct the amount", values=values)
    if amount < facts.unpaid:
        code, granted = "relief_part", _part(facts)
    elif facts.paid or facts.relieved:
        code, granted = "relief_rest", _rest(facts)
    else:
        code, granted = "relief_whole", _whole(facts)
    if not granted:
        raise Refused(code, "the law does not let so much be taken off here", where="amount", remedy="refuse it")


def _part(facts: Facts) -> bool:
    """A part is taken off for whoever was put off before."""
    return facts.postponed is not None


def _rest(facts: Facts) -> bool:
    """The rest, where a part was taken off or a part of several was paid."""
    return bool(facts.relieved or (facts.instalments and facts.payments))


def _whole(facts: Facts) -> bool:
    """All of it, for whoever was put off; a person also from a fine on that the law names."""
    assert facts.decided is not None
    least = HERE.law.relief(facts.decided, owner_type=facts.owner_type).least_fine
    return facts.postponed is not None or (least is not None and facts.decision_fine >= least)
