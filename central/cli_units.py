"""`giaolo central unit`: the tree of units, whose each camera is, and who belongs where."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import cast

import click
from sqlalchemy import func, select

from central.casefile.handing_out import machine_user
from central.cli_common import config_option, fail, open_configured
from central.store.case_tables import CaseCountRow
from central.store.people_tables import UserRow
from central.units.book import all_camera_units, cameras_of
from central.units.changing import save_camera, save_units
from central.units.csv_file import day_of, import_cameras, import_letterheads, import_units
from central.units.letterheads import letterheads_of
from central.units.tree import KINDS, ROOT, Kind, Unit
from central.users import set_unit
from common import logs
from countries.here import HERE
from evidence.errors import GiaoLoError


@click.group()
def unit() -> None:
    """The units: who is below whom, whose a camera is, who belongs where. A centre begins with one, `root`."""


@unit.command()
@config_option
@click.argument("code")
@click.option("--name", required=True, help="name as it is shown")
@click.option("--kind", type=click.Choice(KINDS), default="other", show_default=True, help="root: of the root alone")
@click.option("--parent", default="", help="code of the unit above; the root if left out")
@click.option("--from", "first", default="", help="first day on which it gets cameras, accounts and cases")
@click.option("--until", "last", default="", help="last such day; what it has stays its own")
def add(config_file: Path, code: str, name: str, kind: str, parent: str, first: str, last: str) -> None:
    """Add the unit CODE, or put it right. Units are never removed, only ended."""
    centre = open_configured(config_file)
    root = code == ROOT
    try:
        made = Unit(
            code, " ".join(name.split()), cast(Kind, "root" if root else kind), None if root else parent or ROOT,
            day_of(first), day_of(last),
        )  # fmt: skip
        with centre.db.write() as session:
            save_units(session, [made], by=machine_user(), now=centre.clock())
    except GiaoLoError as error:
        fail(error)
    click.echo(logs.plain(f"{code}: {made.name}"))


@unit.command("import")
@config_option
@click.argument("csv_file", type=click.Path(path_type=Path))
def import_command(config_file: Path, csv_file: Path) -> None:
    """Add or put right the units of CSV_FILE (code,name,kind,parent,from,until); all lines or none."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            count = import_units(session, csv_file, by=machine_user(), now=centre.clock())
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{count} units")


@unit.command("list")
@config_option
def list_command(config_file: Path) -> None:
    """List the units as a tree, with their days, cameras, accounts and cases."""
    centre = open_configured(config_file)
    today = HERE.local_date(centre.clock())
    with centre.db.read() as session:
        heads, cameras = letterheads_of(session, centre.config.office, today), cameras_of(session)
        owned = Counter(cameras.unit(node, camera, today) for node, camera in cameras.since)
        people: Counter[str] = Counter()
        cases: Counter[str] = Counter()
        for found, query in (
            (people, select(UserRow.unit_code, func.count()).where(UserRow.active).group_by(UserRow.unit_code)),
            (cases, select(CaseCountRow.unit_code, func.sum(CaseCountRow.n)).group_by(CaseCountRow.unit_code)),
        ):
            found.update({code: int(n) for code, n in session.execute(query)})
    for depth, line in heads.tree.walk():
        code, name, writer = line.code, heads.name(line.code), heads.writer(line.code)
        days = f"  {line.valid_from or ''} to {line.valid_to or ''}" if line.valid_from or line.valid_to else ""
        ended = "" if line.works_on(today) else "  ENDED OR NOT BEGUN"
        own = f"numbers …/{writer.office.number_suffix}" if writer.unit == code else f"{writer.unit} writes for it"
        has = f"{own}, {owned[code]} cameras, {people[code]} accounts, {cases[code]} cases"
        click.echo(logs.plain(f"{'  ' * depth}{code}  {line.kind}  {name}{days}{ended}  ({has})"))
    click.echo(f"{len(heads.tree.units)} units")


@unit.command()
@config_option
@click.argument("csv_file", type=click.Path(path_type=Path))
def letterheads(config_file: Path, csv_file: Path) -> None:
    """Say under what name units write, from CSV_FILE; all lines or none. Header: unit,abbreviation,town,signer_title,
    signer_name,parent,in_text,address,phone,decided_by,heard_by,executed_by,complaints_to.

    A unit without a letterhead leaves its papers to the nearest one above it. In signer_title | begins a line.
    """
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            office, now = centre.config.office, centre.clock()
            count = import_letterheads(session, csv_file, office, by=machine_user(), now=now)
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{count} letterheads")


@unit.command()
@config_option
@click.argument("name", metavar="NODE/CAMERA")
@click.argument("code", metavar="UNIT")
@click.option("--from", "first", required=True, help="from which day on, 2026-01-31 or 31/01/2026")
def camera(config_file: Path, name: str, code: str, first: str) -> None:
    """What NODE/CAMERA sees is UNIT's from a day on. Cases that came in already stay where they are."""
    centre = open_configured(config_file)
    node, _, camera_id = name.partition("/")
    try:
        since = day_of(first)
        if since is None:
            raise click.BadParameter("is empty", param_hint="--from")
        with centre.db.write() as session:
            save_camera(session, node, camera_id, code, since=since, by=machine_user(), now=centre.clock())
    except GiaoLoError as error:
        fail(error)
    click.echo(logs.plain(f"{node}/{camera_id}: {code} from {since}"))


@unit.command("import-cameras")
@config_option
@click.argument("csv_file", type=click.Path(path_type=Path))
def import_cameras_command(config_file: Path, csv_file: Path) -> None:
    """Say whose cameras are, from CSV_FILE (node,camera,unit,from); all lines or none."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            count = import_cameras(session, csv_file, by=machine_user(), now=centre.clock())
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{count} cameras")


@unit.command()
@config_option
def cameras(config_file: Path) -> None:
    """List whose each camera is, and since when. A camera that is not listed is the root's."""
    centre = open_configured(config_file)
    with centre.db.read() as session:
        rows = all_camera_units(session)
    for row in rows:
        click.echo(logs.plain(f"{row.node_id}/{row.camera_id}  {row.unit_code}  from {row.since}"))
    click.echo(f"{len(rows)} lines")


@unit.command()
@config_option
@click.argument("username")
@click.argument("code", metavar="UNIT")
def person(config_file: Path, username: str, code: str) -> None:
    """USERNAME belongs to UNIT from now on. Cases that he holds are given back when their lease ends."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            set_unit(session, username, code, by=machine_user(), now=centre.clock())
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{username}: {code}")
