"""Views of vehicles with the pictures that the main stream has of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import overload

from edge.picture import Image
from edge.plate.views import View
from edge.substream.finding import Found
from edge.substream.seen import SeenView


class Shown:
    """Views with their pictures, those that were found."""

    def __init__(self, views: Sequence[SeenView]) -> None:
        self._views = views
        self._crops: dict[int, Image] = {}

    def take(self, i: int, found: Found) -> None:
        """A view of another moment may be of another vehicle: only what is sure counts."""
        if found.sure:
            x1, y1, x2, y2 = self._views[i].part
            picture = found.picture
            self._crops[i] = picture.part(x1, y1, min(x2, picture.width), min(y2, picture.height)).copy()

    @property
    def views(self) -> list[View]:
        return [replace(self._views[i], image=crop) for i, crop in sorted(self._crops.items())]


class IfAsked(Sequence[View]):
    """Views that are decoded when somebody looks at them: most plates are read without."""

    def __init__(self, most: int, make: Callable[[], list[View]]) -> None:
        self._most, self._make = most, make
        self._made: list[View] | None = None

    def __len__(self) -> int:
        return self._most if self._made is None else len(self._made)

    def __iter__(self) -> Iterator[View]:
        if self._made is None:
            self._made = self._make()
        return iter(self._made)

    @overload
    def __getitem__(self, index: int) -> View: ...

    @overload
    def __getitem__(self, index: slice) -> list[View]: ...

    def __getitem__(self, index: int | slice) -> View | list[View]:
        return list(self)[index]
