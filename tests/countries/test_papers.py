"""Papers of a case after its notice: what each says, how it looks as an image, and that nothing typed breaks one."""

from __future__ import annotations

import re
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf.generic import DictionaryObject

from countries.here import HERE
from countries.law import LawError
from countries.paper_parts import Reference
from countries.papers import PAPER, Paper, PaperCode
from countries.vn.amounts import figures, in_words, sum_in_words
from countries.vn.forms.official import day_in_words
from countries.vn.forms.papers import making, wording
from countries.vn.forms.papers.setting import UNKNOWN, drawable
from evidence.acts import ActCode
from tests.countries import papers_drawn as drawn
from tests.countries.papers_drawn import PAPERS, RED, reader, words

DPI = 60
CODES: tuple[PaperCode, ...] = get_args(PaperCode)
LETTERS = [code for code in CODES if code != "book"]


@pytest.fixture(scope="module")
def pdfs() -> dict[PaperCode, bytes]:
    return {code: HERE.papers().render(paper) for code, paper in PAPERS.items()}


def drawn_pages(pdf: bytes, folder: Path) -> list[np.ndarray]:
    """Each page as grey values, in `DPI`."""
    file = folder / "paper.pdf"
    file.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", str(file), str(folder / "page")], check=True)
    return [np.asarray(Image.open(page)) for page in sorted(folder.glob("page-*.pgm"))]


def mm(length: float) -> int:
    return round(length / 25.4 * DPI)


