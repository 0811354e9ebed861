"""What an owner sees by plate: the fields of TT 73 Điều 24.1.c and nothing more; none and unknown look the same."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.cases.log import events
from central.centre import Centre
from central.config import parse_config
from central.desk import actions
from central.notices import issuing
from central.notices.code import code_hash, new_code, read_code
from central.owners import lookup
from central.owners.lookup import OwnerCase, PublicCase
from central.registry import TableRegistry
from central.store.case_tables import NoticeRow
from central.store.people_tables import LookupRow
from countries.here import HERE
from evidence.acts import ActCode
from tests.central.build import HOA, LAN, NOW, OFFICE, case_of, claimed, confirmed, issued, prepared


def look_up(centre: Centre, plate: str, colour: str = "white", kind: str = "car") -> list[PublicCase]:
    with centre.db.write() as session:
        return lookup.owner_lookup(
            session, plate, colour, kind, office=centre.config.office, client="203.0.113.7", now=centre.clock()
        )


def open_with(centre: Centre, code: str, plate: str) -> OwnerCase | None:
    with centre.db.write() as session:
        return lookup.case_by_code(
            session, code, plate, office=centre.config.office, client="203.0.113.7", now=centre.clock()
        )


def test_an_owner_finds_the_case_by_plate_colour_and_kind(centre: Centre) -> None:
    issued(centre, plate="36A12345")
    (found,) = look_up(centre, "36a-123.45")
    assert (found.plate, found.kind_vi, found.plate_colour_vi) == (
        "36A-123.45", "Ô tô", "Nền màu trắng, chữ và số màu đen",
    )  # fmt: skip
    assert found.act is ActCode.RED_LIGHT
    assert found.place.startswith("Ngã tư Lê Lợi")
    assert found.detecting_unit == "Phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa"
    assert found.resolving_units[0].name == "Phòng Cảnh sát giao thông, Công an tỉnh Thanh Hóa"


def test_only_the_listed_fields_are_shown() -> None:
    """A new field needs a clause: TT 73/2024 Điều 24.1.c as of TT 13/2025 lists these, the portal adds the status."""
    assert HERE.look_up == (
        "vehicle", "plate", "colour", "occurred_at", "place", "act", "detected_by", "units", "status",
    )  # fmt: skip
    assert {f.name for f in fields(PublicCase)} == {
        "kind", "kind_vi", "plate", "plate_colour", "plate_colour_vi", "occurred_at", "place", "act", "act_vi",
        "act_en", "detecting_unit", "resolving_units", "status_vi", "status_en",
    }  # fmt: skip


def test_no_name_number_address_amount_or_picture_is_in_the_answer(centre: Centre, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from central.registry import import_registry

    file = tmp_path / "r.csv"
    file.write_text(
        "plate,colour,kind,owner_name,owner_type,id_number,address,valid_from,valid_to\n"
        "36A12345,white,car,Nguyễn Văn An,person,038012345678,12 Hàng Than,2020-01-01,\n"
    )
    import_registry(centre.db, file)
    issued(centre, plate="36A12345")
    said = str([asdict(c) for c in look_up(centre, "36A12345")])
    for secret in ("Nguyễn Văn An", "038012345678", "Hàng Than", "19000000", "18000000", "jpg", "lan", "hoa", "packet"):
        assert secret not in said


def test_none_and_unknown_have_the_same_answer(centre: Centre) -> None:
    issued(centre, plate="36A12345")
    case_of(centre, plate="36B11111")
    claimed(centre, plate="36B22222")
    confirmed(centre, plate="36B33333", typed="36B33333")
    prepared(centre, plate="36B44444", typed="36B44444")
    rejected = claimed(centre, plate="36B55555")
    with centre.db.write() as session:
        actions.reject(session, rejected, LAN, "not_violation", now=centre.clock())
    answers = [
        look_up(centre, "36A12345", colour="yellow"),
        look_up(centre, "36A12345", kind="motorcycle"),
        *(look_up(centre, plate) for plate in ("36Z99999", "", "%", "36A1234_", "36A12345' OR 1=1", "\0", "x" * 500)),
        *(look_up(centre, f"36B{str(n) * 5}") for n in range(1, 6)),
        look_up(centre, "36A12345", colour="white\0", kind="x" * 100),
    ]
    assert answers == [[]] * len(answers)


def test_a_case_stays_findable_after_the_notice_went_out_newest_first(centre: Centre) -> None:
    old, _ = issued(centre, at=NOW - timedelta(days=3))
    issued(centre, at=NOW - timedelta(days=1), act=ActCode.WRONG_WAY)
    with centre.db.write() as session:
        issuing.publish(session, old, HOA, register=TableRegistry(), now=centre.clock())
    assert [c.act for c in look_up(centre, "36A12345")] == [ActCode.WRONG_WAY, ActCode.RED_LIGHT]


def test_every_question_is_recorded_with_how_many_were_shown(centre: Centre) -> None:
    issued(centre, plate="36A12345")
    look_up(centre, "36A-123.45")
    look_up(centre, "36Z-999.99")
    with centre.db.read() as session:
        rows = session.scalars(select(LookupRow).order_by(LookupRow.id)).all()
    assert [(r.client, r.plate, r.shown) for r in rows] == [
        ("203.0.113.7", "36A12345", 1),
        ("203.0.113.7", "36Z99999", 0),
    ]


def test_the_configured_units_are_named_with_address_and_phone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tests.central.build import make_centre

    units = [{"name": "Đội CSGT số 1", "address": "Đường A", "phone": "0237 000 001"}, {"name": "Đội CSGT số 2"}]
    centre = make_centre(tmp_path, office={"resolving": units})
    issued(centre)
    (found,) = look_up(centre, "36A12345")
    assert [(u.name, u.phone) for u in found.resolving_units] == [
        ("Đội CSGT số 1", "0237 000 001"),
        ("Đội CSGT số 2", ""),
    ]
    bare = parse_config({"schema_version": 1, "office": OFFICE}, base=tmp_path, where="x")
    assert bare.office.resolving_units()


def test_the_code_of_the_notice_opens_the_evidence_of_that_case_and_is_recorded(centre: Centre) -> None:
    case_id, notice = issued(centre)
    found = open_with(centre, notice.code.lower().replace("-", " "), "36A-123.45")
    assert found is not None
    assert (found.case_id, found.notice_number) == (case_id, "01/TB-PC08")
    assert {role for role, _ in found.files} >= {"still_before", "still_on", "still_after"}
    with centre.db.read() as session:
        assert [(e.actor, e.action) for e in events(session, case_id)][-1] == ("owner:203.0.113.7", "view")


def test_any_mistake_with_the_code_has_the_same_answer(centre: Centre) -> None:
    _, notice = issued(centre)
    for code, plate in (
        (notice.code, "36A-123.46"), (notice.code, ""), (new_code(), "36A-123.45"), ("", "36A-123.45"),
        (notice.code[:-1], "36A-123.45"), ("x" * 10_000, "36A-123.45"), (notice.code + "\0", "36A-123.45"),
    ):  # fmt: skip
        assert open_with(centre, code, plate) is None


def test_the_database_does_not_know_the_code(centre: Centre) -> None:
    _, notice = issued(centre)
    with centre.db.read() as session:
        row = session.scalars(select(NoticeRow)).one()
    bare = notice.code.replace("-", "")
    assert bare not in str(row.content).replace("-", "")
    assert row.code_hash == code_hash(notice.code)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ABCD-EFGH-JKMN-PQRS", "ABCDEFGHJKMNPQRS"),
        (" abcd efgh jkmn pqrs ", "ABCDEFGHJKMNPQRS"),
        ("OOOO-IIII-LLLL-0000", "0000111111110000"),
        ("ABCD-EFGH-JKMN-PQR", None),
        ("ABCD-EFGH-JKMN-PQRU", None),
        ("ÀBCD-EFGH-JKMN-PQRS", None),
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str, read: str | None) -> None:
    assert read_code(typed) == read


def test_codes_are_long_and_all_different() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(len(read_code(c) or "") == 16 for c in codes)
