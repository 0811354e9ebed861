"""What was done to a case and why a machine suspected it, in the words of a reader: for the desk, and for a court."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from central.cases.said import SAID
from central.store.case_tables import CaseEventRow
from central.words import formats
from central.words.texts import Texts
from evidence.acts import ACTS, ActCode, ActSpec
from evidence.packet import Reason

_STEPS = frozenset(action.value for action in SAID)


@dataclass(frozen=True)
class HistoryLine:
    at: datetime
    who: str
    what: str
    note: str


def reason_lines(
    act: ActCode, reasons: Mapping[str, Reason], t: Texts
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Reasons in words, those that decide in the act's own order, and the rest by name; the packet keeps them by name.

    How much it had to be stands beside what was seen. Unknown keys show their own name; none is left out.
    """
    spec = ACTS[act]
    order = {reason.name: place for place, reason in enumerate(spec.reasons) if reason.decides}
    beside = {limit for r in spec.reasons if r.name in reasons for limit in (r.least, r.most) if limit in reasons}
    lines = [
        (key in order, t.or_else(f"reason.{key}", key.replace("_", " ")), _told(spec, key, reasons, t))
        for key in sorted(reasons, key=lambda k: (order.get(k, len(order)), k))
        if key not in beside
    ]
    first = [(label, value) for leading, label, value in lines if leading]
    rest = [(label, value) for leading, label, value in lines if not leading]
    return (first, rest) if first else (rest, [])


def _told(spec: ActSpec, key: str, reasons: Mapping[str, Reason], t: Texts) -> str:
    """A reason's value and, where it has one, its limit."""
    known = spec.reason(key)
    # of a newer rule the name alone is known, and it ends in the unit
    unit = known.unit if known else key.rsplit("_", 1)[-1]
    said = _value(key, unit, reasons[key], t)
    for how, limit in (("least", known.least), ("most", known.most)) if known else ():
        if limit in reasons:
            said += f" ({t(f'reasons.{how}', value=_value(limit, unit, reasons[limit], t))})"
    return said


def _value(key: str, counts: str, value: Reason, t: Texts) -> str:
    unit = t.or_else(f"unit_of.{counts}", "")
    if value is None:
        return t("reasons.none")
    if isinstance(value, bool):
        return t("reasons.yes") if value else t("reasons.no")
    if isinstance(value, int | float):
        if counts == "share":
            return formats.percent(value, t.language)
        digits = 0 if isinstance(value, int) or abs(value) >= 100 else 2 if abs(value) < 10 else 1
        return f"{formats.decimal(value, digits, t.language)} {unit}".strip()
    if isinstance(value, str):
        return _hours(value, t) if key == "sign_hours" else _word(value, t)
    parts = [formats.decimal(v, 1, t.language) if isinstance(v, int | float) else _word(v, t) for v in value]
    return ("; ".join(parts) + f" {unit}").strip()


def _hours(value: str, t: Texts) -> str:
    """Days and hours of a sign, which a packet gives as `mon, tue 06:00-09:00`: the days in words."""
    days = t.under("day_of_week")
    every = ", ".join(days)
    return re.sub(
        rf"\b({'|'.join(days)})\b", lambda found: days[found[1]], value.replace(every, t("reasons.every_day"))
    )


def _word(value: str, t: Texts) -> str:
    return t.or_else(f"value.{value}", t.or_else(f"lamp.{value}", t.or_else(f"cls.{value}", value)))


def history(events: Sequence[CaseEventRow], names: Mapping[str, str], t: Texts) -> list[HistoryLine]:
    """The append-only log, newest first; repeated views by one person in a row are one line."""
    lines: list[HistoryLine] = []
    for event in events:
        line = HistoryLine(event.at, who(event.actor, names, t), what_was_done(event, t), event.note)
        if lines and event.action == "view" and (lines[-1].who, lines[-1].what) == (line.who, line.what):
            lines[-1] = line
        else:
            lines.append(line)
    return lines[::-1]


def who(actor: str, names: Mapping[str, str], t: Texts) -> str:
    kind, _, rest = actor.partition(":")
    if kind == "node":
        return t("history.node", name=rest)
    if kind == "owner":
        return t("history.owner")
    if kind == "machine":
        return t("history.machine", name=rest)
    return names.get(actor, t("case.system") if actor in ("", "centre", "system", "second-reader") else actor)


def what_was_done(event: CaseEventRow, t: Texts) -> str:
    if event.action == "sibling":
        number = event.after.get("case", "")
        return t("history.sibling", n=number) if number else t("history.sibling_elsewhere")
    if event.action == "same_drive":
        number = event.after.get("case", "")
        return t("history.same_drive", n=number) if number else t("history.same_drive_elsewhere")
    if event.action == "decision_cut":
        cut = t("history.decision_cut", n=event.after.get("case", ""))
        number = event.after.get("paper_number")
        return f"{cut}: {t('paper.amendment')} {t('papers.number')} {number}" if number else cut
    what = t.or_else(f"history.{event.action}", event.action)
    if event.action == "view" and event.after.get("file"):
        return t(f"history.view_{event.after.get('how', 'shown')}", file=event.after["file"])
    if event.action in ("correct_plate", "correct_details"):
        return f"{what}: {'; '.join(_changes(event, t))}"
    if event.action == "reject":
        reason = str(event.after.get("reason", ""))
        return f"{what}: {t.or_else(f'reject.{reason}', reason)}"
    if event.action == "export":
        handed = str(event.after.get("what", ""))
        return t.or_else(f"history.export_{handed}", handed)
    if event.action == "hand_over":
        return f"{what}: {event.after.get('unit_name') or event.after.get('unit_code', '')}"
    if event.action == "issue":
        return f"{what}: {event.after.get('number', '')}"
    said = _said(event, t)
    return f"{what} ({said})" if said else what


_TOLD = ("number", "liable", "manner", "fine", "points", "to", "how", "amount", "receipt", "reason", "mistake", "until")
"""Of what was typed with a step. Names and addresses are not for every reader of a record."""
_MONEY = ("fine", "amount")


def _said(event: CaseEventRow, t: Texts) -> str:
    """What was said with a step after the notice: its numbers, amounts and choices, each under the word of its form."""
    if event.action not in _STEPS:
        return ""
    found = [(key, event.after[key]) for key in _TOLD if event.after.get(key) not in (None, "")]
    return "; ".join(f"{t(f'field.{key}').split(' (')[0]}: {_in_words(key, value, t)}" for key, value in found)


def _in_words(key: str, value: object, t: Texts) -> str:
    if key == "until":
        return formats.plain_day(date.fromisoformat(str(value)))
    if key in _MONEY and isinstance(value, int):
        return formats.money(value, t.language)
    return t.or_else(f"field_value.{value}", str(value))


def _changes(event: CaseEventRow, t: Texts) -> list[str]:
    """Each field that is not what it was, in words; older events name all fields, changed or not."""
    words: dict[str, Callable[[object], str]] = {
        "plate": lambda v: str(v or "–"),
        "plate_colour": lambda v: t.or_else(f"plate.colours.{v}", str(v)),
        "kind": lambda v: t.or_else(f"kind.{v}", str(v)),
    }
    return [
        f"{say(event.before.get(key))} → {say(event.after[key])}"
        for key, say in words.items()
        if key in event.after and event.before.get(key) != event.after[key]
    ]
