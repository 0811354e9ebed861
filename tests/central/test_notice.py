"""Form 01/73 (TT 73/2024/TT-BCA as replaced by TT 13/2025/TT-BCA) as PDF: what it must say, and what it must not."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from central.centre import Centre
from central.desk import actions
from central.notices import drafting, issuing
from central.registry import import_registry
from central.store.case_tables import CaseRow
from countries.notice import AnnexPicture, NoticeContent
from countries.vn.forms.notice import render
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, case_of, confirmed, make_centre, picture, prepared, seen

HEADER = "plate,colour,kind,owner_name,owner_type,id_number,address,valid_from,valid_to\n"
OWNER = '36A12345,white,car,Nguyễn Thị Hường,person,038085001234,"Số 5 Đường Bà Triệu, phường Hạc Thành",2020-01-01,\n'
OFFICE = {
    "unit": {"name": "PHÒNG CẢNH SÁT GIAO THÔNG", "address": "Số 1 Đường Đỗ Huy Cư, phường Hạc Thành"},
    "signer_name": "Đại tá Lê Quốc Ưu",
}


def words(pdf: bytes, page: int | None = None) -> str:
    """Text of the PDF as one line, composed characters."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    text = " ".join((p.extract_text() or "") for p in (pages if page is None else [pages[page]]))
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text))


@pytest.fixture
def office(tmp_path: Path) -> Centre:
    centre = make_centre(tmp_path / "centre", office=OFFICE)
    file = tmp_path / "registry.csv"
    file.write_text(HEADER + OWNER)
    import_registry(centre.db, file)
    return centre


def issue(centre: Centre, case_id: str) -> tuple[bytes, issuing.IssuedNotice]:
    shown = seen(centre, case_id)
    made = issuing.issue(centre.db, case_id, HOA, desk=centre.notices, now=centre.clock(), seen=shown)
    return centre.store.read(made.pdf_sha256), made


def draft(centre: Centre, case_id: str) -> bytes:
    with centre.db.read() as session:
        notice = session.get_one(CaseRow, case_id).notice
        assert notice is not None
        return centre.store.read(notice.pdf_sha256 or "")


def test_the_form_says_all_that_the_circular_demands(office: Centre) -> None:
    pdf, _ = issue(office, prepared(office))
    text = words(pdf, 0)
    for part in (
        "CÔNG AN TỈNH THANH HÓA", "PHÒNG CẢNH SÁT GIAO THÔNG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc", "Số: 01/TB-PC08", "Thanh Hóa, ngày 23 tháng 11 năm 2026",
        "THÔNG BÁO", "Vi phạm hành chính về trật tự, an toàn giao thông đường bộ",
        "Kính gửi: Nguyễn Thị Hường",
        "Phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa đã sử dụng phương tiện, thiết bị kỹ thuật nghiệp vụ hoặc "
        "tiếp nhận kết quả ghi thu được từ phương tiện, thiết bị kỹ thuật của",
        "phát hiện và ghi nhận:",
        "Phương tiện (ghi rõ loại phương tiện, biển số, màu biển số): Ô tô; biển số 36A-123.45; nền màu trắng",
        "Chủ phương tiện: Nguyễn Thị Hường",
        "Số định danh cá nhân/cơ quan/tổ chức hoặc số Căn cước/CCCD (nếu có): 038085001234",
        "Địa chỉ: Số 5 Đường Bà Triệu, phường Hạc Thành",
        "Thời gian, địa điểm vi phạm: 08 giờ 00 phút ngày 23/11/2026, tại Ngã tư Lê Lợi - Trần Phú",
        "Hành vi vi phạm: Không chấp hành hiệu lệnh của đèn tín hiệu giao thông, được quy định tại "
        "điểm b khoản 9 Điều 6 Nghị định số 168/2024/NĐ-CP ngày 26/12/2024 của Chính phủ quy định xử phạt vi phạm "
        "hành chính về trật tự, an toàn giao thông trong lĩnh vực giao thông đường bộ; trừ điểm, phục hồi điểm giấy "
        "phép lái xe",
        "238/2026/NĐ-CP",
        "Biện pháp ngăn chặn được áp dụng (nếu có): Không",
        "Yêu cầu chủ phương tiện, tổ chức, cá nhân có liên quan đến hành vi vi phạm đúng 08 giờ 00 phút ngày "
        "03/12/2026",
        "có mặt tại trụ sở",
        "Số 1 Đường Đỗ Huy Cư",
        "để giải quyết vụ việc",
        "Khi đến giải quyết phải mang theo thông báo này và các giấy tờ có liên quan đến phương tiện và người điều "
        "khiển phương tiện.",
        "Nếu quá thời gian trên, người được yêu cầu không đến",
        "sẽ bị xử lý theo quy định của pháp luật./.",
        "(Kèm theo kết quả thu thập được bằng phương tiện, thiết bị kỹ thuật nghiệp vụ).",
        "Nơi nhận:", "- Như trên;", "- Lưu: Hồ sơ vụ việc.",
        "TRƯỞNG PHÒNG", "(Chữ ký, đóng dấu/chữ ký số)", "Đại tá Lê Quốc Ưu",
    ):  # fmt: skip
        assert part in text, part


