"""Signs of QCVN 41:2024/BGTVT (issued with TT 51/2024/TT-BGTVT) from which an act of a fixed camera can follow.

Read: R.411, R.412a-h, R.415 and what they say; P.102 is a fact of the road (`signals.py`). The others' numbers and
letters are recalled: to be compared with the regulation's annex before the first camera states an act by them. Kinds of
vehicles are those that a camera tells apart: a bus is a coach too, so a lane kept for one of them lets both in.
"""

from __future__ import annotations

from dataclasses import replace

from countries.road import SignMeaning, Signs
from evidence.acts import VehicleClass

_MOTORCYCLE, _CAR, _BUS, _TRUCK, _BICYCLE = (
    VehicleClass.MOTORCYCLE,
    VehicleClass.CAR,
    VehicleClass.BUS,
    VehicleClass.TRUCK,
    VehicleClass.BICYCLE,
)
_CARS = (_CAR, _BUS, _TRUCK)
_ALL = (_MOTORCYCLE, *_CARS, _BICYCLE)

_READ = ("R.411", "R.412", "R.415")
"""Beginnings of the numbers that were read in the regulation itself."""

_CATALOGUE = (
    SignMeaning("P.101", "no_entry", classes=_ALL),
    SignMeaning("P.103a", "no_entry", classes=_CARS),
    SignMeaning("P.104", "no_entry", classes=(_MOTORCYCLE,)),
    SignMeaning("P.105", "no_entry", classes=(_MOTORCYCLE, *_CARS)),
    SignMeaning("P.106a", "no_entry", classes=(_TRUCK,)),
    SignMeaning("P.107", "no_entry", classes=(_BUS, _TRUCK)),
    SignMeaning("P.107a", "no_entry", classes=(_BUS,)),
    SignMeaning("P.110a", "no_entry", classes=(_BICYCLE,)),
    SignMeaning("P.103b", "no_turn", movements=("right",), classes=_CARS),
    SignMeaning("P.103c", "no_turn", movements=("left",), classes=_CARS),
    SignMeaning("P.123a", "no_turn", movements=("left",), classes=_ALL),
    SignMeaning("P.123b", "no_turn", movements=("right",), classes=_ALL),
    SignMeaning("P.124a", "no_turn", movements=("u_turn",), classes=_ALL),
    SignMeaning("P.124b", "no_turn", movements=("u_turn",), classes=_CARS),
    SignMeaning("P.124c", "no_turn", movements=("left", "u_turn"), classes=_ALL),
    SignMeaning("P.124d", "no_turn", movements=("right", "u_turn"), classes=_ALL),
    SignMeaning("P.124e", "no_turn", movements=("left", "u_turn"), classes=_CARS),
    SignMeaning("P.124f", "no_turn", movements=("right", "u_turn"), classes=_CARS),
    # both name motor vehicles (recalled, as the numbers are)
    SignMeaning("P.130", "no_stopping", classes=(_MOTORCYCLE, *_CARS)),
    SignMeaning("P.131a", "no_parking", classes=(_MOTORCYCLE, *_CARS)),
    SignMeaning("R.403a", "lane_for", classes=_CARS),
    SignMeaning("R.403b", "lane_for", classes=(_MOTORCYCLE, *_CARS)),
    SignMeaning("R.403c", "lane_for", classes=(_BUS,)),
    SignMeaning("R.403d", "lane_for", classes=(_CAR,)),
    SignMeaning("R.403e", "lane_for", classes=(_MOTORCYCLE,)),
    SignMeaning("R.403f", "lane_for", classes=(_MOTORCYCLE, _BICYCLE)),
    SignMeaning("R.411", "lane_direction", classes=_ALL),
    SignMeaning("R.412a", "lane_for", classes=(_BUS,)),
    SignMeaning("R.412b", "lane_for", classes=(_CAR,)),
    SignMeaning("R.412c", "lane_for", classes=(_TRUCK,)),
    SignMeaning("R.412d", "lane_for", classes=(_MOTORCYCLE,)),
    # over a broken line others may enter and yield to buses, over a solid one they may not
    SignMeaning("R.412e", "lane_for", classes=(_BUS,), over_solid_only=True),
    SignMeaning("R.412f", "lane_for", classes=_CARS),
    SignMeaning("R.412g", "lane_for", classes=(_MOTORCYCLE, _BICYCLE)),
    SignMeaning("R.412h", "lane_for", classes=(_BICYCLE,)),
    # one picture a lane: whom each lets in has to be read off it
    SignMeaning("R.415a", "lane_for"),
    SignMeaning("R.415b", "lane_for"),
    # plates below or beside the lamps, which the regulation lets a site have; no number of theirs is known to us
    SignMeaning("S.phu-re-phai", "free_on_red", movements=("right",), classes=_ALL),
    SignMeaning("S.phu-di-thang", "free_on_red", movements=("straight",), classes=_ALL),
)

SIGNS = Signs(tuple(replace(sign, confirmed=sign.code.startswith(_READ)) for sign in _CATALOGUE))
