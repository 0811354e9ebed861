"""Units: a tree that is always one, whose a camera and a case is, and what an account may do with which case."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from central.cases.lifecycle import Action, CaseState, Officer, Refused, Role, Status
from central.cases.steps import MOVES, allowed, may, step
from central.centre import Centre
from central.cli import central
from central.desk.unit import recount_figures
from central.desk.worklist import recount
from central.store.case_tables import CaseCountRow, CaseRow, NoticeRow, TermRow
from central.store.db import Database
from central.store.migrate import upgrade
from central.store.people_tables import UserRow
from central.units.book import cameras_of, change, give_camera, tree_of
from central.units.csv_file import import_units
from central.units.tree import EVERYWHERE, ROOT, Tree, Unit, UnitError
from central.users import create_user, current_session, open_session, set_unit
from tests.central.build import CAMERA, NODE, NOW, case_of

TOP = Unit(ROOT, "", "root", None)
TEAM = Unit("doi-1", "Đội CSGT số 1", "team", ROOT)
STATION = Unit("tram-1", "Trạm CSGT Bỉm Sơn", "station", "doi-1")
COMMUNE = Unit("xa-1", "Công an xã Hà Trung", "commune", ROOT)
TREE = Tree.of([TOP, TEAM, STATION, COMMUNE])


# --- the tree --------------------------------------------------------------------------------------------------------


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Any tree of some units: each hangs on one that was there before it."""
    units = [TOP]
    for n in range(draw(st.integers(0, 12))):
        units.append(Unit(f"u{n}", f"Đơn vị {n}", "other", draw(st.sampled_from(units)).code))
    return Tree.of(draw(st.permutations(units)))


@given(trees())
def test_in_any_tree_each_unit_is_below_all_that_stand_above_it(tree: Tree) -> None:
    assert tree.scope(ROOT, below=True).everything
    assert next(unit.code for _, unit in tree.walk()) == ROOT
    assert sorted(unit.code for _, unit in tree.walk()) == sorted(tree.units)
    for code in tree.units:
        line = tree.line(code)
        assert line[0] == code
        assert line[-1] == ROOT
        assert {above for above in tree.units if code in tree.below(above)} == set(line)
        assert tree.scope(code, below=False).has(code)
        seen = tree.scope(code, below=True)
        assert {u for u in tree.units if seen.has(u)} == tree.below(code)


@given(trees(), st.data())
def test_whatever_is_hung_elsewhere_the_whole_stays_a_tree_or_is_refused(tree: Tree, data: st.DataObject) -> None:
    code, parent = (data.draw(st.sampled_from(sorted(tree.units))) for _ in range(2))
    moved = replace(tree.units[code], parent=parent)
    if code == ROOT or parent in tree.below(code):
        with pytest.raises(UnitError):
            tree.with_([moved])
    else:
        assert code in tree.with_([moved]).below(parent)


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        (Unit("Đội 1", "Đội 1", "team", ROOT), "a code is typed on every keyboard"),
        (Unit("doi-1", " ", "team", ROOT), "a unit has a name"),
        (Unit("doi-1", "Đội 1", "root", ROOT), "there is one root"),
        (Unit("doi-1", "Đội 1", "team", "doi-9"), "the unit above it is not there"),
        (Unit("doi-1", "Đội 1", "team", None), "only the root hangs on none"),
        (Unit("doi-1", "Đội 1", "team", ROOT, date(2026, 2, 1), date(2026, 1, 1)), "it ends before it begins"),
        (Unit(ROOT, "Phòng", "root", None, None, date(2026, 1, 1)), "the root does not end"),
    ],
)
def test_what_is_no_unit_is_refused(unit: Unit, why: str) -> None:
    with pytest.raises(UnitError):
        Tree.of([TOP, unit] if unit.code != ROOT else [unit])


# --- who may do what -------------------------------------------------------------------------------------------------


def person(role: Role, unit: str, tree: Tree = TREE) -> Officer:
    return Officer(role.value, role, "", unit, tree.scope(unit, below=role in (Role.HEAD, Role.ADMIN)))


