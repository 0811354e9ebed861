"""`giaolo central retention`: what is due to be deleted and why the rest is not, deleting it, and its proofs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click
from sqlalchemy import select

from central.casefile.gathering import find_case
from central.cli_common import config_option, fail, open_configured
from central.retention import again, others
from central.retention.files import settle, unsettled
from central.retention.proving import prove_deletion
from central.retention.records import deletion_of
from central.retention.running import apply, lines
from central.store.keeping_tables import DeletionRow
from central.store.people_tables import UserRow
from countries.here import HERE
from evidence.errors import GiaoLoError


@click.group()
def retention() -> None:
    """Keeping and deleting: nothing goes but by a dated rule, with a signed record in the log."""


@retention.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="all lines for a program")
def plan(config_file: Path, as_json: bool) -> None:
    """Say what is due today by which rule, and for what reason each other old case is kept. Deletes nothing."""
    centre = open_configured(config_file)
    now = centre.clock()
    with centre.db.read() as session:
        found = list(lines(session, now))
        old = others.old(session, now)
    if as_json:
        told = [
            {"case": x.number, "status": x.status, "why": x.verdict.why.value,
             "since": x.verdict.since and x.verdict.since.isoformat(),
             "until": x.verdict.until and x.verdict.until.isoformat()}
            for x in found
        ]  # fmt: skip
        rows = [{"kind": x.kind, "n": x.n, "before": x.before.isoformat()} for x in old]
        click.echo(json.dumps({"cases": told, "rows": rows, "unfinished": unsettled(centre)}, indent=2))
        return
    for rule in HERE.keeping.rules(HERE.local_date(now)):
        click.echo(f"rule {rule.of}: {rule.length} {rule.count} ({rule.by}): {rule.reference}")
    for line in found:
        verdict = line.verdict
        term = f", since {verdict.since}, kept until {verdict.until}" if verdict.since and verdict.until else ""
        click.echo(f"case {line.number}  {line.status}  {verdict.why.value}{term}")
    for each in old:
        click.echo(f"{each.kind}: {each.n} rows before {HERE.local_date(each.before)} are due")
    counts = Counter(line.verdict.why.value for line in found)
    kept = ", ".join(f"{n} {why}" for why, n in sorted(counts.items()) if why != "due")
    click.echo(f"{counts['due']} cases due, kept: {kept or 'none'}")
    if left := unsettled(centre):
        click.echo(
            f"{left} deletions are recorded whose files are not all gone here: `retention apply --yes` finishes them"
        )


@retention.command("apply")
@config_option
@click.option("--by", default="", help="user name of whoever answers for it (needed with --yes)")
@click.option("--most", type=click.IntRange(1), help="at most so many cases now")
@click.option("--yes", "really", is_flag=True, help="delete; without it nothing is deleted, only said")
def apply_command(config_file: Path, by: str, most: int | None, really: bool) -> None:
    """Delete what is due. Without --yes a dry run."""
    centre = open_configured(config_file)
    now = centre.clock()
    if not really:
        with centre.db.read() as session:
            due = sum(line.verdict.due for line in lines(session, now))
            rows = sum(each.n for each in others.old(session, now))
        click.echo(f"dry run: {due} cases and {rows} other rows are due; --yes --by NAME deletes them")
        return
    with centre.db.read() as session:
        if session.get(UserRow, by[:64]) is None:
            raise click.ClickException(f"{by[:64] or '--by'}: there is no such user -> name an account of the desk")
    try:
        done = apply(centre, by=by, now=now, most=most)
    except GiaoLoError as error:
        fail(error)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror} -> mend it, and run it again") from error
    kept = ", ".join(f"{n} {why.value}" for why, n in sorted(done.kept.items())) or "none"
    click.echo(f"{done.cases} cases and {done.rows} other rows deleted, files of {done.files} deletions removed")
    click.echo(f"looked at and kept: {kept}")


@retention.command("list")
@config_option
def list_command(config_file: Path) -> None:
    """List the deletions, the oldest first."""
    centre = open_configured(config_file)
    with centre.db.read() as session:
        rows = session.scalars(select(DeletionRow).order_by(DeletionRow.log_index)).all()
    for row in rows:
        said = json.loads(row.record)
        what = f"case {said['case']['number']}" if said["case"] else f"{said['rows']} {said['kind']}"
        click.echo(f"{said['at']}  {what}  {said['rule']['of']}, kept until {said['rule']['until']}  by {said['by']}")
    click.echo(f"{len(rows)} deletions")


@retention.command("proof")
@config_option
@click.argument("name", metavar="CASE")
@click.option("--out", "out_file", type=click.Path(path_type=Path), required=True, help="where to write it (.json)")
def proof_command(config_file: Path, name: str, out_file: Path) -> None:
    """Write the proof of what a deleted CASE (number or id) was, and when and by which rule it was deleted.

    Whoever has the centre's public key checks it with `giaolo verify FILE --centre-key`.
    """
    centre = open_configured(config_file)
    try:
        with centre.db.write() as session:
            row = deletion_of(session, find_case(session, name))
            made = prove_deletion(session, centre, row, now=centre.clock())
        out_file.write_bytes(made.to_bytes())
    except GiaoLoError as error:
        fail(error)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"{out_file}: deletion is entry {made.proof.index + 1} of {made.proof.checkpoint.size}")


@retention.command("again")
@config_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def again_command(config_file: Path, file: Path) -> None:
    """Apply the deletions of FILE again, a kept copy of ledger/deletions.jsonl, after a backup was put back."""
    centre = open_configured(config_file)
    try:
        done = again.apply_again(centre, again.signed_lines(centre, file))
        settle(centre)
    except GiaoLoError as error:
        fail(error)
    click.echo(f"{done.again} deletions applied again, {done.unread} lines were not signed by this centre")
