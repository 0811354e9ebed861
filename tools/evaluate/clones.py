"""Copied plates among honest ones: how many of the copies are found, and how many who did nothing are held?

    giaolo evaluate clones [--passes 10000] [--seed 1]

A made-up province: towns with cameras, vehicles on trips from camera to camera, some of whose plates are copied by a
second vehicle that drives by itself. Pins, clocks, classes and readings err as far as the margins allow, speeders go
faster than any road allows, plates stand close so that a wrong digit meets another vehicle. What is judged is
`central.cases.doubles` itself; what is made up is in `World`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from math import cos, radians
from random import Random

import click

from central.cases.doubles import MARGINS, Position, Sighting, between, doubts_of

MOST_HELD = 0.001
"""Share of honest vehicles that may be held: each costs an officer two minutes, and an owner nothing."""
LEAST_FOUND = 0.95
"""Share of those copies whose passes truly contradict each other."""
_START = datetime(2026, 11, 1, tzinfo=UTC)
_KM_OF_DEGREE = 111.2
_SERIES = "ABCDEFGHKL"
_MOST_PASSES = 50_000
"""More need more plates than the made-up series have."""


@dataclass(frozen=True)
class World:
    """What the province is like. Every figure is made up, most of them worse than we have seen.

    Towns lie within `reach_km` of the first, cameras within 5 km of their town. `passes_each`: cases of a vehicle on
    one trip. `detour`: roads by crow's flight, at the least. Errors: see the module.
    """

    towns: int = 6
    cameras: int = 60
    reach_km: float = 60.0
    days: int = 14
    passes_each: float = 4.0
    copied: float = 0.02
    motorcycles: float = 0.7
    copy_on_other_wheels: float = 0.1
    detour: float = 1.1
    fastest_kmh: float = 160.0
    pin_m: float = 120.0
    clock_s: float = 1.0
    misread: float = 0.005
    """Of readings that count as sure; of 571 none was wrong (docs/figures.md), so with 95 % it is no more."""
    wrong_class: float = 0.01
    not_sure: float = 0.1


@dataclass(frozen=True)
class Pass:
    """`vehicle`: who truly passed. `true_at`, `true_position`: where and when it truly was."""

    vehicle: int
    seen: Sighting
    true_at: datetime
    true_position: Position


@dataclass(frozen=True)
class Result:
    """`held`: honest vehicles of whose plate there is no copy and whose case is held all the same."""

    passes: int
    honest: int
    held: int
    copied: int
    contradicting: int
    found_contradicting: int
    found: int

    @property
    def good(self) -> bool:
        return self.held <= MOST_HELD * self.honest and self.found_contradicting >= LEAST_FOUND * self.contradicting


def fleet(passes: int, seed: int, world: World | None = None) -> tuple[list[Pass], frozenset[str]]:
    """Passes as the centre would see them, and which plates are copied."""
    w, chance = world or World(), Random(seed)
    towns = [_near(Position(19.8, 105.77), w.reach_km, chance) for _ in range(w.towns)]
    cameras = [_near(chance.choice(towns), 5.0, chance) for _ in range(w.cameras)]
    pins = [_near(camera, w.pin_m / 1000, chance) for camera in cameras]
    made: list[Pass] = []
    copies: set[str] = set()
    vehicle = 0
    # every fifth number is on the road: a wrong digit often meets somebody
    numbers = chance.sample(range(1, max(passes, 10) * 2), max(passes, 10))
    while len(made) < passes:
        two = chance.random() < w.motorcycles
        number = numbers[vehicle]
        # forms that say by themselves how many wheels there are: the others are two plates of one text
        plate = f"36AB{number:05d}" if two else f"36{_SERIES[number // 10**4]}0{number % 10**4:04d}"
        vehicle += 1
        drivers = [(vehicle, two)]
        if chance.random() < w.copied:
            copies.add(plate)
            drivers.append((-vehicle, two != (chance.random() < w.copy_on_other_wheels)))
        for who, wheels in drivers:
            made += _trips(who, plate, wheels, cameras, pins, w, chance)
    return [replace(p, seen=replace(p.seen, number=n)) for n, p in enumerate(made, 1)], frozenset(copies)


def judge(passes: list[Pass], copies: frozenset[str]) -> Result:
    """What `doubts_of` says, beside the truth."""
    by_plate: dict[str, list[Pass]] = defaultdict(list)
    for each in passes:
        by_plate[each.seen.plate].append(each)
    suspected = {
        each.vehicle
        for group in by_plate.values()
        for each in group
        if doubts_of(each.seen, [other.seen for other in group])
    }
    pairs_of: dict[int, list[Pass]] = defaultdict(list)
    for each in passes:
        pairs_of[abs(each.vehicle)].append(each)
    twice = {who: group for who, group in pairs_of.items() if {who, -who} <= {p.vehicle for p in group}}
    contradicting = {who for who, group in twice.items() if _contradict(group)}
    found = {who for who in twice if {who, -who} & suspected}
    honest = {p.vehicle for p in passes} - {v for who in twice for v in (who, -who)}
    return Result(
        len(passes), len(honest), len(honest & suspected), len(twice), len(contradicting), len(found & contradicting),
        len(found),
    )  # fmt: skip


def _trips(
    who: int, plate: str, two: bool, cameras: list[Position], pins: list[Position], w: World, chance: Random
) -> list[Pass]:
    """One trip: from camera to camera, at a speed of its own."""
    at = _START + timedelta(seconds=chance.uniform(0, w.days * 86400))
    kmh = chance.triangular(15, w.fastest_kmh, 35)
    stops = [chance.randrange(len(cameras)) for _ in range(1 + int(chance.expovariate(1 / w.passes_each)))]
    found = []
    for last, here in pairwise([stops[0], *stops]):
        at += timedelta(hours=cameras[last].km_to(cameras[here]) * w.detour / kmh)
        right = chance.random() >= w.wrong_class
        cls = "motorcycle" if two == right else "car"
        seen = Sighting(
            0, _read(plate, w, chance), "white", "motorcycle" if two else "car", cls,
            at + timedelta(seconds=chance.uniform(-w.clock_s, w.clock_s)), (f"box-{here}", "cam-1"), pins[here],
            plate_sure=chance.random() >= w.not_sure,
            class_share=chance.uniform(0.85, 1) if right else chance.uniform(0.5, 0.75),
        )  # fmt: skip
        found.append(Pass(who, seen, at, cameras[here]))
        at += timedelta(seconds=chance.uniform(5, 60))
    return found


def _read(plate: str, w: World, chance: Random) -> str:
    """Now and then one digit is read as another."""
    if chance.random() >= w.misread:
        return plate
    place = chance.randrange(len(plate) - 4, len(plate))
    return plate[:place] + chance.choice("0123456789") + plate[place + 1 :]


def _contradict(group: list[Pass]) -> bool:
    """Whether two sure passes of the two vehicles truly lie too far apart, or have other wheels and are sure of it."""
    exact = [replace(p.seen, at=p.true_at, position=p.true_position) for p in group]
    pairs = [(a, b) for (p, a), (q, b) in combinations(zip(group, exact, strict=True), 2) if p.vehicle != q.vehicle]
    return any(a.plate == b.plate and between(a, b).doubts for a, b in pairs)


def _near(middle: Position, km: float, chance: Random) -> Position:
    north, east = chance.uniform(-km, km), chance.uniform(-km, km)
    return Position(middle.lat + north / _KM_OF_DEGREE, middle.lon + east / _KM_OF_DEGREE / cos(radians(middle.lat)))


@click.command()
@click.option(
    "--passes",
    type=click.IntRange(10, _MOST_PASSES),
    default=10_000,
    show_default=True,
    help="passes that become cases",
)
@click.option("--seed", default=1, show_default=True)
def clones(passes: int, seed: int) -> None:
    """Biển số sao chép: tìm được, giữ nhầm. / Copied plates found, honest vehicles held; exit 1 if not met."""
    result = judge(*fleet(passes, seed))
    click.echo(f"{result.passes} passes, {result.honest} honest vehicles, {result.copied} with a copy on the road")
    click.echo(
        f"honest held             {result.held:5d} of {result.honest:5d}: {result.held / max(result.honest, 1):.4f}"
        f"   limit {MOST_HELD}"
    )
    click.echo(
        f"copies that contradict  {result.found_contradicting:5d} of {result.contradicting:5d} found: "
        f"{result.found_contradicting / max(result.contradicting, 1):.3f}   limit {LEAST_FOUND}"
    )
    click.echo(
        f"all copies              {result.found:5d} of {result.copied:5d} found: "
        f"{result.found / max(result.copied, 1):.3f}   the others never drove at the same time"
    )
    click.echo(f"too fast from {MARGINS.impossible_kmh:g} km/h as the crow flies")
    if not result.good:
        raise SystemExit(1)
