"""`giaolo central camera`: where the cameras stand, so that one plate in two places too fast is found."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from central.cli_common import config_option, fail, open_configured
from central.store.case_tables import CaseRow
from central.store.positions import all_positions, set_position
from common import logs
from evidence.errors import GiaoLoError


@click.group()
def camera() -> None:
    """Where the cameras stand on the map."""


@camera.command("set")
@config_option
@click.argument("node_id")
@click.argument("camera_id")
@click.argument("lat", type=float)
@click.argument("lon", type=float)
def set_command(config_file: Path, node_id: str, camera_id: str, lat: float, lon: float) -> None:
    """CAMERA_ID of NODE_ID stands at LAT LON (degrees, WGS 84); said again it is put right."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            set_position(session, node_id, camera_id, lat, lon, now=centre.clock())
    except GiaoLoError as error:
        fail(error)
    click.echo(logs.plain(f"{node_id}/{camera_id}: {lat:.5f}, {lon:.5f}"))


@camera.command("list")
@config_option
def list_command(config_file: Path) -> None:
    """List positions, and cameras that have cases but no position: of those no pair of cases is ever too fast."""
    centre = open_configured(config_file)
    with centre.db.read() as session:
        known = {(row.node_id, row.camera_id): row for row in all_positions(session)}
        used = {(row.node_id, row.camera_id): row.place for row in session.execute(_CAMERAS)}
    for name in sorted({*known, *used}):
        where = f"{known[name].lat:.5f}, {known[name].lon:.5f}" if name in known else "NO POSITION"
        click.echo(logs.plain(f"{'/'.join(name)}  {where}  {used.get(name, '')}".rstrip()))
    click.echo(f"{len(known)} positions, {len(set(used) - set(known))} cameras without")


_CAMERAS = select(CaseRow.node_id, CaseRow.camera_id, CaseRow.place).distinct()
