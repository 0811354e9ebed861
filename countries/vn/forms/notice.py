"""Form 01/73 as PDF: TT 73/2024/TT-BCA with the form as replaced by TT 13/2025/TT-BCA (vietnam-law §2.1).

The form has no field for an amount, a payment or a QR code, and gets none: payment needs a decision, and false notices
with bank codes are a common fraud. The same content always gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import reportlab.rl_config
from pydantic import BaseModel, ConfigDict
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    Frame,
    KeepInFrame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.doctemplate import BaseDocTemplate

from countries.vn.deadlines import VIETNAM

# Text inside the PDF's streams would cost a quarter of their size and most of the time; every reader takes bytes.
reportlab.rl_config.useA85 = 0

REGULAR, BOLD, ITALIC, BOLD_ITALIC = "GLSerif", "GLSerif-Bold", "GLSerif-Italic", "GLSerif-BoldItalic"
_LEFT, _RIGHT, _TOP, _BOTTOM = 30 * mm, 18 * mm, 18 * mm, 18 * mm
_WIDTH = A4[0] - _LEFT - _RIGHT
_BODY_PT = 12.5
_NOTHING_KNOWN = "Không có thông tin"
"""An issued notice has no blank that somebody could fill in afterwards."""


class NoticeContent(BaseModel):
    """What the notice says. Texts are final Vietnamese; an empty text of a draft becomes a dotted line.

    What has a default was added later: contents of older notices stay readable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number_text: str
    parent: str
    unit: str
    unit_in_text: str
    device_owner: str
    town: str
    date_text: str
    addressee: str
    vehicle: str
    owner_name: str
    owner_id: str
    owner_address: str
    time_place: str
    act: str
    clause: str
    decree: str
    preventive: str
    appear_at: str
    unit_address: str
    second_place: str
    second_appear_at: str
    signer_title: str
    signer_name: str
    answer_by: str = ""
    code: str
    packet_id: str
    packet_digest: str
    draft: bool
    owner_source: str = ""
    """`register`, `typed` (found elsewhere and typed at the desk), or empty: nobody is known."""
    owner_type: str = "person"
    appear_on: str = ""
    """The appointments as instants (ISO 8601), for the desk's form and the owner's screen."""
    second_on: str = ""
    made_at: str = ""
    """When this paper was made (ISO 8601): the date inside the PDF."""
    legend: str = ""
    missing: tuple[str, ...] = ()
    """What the annex should show and cannot, in words."""


@dataclass(frozen=True)
class AnnexPicture:
    """A picture of the annex with its caption; `image` and `near` (a close-up beside it) are JPEG or PNG."""

    caption: str
    image: bytes
    near: bytes | None = None


def render(content: NoticeContent, pictures: Sequence[AnnexPicture] = ()) -> bytes:
    """The notice, and with pictures a second page with the collected results."""
    _register_fonts()
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=f"Thông báo {content.number_text}",
        author=content.unit_in_text,
        lang="vi",
        invariant=1,
    )
    frame = Frame(
        _LEFT, _BOTTOM, _WIDTH, A4[1] - _TOP - _BOTTOM, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )

    def decorate(canvas: Canvas, _document: object) -> None:
        _date(canvas, content.made_at)
        _decorate(canvas, content)

    document.addPageTemplates([PageTemplate("form", [frame], onPage=decorate)])
    # A signature alone on a second page would be worthless: a text that is a little too long is set a little smaller.
    height = A4[1] - _TOP - _BOTTOM
    story: list[Flowable] = [KeepInFrame(_WIDTH, height - 1, _form(content), mode="shrink", mergeSpace=0)]
    if pictures:
        annex = KeepInFrame(_WIDTH, height - 1, _annex(content, pictures), mode="shrink", mergeSpace=0)
        story += [NextPageTemplate("form"), PageBreak(), annex]
    document.build(story)
    return buffer.getvalue()