def test_each_paper_is_there_with_its_words_and_its_source() -> None:
    assert tuple(PAPERS) == CODES == wording.CODES
    for code in CODES:
        origin, texts = making.origin(code), wording.wording(code).texts
        assert origin.title, code
        assert origin.reference, code
        assert (origin.known == "none") == (origin.form == ""), code
        assert origin.ours == ("all",) if origin.known == "none" else set(origin.ours) <= set(texts) | {"vehicle"}, code


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "withdrawal",
            (
                "Số: 05/TB-PC08", "Thanh Hóa, ngày 05 tháng 3 năm 2027", "Kính gửi: Nguyễn Thị Hường",
                "Căn cứ Điều 24 Thông tư số 73/2024/TT-BCA;", "số 12/TB-PC08 ngày 08/02/2027",
                "Ô tô; biển số 36A-123.45", "Lý do thu hồi: Biển số trong hình ảnh là biển số giả",
                "không phải nộp bất kỳ khoản tiền nào", "không còn hiển thị trên hệ thống tra cứu",
                "không yêu cầu chuyển tiền", "Trung tâm Đăng kiểm", "KT. TRƯỞNG PHÒNG PHÓ TRƯỞNG PHÒNG",
            ),
        ),
        ("correction", ("đính chính", "sai sót về chủ phương tiện", "được thu hồi đối với ông (bà)", "không phải nộp")),
        (
            "answer",
            (
                "Ngày 20/02/2027", "Nội dung ý kiến: Tôi dừng trước vạch", "Không chấp nhận ý kiến", "Lý do:",
                "quyền khiếu nại đến Trưởng phòng", "trong thời hạn 90 ngày", "khởi kiện",
            ),
        ),
        (
            "minutes",
            (
                "Số: 05/BB-VPHC", "BIÊN BẢN VI PHẠM HÀNH CHÍNH", "Hôm nay, hồi 08 giờ 00 phút ngày 05/03/2027",
                "1. Người có thẩm quyền lập biên bản", "Họ và tên: Lê Thị Lan", "Ngày, tháng, năm sinh: 08/03/1985",
                "điểm b khoản 9 Điều 6", "5. Ý kiến trình bày của cá nhân vi phạm: Tôi vội",
                "10. Quyền và thời hạn giải trình",
                "02 ngày làm việc, kể từ ngày lập biên bản này (đến hết ngày 09/03/2027)",
                "05 ngày làm việc, kể từ ngày lập biên bản này (đến hết ngày 12/03/2027)", "gồm 02 tờ",
                "NGƯỜI LẬP BIÊN BẢN", "CÁ NHÂN VI PHẠM",
            ),
        ),
        (
            "decision",
            (
                "Số: 05/QĐ-XPHC", "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", "số 05/BB-VPHC lập ngày 05/03/2027", "Điều 1.",
                "19.000.000 đồng (Bằng chữ: Mười chín triệu đồng)", "5. Các tình tiết giảm nhẹ (nếu có): Thành thật",
                "4. Các tình tiết tăng nặng (nếu có): Không", "Trừ điểm giấy phép lái xe: 04 điểm",
                "Kho bạc Nhà nước Khu vực",
                "trong thời hạn 10 ngày", "0,05%", "có quyền khiếu nại hoặc khởi kiện", "- Như Điều 3;",
            ),
        ),
        (
            "points",
            (
                "số 05/QĐ-XPHC ngày 05/03/2027", "hạng B2", "12 điểm", "Số điểm bị trừ",
                "4 điểm của giấy phép lái xe ô tô; ngày 05/03/2027", "8 điểm của giấy phép lái xe ô tô",
                "ít nhất 06 tháng",
            ),
        ),
        (
            "transfer",
            ("Số: 05/PC-PC08", "PHIẾU CHUYỂN", "Kính gửi: Công an xã Mường Lát", "Chủ phương tiện: Nguyễn Thị Hường",
             "Đề nghị Công an xã Mường Lát", "(Kèm theo kết quả"),
        ),
        (
            "delivery",
            ("Số: 05/PG-PC08", "PHIẾU GỬI", "giám sát việc thực hiện./.", "36-AA 123.45", "PHIẾU BÁO",
             "(Trả lời Phiếu gửi số 05/PG-PC08)", "THỦ TRƯỞNG ĐƠN VỊ"),
        ),
        ("book", ("SỔ TIẾP NHẬN DỮ LIỆU", "Quyển số: 1", "Kết quả xác minh, xử lý", "(17)", "19.000.000", "60 dòng")),
        (
            "warning",
            ("Số: 05/PC08", "V/v đề nghị cảnh báo", "Kính gửi: Cục Đăng kiểm Việt Nam", "Đến hết ngày 01/03/2027",
             "hoạt động kiểm định", "điện thoại: 0237 000 0000"),
        ),
        ("lifting", ("V/v đề nghị gỡ bỏ cảnh báo", "Công văn số 07/PC08 ngày 02/03/2027", "đã được giải quyết xong")),
        (
            "hearing",
            (
                "Số: 05/BB-GTTT", "BIÊN BẢN Phiên giải trình trực tiếp", "số 05/BB-VPHC lập ngày 01/03/2027",
                "văn bản yêu cầu được giải trình trực tiếp ngày 02/03/2027 của ông (bà) Nguyễn Thị Hường",
                "vào hồi .... giờ .... phút, ngày 05/03/2027, tại trụ sở", "Chức vụ: Phó Trưởng phòng",
                "a) Về căn cứ pháp lý: điểm b khoản 9 Điều 6", "dự kiến áp dụng đối với hành vi vi phạm: Phạt tiền;",
                "hoặc của người đại diện hợp pháp của cá nhân vi phạm: Tôi vội đưa con đi học.",
                "BÊN TỔ CHỨC GIẢI TRÌNH", "NGƯỜI GHI BIÊN BẢN", "Lê Thị Lan", "NGƯỜI NHẬN BIÊN BẢN",
            ),
        ),
        (
            "extension",
            (
                "Số: 05/TB-PC08", "Kính gửi: Nguyễn Thị Hường", "số 05/BB-VPHC ngày 01/03/2027",
                "điểm c khoản 1 Điều 66", "Lý do: Phải trưng cầu giám định hình ảnh.", "đến hết ngày 01/05/2027",
                "không phải quyết định xử phạt",
            ),
        ),
        (
            "complaint_receipt",
            (
                "Số: 05/BN-PC08", "GIẤY BIÊN NHẬN Đơn khiếu nại", "Ngày 05/03/2027, Phòng Cảnh sát giao thông",
                "Quyết định xử phạt vi phạm hành chính số 05/QĐ-XPHC ngày 01/03/2027",
                "Nội dung khiếu nại: Mức phạt quá cao.", "30 ngày, kể từ ngày thụ lý", "đến hết ngày 04/04/2027",
                "vẫn phải được chấp hành", "NGƯỜI NỘP ĐƠN", "Lê Thị Lan",
            ),
        ),
        (
            "complaint_answer",
            (
                "Số: 05/QĐ-GQKN", "TRƯỞNG PHÒNG CẢNH SÁT GIAO THÔNG", "khiếu nại ngày 03/03/2027 của Nguyễn Thị Hường",
                "lý do: Mức phạt là mức trung bình", "giữ nguyên Quyết định xử phạt vi phạm hành chính số 05/QĐ-XPHC",
                "khiếu nại lần hai hoặc khởi kiện", "- Như Điều 3;",
            ),
        ),
        (
            "postponement",
            (
                "Số: 05/QĐ-HTHPT", "Hoãn thi hành quyết định phạt tiền", "Căn cứ Điều 76 Luật Xử lý vi phạm hành chính",
                "đơn đề nghị hoãn ngày 03/03/2027 của Nguyễn Thị Hường, có xác nhận của UBND phường Hạc Thành",
                "số 05/QĐ-XPHC ngày 01/03/2027", "19.000.000 đồng (Bằng chữ: Mười chín triệu đồng)",
                "Lý do: Nhà bị cháy ngày 02/03/2027.", "Thời hạn hoãn: đến hết ngày 05/06/2027",
                "nộp chậm nhất vào ngày 05/06/2027",
            ),
        ),
        (
            "amendment",
            (
                "Số: 05/QĐ-SĐXPHC", "Sửa đổi quyết định xử phạt vi phạm hành chính", "số 05/QĐ-XPHC ngày 01/03/2027",
                "Xét thấy: Hình ảnh của hành vi thứ nhất là của xe khác.", "mức phạt đã ghi: 19.000.000 đồng",
                "Hành vi 1: Không chấp hành hiệu lệnh, chỉ dẫn của biển báo hiệu, vạch kẻ đường",
                "3. Tổng số tiền phạt còn lại: 500.000 đồng (Bằng chữ: Năm trăm nghìn đồng)",
                "Không trừ điểm giấy phép lái xe (trước khi sửa đổi: 04 điểm)",
            ),
        ),
        (
            "hearing_extension",
            (
                "Số: 05/TB-PC08", "Gia hạn thời hạn gửi văn bản giải trình", "khoản 2 Điều 61", "ngày 03/03/2027",
                "số 05/BB-VPHC ngày 01/03/2027", "Lý do: Phải xin trích hình của trạm khác.",
                "được gia hạn đến hết ngày 15/03/2027",
            ),
        ),
        (
            "relief",
            (
                "Số: 05/QĐ-GMTP", "Căn cứ Điều 77", "ngày 03/03/2027 của Nguyễn Thị Hường, có xác nhận của UBND",
                "Được giảm một phần tiền phạt", "9.000.000 đồng (Bằng chữ: Chín triệu đồng)",
                "còn phải nộp: 10.000.000 đồng (Bằng chữ: Mười triệu đồng)", "Lý do: Nhà bị cháy ngày 02/03/2027.",
            ),
        ),
        (
            "request_refused",
            (
                "Số: 05/TB-PC08", "Căn cứ Điều 76", "đơn ngày 03/03/2027", "đề nghị hoãn thi hành",
                "không chấp nhận hoãn", "Lý do: Đơn chưa có xác nhận.", "số 05/QĐ-XPHC ngày 01/03/2027", "giữ nguyên",
            ),
        ),
    ],
)  # fmt: skip
def test_each_paper_says_what_it_must(code: PaperCode, said: tuple[str, ...], pdfs: dict[PaperCode, bytes]) -> None:
    text = words(pdfs[code])
    for part in said:
        assert part in text, part


