"""People at the desk: argon2 passwords, lock-out counted in the database, server sessions."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from central.cases.lifecycle import Officer, Role
from central.passwords import MAX_PASSWORD, fault_of
from central.store.db import Database
from central.store.people_tables import SessionRow, ThrottleRow, UserRow
from central.units.book import tree_of, working
from central.units.changing import note
from central.units.tree import ROOT, Tree
from countries.here import HERE
from evidence.errors import GiaoLoError

MAX_FAILURES = 5
"""Tries of one name from one address in `WINDOW`."""
MAX_FAILURES_PER_ADDRESS = 30
"""Tries from one address, whatever the name: an office behind one address has some thirty people."""
MAX_FAILURES_PER_NAME = 100
"""Tries of one name from everywhere: at four windows an hour it takes years through a list of a million passwords."""
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=30)
"""An address from which a name signed in is not slowed down by strangers for so long."""
SEEN_EVERY = timedelta(minutes=1)
"""So often it is written down that somebody is there; below the shortest `web.idle_minutes`."""
DELAY_S = 0.25
MAX_DELAY_S = 4.0
"""A name that strangers try answers later and later, up to this: a person hardly minds, a program does."""
_ADDRESS_CHARS = 45
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_SEES_BELOW = frozenset({Role.HEAD, Role.ADMIN})
"""An administrator sees figures, boxes and accounts of the units below, and no case."""
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
    seen_at: datetime | None = None


def create_user(
    session: Session, username: str, password: str, *, role: Role, full_name: str, now: datetime, unit: str = ""
) -> Officer:
    """Create or, for a known name, set password, role and name anew. `unit`: left as it is, or the root, when empty.

    Raises `UserError`, `UnitError`.
    """
    if not _USERNAME.fullmatch(username):
        raise UserError("is not a user name", where=username, remedy="2-64 of a-z 0-9 . _ -, starting with a-z or 0-9")
    if fault := fault_of(password, username):
        raise UserError(fault[0], where=username, remedy=fault[1])
    row = session.get(UserRow, username)
    if row is None:
        row = UserRow(username=username, created_at=now, active=True)
        session.add(row)
    row.full_name, row.role, row.password_hash = full_name, role.value, _hasher.hash(password)
    tree = tree_of(session)
    if unit:
        row.unit_code = working(tree, unit, HERE.local_date(now)).code
    session.flush()
    session.execute(delete(SessionRow).where(SessionRow.username == username))
    return _officer(row, tree)


def set_unit(session: Session, username: str, unit: str, *, now: datetime, by: str = "machine") -> None:
    """From now on somebody belongs to `unit`, and the next page he opens shows its cases. Both units keep a record.

    Raises `UserError`, `UnitError`.
    """
    row = session.get(UserRow, username)
    if row is None:
        raise UserError("there is no such user", where=username[:64])
    before, row.unit_code = row.unit_code, working(tree_of(session), unit, HERE.local_date(now)).code
    if before != row.unit_code:
        went = {"unit": before}, {"unit": row.unit_code}
        note(session, before, "left", *went, subject=username, by=by, now=now)
        note(session, row.unit_code, "joined", *went, subject=username, by=by, now=now)


def set_active(session: Session, username: str, active: bool) -> None:
    """Let somebody in, or keep them out from now on: open sessions end too. Raises `UserError`."""
    row = session.get(UserRow, username)
    if row is None:
        raise UserError("there is no such user", where=username[:64])
    row.active = active
    if not active:
        session.execute(delete(SessionRow).where(SessionRow.username == username))


@dataclass(frozen=True)
class Attempt:
    """A try that was counted before anything was checked. `delay_s` is to be waited before `finish_sign_in`."""

    name: str
    """Empty for what cannot be a name."""
    known: bool
    """Whether there is such a user: for the log of the centre, never for the answer."""
    address: str
    delay_s: float
    password_hash: str


def begin_sign_in(database: Database, username: str, *, address: str, now: datetime) -> Attempt:
    """Count a try against name and address. Raises `SignInRefused` (`locked`).

    Counting comes first and in one statement, so tries that come at the same time are counted one by one. A name is
    locked for the address that failed, so a stranger locks out himself and not the head of the unit; tries from
    everywhere together slow the name down, and past `MAX_FAILURES_PER_NAME` only addresses from which it signed in
    within `KNOWN_FOR` may go on.
    """
    # what cannot be a name is nobody: it never reaches the database, which would choke on some of it
    name = username if _USERNAME.fullmatch(username) else ""
    address = address[:_ADDRESS_CHARS]
    with database.write() as session:
        _forget(session, now)
        untils = [_count(session, key, limit, now)[1] for key, limit in _bounded(name, address)]
        failures, by_name = _count(session, f"name:{name}", MAX_FAILURES_PER_NAME, now) if name else (0, None)
        familiar = name != "" and session.get(ThrottleRow, _familiar_key(name, address)) is not None
        user = session.get(UserRow, name) if name else None
    if not familiar:
        untils.append(by_name)
    locked = [until for until in untils if until is not None]
    if locked:
        raise SignInRefused("locked", "too many failed attempts", until=max(locked))
    delay_s = 0.0 if familiar else min(MAX_DELAY_S, DELAY_S * 2.0 ** min(failures - 1 - MAX_FAILURES, 10))
    slow = delay_s if failures - 1 > MAX_FAILURES else 0.0
    return Attempt(name, user is not None, address, slow, user.password_hash if user else _NOBODY)


def finish_sign_in(
    database: Database, attempt: Attempt, password: str, *, now: datetime, lifetime: timedelta
) -> SignedIn:
    """Check the password, outside of any transaction, and open a session. Raises `SignInRefused` (`wrong`)."""
    good = _verify(attempt.password_hash, password) and len(password) <= MAX_PASSWORD
    renewed = _hasher.hash(password) if good and _hasher.check_needs_rehash(attempt.password_hash) else None
    if good:
        with database.write() as session:
            row = session.get(UserRow, attempt.name)
            # looked at again: the account may have been changed or switched off meanwhile
            if row is not None and row.active and row.password_hash == attempt.password_hash:
                _forgive(session, attempt, now)
                row.password_hash = renewed or row.password_hash
                return open_session(session, _officer(row, tree_of(session)), now=now, lifetime=lifetime)
    raise SignInRefused("wrong", "user name or password is wrong")


def sign_in(
    database: Database, username: str, password: str, *, address: str, now: datetime, lifetime: timedelta,
    wait: Callable[[float], None] = time.sleep,
) -> SignedIn:  # fmt: skip
    """Both steps with the delay between them, for callers that may wait. Raises `SignInRefused`."""
    attempt = begin_sign_in(database, username, address=address, now=now)
    wait(attempt.delay_s)
    return finish_sign_in(database, attempt, password, now=now, lifetime=lifetime)


def open_session(session: Session, officer: Officer, *, now: datetime, lifetime: timedelta) -> SignedIn:
    """A new server session with its own CSRF token."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    expires = now + lifetime
    session.add(
        SessionRow(
            token_hash=hash_token(token),
            username=officer.username,
            csrf=csrf,
            created_at=now,
            expires_at=expires,
            seen_at=now,
        )
    )
    session.flush()
    return SignedIn(officer, csrf, expires, token)