OPEN_TO = {
    # unit of the account: its own for everybody, and what is below for its head
    (ROOT, Role.OFFICER): {ROOT},
    (ROOT, Role.APPROVER): {ROOT},
    (ROOT, Role.HEAD): {ROOT, "doi-1", "tram-1", "xa-1"},
    ("doi-1", Role.OFFICER): {"doi-1"},
    ("doi-1", Role.APPROVER): {"doi-1"},
    ("doi-1", Role.HEAD): {"doi-1", "tram-1"},
    ("tram-1", Role.OFFICER): {"tram-1"},
    ("tram-1", Role.APPROVER): {"tram-1"},
    ("tram-1", Role.HEAD): {"tram-1"},
    ("xa-1", Role.OFFICER): {"xa-1"},
    ("xa-1", Role.APPROVER): {"xa-1"},
    ("xa-1", Role.HEAD): {"xa-1"},
    **{(unit, Role.ADMIN): set() for unit in TREE.units},
}
"""Account to the units whose cases it opens: written out, so that a change of it is seen."""


@pytest.mark.parametrize(("unit", "role"), list(OPEN_TO))
def test_each_account_opens_the_cases_of_exactly_these_units(unit: str, role: Role) -> None:
    assert {of for of in TREE.units if may(person(role, unit), Action.VIEW, of)} == OPEN_TO[unit, role]


@pytest.mark.parametrize(("unit", "role"), list(OPEN_TO))
def test_no_step_at_all_is_taken_on_a_case_that_is_not_open(unit: str, role: Role) -> None:
    actor = person(role, unit)
    for of, status in itertools.product(TREE.units, Status):
        state = CaseState(status, unit=of)
        if of not in OPEN_TO[unit, role]:
            assert allowed(state, actor, now=NOW) == frozenset()
        for action in MOVES:
            open_and_role = of in OPEN_TO[unit, role] and role in MOVES[action].roles
            assert may(actor, action, of) is open_and_role
            if not open_and_role:
                with pytest.raises(Refused) as refused:
                    step(state, action, actor, now=NOW, claim_until=NOW + timedelta(minutes=1))
                assert refused.value.code in ("role", "other_unit")


# --- in the database -------------------------------------------------------------------------------------------------


def with_units(centre: Centre) -> None:
    with centre.db.write() as session:
        change(session, [STATION, TEAM, COMMUNE])


def test_a_centre_begins_with_one_unit_that_has_everything(centre: Centre) -> None:
    case_id = case_of(centre)
    with centre.db.write() as session:
        assert list(tree_of(session).units) == [ROOT]
        lan = create_user(session, "lan", "mật khẩu rất dài 2026", role=Role.OFFICER, full_name="Lan", now=NOW)
        assert (lan.unit, lan.scope.everything) == (ROOT, True)
        assert session.get_one(CaseRow, case_id).unit_code == ROOT


def test_a_case_is_the_unit_s_whose_camera_saw_it_on_that_day(centre: Centre) -> None:
    """By the country's days: an act at half past midnight is of the new day, though it is of the old one in UTC."""
    with_units(centre)
    moved = date(2026, 11, 20)
    with centre.db.write() as session:
        give_camera(session, NODE, CAMERA, "doi-1", since=date(2026, 11, 1), now=NOW)
        give_camera(session, NODE, CAMERA, "xa-1", since=moved, now=NOW)
    midnight = datetime(2026, 11, 19, 17, tzinfo=UTC)  # in Hà Nội
    rows = [
        ("before it was anybody's", datetime(2026, 10, 20, tzinfo=UTC), ROOT),
        ("the evening before it moved", midnight - timedelta(minutes=30), "doi-1"),
        ("half past midnight of that day", midnight + timedelta(minutes=30), "xa-1"),
    ]
    for why, at, unit in rows:
        case_id = case_of(centre, at=at)
        with centre.db.read() as session:
            assert session.get_one(CaseRow, case_id).unit_code == unit, why
            assert cameras_of(session).unit(NODE, CAMERA, (at + timedelta(hours=7)).date()) == unit, why
    other = case_of(centre, camera="cam-2", at=midnight + timedelta(hours=1))
    with centre.db.read() as session:
        assert session.get_one(CaseRow, other).unit_code == ROOT, "nobody said whose that camera is"


