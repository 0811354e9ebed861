"""A case is handed out as one file: what it holds, who may have it, what the record says; and a court can check it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from pypdf import PdfReader
from sqlalchemy import delete, update

from central.audit.stored import audit
from central.casefile.handing_out import hand_out
from central.cases.lifecycle import Action, Officer, Refused, Role
from central.cases.log import LogBroken, append, events, lock_case
from central.centre import Centre
from central.desk.switching import end
from central.devices.book import enter
from central.devices.entering import Entry
from central.devices.records import DeviceId, RecordKind
from central.notices import issuing
from central.notices.printing import print_copy
from central.store.alarms import open_alarms
from central.store.blobs import BlobUnsound
from central.store.case_tables import CaseRow
from central.store.switch_tables import SwitchRow
from central.users import create_user
from central.web.media import case_file as route
from evidence.canonical import sha256_hex
from evidence.case_file import CaseFile, Trust, check_case_file
from evidence.errors import GiaoLoError
from evidence.switches import Switch
from tests.central.build import (
    BINH,
    CAMERA,
    HOA,
    LAN,
    NODE,
    NODE_KEY,
    NOW,
    OFFICE,
    PAPERS_AT,
    TRUONG,
    NodeChain,
    case_of,
    claimed,
    issued,
    make_centre,
    prepared,
)
from tests.central.test_audit import without_guards
from tests.central.test_pictures import SCENE
from tests.central.test_printing import CODE
from tests.central.test_siblings import issue
from tests.central.test_switches import OFFICER, directed
from tests.central.web_people import PASSWORD, Web, make_web
from tools.command.cli import cli

ADMIN = Officer("quantri", Role.ADMIN, "Quản Trị")
OWNER = ("Vũ Đình Chủ", "038077001234", "Số 5 phố Cổ, tỉnh Thanh Hóa")


def handed(centre: Centre, case_id: str, by: Officer | str = HOA) -> bytes:
    made = hand_out(centre, case_id, by)
    with made.file as file:
        data = file.read()
    assert (made.size, made.sha256) == (len(data), sha256_hex(data))
    return data


def opened(data: bytes, centre: Centre) -> CaseFile:
    return check_case_file(io.BytesIO(data), Trust(centre.key.public))


def member(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def report_of(data: bytes) -> str:
    return member(data, "bao-cao.html").decode()


# --- what it holds ----------------------------------------------------------------------------------------------------


def test_a_case_handed_out_is_whole_and_holds_what_was_received_and_done(centre: Centre) -> None:
    chain = NodeChain()
    case_of(centre, chain.next())
    sent = chain.next(scene=SCENE, pad=3000)
    case_id = case_of(centre, sent)
    data = handed(centre, case_id)
    found = opened(data, centre)
    assert member(data, "packet.glp") == sent
    assert member(data, "keys/node.pub") == NODE_KEY.public.pem()
    assert (found.index.number, found.index.exported_by, found.checkpoint.size) == (2, "hoa", 2)
    with centre.db.read() as session:
        stored = [(e.sequence, e.actor, e.hash, e.signature) for e in events(session, case_id)]
    assert [(e.sequence, e.actor, e.hash, e.signature) for e in found.record.events] == stored[:-1]
    pictures = {e.name.rpartition("/")[2] for e in found.index.files if e.role == "original"}
    assert pictures == {"still_before.jpg", "still_on.jpg", "still_after.jpg", "plate_crop.jpg", "clip.mp4"}


@pytest.mark.parametrize("state", ["new", "in review", "draft", "issued", "sent"])
def test_a_case_in_any_state_can_be_handed_out(state: str, box: Centre) -> None:
    make = {"new": case_of, "in review": claimed, "draft": prepared}
    case_id = make[state](box) if state in make else issued(box)[0]
    if state == "sent":
        with box.db.write() as session:
            issuing.publish(session, case_id, HOA, register=box.registry, now=NOW)
    data = handed(box, case_id)
    papers = [e.name for e in opened(data, box).index.files if e.role == "document"]
    assert papers == {"draft": ["documents/notice-draft.pdf"], "issued": ["documents/notice.pdf"],
                      "sent": ["documents/notice.pdf"]}.get(state, [])  # fmt: skip
    assert "thông báo" in report_of(data).lower()


def test_the_notice_in_it_is_the_stored_one_without_the_owners_code(box: Centre) -> None:
    case_id, notice = issued(box)
    code = CODE.findall("".join(p.extract_text() for p in PdfReader(io.BytesIO(
        print_copy(box.db, case_id, HOA, desk=box.notices, now=NOW).pdf)).pages))[0]  # fmt: skip
    data = handed(box, case_id)
    paper = member(data, "documents/notice.pdf")
    assert sha256_hex(paper) == notice.pdf_sha256
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(paper)).pages) + report_of(data)
    assert code not in text
    assert notice.code not in text
    assert code.encode() not in data


def test_the_papers_of_camera_and_box_go_with_the_notice_that_named_them(box: Centre) -> None:
    scan = box.store.put(b"%PDF-1.4 a decision of use")
    decision = Entry(
        DeviceId(NODE, CAMERA), RecordKind.DECISION, "77/QĐ", date(2024, 12, 3), "Giám đốc", date(2024, 12, 3), None,
        document_sha256=scan,
    )  # fmt: skip
    with box.db.write() as session:
        enter(session, [decision], by="truong", now=PAPERS_AT)
    data = handed(box, issued(box)[0])
    (paper,) = [e for e in opened(data, box).index.files if e.name.startswith("documents/device-paper-")]
    assert (paper.sha256, "77/QĐ" in paper.title) == (scan, True)
    assert "77/QĐ" in report_of(data)
    assert "03/12/2024" in report_of(data)


def test_the_same_moment_gives_the_same_bytes(tmp_path: Path) -> None:
    centre = make_centre(tmp_path / "a")
    case_id = case_of(centre)
    first = hand_out(centre, case_id, HOA)
    with centre.db.read() as session:
        from central.casefile.gathering import gather

        before = gather(session, case_id, centre=centre.config.centre_id)
    assert len(before.events) == 2  # the first export is in the record of the next file
    assert first.file.read().count(b"PK\x03\x04") >= 10
    one, two = (handed(centre, case_id) for _ in range(2))
    assert len(opened(two, centre).record.events) == len(opened(one, centre).record.events) + 1
    assert member(one, "packet.glp") == member(two, "packet.glp")
    centre.db.dispose()


# --- the record says so -----------------------------------------------------------------------------------------------


def test_that_a_case_was_handed_out_stands_in_its_record(centre: Centre) -> None:
    case_id = case_of(centre)
    data = handed(centre, case_id)
    with centre.db.read() as session:
        last = events(session, case_id)[-1]
        assert audit(session, centre.key.public, centre=centre.config.centre_id).faults == ()
    assert (last.actor, last.action) == ("hoa", "export")
    assert last.after == {"what": "case_file", "sha256": sha256_hex(data), "size": len(data)}
    assert "xuất hồ sơ vụ việc" in report_of(handed(centre, case_id))


def test_a_page_that_is_open_stays_good_when_the_case_is_handed_out(box: Centre) -> None:
    from central.cases.log import seen_version

    case_id = prepared(box)
    with box.db.read() as session:
        before = seen_version(session, case_id)
    handed(box, case_id)
    with box.db.read() as session:
        assert seen_version(session, case_id) == before


@pytest.mark.parametrize("who", [LAN, BINH, ADMIN])
def test_only_those_who_issue_hand_a_case_out(who: Officer, box: Centre) -> None:
    case_id = case_of(box)
    with pytest.raises(Refused) as caught:
        hand_out(box, case_id, who)
    assert caught.value.code == "role"
    with box.db.read() as session:
        assert [e.action for e in events(session, case_id)] == ["create"]


def test_what_was_altered_at_the_centre_is_not_handed_out(box: Centre) -> None:
    case_id = case_of(box)
    with box.db.read() as session:
        still = next(f.sha256 for f in session.get_one(CaseRow, case_id).packet.files if f.role == "still_on")
    path = box.config.blob_dir / still[:2] / still[2:4] / still
    kept = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"altered")
    with pytest.raises(BlobUnsound):
        hand_out(box, case_id, HOA)
    path.write_bytes(kept)
    with box.db.read() as session:
        assert [a.kind for a in open_alarms(session)] == ["evidence_unsound"]
        assert [e.action for e in events(session, case_id)] == ["create"]
    with box.db.write() as session:
        row = lock_case(session, case_id)
        append(session, row, Action.VIEW, actor="lan", at=NOW)
        row.events_head = "0" * 64
    with pytest.raises(LogBroken):
        hand_out(box, case_id, HOA)


def test_a_record_signed_by_somebody_else_is_not_handed_out(box: Centre) -> None:
    case_id = case_of(box)
    with box.db.write() as session:
        session.get_one(CaseRow, case_id).events_signature = "A" * 86 + "=="
    with pytest.raises(GiaoLoError, match="was not signed by this centre"):
        hand_out(box, case_id, HOA)


# --- what people said of the signals ----------------------------------------------------------------------------------


def statements_of(data: bytes, centre: Centre) -> list[Switch]:
    found = opened(data, centre).statements
    assert found is not None
    return [each.switch for each in found.switches]


def test_a_case_under_a_switch_carries_what_was_said_of_it_signed_and_logged(centre: Centre) -> None:
    chain = NodeChain()
    case_id, other = case_of(centre, chain.next()), case_of(centre, chain.next(camera="cam-2"))
    bare = handed(centre, case_id)
    assert statements_of(bare, centre) == []
    assert "không có ghi nhận nào" in report_of(bare)
    first = directed(centre, until=NOW + timedelta(hours=1), why="tai nạn <b>")
    with centre.db.write() as session:
        second = end(session, centre.ledger, OFFICER, first.id, NOW, now=NOW)
    data = handed(centre, case_id)
    assert statements_of(data, centre) == [first, second]
    report = report_of(data)
    assert "Cán bộ điều khiển giao thông" in report
    assert "“tai nạn &lt;b&gt;”" in report
    assert report.count("đã được ghi lại sau đó") == 1  # the first end, which no longer counts
    assert "không có ghi nhận nào về cán bộ" not in report
    assert statements_of(handed(centre, other), centre) == []
    assert opened(data, centre).checkpoint.size == 4  # two packets, two statements


def test_a_case_that_was_issued_in_spite_of_a_switch_is_not_handed_out_without_it(box: Centre) -> None:
    case_id = prepared(box)
    switch = directed(box)
    issue(box, case_id, word="cán bộ đã cho dừng, xe này vẫn đi")
    assert statements_of(handed(box, case_id), box) == [switch]
    with box.db.write() as session:
        without_guards(session)
        session.execute(delete(SwitchRow))
    with pytest.raises(GiaoLoError, match=f"{switch.id}: is named by the record of the case, and not here"):
        hand_out(box, case_id, HOA)


def test_a_statement_that_was_altered_at_the_centre_does_not_leave_it(box: Centre) -> None:
    case_id, switch = case_of(box), directed(box)
    with box.db.write() as session:
        without_guards(session)
        session.execute(update(SwitchRow).values(record=switch.model_copy(update={"why": "x"}).statement().decode()))
    with pytest.raises(GiaoLoError, match="is a statement that this centre did not sign"):
        hand_out(box, case_id, HOA)


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_report_says_of_the_owner_what_the_notice_says_and_no_more(box: Centre) -> None:
    from central.notices import drafting
    from central.registry import Registration

    owner = Registration("", "", "", *OWNER[:1], "person", *OWNER[1:], NOW.date(), None)
    bare = report_of(handed(box, case_of(box)))
    assert not any(part in bare for part in OWNER)
    case_id = prepared(box, sequence=2, previous="1" * 64)
    drafting.prepare_notice(box.db, case_id, HOA, desk=box.notices, now=NOW, owner=owner)
    report = report_of(handed(box, case_id))
    with box.db.read() as session:
        content: dict[str, Any] = dict(session.get_one(CaseRow, case_id).notice.content)  # type: ignore[union-attr]
    for field in ("owner_name", "owner_id", "owner_address"):
        assert content[field] in report
        assert report.count(content[field]) <= 2  # addressee and owner


def test_the_report_needs_nothing_from_elsewhere_and_runs_nothing(box: Centre) -> None:
    chain = NodeChain()
    note = "<script>alert(1)</script> & „ghi chú“"
    case_id = case_of(box, chain.next(place="Ngã tư <b>x</b>"))
    with box.db.write() as session:
        append(session, lock_case(session, case_id), Action.CONTEST, actor="owner:10.0.0.1", at=NOW, note=note)
    report = report_of(handed(box, case_id))
    assert "<script" not in report
    assert "&lt;script&gt;alert(1)" in report
    assert "10.0.0.1" not in report
    assert re.findall(r'(?:src|href)="(?!data:image/)', report) == []
    assert "default-src 'none'" in report


def test_the_report_names_people_with_their_accounts_and_no_program_by_its_code(box: Centre) -> None:
    case_id = case_of(box)
    with box.db.write() as session:
        create_user(session, "hoa", PASSWORD, role=Role.APPROVER, full_name="Lê Thị Hoa", now=NOW)
        append(session, lock_case(session, case_id), Action.SECOND_READING, actor="second-reader", at=NOW)
    handed(box, case_id)
    report = report_of(handed(box, case_id))
    assert "second-reader" not in report
    assert report.count("Lê Thị Hoa (hoa)") == 2  # who hands it out, and who did before


def test_the_report_names_every_file_with_its_digest_and_the_key(box: Centre) -> None:
    data = handed(box, issued(box)[0])
    report = report_of(data).replace(" ", "")
    found = opened(data, box)
    for entry in found.index.files:
        assert entry.name in report
        assert entry.role == "report" or entry.sha256 in report
    assert box.key.public.fingerprint in report


# --- the command and the check ----------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Centre, Path]]:
    centre = make_centre(tmp_path / "data", centre_id="thanh-hoa")
    settings = {"schema_version": 1, "data_dir": "data", "centre_id": "thanh-hoa", "second_reader": False,
                "office": OFFICE}  # fmt: skip
    (tmp_path / "central.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "centre.pub").write_bytes(centre.key.public.pem())
    with centre.db.write() as session:
        create_user(session, "hoa", PASSWORD, role=Role.APPROVER, full_name="Lê Thị Hoa", now=NOW)
    yield centre, tmp_path
    centre.db.dispose()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def test_a_court_checks_unpacks_and_finds_one_flipped_byte(desk: tuple[Centre, Path]) -> None:
    centre, folder = desk
    case_id, _ = issued(centre, pad=1000)
    file, key = folder / "ho-so.zip", ("--centre-key", folder / "centre.pub")
    switch = directed(centre)
    made = run("central", "case-file", "1", "--config", folder / "central.yaml", "--out", file, "--by", "hoa")
    assert made.exit_code == 0, made.output
    assert sha256_hex(file.read_bytes()) in made.output
    assert centre.key.public.fingerprint in made.output
    checked = run("verify", file, *key, "--extract", folder / "out")
    assert checked.exit_code == 0, checked.output
    assert checked.output.splitlines()[-1].endswith("Hồ sơ nguyên vẹn / the file of the case is whole")
    assert checked.output.count("OK     Bước/Step") == 11
    (told,) = [line for line in checked.output.splitlines() if line.startswith("SAID")]
    assert (
        told
        == f"SAID   officer_directs: {NODE}/{CAMERA}, {switch.since} to {switch.until}; by lan at {switch.at}: ùn tắc"
    )
    unpacked = {p.relative_to(folder / "out").as_posix(): p.read_bytes() for p in (folder / "out").rglob("*.*")}
    with zipfile.ZipFile(file) as archive:
        assert unpacked == {n: archive.read(n) for n in archive.namelist()}
    assert run("verify", folder / "out" / "packet.glp", "--key", folder / "out" / "keys" / "node.pub", "--proof",
               folder / "out" / "proof.json", *key).exit_code == 0  # fmt: skip
    good = file.read_bytes()
    for place in (0, 40, len(good) // 3, len(good) // 2, len(good) - 1):
        file.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        bad = run("verify", file, *key, "--extract", folder / "never")
        assert bad.exit_code == 1, place
        assert "BAD " in bad.output.splitlines()[-1]
        assert not (folder / "never").exists()
    with centre.db.read() as session:
        assert [e.actor for e in events(session, case_id) if e.action == "export"] == ["hoa"]


def test_without_a_key_it_is_not_called_good_and_the_fingerprint_is_told(desk: tuple[Centre, Path]) -> None:
    centre, folder = desk
    file = folder / "ho-so.zip"
    file.write_bytes(handed(centre, case_of(centre)))
    bare = run("verify", file, "--extract", folder / "never")
    assert bare.exit_code == 1
    assert centre.key.public.fingerprint in bare.output.splitlines()[-1]
    assert not (folder / "never").exists()
    spaced = " ".join(re.findall(".{8}", centre.key.public.fingerprint.upper()))
    assert run("verify", file, "--fingerprint", spaced).exit_code == 0
    told = json.loads(run("verify", file, "--fingerprint", "0" * 64, "--json").output)
    assert (told["ok"], told["failed"]) == (False, "sealer")
    told = json.loads(run("verify", file, "--centre-key", folder / "centre.pub", "--json").output)
    assert (told["ok"], told["number"], told["trusted"]) == (True, 1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--key", "centre.pub"), 2, "checked alone"),
        (("--fingerprint", "abc"), 2, "64 hexadecimal digits"),
        (("--fingerprint", "0" * 64, "--centre-key", "centre.pub"), 2, "instead of --centre-key"),
        (("--centre-key", "nowhere.pub"), 1, "cannot be read"),
        (("--centre-key", "centre.pub", "--older", "nowhere.json"), 1, "cannot be read"),
        (("--centre-key", "centre.pub", "--extract", "data"), 1, "is not an empty folder"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    desk: tuple[Centre, Path], arguments: tuple[str, ...], code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre, folder = desk
    monkeypatch.chdir(folder)
    (folder / "ho-so.zip").write_bytes(handed(centre, case_of(centre)))
    result = run("verify", "ho-so.zip", *arguments)
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_a_zip_that_is_none_and_one_that_is_not_there_end_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"x")
    for name in ("x.zip", "nowhere.zip"):
        result = run("verify", tmp_path / name)
        assert result.exit_code == 1
        assert len(result.output.splitlines()) == 1
    assert run("verify", tmp_path / "x.glp", "--extract", "y").exit_code == 2


@pytest.mark.parametrize(("name", "by", "said"), [("9", "hoa", "is no case here"), ("1", "nobody", "no such user")])
def test_who_or_what_is_not_known_is_told(desk: tuple[Centre, Path], name: str, by: str, said: str) -> None:
    centre, folder = desk
    case_of(centre)
    made = run("central", "case-file", name, "--config", folder / "central.yaml", "--out", folder / "a", "--by", by)
    assert (made.exit_code, said in made.output) == (1, True), made.output
    assert not (folder / "a").exists()


def test_a_proof_that_was_handed_out_stands_in_the_record_too(desk: tuple[Centre, Path]) -> None:
    centre, folder = desk
    case_id = case_of(centre)
    for extra in ((), ("--by", "hoa")):
        made = run("central", "proof", "1", "--config", folder / "central.yaml", "--out", folder / "p.json", *extra)
        assert made.exit_code == 0, made.output
    with centre.db.read() as session:
        said = [(e.actor.partition(":")[0], e.after) for e in events(session, case_id) if e.action == "export"]
    proof = (folder / "p.json").read_bytes()
    assert said[1] == ("hoa", {"what": "proof", "sha256": sha256_hex(proof), "size": len(proof)})
    assert said[0][0] == "machine"


# --- the desk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def test_the_button_hands_the_file_out_and_the_page_says_who_has_it(web: Web) -> None:
    case_id, _ = issued(web.centre)
    truong = web.person(TRUONG)
    page = f"/desk/cases/{case_id}"
    assert 'id="case-file"' in truong.get(page).text
    answer = truong.post(f"{page}/case-file", at=page)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert "ho-so-1.zip" in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert opened(answer.content, web.centre).index.exported_by == "truong"
    assert "xuất hồ sơ vụ việc thành tệp" in truong.get(page).text
    assert list(web.centre.config.data_dir.glob("tmp*")) == []
    assert hashlib.sha256(answer.content).hexdigest() in str(_last(web.centre, case_id))


def _last(centre: Centre, case_id: str) -> list[dict[str, Any]]:
    with centre.db.read() as session:
        return [e.after for e in events(session, case_id) if e.action == "export"]


def test_an_officer_has_no_button_and_the_route_refuses(web: Web) -> None:
    case_id, _ = issued(web.centre)
    lan = web.person(LAN)
    page = f"/desk/cases/{case_id}"
    assert 'id="case-file"' not in lan.get(page).text
    assert lan.post(f"{page}/case-file", at=page).status_code == 403
    assert web.person(HOA).client.post(f"{page}/case-file").status_code == 403  # without a form's token
    assert web.person(HOA).post(f"{page[:-3]}000/case-file", at=page).status_code == 404
    assert _last(web.centre, case_id) == []
    assert route.__doc__