def current_session(session: Session, token: str, *, now: datetime, idle: timedelta) -> SignedIn | None:
    """Who the cookie belongs to; None when it is unknown, expired, idle for too long, or the user was switched off."""
    row = session.get(SessionRow, hash_token(token))
    if row is None or row.expires_at <= now or row.seen_at + idle <= now:
        return None
    user = session.get(UserRow, row.username)
    if user is None or not user.active:
        return None
    return SignedIn(_officer(user, tree_of(session)), row.csrf, row.expires_at, seen_at=row.seen_at)


def note_activity(database: Database, token: str, signed: SignedIn, *, now: datetime) -> None:
    """Its person did something. Written down once in `SEEN_EVERY`: a page costs no transaction that writes."""
    if signed.seen_at is not None and signed.seen_at + SEEN_EVERY <= now:
        with database.write() as session:
            session.execute(update(SessionRow).where(SessionRow.token_hash == hash_token(token)).values(seen_at=now))


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


def _bounded(name: str, address: str) -> list[tuple[str, int]]:
    pair = [(f"user:{name}@{address}", MAX_FAILURES)] if name else []
    return [*pair, (f"address:{address}", MAX_FAILURES_PER_ADDRESS)] if address else pair


def _familiar_key(name: str, address: str) -> str:
    return f"known:{name}@{address}"


def _count(session: Session, key: str, limit: int, now: datetime) -> tuple[int, datetime | None]:
    """Count one try: how many in this window, and until when the key was locked already before it."""
    row = {"key": key, "failures": 1, "window_from": now, "locked_until": None}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    counted = insert(ThrottleRow).values(row).on_conflict_do_update(
        index_elements=[ThrottleRow.key], set_={"failures": ThrottleRow.failures + 1}
    )  # fmt: skip
    # from here to the commit this row is ours
    failures, since, until = session.execute(
        counted.returning(ThrottleRow.failures, ThrottleRow.window_from, ThrottleRow.locked_until)
    ).one()
    if until is not None and until > now:
        return failures, until
    change: dict[str, Any] = {}
    if until is not None or now - since > WINDOW:
        failures, change = 1, {"failures": 1, "window_from": now, "locked_until": None}
    if failures >= limit:
        change["locked_until"] = now + LOCK
    if change:
        session.execute(update(ThrottleRow).where(ThrottleRow.key == key).values(change))
    return failures, None


def _forgive(session: Session, attempt: Attempt, now: datetime) -> None:
    """A right password: the slips of this name here are forgotten, and the try no longer counts elsewhere."""
    session.execute(delete(ThrottleRow).where(ThrottleRow.key == f"user:{attempt.name}@{attempt.address}"))
    for key in (f"address:{attempt.address}", f"name:{attempt.name}"):
        session.execute(
            update(ThrottleRow)
            .where(ThrottleRow.key == key)
            .values(failures=ThrottleRow.failures - 1, locked_until=None)
        )
    known = session.merge(ThrottleRow(key=_familiar_key(attempt.name, attempt.address), failures=0, window_from=now))
    known.locked_until = None


def _forget(session: Session, now: datetime) -> None:
    """Made-up names and passing addresses leave nothing behind once their time is over."""
    familiar = ThrottleRow.key.startswith("known:")
    over = or_(ThrottleRow.locked_until.is_(None), ThrottleRow.locked_until <= now)
    session.execute(delete(ThrottleRow).where(~familiar, ThrottleRow.window_from < now - WINDOW, over))
    session.execute(delete(ThrottleRow).where(familiar, ThrottleRow.window_from < now - KNOWN_FOR))


def _officer(row: UserRow, tree: Tree) -> Officer:
    """With what is open to him: a head sees what is below his unit, others their own."""
    role, unit = Role(row.role), row.unit_code or ROOT
    return Officer(row.username, role, row.full_name, unit, tree.scope(unit, below=role in _SEES_BELOW))