def _form(c: NoticeContent) -> list[Flowable]:
    sentence = (
        f"{_or_dots(c.unit_in_text)} đã sử dụng phương tiện, thiết bị kỹ thuật nghiệp vụ hoặc tiếp nhận kết quả ghi "
        f"thu được từ phương tiện, thiết bị kỹ thuật của {_or_dots(c.device_owner)} "
        "phát hiện và ghi nhận:"
    )
    where = f"trụ sở {_text(c.unit_in_text)}" + (f" (địa chỉ: {_text(c.unit_address)})" if c.unit_address else "")
    to_settle = "để giải quyết vụ việc vi phạm hành chính về trật tự, an toàn giao thông đường bộ."
    return [
        _header(c),
        Spacer(1, 7),
        Paragraph("THÔNG BÁO", _style("title")),
        Paragraph("Vi phạm hành chính về trật tự, an toàn giao thông đường bộ", _style("subtitle")),
        _Rule(42 * mm, 3),
        Spacer(1, 9),
        _Field("Kính gửi:", c.addressee, dots=c.draft, align_centre=True),
        Spacer(1, 4),
        _body(sentence),
        _Field("Phương tiện (ghi rõ loại phương tiện, biển số, màu biển số):", c.vehicle, dots=c.draft),
        _Field("Chủ phương tiện:", c.owner_name, dots=c.draft),
        _Field("Số định danh cá nhân/cơ quan/tổ chức hoặc số Căn cước/CCCD (nếu có):", c.owner_id, dots=c.draft),
        _Field("Địa chỉ:", c.owner_address, dots=c.draft),
        _Field("Thời gian, địa điểm vi phạm:", c.time_place, dots=c.draft),
        _body(
            f"Hành vi vi phạm: {_text(c.act)}, được quy định tại {_text(c.clause)}{' ' if c.clause else ''}"
            f"{_text(c.decree)}."
        ),
        _Field("Biện pháp ngăn chặn được áp dụng (nếu có):", c.preventive, dots=c.draft),
        _body(
            f"Yêu cầu chủ phương tiện, tổ chức, cá nhân có liên quan đến hành vi vi phạm đúng {_or_dots(c.appear_at)} "
            f"có mặt tại {where} {to_settle}"
        ),
        *(
            [
                _body(
                    "Nếu việc đi lại gặp khó khăn và không có điều kiện trực tiếp đến trụ sở "
                    f"{_text(c.unit_in_text)}, thì đúng {_or_dots(c.second_appear_at)} có mặt tại trụ sở "
                    f"{_or_dots(c.second_place)} {to_settle}"
                )
            ]
            if c.second_place  # without a place the sentence would be a blank on an official paper
            else []
        ),
        _body(
            "Khi đến giải quyết phải mang theo thông báo này và các giấy tờ có liên quan đến phương tiện và người điều "
            "khiển phương tiện."
        ),
        _body(
            "Nếu quá thời gian trên, người được yêu cầu không đến giải quyết vụ việc sẽ bị xử lý theo quy định của "
            "pháp luật./."
        ),
        _body("<i>(Kèm theo kết quả thu thập được bằng phương tiện, thiết bị kỹ thuật nghiệp vụ).</i>"),
        Spacer(1, 8),
        _foot(c),
    ]


def _header(c: NoticeContent) -> Table:
    left = [
        Paragraph(_text(c.parent), _style("head")),
        Paragraph(f"<b>{_text(c.unit)}</b>", _style("head")),
        Spacer(1, _style("motto").leading - _style("head").leading),  # number and date on one line
        _Rule(26 * mm, 3),
        Spacer(1, 5),
        Paragraph(f"Số: {_text(c.number_text)}", _style("number")),
    ]
    right = [
        Paragraph("<b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b>", _style("head")),
        Paragraph("<b>Độc lập - Tự do - Hạnh phúc</b>", _style("motto")),
        _Rule(pdfmetrics.stringWidth("Độc lập - Tự do - Hạnh phúc", BOLD, 13), 3),
        Spacer(1, 5),
        Paragraph(f"<i>{_text(c.town)}, {_text(c.date_text)}</i>", _style("number")),
    ]
    return Table([[left, right]], colWidths=[_WIDTH * 0.43, _WIDTH * 0.57], style=_PLAIN)


def _foot(c: NoticeContent) -> Table:
    recipients = "- Như trên;<br/>" + (f"- {_text(c.second_place)};<br/>" if c.second_place else "")
    left = [
        Paragraph("<b><i>Nơi nhận:</i></b>", _style("recipients_title")),
        Paragraph(f"{recipients}- Lưu: Hồ sơ vụ việc.", _style("recipients")),
    ]
    right = [
        Paragraph(f"<b>{_text(c.signer_title)}</b>", _style("sign")),
        Paragraph("<i>(Chữ ký, đóng dấu/chữ ký số)</i>", _style("sign_note")),
        Spacer(1, 48),
        Paragraph(f"<b>{_text(c.signer_name) or '&nbsp;'}</b>", _style("sign")),
    ]
    return Table([[left, right]], colWidths=[_WIDTH * 0.45, _WIDTH * 0.55], style=_PLAIN)


