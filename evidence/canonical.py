"""Canonical JSON (RFC 8785) and digests: the only way bytes that get signed are made."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785

from evidence.errors import PacketError


def canonical_json(value: Any) -> bytes:
    """Serialise to the RFC 8785 form. Raises `PacketError` for NaN, infinities and integers beyond 2**53."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise PacketError(f"cannot be written as canonical JSON: {error}") from error


def parse_json(data: bytes, *, where: str) -> Any:
    """Parse JSON in UTF-8, numbers as RFC 8785 means them. Raises `PacketError`."""
    try:
        return json.loads(data.decode("utf-8"), parse_int=_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise PacketError(f"is not JSON: {error}", where=where) from error


def parse_canonical(data: bytes, *, where: str) -> Any:
    """Parse JSON that must already be in canonical form: the same value in other bytes is refused."""
    value = parse_json(data, where=where)
    if canonical_json(value) != data:
        raise PacketError("is JSON, but not in canonical form (RFC 8785)", where=where)
    return value


def _number(digits: str) -> int | float:
    """RFC 8785 writes a float like 1e16 as bare digits; beyond 2**53 it has no integers that these could be."""
    value = int(digits)
    return value if abs(value) < 2**53 else float(digits)


def sha256_hex(data: bytes) -> str:
    """SHA-256 of `data`, 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()
