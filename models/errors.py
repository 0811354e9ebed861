"""The error of this package. It has the fields of the project's other errors, but models imports none of the others."""

from __future__ import annotations


class ModelError(Exception):
    """A weight file is missing, altered or unusable: what is wrong, where, and what to do."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} -> {self.remedy}" if self.remedy else text
