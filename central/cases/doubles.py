"""The same plate twice: too far apart for the time between, two vehicles at once, or a motorcycle and a car.

A copied plate makes an honest owner pay. Nothing here says which of the two is the copy: a person looks at both. Only
what is sure counts, so that honest vehicles are not held: a plate that an officer stated or the box was sure of, a
clock that was right, two wheels against four. Car, bus and lorry are no difference, since the detector often calls one
another (docs/figures.md); colours and makes of bodies are left to the eyes of whoever looks at the two side by side.
Pure; `central.cases.siblings` reads the cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, hypot, radians, sin, sqrt

from common.margins import margin
from countries.here import HERE
from evidence.packet import Box

_EARTH_KM = 6371.0
"""Mean radius (IUGG)."""


@dataclass(frozen=True)
class DoubleMargins:
    """When two sightings of a plate cannot be one vehicle."""

    impossible_kmh: float = margin(
        180.0, "km/h as the crow flies",
        "no vehicle keeps this up from one junction to another: motorways allow 120, and every road is longer",
        source="half as much again as the fastest roads allow; our choice", least=60.0,
    )  # fmt: skip
    clock_s: float = margin(
        1.0, "s", "each clock may be off by so much before its packet is flagged `clock_unsure`",
        source="central.cases.opening.CLOCK_TOLERANCE",
    )  # fmt: skip
    place_m: float = margin(
        150.0, "m", "a camera's pin on the map lies so far from the vehicle that it saw",
        source="across a large junction with its approaches; our choice", most=5000.0,
    )  # fmt: skip
    plate_sure: float = margin(
        0.95, "confidence", "from here on a reading counts before an officer has stated it",
        source="docs/figures.md: of such readings on two sets never trained on, 285 and 286, all were right", most=1.0,
    )  # fmt: skip
    class_sure: float = margin(
        0.8, "share of the votes of a track", "so sure is whether it has two wheels or four",
        source="our choice: a track that is called both is neither", most=1.0,
    )  # fmt: skip
    at_once_s: float = margin(
        1.0, "s", "so long two vehicles with one plate are seen apart at once: no track that broke in two",
        source="tracks that break overlap for a few pictures; our choice",
    )  # fmt: skip
    apart_sizes: float = margin(
        1.5, "sizes of the larger box", "middles so far apart are two vehicles, no two boxes on one",
        source="geometry: boxes side by side are one size apart",
    )  # fmt: skip


MARGINS = DoubleMargins()


@dataclass(frozen=True)
class Position:
    """A camera on the map: degrees, WGS 84."""

    lat: float
    lon: float

    def km_to(self, other: Position) -> float:
        """Great circle (haversine): never longer than any road."""
        a, b = radians(self.lat), radians(other.lat)
        chord = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(other.lon - self.lon) / 2) ** 2
        return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


@dataclass(frozen=True)
class Sighting:
    """A plate seen once. `kind`: as in force; `vehicle_class`: what the box saw, `class_share` of its votes.

    `plate_sure`, `time_sure`: whether reading and clock are sure enough to hold another case for. `way`: instants and
    boxes in the picture of that camera; empty where nobody asked for them.
    """

    number: int
    plate: str
    colour: str
    kind: str
    vehicle_class: str
    at: datetime
    camera: tuple[str, str]
    position: Position | None = None
    plate_sure: bool = True
    time_sure: bool = True
    class_share: float = 1.0
    way: tuple[tuple[datetime, Box], ...] = ()


@dataclass(frozen=True)
class Between:
    """What lies between two sightings. `km` None: the position of a camera is not known. `kmh` None: no time or km."""

    apart: timedelta
    km: float | None
    kmh: float | None
    too_fast: bool = False
    at_once: bool = False
    other_vehicle: bool = False

    @property
    def doubts(self) -> tuple[str, ...]:
        """Codes without the number of the other case; empty: they may be one vehicle."""
        found = {"too_fast": self.too_fast, "at_once": self.at_once, "other_vehicle": self.other_vehicle}
        return tuple(code for code, holds in found.items() if holds)


def between(a: Sighting, b: Sighting, margins: DoubleMargins = MARGINS) -> Between:
    """The same in both directions, whichever came first."""
    apart = abs(a.at - b.at)
    km = _km(a, b)
    hours = apart.total_seconds() / 3600
    kmh = km / hours if km is not None and hours > 0 else None
    if not (a.plate_sure and b.plate_sure):
        return Between(apart, km, kmh)
    timed = a.time_sure and b.time_sure
    return Between(
        apart,
        km,
        kmh,
        too_fast=timed and km is not None and _too_fast(km, apart, margins),
        at_once=_at_once(a, b, margins),
        other_vehicle=_other_wheels(a, b, margins),
    )


def same_plate(a: Sighting, b: Sighting) -> bool:
    """Whether both bear one plate: text, colour and kind.

    A colour that is not known may be any. Where both a car and a motorcycle may bear the text, there are two plates of
    it; of a form that only one of them bears, the other kind is no other plate but a wrong one.
    """
    if a.plate != b.plate or not (a.colour == b.colour or "unknown" in (a.colour, b.colour)):
        return False
    return a.kind == b.kind or borne_by_one_kind(a.plate)


def borne_by_one_kind(plate: str) -> bool:
    """Whether the form of a plate says if its vehicle has two wheels or four."""
    parsed = HERE.plates.parse(plate)
    forms = {parsed.kind, *(other.kind for other in parsed.alternatives)}
    return bool(forms & {*HERE.plates.TWO_WHEELS}) != bool(forms & {*HERE.plates.FOUR_WHEELS})


def wheels(vehicle: str) -> int | None:
    """2, 4, or None where a class or kind does not say."""
    two = any(HERE.plates.fits_class(form, vehicle) for form in HERE.plates.TWO_WHEELS)
    four = any(HERE.plates.fits_class(form, vehicle) for form in HERE.plates.FOUR_WHEELS)
    return None if two == four else 2 if two else 4


def doubts_of(one: Sighting, others: Iterable[Sighting], margins: DoubleMargins = MARGINS) -> tuple[str, ...]:
    """Codes with the number of the other case, `too_fast:41`: each pair is a doubt of its own. By number."""
    return tuple(
        f"{code}:{other.number}"
        for other in sorted(others, key=lambda s: s.number)
        if other.number != one.number and same_plate(one, other)
        for code in between(one, other, margins).doubts
    )


def _km(a: Sighting, b: Sighting) -> float | None:
    if a.camera == b.camera:
        return 0.0
    return a.position.km_to(b.position) if a.position is not None and b.position is not None else None


def _too_fast(km: float, apart: timedelta, margins: DoubleMargins) -> bool:
    """With every error on the vehicle's side: the places nearer, the time longer."""
    least_km = km - 2 * margins.place_m / 1000
    most_h = (apart.total_seconds() + 2 * margins.clock_s) / 3600
    return least_km > 0 and least_km > margins.impossible_kmh * most_h


