"""A notice to the owner of a vehicle: what goes into it, what it says, and the port that makes it a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from countries.law import OwnerType, VehicleKind
from evidence.acts import ActCode

SIGNATURE_PLACE = "giaolo-signature"
"""Named destination in a paper (`/Dests`, fit to a rectangle): where the block of its signature stands."""


@dataclass(frozen=True)
class Issuer:
    """Who issues notices, as printed. `suffix` stands behind the number; `address` is that of the unit that settles."""

    parent: str
    unit: str
    unit_in_text: str
    device_owner: str
    town: str
    suffix: str
    signer_title: str
    signer_name: str
    address: str


@dataclass(frozen=True)
class Owner:
    """Who the notice goes to. `source`: `register`, or `typed` (found elsewhere and typed at the desk)."""

    name: str
    id_number: str
    address: str
    type: OwnerType
    source: str


@dataclass(frozen=True)
class Meeting:
    """Where and when the owner is asked to come, and at which other place if the way is long."""

    appear_at: datetime
    second_place: str = ""
    second_appear_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """Everything that a notice is made of. `reasons`: the packet's, where the act is the one that it suspects."""

    act: ActCode
    reasons: Mapping[str, object] | None
    occurred_at: datetime
    place: str
    plate: str
    plate_colour: str
    kind: VehicleKind
    packet_id: str
    packet_digest: str
    issuer: Issuer
    owner: Owner | None
    meeting: Meeting
    preventive: str
    now: datetime


class NoticeContent(BaseModel):
    """What the notice says, in final words; an empty text of a draft becomes a dotted line. Stored with the case.

    What has a default was added later: contents of older notices stay readable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number_text: str
    parent: str
    unit: str
    unit_in_text: str
    device_owner: str
    town: str
    date_text: str
    addressee: str
    vehicle: str
    owner_name: str
    owner_id: str
    owner_address: str
    time_place: str
    act: str
    clause: str
    decree: str
    preventive: str
    appear_at: str
    unit_address: str
    second_place: str
    second_appear_at: str
    signer_title: str
    signer_name: str
    answer_by: str = ""
    code: str
    packet_id: str
    packet_digest: str
    draft: bool
    owner_source: str = ""
    """`register`, `typed` (found elsewhere and typed at the desk), or empty: nobody is known."""
    owner_type: str = "person"
    appear_on: str = ""
    """The appointments as instants (ISO 8601), for the desk's form and the owner's screen."""
    second_on: str = ""
    made_at: str = ""
    """When this paper was made (ISO 8601): the date inside the PDF."""
    legend: str = ""
    missing: tuple[str, ...] = ()
    """What the annex should show and cannot, in words."""
    signed_at: str = ""
    """When it is signed (ISO 8601) where it is signed by key; empty: there is room for a signature by hand."""


@dataclass(frozen=True)
class AnnexPicture:
    """A picture of the annex with its caption; `image` and `near` (a close-up beside it) are JPEG or PNG."""

    caption: str
    image: bytes
    near: bytes | None = None


class NoticeForm(Protocol):
    """Port: the form of a country's notice."""

    @property
    def PLATE(self) -> str:
        """Caption of the picture of the plate."""
        ...

    @property
    def NO_MEASURE(self) -> str:
        """What stands for no preventive measure."""
        ...

    def draft(self, facts: Facts) -> NoticeContent:
        """Without number, date and code. Raises `LawError`."""
        ...

    def issued(self, content: NoticeContent, *, plate: str, number: int, suffix: str, now: datetime) -> NoticeContent:
        """A draft with number and date, and an addressee in words where nobody is known by name.

        `plate`: in official spelling.
        """
        ...

    def render(self, content: NoticeContent, pictures: Sequence[AnnexPicture] = ()) -> bytes:
        """The notice as PDF, and with pictures a second page. The same content always gives the same bytes."""
        ...

    def code_sheet(self, content: NoticeContent) -> bytes:
        """The owner's code of a notice that is signed by key: a sheet beside it, as nothing may be added to that."""
        ...