def test_the_form_has_no_amount_no_account_and_no_points(office: Centre) -> None:
    pdf, _ = issue(office, prepared(office))
    text = words(pdf)
    for word in ("18.000.000", "18000000", "19.000.000", "20.000.000", "VND", "VNĐ", " đồng", "tài khoản", "ngân hàng",
                 "chuyển khoản", "VietQR", "Mức phạt", "04 điểm", "4 điểm"):  # fmt: skip
        assert word not in text, word
    assert not re.search(r"\d[\d.,]{4,}\s*(đ|₫)", text)


def test_the_form_proper_is_one_page_and_the_results_follow(office: Centre) -> None:
    pdf, _ = issue(office, prepared(office))
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 2
    assert "THỦ TRƯỞNG" in words(pdf, 0) or "TRƯỞNG PHÒNG" in words(pdf, 0)
    annex = words(pdf, 1)
    for part in ("KẾT QUẢ THU THẬP ĐƯỢC BẰNG PHƯƠNG TIỆN, THIẾT BỊ KỸ THUẬT NGHIỆP VỤ", "Trước vạch dừng",
                 "Tại vạch dừng", "Sau vạch dừng", "Biển số", "đã được làm mờ"):  # fmt: skip
        assert part in annex, part
    assert len(PdfReader(io.BytesIO(pdf)).pages[1].images) >= 4


def test_the_stored_notice_has_no_code(office: Centre) -> None:
    pdf, made = issue(office, prepared(office))
    assert made.code not in words(pdf)
    assert "Mã tra cứu" not in words(pdf)


def test_a_draft_is_marked_as_one_and_has_neither_number_nor_code(office: Centre) -> None:
    pdf = draft(office, prepared(office))
    text = words(pdf)
    assert "DỰ THẢO" in text
    assert "/TB-PC08" in text
    assert "01/TB-PC08" not in text
    assert "Mã tra cứu" not in text
    assert "DỰ THẢO" not in words(issue(office, prepared(office))[0])


def test_an_owner_who_is_not_in_the_register_leaves_lines_to_fill_in(office: Centre) -> None:
    text = words(draft(office, prepared(office, typed="36B-999.99")), 0)
    for label in ("Kính gửi:", "Chủ phương tiện:", "Địa chỉ:"):
        assert re.search(rf"{label} ?\.{{10,}}", text), label


@pytest.mark.parametrize(
    ("days_ago", "amended"), [(1, True), (101, False)], ids=["since 15/08/2026", "before 15/08/2026"]
)
def test_the_decree_is_cited_as_of_the_act(days_ago: int, amended: bool, office: Centre) -> None:
    text = words(draft(office, prepared(office, at=NOW - timedelta(days=days_ago))), 0)
    assert "168/2024/NĐ-CP" in text
    assert ("238/2026/NĐ-CP" in text) is amended


@pytest.mark.parametrize("act", list(ActCode))
def test_every_act_has_a_form_of_one_page(act: ActCode, office: Centre) -> None:
    pdf = draft(office, prepared(office, act=act))
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 2
    assert "Nghị định số 168/2024/NĐ-CP" in words(pdf, 0)


