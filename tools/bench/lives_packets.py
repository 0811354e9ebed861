"""Cases that begin in a simulated town: their packets come through the centre's own commit, without a picture."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache

from sqlalchemy import select

from central.centre import Centre
from central.intake.committing import commit
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.law import LawError
from evidence.acts import ActCode, VehicleClass
from evidence.container import OpenedPacket, open_packet
from evidence.packet import Chain, Manifest, Plate, PlateCandidate
from evidence.seal import SigningKey
from tools.bench.packets import PacketMaker

PLATES = 60_000
"""Vehicles of the town: some are seen more than once."""


@dataclass
class Arrivals:
    """Makes one case after the other. The seal is that of the first packet: nobody here asks whose it is."""

    centre: Centre
    key: SigningKey
    chance: random.Random
    _first: OpenedPacket = field(init=False)
    _sequence: int = 0
    _previous: str | None = None

    def __post_init__(self) -> None:
        self._first = open_packet(PacketMaker(self.key, clip_bytes=16).next()[1])

    def plate(self) -> str:
        return f"36A{10_000 + self.chance.randrange(PLATES):05d}"

    def next(self, at: datetime) -> str:
        """Id of a new case, of an act some minutes before `at`."""
        manifest = self._manifest(at - timedelta(seconds=self.chance.randint(60, 3000)))
        opened = OpenedPacket(manifest, self._first.seal, {}, self._first.container_sha256)
        with self.centre.db.write() as session:
            outcome = commit(session, opened, 1000, at)
            case_id = session.scalars(select(CaseRow.id).where(CaseRow.packet_id == manifest.packet_id)).one()
        self._sequence, self._previous = manifest.chain.sequence, outcome.digest
        return case_id

    def _manifest(self, occurred_at: datetime) -> Manifest:
        first = self._first.manifest
        plate = self.plate()
        chance = self.chance
        act = chance.choice(_acts(HERE.local_date(occurred_at)))
        return first.model_copy(update={
            "packet_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "created_at": occurred_at + timedelta(seconds=8),
            "chain": Chain(sequence=self._sequence + 1, previous=self._previous),
            "act": first.act.model_copy(update={"code": act, "occurred_at": occurred_at}),
            "plate": Plate(text=plate, confidence=0.95, colour="white",
                           n_best=[PlateCandidate(text=plate, probability=0.95)]),
        })  # fmt: skip


@cache
def _acts(day: date) -> list[ActCode]:
    """Acts that have law on that day."""
    at = datetime.combine(day, time(12), HERE.zone)
    kind = HERE.law.KIND_OF_CLASS[VehicleClass.CAR]
    found = []
    for act in ActCode:
        try:
            HERE.law.proposal(act, kind, at)
        except LawError:
            continue
        found.append(act)
    return found