def _annex(c: NoticeContent, pictures: Sequence[AnnexPicture]) -> list[Flowable]:
    story: list[Flowable] = [
        Paragraph("KẾT QUẢ THU THẬP ĐƯỢC<br/>BẰNG PHƯƠNG TIỆN, THIẾT BỊ KỸ THUẬT NGHIỆP VỤ", _style("title")),
        Paragraph(f"<i>(Kèm theo Thông báo số {_text(c.number_text)} {_text(c.date_text)})</i>", _style("centre")),
        Spacer(1, 6),
        _body(f"Phương tiện: {_text(c.vehicle)}. Thời gian, địa điểm: {_text(c.time_place)}."),
        Spacer(1, 4),
    ]
    story.append(_gallery(pictures))
    story += [_body(f"<i>{_text(line)}</i>") for line in c.missing]
    story += [
        Spacer(1, 6),
        _body(
            "Phần hình ảnh không liên quan đến phương tiện nêu trên đã được làm mờ để bảo vệ dữ liệu cá nhân."
            + (f" {_text(c.legend)}" if c.legend else "")
        ),
        _body(
            f"Mã gói chứng cứ: {c.packet_id}. Giá trị băm SHA-256: "
            f"{c.packet_digest}. Dữ liệu gốc được niêm phong bằng chữ ký số của thiết bị."
        ),
    ]
    if c.code:
        story.append(
            _body(
                f"Mã xem kết quả dành cho chủ phương tiện: <b>{c.code}</b>. Không cung cấp mã này cho người khác. "
                "Thông báo này không yêu cầu chuyển tiền; việc nộp phạt chỉ thực hiện theo quyết định xử phạt."
            )
        )
    return story


def _gallery(pictures: Sequence[AnnexPicture]) -> Flowable:
    """Each frame with its close-up beside it and the caption under both; pictures without one stand two in a row."""
    rows: list[list[Any]] = []
    spans: list[tuple[Any, ...]] = []
    half, height = _WIDTH / 2 - 3 * mm, 43 * mm
    single: list[Any] = []
    for picture in pictures:
        if picture.near is None:
            single.append([_Picture(picture.image, half, height), Paragraph(_text(picture.caption), _style("caption"))])
            continue
        rows.append([_Picture(picture.image, half, height), _Picture(picture.near, half, height)])
        rows.append([Paragraph(_text(picture.caption), _style("caption")), ""])
        spans.append(("SPAN", (0, len(rows) - 1), (-1, len(rows) - 1)))
    rows += [single[i : i + 2] + [""] * (2 - len(single[i : i + 2])) for i in range(0, len(single), 2)]
    return Table(rows or [["", ""]], colWidths=[_WIDTH / 2] * 2, style=TableStyle(spans, parent=_PICTURES))


class _Picture(Flowable):  # type: ignore[misc]
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


class _Rule(Flowable):  # type: ignore[misc]
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


class _Field(Flowable):  # type: ignore[misc]
    """`Label: value`, wrapped; without a value dots up to the margin, and on an issued paper `_NOTHING_KNOWN`."""

    def __init__(self, label: str, value: str, *, dots: bool, align_centre: bool = False) -> None:
        super().__init__()
        self._label, self._centre = label, align_centre
        self._value = value.strip() or ("" if dots else _NOTHING_KNOWN)

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        style = _style("addressee" if self._centre else "field")
        value = _text(self._value) or self._dots(available_width, style)
        self._paragraph = Paragraph(f"{_text(self._label)} {value}", style)
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
        canvas.drawCentredString(0, -30, "DỰ THẢO")
        canvas.restoreState()


def _text(value: str) -> str:
    """Safe inside a Paragraph."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _or_dots(value: str) -> str:
    return _text(value.strip()) or "." * 40


def _body(markup: str) -> Paragraph:
    return Paragraph(markup, _style("body"))


_PLAIN = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *[(side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")],
    ]
)
_PICTURES = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("ALIGN", (0, 0), (-1, -1), "CENTER"),
        *[(side, (0, 0), (-1, -1), 3) for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")],
    ]
)


@cache
def _style(name: str) -> ParagraphStyle:
    size = {
        "head": 11.5, "motto": 13, "number": 13, "title": 14, "subtitle": 13.5, "body": _BODY_PT,
        "field": _BODY_PT, "addressee": 13, "recipients": 11, "recipients_title": 12, "sign": 13, "sign_note": 12,
        "caption": 11, "centre": 12.5,
    }[name]  # fmt: skip
    left = name in ("field", "recipients", "recipients_title")
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


class _Font(TTFont):  # type: ignore[misc]
    """Measures a piece of text once: a form is mostly the same words, and each is measured at every wrapping."""

    def stringWidth(self, text: str | bytes, size: float, encoding: str = "utf8") -> float:
        return size * _em_width(self, text, encoding)


@lru_cache(maxsize=20_000)
def _em_width(font: _Font, text: str | bytes, encoding: str) -> float:
    return float(TTFont.stringWidth(font, text, 1, encoding))


@cache
def _register_fonts() -> None:
    folder = resources.files("countries.vn.forms") / "fonts"
    for name, file in (
        (REGULAR, "LiberationSerif-Regular.ttf"),
        (BOLD, "LiberationSerif-Bold.ttf"),
        (ITALIC, "LiberationSerif-Italic.ttf"),
        (BOLD_ITALIC, "LiberationSerif-BoldItalic.ttf"),
    ):
        pdfmetrics.registerFont(_Font(name, io.BytesIO((folder / file).read_bytes())))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD_ITALIC)
