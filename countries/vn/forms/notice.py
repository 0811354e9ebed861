"""Form 01/73 as PDF; its text is `form-01-73.yaml`.

The form has no field for an amount, a payment or a QR code, and gets none: payment needs a decision, and false notices
with bank codes are a common fraud. The same content always gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    Frame,
    KeepInFrame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.doctemplate import BaseDocTemplate

from countries.notice import AnnexPicture, NoticeContent
from countries.vn.deadlines import VIETNAM
from countries.vn.forms.layout import (
    BOLD,
    BOTTOM,
    LEFT,
    PICTURES,
    PLAIN,
    REGULAR,
    TOP,
    WIDTH,
    Field,
    Picture,
    Rule,
    SignatureBlock,
    Text,
    body,
    escaped,
    or_dots,
    register_fonts,
    style_of,
)
from countries.vn.forms.official import in_head
from countries.vn.forms.texts import texts
from countries.vn.forms.wording import NO_MEASURE, draft, issued, signed_at_words

__all__ = ["NO_MEASURE", "PLATE", "code_sheet", "draft", "issued", "render"]  # what the port asks of a form

PLATE = texts()["annex_plate"]


def render(content: NoticeContent, pictures: Sequence[AnnexPicture] = ()) -> bytes:
    """The notice, and with pictures a second page with the collected results."""
    register_fonts()
    # A signature alone on a second page would be worthless: a text that is a little too long is set a little smaller.
    story: list[Flowable] = [_page(_form(content))]
    if pictures:
        story += [NextPageTemplate("form"), PageBreak(), _page(_annex(content, pictures))]
    return _built(content, story)


def code_sheet(content: NoticeContent) -> bytes:
    """One page with the owner's code, which goes with a notice that is signed by key."""
    register_fonts()
    t = texts()
    number, date, at = escaped(content.number_text), escaped(content.date_text), signed_at_words(content.signed_at)
    code = Text(t["sheet_code"].format(code=escaped(content.code)), style_of("code"))
    parts = [
        _header(content),
        Spacer(1, 14),
        Text(t["sheet_title"], style_of("title")),
        Text(t["sheet_of"].format(number=number, date=date), style_of("centre")),
        Spacer(1, 9),
        Field(t["addressee"], content.addressee, align_centre=True),
        Spacer(1, 4),
        Field(t["vehicle"], content.vehicle),
        body(t["sheet_signed"].format(number=number, name=escaped(content.signer_name), at=at)),
        body(t["sheet_use"]),
        Spacer(1, 10),
        code,
        Spacer(1, 10),
        body(t["sheet_care"]),
    ]
    return _built(content, [_page(parts)])


def _page(parts: list[Flowable]) -> KeepInFrame:
    return KeepInFrame(WIDTH, A4[1] - TOP - BOTTOM - 1, parts, mode="shrink", mergeSpace=0)


def _built(content: NoticeContent, story: list[Flowable]) -> bytes:
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=texts()["document"].format(number=content.number_text),
        author=content.unit_in_text,
        lang="vi",
        invariant=1,
    )
    frame = Frame(
        LEFT, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )

    def decorate(canvas: Canvas, _document: object) -> None:
        _date(canvas, content.made_at)
        _decorate(canvas, content)

    document.addPageTemplates([PageTemplate("form", [frame], onPage=decorate)])
    document.build(story)
    return buffer.getvalue()


def _form(c: NoticeContent) -> list[Flowable]:
    t, unit = texts(), or_dots(c.unit_in_text)
    where = escaped(c.unit_in_text)
    address = t["address"].format(address=escaped(c.unit_address)) if c.unit_address else ""
    clause = escaped(c.clause) + (" " if c.clause else "")

    def field(name: str, value: str, *, align_centre: bool = False) -> Field:
        # an issued notice has no blank that somebody could fill in afterwards
        filled = value.strip() or ("" if c.draft else t["nothing_known"])
        return Field(t[name], filled, align_centre=align_centre)

    second = t["second_summons"].format(
        unit=where, at=or_dots(c.second_appear_at), place=or_dots(c.second_place), settle=t["settle"]
    )
    return [
        _header(c),
        Spacer(1, 7),
        Text(t["title"], style_of("title")),
        Text(t["subtitle"], style_of("subtitle")),
        Rule(42 * mm, 3),
        Spacer(1, 9),
        field("addressee", c.addressee, align_centre=True),
        Spacer(1, 4),
        body(t["found"].format(unit=unit, device_owner=or_dots(c.device_owner))),
        field("vehicle", c.vehicle),
        field("owner", c.owner_name),
        field("owner_id", c.owner_id),
        field("owner_address", c.owner_address),
        field("time_place", c.time_place),
        body(t["act"].format(act=escaped(c.act), clause=clause, decree=escaped(c.decree))),
        field("preventive", c.preventive),
        body(t["summons"].format(at=or_dots(c.appear_at), unit=where, address=address, settle=t["settle"])),
        *([body(second)] if c.second_place else []),  # without a place it would be a blank on an official paper
        body(t["bring"]),
        body(t["absence"]),
        body(t["enclosed"]),
        Spacer(1, 8),
        _foot(c),
    ]


