"""XML that a stranger sent, read within limits.

No declaration of a document type is taken, so no entity expands and nothing is fetched. Names are local: cameras bind
the prefixes of ONVIF as they like, or not at all, and no two elements that are asked for differ by namespace only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from edge.onvif.faults import OnvifError

MOST_ELEMENTS = 50_000
"""A recorder with 64 channels tells some 8,000."""
MOST_DEPTH = 64
"""ONVIF's deepest answers have 12."""


@dataclass
class Element:
    """`name`: without prefix; `text`: what stands in it before, between and after its children, stripped."""

    name: str
    attributes: Mapping[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def first(self, *path: str) -> Element | None:
        """What is found by going down, the first of each name; None where something is missing."""
        here: Element | None = self
        for name in path:
            here = next((each for each in here.children if each.name == name), None) if here is not None else None
        return here

    def every(self, name: str) -> Iterator[Element]:
        """Its children of that name."""
        return (each for each in self.children if each.name == name)

    def value(self, *path: str) -> str:
        """The text at the end of a path; "" where there is none."""
        found = self.first(*path)
        return "" if found is None else found.text

    def within(self) -> Iterator[Element]:
        """It and all that is in it."""
        yield self
        for each in self.children:
            yield from each.within()


def read_xml(data: bytes) -> Element:
    """The outermost element. Raises `OnvifError` ("rubbish")."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise OnvifError("rubbish", f"no XML ({error})") from error
    if reader.top is None:
        raise OnvifError("rubbish", "no XML")
    return reader.top


def _no_document_type(*_: object) -> None:
    raise OnvifError("rubbish", "XML with a document type, which could hold entities")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Reader:
    def __init__(self) -> None:
        self.top: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._elements = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS or len(self._open) >= MOST_DEPTH:
            raise OnvifError("rubbish", f"more than {MOST_ELEMENTS} elements, or more than {MOST_DEPTH} in each other")
        made = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(made)
        else:
            self.top = made
        self._open.append(made)
        self._texts.append([])

    def end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def characters(self, text: str) -> None:
        self._texts[-1].append(text)
