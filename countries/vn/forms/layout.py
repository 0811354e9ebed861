"""How form 01/73 is set: typefaces, styles, and the pieces that reportlab has not."""

from __future__ import annotations

import io
import unicodedata
import zlib
from functools import cache, lru_cache
from importlib import resources
from typing import IO

import reportlab.rl_config
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStreamFilterZCompress
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, TableStyle

from countries.notice import SIGNATURE_PLACE

# Text inside the PDF's streams would cost a quarter of their size and most of the time; every reader takes bytes.
reportlab.rl_config.useA85 = 0


class _Packed(PDFStreamFilterZCompress):  # type: ignore[misc]
    """What was packed before is taken as it was: the typefaces are the same in every document."""

    def encode(self, text: str | bytes) -> bytes:
        return _packed(text.encode() if isinstance(text, str) else text)


@lru_cache(maxsize=32)
def _packed(data: bytes) -> bytes:
    return zlib.compress(data)


pdfdoc.PDFZCompress = _Packed()

REGULAR, BOLD, ITALIC, BOLD_ITALIC = "GLSerif", "GLSerif-Bold", "GLSerif-Italic", "GLSerif-BoldItalic"
LEFT, RIGHT, TOP, BOTTOM = 30 * mm, 18 * mm, 18 * mm, 18 * mm
WIDTH = A4[0] - LEFT - RIGHT
_BODY_PT = 12.5
_INSET = 4
"""Points between the frame of a signature's block and its text."""


class Picture(Flowable):  # type: ignore[misc]
    """A picture as large as fits. A JPEG goes into the PDF as it is: it is not decoded, and named by its own bytes."""

    def __init__(self, image: bytes, width: float, height: float) -> None:
        super().__init__()
        self._reader = _Jpeg(image)
        pixels_x, pixels_y = self._reader.getSize()
        scale = min(width / pixels_x, height / pixels_y)
        self.width, self.height = pixels_x * scale, pixels_y * scale
        self.hAlign = "CENTER"

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.drawImage(self._reader, 0, 0, self.width, self.height)


class _Jpeg(ImageReader):  # type: ignore[misc]
    """reportlab takes the decoded pixels of a picture for its name alone: 30 ms of a processor for each at 1080p."""

    def __init__(self, image: bytes) -> None:
        super().__init__(io.BytesIO(image))
        self._bytes, self._dataA = image, None

    def getRGBData(self) -> bytes:
        return self._bytes if self._image.format == "JPEG" else bytes(super().getRGBData())


class Text(Paragraph):  # type: ignore[misc]
    """A paragraph that is broken into lines once for a width: a page measures its parts first, and then places them."""

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        if getattr(self, "_broken_for", None) != availWidth:
            self._broken_for = availWidth
            self._size: tuple[float, float] = Paragraph.wrap(self, availWidth, availHeight)
        return self._size


class Rule(Flowable):  # type: ignore[misc]
    """The short line under a heading of an official document."""

    def __init__(self, width: float, gap: float) -> None:
        super().__init__()
        self.line, self.gap = width, gap

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        self.width = available_width
        return available_width, self.gap

    def draw(self) -> None:
        self.canv.setLineWidth(0.6)
        self.canv.line((self.width - self.line) / 2, 0, (self.width + self.line) / 2, 0)


class Field(Flowable):  # type: ignore[misc]
    """`Label: value`, wrapped; without a value dots up to the margin."""

    def __init__(self, label: str, value: str, *, align_centre: bool = False) -> None:
        super().__init__()
        self._label, self._centre = label, align_centre
        self._value, self._made_for = value, -1.0

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        if available_width != self._made_for:  # the dots fill the width
            style = style_of("addressee" if self._centre else "field")
            value = escaped(self._value) or self._dots(available_width, style)
            self._paragraph, self._made_for = Text(f"{escaped(self._label)} {value}", style), available_width
        width, height = self._paragraph.wrap(available_width, available_height)
        return width, height

    def getSpaceBefore(self) -> float:
        return 2.5

    def draw(self) -> None:
        self._paragraph.drawOn(self.canv, 0, 0)

    def _dots(self, available_width: float, style: ParagraphStyle) -> str:
        used = pdfmetrics.stringWidth(self._label + " ", REGULAR, style.fontSize) + style.firstLineIndent
        free = available_width - used % available_width - 3
        if self._centre:
            free = min(free, 90 * mm)
        return "." * max(0, int(free / pdfmetrics.stringWidth(".", REGULAR, style.fontSize)))


