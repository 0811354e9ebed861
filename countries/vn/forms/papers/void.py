"""A paper that no longer holds, as it is shown: struck across every page. What was signed stays the file that is kept.

The marks are a further revision of the PDF, behind the signed one: a reader that checks signatures says that this copy
is not what was signed, as it should, and whoever takes the marks off finds the signed bytes as they are.
"""

from __future__ import annotations

import io
from typing import Any

from pyhanko.pdf_utils.generic import DictionaryObject, StreamObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from countries.papers import Void
from countries.vn.forms.layout import BOLD, register_fonts
from countries.vn.forms.papers.wording import common

_ACROSS = 0.78
"""Of the page's diagonal: the mark begins and ends on the paper, clear of its edges."""
_WIDTH_AT_1 = 100.0
"""Points: the size at which the mark's width is measured once."""
_LINE_PT = 10.5
_MARK = "/GiaoLoVoid"


def struck(pdf: bytes, why: Void) -> bytes:
    """The same paper with `why` across each page. The same bytes give the same picture."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))  # pyHanko's writers have no types
    pages = int(writer.root["/Pages"]["/Count"])
    for number in range(pages):
        reference, _ = writer.find_page_for_modification(number)
        left, bottom, right, top = (float(each) for each in _box(reference.get_object()))
        mark = PdfFileReader(io.BytesIO(_mark(right - left, top - bottom, why)))
        drawn = writer.import_page_as_xobject(mark, page_ix=0)
        resources: Any = _dictionary({"/XObject": _dictionary({_MARK: drawn})})
        # what was drawn before may leave the page turned or scaled: it is set apart
        for code, first in ((b"q", True), (b"Q", False)):
            writer.add_stream_to_page(number, writer.add_object(StreamObject(stream_data=code)), prepend=first)
        paint = b"/Artifact BMC q 1 0 0 1 %g %g cm %s Do Q EMC" % (left, bottom, _MARK.encode())
        writer.add_stream_to_page(number, writer.add_object(StreamObject(stream_data=paint)), resources)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _dictionary(values: dict[str, Any]) -> DictionaryObject:
    made: Any = DictionaryObject
    found: DictionaryObject = made({pdf_name(name): value for name, value in values.items()})
    return found


def _box(page: DictionaryObject) -> list[float]:
    """The page's media box, its own or of the pages above it."""
    node = page
    while "/MediaBox" not in node:
        node = node["/Parent"]
    return [float(each) for each in node["/MediaBox"]]


def _mark(width: float, height: float, why: Void) -> bytes:
    """A page of that size with the mark and nothing else."""
    register_fonts()
    text, line = common("void_mark"), common(f"void_{why}")
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(width, height), invariant=True)
    canvas.setFillColorRGB(0.75, 0.05, 0.05)
    canvas.setStrokeColorRGB(0.75, 0.05, 0.05)
    canvas.saveState()
    canvas.translate(width / 2, height / 2)
    canvas.rotate(52 if height > width else 32)
    canvas.setFillAlpha(0.45)
    size = _WIDTH_AT_1 * _ACROSS * (width**2 + height**2) ** 0.5 / canvas.stringWidth(text, BOLD, _WIDTH_AT_1)
    canvas.setFont(BOLD, size)
    canvas.drawCentredString(0, -size / 3, text)
    canvas.restoreState()
    canvas.setFillAlpha(1)
    canvas.setFont(BOLD, _LINE_PT)
    canvas.setFillColorRGB(1, 1, 1)
    half = canvas.stringWidth(line, BOLD, _LINE_PT) / 2 + 3 * mm
    canvas.setLineWidth(1.2)
    canvas.rect(width / 2 - half, height - 8 * mm, 2 * half, 5.5 * mm, stroke=1, fill=1)  # above the page's number
    canvas.setFillColorRGB(0.75, 0.05, 0.05)
    canvas.drawCentredString(width / 2, height - 6.4 * mm, line)
    canvas.showPage()
    canvas.save()
    return out.getvalue()
