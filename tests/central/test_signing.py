"""Papers are signed by the account that signs: what is kept, who may not, and what anybody finds who checks it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from central.cases.lifecycle import Action, Officer, Refused, Role
from central.cases.log import events
from central.centre import Centre
from central.desk.signers import signer_lines
from central.notices import issuing, proceedings
from central.notices.printing import print_copy
from central.users import create_user
from common.settings import ConfigError
from evidence.acts import ActCode
from evidence.canonical import sha256_hex
from evidence.paper_signature import PaperError, read_certificates, signatures_of
from tests.central.build import HOA, LAN, NOW, TRUONG, HandClock, make_centre, prepared, seen
from tests.central.signing_keys import PASSPHRASE, Authority, key_file, rsa_key, signer, signing

HOA_NAME, TRUONG_NAME = "Lê Thị Hoa", "Phạm Văn Trưởng"
PHU = Officer("phu", Role.APPROVER, "Đỗ Văn Phú")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def users(centre: Centre) -> None:
    with centre.db.write() as session:
        for person in (LAN, HOA, TRUONG, PHU):
            create_user(
                session, person.username, "đường dài hay mưa", role=person.role, full_name=person.full_name, now=NOW
            )


def signing_centre(folder: Path, authority: Authority, *signers: dict[str, Any], **more: Any) -> Centre:
    """A centre where Hoa signs as a head of a team and Trưởng as the head of the division."""
    clock = more.pop("clock", None)
    url = more.pop("url", "")
    both = signers or (
        signer(folder / "keys", authority, "hoa", HOA_NAME, post="station_head", title="ĐỘI TRƯỞNG", key=1),
        signer(folder / "keys", authority, "truong", TRUONG_NAME, key=2),
    )
    made = make_centre(
        folder / "centre", signing=signing(folder / "keys", authority, *both, **more), clock=clock, url=url
    )
    users(made)
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest, tmp_path: Path, authority: Authority) -> Iterator[Centre]:
    url = request.getfixturevalue("centre_url") if request.param == "postgresql" else ""
    made = signing_centre(tmp_path, authority, url=url)
    yield made
    made.db.dispose()


@pytest.fixture
def box(tmp_path: Path, authority: Authority) -> Iterator[Centre]:
    made = signing_centre(tmp_path, authority)
    yield made
    made.db.dispose()


def issue(centre: Centre, case_id: str, officer: Officer = HOA) -> bytes:
    made = issuing.issue(
        centre.db, case_id, officer, desk=centre.notices, now=centre.clock(), seen=seen(centre, case_id)
    )
    return centre.store.read(made.pdf_sha256)


def refused(centre: Centre, case_id: str, officer: Officer = HOA) -> Refused:
    with pytest.raises(Refused) as caught:
        issue(centre, case_id, officer)
    with centre.db.read() as session:
        assert [e for e in events(session, case_id) if e.action == Action.ISSUE.value] == []
    return caught.value


def said(centre: Centre, case_id: str, action: Action) -> dict[str, Any]:
    with centre.db.read() as session:
        return [e.after for e in events(session, case_id) if e.action == action.value][-1]


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_notice_is_signed_by_whoever_issues_it_and_the_record_says_by_which_right(
    centre: Centre, authority: Authority
) -> None:
    case_id = prepared(centre)
    pdf = issue(centre, case_id)
    (found,) = signatures_of(pdf, read_certificates(authority.pem, where="ca"))
    assert (found.good, found.name, found.title, found.owner) == (True, f"Thượng tá {HOA_NAME}", "ĐỘI TRƯỞNG", HOA_NAME)
    assert found.at == NOW
    event = said(centre, case_id, Action.ISSUE)
    assert event["pdf_sha256"] == sha256_hex(pdf)
    assert event["signature"] | {"certificate_sha256": ""} == {
        "account": "hoa", "name": f"Thượng tá {HOA_NAME}", "title": ["ĐỘI TRƯỞNG"], "level": "B-B",
        "certificate_sha256": "", "certificate_owner": HOA_NAME, "certificate_issuer": "CA thử nghiệm",
        "at": "2026-11-23T03:00:00.000Z", "stamped_at": None, "post": "station_head", "power": 22_500_000,
        "power_reference": "168/2024/NĐ-CP Điều 43, sửa đổi bởi 238/2026/NĐ-CP", "band_most": 20_000_000,
        "delegated_by": None,
    }  # fmt: skip
    assert event["signature"]["certificate_sha256"] == found.certificate


def test_the_paper_says_who_signed_in_which_office_and_when(box: Centre) -> None:
    said_there = words(issue(box, prepared(box)))
    assert (
        f"Ký số bởi: Thượng tá {HOA_NAME} Chức danh: ĐỘI TRƯỞNG Thời gian ký: 23/11/2026 10:00:00 +07:00" in said_there
    )
    assert "(Chữ ký, đóng dấu/chữ ký số)" not in said_there
    assert "Lê Quốc Ưu" not in said_there


def test_one_flipped_byte_anywhere_and_it_is_not_what_was_signed(box: Centre, authority: Authority) -> None:
    pdf = issue(box, prepared(box))
    trusted = read_certificates(authority.pem, where="ca")
    for place in range(20, len(pdf) - 20, len(pdf) // 60):
        altered = bytearray(pdf)
        altered[place] ^= 1 if place % 2 else 0x20
        try:
            found = signatures_of(bytes(altered), trusted)
        except PaperError:
            continue
        assert not any(each.good for each in found), place


@pytest.mark.parametrize("more", [b"\n", b"\n%%EOF\n", b"x" * 400])
def test_nothing_is_added_after_signing(more: bytes, box: Centre, authority: Authority) -> None:
    pdf = issue(box, prepared(box)) + more
    try:
        found = signatures_of(pdf, read_certificates(authority.pem, where="ca"))
    except PaperError:  # a reader that does not open it believes nothing of it
        return
    assert not any(each.good for each in found)


def test_a_certificate_of_another_authority_is_told(box: Centre) -> None:
    pdf = issue(box, prepared(box))
    (stranger,) = signatures_of(pdf, read_certificates(Authority("CA khác").pem, where="ca"))
    assert (stranger.intact, stranger.trusted, stranger.good) == (True, False, False)
    assert "no authority" in stranger.fault
    (alone,) = signatures_of(pdf)
    assert (alone.intact, alone.trusted, alone.fault, alone.good) == (True, None, "", False)


def test_what_is_not_signed_has_no_signature_and_what_is_no_paper_is_refused(tmp_path: Path) -> None:
    made = make_centre(tmp_path / "centre")
    pdf = issue(made, prepared(made))
    assert signatures_of(pdf) == ()
    assert "(Chữ ký, đóng dấu/chữ ký số)" in words(pdf)
    assert "signature" not in said(made, prepared_case(made), Action.ISSUE)
    for rubbish in (b"", b"%PDF-1.7", b"PK\x03\x04", bytes(2000)):
        with pytest.raises(PaperError):
            signatures_of(rubbish)
    made.db.dispose()


def prepared_case(centre: Centre) -> str:
    from sqlalchemy import select

    from central.store.case_tables import CaseRow

    with centre.db.read() as session:
        return str(session.scalars(select(CaseRow.id)).one())


def test_an_account_without_a_certificate_is_told_who_can_sign(box: Centre) -> None:
    error = refused(box, prepared(box), PHU)
    assert error.code == "sign_nobody"
    assert error.values["who"] == f"Thượng tá {HOA_NAME} (hoa); Thượng tá {TRUONG_NAME} (truong)"


def test_an_office_whose_power_ends_below_the_band_is_told_who_can_sign(tmp_path: Path, authority: Authority) -> None:
    made = signing_centre(
        tmp_path, authority,
        signer(tmp_path / "keys", authority, "hoa", HOA_NAME, post="officer", title="CÁN BỘ", key=1),
        signer(tmp_path / "keys", authority, "phu", PHU.full_name, post="commune_chief", title="TRƯỞNG CÔNG AN", key=3),
        signer(tmp_path / "keys", authority, "truong", TRUONG_NAME, key=2),
    )  # fmt: skip
    with made.db.write() as session:
        create_user(session, "phu", "đường dài hay mưa", role=Role.OFFICER, full_name="", now=NOW)  # may not approve
    error = refused(made, prepared(made))
    assert error.code == "sign_power"
    assert (error.values["most"], error.values["power"]) == ("20.000.000", "7.500.000")
    assert error.values["who"] == f"Thượng tá {TRUONG_NAME} (truong)"
    assert issue(made, prepared_case(made), TRUONG)


def test_an_office_that_may_not_sanction_the_act_is_told_who_can_sign(tmp_path: Path, authority: Authority) -> None:
    made = signing_centre(
        tmp_path, authority,
        signer(tmp_path / "keys", authority, "hoa", HOA_NAME, post="commune_chief", title="TRƯỞNG CÔNG AN", key=1),
        signer(tmp_path / "keys", authority, "truong", TRUONG_NAME, key=2),
    )  # fmt: skip
    error = refused(made, prepared(made))
    assert error.code == "sign_act", "37,5 million reach to the band, and the act is none of a commune's"
    assert error.values["clause"] == "điểm b khoản 9 Điều 6"
    assert "Điều 41.4" in error.values["acts"]
    assert error.values["who"] == f"Thượng tá {TRUONG_NAME} (truong)"


def test_a_motorcycle_is_within_the_power_of_the_same_office(tmp_path: Path, authority: Authority) -> None:
    from evidence.acts import VehicleClass

    made = signing_centre(
        tmp_path, authority,
        signer(tmp_path / "keys", authority, "hoa", HOA_NAME, post="officer", title="CÁN BỘ", key=1),
    )  # fmt: skip
    case_id = prepared(made, cls=VehicleClass.MOTORCYCLE, plate="36AA12345", typed="36-AA 123.45")
    assert signatures_of(issue(made, case_id))[0].intact


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"until": NOW - timedelta(days=1)}, "sign_certificate_over"),
        ({"since": NOW + timedelta(days=1)}, "sign_certificate_early"),
        ({"delegated": {"number": "12/QĐ-GQXP", "dated": "2026-01-05", "until": "2026-11-22"}}, "sign_delegation_over"),
        (
            {"delegated": {"number": "12/QĐ-GQXP", "dated": "2026-11-24", "until": "2026-12-31"}},
            "sign_delegation_early",
        ),
    ],
)
def test_what_time_did_to_a_good_configuration_refuses_the_signature_and_not_the_centre(
    changes: dict[str, Any], code: str, tmp_path: Path, authority: Authority
) -> None:
    made = signing_centre(tmp_path, authority, signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1, **changes))
    with made.db.read() as session:
        (line,) = signer_lines(session, made.notices.signing, made.clock())
    assert (f"sign_{line.state}", line.level) == (code, "bad")
    error = refused(made, prepared(made))
    assert (error.code, error.values["who"]) == (code, "–")


def test_a_deputy_signs_by_the_power_that_was_handed_on_and_the_record_names_the_decision(
    tmp_path: Path, authority: Authority
) -> None:
    deputy = signer(
        tmp_path / "keys", authority, "hoa", HOA_NAME, key=1, title="KT. TRƯỞNG PHÒNG\nPHÓ TRƯỞNG PHÒNG",
        delegated={"number": "12/QĐ-GQXP", "dated": "2026-01-05", "until": "2026-11-23"},
    )  # fmt: skip
    made = signing_centre(tmp_path, authority, deputy)
    case_id = prepared(made)
    assert "KT. TRƯỞNG PHÒNG PHÓ TRƯỞNG PHÒNG Ký số bởi" in words(issue(made, case_id))
    assert said(made, case_id, Action.ISSUE)["signature"]["delegated_by"] == "12/QĐ-GQXP 2026-01-05"


def test_a_certificate_that_ended_since_does_not_undo_what_it_signed(tmp_path: Path, authority: Authority) -> None:
    clock = HandClock()
    soon = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1, until=NOW + timedelta(days=20))
    made = signing_centre(tmp_path, authority, soon, clock=clock)
    pdf = issue(made, prepared(made))
    with made.db.read() as session:
        assert signer_lines(session, made.notices.signing, made.clock())[0].state == "soon"
    clock.forward(days=400)
    assert made.notices.signing.check(pdf)[0].good


def test_what_the_owner_gets_is_the_file_as_it_was_signed_and_the_code_on_a_sheet(box: Centre) -> None:
    case_id = prepared(box)
    pdf = issue(box, case_id)
    copy = print_copy(box.db, case_id, HOA, desk=box.notices, now=box.clock())
    assert copy.sheet
    sheet = words(copy.pdf)
    assert "PHIẾU CUNG CẤP MÃ TRA CỨU" in sheet
    assert f"Thông báo số {copy.number_text} do Thượng tá {HOA_NAME} ký số lúc 23/11/2026 10:00:00 +07:00" in sheet
    assert said(box, case_id, Action.ISSUE)["pdf_sha256"] == sha256_hex(pdf), "the stored one stays the only one"
    again = print_copy(box.db, case_id, HOA, desk=box.notices, now=box.clock())
    assert (again.copy, words(again.pdf) != sheet) == (2, True)


def test_a_withdrawal_is_signed_too_by_whoever_withdraws(centre: Centre) -> None:
    case_id = prepared(centre)
    issue(centre, case_id)
    proceedings.take(
        centre.db, case_id, TRUONG, Action.WITHDRAW, {"on": date(2026, 11, 23), "reason": "cloned_plate"}, "biển giả",
        desk=centre.notices, now=centre.clock(),
    )  # fmt: skip
    event = said(centre, case_id, Action.WITHDRAW)
    (found,) = centre.notices.signing.check(centre.store.read(event["paper_sha256"]))
    assert (found.good, found.owner, event["signature"]["account"]) == (True, TRUONG_NAME, "truong")
    assert f"Ký số bởi: Thượng tá {TRUONG_NAME}" in words(centre.store.read(event["paper_sha256"]))


def test_whoever_has_no_certificate_takes_no_notice_back(box: Centre) -> None:
    case_id = prepared(box)
    issue(box, case_id)
    with pytest.raises(Refused) as caught:
        proceedings.take(
            box.db, case_id, PHU, Action.WITHDRAW, {"on": date(2026, 11, 23), "reason": "other"}, "x",
            desk=box.notices, now=box.clock(),
        )  # fmt: skip
    assert caught.value.code == "sign_nobody"


def test_a_decision_over_several_acts_is_signed_once_by_whose_power_reaches_to_each(
    tmp_path: Path, authority: Authority
) -> None:
    made = signing_centre(
        tmp_path, authority,
        signer(tmp_path / "keys", authority, "hoa", HOA_NAME, post="officer", title="CÁN BỘ", key=1),
        signer(tmp_path / "keys", authority, "truong", TRUONG_NAME, key=2),
    )  # fmt: skip
    day = date(2026, 11, 23)

    def take(case_id: str, officer: Officer, action: Action, **typed: Any) -> None:
        proceedings.take(
            made.db, case_id, officer, action, {"on": day, **typed}, desk=made.notices, now=made.clock()
        )  # fmt: skip

    ids = []
    for act, hours in ((ActCode.SOLID_LINE, 4), (ActCode.RED_LIGHT, 2)):
        case_id = prepared(made, act=act, at=NOW - timedelta(hours=hours))
        issue(made, case_id, TRUONG)
        with made.db.write() as session:
            issuing.publish(session, case_id, TRUONG, register=made.registry, now=NOW)
        take(case_id, LAN, Action.IDENTIFY, liable="owner", name="Lê Văn Chủ")
        take(case_id, LAN, Action.MAKE_MINUTES)
        ids.append(case_id)
    take(ids[1], LAN, Action.WAIVE_HEARING)
    both: dict[str, Any] = {"fine": 500_000, "points": 4, "together": [{"case": 2, "fine": 19_000_000}]}
    with pytest.raises(Refused) as caught:
        take(ids[0], HOA, Action.DECIDE, **both)
    assert (caught.value.code, caught.value.values["most"]) == ("sign_power", "20.000.000"), "the other act's band"
    take(ids[0], TRUONG, Action.DECIDE, **both)
    events = [said(made, case_id, Action.DECIDE) for case_id in ids]
    assert events[0]["paper_sha256"] == events[1]["paper_sha256"]
    assert events[0]["signature"] == events[1]["signature"]
    assert events[0]["signature"]["band_most"] == 20_000_000, "the highest of its acts"
    (found,) = made.notices.signing.check(made.store.read(events[0]["paper_sha256"]))
    assert (found.good, found.owner) == (True, TRUONG_NAME)


# --- the configuration ---------------------------------------------------------------------------------------------


def fault(folder: Path, authority: Authority, **changes: Any) -> str:
    """What the centre says of Hoa's key when `changes` are made to her settings."""

    def start() -> None:
        hoa = signer(folder / "keys", authority, "hoa", HOA_NAME, key=1) | changes
        made = signing_centre(folder, authority, {k: v for k, v in hoa.items() if v is not None})
        made.notices.signing.identities()

    with pytest.raises(ConfigError) as caught:
        start()
    error = caught.value
    assert error.where
    assert error.remedy
    assert PASSPHRASE not in str(error)
    return str(error)