def test_an_account_sees_by_its_unit_and_role_from_the_next_page_on(centre: Centre) -> None:
    with_units(centre)
    with centre.db.write() as session:
        kwargs = {"full_name": "x", "now": NOW}
        officer = create_user(session, "an", "mật khẩu rất dài 2026", role=Role.OFFICER, unit="doi-1", **kwargs)
        head = create_user(session, "bo", "mật khẩu rất dài 2026", role=Role.HEAD, unit="doi-1", **kwargs)
        assert officer.scope.units == {"doi-1"}
        assert head.scope.units == {"doi-1", "tram-1"}
        signed = open_session(session, head, now=NOW, lifetime=timedelta(hours=1))
        set_unit(session, "bo", "xa-1", now=NOW)
        found = current_session(session, signed.token or "", now=NOW, idle=timedelta(hours=1))
        assert found is not None
        assert found.officer.scope.units == {"xa-1"}
        create_user(session, "bo", "mật khẩu rất dài 2027", role=Role.HEAD, full_name="y", now=NOW)
        assert session.get_one(UserRow, "bo").unit_code == "xa-1", "a new password moves nobody"
        with pytest.raises(UnitError):
            set_unit(session, "bo", "khong-co", now=NOW)


def test_counts_are_kept_by_unit_and_move_with_a_case(centre: Centre) -> None:
    with_units(centre)
    with centre.db.write() as session:
        give_camera(session, NODE, CAMERA, "doi-1", since=date(2026, 1, 1), now=NOW)
    ours, _ = case_of(centre), case_of(centre, camera="cam-2")

    def kept() -> dict[str, int]:
        with centre.db.read() as session:
            found: dict[str, int] = {}
            for row in session.scalars(select(CaseCountRow).where(CaseCountRow.n > 0)):
                found[row.unit_code] = found.get(row.unit_code, 0) + row.n
            return found

    assert kept() == {"doi-1": 1, ROOT: 1}
    with centre.db.write() as session:
        session.get_one(CaseRow, ours).unit_code = "xa-1"
    assert kept() == {"xa-1": 1, ROOT: 1}
    with centre.db.write() as session:
        recount(session)
        recount_figures(session)
    assert kept() == {"xa-1": 1, ROOT: 1}


# --- an installation of before ---------------------------------------------------------------------------------------

OLD = (
    "INSERT INTO nodes (id, public_key, key_id, enabled, created_at, status)"
    " VALUES ('n', 'PEM', 'k', {true}, '2026-01-01 00:00:00', 'unknown')",
    "INSERT INTO users (username, full_name, role, password_hash, active, created_at)"
    " VALUES ('lan', 'Lan', 'officer', 'h', {true}, '2026-01-01 00:00:00')",
    "INSERT INTO packets (id, packet_id, node_id, sequence, digest, container_sha256, size, manifest, seal,"
    " chain_state, occurred_at, received_at, log_index)"
    " VALUES ('p', 'p', 'n', 1, 'd', 'c', 1, '{{}}', '{{}}', 'ok', '2026-01-02', '2026-01-02', 0)",
    "INSERT INTO cases (id, number, packet_id, node_id, camera_id, place, unit, act_suspected, act, occurred_at,"
    " detected_at, flags, vehicle_class, kind, plate_machine_confidence, plate_colour_machine, plate_colour, status,"
    " version, events_count, second_state) VALUES ('c', 1, 'p', 'n', 'cam', 'x', '', 'red_light', 'red_light',"
    " '2026-01-02', '2026-01-02', '[]', 'car', 'car', 0.9, 'white', 'white', 'published', 0, 0, 'done')",
    "INSERT INTO notices (id, case_id, year, number, content, prepared_by, prepared_at, published_at)"
    " VALUES (1, 'c', 2026, 7, '{{}}', 'lan', '2026-01-03', '2026-01-04')",
    "INSERT INTO case_terms (case_id, code, since, due, whose)"
    " VALUES ('c', 'answer', '2026-01-04', '2026-01-24', 'approver')",
)


