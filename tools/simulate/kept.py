"""What came out of a piece of traffic, kept for the next time: an evaluation that was cut off goes on where it stopped.

A kept outcome counts only for the very code that it came from: `code_digest` names every file that could have a say.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tools.simulate.watching import Verdict

_ROOT = Path(__file__).parents[2]
_JUDGES = ("common", "countries", "edge", "evidence", "models", "tools/simulate", "zones")
"""Folders whose code or data decides what is seen, judged, and held for true."""
_READ = (".py", ".yaml")
_VERDICT = TypeAdapter(Verdict)


@cache
def code_digest() -> str:
    """SHA-256 over names and contents of the code that judges, the first 16 digits."""
    found = hashlib.sha256()
    for folder in _JUDGES:
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.suffix in _READ:
                found.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def verdict_file(folder: Path, seed: int, fps: float, noise: str, variant: str = "") -> Path:
    """Where the outcome of a piece lies, seen at `fps` through an eye as noisy as `noise`, judged by today's code.

    `variant`: what else its traffic differs in, as a part of a file's name.
    """
    return folder / f"{seed}{variant}-{fps:g}-{noise}-{code_digest()}.json"


def load_verdict(path: Path) -> Verdict | None:
    """What `save_verdict` wrote; None if nothing did, or it cannot be read."""
    try:
        return _VERDICT.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def save_verdict(verdict: Verdict, path: Path) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(_VERDICT.dump_json(verdict))
    beside.replace(path)