def test_a_second_place_for_those_who_live_far_away_is_named_three_times(office: Centre) -> None:
    case_id = confirmed(office)
    drafting.prepare_notice(
        office.db, case_id, LAN, desk=office.notices, now=office.clock(), second_place="Công an xã Mường Lát",
        second_appear_at=NOW + timedelta(days=14),
    )  # fmt: skip
    text = words(draft(office, case_id), 0)
    assert "thì đúng 10 giờ 00 phút ngày 07/12/2026 có mặt tại trụ sở Công an xã Mường Lát" in text
    assert "- Công an xã Mường Lát;" in text


CONTENT = NoticeContent(
    number_text="12/TB-PC08", parent="CÔNG AN TỈNH THANH HÓA", unit="PHÒNG CẢNH SÁT GIAO THÔNG",
    unit_in_text="Phòng Cảnh sát giao thông", device_owner="Phòng Cảnh sát giao thông", town="Thanh Hóa",
    date_text="ngày 01 tháng 12 năm 2026", addressee="Ông Nguyễn", vehicle="Ô tô; biển số 36A-123.45; nền màu trắng",
    owner_name="Ông Nguyễn", owner_id="0", owner_address="x", time_place="x", act="x", clause="x", decree="x",
    preventive="Không", appear_at="x", unit_address="x", second_place="", second_appear_at="", signer_title="x",
    signer_name="x", answer_by="", code="", packet_id="x", packet_digest="0" * 64, draft=False,
)  # fmt: skip


def test_every_letter_of_vietnamese_is_drawn() -> None:
    letters = "".join(
        chr(c) for c in range(0xC0, 0x1EFA) if unicodedata.name(chr(c), "").startswith("LATIN")
        and (0x1EA0 <= c <= 0x1EF9 or chr(c) in "ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯư")
    )  # fmt: skip
    assert len(letters) == 134
    pdf = render(CONTENT.model_copy(update={"owner_address": " ".join(letters)}))
    text = words(pdf)
    assert [c for c in letters if c not in text] == []
    assert all(f["/BaseFont"][1:].split("+")[-1].startswith("LiberationSerif") for f in _fonts(pdf))


def _fonts(pdf: bytes) -> list[dict[str, str]]:
    fonts = PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    return [f.get_object() for f in fonts.values() if f.get_object()["/BaseFont"] != "/Helvetica"]


def test_a_long_text_is_set_smaller_so_that_the_signature_stays_with_it() -> None:
    long = CONTENT.model_copy(
        update=dict.fromkeys(("owner_address", "time_place", "act"), "Một đoạn văn rất dài " * 30)
    )
    pdf = render(long)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
    assert "pháp luật./." in words(pdf)


@pytest.mark.parametrize("text", ["<b>x", "A & B", "</para>", "&#0;", "\0", "<img src='x'/>", "x" * 400, "🚦", "\n\n"])
def test_a_name_is_text_and_never_markup(text: str) -> None:
    pdf = render(CONTENT.model_copy(update={"owner_name": text, "addressee": text, "act": text}))
    found = words(pdf)
    if text.isascii() and text.isprintable() and len(text) < 100:
        assert text in found


def test_the_same_content_gives_the_same_bytes() -> None:
    pictures = [AnnexPicture("Trước vạch dừng", picture())]
    assert render(CONTENT, pictures) == render(CONTENT, pictures)


def test_a_packet_with_pictures_that_are_none_still_gets_its_form(office: Centre) -> None:
    broken = {
        "still_before.jpg": b"junk",
        "still_on.jpg": b"",
        "still_after.jpg": b"\xff\xd8\xff",
        "plate_crop.jpg": b"x",
    }
    case_id = case_of(office, files=broken)
    with office.db.write() as session:
        actions.claim(session, case_id, LAN, now=office.clock(), lease=office.claim_lease)
        actions.confirm(session, case_id, LAN, plate="36A12345", act=ActCode.RED_LIGHT, now=office.clock())
    drafting.prepare_notice(office.db, case_id, LAN, desk=office.notices, now=office.clock())
    assert "THÔNG BÁO" in words(draft(office, case_id), 0)