def variants() -> dict[str, Paper]:
    """Each paper as it is most often printed, with dots for the pen; and with the longest texts that people have."""
    sparse = {f"{code}, for the pen": drawn.for_the_pen(PAPERS[code]) for code in LETTERS}
    acts = drawn.together().acts * 5
    several = {
        "decision, two acts": drawn.together(),
        "decision, two acts, for the pen": drawn.for_the_pen(drawn.together()),
        "relief, nothing left": drawn.relief(amount=19_000_000, left=0),
        "request refused, less": drawn.request_refused(asked="relief"),
        "amendment, two acts, points": drawn.amendment(acts=drawn.together().acts, points=2, points_of=2),
        "decision, ten acts, long": drawn.together(acts=acts, minutes=drawn.together().minutes * 5),
    }
    return sparse | several | {f"{code}, long": drawn.long(PAPERS[code]) for code in LETTERS}


VARIANTS = variants()


@pytest.mark.parametrize("name", VARIANTS)
def test_for_the_pen_and_with_long_texts_a_paper_keeps_its_shape(name: str, tmp_path: Path) -> None:
    paper = VARIANTS[name]
    pdf = HERE.papers().render(paper)
    pages = drawn_pages(pdf, tmp_path)
    assert len(pages) <= (7 if "ten acts" in name else 4 if name.endswith("long") else 3 if "two acts" in name else 2)
    for page in pages:
        keeps_its_margins(page)
    for boxes in word_boxes(pdf, tmp_path):
        assert apart(boxes)
    is_tagged(pdf, paper.paper)
    has_its_letters(pdf)
    text = words(pdf)
    if name.endswith("pen"):
        assert "Không có thông tin" not in text
        assert "không có thông tin" not in text
        # who takes back, corrects, gives or asks for more time, or refuses, knows all that the paper says
        knows = ("withdrawal", "correction", "extension", "hearing_extension", "request_refused")
        assert paper.paper in knows or re.search(r"\.{12}", text)
    else:
        assert "□" not in text


