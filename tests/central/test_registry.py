"""The vehicle register from CSV: all lines or none, and every faulty line is named."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from central.centre import Centre
from central.registry import COLUMNS, RegistryError, import_registry, read_csv
from central.store.people_tables import VehicleRow
from countries.vn.deadlines import VIETNAM

HEADER = ",".join(COLUMNS)
GOOD = '36A-123.45,white,car,Nguyễn Văn An,person,038012345678,"12 Lê Lợi, Thanh Hóa",2020-01-01,'
AT = datetime(2026, 11, 23, 8, tzinfo=VIETNAM)


def write(folder: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    file = folder / "registry.csv"
    file.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
    return file


def count(centre: Centre) -> int:
    with centre.db.read() as session:
        return session.scalar(select(func.count()).select_from(VehicleRow)) or 0


def load(centre: Centre, file: Path) -> int:
    return import_registry(centre.db, file)


def test_a_good_file_replaces_the_register(centre: Centre, tmp_path: Path) -> None:
    assert load(centre, write(tmp_path, GOOD, GOOD.replace("36A", "36B"))) == 2
    assert load(centre, write(tmp_path, GOOD)) == 1
    assert count(centre) == 1
    with centre.db.read() as session:
        found = centre.registry.find(session, plate="36a 12345", colour="white", kind="car", at=AT)
    assert found is not None
    assert (found.owner_name, found.address) == ("Nguyễn Văn An", "12 Lê Lợi, Thanh Hóa")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(GOOD.replace("36A-123.45", "biển"), "line 3: plate", id="no plate"),
        pytest.param(GOOD.replace("36A-1", "36-Â 1"), "Â → AA, A6?", id="a Vietnamese keyboard"),
        pytest.param(GOOD.replace("36A-123.45", "36A-123.4"), "line 3: plate", id="a digit missing"),
        pytest.param(GOOD.replace("white", "trắng"), "line 3: colour", id="colour in Vietnamese"),
        pytest.param(GOOD.replace(",car,", ",tank,"), "line 3: kind", id="no kind of vehicle"),
        pytest.param(GOOD.replace(",person,", ",,"), "line 3: owner_type", id="no type of owner"),
        pytest.param(GOOD.replace("Nguyễn Văn An", " "), "line 3: owner_name: is empty", id="no owner"),
        pytest.param(GOOD.replace("Nguyễn Văn An", "x" * 301), "line 3: owner_name: is longer", id="endless name"),
        pytest.param(GOOD.replace("Nguyễn Văn An", "x\0"), "line 3: owner_name: holds", id="a NUL"),
        pytest.param(GOOD.replace("2020-01-01", "2020-13-01"), "line 3: valid_from", id="a thirteenth month"),
        pytest.param(GOOD + "2019-01-01", "line 3: valid_to: lies before", id="ends before it begins"),
        pytest.param(GOOD + ",more", "line 3: has more fields", id="a comma too many"),
        pytest.param("36A-123.45,white", "line 3: kind", id="cut off"),
        pytest.param(GOOD.replace('Hóa"', 'Hóa"x'), "line 3", id="a quote in the wrong place"),
        pytest.param(GOOD.replace('Hóa"', "Hóa"), "line 3", id="a quote that never ends"),
        pytest.param(GOOD, "overlaps in time with line 2", id="one plate, two owners at a time"),
    ],
)
def test_one_bad_line_and_nothing_is_imported(line: str, said: str, box: Centre, tmp_path: Path) -> None:
    load(box, write(tmp_path, GOOD.replace("36A", "36K")))
    with pytest.raises(RegistryError) as caught:
        load(box, write(tmp_path, GOOD, line))
    assert said in str(caught.value)
    assert "nothing was imported" in str(caught.value)
    assert "registry.csv" in str(caught.value)
    with box.db.read() as session:
        assert session.scalars(select(VehicleRow.plate)).all() == ["36K12345"]


def test_all_bad_lines_are_named_at_once(box: Centre, tmp_path: Path) -> None:
    bad = GOOD.replace("white", "pink")
    with pytest.raises(RegistryError) as caught:
        load(box, write(tmp_path, bad, GOOD, bad, bad))
    assert all(f"line {n}: colour" in str(caught.value) for n in (2, 4, 5))


def test_a_file_full_of_faults_is_cut_short(box: Centre, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"\(and 80 more\)"):
        load(box, write(tmp_path, *["x"] * 100))


def test_line_numbers_are_those_of_the_file_also_after_a_field_of_two_lines(box: Centre, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"line 3: address: holds a line break.*line 4: colour"):
        load(box, write(tmp_path, GOOD.replace(", Thanh", "\nThanh"), GOOD.replace("white", "pink")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "columns are missing", id="empty"),
        pytest.param(b"plate;colour;kind\n", "columns are missing", id="semicolons"),
        pytest.param(HEADER.replace("kind,", "").encode(), "columns are missing: kind", id="a column short"),
        pytest.param("plate\nNguyễn".encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(b'"plate"x,colour\n', "line 1", id="a broken header"),
        pytest.param(f"{HEADER}\n".encode(), "would be emptied", id="a header alone"),
        pytest.param(None, "cannot be read", id="no such file"),
    ],
)
def test_a_file_that_is_no_register_is_refused(content: bytes | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RegistryError, match=said) as caught:
        read_csv(file)
    assert "some.csv" in str(caught.value)


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    lines = [GOOD.replace("2020-01-01", "01/01/2020"), "", GOOD.replace("36A", "36B")]
    file = write(tmp_path, *lines, encoding="utf-8-sig")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert [r.valid_from for r in read_csv(file)] == [date(2020, 1, 1)] * 2


@pytest.mark.parametrize(
    ("plate", "colour", "kind", "at", "owner"),
    [
        ("36A12345", "white", "car", "2020-06-01T12:00", "Nguyễn Văn Cũ"),
        ("36A12345", "white", "car", "2022-12-31T23:59", "Nguyễn Văn Cũ"),
        ("36A12345", "white", "car", "2023-01-01T00:00", "Trần Thị Mới"),
        ("36A12345", "white", "car", "2019-12-31T23:59", None),
        ("36A12345", "yellow", "car", "2023-01-01T00:00", "Hợp tác xã Vận tải"),
        ("36A12345", "unknown", "car", "2022-01-01T00:00", "Nguyễn Văn Cũ"),
        ("36A12345", "unknown", "car", "2023-01-01T00:00", None),
        ("36A12345", "white", "motorcycle", "2023-01-01T00:00", None),
        ("36A99999", "white", "car", "2023-01-01T00:00", None),
    ],
)
def test_the_owner_is_the_one_at_the_time_of_the_act(
    plate: str, colour: str, kind: str, at: str, owner: str | None, box: Centre, tmp_path: Path
) -> None:
    """With the colour not known, an owner is named only if just one vehicle bears the plate: no guess."""
    load(
        box,
        write(
            tmp_path,
            "36A12345,white,car,Nguyễn Văn Cũ,person,1,x,2020-01-01,2022-12-31",
            "36A12345,white,car,Trần Thị Mới,person,2,x,2023-01-01,",
            "36A12345,yellow,car,Hợp tác xã Vận tải,organisation,3,x,2023-01-01,",
        ),
    )
    with box.db.read() as session:
        instant = datetime.fromisoformat(at).replace(tzinfo=VIETNAM)
        found = box.registry.find(session, plate=plate, colour=colour, kind=kind, at=instant)
    assert (found.owner_name if found else None) == owner


@given(st.text(max_size=300))
def test_no_text_breaks_the_import(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "noise.csv"
    for content in (text, f"{HEADER}\n{text}", f"{HEADER}\n{GOOD}\n{text}"):
        file.write_text(content, encoding="utf-8", errors="replace", newline="")
        try:
            found = read_csv(file)
        except RegistryError:
            continue
        assert len(found) == 1