class SignatureBlock(Flowable):  # type: ignore[misc]
    """Who signed by key, in a frame; the paper says where it stands (`countries.notice.SIGNATURE_PLACE`)."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self._paragraph = Text(markup, style_of("signed_by"))
        self.hAlign = "CENTER"

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        self.width = available_width
        _, self.height = self._paragraph.wrap(available_width - 2 * _INSET, available_height)
        self.height += 2 * _INSET
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        canvas.setLineWidth(0.6)
        canvas.rect(0, 0, self.width, self.height)
        self._paragraph.drawOn(canvas, _INSET, _INSET)
        left, bottom = canvas.absolutePosition(0, 0)
        right, top = canvas.absolutePosition(self.width, self.height)
        document = canvas._doc
        place = [document.thisPageRef(), PDFName("FitR"), *(round(each, 2) for each in (left, bottom, right, top))]
        document.Catalog.Dests = PDFDictionary({SIGNATURE_PLACE: PDFArray(place)})


def escaped(value: str) -> str:
    """Safe inside a Paragraph."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def or_dots(value: str) -> str:
    return escaped(value.strip()) or "." * 40


def body(markup: str) -> Text:
    return Text(markup, style_of("body"))


PLAIN = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *[(side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")],
    ]
)
PICTURES = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("ALIGN", (0, 0), (-1, -1), "CENTER"),
        *[(side, (0, 0), (-1, -1), 3) for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")],
    ]
)


@cache
def style_of(name: str) -> ParagraphStyle:
    size = {
        "head": 11.5, "motto": 13, "number": 13, "title": 14, "subtitle": 13.5, "body": _BODY_PT,
        "field": _BODY_PT, "addressee": 13, "recipients": 11, "recipients_title": 12, "sign": 13, "sign_note": 12,
        "caption": 11, "centre": 12.5, "signed_by": 10.5, "code": 20,
    }[name]  # fmt: skip
    left = name in ("field", "recipients", "recipients_title", "signed_by")
    return ParagraphStyle(
        name,
        fontName=BOLD if name in ("title", "subtitle") else REGULAR,
        fontSize=size,
        leading=size * 1.26,
        alignment=TA_JUSTIFY if name == "body" else 0 if left else TA_CENTER,
        firstLineIndent=10 * mm if name in ("body", "field") else 0,
        spaceBefore=2.5 if name in ("body", "field") else 0,
        splitLongWords=1,
    )


@cache
def _letters() -> str:
    """Every letter that Vietnamese has beside ASCII, and the marks of a printed sentence: 144, in the 159 places that a
    typeface's first subset has left."""
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    small = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in tones]
    beyond = [letter for letter in (*small, "đ") if not letter.isascii()]
    return "".join([*beyond, *(letter.upper() for letter in beyond), *"“”‘’–—…•°"])


class _Font(TTFont):  # type: ignore[misc]
    """Measures a piece of text once: a form is mostly the same words, and each is measured at every wrapping. Has the
    same letters in every document, so that they are cut out of the typeface once and not for each (8 ms of 30)."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        super().__init__(name, file)
        cut = self.face.makeSubset
        kept = lru_cache(maxsize=8)(lambda letters: bytes(cut(list(letters))))
        self.face.makeSubset = lambda letters: kept(tuple(letters))

    def splitString(self, text: str | bytes, doc: object, encoding: str = "utf-8") -> list[tuple[int, bytes]]:
        if doc not in self.state:
            super().splitString(_letters(), doc)
        return list(super().splitString(text, doc, encoding))

    def stringWidth(self, text: str | bytes, size: float, encoding: str = "utf8") -> float:
        return size * _em_width(self, text, encoding)


@lru_cache(maxsize=20_000)
def _em_width(font: _Font, text: str | bytes, encoding: str) -> float:
    return float(TTFont.stringWidth(font, text, 1, encoding))


@cache
def register_fonts() -> None:
    folder = resources.files("countries.vn.forms") / "fonts"
    for name, file in (
        (REGULAR, "LiberationSerif-Regular.ttf"),
        (BOLD, "LiberationSerif-Bold.ttf"),
        (ITALIC, "LiberationSerif-Italic.ttf"),
        (BOLD_ITALIC, "LiberationSerif-BoldItalic.ttf"),
    ):
        pdfmetrics.registerFont(_Font(name, io.BytesIO((folder / file).read_bytes())))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD_ITALIC)