def _other_wheels(a: Sighting, b: Sighting, margins: DoubleMargins) -> bool:
    sure = min(a.class_share, b.class_share) >= margins.class_sure
    one, other = wheels(a.vehicle_class), wheels(b.vehicle_class)
    return sure and one is not None and other is not None and one != other


def _at_once(a: Sighting, b: Sighting, margins: DoubleMargins) -> bool:
    """One camera sees the plate on two vehicles at the same time, apart for as long as `at_once_s` and never together.

    One clock gave both times, so it need not be right.
    """
    if a.camera != b.camera or not a.way or not b.way:
        return False
    first, last = max(a.way[0][0], b.way[0][0]), min(a.way[-1][0], b.way[-1][0])
    if last - first < timedelta(seconds=margins.at_once_s):
        return False
    both = [(box, _box_at(b.way, at)) for at, box in a.way if first <= at <= last]
    both += [(_box_at(a.way, at), box) for at, box in b.way if first <= at <= last]
    return all(_sizes_apart(one, other) >= margins.apart_sizes for one, other in both)


def _box_at(way: tuple[tuple[datetime, Box], ...], at: datetime) -> Box:
    """On the straight line between the two instants next to `at`."""
    after = next((n for n, (time, _) in enumerate(way) if time >= at), len(way) - 1)
    (t0, one), (t1, two) = way[max(after - 1, 0)], way[after]
    share = (at - t0) / (t1 - t0) if t1 > t0 else 0.0
    x1, y1, x2, y2 = (p + (q - p) * share for p, q in zip(one, two, strict=True))
    return x1, y1, x2, y2


def _sizes_apart(a: Box, b: Box) -> float:
    """Between the middles, in widths and heights of the larger box."""
    width, height = max(a[2] - a[0], b[2] - b[0], 1.0), max(a[3] - a[1], b[3] - b[1], 1.0)
    across, along = abs(a[0] + a[2] - b[0] - b[2]) / 2 / width, abs(a[1] + a[3] - b[1] - b[3]) / 2 / height
    return hypot(across, along)
