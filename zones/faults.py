"""What is wrong with a scene, told to a person: where in the file, what, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from evidence.errors import GiaoLoError

Severity = Literal["error", "warning"]


def both(vietnamese: str, english: str) -> str:
    """The same said in both languages, Vietnamese first."""
    return f"{vietnamese} / {english}"


def known(items: Iterable[Any]) -> str:
    """The remedy for a name that nothing has: the names there are."""
    names = ", ".join(item.id for item in items)
    if not names:
        return both("vẽ mục đó trước, hoặc bỏ tên này", "define it, or take the name out")
    return both(f"chọn trong: {names}", f"use one of: {names}")


@dataclass(frozen=True)
class Fault:
    """One fault. `path` is the place in the file, like `stop_lines[0].points[2]`; empty: the file as a whole.

    An `error` makes the scene unusable; a `warning` is something a person should look at.
    """

    path: str
    what: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        mark = "" if self.severity == "error" else "warning: "
        return f"{self.path or 'scene'}: {mark}{self.what} -> {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class SceneError(GiaoLoError):
    """A scene file cannot be used. `faults` has all that was found, not only the first."""

    def __init__(self, source: str, faults: Sequence[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        first = self.faults[0]
        others = len(self.faults) - 1
        more = f" (+{others})" if others else ""
        super().__init__(
            first.what + more, where=f"{source}: {first.path}" if first.path else source, remedy=first.remedy
        )

    def lines(self) -> list[str]:
        """One line a fault: `file: path: what -> remedy`."""
        return [f"{self.source}: {fault}" for fault in self.faults]