def test_each_fault_of_a_key_is_one_clear_error(tmp_path: Path, authority: Authority) -> None:
    wrong = tmp_path / "wrong.pass"
    wrong.write_text("sai\n", "utf-8")
    empty = tmp_path / "empty.pass"
    empty.write_text("\n", "utf-8")
    rubbish = tmp_path / "rubbish.p12"
    rubbish.write_bytes(b"not a key")
    other = key_file(tmp_path, authority.issue(rsa_key(2), "Người Khác"), rsa_key(2), name="other.p12")
    foreign = key_file(tmp_path, Authority("CA lạ").issue(rsa_key(2), HOA_NAME), rsa_key(2), name="foreign.p12")
    tls = key_file(
        tmp_path, authority.issue(rsa_key(2), HOA_NAME, usages=("key_encipherment",)), rsa_key(2), name="tls.p12"
    )
    short = key_file(tmp_path, authority.issue(rsa_key(9, 1024), HOA_NAME), rsa_key(9, 1024), name="short.p12")
    for changes, what in (
        ({"key_file": str(tmp_path / "no.p12")}, "no.p12 cannot be read: No such file"),
        ({"key_file": str(rubbish)}, "rubbish.p12 is no key file"),
        ({"passphrase_file": str(wrong)}, "the passphrase is wrong"),
        ({"passphrase_file": str(empty)}, "holds no passphrase in its first line"),
        ({"passphrase_file": str(tmp_path / "no.pass")}, "cannot be read: No such file"),
        ({"passphrase_file": None, "passphrase_env": "GIAOLO_NOT_SET"}, "GIAOLO_NOT_SET is empty or not set"),
        ({"key_file": str(other)}, "the certificate is of Người Khác, not of Thượng tá Lê Thị Hoa"),
        ({"key_file": str(foreign)}, "by CA lạ, leads to none of signing.authorities"),
        ({"key_file": str(tls)}, "is not for signing"),
        ({"key_file": str(short)}, "has 1024 bits"),
    ):  # fmt: skip
        assert what in fault(tmp_path, authority, **changes)


