"""The numbers by which a picture is registered on the reference."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin

_MEASURED = (
    "drawn day, dusk and night of one view against each other, and all footage; tests/edge/test_watch_registration.py"
)


@dataclass(frozen=True)
class RegistrationMargins:
    """How patches are chosen, searched and believed. Small pixels are those of the picture made small."""

    width: int = margin(
        640, "pixels", "a wider picture is made so small: a search costs a few ms and still sees a third of a pixel",
        source=_MEASURED, least=160, most=1920,
    )  # fmt: skip
    patch: int = margin(
        32, "small pixels", "side of a patch: a pole or a corner of paint with what stands around it", source=_MEASURED,
        least=8, most=64,
    )  # fmt: skip
    reach: int = margin(
        20, "small pixels", "a patch is searched so far around its place: farther is found by the whole picture first",
        source=_MEASURED, least=4, most=64,
    )  # fmt: skip
    columns: int = margin(14, "cells", "patches are spread over so many columns", source=_MEASURED, least=2, most=32)
    rows: int = margin(8, "cells", "and so many rows, one a cell", source=_MEASURED, least=2, most=32)
    outer: float = margin(
        0.09, "share of the height", "above and below stands the camera's own lettering, which never moves",
        source="time and name are two lines at most; with it, a knock of 9 px was taken for rest", most=0.4,
    )  # fmt: skip
    corner: float = margin(
        0.2, "share of the best cell", "a cell whose structure runs one way only, or that has none, gives no patch",
        source=_MEASURED, most=1.0,
    )  # fmt: skip
    alike: float = margin(
        0.45, "correlation", "a patch whose best place is less alike is not there: covered, or another light",
        source=_MEASURED, most=1.0,
    )  # fmt: skip
    apart: float = margin(
        0.06, "correlation", "its best place must be so much better than any other: along a kerb all are alike",
        source=_MEASURED, most=1.0,
    )  # fmt: skip
    agree: float = margin(
        1.0, "small pixels", "patches that lie so near to where one similarity puts them agree on it", source=_MEASURED,
        least=0.1,
    )  # fmt: skip
    least_patches: int = margin(
        7, "patches", "so many must agree: fewer agree by chance", source=_MEASURED, least=3,
    )  # fmt: skip
    usable_patches: int = margin(
        12, "patches", "a reference with fewer is no street: nobody can recognise it", least=3,
        source="real views have 29 to 60, an empty drawing with a car and a number 7",
    )  # fmt: skip
    contrast: float = margin(
        4.0, "grey levels", "a patch whose levels scatter less is noise", source=_MEASURED,
    )  # fmt: skip
    least_share: float = margin(
        0.4, "share of the patches that were found", "so many of them must agree: lettering in the picture is less",
        source=_MEASURED, most=1.0,
    )  # fmt: skip
    spread: float = margin(
        0.25, "share of the width", "the agreeing patches lie so far apart: one parked lorry is not the street",
        source=_MEASURED, most=1.0,
    )  # fmt: skip
    most_turn_deg: float = margin(
        8.0, "degrees", "what agrees on more is chance", source="knocked cameras turn less and are still recognised",
        most=45.0,
    )  # fmt: skip
    most_zoom: float = margin(
        0.15, "share", "what agrees on more is chance", source="as for turns", most=0.5,
    )  # fmt: skip
