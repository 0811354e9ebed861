"""The report in the file of a case: what the case is, who did what when, what each file is, and how to check it again.

One page that needs nothing beside it and holds no script. Of the owner it says what the notice says and no more; its
pictures are the copies that go with the notice, the originals lie beside it in the file.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.casefile.gathering import Gathered, device_papers
from central.cases.telling import HistoryLine, history, reason_lines, who
from central.config import Office
from central.pictures.for_owners import OwnerPictures
from central.words import formats
from central.words.texts import Texts
from countries.here import HERE
from evidence.acts import ActCode
from evidence.case_index import FileEntry
from evidence.case_statements import CaseStatements
from evidence.seal import VerifyKey
from evidence.switches import Switch

_DIGITS = 8
"""A digest is printed in groups of so many: people compare it by eye."""


@dataclass(frozen=True)
class Told:
    """What the report tells. `files`: all that it can name, which is neither itself nor the index."""

    found: Gathered
    office: Office
    pictures: OwnerPictures
    centre_key: VerifyKey
    centre_since: datetime | None
    files: Sequence[FileEntry]
    by: str
    now: datetime
    statements: CaseStatements


def report(told: Told, t: Texts) -> str:
    """The page. The same case, words and moment always give the same text."""
    found, row = told.found, told.found.row
    decides, rest = reason_lines(found.manifest.act.code, found.manifest.act.reasons, t)
    return (
        _environment()
        .get_template("report.html")
        .render(
            t=t,
            lang=t.language,
            row=row,
            m=found.manifest,
            office=told.office,
            act=HERE.acts.act_words(ActCode(row.act), _reasons(found), row.kind)[0],
            plate=HERE.plates.format_plate(row.plate, vehicle_class=row.kind, colour=row.plate_colour)
            if row.plate
            else "",
            machine_plate=_machine_plate(found),
            colour=HERE.words.colours[row.plate_colour],
            kind=HERE.words.kinds[row.kind],
            state=t(f"state.{row.status}"),
            notice=found.notice,
            notice_rows=_notice_rows(found, t),
            device_papers=device_papers(found.events),
            stills=[(p.caption, _picture(p.frame), p.near and _picture(p.near)) for p in told.pictures.stills],
            plate_picture=told.pictures.plate and _picture(told.pictures.plate),
            legend=told.pictures.legend,
            missing=told.pictures.missing,
            reasons=[*decides, *rest],
            flags=[t.or_else(f"flag.{f}", f, other="") for f in row.flags],
            clock=t(f"clock.{found.manifest.clock.source}"),
            statements=_statements(told),
            history=_history(found, t),
            viewed=sum(e.action == "view" for e in found.events),
            files=told.files,
            node_key=found.node_key,
            centre_key=told.centre_key,
            centre_since=told.centre_since,
            by=who(told.by, _names(found), t),
            now=told.now,
            zip_name=t("report.file_name", number=row.number),
        )
    )


def _reasons(found: Gathered) -> dict[str, Any] | None:
    """The packet's, where the act is still the one that it suspects."""
    act = found.manifest.act
    return dict(act.reasons) if found.row.act == act.code.value else None


def _machine_plate(found: Gathered) -> str:
    read = found.manifest.plate
    if read.text is None:
        return ""
    return HERE.plates.format_plate(read.text, vehicle_class=found.row.kind, colour=read.colour)


def _notice_rows(found: Gathered, t: Texts) -> list[tuple[str, str]]:
    """The lines of the notice that name the owner, as they stand there."""
    if found.notice is None:
        return []
    content = found.notice.content
    shown = ("addressee", "owner_name", "owner_id", "owner_address", "act", "clause", "decree", "appear_at")
    rows = [(t(f"report.notice_{name}"), str(content.get(name, "")).strip()) for name in shown]
    return [(label, text) for label, text in rows if text]


def _statements(told: Told) -> list[tuple[Switch, str, bool]]:
    """What was said of the signals, oldest first: by whom, and whether it is the last of its switch, which counts."""
    names, last = _names(told.found), told.statements.last
    said = [each.switch for each in told.statements.switches]
    return [(switch, names.get(switch.by, switch.by), last[switch.id] == switch) for switch in said]


def _history(found: Gathered, t: Texts) -> list[HistoryLine]:
    """The record, oldest first."""
    return history(found.events, _names(found), t)[::-1]


def _names(found: Gathered) -> dict[str, str]:
    """With the account of each: two people may have one name, and the record names accounts."""
    return {account: f"{name} ({account})" for account, name in found.names.items()}


def _picture(data: bytes) -> str:
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    language = HERE.language
    made.filters |= {
        "exact": lambda at: f"{formats.clock_exact(at)} {formats.day(at)}",
        "moment": lambda at: f"{formats.clock(at)} {formats.day(at)}",
        "stamp": formats.stamp,
        "iso_day": lambda text: formats.plain_day(date.fromisoformat(text)),
        "percent": lambda value: formats.percent(value, language),
        "signed": lambda value: formats.signed(value, 2, language),
        "bytes": lambda value: formats.size(value, language),
        "grouped": lambda text: " ".join(text[i : i + _DIGITS] for i in range(0, len(text), _DIGITS)),
    }
    return made