PAGES = dict.fromkeys(CODES, 1) | {"minutes": 2, "decision": 2, "hearing": 2, "amendment": 2}


@pytest.mark.parametrize("code", CODES)
def test_as_an_image_each_page_keeps_its_margins_and_can_be_read(
    code: PaperCode, pdfs: dict[PaperCode, bytes], tmp_path: Path
) -> None:
    pages = drawn_pages(pdfs[code], tmp_path)
    if code != "book":
        assert len(pages) == PAGES[code]
    for page in pages:
        keeps_its_margins(page)


def keeps_its_margins(page: np.ndarray) -> None:
    dark_y, dark_x = np.nonzero(page < 128)
    assert dark_x.size, "a page is empty"
    # NĐ 30/2020/NĐ-CP, Phụ lục I: left 30-35 mm, right 15-20, top and bottom 20-25; the page number stands above
    assert dark_x.min() >= mm(29.5)
    assert dark_x.max() <= page.shape[1] - mm(15)
    assert dark_y.max() <= page.shape[0] - mm(19.5)
    assert dark_y.min() >= mm(8)
    # black on white: nothing grey stands where there is to be read
    assert page.min() < 40
    assert np.median(page) == 255


@pytest.mark.parametrize("code", CODES)
def test_no_word_of_a_page_stands_on_another(code: PaperCode, pdfs: dict[PaperCode, bytes], tmp_path: Path) -> None:
    for number, boxes in enumerate(word_boxes(pdfs[code], tmp_path), 1):
        assert len(boxes) > 10, number
        assert apart(boxes), number


def apart(boxes: np.ndarray) -> bool:
    """Whether no word stands on another."""
    left, top, right, bottom = boxes.T
    wide = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    high = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    return not np.triu((wide > TOUCHING_PT) & (high > TOUCHING_PT), 1).any()


TOUCHING_PT = 1.2
"""A box is as high as the typeface's tallest letters, with room above an Ễ that no letter of a page fills."""


def word_boxes(pdf: bytes, folder: Path) -> list[np.ndarray]:
    """Of each page the words, each left, top, right, bottom in points."""
    file = folder / "paper.pdf"
    file.write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-bbox", str(file), "-"], check=True, capture_output=True, text=True).stdout
    number = r'"([\d.]+)"'
    word = re.compile(rf"<word xMin={number} yMin={number} xMax={number} yMax={number}>(?=[^.<])")
    return [np.array(word.findall(page), float).reshape(-1, 4) for page in told.split("<page ")[1:]]


@pytest.mark.parametrize("code", CODES)
def test_a_reader_aloud_is_told_language_title_and_structure(code: PaperCode, pdfs: dict[PaperCode, bytes]) -> None:
    is_tagged(pdfs[code], code)


def is_tagged(data: bytes, code: PaperCode) -> None:
    pdf = reader(data)
    root = pdf.root_object
    assert root["/Lang"] == "vi-VN"
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert b"pdfuaid" in pdf.root_object["/Metadata"].get_object().get_data()  # type: ignore[union-attr]
    assert making.origin(code).title in str(pdf.metadata and pdf.metadata.title)
    roles = structure(root["/StructTreeRoot"].get_object())  # type: ignore[arg-type]
    assert "/H1" in roles
    assert "/P" in roles
    if code == "book":
        assert {"/Table", "/THead", "/TBody", "/TH", "/TD"} <= roles