def test_what_contradicts_itself_is_refused_when_it_is_read(tmp_path: Path, authority: Authority) -> None:
    for changes, what in (
        ({"passphrase": PASSPHRASE}, "a passphrase never stands in this file"),
        ({"key_file": None}, "give key_file or token"),
        ({"passphrase_file": None}, "give passphrase_file or passphrase_env"),
        ({"passphrase_env": "BOTH"}, "give passphrase_file or passphrase_env"),
        ({"post": "king"}, "is no office that may sanction: officer, station_head"),
        ({"delegated": {"number": "1", "dated": "2026-02-01", "until": "2026-01-01"}}, "is dated first"),
    ):  # fmt: skip
        assert what in fault(tmp_path, authority, **changes)


def test_a_passphrase_may_come_from_the_environment(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIAOLO_KEY_HOA", PASSPHRASE)
    hoa = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1, passphrase_env="GIAOLO_KEY_HOA")
    del hoa["passphrase_file"]
    assert signing_centre(tmp_path, authority, hoa).notices.signing.identities()[0].owner == HOA_NAME


def test_an_authority_between_is_found_in_the_key_file(tmp_path: Path, authority: Authority) -> None:
    between = Authority("CA cấp dưới", under=authority)
    hoa = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1)
    key_file(tmp_path / "keys", between.issue(rsa_key(1), HOA_NAME), rsa_key(1), name="hoa.p12", others=(between,))
    made = signing_centre(tmp_path, authority, hoa)
    (found,) = signatures_of(issue(made, prepared(made)), read_certificates(authority.pem, where="ca"))
    assert (found.good, found.issuer) == (True, "CA cấp dưới")
