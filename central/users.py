"""People at the desk: argon2 passwords, lock-out counted in the database, server sessions."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.db import SessionRow, ThrottleRow, UserRow
from central.lifecycle import Officer, Role
from evidence.errors import GiaoLoError

MAX_FAILURES = 5
MAX_FAILURES_PER_ADDRESS = 30
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)
MIN_PASSWORD = 10
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_hasher = PasswordHasher()
# Verified when the user does not exist, so that the answer takes as long as for one who does.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class UserError(GiaoLoError):
    """A user cannot be created or changed that way."""


class SignInRefused(GiaoLoError):
    """Sign-in failed: `code` is `wrong` (name or password, never which) or `locked` (`until` says when it opens)."""

    def __init__(self, code: str, what: str, *, until: datetime | None = None) -> None:
        self.code = code
        self.until = until
        super().__init__(what)


@dataclass(frozen=True)
class SignedIn:
    """A live session: `token` is set only when it was just opened and goes into the cookie."""

    officer: Officer
    csrf: str
    expires_at: datetime
    token: str | None = None


def create_user(
    session: Session, username: str, password: str, *, role: Role, full_name: str, now: datetime
) -> Officer:
    """Create or, for a known name, set password, role and name anew. Raises `UserError`."""
    if not _USERNAME.fullmatch(username):
        raise UserError("is not a user name", where=username, remedy="2-64 of a-z 0-9 . _ -, starting with a-z or 0-9")
    if len(password) < MIN_PASSWORD:
        raise UserError("password is too short", where=username, remedy=f"take at least {MIN_PASSWORD} characters")
    row = session.get(UserRow, username)
    if row is None:
        row = UserRow(username=username, created_at=now, active=True)
        session.add(row)
    row.full_name, row.role, row.password_hash = full_name, role.value, _hasher.hash(password)
    session.flush()
    session.execute(delete(SessionRow).where(SessionRow.username == username))
    return _officer(row)


def set_active(session: Session, username: str, active: bool) -> None:
    """Let somebody in, or keep them out from now on: open sessions end too. Raises `UserError`."""
    row = session.get(UserRow, username)
    if row is None:
        raise UserError("there is no such user", where=username[:64])
    row.active = active
    if not active:
        session.execute(delete(SessionRow).where(SessionRow.username == username))


def authenticate(session: Session, username: str, password: str, *, address: str = "", now: datetime) -> Officer:
    """Check name and password. Raises `SignInRefused`.

    The failure counters are written in `session`, so the caller commits also when this raises: catch it inside the
    `db.write()` block and answer after the block.
    """
    # what cannot be a name is nobody: it never reaches the database, which would choke on some of it
    name = username if _USERNAME.fullmatch(username) else ""
    keys = [(f"user:{name}", MAX_FAILURES)] if name else []
    if address:
        keys.append((f"address:{address[:64]}", MAX_FAILURES_PER_ADDRESS))
    for key, _ in keys:
        throttle = session.get(ThrottleRow, key, with_for_update=True)
        if throttle is not None and throttle.locked_until is not None and throttle.locked_until > now:
            raise SignInRefused("locked", "too many failed attempts", until=throttle.locked_until)
    row = session.get(UserRow, name) if name else None
    good = _verify(row.password_hash if row else _NOBODY, password)
    if row is None or not good or not row.active:
        for key, limit in keys:
            _count_failure(session, key, limit, now)
        raise SignInRefused("wrong", "user name or password is wrong")
    session.execute(delete(ThrottleRow).where(ThrottleRow.key == keys[0][0]))
    if _hasher.check_needs_rehash(row.password_hash):
        row.password_hash = _hasher.hash(password)
    return _officer(row)


def open_session(session: Session, officer: Officer, *, now: datetime, lifetime: timedelta) -> SignedIn:
    """A new server session with its own CSRF token."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    expires = now + lifetime
    session.add(
        SessionRow(
            token_hash=hash_token(token), username=officer.username, csrf=csrf, created_at=now, expires_at=expires
        )
    )
    session.flush()
    return SignedIn(officer, csrf, expires, token)


def current_session(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Who the cookie belongs to; None when it is unknown, expired, or the user was switched off."""
    row = session.get(SessionRow, hash_token(token))
    if row is None or row.expires_at <= now:
        return None
    user = session.get(UserRow, row.username)
    if user is None or not user.active:
        return None
    return SignedIn(_officer(user), row.csrf, row.expires_at)


def close_session(session: Session, token: str) -> None:
    session.execute(delete(SessionRow).where(SessionRow.token_hash == hash_token(token)))


def full_names(session: Session) -> dict[str, str]:
    """Display names by user name."""
    rows = session.execute(select(UserRow.username, UserRow.full_name))
    return {row.username: row.full_name for row in rows}


def hash_token(token: str) -> str:
    """Tokens are long and random, so a plain hash is enough to make a stolen table useless."""
    return hashlib.sha256(token.encode()).hexdigest()


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def _count_failure(session: Session, key: str, limit: int, now: datetime) -> None:
    row = session.get(ThrottleRow, key)
    if row is None:
        row = ThrottleRow(key=key, failures=0, window_from=now)
        session.add(row)
    elif now - row.window_from > WINDOW:
        row.failures, row.window_from, row.locked_until = 0, now, None
    row.failures += 1
    if row.failures >= limit:
        row.locked_until, row.failures, row.window_from = now + LOCK, 0, now
    session.flush()


def _officer(row: UserRow) -> Officer:
    return Officer(row.username, Role(row.role), row.full_name)
