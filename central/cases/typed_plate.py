"""A plate that a person typed: taken whole, or refused with what is wrong. The same for owners, officers and files."""

from __future__ import annotations

from central.cases.lifecycle import Refused
from countries.here import HERE
from countries.plates import Typed

_WHAT = {
    "plate_keyboard": "a keyboard that composes letters changed some ({lost})",
    "plate_letter": "no plate has {lost}",
    "plate_digit": "the dot stands between three digits and two, so a digit is missing",
    "plate_form": "has not the form of a plate",
    "plate": "is not a plate",
}


def take(typed: str, *, listed: bool = False) -> str:
    """The normalised plate. Raises `Refused`: plate_keyboard, plate_letter, plate_digit, plate (too little for any);
    with `listed` also plate_form: what the grammar does not know. Whether there are cases plays no part."""
    found = HERE.plates.understand(typed)
    if not any(c.isdigit() for c in found.text):
        raise _refused("plate_form" if listed else "plate", typed)  # words, whatever the keyboard
    if not found.whole:
        raise refusal(found, typed)
    if listed and not HERE.plates.parse(found.text).known:
        raise _refused("plate_form", typed)
    if not HERE.plates.plausible(found.text):
        raise _refused("plate", typed)
    return found.text


def refusal(found: Typed, typed: str) -> Refused:
    """What is wrong with a text of which something was lost."""
    code = "plate_digit" if found.problem == "digit" else "plate_keyboard" if found.keyboard else "plate_letter"
    lost = "; ".join(str(one) for one in found.lost)
    return _refused(code, typed, lost=lost, plates=" · ".join(found.suggestions))


def _refused(code: str, typed: str, *, lost: str = "", plates: str = "") -> Refused:
    remedy = "type the plate as it stands on the vehicle" + (f"; did you mean {plates}?" if plates else "")
    values = {"lost": lost, "plates": plates}
    return Refused(code, _WHAT[code].format(lost=lost), where=typed[:40], remedy=remedy, values=values)
