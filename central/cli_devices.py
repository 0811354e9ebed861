"""`giaolo central device`: the files of cameras and boxes, without which no notice is issued."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from central.cli_common import config_option, fail, open_configured
from central.desk.devices import DeviceLine, device_board
from central.devices.book import enter, records_of
from central.devices.csv_file import import_devices
from central.devices.dossier import Lack, state_on
from central.devices.entering import document, read
from central.devices.records import TAKING_BACK, DeviceId, Record, RecordKind
from central.units.tree import EVERYWHERE
from common import logs
from countries.here import HERE
from evidence.errors import GiaoLoError

_by = click.option("--by", required=True, help="user name of whoever enters it")


@click.group()
def device() -> None:
    """The file of each camera and box: what it is, its decision of use, its inspections."""


@device.command()
@config_option
@click.argument("name", metavar="NODE[/CAMERA]")
@click.option("--kind", required=True, type=click.Choice([k.value for k in RecordKind]), help="what the record is")
@click.option("--number", default="", help="number of the paper")
@click.option("--dated", default="", help="day on the paper, 2026-01-31 or 31/01/2026; profile: when put up")
@click.option("--signed-by", default="", help="who signed the decision, or the body that gave the certificate")
@click.option("--from", "valid_from", default="", help="first day on which it holds; the day on the paper if left out")
@click.option("--until", "valid_to", default="", help="last day on which it holds; left out: until something else is")
@click.option("--model", default="", help="make and model (profile)")
@click.option("--serial", default="", help="serial number of the device")
@click.option("--note", default="", help="anything else; for revoked and mistaken: why")
@click.option("--record", "takes_back", default="", help="number of the record that is revoked or was a mistake")
@click.option("--file", "paper", type=click.Path(path_type=Path), help="the scanned paper, PDF")
@_by
def add(config_file: Path, name: str, paper: Path | None, by: str, **typed: str) -> None:
    """Add one record to the file of a box (NODE) or of a camera (NODE/CAMERA). Nothing is ever overwritten."""
    centre = open_configured(config_file)
    now = centre.clock()
    try:
        found = read(_device(name), typed, today=HERE.local_date(now))
        if paper is not None:
            found = replace(found, document_sha256=centre.store.put(document(paper.read_bytes())))
        with centre.db.write() as session:
            (record,) = enter(session, [found], by=by, now=now)
    except GiaoLoError as error:
        fail(error)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"record {record.id}: {record.device} {record.kind} {record.number} {_days(record)}".rstrip())


@device.command("import")
@config_option
@click.argument("csv_file", type=click.Path(path_type=Path))
@_by
def import_command(config_file: Path, csv_file: Path, by: str) -> None:
    """Add the records of CSV_FILE; all lines or none."""
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            count = import_devices(session, csv_file, by=by, now=centre.clock())
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{count} records")


@device.command("list")
@config_option
def list_devices(config_file: Path) -> None:
    """List all devices: what each lacks today, what ends soon, how many cases wait for it."""
    centre = open_configured(config_file)
    with centre.db.read() as session:
        board = device_board(session, centre.clock(), scope=EVERYWHERE)
    for line in board.lines:
        click.echo(logs.plain(_line(line)))
    required = "" if centre.config.devices.required else "; papers are not required (devices.required: false)"
    click.echo(f"{len(board.lines)} devices, {board.waiting} cases wait for papers{required}")


@device.command()
@config_option
@click.argument("name", metavar="NODE[/CAMERA]")
def show(config_file: Path, name: str) -> None:
    """Show all records of a device, also those that no longer hold."""
    centre = open_configured(config_file)
    now = centre.clock()
    try:
        wanted = _device(name)
        with centre.db.read() as session:
            records = [r for r in records_of(session, wanted.node) if r.device == wanted]
    except GiaoLoError as error:
        fail(error)
    for r in records:
        state = "" if r.kind in TAKING_BACK else state_on(r, records, HERE.local_date(now), known_at=now)
        of = f"record {r.takes_back}" if r.takes_back else ""
        words = (
            f"{r.id}", r.kind, of, r.number, f"dated {r.dated}", _days(r), state.replace("_", " "), r.signed_by,
            r.model, r.serial, r.note, f"file {r.document_sha256[:16]}" if r.document_sha256 else "",
            f"entered by {r.entered_by} {r.entered_at.isoformat(timespec='seconds')}",
        )  # fmt: skip
        click.echo(logs.plain("  ".join(word for word in words if word)))
    click.echo(f"{wanted}: {len(records)} records")


def _device(name: str) -> DeviceId:
    found = DeviceId.parse(name)
    if found is None:
        raise click.BadParameter("is neither NODE nor NODE/CAMERA", param_hint="NODE[/CAMERA]")
    return found


def _days(record: Record) -> str:
    return f"from {record.valid_from}" + (f" to {record.valid_to}" if record.valid_to else "")


def _line(line: DeviceLine) -> str:
    said = [_lack(lack) for lack in line.today.lacks] or ["lawful"]
    if line.soon:
        said.append(f"until {line.soon.last}, then {', '.join(_lack(lack) for lack in line.soon.lacks)}")
    if line.waiting:
        said.append(f"{line.waiting} cases wait: {', '.join(_lack(lack) for lack in line.waiting_for)}")
    return f"{line.device}  {'; '.join(said)}"


def _lack(lack: Lack) -> str:
    return lack.code + (f" ({lack.when})" if lack.when else "")
