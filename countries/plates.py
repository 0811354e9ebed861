"""What a country says of number plates: which texts are plates, which characters may stand where, who bears which.

`Plates` is the port; a country's module of plates fits it as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from evidence.plate_colours import PlateColour

Change = tuple[int, str, str]
"""Position, character that was read, character put in its place."""
Template = tuple[frozenset[str], ...]
"""A form of plate: what may stand at each place."""
Problem = Literal["", "letter", "digit"]


@dataclass(frozen=True)
class PlateParse:
    """A plate as the grammar understands it. `alternatives`: other readings of the same characters, best first.

    `kind`: the country's own name of the form, `unknown` where none fits. `province_name`: where it was registered.
    """

    text: str
    kind: str
    province: str | None = None
    series: str = ""
    number: str = ""
    formatted: str = ""
    alternatives: tuple[PlateParse, ...] = ()
    province_name: str = field(default="", compare=False)

    @property
    def known(self) -> bool:
        return self.kind != "unknown"

    @property
    def ambiguous(self) -> bool:
        return bool(self.alternatives)


@dataclass(frozen=True)
class Lost:
    """A character that is on no plate. `keys`: what may have been typed for it (`AA`, `A6`); empty where unknown.

    `marked`: a keyboard that composes letters made it.
    """

    char: str
    keys: tuple[str, ...] = ()
    marked: bool = False

    def __str__(self) -> str:
        """`Â → AA, A6?`, the same in every language."""
        return f"{self.char} → {', '.join(self.keys)}?" if self.keys else self.char


@dataclass(frozen=True)
class Typed:
    """`text`: normalised; what could not be kept stands in it as it is. `problem` empty: nothing was lost.

    `suggestions`: a few plates in official spelling that may be meant, likeliest first.
    """

    text: str
    problem: Problem = ""
    lost: tuple[Lost, ...] = ()
    suggestions: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not self.problem

    @property
    def keyboard(self) -> bool:
        """Whether a keyboard that composes letters made what was lost."""
        return any(lost.marked for lost in self.lost)


@dataclass(frozen=True)
class NoNotice:
    """Why no notice goes to the owner of a vehicle, and what is done instead. `code`: stable, texts hang on it."""

    code: str
    what: str
    remedy: str


class Plates(Protocol):
    """Port. A vehicle's class is that of the packet, or a kind of the law; None where it says nothing of the form."""

    @property
    def COLOURS(self) -> tuple[PlateColour, ...]:
        """Colours that plates come in, the commonest first."""
        ...

    @property
    def TWO_WHEELS(self) -> tuple[str, ...]:
        """Forms that motorcycles bear: always on two lines."""
        ...

    @property
    def FOUR_WHEELS(self) -> tuple[str, ...]:
        """Forms that cars, buses and lorries bear."""
        ...

    @property
    def CONFUSABLE(self) -> Mapping[str, str]:
        """What a character may really be: only look-alikes seen in practice."""
        ...

    @property
    def BARE(self) -> Mapping[str, str]:
        """Letters that stand on a plate and in its normalised text as another."""
        ...

    @property
    def SHORT_NUMBER(self) -> int:
        """Digits: a number of so many or fewer is of an old plate and has no dot; with more it has one."""
        ...

    def parse(
        self, text: str, *, lines: tuple[str, str] | None = None, vehicle_class: str | None = None,
        colour: str | None = None,
    ) -> PlateParse:  # fmt: skip
        """Understand a plate; never repairs. `lines`: the two lines of a plate that has two."""
        ...

    def format_plate(self, text: str, *, vehicle_class: str | None = None, colour: str | None = None) -> str:
        """Official spelling; what the grammar does not know comes back normalised."""
        ...

    def normalise(self, text: str) -> str:
        """A-Z and 0-9, separators left out; a letter that cannot be kept stays, and the text is no plate."""
        ...

    def understand(self, typed: str) -> Typed:
        """What a person typed as a plate, whole or part of one."""
        ...

    def plausible(self, text: str) -> bool:
        """Whether a person may have meant a plate, of a listed form or not."""
        ...

    def position_alphabets(
        self, length: int, vehicle_class: str | None = None, lines: int | None = None, colour: str | None = None
    ) -> Sequence[Template]:
        """Which characters may stand where, one template a form of that length. `lines`: 1, 2 or not known."""
        ...

    def repair(
        self, text: str, *, vehicle_class: str | None = None, colour: str | None = None
    ) -> Sequence[tuple[str, tuple[Change, ...]]]:
        """Plates that `text` may be when look-alikes are exchanged, fewest changes first; empty: unknown."""
        ...

    def fits_class(self, kind: str, vehicle_class: str | None) -> bool:
        """Whether a vehicle of that class can bear a plate of that form."""
        ...

    def borne(self, plate: str, kind: str) -> bool:
        """Whether a vehicle of that kind of the law bears such a plate: by its form, and by series that are of one kind
        alone or of what is drawn."""
        ...

    def kinds_in(self, colour: str) -> tuple[str, ...]:
        """Forms that readers may name on a plate of that colour."""
        ...

    def no_notice(self, plate: str, *, colour: str, kind: str) -> NoNotice | None:
        """Why a vehicle with that plate is not fined by notice to its owner; None: it is."""
        ...
