"""The files of devices where they are kept: entered and never changed, asked before a notice is issued."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from central.cases.lifecycle import Action, Officer, Refused, Role
from central.centre import Centre
from central.cli import central
from central.desk.devices import device_board
from central.devices.book import all_records, enter, faults, records_of
from central.devices.csv_file import COLUMNS, DeviceFileError, import_devices
from central.devices.dossier import CODES
from central.devices.entering import Entry, document, read
from central.devices.records import DeviceId, RecordKind
from central.notices import issuing
from central.store.case_tables import CaseEventRow
from central.store.db import Database
from central.store.device_tables import DeviceRecordRow
from central.store.migrate import upgrade
from central.units.tree import EVERYWHERE
from central.words.texts import LANGUAGES, texts
from tests.central.build import (
    CAMERA,
    HOA,
    LAN,
    NODE,
    NOW,
    PAPERS_AT,
    TRUONG,
    make_centre,
    papers_for,
    prepared,
    seen,
)
from tests.central.web_people import Web, make_web

BOX, EYE = DeviceId(NODE), DeviceId(NODE, CAMERA)
ADMIN = Officer("quan-tri", Role.ADMIN, "Quản trị")
TODAY = date(2026, 11, 23)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Centre]:
    """A centre as an upgrade leaves it: no paper of any device is known."""
    made = make_centre(tmp_path / "centre", papers=False)
    yield made
    made.db.dispose()


def put(centre: Centre, *entries: Entry, at: datetime = NOW, by: str = "truong") -> list[int]:
    with centre.db.write() as session:
        return [r.id for r in enter(session, entries, by=by, now=at)]


def of(device: DeviceId, **fields: str) -> Entry:
    return read(device, fields, today=TODAY)


def paper_id(centre: Centre, device: DeviceId, kind: RecordKind) -> int:
    with centre.db.read() as session:
        return next(r.id for r in records_of(session, NODE) if r.device == device and r.kind is kind)


def issue(centre: Centre, case_id: str, **changes: Any) -> issuing.IssuedNotice:
    shown = seen(centre, case_id, **changes)
    return issuing.issue(centre.db, case_id, HOA, desk=centre.notices, now=centre.clock(), seen=shown)


def refused(centre: Centre, case_id: str, **changes: Any) -> str:
    with pytest.raises(Refused) as found:
        issue(centre, case_id, **changes)
    return found.value.code


def issue_event(centre: Centre, case_id: str) -> dict[str, Any]:
    query = select(CaseEventRow.after).where(CaseEventRow.case_id == case_id, CaseEventRow.action == Action.ISSUE.value)
    with centre.db.read() as session:
        return dict(session.scalars(query).one()["devices"])


# --- the effect: no notice without papers


def test_after_an_upgrade_cases_wait_and_go_on_once_the_papers_are_entered(bare: Centre) -> None:
    case_id = prepared(bare)
    assert refused(bare, case_id) == "device_unknown"
    with bare.db.read() as session:
        board = device_board(session, NOW, scope=EVERYWHERE)
    assert board.waiting == 1
    assert {str(d.device): d.waiting for d in board.told} == {"giao-lo-1": 1, "giao-lo-1/cam-1": 1}
    assert [lack.code for lack in board.told[0].waiting_for] == ["device_unknown", "no_decision", "no_inspection"]
    put(bare, *papers_for(EYE))
    assert refused(bare, case_id) == "device_unknown", "the box has none yet"
    put(bare, *papers_for(BOX))
    issue(bare, case_id)
    kept = issue_event(bare, case_id)
    assert kept["lacking"] == []
    assert {p["entered_after_act"] for p in kept["papers"]} == {True}, "and the record says so"
    with bare.db.read() as session:
        assert device_board(session, NOW, scope=EVERYWHERE).waiting == 0


def test_a_refusal_says_what_where_and_what_to_do(bare: Centre) -> None:
    put(bare, *papers_for(BOX), *(e for e in papers_for(EYE) if e.kind is not RecordKind.DECISION))
    case_id = prepared(bare)
    with pytest.raises(Refused) as found:
        issue(bare, case_id)
    error = found.value
    assert (error.code, error.where) == ("no_decision", "giao-lo-1/cam-1")
    assert "giaolo central device add giao-lo-1/cam-1" in error.remedy
    for language in LANGUAGES:
        assert "giao-lo-1/cam-1" in texts(language)(f"refused.{error.code}", **error.values)


def test_every_lack_and_record_has_words() -> None:
    for language in LANGUAGES:
        t = texts(language)
        for code in (code for group in CODES.values() for code in group.values()):
            assert all(t.has(key) for key in (f"lack.{code}", f"refused.{code}", f"refused.{code}_todo")), code
        assert all(t.has(f"record.{kind}") for kind in RecordKind)


def test_the_record_of_the_notice_names_the_papers_that_counted(box: Centre) -> None:
    case_id = prepared(box)
    issue(box, case_id)
    kept = issue_event(box, case_id)
    with box.db.read() as session:
        known = {r.id: r for r in records_of(session, NODE)}
    assert [(p["device"], p["kind"]) for p in kept["papers"]] == [
        (str(device), kind) for device in (EYE, BOX) for kind in ("profile", "decision", "test")
    ]
    for paper in kept["papers"]:
        assert paper["digest"] == known[paper["id"]].digest
        assert paper["number"] == known[paper["id"]].number
        assert paper["entered_after_act"] is False
    put(box, of(EYE, kind="mistaken", takes_back=str(kept["papers"][1]["id"]), note="nhầm camera"))
    assert issue_event(box, case_id) == kept, "what was issued by stays, whatever is entered later"


def test_what_ended_between_act_and_issue_stops_nothing_and_is_said(box: Centre) -> None:
    case_id = prepared(box, at=NOW - timedelta(days=2))
    decision = paper_id(box, EYE, RecordKind.DECISION)
    put(box, of(EYE, kind="revoked", takes_back=str(decision), dated="2026-11-23", note="di dời"))
    issue(box, case_id)
    kept = issue_event(box, case_id)
    assert kept["lacking"] == []
    assert [lack["code"] for lack in kept["lacking_today"]] == ["decision_revoked"]


def test_a_paper_taken_back_while_the_notice_is_drawn_stops_it(box: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = prepared(box)
    decision = paper_id(box, EYE, RecordKind.DECISION)
    drawn = issuing.pictures_of

    def slow(*args: Any) -> Any:
        put(box, of(EYE, kind="mistaken", takes_back=str(decision), note="nhầm"))
        return drawn(*args)

    monkeypatch.setattr(issuing, "pictures_of", slow)
    assert refused(box, case_id) == "no_decision"


def test_without_the_rule_it_is_a_doubt_to_tick_and_stands_in_the_record(tmp_path: Path) -> None:
    centre = make_centre(tmp_path / "centre", papers=False, devices={"required": False})
    case_id = prepared(centre)
    assert refused(centre, case_id) == "doubts"
    accepted = (*seen(centre, case_id).accepted, "device_papers")
    issue(centre, case_id, accepted=accepted)
    kept = issue_event(centre, case_id)
    assert {lack["code"] for lack in kept["lacking"]} == {"device_unknown", "no_decision", "no_inspection"}
    assert kept["required"] is False
    centre.db.dispose()


def test_cases_of_days_without_a_paper_are_counted_and_those_of_other_days_are_not(box: Centre) -> None:
    decision = paper_id(box, EYE, RecordKind.DECISION)
    for days in (1, 2, 3, 4):
        prepared(box, at=NOW - timedelta(days=days))
    put(box, of(EYE, kind="revoked", takes_back=str(decision), dated="2026-11-21", note="sửa chữa"))
    put(box, of(EYE, kind="decision", number="13/QĐ-PC08", dated="2026-11-22", signed_by="Đại tá Lê Quốc Ưu"))
    with box.db.read() as session:
        board = device_board(session, NOW, scope=EVERYWHERE)
    assert board.waiting == 1
    (line,) = board.told
    assert (line.device, line.waiting, line.today.lawful) == (EYE, 1, True)
    assert [(lack.code, lack.when) for lack in line.waiting_for] == [("decision_revoked", date(2026, 11, 20))]


# --- what is entered, and how


GOOD = {"kind": "decision", "number": "5/QĐ", "dated": "2026-03-01", "signed_by": "Trưởng phòng"}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("paper_kind", {"kind": "giấy"}),
        ("paper_number", {"number": " "}),
        ("paper_signer", {"signed_by": ""}),
        ("paper_day", {"dated": ""}),
        ("paper_day", {"dated": "31/02/2026"}),
        ("paper_future", {"dated": "2026-11-24"}),
        ("paper_days", {"valid_from": "2026-02-28"}),
        ("paper_days", {"valid_to": "2026-02-28"}),
        ("paper_text", {"number": "x" * 121}),
        ("paper_text", {"note": "a\x07b"}),
        ("paper_until", {"kind": "inspection"}),
        ("paper_serial", {"kind": "test", "serial": "SN-khac"}),
        ("paper_model", {"kind": "profile", "model": "Hãng X"}),
        ("paper_back", {"takes_back": "1"}),
        ("paper_back", {"kind": "revoked", "takes_back": "999", "note": "x"}),
        ("paper_back", {"kind": "revoked", "takes_back": "²", "note": "x"}),
        ("paper_twice", {"number": "12/QĐ-PC08", "dated": "2024-12-02", "signed_by": "Đại tá Lê Quốc Ưu",
                         "serial": "SN-cam-1"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_and_nothing_is_kept(code: str, changes: dict[str, str], box: Centre) -> None:
    with box.db.read() as session:
        before = all_records(session)
    with pytest.raises(Refused) as found:
        put(box, of(EYE, **{**GOOD, **changes}))
    assert found.value.code == code
    assert found.value.remedy
    with box.db.read() as session:
        assert all_records(session) == before
    assert all(texts(language).has(f"refused.{code}_todo") for language in LANGUAGES)


def test_a_paper_is_taken_back_once_and_with_a_reason(box: Centre) -> None:
    decision = str(paper_id(box, EYE, RecordKind.DECISION))
    with pytest.raises(Refused, match="why"):
        put(box, of(EYE, kind="mistaken", takes_back=decision))
    with pytest.raises(Refused, match="no such paper"):
        put(box, of(BOX, kind="mistaken", takes_back=decision, note="của camera"))
    put(box, of(EYE, kind="mistaken", takes_back=decision, note="gõ nhầm"))
    with pytest.raises(Refused, match="already"):
        put(box, of(EYE, kind="revoked", takes_back=decision, dated="2026-01-01", note="nữa"))


def test_a_certificate_takes_the_serial_number_of_the_device_it_falls_to(box: Centre) -> None:
    put(box, of(EYE, kind="profile", dated="2026-10-01", model="Hãng Z", serial="SN-moi"))
    for dated, serial in (("2026-09-30", "SN-cam-1"), ("2026-10-02", "SN-moi")):
        (new,) = put(box, of(EYE, kind="test", number=f"9-{dated}", dated=dated, signed_by="Viện"))
        with box.db.read() as session:
            assert session.get_one(DeviceRecordRow, new).serial == serial


def test_only_a_pdf_is_kept_as_the_scan() -> None:
    assert document(b"%PDF-1.7 x")
    for data in (b"", b"PK\x03\x04", b"%PDF-" + b"x" * (11 * 2**20)):
        with pytest.raises(Refused):
            document(data)


@pytest.mark.parametrize("verb", ["UPDATE device_records SET number = 'x'", "DELETE FROM device_records"])
def test_the_database_refuses_to_change_a_record(verb: str, centre: Centre) -> None:
    with pytest.raises(DBAPIError, match="append-only"), centre.db.write() as session:
        session.execute(text(verb))


def test_a_record_altered_behind_the_centres_back_is_found(box: Centre) -> None:
    with box.db.read() as session:
        assert faults(session) == []
    with box.db.write() as session:
        session.execute(text("DROP TRIGGER device_records_no_update"))
        session.execute(update(DeviceRecordRow).where(DeviceRecordRow.kind == "decision").values(number="99/QĐ"))
    with box.db.read() as session:
        assert len(faults(session)) == 2


def test_an_upgraded_database_has_the_table_and_no_paper(tmp_path: Path, postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/old.sqlite3", postgres_url):
        database = Database(url)
        upgrade(database, to="0007")
        upgrade(database)
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(DeviceRecordRow)) == 0
        database.dispose()


# --- many at once


HEADER = ",".join(COLUMNS)
LINES = (
    "giao-lo-1/cam-2,profile,,2026-01-05,,,,Hãng X,SN-2,,",
    "giao-lo-1/cam-2,decision,5/QĐ-PC08,05/01/2026,Đại tá Lê Quốc Ưu,,31/12/2027,,,,",
    'giao-lo-1/cam-2,test,8/TN,2026-01-05,"Viện Kỹ thuật, Hà Nội",,,,,,',
)


def load(centre: Centre, folder: Path, *lines: str, header: str = HEADER) -> int:
    file = folder / "devices.csv"
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    with centre.db.write() as session:
        return import_devices(session, file, by="truong", now=NOW)


def test_a_csv_file_makes_a_device_lawful(centre: Centre, tmp_path: Path) -> None:
    assert load(centre, tmp_path, *LINES) == 3
    with centre.db.read() as session:
        line = next(d for d in device_board(session, NOW, scope=EVERYWHERE).lines if d.device.camera == "cam-2")
    assert line.today.lawful
    assert line.today.counted[1].valid_to == date(2027, 12, 31)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (LINES[1].replace("giao-lo-1/", "giao lộ/"), "line 5: device"),
        (LINES[1].replace("giao-lo-1/cam-2", "giao-lo-9"), "line 5: giao-lo-9: there is no such node"),
        (LINES[1].replace("05/01/2026", "hôm qua"), "line 5: dated: 'hôm qua' is not a day"),
        (LINES[1] + ",x", "line 5: has more fields"),
        (LINES[1], "line 5: number: was entered already"),
        (LINES[2].replace(",test,", ",calibration,"), "line 5: valid_to: a certificate says until when"),
    ],
)
def test_a_fault_names_its_line_and_nothing_is_half_taken(line: str, said: str, box: Centre, tmp_path: Path) -> None:
    with box.db.read() as session:
        before = all_records(session)
    with pytest.raises(DeviceFileError) as found:
        load(box, tmp_path, *LINES, line, line)
    assert said in found.value.what
    assert "line 6" in found.value.what, "all faulty lines are named"
    with box.db.read() as session:
        assert all_records(session) == before


def test_a_file_without_its_columns_is_refused(box: Centre, tmp_path: Path) -> None:
    with pytest.raises(DeviceFileError, match="columns are missing: device"):
        load(box, tmp_path, "x", header="kind,number")


def test_the_command_line_adds_imports_lists_and_shows(tmp_path: Path) -> None:
    made = make_centre(tmp_path / "data", papers=False)
    made.db.dispose()
    config = tmp_path / "central.yaml"
    example = (Path(__file__).parents[2] / "docs" / "examples" / "central.yaml").read_text(encoding="utf-8")
    config.write_text(
        "schema_version: 1\ndata_dir: data\n" + example[example.index("office:") : example.index("calendar:")],
        encoding="utf-8",
    )
    scan = tmp_path / "qd.pdf"
    scan.write_bytes(b"%PDF-1.7 quyet dinh")

    def call(*words: str) -> Any:
        return CliRunner().invoke(central, ["device", words[0], "--config", str(config), *words[1:]])

    who = ("--by", "truong")
    cam = "giao-lo-1/cam-1"
    assert call("add", cam, "--kind", "profile", "--dated", "2026-01-05", "--model", "X", "--serial", "1", *who).output
    added = call("add", cam, "--kind", "decision", "--number", "5/QĐ", "--dated", "05/01/2026", "--signed-by", "Trưởng",
                 "--file", str(scan), *who)  # fmt: skip
    assert added.output == "record 2: giao-lo-1/cam-1 decision 5/QĐ from 2026-01-05\n"
    wrong = call("add", cam, "--kind", "decision", "--number", "6/QĐ", "--dated", "05/01/2026", *who)
    assert (wrong.exit_code, wrong.output.startswith("Error: signed_by: nobody is named")) == (1, True)
    listed = call("list").output
    assert "giao-lo-1/cam-1  no_inspection" in listed
    assert "giao-lo-1  device_unknown, no_decision, no_inspection" in listed.replace("; ", ", ")
    shown = call("show", cam).output
    assert "2  decision  5/QĐ  dated 2026-01-05  from 2026-01-05  in force  Trưởng  file " in shown
    assert "entered by truong" in shown
    assert call("show", "giao lộ").exit_code == 2


# --- the pages


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre", papers=False)
    yield made
    made.centre.db.dispose()


def test_the_head_is_told_enters_the_papers_and_the_case_goes_on(web: Web) -> None:
    case_id = prepared(web.centre)
    head, hoa = web.person(TRUONG), web.person(HOA)
    approve = hoa.get(f"/desk/approve/{case_id}").text
    assert "Chưa có lý lịch của thiết bị giao-lo-1/cam-1." in approve
    assert 'data-open="issue" disabled' in approve
    unit = head.get("/desk/unit").text
    assert "1 hồ sơ đã xác nhận chưa ban hành được" in unit
    for device in (EYE, BOX):
        here = f"/desk/devices/{device}"
        for entry in papers_for(device):
            sent = {"kind": entry.kind.value, "number": entry.number, "dated": f"{entry.dated:%d/%m/%Y}",
                    "signed_by": entry.signed_by, "model": entry.model, "serial": entry.serial}  # fmt: skip
            answer = head.post(here, at=here, **sent, takes_back="")
            assert answer.status_code == 200
            assert "Đã nhập:" in answer.text
    assert "Hôm nay thiết bị đủ giấy tờ" in head.get(f"/desk/devices/{EYE}").text
    assert "Mọi thiết bị đang dùng đều đủ giấy tờ" in head.get("/desk/unit").text
    approve = hoa.get(f"/desk/approve/{case_id}").text
    assert "số 12/QĐ-PC08 ngày 02/12/2024" in approve
    assert "Giấy tờ được nhập sau khi xảy ra hành vi" in approve
    at = f"/desk/approve/{case_id}"
    done = hoa.post(f"{at}/issue", at=at, doubts_read="yes", without_owner="yes")
    assert "Đã ghi" in done.text


def test_what_was_typed_stands_there_again_when_it_is_refused(web: Web) -> None:
    here = f"/desk/devices/{EYE}"
    answer = web.person(TRUONG).post(here, at=here, kind="decision", number="5/QĐ", dated="05/01/2026")
    assert answer.status_code == 409
    assert "Chưa ghi người ký" in answer.text
    assert 'value="5/QĐ"' in answer.text


@pytest.mark.parametrize(
    ("officer", "sees", "writes"), [(TRUONG, 200, 200), (ADMIN, 200, 200), (HOA, 200, 403), (LAN, 403, 403)]
)
def test_who_sees_and_who_enters(officer: Officer, sees: int, writes: int, web: Web) -> None:
    person, here = web.person(officer), f"/desk/devices/{EYE}"
    for page in ("/desk/devices", here):
        assert person.get(page).status_code == sees
    sent = {"kind": "profile", "dated": "05/01/2026", "model": "X", "serial": "1"}
    at = here if sees == 200 else "/desk"
    assert person.post(here, at=at, **sent).status_code == writes
    with web.centre.db.read() as session:
        assert len(all_records(session)) == (1 if writes == 200 else 0)


def test_of_an_issued_notice_both_are_told_what_was_known_then_and_what_is_known_now(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre")
    case_id = prepared(web.centre)
    issue(web.centre, case_id)
    hoa = web.person(HOA)
    assert "Khi ban hành" not in hoa.get(f"/desk/approve/{case_id}").text
    web.clock.forward(minutes=20)
    decision = paper_id(web.centre, EYE, RecordKind.DECISION)
    put(web.centre, of(EYE, kind="mistaken", takes_back=str(decision), note="nhầm"), at=web.clock())
    page = hoa.get(f"/desk/approve/{case_id}").text
    assert "chưa có quyết định, kế hoạch sử dụng" in page
    assert "Khi ban hành, theo giấy tờ đã nhập lúc đó: đủ giấy tờ" in page
    web.centre.db.dispose()


def test_a_centre_that_asks_for_no_papers_says_so_wherever_it_is_looked_at(tmp_path: Path) -> None:
    web = make_web(tmp_path / "centre", papers=False, devices={"required": False})
    case_id = prepared(web.centre)
    assert "without the papers" in web.visitor().get("/healthz").json()["warning"]
    head = web.person(TRUONG)
    for page in ("/desk/unit", "/desk/devices"):
        assert "devices.required: false" in head.get(page).text
    assert "thiếu quyết định hay kiểm định vào lúc" in web.person(HOA).get(f"/desk/approve/{case_id}").text
    web.centre.db.dispose()


def test_a_scan_is_given_out_to_those_who_see_the_file(web: Web) -> None:
    sha256 = web.centre.store.put(b"%PDF-1.7 x")
    (profile, *_rest) = papers_for(EYE)
    (record,) = put(web.centre, Entry(**{**vars(profile), "document_sha256": sha256}), at=PAPERS_AT)
    path = f"/desk/devices/records/{record}/paper.pdf"
    head = web.person(TRUONG)
    assert head.get(f"{path}?node={NODE}").content == b"%PDF-1.7 x"
    assert head.get(f"{path}?node=khac").status_code == 404
    assert web.person(LAN).get(f"{path}?node={NODE}").status_code == 403
