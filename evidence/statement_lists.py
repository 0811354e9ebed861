"""Lists of statements as a file and as a message: canonical JSON, one line, bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import ValidationError

from evidence.canonical import canonical_json, parse_canonical
from evidence.errors import PacketError
from evidence.packet import Model

Statement = TypeVar("Statement", bound=Model)


def write_list(statements: Iterable[Model]) -> bytes:
    return canonical_json([each.model_dump(mode="json", by_alias=True) for each in statements]) + b"\n"


def read_list(
    data: bytes, kind: type[Statement], *, what: str, most: int, most_bytes: int, where: str
) -> tuple[Statement, ...]:
    """Parse a list of `kind`, of which `what` are the words; nothing is verified yet. Raises `PacketError`."""
    if len(data) > most_bytes:
        raise PacketError(f"has {len(data)} bytes, the limit is {most_bytes}", where=where)
    value = parse_canonical(data.removesuffix(b"\n"), where=where)
    if not isinstance(value, list) or len(value) > most:
        raise PacketError(f"is no list of {what}", where=where)
    try:
        return tuple(kind.model_validate(each) for each in value)
    except ValidationError as error:
        first = error.errors()[0]
        raise PacketError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=where) from error
