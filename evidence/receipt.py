"""The centre's signed receipt: the only thing on which a node may forget a packet.

A PUBACK says that a broker holds a message; a receipt says that the centre's database has committed the packet.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError

from evidence.canonical import canonical_json, parse_canonical
from evidence.errors import PacketError
from evidence.packet import Ident, Model, PacketId, Sha256
from evidence.seal import SigningKey, VerifyKey

ReceiptStatus = Literal["stored", "duplicate", "quarantined", "conflict"]


class Receipt(Model):
    """`stored` and `duplicate` mean delivered. `quarantined` and `conflict` mean: kept aside, look at `reason`."""

    schema_: Literal["giaolo.receipt/1"] = Field(default="giaolo.receipt/1", alias="schema")
    node: Ident
    packet_id: PacketId
    packet_digest: Sha256 | None = Field(description="digest of the manifest; None if it could not be read")
    container_sha256: Sha256
    status: ReceiptStatus
    reason: str = Field(default="", max_length=1000)
    kept: bool = Field(default=True, description="whether the centre holds the bytes, as a packet or in quarantine")
    centre: Ident
    at: AwareDatetime

    model_config = Model.model_config | {"populate_by_name": True}

    @property
    def delivered(self) -> bool:
        return self.kept and self.status in ("stored", "duplicate")


class SignedReceipt(Model):
    receipt: Receipt
    key_id: str
    signature: str

    def to_bytes(self) -> bytes:
        return canonical_json(self.model_dump(mode="json", by_alias=True))


def sign_receipt(receipt: Receipt, key: SigningKey) -> SignedReceipt:
    body = canonical_json(receipt.model_dump(mode="json", by_alias=True))
    return SignedReceipt(receipt=receipt, key_id=key.public.key_id, signature=key.sign(body))


def read_receipt(data: bytes, key: VerifyKey) -> Receipt:
    """Parse and verify with the centre's public key. Raises `PacketError`.

    Nothing may differ outside the signature either: the message must be what this receipt is written as, and name the
    key that signed it.
    """
    # packet-v1 step 16: the form
    try:
        signed = SignedReceipt.model_validate(parse_canonical(data, where="receipt"))
    except ValidationError as error:
        raise PacketError(str(error.errors()[0]["msg"]), where="receipt") from error
    body = canonical_json(signed.receipt.model_dump(mode="json", by_alias=True))
    # packet-v1 step 17: the signature
    key.verify(signed.signature, body, where="receipt")
    # packet-v1 step 18: the key that it names
    if signed.key_id != key.key_id:
        raise PacketError(f"names key {signed.key_id[:32]}, but {key.key_id} signed it", where="receipt")
    # packet-v1 step 19: nothing beside what was signed
    if signed.to_bytes() != data:
        raise PacketError("is not written as this receipt would be: altered outside the signature", where="receipt")
    return signed.receipt