def _header(c: NoticeContent) -> Table:
    t = texts()
    left = [
        Text(escaped(in_head(c.parent)), style_of("head")),
        Text(f"<b>{escaped(in_head(c.unit))}</b>", style_of("head")),
        Spacer(1, style_of("motto").leading - style_of("head").leading),  # number and date on one line
        Rule(26 * mm, 3),
        Spacer(1, 5),
        Text(t["number_line"].format(number=escaped(c.number_text)), style_of("number")),
    ]
    right = [
        Text(t["state"], style_of("head")),
        Text(f"<b>{t['motto']}</b>", style_of("motto")),
        Rule(pdfmetrics.stringWidth(t["motto"], BOLD, 13), 3),
        Spacer(1, 5),
        Text(t["place_date"].format(town=escaped(c.town), date=escaped(c.date_text)), style_of("number")),
    ]
    return Table([[left, right]], colWidths=[WIDTH * 0.43, WIDTH * 0.57], style=PLAIN)


def _foot(c: NoticeContent) -> Table:
    t = texts()
    second = t["second_recipient"].format(place=escaped(c.second_place)) if c.second_place else ""
    left = [
        Text(t["recipients_title"], style_of("recipients_title")),
        Text(t["recipients"].format(second=second), style_of("recipients")),
    ]
    title = "<br/>".join(escaped(line) for line in c.signer_title.splitlines())
    by_hand = [Text(t["signed"], style_of("sign_note")), Spacer(1, 48)]
    right = [
        Text(f"<b>{title}</b>", style_of("sign")),
        *([Spacer(1, 4), SignatureBlock(_signed_by(c)), Spacer(1, 6)] if c.signed_at else by_hand),
        Text(f"<b>{escaped(c.signer_name) or '&nbsp;'}</b>", style_of("sign")),
    ]
    return Table([[left, right]], colWidths=[WIDTH * 0.45, WIDTH * 0.55], style=PLAIN)


def _signed_by(c: NoticeContent) -> str:
    title = ", ".join(filter(None, map(str.strip, c.signer_title.splitlines())))
    return texts()["signed_by"].format(
        name=escaped(c.signer_name), title=escaped(title), at=signed_at_words(c.signed_at)
    )


def _annex(c: NoticeContent, pictures: Sequence[AnnexPicture]) -> list[Flowable]:
    t = texts()
    number, date = escaped(c.number_text), escaped(c.date_text)
    return [
        Text(t["annex_title"], style_of("title")),
        Text(t["annex_of"].format(number=number, date=date), style_of("centre")),
        Spacer(1, 6),
        body(t["annex_facts"].format(vehicle=escaped(c.vehicle), time_place=escaped(c.time_place))),
        Spacer(1, 4),
        _gallery(pictures),
        *(body(f"<i>{escaped(line)}</i>") for line in c.missing),
        Spacer(1, 6),
        body(t["annex_blurred"] + (f" {escaped(c.legend)}" if c.legend else "")),
        body(t["annex_seal"].format(packet=c.packet_id, digest=c.packet_digest)),
        *([body(t["annex_code"].format(code=c.code))] if c.code else []),
    ]


def _gallery(pictures: Sequence[AnnexPicture]) -> Flowable:
    """Each frame with its close-up beside it and the caption under both; pictures without one stand two in a row."""
    rows: list[list[Any]] = []
    spans: list[tuple[Any, ...]] = []
    half, height = WIDTH / 2 - 3 * mm, 43 * mm
    single: list[Any] = []
    for picture in pictures:
        if picture.near is None:
            single.append([Picture(picture.image, half, height), Text(escaped(picture.caption), style_of("caption"))])
            continue
        rows.append([Picture(picture.image, half, height), Picture(picture.near, half, height)])
        rows.append([Text(escaped(picture.caption), style_of("caption")), ""])
        spans.append(("SPAN", (0, len(rows) - 1), (-1, len(rows) - 1)))
    rows += [single[i : i + 2] + [""] * (2 - len(single[i : i + 2])) for i in range(0, len(single), 2)]
    return Table(rows or [["", ""]], colWidths=[WIDTH / 2] * 2, style=TableStyle(spans, parent=PICTURES))


def _date(canvas: Canvas, made_at: str) -> None:
    """The document's own date is that of the paper; without one the fixed date of a reproducible file stays."""
    if made_at:
        at = datetime.fromisoformat(made_at).astimezone(VIETNAM)
        stamp = canvas._doc._timeStamp
        stamp.YMDhms, stamp.dhh, stamp.dmm = (*at.timetuple()[:6],), 7, 0


def _decorate(canvas: Canvas, content: NoticeContent) -> None:
    canvas.setProducer("Giao Lộ")
    if canvas.getPageNumber() > 1:
        canvas.setFont(REGULAR, 11)
        canvas.drawCentredString(A4[0] / 2, A4[1] - 12 * mm, str(canvas.getPageNumber()))
    if content.draft:
        canvas.saveState()
        canvas.setFont(BOLD, 90)
        canvas.setFillGray(0.9)
        canvas.translate(A4[0] / 2, A4[1] / 2)
        canvas.rotate(50)
        canvas.drawCentredString(0, -30, texts()["draft_mark"])
        canvas.restoreState()