def structure(node: DictionaryObject) -> set[str]:
    """Roles in the tree below a node."""
    found, below = {str(node.get("/S", ""))}, node.get("/K", [])
    for each in below if isinstance(below, list) else [below]:
        one = each.get_object()
        if isinstance(one, DictionaryObject) and "/S" in one:
            found |= structure(one)
    return found


@pytest.mark.parametrize("code", CODES)
def test_all_its_letters_are_in_the_file(code: PaperCode, pdfs: dict[PaperCode, bytes]) -> None:
    has_its_letters(pdfs[code])


def has_its_letters(pdf: bytes) -> None:
    for page in reader(pdf).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            one = font.get_object()
            assert "+LiberationSerif" in one["/BaseFont"]
            assert "/FontFile2" in one["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()


@pytest.mark.parametrize("code", CODES)
def test_the_same_content_gives_the_same_bytes_and_survives_being_stored(
    code: PaperCode, pdfs: dict[PaperCode, bytes]
) -> None:
    stored = PAPERS[code].model_dump_json()
    assert PAPER.validate_json(stored) == PAPERS[code]
    assert HERE.papers().render(PAPER.validate_json(stored)) == pdfs[code]


@pytest.mark.parametrize("code", LETTERS)
def test_without_a_number_it_is_a_draft_and_says_so_on_every_page(
    code: PaperCode, pdfs: dict[PaperCode, bytes]
) -> None:
    pdf = HERE.papers().render(drawn.drafted(PAPERS[code]))  # type: ignore[arg-type]
    for page in range(len(reader(pdf).pages)):
        assert "DỰ" in words(pdf, page)
    assert "DỰ THẢO" not in words(pdfs[code])
    assert re.search(r"Số: \.{8}/", words(pdf))
    assert "Số: 05/" not in words(pdf)


def test_the_columns_of_the_book_stand_on_each_of_its_pages(pdfs: dict[PaperCode, bytes]) -> None:
    pages = len(reader(pdfs["book"]).pages)
    assert pages > 3
    for page in range(1, pages):
        text = words(pdfs["book"], page)
        assert "Kết quả xác minh, xử lý" in text
        assert "(1) (2) (3)" in text
    numbers = [int(n) for page in range(1, pages) for n in re.findall(r"\b(\d+) 09:30", words(pdfs["book"], page))]
    assert numbers == list(range(1, 61))
    assert "Chưa có dòng nào." in words(HERE.papers().render(drawn.book(0)))


HEARD = ("có quyền gửi văn bản giải trình", "có quyền gửi văn bản yêu cầu được giải trình trực tiếp")


def test_who_may_not_be_heard_is_told_no_term() -> None:
    text = words(making.render(drawn.minutes(may_be_heard=False)))
    assert "Không được quyền giải trình" in text
    assert not any(part in text for part in HEARD)
    assert all(part in words(making.render(drawn.minutes())) for part in HEARD)


def test_who_refuses_to_sign_is_named_with_the_reason_and_has_no_line_to_sign_on() -> None:
    witness = drawn.c.Witness(name="Phạm Văn Chứng", work="Trưởng thôn", of="xã Mường Lát")
    refused = drawn.minutes(refused="Không đồng ý với hình ảnh", witnesses=(witness,))
    text = words(making.render(refused))
    assert "Lý do ông (bà) Nguyễn Thị Hường, cá nhân vi phạm, không ký biên bản: Không đồng ý với hình ảnh" in text
    assert "(Không ký biên bản)" in text
    assert "NGƯỜI CHỨNG KIẾN" in text
    neither = words(making.render(refused.model_copy(update={"witness_refused": "Không biết việc"})))
    assert "Lý do ông (bà) Phạm Văn Chứng không ký xác nhận: Không biết việc" in neither


def test_of_an_organisation_its_representative_is_named() -> None:
    company = drawn.COMPANY
    for paper in (drawn.minutes(violator=company), drawn.decision(violator=company, points=0)):
        text = words(making.render(paper))
        assert "Tên của tổ chức: Công ty TNHH Vận tải Sông Mã" in text
        assert "Người đại diện theo pháp luật: Trần Văn Bình" in text
        assert "Ngày, tháng, năm sinh" not in text
        assert "Trừ điểm" not in text


def test_several_acts_have_each_its_fine_and_one_sum() -> None:
    acts = ({"act": RED, "amount": 19_000_000}, {"act": drawn.LINE, "amount": 500_000})
    paper = drawn.decision(acts=acts)
    assert paper.amount == 19_500_000
    text = words(making.render(paper))
    assert "Tổng số tiền phạt: 19.500.000 đồng (Bằng chữ: Mười chín triệu năm trăm nghìn đồng)" in text
    assert "- Hành vi 2: 500.000 đồng (Bằng chữ: Năm trăm nghìn đồng)" in text
    assert text.count("Căn cứ Nghị định số 168/2024/NĐ-CP") == 1


def test_a_decision_over_two_acts_names_each_with_its_clause_and_takes_points_once() -> None:
    text = words(making.render(drawn.together()))
    for part in (
        "số 05/BB-VPHC lập ngày 05/03/2027; Căn cứ Biên bản vi phạm hành chính số 06/BB-VPHC lập ngày 06/03/2027",
        "- Hành vi 1: Không chấp hành hiệu lệnh của đèn", "- Hành vi 1: điểm b khoản 9 Điều 6",
        "- Hành vi 2: Không chấp hành hiệu lệnh, chỉ dẫn của biển báo hiệu", "- Hành vi 2: điểm a khoản 1 Điều 6",
        "4. Các tình tiết tăng nặng (nếu có): Hành vi 2: Tái phạm",
        "5. Các tình tiết giảm nhẹ (nếu có): Hành vi 1: Thành thật khai báo",
        "Trừ điểm giấy phép lái xe: 04 điểm, của hành vi 1;", "điểm b khoản 1 Điều 50",
    ):  # fmt: skip
        assert part in text, part
    assert text.count("Trừ điểm") == 1


def test_an_accepted_statement_ends_in_a_withdrawal_and_needs_no_complaint() -> None:
    text = words(making.render(drawn.answer(result="accepted")))
    assert "Kết quả xem xét: Chấp nhận ý kiến." in text
    assert "được thu hồi" in text
    assert "khiếu nại" not in text


def test_a_decision_that_falls_with_its_notice_is_named_to_whoever_was_punished() -> None:
    decision = Reference(number="05/QĐ-XPHC", on=date(2027, 3, 1))
    plain = drawn.words(HERE.papers().render(drawn.withdrawal()))
    told = drawn.words(HERE.papers().render(drawn.withdrawal(decision=decision, punished="Trần Văn Lái")))
    assert "Quyết định" not in plain
    assert "số 05/QĐ-XPHC ngày 01/03/2027 trong vụ việc này cũng không còn giá trị" in told
    assert "- Trần Văn Lái;" in told


@pytest.mark.parametrize(("kind", "licence"), [("car", "ô tô"), ("motorcycle", "mô tô")])
def test_points_are_of_a_licence_for_cars_or_for_motorcycles(kind: str, licence: str) -> None:
    text = drawn.words(HERE.papers().render(drawn.points(licence_of=kind)))
    assert f"4 điểm của giấy phép lái xe {licence};" in text
    assert f"8 điểm của giấy phép lái xe {licence}." in text
    assert f"(loại {licence}, số" in text


@pytest.mark.parametrize(
    ("mistake", "says", "never"),
    [
        ("owner", "Vụ việc không còn gắn với ông (bà)", "xem xét lại từ đầu"),
        ("plate", "Vụ việc không còn gắn với ông (bà)", "xem xét lại từ đầu"),
        ("other", "Vụ việc được xem xét lại từ đầu", "không còn gắn với"),
    ],
)
def test_who_may_get_another_notice_is_not_told_that_the_case_has_left_him(mistake: str, says: str, never: str) -> None:
    text = drawn.words(HERE.papers().render(drawn.correction(mistake=mistake)))
    assert says in text
    assert never not in text
    assert "không phải nộp bất kỳ khoản tiền nào theo thông báo đó" in text


def test_a_correction_says_nothing_of_the_right_owner() -> None:
    assert {"to", "notice", "vehicle", "act", "mistake", "reason"} <= set(drawn.c.Correction.model_fields)
    assert not {"right_owner", "new_owner", "owner"} & set(drawn.c.Correction.model_fields)


def test_no_paper_but_a_decision_names_an_amount(pdfs: dict[PaperCode, bytes]) -> None:
    for code in LETTERS:
        decides = code in ("decision", "postponement", "amendment", "relief")
        assert bool(re.search(r"\d\s*đồng|đồng\)", words(pdfs[code]))) == decides, code


NUMBERS = {
    0: "không", 1: "một", 4: "bốn", 5: "năm", 10: "mười", 11: "mười một", 14: "mười bốn", 15: "mười lăm",
    20: "hai mươi", 21: "hai mươi mốt", 24: "hai mươi tư", 25: "hai mươi lăm", 55: "năm mươi lăm", 100: "một trăm",
    101: "một trăm linh một", 105: "một trăm linh năm", 110: "một trăm mười", 111: "một trăm mười một",
    115: "một trăm mười lăm", 121: "một trăm hai mươi mốt", 1_000: "một nghìn", 1_001: "một nghìn không trăm linh một",
    1_010: "một nghìn không trăm mười", 150_000: "một trăm năm mươi nghìn", 500_000: "năm trăm nghìn",
    5_000_000: "năm triệu", 1_005_000: "một triệu không trăm linh năm nghìn",
    1_000_005: "một triệu không trăm linh năm",
    19_000_000: "mười chín triệu", 24_150_000: "hai mươi tư triệu một trăm năm mươi nghìn",
    75_000_000: "bảy mươi lăm triệu", 150_000_000: "một trăm năm mươi triệu", 1_000_000_000: "một tỷ",
    2_500_000_000: "hai tỷ năm trăm triệu", 1_000_000_001: "một tỷ không trăm linh một", 10**12: "một nghìn tỷ",
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_in_words(number: int) -> None:
    assert in_words(number) == NUMBERS[number]


DIGITS = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]


def read_back(words: str) -> int:
    """What number the words say, by the school rules read the other way round."""
    total = group = 0
    last = 0
    for word in words.split():
        if word in DIGITS:
            last = DIGITS.index(word)
            group += last
        elif word in ("mốt", "tư", "lăm"):
            group += {"mốt": 1, "tư": 4, "lăm": 5}[word]
        elif word == "mười":
            group += 10
        elif word == "mươi":
            group += 9 * last
        elif word == "trăm":
            group += 99 * last
        elif word == "nghìn":
            total, group = total + group * 1000, 0
        elif word == "triệu":
            total, group = total + group * 10**6, 0
        elif word == "tỷ":
            total, group = (total + group) * 10**9, 0
        else:
            assert word == "linh"
    return total + group


@given(st.integers(0, 10**9 - 1))
def test_words_of_a_number_say_that_number(number: int) -> None:
    assert read_back(in_words(number)) == number


def test_a_sum_stands_in_figures_with_dots_and_begins_with_a_capital() -> None:
    assert figures(19_000_000) == "19.000.000 đồng"
    assert sum_in_words(5_000_000) == "Năm triệu đồng"
    with pytest.raises(ValueError, match="negative"):
        in_words(-1)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2027, 1, 2), "ngày 02 tháng 01 năm 2027"), (date(2027, 2, 28), "ngày 28 tháng 02 năm 2027"),
        (date(2027, 3, 9), "ngày 09 tháng 3 năm 2027"), (date(2027, 12, 31), "ngày 31 tháng 12 năm 2027"),
    ],
)  # fmt: skip
def test_days_are_written_as_official_papers_do(day: date, said: str) -> None:
    assert day_in_words(day) == said


