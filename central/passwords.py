"""Which passwords are taken. Pure."""

from __future__ import annotations

import re

MIN_PASSWORD = 10
MAX_PASSWORD = 200
"""The sign-in form takes no more."""
_FEWEST_LETTERS = 5
"""Different characters in a password: `1111111111` and ten blanks have one."""
_RUNS = ("12345678901234567890", "qwertyuiopasdfghjklzxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb")
_CLASSICS = {
    "password", "passw0rd", "matkhau", "mậtkhẩu", "qwerty", "admin", "administrator", "welcome", "iloveyou", "letmein",
    "csgt", "congan", "giaolo", "giaothong", "thanhhoa", "vietnam", "abcd", "abc", "",
}  # fmt: skip


def fault_of(password: str, username: str) -> tuple[str, str] | None:
    """What is wrong with a new password, and what to do; None when it is taken."""
    if len(password) < MIN_PASSWORD:
        return "password is too short", f"take at least {MIN_PASSWORD} characters"
    if len(password) > MAX_PASSWORD:
        return "password is too long", f"take at most {MAX_PASSWORD} characters"
    if guessable(password, username):
        return "password is easy to guess", "take several words that belong together"
    return None


def guessable(password: str, username: str) -> bool:
    """Whether a list of a few thousand tries would have it: few letters, a run of the keyboard, the name, a classic."""
    bare = re.sub(r"[\W_]+", "", password.casefold())
    word = re.sub(r"\d+$", "", bare)
    runs = any(bare in run or bare in run[::-1] for run in _RUNS)
    return len(set(bare)) < _FEWEST_LETTERS or runs or word in _CLASSICS or word == re.sub(r"[._-]", "", username)
