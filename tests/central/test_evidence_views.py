"""Evidence leaves the store verified or not at all, and who looked at which file is in the case's record."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from central.cases.log import events
from central.centre import Centre
from central.cli import central
from central.intake.ingest import Ingest
from central.pictures.copies import Copies
from central.store.alarms import acknowledge, open_alarms, raise_alarm
from central.store.blobs import BlobUnsound, FileStore
from central.store.case_tables import CaseRow
from central.store.packet_tables import AlarmRow, PacketFileRow, QuarantineRow
from central.web.verified import byte_range
from evidence.canonical import sha256_hex
from evidence.wire import CameraHealth, Health, SubstreamHealth, SubstreamState
from tests.central.build import BINH, LAN, NODE, NOW, OFFICE, TRUONG, case_of, issued, picture
from tests.central.web_people import Web, make_web


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = make_web(tmp_path / "centre")
    yield made
    made.centre.db.dispose()


def blob_path(centre: Centre, case_id: str, name: str) -> Path:
    with centre.db.read() as session:
        row = session.get_one(CaseRow, case_id)
        digest = session.scalar(
            select(PacketFileRow.sha256).where(PacketFileRow.packet_id == row.packet_id, PacketFileRow.name == name)
        )
    assert digest is not None
    assert isinstance(centre.store, FileStore)
    return centre.store.path(digest)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    os.chmod(path, 0o600)
    path.write_bytes(data)


def viewed(web: Web, case_id: str) -> list[tuple[str, str, str]]:
    """Who looked at which file, and how, in order."""
    with web.centre.db.read() as session:
        return [(e.actor, e.after["file"], e.after["how"]) for e in events(session, case_id) if "file" in e.after]


def drawn_clip() -> bytes:
    """A few frames of MPEG-4 part 2, which no browser plays."""
    import io

    import av
    import numpy as np

    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as sink:
        out = sink.add_stream("mpeg4", rate=25)
        out.width, out.height, out.pix_fmt = 64, 48, "yuv420p"
        for n in range(6):
            sink.mux(out.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), n * 20, np.uint8))))
        sink.mux(out.encode(None))
    return made.getvalue()


# --- altered evidence ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?download=1"])
@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}, {"If-None-Match": "sealed"}])
def test_one_flipped_byte_on_the_disk_is_refused_with_an_alarm_and_never_served(
    web: Web, query: str, headers: dict[str, str]
) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    address = f"/desk/cases/{case_id}/files/still_on.jpg{query}"
    sealed = lan.get(address)
    path = blob_path(web.centre, case_id, "still_on.jpg")
    flip(path)
    asked = {k: sealed.headers["etag"] if v == "sealed" else v for k, v in headers.items()}
    answer = lan.get(address, headers=asked)
    assert answer.status_code == 500
    assert "etag" not in answer.headers
    assert path.read_bytes()[:64] not in answer.content
    assert "thay đổi trên máy chủ" in answer.text
    with web.centre.db.read() as session:
        (alarm,) = session.scalars(select(AlarmRow)).all()
    assert (alarm.kind, "still_on.jpg" in alarm.text) == ("evidence_unsound", True)


def test_a_missing_file_is_told_and_alarmed(web: Web) -> None:
    case_id = case_of(web.centre)
    blob_path(web.centre, case_id, "still_on.jpg").unlink()
    assert web.person(LAN).get(f"/desk/cases/{case_id}/files/still_on.jpg").status_code == 500
    with web.centre.db.read() as session:
        assert [a.kind for a in open_alarms(session)] == ["evidence_unsound"]


def test_thumbnail_and_owners_copy_are_not_made_of_altered_evidence(web: Web) -> None:
    case_id, notice = issued(web.centre)
    owner, lan = web.visitor(), web.person(LAN)
    owner.post("/evidence", plate="36A12345", code=notice.code)
    flip(blob_path(web.centre, case_id, "still_on.jpg"))
    assert owner.get("/evidence/on.jpg").status_code == 500
    assert lan.get(f"/desk/cases/{case_id}/thumb.jpg").status_code == 500


def test_a_looking_copy_is_not_served_when_the_clip_was_altered_after_it_was_made(web: Web) -> None:
    case_id = case_of(web.centre, files={"still_on.jpg": picture(), "clip.mp4": drawn_clip()})
    lan = web.person(LAN)
    address = f"/desk/cases/{case_id}/clip-copy.webm"
    first = lan.get(address)
    assert (first.status_code, first.headers["content-type"]) == (200, "video/webm")
    assert lan.get(address).content == first.content
    flip(blob_path(web.centre, case_id, "clip.mp4"))
    assert lan.get(address).status_code == 500


def test_a_looking_copy_that_was_exchanged_on_disk_is_made_again(web: Web) -> None:
    case_id = case_of(web.centre, files={"still_on.jpg": picture(), "clip.mp4": drawn_clip()})
    lan = web.person(LAN)
    address = f"/desk/cases/{case_id}/clip-copy.webm"
    true = lan.get(address).content
    (copy,) = (web.centre.config.data_dir / "web-copies").glob("*.webm")
    copy.write_bytes(b"another film" * 50)
    again = lan.get(address).content
    assert b"another film" not in again
    assert len(again) == len(true)


def test_looking_copies_are_bounded_and_the_newest_stays(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "c", b"k", max_bytes=3000)
    for n in range(6):
        copies.keep(sha256_hex(bytes([n])), bytes(1000))
        os.utime(tmp_path / "c" / f"{sha256_hex(bytes([n]))}.webm", (n, n))
    assert copies.find(sha256_hex(bytes([5]))) == bytes(1000)
    assert sum(f.stat().st_size for f in (tmp_path / "c").iterdir()) <= 4200
    assert Copies(tmp_path / "c", b"another key").find(sha256_hex(bytes([5]))) is None


def test_what_was_opened_stays_what_was_hashed_whatever_happens_to_the_file(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    digest = store.put(b"sealed picture" * 1000)
    with store.open(digest) as file:
        flip(store.path(digest))
        assert sha256_hex(file.read()) == digest
    with pytest.raises(BlobUnsound, match="altered on disk"):
        store.open(digest)
    with pytest.raises(BlobUnsound, match="altered on disk"):
        store.read(digest)


# --- ranges --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "span"),
    [("", (0, 100)), ("bytes=0-9", (0, 10)), ("bytes=90-", (90, 100)), ("bytes=-10", (90, 100)),
     ("bytes=-1000", (0, 100)), ("bytes=50-1000", (50, 100)), ("bytes=100-", None), ("bytes=-0", None),
     ("bytes=9-3", (0, 100)), ("bytes=-", (0, 100)), ("bytes=0-1,5-6", (0, 100)), ("lines=1-2", (0, 100)),
     ("bytes=²-3", (0, 100))],
)  # fmt: skip
def test_ranges_are_those_of_rfc_9110(header: str, span: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == span


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d*-\d*", fullmatch=True), st.integers(0, 1000))
def test_any_range_is_inside_the_file(header: str, size: int) -> None:
    span = byte_range(header, size)
    assert span is None or 0 <= span[0] <= span[1] <= size


def test_a_video_is_served_in_ranges_and_known_bytes_are_not_sent_again(web: Web) -> None:
    clip = drawn_clip()
    case_id = case_of(web.centre, files={"still_on.jpg": picture(), "clip.mp4": clip})
    lan = web.person(LAN)
    address = f"/desk/cases/{case_id}/files/clip.mp4"
    whole = lan.get(address)
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, clip, "bytes")
    part = lan.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, clip[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(clip)}"
    assert lan.get(address, headers={"Range": f"bytes={len(clip)}-"}).status_code == 416
    stale = lan.get(address, headers={"Range": "bytes=10-19", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, clip)
    known = lan.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


# --- the record ----------------------------------------------------------------------------------------------------


def test_each_file_view_and_download_is_in_the_record_of_the_case_with_name_and_digest(web: Web) -> None:
    case_id = case_of(web.centre, files={"still_on.jpg": picture(), "clip.mp4": drawn_clip()})
    binh = web.person(BINH)  # holds nothing
    binh.get(f"/desk/cases/{case_id}/files/still_on.jpg")
    binh.get(f"/desk/cases/{case_id}/files/still_on.jpg?download=1")
    binh.get(f"/desk/cases/{case_id}/files/clip.mp4?download=1")
    binh.get(f"/desk/cases/{case_id}/clip-copy.webm")
    assert viewed(web, case_id) == [
        ("binh", "still_on.jpg", "shown"), ("binh", "still_on.jpg", "download"), ("binh", "clip.mp4", "download"),
        ("binh", "clip.mp4", "copy"),
    ]  # fmt: skip
    with web.centre.db.read() as session:
        digests = {e.after["sha256"] for e in events(session, case_id) if "file" in e.after}
    assert digests == {sha256_hex(picture()), sha256_hex(drawn_clip())}
    page = binh.get(f"/desk/cases/{case_id}").text
    assert "tải về tệp clip.mp4" in page


def test_a_file_fetched_again_and_again_is_one_view_until_a_quarter_of_an_hour_has_passed(web: Web) -> None:
    case_id = case_of(web.centre)
    lan, binh = web.person(LAN), web.person(BINH)
    for start in range(5):
        lan.get(f"/desk/cases/{case_id}/files/still_on.jpg", headers={"Range": f"bytes={start}-"})
    binh.get(f"/desk/cases/{case_id}/files/still_on.jpg")
    assert viewed(web, case_id) == [("lan", "still_on.jpg", "shown"), ("binh", "still_on.jpg", "shown")]
    web.clock.forward(minutes=16)
    lan.get(f"/desk/cases/{case_id}/files/still_on.jpg")
    assert len(viewed(web, case_id)) == 3


def test_a_file_view_changes_nothing_of_the_case_that_somebody_decides_on(web: Web) -> None:
    case_id = case_of(web.centre)

    def version() -> int:
        with web.centre.db.read() as session:
            return session.get_one(CaseRow, case_id).version

    before = version()
    web.person(BINH).get(f"/desk/cases/{case_id}/files/still_on.jpg")
    assert version() == before


def test_the_owners_look_at_a_picture_is_recorded_too(web: Web) -> None:
    case_id, notice = issued(web.centre)
    owner = web.visitor()
    owner.post("/evidence", plate="36A12345", code=notice.code)
    owner.get("/evidence/on.jpg")
    assert viewed(web, case_id) == [("owner:", "still_on.jpg", "copy")]


# --- alarms --------------------------------------------------------------------------------------------------------


def test_an_acknowledged_alarm_says_who_and_when_and_does_not_hide_the_next(web: Web) -> None:
    case_id = case_of(web.centre)
    lan = web.person(LAN)
    blob_path(web.centre, case_id, "still_on.jpg").unlink()
    address = f"/desk/cases/{case_id}/files/still_on.jpg"
    lan.get(address)
    lan.get(address)
    with web.centre.db.read() as session:
        (alarm,) = open_alarms(session)
    with web.centre.db.write() as session:
        assert acknowledge(session, alarm.id, by="truong", now=NOW)
        assert not acknowledge(session, alarm.id, by="lan", now=NOW)
    lan.get(address)
    with web.centre.db.read() as session:
        seen = session.get_one(AlarmRow, alarm.id)
        assert (seen.acknowledged_by, seen.acknowledged_at) == ("truong", NOW)
        assert len(open_alarms(session)) == 1


def test_the_head_of_unit_acknowledges_on_the_page_and_an_officer_may_not(web: Web) -> None:
    case_id = case_of(web.centre)
    lan, truong = web.person(LAN), web.person(TRUONG)
    blob_path(web.centre, case_id, "still_on.jpg").unlink()
    lan.get(f"/desk/cases/{case_id}/files/still_on.jpg")
    unit = truong.get("/desk/unit").text
    action = re.search(r'action="(/desk/alarms/\d+/seen)"', unit)
    assert action
    told = re.sub(r"<details>.*?</details>", "", unit, flags=re.S)
    assert "Tệp chứng cứ đã bị mất" in told
    assert 'lang="en"' not in told, "the program's own words stand behind the ones for people"
    assert lan.post(action[1], at="/desk").status_code == 403
    assert truong.client.post(action[1]).status_code == 403
    assert truong.post(action[1], at="/desk/unit").status_code == 200
    with web.centre.db.read() as session:
        (alarm,) = session.scalars(select(AlarmRow)).all()
    assert (alarm.acknowledged_by, alarm.acknowledged_at) == ("truong", web.clock.now)
    assert "/seen" not in truong.get("/desk/unit").text
    for unknown in ("/desk/alarms/99/seen", f"/desk/alarms/{10**30}/seen", "/desk/alarms/-1/seen"):
        assert truong.post(unknown, at="/desk/unit").status_code == 404, unknown


@pytest.mark.parametrize("state", get_args(SubstreamState))
def test_the_unit_reads_whose_two_streams_do_not_stay_as_they_stood(web: Web, state: SubstreamState) -> None:
    told = SubstreamHealth(state=state, offset_s=0.4, residual_s=0.2, wandered_s=0.5)
    cameras = [CameraHealth(id="c", state="running", substream=told), CameraHealth(id="d", state="running")]
    Ingest.of(web.centre).health(NODE, Health(node=NODE, status="running", at="x", cameras=cameras))
    page = web.person(TRUONG).get("/desk/unit").text
    said = {"wanders": "giờ của hai luồng trôi", "scatters": "giờ của hai luồng đo không chắc"}
    assert {name: page.count(text) for name, text in said.items()} == {name: int(name == state) for name in said}


def test_the_unit_says_how_many_alarms_and_packets_stand_behind_those_it_lists(web: Web) -> None:
    def add(*numbers: int) -> None:
        with web.centre.db.write() as session:
            for k in numbers:
                at = NOW - timedelta(minutes=k)
                session.add(AlarmRow(kind="gap", node_id=f"box-{k}", packet_id=None, text="x", at=at))
                session.add(QuarantineRow(
                    node_id=NODE, packet_id=str(k), container_sha256="0" * 64, size=1, status="quarantined", reason="x",
                    path=None, at=at,
                ))  # fmt: skip

    truong = web.person(TRUONG)
    add(*range(20))
    whole = truong.get("/desk/unit").text
    assert "cũ hơn" not in whole, "all are listed"
    add(20, 21, 22)
    shown = truong.get("/desk/unit").text
    assert len(re.findall(r"/desk/alarms/\d+/seen", shown)) == 20
    assert "Còn 3 cảnh báo cũ hơn" in shown
    assert "Ngoài danh sách này còn 3 gói cũ hơn" in shown


def test_alarms_are_listed_and_acknowledged_by_command(web: Web, tmp_path: Path) -> None:
    with web.centre.db.write() as session:
        raise_alarm(session, "fork", "n", None, "a line\nof somebody else's", NOW)
    config = tmp_path / "central.yaml"
    value = {"schema_version": 1, "data_dir": str(web.centre.config.data_dir), "office": OFFICE}
    config.write_text(yaml.safe_dump(value), encoding="utf-8")

    def shell(*arguments: str) -> str:
        result = CliRunner().invoke(central, ["alarms", "--config", str(config), *arguments])
        return result.output if result.exit_code == 0 else f"exit {result.exit_code}: {result.output}"

    assert "fork  n  a line\\nof somebody else's\n1 open alarms" in shell()
    assert shell("--seen", "1", "--by", "truong") == "0 open alarms\n"
    assert shell("--seen", "1").startswith("exit 2")
    assert "there is no such alarm" in shell("--seen", "7", "--by", "truong")
