"""What a power cut would leave, from a record of the calls that were made.

A name lasts once the folder that holds it was synced after it was made there; bytes last once the file was synced
after they were written. `survives` asks for both, for a file and for every folder above it, at that moment.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Power:
    """Records through `os`: names made and not yet synced, files written and not yet synced."""

    root: Path
    loose_names: set[Path] = field(default_factory=set)
    loose_bytes: set[Path] = field(default_factory=set)

    def survives(self, path: Path) -> bool:
        """Whether `path` would be there, whole, after a power cut now."""
        steps = [p for p in (path, *path.parents) if p == self.root or self.root in p.parents]
        return path.exists() and path not in self.loose_bytes and not self.loose_names.intersection(steps)

    # --- what the code did ---------------------------------------------------------------------------------------

    def opened(self, path: Path, flags: int) -> None:
        if flags & os.O_CREAT and not path.exists():
            self.loose_names.add(path)
        if flags & (os.O_WRONLY | os.O_RDWR):
            self.loose_bytes.add(path)

    def synced(self, path: Path) -> None:
        if path.is_dir():
            self.loose_names -= {p for p in self.loose_names if p.parent == path}
        self.loose_bytes.discard(path)

    def renamed(self, old: Path, new: Path) -> None:
        self.loose_names.discard(old)
        self.loose_names.add(new)
        if old in self.loose_bytes:
            self.loose_bytes.discard(old)
            self.loose_bytes.add(new)


@pytest.fixture
def power(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Power:
    """Watches everything under `tmp_path` from now on."""
    seen = Power(tmp_path)

    def wrap(name: str, before: Callable[..., None] | None, after: Callable[..., None] | None) -> None:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if before is not None:
                before(*arguments, **options)
            result = real(*arguments, **options)
            if after is not None:
                after(*arguments, **options)
            return result

        monkeypatch.setattr(os, name, call)

    def path_of(descriptor: int) -> Path:
        return Path(os.readlink(f"/proc/self/fd/{descriptor}"))

    wrap("open", lambda path, flags, *_, **__: seen.opened(Path(path).absolute(), flags), None)
    wrap("mkdir", None, lambda path, *_, **__: seen.loose_names.add(Path(path).absolute()))
    for name in ("rename", "replace"):
        wrap(name, None, lambda old, new, **_: seen.renamed(Path(old).absolute(), Path(new).absolute()))
    wrap("fsync", None, lambda descriptor: seen.synced(path_of(descriptor)))
    return seen
