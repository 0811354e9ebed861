"""Papers for tests: one content of each kind, and what is asked of a PDF. People, plates and numbers are made up."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

from pypdf import PdfReader

from countries import decision_contents as d
from countries import paper_contents as c
from countries import remedy_contents as r
from countries.paper_parts import Letter, Office, Party, Reference, Signer, StatedAct, Vehicle
from countries.papers import Paper, PaperCode

NOW = datetime(2027, 3, 5, 2, 30, tzinfo=UTC)
TODAY = date(2027, 3, 5)
OFFICE = Office(
    parent="CÔNG AN TỈNH THANH HÓA",
    unit="PHÒNG CẢNH SÁT GIAO THÔNG",
    unit_in_text="Phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa",
    town="Thanh Hóa",
    suffix="PC08",
    address="Số 1 Đường Đỗ Huy Cư, phường Hạc Thành",
    phone="0237 000 0000",
)
SIGNER = Signer(title=("KT. TRƯỞNG PHÒNG", "PHÓ TRƯỞNG PHÒNG"), name="Thượng tá Lê Quốc Ưu")
OWNER = Party(
    name="Nguyễn Thị Hường", id_number="038085001234", id_on=date(2021, 6, 1), id_by="Cục Cảnh sát QLHC về TTXH",
    address="Số 5 Đường Bà Triệu, phường Hạc Thành, tỉnh Thanh Hóa", phone="0900 000 000", sex="Nữ",
    born=date(1985, 3, 8), nationality="Việt Nam", occupation="Giáo viên",
)  # fmt: skip
COMPANY = Party(
    name="Công ty TNHH Vận tải Sông Mã", type="organisation", id_number="2800000000", licence="2800000000",
    id_on=date(2015, 1, 9), id_by="Sở Tài chính tỉnh Thanh Hóa", address="Số 9 Đường Lê Lai, phường Hạc Thành",
    representative="Trần Văn Bình", representative_title="Giám đốc", representative_sex="Nam",
)  # fmt: skip
CAR = Vehicle(kind="car", plate="36A12345", colour="white")
MOTORCYCLE = Vehicle(kind="motorcycle", plate="36AA12345", colour="white")
DECREE = (
    "Nghị định số 168/2024/NĐ-CP ngày 26/12/2024 của Chính phủ quy định xử phạt vi phạm hành chính về trật tự, an "
    "toàn giao thông trong lĩnh vực giao thông đường bộ; trừ điểm, phục hồi điểm giấy phép lái xe (được sửa đổi, bổ "
    "sung bởi Nghị định số 238/2026/NĐ-CP ngày 26/06/2026 của Chính phủ)"
)
RED = StatedAct(
    wording="Không chấp hành hiệu lệnh của đèn tín hiệu giao thông",
    clause="điểm b khoản 9 Điều 6",
    decree=DECREE,
    occurred_at=datetime(2027, 2, 1, 1, 0, tzinfo=UTC),
    place="Ngã tư Lê Lợi - Trần Phú, phường Hạc Thành",
)
LINE = RED.model_copy(
    update={
        "wording": "Không chấp hành hiệu lệnh, chỉ dẫn của biển báo hiệu, vạch kẻ đường",
        "clause": "điểm a khoản 1 Điều 6",
    }
)
NOTICE = Reference(number="12/TB-PC08", on=date(2027, 2, 8))
OFFICER = c.Witness(
    name="Lê Thị Lan", work="Cán bộ", of="Đội Tuần tra, kiểm soát giao thông, Phòng Cảnh sát giao thông", authority=True
)
NO_PAYMENT = c.Payment(treasury="", within_days=10, late_per_cent=Decimal("0.05"))
BASE: dict[str, object] = {"office": OFFICE, "signer": SIGNER, "number": 5, "on": TODAY, "made_at": NOW}


def withdrawal(**changed: object) -> c.Withdrawal:
    return c.Withdrawal.model_validate(
        {
            **BASE, "to": OWNER, "notice": NOTICE, "vehicle": CAR, "act": RED,
            "reason": "Biển số trong hình ảnh là biển số giả; xe của chủ phương tiện có nhãn hiệu và màu sơn khác.",
            "bases": ("Điều 24 Thông tư số 73/2024/TT-BCA", "kết quả xác minh ngày 04/03/2027"),
            "informed": ("Trung tâm Đăng kiểm xe cơ giới 36-01S",), **changed,
        }
    )  # fmt: skip


def correction(**changed: object) -> c.Correction:
    return c.Correction.model_validate(
        {
            **BASE, "to": OWNER, "notice": NOTICE, "vehicle": CAR, "act": RED, "mistake": "owner",
            "reason": "phương tiện đã được chuyển quyền sở hữu trước thời điểm vi phạm.", **changed,
        }
    )  # fmt: skip


def answer(**changed: object) -> c.Answer:
    return c.Answer.model_validate(
        {
            **BASE, "to": OWNER, "notice": NOTICE, "vehicle": CAR, "stated_on": date(2027, 2, 20),
            "statement": "Tôi dừng trước vạch, xe trong hình không phải xe của tôi.", "result": "refused",
            "reasons": (
                "Hình ảnh trước, tại và sau vạch dừng cho thấy cùng một phương tiện mang biển số 36A-123.45.",
                "Nhãn hiệu, màu sơn của phương tiện trong hình ảnh phù hợp với dữ liệu đăng ký xe.",
            ),
            "complain_to": "Trưởng phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa", "complain_days": 90, **changed,
        }
    )  # fmt: skip


def minutes(**changed: object) -> c.Minutes:
    return c.Minutes.model_validate(
        {
            **BASE, "on": None, "started_at": datetime(2027, 3, 5, 1, 0, tzinfo=UTC), "ended_at": NOW,
            "place": "trụ sở Phòng Cảnh sát giao thông, số 1 Đường Đỗ Huy Cư, phường Hạc Thành",
            "place_reason": "Vi phạm được phát hiện qua phương tiện, thiết bị kỹ thuật nghiệp vụ",
            "bases": ("Kết quả thu thập được bằng phương tiện, thiết bị kỹ thuật nghiệp vụ, Thông báo số 12/TB-PC08",),
            "officer": OFFICER, "violator": OWNER, "vehicle": CAR, "acts": (RED,),
            "said": "Tôi vội đưa con đi học nên không để ý đèn đỏ.", "may_be_heard": True,
            "heard_by": "Trưởng phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa", "spoken_until": date(2027, 3, 9),
            "written_until": date(2027, 3, 12), "appear_at": datetime(2027, 3, 15, 1, 0, tzinfo=UTC),
            "appear_place": "trụ sở Phòng Cảnh sát giao thông, số 1 Đường Đỗ Huy Cư", "sheets": 2, **changed,
        }
    )  # fmt: skip


def decision(**changed: object) -> c.Decision:
    return c.Decision.model_validate(
        {
            **BASE, "decider": "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG",
            "minutes": (Reference(number="05/BB-VPHC", on=TODAY),), "violator": OWNER, "vehicle": CAR,
            "acts": ({"act": RED, "amount": 19_000_000, "mitigating": "Thành thật khai báo"},), "points": 4,
            "payment": {
                "treasury": "Khu vực XI", "bank": "Agribank Chi nhánh Thanh Hóa", "account": "0000.0.0000000",
                "agency_code": "0000000", "chapter": "000", "item": "0000", "within_days": 10,
                "late_per_cent": "0.05",
            },
            "executes": "Đội Tham mưu, Phòng Cảnh sát giao thông", **changed,
        }
    )  # fmt: skip


def together(**changed: object) -> c.Decision:
    """A decision over two acts, each with its record."""
    return decision(
        **{
            "minutes": (
                Reference(number="05/BB-VPHC", on=TODAY), Reference(number="06/BB-VPHC", on=date(2027, 3, 6)),
            ),
            "acts": (
                {"act": RED, "amount": 18_500_000, "mitigating": "Thành thật khai báo"},
                {"act": LINE, "amount": 550_000, "aggravating": "Tái phạm"},
            ), **changed,
        }
    )  # fmt: skip


def points(**changed: object) -> c.Points:
    return c.Points.model_validate(
        {
            **BASE, "decision": Reference(number="05/QĐ-XPHC", on=TODAY), "driver": OWNER, "vehicle": CAR, "act": RED,
            "licence_of": "car", "licence_number": "380000000000", "licence_class": "B2",
            "licence_on": date(2020, 5, 1), "licence_by": "Thanh Hóa", "before": 12, "taken": 4, "taken_on": TODAY,
            **changed,
        }
    )  # fmt: skip


def transfer(**changed: object) -> c.Transfer:
    content = {"to": "Công an xã Mường Lát, tỉnh Thanh Hóa", "owner": OWNER, "vehicle": CAR, "act": RED}
    return c.Transfer.model_validate({**BASE, **content, "notice": NOTICE, **changed})


def delivery(**changed: object) -> c.Delivery:
    content = {"to": "Công an xã Mường Lát", "owner": OWNER, "vehicle": MOTORCYCLE, "act": RED, "notice": NOTICE}
    return c.Delivery.model_validate({**BASE, **content, **changed})


def book(lines: int = 60) -> c.Book:
    entry = c.BookEntry(
        received_at=NOW, who="Trần Thị Mai; 038190000000", address="Phường Hạc Thành", kind="Hình ảnh",
        brought_by="Trần Thị Mai", received_by="Lê Thị Lan", record="05/QĐ-XPHC", violator="Nguyễn Thị Hường",
        vehicle="Ô tô 36A-123.45", occurred="08:00 01/02/2027; không chấp hành đèn tín hiệu", fine=19_000_000,
        additional="Trừ 04 điểm", done="Đã nộp",
    )  # fmt: skip
    return c.Book(
        office=OFFICE, users="Đội Tuần tra, kiểm soát giao thông", volume=1, since=date(2027, 1, 4),
        entries=(entry,) * lines, made_at=NOW,
    )  # fmt: skip


def warning(**changed: object) -> c.WarningLetter:
    return c.WarningLetter.model_validate(
        {
            **BASE, "to": "Cục Đăng kiểm Việt Nam", "to_kind": "inspection", "owner": OWNER, "vehicle": CAR, "act": RED,
            "notice": NOTICE, "sent_on": date(2027, 2, 9), "answer_by": date(2027, 3, 1),
            "bases": ("khoản 5 Điều 24 Thông tư số 73/2024/TT-BCA",), **changed,
        }
    )  # fmt: skip


def lifting(**changed: object) -> c.WarningLifted:
    return c.WarningLifted.model_validate(
        {
            **BASE, "to": "Cục Đăng kiểm Việt Nam", "to_kind": "inspection", "owner": OWNER, "vehicle": CAR,
            "notice": NOTICE, "warning": Reference(number="07/PC08", on=date(2027, 3, 2)), "because": "resolved",
            **changed,
        }
    )  # fmt: skip


def hearing(**changed: object) -> r.HearingRecord:
    return r.HearingRecord.model_validate(
        {
            **BASE, "minutes": Reference(number="05/BB-VPHC", on=date(2027, 3, 1)), "requested_on": date(2027, 3, 2),
            "place": "trụ sở Phòng Cảnh sát giao thông, số 1 Đường Đỗ Huy Cư",
            "organiser": c.Witness(name="Lê Quốc Ưu", work="Phó Trưởng phòng", of="Phòng Cảnh sát giao thông"),
            "recorder": "Lê Thị Lan", "violator": OWNER, "vehicle": CAR, "act": RED,
            "planned": "Phạt tiền; trừ điểm giấy phép lái xe.", "said": "Tôi vội đưa con đi học.", **changed,
        }
    )  # fmt: skip


def extension(**changed: object) -> r.Extension:
    content = {"to": OWNER, "minutes": Reference(number="05/BB-VPHC", on=date(2027, 3, 1)), "vehicle": CAR, "act": RED}
    return r.Extension.model_validate(
        {**BASE, **content, "reason": "Phải trưng cầu giám định hình ảnh.", "until": date(2027, 5, 1), **changed}
    )


def complaint_receipt(**changed: object) -> r.ComplaintReceipt:
    return r.ComplaintReceipt.model_validate(
        {
            **BASE, "who": OWNER, "against": Reference(number="05/QĐ-XPHC", on=date(2027, 3, 1)), "decided": True,
            "vehicle": CAR, "statement": "Mức phạt quá cao.", "answer_days": 30, "until": date(2027, 4, 4),
            "received_by": "Lê Thị Lan", **changed,
        }
    )  # fmt: skip


def complaint_answer(**changed: object) -> r.ComplaintAnswer:
    return r.ComplaintAnswer.model_validate(
        {
            **BASE, "decider": "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", "who": OWNER, "decided": True, "vehicle": CAR,
            "against": Reference(number="05/QĐ-XPHC", on=date(2027, 3, 1)), "complained_on": date(2027, 3, 3),
            "statement": "Mức phạt quá cao.", "reasons": "Mức phạt là mức trung bình của khung tiền phạt.", **changed,
        }
    )  # fmt: skip


def postponement(**changed: object) -> d.Postponement:
    return d.Postponement.model_validate(
        {
            **BASE, "decider": "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", "violator": OWNER, "vehicle": CAR,
            "decision": Reference(number="05/QĐ-XPHC", on=date(2027, 3, 1)), "amount": 19_000_000,
            "requested_on": date(2027, 3, 3), "confirmed_by": "UBND phường Hạc Thành",
            "reason": "Nhà bị cháy ngày 02/03/2027.", "until": date(2027, 6, 5), **changed,
        }
    )  # fmt: skip


def amendment(**changed: object) -> d.Amendment:
    return d.Amendment.model_validate(
        {
            **BASE, "decider": "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", "violator": OWNER, "vehicle": CAR,
            "decision": Reference(number="05/QĐ-XPHC", on=date(2027, 3, 1)),
            "gone": (c.PunishedAct(act=RED, amount=19_000_000),), "acts": (c.PunishedAct(act=LINE, amount=500_000),),
            "points_before": 4, "reason": "Hình ảnh của hành vi thứ nhất là của xe khác.", **changed,
        }
    )  # fmt: skip


def hearing_extension(**changed: object) -> r.HearingExtension:
    content = {"to": OWNER, "minutes": Reference(number="05/BB-VPHC", on=date(2027, 3, 1)), "vehicle": CAR, "act": RED}
    more = {"reason": "Phải xin trích hình của trạm khác.", "requested_on": date(2027, 3, 3)}
    return r.HearingExtension.model_validate({**BASE, **content, **more, "until": date(2027, 3, 15), **changed})


def relief(**changed: object) -> d.Relief:
    return d.Relief.model_validate(
        {
            **BASE, "decider": "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", "violator": OWNER, "vehicle": CAR,
            "decision": Reference(number="05/QĐ-XPHC", on=date(2027, 3, 1)), "amount": 9_000_000, "left": 10_000_000,
            "requested_on": date(2027, 3, 3), "confirmed_by": "UBND phường Hạc Thành",
            "reason": "Nhà bị cháy ngày 02/03/2027.", **changed,
        }
    )  # fmt: skip


def request_refused(**changed: object) -> d.RequestRefused:
    return d.RequestRefused.model_validate(
        {
            **BASE, "to": OWNER, "vehicle": CAR, "decision": Reference(number="05/QĐ-XPHC", on=date(2027, 3, 1)),
            "asked": "postponement", "requested_on": date(2027, 3, 3), "reason": "Đơn chưa có xác nhận.", **changed,
        }
    )  # fmt: skip


PAPERS: dict[PaperCode, Paper] = {
    "withdrawal": withdrawal(), "correction": correction(), "answer": answer(), "minutes": minutes(),
    "decision": decision(), "points": points(), "transfer": transfer(), "delivery": delivery(), "book": book(),
    "warning": warning(), "lifting": lifting(), "hearing": hearing(), "extension": extension(),
    "complaint_receipt": complaint_receipt(), "complaint_answer": complaint_answer(),
    "postponement": postponement(), "amendment": amendment(), "hearing_extension": hearing_extension(),
    "relief": relief(), "request_refused": request_refused(),
}  # fmt: skip


_TO_A_PARTY = (c.Withdrawal, c.Correction, c.Answer, r.Extension, r.HearingExtension, d.RequestRefused)


def for_the_pen(paper: Paper) -> Paper:
    """The same of a case that knows little: what is left empty is filled in by hand."""
    nobody = Party(name="")
    empty = {
        "by_hand": True, "to": "", "violator": nobody, "driver": nobody, "owner": nobody, "place": "",
        "place_reason": "", "said": "", "heard_by": "", "sheets": None, "started_at": None, "ended_at": None,
        "on": TODAY, "bases": (), "decider": "", "executes": "", "payment": NO_PAYMENT,
        "hearings": (Reference(number="", on=TODAY),), "licence_number": "", "licence_class": "", "licence_on": None,
        "licence_by": "", "before": None, "taken_on": None, "complain_to": "", "answer_by": None,
        "warning": Reference(number="", on=TODAY), "organiser": c.Witness(name=""), "recorder": "", "planned": "",
        "requested_on": None, "who": nobody, "received_by": "",
    }  # fmt: skip
    if isinstance(paper, _TO_A_PARTY):
        del empty["to"]
    if isinstance(paper, d.Postponement | d.Relief | d.RequestRefused | r.HearingExtension):
        del empty["requested_on"]
    known = type(paper).model_fields
    return paper.model_copy(update={name: value for name, value in empty.items() if name in known})


LONG_OFFICE = "Phòng Cảnh sát giao thông đường bộ, đường sắt, đường thủy, Công an tỉnh Thanh Hóa"
LONG_ADDRESS = (
    "Số 1234B ngách 56 ngõ 789 Đường Nguyễn Thị Minh Khai, tổ dân phố Đông Phát 2, phường Đông Quang, thành phố Thanh "
    "Hóa cũ (nay là phường Hạc Thành), tỉnh Thanh Hóa"
)
LONG_REASON = "Kết quả xác minh cho thấy xe trong hình ảnh có nhãn hiệu, màu sơn và số chỗ khác với xe đã đăng ký. " * 8


def long(paper: Paper) -> Paper:
    """The same with names, addresses and reasons as long as people have them."""
    owner = COMPANY.model_copy(
        update={
            "name": "Chi nhánh Công ty Cổ phần Đầu tư Xây dựng và Thương mại Vận tải Quốc tế Bắc Miền Trung",
            "address": LONG_ADDRESS, "representative": "Tôn Nữ Thị Quỳnh Hương Phương Thảo",
        }
    )  # fmt: skip
    act = RED.model_copy(
        update={
            "wording": "Đi vào khu vực cấm, đường có biển báo hiệu có nội dung cấm đi vào đối với loại phương tiện "
            "đang điều khiển hoặc có quy định cấm của cấp có thẩm quyền", "place": f"Nút giao {LONG_ADDRESS}",
        }
    )  # fmt: skip
    told = {
        "to": owner if isinstance(paper, _TO_A_PARTY) else LONG_OFFICE,
        "owner": owner, "who": owner, "said": LONG_REASON,
        "violator": owner, "driver": owner, "act": act, "reason": LONG_REASON, "statement": LONG_REASON,
        "reasons": LONG_REASON if isinstance(paper, r.ComplaintAnswer) else (LONG_REASON,) * 2,
        "place": f"{LONG_OFFICE}, {LONG_ADDRESS}", "complain_to": LONG_OFFICE,
        "informed": (LONG_OFFICE,) * 3, "executes": LONG_OFFICE, "by_hand": True,
        "acts": (act,) if isinstance(paper, c.Minutes) else (
            c.PunishedAct(act=act, amount=38_000_000, mitigating=LONG_REASON[:300]),
        ),
        "gone": (c.PunishedAct(act=act, amount=38_000_000),), "confirmed_by": LONG_OFFICE,
    }  # fmt: skip
    known = type(paper).model_fields
    return paper.model_copy(update={name: value for name, value in told.items() if name in known})


def drafted(paper: Letter) -> Letter:
    """The same without number and day."""
    return paper.model_copy(update={"number": None, "on": None})


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def words(pdf: bytes, page: int | None = None) -> str:
    """Text of the PDF as one line: composed letters, no marks of breaking."""
    pages = reader(pdf).pages
    text = " ".join((p.extract_text() or "") for p in (pages if page is None else [pages[page]]))
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text.replace("\u200b", "")))
