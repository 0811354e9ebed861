"""Which plates get no notice at all: foreign missions and the military, by letters or by colour."""

from __future__ import annotations

import pytest

from countries.vn.plate_routes import no_notice


@pytest.mark.parametrize(
    ("plate", "colour", "kind", "code"),
    [
        ("80-441-NG-02", "white", "car", "foreign_plate"),
        ("80-441-NN-123", "unknown", "motorcycle", "foreign_plate"),
        ("29-161-QT-12", "white", "car", "foreign_plate"),
        ("41-123-CV-01", "white", "car", "foreign_plate"),
        ("80-NG-441-02", "white", "car", "foreign_plate"),
        ("80-NN 441.02", "white", "motorcycle", "foreign_plate"),
        ("29-NN 123.45", "white", "motorcycle", ""),
        ("TM-12-34", "red", "car", "military_plate"),
        ("TM-12-34", "white", "car", "military_plate"),
        ("KC 1234", "unknown", "car", "military_plate"),
        ("36A-123.45", "red", "car", "military_plate"),
        ("36A-123.45", "white", "car", ""),
        ("36-B1 123.45", "white", "motorcycle", ""),
        ("80A-123.45", "blue", "car", ""),
        ("20KT-226.22", "white", "car", ""),
    ],
)
def test_where_a_plate_goes(plate: str, colour: str, kind: str, code: str) -> None:
    hindrance = no_notice(plate, colour=colour, kind=kind)
    assert (hindrance.code if hindrance else "") == code
