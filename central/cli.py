"""`giaolo central`: run the centre and look after it."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select

from central.cases.lifecycle import Role
from central.centre import Centre, open_centre, utc_now
from central.cli_cameras import camera
from central.cli_common import config_option, fail, open_configured
from central.cli_devices import device
from central.cli_inspect import audit, case_file, false_issues, node_key, proof
from central.cli_keys import new_key, public_key
from central.cli_retention import retention
from central.cli_signers import signers
from central.cli_units import unit
from central.config import load_config
from central.intake.nodes import add_node, end_key
from central.registry import import_registry
from central.store.alarms import acknowledge, open_alarms
from central.store.db import DatabaseAway
from central.store.packet_tables import NodeRow
from central.users import create_user, set_active
from common import logs
from evidence.errors import GiaoLoError

_DATABASE_TRIES = 60
_DATABASE_EVERY_S = 5.0
"""Five minutes in all: longer than a database server takes to look through its journal."""


@click.group()
def central() -> None:
    """The centre: takes packets, keeps cases, serves officers and owners."""
    os.umask(0o077)  # evidence, owners' names and keys are for this user alone


@central.command()
@config_option
def run(config_file: Path) -> None:
    """Run until SIGTERM or Ctrl-C."""
    from central.app import App  # web, PDF and pictures: seconds that the other commands need not wait

    logs.set_up()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        config = load_config(config_file)
        centre = open_when_there(lambda: open_centre(config), wait=stop.wait)
        if centre is None:
            return
        with App(config, centre=centre) as app:
            click.echo(f"centre {app.config.centre_id} key {app.centre.key.public.key_id}")
            if app.config.web.enabled:
                click.echo(f"web {app.web_url}")
            click.echo(f"broker {app.config.broker.host}:{app.config.broker.port}")
            stop.wait()
    except GiaoLoError as error:
        fail(error)


def open_when_there(
    opened: Callable[[], Centre], *, wait: Callable[[float], bool], tries: int = _DATABASE_TRIES
) -> Centre | None:
    """The centre, as soon as its database server answers. None when `wait` says that we were told to stop.

    A machine that starts again after a power cut starts everything at once. Raises `GiaoLoError`: `DatabaseAway` after
    the last try, anything else at once.
    """
    for left in range(tries - 1, -1, -1):
        try:
            return opened()
        except DatabaseAway as error:
            if not left:
                raise
            logging.getLogger(__name__).warning("%s; trying again", error)
            if wait(_DATABASE_EVERY_S):
                return None
    return None


@central.command()
@config_option
def migrate(config_file: Path) -> None:
    """Bring the database up to date (`run` does it too)."""
    centre = open_configured(config_file)
    click.echo(f"database is up to date: {centre.db.engine.url.render_as_string()}")


@central.command("import-registry")
@config_option
@click.argument("csv_file", type=click.Path(path_type=Path))
def import_registry_command(config_file: Path, csv_file: Path) -> None:
    """Replace the vehicle register by CSV_FILE; all lines or none."""
    centre = open_configured(config_file)
    try:
        count = import_registry(centre.db, csv_file)
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{count} registrations")


@central.command("add-user")
@config_option
@click.argument("username")
@click.option("--role", type=click.Choice([r.value for r in Role]), required=True)
@click.option("--name", "full_name", required=True, help="name as it is shown")
@click.option("--unit", "unit_code", default="", help="code of the unit; left out: as it was, or the root")
@click.password_option("--password", envvar="GIAOLO_PASSWORD", help="asked for when not given")
def add_user(config_file: Path, username: str, role: str, full_name: str, password: str, unit_code: str) -> None:
    """Create USERNAME, or set role, name and password anew."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            create_user(
                session, username, password, role=Role(role), full_name=full_name, now=utc_now(), unit=unit_code
            )
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{username}: {role}")


