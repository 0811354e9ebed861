"""The code on a notice that opens its evidence to the owner: 80 random bits, 16 letters a person can type."""

from __future__ import annotations

import hashlib
import secrets

# Crockford's alphabet: no I, L, O, U to mistake.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 16
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """`XXXX-XXXX-XXXX-XXXX`."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(text[i : i + 4] for i in range(0, _LENGTH, 4))


def read_code(typed: str) -> str | None:
    """The bare code out of what a person typed; None if it cannot be one."""
    text = typed[:64].upper().translate(_READ_AS)
    text = "".join(c for c in text if c not in "- ")
    return text if len(text) == _LENGTH and all(c in _ALPHABET for c in text) else None


def code_hash(code: str) -> str:
    """What the database keeps."""
    bare = read_code(code)
    if bare is None:
        raise ValueError("not a notice code")
    return hashlib.sha256(b"giaolo.notice-code:" + bare.encode()).hexdigest()
