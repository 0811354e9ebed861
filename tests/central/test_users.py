"""People at the desk: passwords under argon2, sessions that end, locks that a restart does not open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, update

from central import users
from central.cases.lifecycle import Officer, Role
from central.centre import Centre
from central.store.people_tables import SessionRow, ThrottleRow, UserRow
from central.users import (
    LOCK,
    MAX_DELAY_S,
    MAX_FAILURES,
    MAX_FAILURES_PER_ADDRESS,
    MAX_FAILURES_PER_NAME,
    SignInRefused,
    UserError,
    begin_sign_in,
    close_session,
    create_user,
    current_session,
    open_session,
    set_active,
)

PASSWORD = "mật khẩu dài của Lan"
REAL_HASHER = users._hasher  # before the tests put a quicker one in its place
HOURS = timedelta(hours=10)


def add(centre: Centre, username: str = "lan", password: str = PASSWORD, role: Role = Role.OFFICER) -> Officer:
    with centre.db.write() as session:
        return create_user(session, username, password, role=role, full_name="Nguyễn Thị Lan", now=centre.clock())


def sign_in(centre: Centre, username: str = "lan", password: str = PASSWORD, address: str = "192.0.2.1") -> str:
    """`ok`, or the code of the refusal."""
    try:
        users.sign_in(
            centre.db, username, password, address=address, now=centre.clock(), lifetime=HOURS, wait=lambda _: None
        )
    except SignInRefused as error:
        return error.code
    return "ok"


def start_session(centre: Centre, officer: Officer) -> str:
    with centre.db.write() as session:
        token = open_session(session, officer, now=centre.clock(), lifetime=HOURS).token
    assert token is not None
    return token


def who(centre: Centre, token: str) -> str | None:
    with centre.db.read() as session:
        found = current_session(session, token, now=centre.clock(), idle=HOURS)
    return found.officer.username if found else None


def test_the_right_password_signs_in_and_only_its_argon2_hash_is_kept(centre: Centre) -> None:
    add(centre)
    assert sign_in(centre) == "ok"
    with centre.db.read() as session:
        row = session.get_one(UserRow, "lan")
    assert row.password_hash.startswith("$argon2id$")
    assert PASSWORD not in row.password_hash


def test_a_stolen_hash_is_dear_to_try() -> None:
    # RFC 9106 §4, second recommended option: 64 MiB, three passes
    assert (REAL_HASHER.memory_cost >= 64 * 1024, REAL_HASHER.time_cost >= 3) == (True, True)


@pytest.mark.parametrize(
    ("username", "password"),
    [("lan", "sai mật khẩu"), ("lan", ""), ("nobody", PASSWORD), ("", PASSWORD), ("LAN", PASSWORD), ("lan\0", PASSWORD),
     ("lan'--", PASSWORD), ("x" * 10_000, PASSWORD), ("lan", "x" * 100_000), ("lan", "\ud800")],
)  # fmt: skip
def test_any_wrong_pair_has_the_same_answer(username: str, password: str, centre: Centre) -> None:
    add(centre)
    assert sign_in(centre, username, password) == "wrong"


def test_five_failures_lock_a_name_for_a_quarter_of_an_hour_even_over_a_restart(centre: Centre) -> None:
    add(centre)
    for _ in range(MAX_FAILURES):
        assert sign_in(centre, password="sai") == "wrong"
    assert sign_in(centre) == "locked"  # nothing of this is in memory
    centre.clock.forward(seconds=LOCK.total_seconds() + 1)  # type: ignore[attr-defined]
    assert sign_in(centre) == "ok"


def test_a_success_forgives_earlier_slips(box: Centre) -> None:
    add(box)
    for _ in range(3):
        for _ in range(MAX_FAILURES - 1):
            assert sign_in(box, password="sai") == "wrong"
        assert sign_in(box) == "ok"


def test_slips_far_apart_do_not_add_up(box: Centre) -> None:
    add(box)
    for _ in range(2 * MAX_FAILURES):
        assert sign_in(box, password="sai") == "wrong"
        box.clock.forward(minutes=8)  # type: ignore[attr-defined]


def test_an_address_that_tries_many_names_is_locked_out_others_are_not(box: Centre, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    add(box)
    monkeypatch.setattr("central.users._verify", lambda _, password: password == PASSWORD)  # argon2 is slow on purpose
    for n in range(MAX_FAILURES_PER_ADDRESS):
        assert sign_in(box, f"ten-{n}", "sai", address="203.0.113.9") == "wrong"
    assert sign_in(box, address="203.0.113.9") == "locked"
    assert sign_in(box, address="203.0.113.10") == "ok"


def test_a_session_ends_with_its_time(centre: Centre) -> None:
    token = start_session(centre, add(centre))
    assert who(centre, token) == "lan"
    centre.clock.forward(hours=10)  # type: ignore[attr-defined]
    assert who(centre, token) is None


def test_a_session_ends_when_it_is_closed_and_other_sessions_do_not(centre: Centre) -> None:
    officer = add(centre)
    first, second = start_session(centre, officer), start_session(centre, officer)
    with centre.db.write() as session:
        close_session(session, first)
    assert (who(centre, first), who(centre, second)) == (None, "lan")


@pytest.mark.parametrize("token", ["", "x", "\0", "x" * 10_000])
def test_a_token_that_nobody_was_given_opens_nothing(token: str, centre: Centre) -> None:
    assert who(centre, token) is None


def test_a_new_password_ends_all_sessions(centre: Centre) -> None:
    token = start_session(centre, add(centre))
    add(centre, password="một mật khẩu khác")
    assert who(centre, token) is None
    assert sign_in(centre) == "wrong"
    assert sign_in(centre, password="một mật khẩu khác") == "ok"


def test_somebody_who_left_is_kept_out_and_may_be_let_in_again(centre: Centre) -> None:
    token = start_session(centre, add(centre))
    with centre.db.write() as session:
        set_active(session, "lan", False)
    assert (who(centre, token), sign_in(centre)) == (None, "wrong")
    with centre.db.write() as session:
        set_active(session, "lan", True)
    assert (who(centre, token), sign_in(centre)) == (None, "ok")


def test_a_stolen_table_opens_no_session_and_old_ones_are_swept(box: Centre) -> None:
    officer = add(box)
    token = start_session(box, officer)
    with box.db.read() as session:
        assert token not in session.scalars(select(SessionRow.token_hash)).all()
    box.clock.forward(hours=11)  # type: ignore[attr-defined]
    start_session(box, officer)
    with box.db.read() as session:
        assert session.scalar(select(func.count()).select_from(SessionRow)) == 1


def test_each_session_has_its_own_csrf_token(box: Centre) -> None:
    officer = add(box)
    with box.db.write() as session:
        made = [open_session(session, officer, now=box.clock(), lifetime=HOURS) for _ in range(2)]
    assert made[0].csrf != made[1].csrf
    assert all(m.csrf != m.token for m in made)


@pytest.mark.parametrize("username", ["", "a", "Lan", "lan anh", "lân", "-lan", "lan\n", "x" * 65, "a/b", "node:1"])
def test_a_name_that_could_confuse_is_refused(username: str, box: Centre) -> None:
    with pytest.raises(UserError, match="not a user name"):
        add(box, username)


def test_a_short_password_is_refused(box: Centre) -> None:
    with pytest.raises(UserError, match="too short"):
        add(box, password="x" * 9)
    with pytest.raises(UserError, match="too long"):
        add(box, password="Một mật khẩu. " * 20)
    with pytest.raises(UserError, match="no such user"), box.db.write() as session:
        set_active(session, "nobody", False)


@pytest.mark.parametrize(
    "password",
    ["1234567890", "0987654321", "qwertyuiop", "password123", "mat-khau-2026", "matkhau2026", " " * 10, "a" * 30,
     "congan2026!", "LAN20261234", "lan.1234567"],
)  # fmt: skip
def test_what_everybody_tries_first_is_no_password(password: str, box: Centre) -> None:
    with pytest.raises(UserError, match="easy to guess"):
        add(box, password=password)


def test_strangers_lock_out_themselves_and_not_the_one_whose_name_they_try(centre: Centre) -> None:
    add(centre)
    for n in range(4):
        for _ in range(MAX_FAILURES):
            assert sign_in(centre, password="sai", address=f"203.0.113.{n}") == "wrong"
        assert sign_in(centre, password="sai", address=f"203.0.113.{n}") == "locked"
    assert sign_in(centre, address="198.51.100.1") == "ok"


def test_a_name_that_many_addresses_try_is_closed_but_for_places_it_is_known_from(box: Centre) -> None:
    add(box)
    assert sign_in(box, address="198.51.100.1") == "ok"
    for n in range(MAX_FAILURES_PER_NAME):
        sign_in(box, password="sai", address=f"10.0.{n // 200}.{n % 200}")
    assert sign_in(box, address="10.9.9.9") == "locked"
    assert sign_in(box, address="198.51.100.1") == "ok"
    box.clock.forward(seconds=LOCK.total_seconds() + 1)  # type: ignore[attr-defined]
    assert sign_in(box, address="10.9.9.9") == "ok"


def test_a_name_under_attack_answers_later_and_later_but_never_much_and_not_to_its_owner(box: Centre) -> None:
    add(box)
    assert sign_in(box, address="198.51.100.1") == "ok"

    def delay(address: str) -> float:
        return begin_sign_in(box.db, "lan", address=address, now=box.clock()).delay_s

    delays = [delay(f"10.0.0.{n}") for n in range(30)]
    assert delays[:MAX_FAILURES] == [0.0] * MAX_FAILURES
    assert delays == sorted(delays)
    assert delays[-1] == MAX_DELAY_S
    assert delay("198.51.100.1") == 0.0


def test_tries_at_the_same_time_are_counted_one_by_one(centre: Centre) -> None:
    add(centre)
    together = Barrier(8)

    def attempt(_: int) -> str:
        together.wait()
        return sign_in(centre, password="sai")

    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(attempt, range(8)))
    assert sorted(answers) == ["locked"] * (8 - MAX_FAILURES) + ["wrong"] * MAX_FAILURES
    assert sign_in(centre) == "locked"


def test_no_transaction_is_open_while_a_password_is_hashed(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    add(centre)
    free: list[bool] = []

    def verify(_: str, password: str) -> bool:
        # somebody else writes meanwhile: with a transaction held here this would wait for ever, or for the time-out
        with centre.db.write() as session:
            session.execute(update(UserRow).values(full_name="written meanwhile"))
        free.append(True)
        return password == PASSWORD

    monkeypatch.setattr("central.users._verify", verify)
    assert (sign_in(centre), sign_in(centre, password="sai")) == ("ok", "wrong")
    assert free == [True, True]


def test_an_account_switched_off_while_its_password_is_hashed_is_not_let_in(
    box: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(box)

    def verify(_: str, __: str) -> bool:
        with box.db.write() as session:
            set_active(session, "lan", False)
        return True

    monkeypatch.setattr("central.users._verify", verify)
    assert sign_in(box) == "wrong"


def test_made_up_names_leave_nothing_behind(box: Centre) -> None:
    add(box)
    for n in range(20):
        sign_in(box, f"ten-{n}", "sai", address=f"10.0.0.{n}")
    box.clock.forward(hours=1)  # type: ignore[attr-defined]
    sign_in(box, "ai-do", "sai", address="10.0.1.1")
    with box.db.read() as session:
        assert {k.split(":")[0] for k in session.scalars(select(ThrottleRow.key))} == {"user", "address", "name"}
        assert session.scalar(select(func.count()).select_from(ThrottleRow)) == 3


def test_the_session_of_a_switched_off_account_opens_nothing_even_if_its_row_is_still_there(box: Centre) -> None:
    token = start_session(box, add(box))
    with box.db.write() as session:
        session.execute(update(UserRow).values(active=False))  # not by `set_active`, which ends sessions too
    assert who(box, token) is None