def url_of(engine: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if engine == "sqlite":
        return f"sqlite:///{folder}/old.sqlite3"
    return str(request.getfixturevalue("postgres_url"))


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_what_there_was_is_the_roots_and_counts_and_numbers_stay(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database = Database(url_of(engine, request, tmp_path))
    upgrade(database, to="0014")
    with database.write() as session:
        for statement in OLD:
            session.execute(text(statement.format(true="1" if engine == "sqlite" else "true")))
    upgrade(database)
    with database.write() as session:
        assert [tree_of(session).units[ROOT].kind] == ["root"]
        case, notice = session.get_one(CaseRow, "c"), session.get_one(NoticeRow, 1)
        assert (case.unit_code, notice.unit_code, notice.book, notice.number) == (ROOT, ROOT, ROOT, 7)
        assert session.scalar(select(UserRow.unit_code)) == session.scalar(select(TermRow.unit_code)) == ROOT
        before = {
            table: sorted(tuple(row) for row in session.execute(text(f"SELECT * FROM {table}")))
            for table in ("case_counts", "decided_counts", "rejected_counts", "sent_counts")
        }
        assert [len(rows) for rows in before.values()] == [1, 1, 0, 1]
        case.status = "rejected"
        session.flush()
        case.status = "published"
        notice.published_at = None
        session.flush()
        notice.published_at = datetime(2026, 1, 4, tzinfo=UTC)
        session.flush()
        recount(session)
        recount_figures(session)
        for table, rows in before.items():
            assert sorted(tuple(row) for row in session.execute(text(f"SELECT * FROM {table}"))) == rows, table
    database.dispose()


# --- by file and command ---------------------------------------------------------------------------------------------


def test_units_come_from_a_file_all_or_none(box: Centre, tmp_path: Path) -> None:
    file = tmp_path / "don-vi.csv"
    header = "code,name,kind,parent,from,until\n"
    good = header + "tram-1,Trạm CSGT Bỉm Sơn,station,doi-1,,\ndoi-1,Đội CSGT số 1,team,root,01/02/2026,\n"
    file.write_text(good, encoding="utf-8")
    with box.db.write() as session:
        assert import_units(session, file, now=NOW) == 2
    with box.db.read() as session:
        tree = tree_of(session)
        assert tree.line("tram-1") == ("tram-1", "doi-1", ROOT)
        assert tree.units["doi-1"].valid_from == date(2026, 2, 1)
    for bad, said in (
        ("code,name\nx,y\n", "header"),
        (header + "a,A,team,b,,\nb,B,team,a,,\n", "itself"),
        (header + "a,A,team,root,31.01.2026,\n", "line 2"),
        (header + "a,A,team,root\n", "fields"),
        (header + "ok,Ok,team,root,,\nb,B,bộ,root,,\n", "kind"),
    ):
        file.write_text(bad, encoding="utf-8")
        with pytest.raises(UnitError) as refused, box.db.write() as session:
            import_units(session, file, now=NOW)
        assert said in str(refused.value)
    with box.db.read() as session:
        assert set(tree_of(session).units) == {ROOT, "doi-1", "tram-1"}


def test_the_command_line_makes_a_tree_and_lists_it(tmp_path: Path) -> None:
    config = tmp_path / "central.yaml"
    config.write_text(
        "schema_version: 1\ndata_dir: data\nsecond_reader: false\noffice:\n  parent: CÔNG AN TỈNH THANH HÓA\n"
        "  unit: {name: PHÒNG CẢNH SÁT GIAO THÔNG}\n  unit_in_text: Phòng CSGT\n  town: Thanh Hóa\n"
        "  number_suffix: PC08\n  signer_title: TRƯỞNG PHÒNG\n  signer_name: Lê Quốc Ưu\n",
        encoding="utf-8",
    )
    cameras = tmp_path / "cameras.csv"
    cameras.write_text("node,camera,unit,from\nnut-2,cam-1,tram-1,2026-03-01\n", encoding="utf-8")

    def run(*words: str, ok: bool = True) -> str:
        command = [words[0], words[1], "--config", str(config), *words[2:]]
        result = CliRunner().invoke(central, command)
        assert (result.exit_code == 0) is ok, result.output
        return result.output

    run("unit", "add", "doi-1", "--name", "Đội CSGT số 1", "--kind", "team")
    run("unit", "add", "tram-1", "--name", "Trạm Bỉm Sơn", "--kind", "station", "--parent", "doi-1")
    run("unit", "camera", "nut-1/cam-bac", "doi-1", "--from", "01/02/2026")
    run("unit", "import-cameras", str(cameras))
    assert "no such unit" in run("unit", "camera", "nut-1/cam-bac", "doi-7", "--from", "01/02/2026", ok=False)
    assert "no such user" in run("unit", "person", "nobody", "doi-1", ok=False)
    assert "nut-1/cam-bac  doi-1  from 2026-02-01" in run("unit", "cameras")
    lines = run("unit", "list").splitlines()
    assert lines[0].startswith("root  root  PHÒNG CẢNH SÁT GIAO THÔNG")
    assert lines[1].startswith("  doi-1  team  Đội CSGT số 1")
    assert "1 cameras" in lines[1]
    assert lines[2].startswith("    tram-1")
    assert EVERYWHERE.has("anything")