@central.command("add-node")
@config_option
@click.argument("node_id")
@click.argument("public_key_file", type=click.Path(path_type=Path))
@click.option("--disabled", is_flag=True, help="register it switched off, or switch it off")
def add_node_command(config_file: Path, node_id: str, public_key_file: Path, disabled: bool) -> None:
    """Register NODE_ID with its .pub file, or change its key."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            row = add_node(session, node_id, public_key_file, enabled=not disabled, now=utc_now())
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{row.id}: key {row.key_id}, {'enabled' if row.enabled else 'disabled'}")


@central.command("nodes")
@config_option
def list_nodes(config_file: Path) -> None:
    """List registered nodes."""
    centre = open_configured(config_file)
    with centre.db.read() as session:
        for row in session.scalars(select(NodeRow).order_by(NodeRow.id)):
            seen = row.last_seen.isoformat(timespec="seconds") if row.last_seen else "never"
            click.echo(f"{row.id}  key {row.key_id}  {'enabled' if row.enabled else 'disabled'}  {row.status}  {seen}")


@central.command("disable-user")
@config_option
@click.argument("username")
@click.option("--enable", is_flag=True, help="let the user in again")
def disable_user(config_file: Path, username: str, enable: bool) -> None:
    """Keep USERNAME out from now on; open sessions end, past decisions keep the name."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            set_active(session, username, enable)
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{username}: {'enabled' if enable else 'disabled'}")


@central.command()
@config_option
def rejudge(config_file: Path) -> None:
    """Judge quarantined packets again, e.g. after a wrong node key was corrected."""
    from central.intake.gate import Gate  # looks into pictures: OpenCV, which the other commands need not load

    centre = open_configured(config_file)
    try:
        judged = Gate.of(centre).rejudge()
    except GiaoLoError as error:
        fail(error)
    for packet_id, outcome in judged:
        click.echo(f"{packet_id}  {outcome.status}  {outcome.reason}".rstrip())
    click.echo(f"{sum(o.status in ('stored', 'duplicate') for _, o in judged)} of {len(judged)} are good now")


@central.command("end-key")
@config_option
@click.argument("node_id")
@click.argument("key_id")
@click.option("--at", required=True, help="ISO 8601 with zone, 2026-03-01T08:00:00+07:00: packets made from then on")
def end_key_command(config_file: Path, node_id: str, key_id: str, at: str) -> None:
    """Take no packets of NODE_ID that were made with KEY_ID at AT or later; an earlier or later end replaces it."""
    try:
        instant = datetime.fromisoformat(at)
    except ValueError as error:
        raise click.BadParameter("is no ISO 8601 time", param_hint="--at") from error
    if instant.tzinfo is None:
        raise click.BadParameter("needs a time zone, like +07:00", param_hint="--at")
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            end_key(session, node_id, key_id, instant)
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{node_id}: key {key_id} ends at {instant.isoformat()}")


@central.command()
@config_option
@click.option("--seen", "alarm_id", type=int, help="acknowledge the alarm with this number")
@click.option("--by", default="", help="user name of whoever has looked at it")
def alarms(config_file: Path, alarm_id: int | None, by: str) -> None:
    """List open alarms, or acknowledge one with --seen NUMBER --by NAME; the same fault later raises a new one."""
    centre = open_configured(config_file)
    if (alarm_id is None) != (not by):
        raise click.UsageError("--seen NUMBER and --by NAME belong together")
    try:
        with centre.db.write() as session:
            if alarm_id is not None:
                acknowledge(session, alarm_id, by=by[:64], now=utc_now())
            waiting = open_alarms(session)
    except GiaoLoError as error:
        fail(error)
    for row in waiting:
        said = f"{row.id}  {row.at.isoformat(timespec='seconds')}  {row.kind}  {row.node_id or '-'}  {row.text}"
        click.echo(logs.plain(said))
    click.echo(f"{len(waiting)} open alarms")


for command in (
    audit, camera, device, unit, proof, case_file, false_issues, new_key, node_key, public_key, retention, signers,
):  # fmt: skip
    central.add_command(command)
