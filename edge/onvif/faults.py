"""Why a camera could not be asked: a kind that a program can tell apart, and what the camera said of it."""

from __future__ import annotations

from typing import Literal

from evidence.addresses import hide
from evidence.errors import ForeignError, printable

Kind = Literal[
    "away",  # nobody takes a connection there
    "silent",  # something does, and does not answer in time
    "large",  # it answers more than is read
    "rubbish",  # what it answers is no XML, no SOAP, or XML that declares entities
    "elsewhere",  # it sends us to another address
    "login",  # user or password are wrong or missing
    "clock",  # the signature is too old or too young for its clock
    "plain",  # it wants the password itself over the network
    "unsupported",  # it does not know the question
    "refused",  # it knows it and does not answer it
    "no_media",  # it names no service that tells of streams
    "no_profile",  # it has one, which tells of none
]
MOST_TOLD = 200
"""Characters of a stranger's text that are shown: a sentence."""


class OnvifError(ForeignError):
    """`kind`; `detail`: what the camera or the network said, one printable line without secrets, "" where nothing."""

    def __init__(self, kind: Kind, detail: str = "") -> None:
        self.kind: Kind = kind
        self.detail = line_of(detail)
        super().__init__(f"{kind}: {self.detail}")


def line_of(text: str) -> str:
    """A stranger's text as one printable line without secrets."""
    line = hide(printable(" ".join(text.split())))
    return line if len(line) <= MOST_TOLD else line[: MOST_TOLD - 1] + "…"
