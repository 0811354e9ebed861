"""What follows from an act in law, as an officer sees it. `Law` and `ActNames` are ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

from evidence.acts import ActCode, VehicleClass
from evidence.errors import GiaoLoError

VehicleKind = str
"""A group of vehicles that the law treats alike: one of `Law.KINDS`."""
OwnerType = Literal["person", "organisation"]
Language = Literal["vi", "en"]
"""Languages that screens speak."""


class LawError(GiaoLoError):
    """No law data for that act, kind and day."""


@dataclass(frozen=True)
class Proposal:
    """What the officer sees beside a case: never a decision, never on the notice.

    Amounts in the country's currency: the band's ends, and what is usual between them.
    """

    law_key: str
    clause: str
    wording: str
    decree: str
    least: int
    most: int
    ordinary: int
    points: int
    owner_type: OwnerType


@dataclass(frozen=True)
class InstalmentRules:
    """When a fine may be paid in parts. `least_fine`: from this fine on; `most`: so many parts at most;
    `first_per_cent`: the first part is at least this share of the fine. Until when the last is due is the term
    `instalments`. `reference`: where it stands."""

    least_fine: int
    most: int
    first_per_cent: int
    reference: str

    def first_least(self, fine: int) -> int:
        """The least first part of a fine, in whole units of the currency."""
        return -(-fine * self.first_per_cent // 100)


@dataclass(frozen=True)
class PostponementRule:
    """From which fine on its payment may be put off; for how long is the term `postponement`. `reference`: where it
    stands."""

    least_fine: int
    reference: str


@dataclass(frozen=True)
class ReliefRule:
    """From which fine on all of it may be taken off though it was not put off before; None: it has to be. How soon a
    request is answered is the term `relief_answer`. `reference`: where it stands."""

    least_fine: int | None
    reference: str


@dataclass(frozen=True)
class LateRule:
    """What a day of late payment costs: a share of what is unpaid on it, in per cent. `reference`: where it stands."""

    per_cent: Decimal
    reference: str

    def owed(self, unpaid_days: int) -> int:
        """For the sum over the days of what was unpaid on each; part of a unit of the currency is not asked for."""
        return int(self.per_cent * unpaid_days / 100)


@dataclass(frozen=True)
class PointsOnce:
    """Points of several acts that are decided at once. `taken`: at most so many; `bearer`: place of the act that they
    are taken for. `reference`: where it stands."""

    taken: int
    bearer: int
    reference: str


@dataclass(frozen=True)
class Power:
    """Up to which fine of a person an office may sanction; of an organisation band and power are twice as high alike.

    `words`: the office in the country's language and in English. `clauses`: the only ones that it may sanction, each
    with all that stands under it; empty: all.
    """

    post: str
    words: tuple[str, str]
    most: int
    reference: str
    clauses: tuple[str, ...] = ()
    clauses_reference: str = ""

    def reaches(self, clause: str) -> bool:
        """Whether the act of this clause is one that the office may sanction at all."""
        return not self.clauses or any(clause == each or clause.endswith(f" {each}") for each in self.clauses)


class Law(Protocol):
    """Port: clause, band and rights by act, kind of vehicle and the time of the act."""

    @property
    def KINDS(self) -> tuple[VehicleKind, ...]:
        """Kinds of vehicle, in the order they are offered in."""
        ...

    @property
    def KIND_OF_CLASS(self) -> Mapping[VehicleClass, VehicleKind]:
        """The kind that a vehicle seen by a camera most likely is."""
        ...

    @property
    def BROUGHT_BY_COMMUNE(self) -> frozenset[VehicleKind]:
        """Kinds of vehicle whose notice the police of the commune bring to an owner who let his days pass."""
        ...

    def proposal(self, act: ActCode, kind: VehicleKind, at: datetime, *, owner_type: OwnerType = "person") -> Proposal:
        """Clause, band, ordinary fine and points for an act at the instant `at`. Raises `LawError`."""
        ...

    def instalments(self, day: date, *, owner_type: OwnerType) -> InstalmentRules:
        """When a fine that was decided on `day` may be paid in parts."""
        ...

    def postponement(self, day: date, *, owner_type: OwnerType) -> PostponementRule:
        """When a fine that was decided on `day` may be put off."""
        ...

    def relief(self, day: date, *, owner_type: OwnerType) -> ReliefRule:
        """When a fine that was decided on `day` may be taken off whoever is in hardship."""
        ...

    def late_payment(self, day: date) -> LateRule:
        """What late payment of a fine costs that was decided on `day`."""
        ...

    def points_once(self, points: Sequence[int], day: date) -> PointsOnce:
        """What is taken off a licence when acts with these points are decided at once on `day`; `points` not empty."""
        ...

    def may_be_heard(self, act: ActCode, kind: VehicleKind, at: datetime) -> bool:
        """Whether whoever did the act has a right to be heard; False when the law data has no row."""
        ...


class Powers(Protocol):
    """Port: which office may sanction up to which fine."""

    def posts(self) -> tuple[str, ...]:
        """The offices that may sanction, the lowest first."""
        ...

    def power(self, post: str, day: date) -> Power:
        """What an office may sanction on the day on which it signs. Raises `LawError`."""
        ...


@dataclass(frozen=True)
class OneBehaviour:
    """Why two acts of one drive may be one behaviour, which is punished once: in the country's language and in English.

    `reference`: where that stands."""

    words: tuple[str, str]
    reference: str


class ActNames(Protocol):
    """Port: what the acts are called, and which of them stand on the same behaviour."""

    def one_behaviour(
        self, one: ActCode, reasons: Mapping[str, object], other: ActCode, other_reasons: Mapping[str, object]
    ) -> OneBehaviour | None:
        """Whether two acts of one vehicle on one drive may be one behaviour: the same act at the same place, or one
        that the other holds. `reasons`: of their packets. The same whichever is named first. A person decides it."""
        ...

    def act_words(
        self, act: ActCode, reasons: Mapping[str, object] | None = None, kind: VehicleKind | None = None
    ) -> tuple[str, str]:
        """The act in the country's language and in English, in the words of the law for that kind of vehicle, and as
        exact as the packet's reasons allow."""
        ...

    def named_by(self, act: ActCode) -> str | None:
        """The reason of a packet that makes the act's name more exact; None where there is none."""
        ...

    def screen_words(self, language: Language) -> Mapping[str, str]:
        """What a screen says of acts, their moments, reasons, doubts and values, by dotted key (`act.red_light`)."""
        ...