@pytest.mark.parametrize(
    ("code", "number", "said"),
    [("withdrawal", 1, "01/TB-PC08"), ("transfer", 9, "09/PC-PC08"), ("delivery", 10, "10/PG-PC08"),
     ("minutes", 7, "07/BB-VPHC"), ("decision", 123, "123/QĐ-XPHC"), ("warning", 4, "04/PC08")],
)  # fmt: skip
def test_a_number_below_ten_has_a_nought(code: PaperCode, number: int, said: str) -> None:
    assert HERE.papers().number(code, number, "PC08") == said


def test_an_act_is_cited_by_the_law_of_its_day() -> None:
    cited = HERE.papers().state_act(ActCode.RED_LIGHT, "car", RED.occurred_at, RED.place)
    assert (cited.wording, cited.clause) == (RED.wording, RED.clause)
    assert "238/2026" in cited.decree
    older = HERE.papers().state_act(ActCode.RED_LIGHT, "car", RED.occurred_at - timedelta(days=300), RED.place)
    assert "238/2026" not in older.decree
    with pytest.raises(LawError):
        HERE.papers().state_act(ActCode.RED_LIGHT, "boat", RED.occurred_at, RED.place)


HOSTILE = (
    '#panic("x")', "*đậm* _nghiêng_ $x^2$ `y`", "</para>&#0;<b>", "\0\x07", "x" * 480, "🚦🚗",
    "\u202eabc\u2066", "שלום 123",
    "Nguyễn\nĐiều 2. Phạt 0 đồng", "{unit} {0} %s", "a" + "\u0301" * 300, "\u2028\u2029\r\n\t", "中文",
    '"]}', "\\u{41}",
    "NGUYỄN " * 70, "\ufeff\u200d\u00ad", "=== Tiêu đề", "/* */ // @x <nhãn>",
)  # fmt: skip


