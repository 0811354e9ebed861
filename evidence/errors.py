"""One shape for everything that is told to a person: what is wrong, where, and what to do."""

from __future__ import annotations

from evidence.addresses import hide


def printable(text: str) -> str:
    """One line, whatever a stranger wrote: what does not print is spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class GiaoLoError(Exception):
    """Base of every expected error of the project. Secrets of addresses in its texts are hidden.

    Parameters
    ----------
    what: what is wrong, one sentence.
    where: the file, path in the file, topic or address concerned.
    remedy: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = hide(what)
        self.where = hide(where)
        self.remedy = hide(remedy)
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} -> {self.remedy}" if self.remedy else text


class ForeignError(GiaoLoError):
    """Something from outside is not what it should be. Its text may quote it, so it is always one printable line."""

    def __str__(self) -> str:
        return printable(super().__str__())


class PacketError(ForeignError):
    """A packet, its container or its seal is not what it should be."""


class WireError(ForeignError):
    """A message on the broker does not follow the wire format."""


class KeyFileError(GiaoLoError):
    """A key file is missing, unreadable or of the wrong kind."""
