"""A paper as pictures of its pages, for screens that show no PDF: a phone has no viewer in a page, nor some browsers.

The picture is for reading. What is signed, sent and kept is the PDF; where both could differ, the PDF counts.
"""

from __future__ import annotations

import io
import json
import threading

import typst
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from evidence.errors import GiaoLoError

PAGE_DPI = 150
"""Pixels an inch: a page of A4 has 1240 across, so that print of 9 pt is sharp on a phone that enlarges it twice."""
MOST_PAGES = 30
"""Of one paper. A notice with its annex has four; more than this and somebody else's file lies there."""
# the bytes are handed over in memory, as numbers: no copy of a paper lies in a folder for it
_SOURCE = b"""#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(json(bytes(sys.inputs.paper))), format: "pdf", page: int(sys.inputs.page))"""
_drawing = threading.Lock()
"""One page at a time: each takes a core for some tenths of a second."""


class PaperPictureError(GiaoLoError):
    """A paper whose pages cannot be drawn."""


def page_count(pdf: bytes) -> int:
    """How many pages a PDF has, `MOST_PAGES` at most. Raises `PaperPictureError`: it is none that can be read."""
    try:
        count = int(PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Count"])
    except (PdfError, KeyError, TypeError, ValueError) as error:
        raise PaperPictureError(
            "is no PDF that can be read", where="paper.pdf", remedy="open the file itself"
        ) from error
    return max(0, min(count, MOST_PAGES))


def page_picture(pdf: bytes, page: int) -> bytes:
    """Page `page` (the first is 1) as a PNG of `PAGE_DPI`. Raises `PaperPictureError`."""
    try:
        with _drawing:
            inputs = {"page": str(page), "paper": json.dumps(list(pdf))}
            made = typst.compile(
                _SOURCE, format="png", ppi=float(PAGE_DPI), sys_inputs=inputs, ignore_system_fonts=True
            )
            return bytes(made)
    except (typst.TypstError, RuntimeError) as error:
        raise PaperPictureError("cannot be drawn", where=f"page {page}", remedy="open the PDF itself") from error