def everywhere(paper: Paper, text: str) -> Paper:
    """The paper with `text` in each of its texts that may be anything."""

    def put(tree: Any, key: str = "") -> Any:
        if isinstance(tree, dict):
            return {name: put(value, name) for name, value in tree.items()}
        if isinstance(tree, list | tuple):
            return [put(each, key) for each in tree]
        fixed = {"paper", "result", "mistake", "to_kind", "because", "type", "asked"}
        return text if isinstance(tree, str) and key not in fixed else tree

    return PAPER.validate_python(put(paper.model_dump()))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_what_is_typed_is_text_and_never_markup(text: str, tmp_path: Path) -> None:
    paper = everywhere(drawn.withdrawal(), text)
    pdf = making.render(paper)
    if text.isascii() and text.isprintable() and len(text) < 19:
        assert f"Lý do thu hồi: {text}" in words(pdf)
    for page in drawn_pages(pdf, tmp_path):
        dark = np.nonzero(page < 128)[1]
        assert dark.size == 0 or (dark.min() >= mm(29.5) and dark.max() <= page.shape[1] - mm(15)), "over the margin"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([PAPERS[code] for code in CODES if code != "book"] + [drawn.book(2)]),
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=300)),
)
def test_no_text_whatever_stops_a_paper_or_makes_two_of_one(paper: Paper, text: str) -> None:
    pdf = making.render(everywhere(paper, text))
    assert pdf.startswith(b"%PDF-")
    assert pdf == making.render(everywhere(paper, text))


@given(st.text(max_size=200))
def test_what_is_drawn_has_no_controls_and_no_long_words(text: str) -> None:
    cleaned = drawable(text)
    assert all(char == "\n" or char.isprintable() or char in "\u200b\xa0" for char in cleaned)
    assert all(len(part) <= 18 for part in re.split(r"[\s\u200b]+", cleaned))
    assert drawable(cleaned).replace("\u200b", "") == cleaned.replace("\u200b", "")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Đỗ Thị Ánh", "Đỗ Thị Ánh"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("🚦x", f"{UNKNOWN}x"),
        ("a\0b", "ab"),
        ("ש", UNKNOWN),
    ],
)
def test_a_character_that_cannot_be_drawn_is_shown_as_one(typed: str, shown: str) -> None:
    assert drawable(typed) == shown


def test_a_very_long_statement_goes_over_pages_and_the_signature_is_never_alone() -> None:
    pdf = making.render(drawn.answer(statement="Một đoạn văn rất dài. " * 300, reasons=("Lý do dài. " * 200,)))
    pages = len(reader(pdf).pages)
    assert pages >= 3
    last = words(pdf, pages - 1)
    assert "PHÓ TRƯỞNG PHÒNG" in last
    assert "thông báo để ông (bà) biết./." in last


def test_the_part_that_comes_back_is_never_cut_in_two() -> None:
    long = drawn.OWNER.model_copy(update={"address": "Số 5 Đường Bà Triệu, phường Hạc Thành " * 8})
    pdf = making.render(drawn.delivery(owner=long))
    assert len(reader(pdf).pages) == 2
    assert "PHIẾU BÁO" not in words(pdf, 0)
    assert all(part in words(pdf, 1) for part in ("PHIẾU BÁO", "đã nhận được Phiếu gửi", "THỦ TRƯỞNG ĐƠN VỊ"))
