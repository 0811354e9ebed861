"""Doubts in words, and what lies between two cases of one plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from central.cases.doubles import Between
from central.cases.doubts import BEHAVIOURS, DOUBLES, DRIVES, SWITCHES
from central.cases.siblings import ELSEWHERE
from central.desk.drive import DriveAct
from central.desk.siblings import SIDE_BY_SIDE, SiblingCase
from central.words import formats
from central.words.texts import Texts
from evidence.switches import Switch

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
_PLAIN_FROM_KM = 10.0
"""From here on tenths of a kilometre say nothing."""


@dataclass(frozen=True)
class SideBySide:
    """A sibling as a page shows it: how far, how long, and whether both can be one vehicle."""

    case: SiblingCase
    km: str
    apart: str
    level: str
    words: str


def side_by_side(siblings: Sequence[SiblingCase], t: Texts) -> list[SideBySide]:
    """Those with pictures; empty where the plate has no other case."""
    return [SideBySide(s, km(s.between, t), apart(s.between.apart, t), *verdict(s, t)) for s in siblings[:SIDE_BY_SIDE]]


def doubt_line(
    code: str, t: Texts, siblings: Sequence[SiblingCase] = (), drive: Sequence[DriveAct] = (),
    switches: Sequence[Switch] = (),
) -> str:  # fmt: skip
    """A doubt in words; a flag of a newer box shows its own name rather than nothing."""
    kind, _, rest = code.partition(":")
    if kind == "flag":
        return t.or_else(f"flag.{rest}", rest, other="")
    if kind in SWITCHES:
        return _of_switch(kind, rest, t, switches)
    if kind in (*DRIVES, *BEHAVIOURS):
        return _of_drive(kind, rest, t, drive)
    if kind not in DOUBLES:
        return t(f"doubt.{kind}")
    if rest.startswith(ELSEWHERE):
        return t("doubt.elsewhere")
    found = next((s.between for s in siblings if str(s.item.number) == rest), None)
    if kind == "too_fast" and found is not None:
        return t("doubt.too_fast", n=rest, km=km(found, t), apart=apart(found.apart, t))
    return t("doubt.too_fast_plain" if kind == "too_fast" else f"doubt.{kind}", n=rest)


def _of_switch(kind: str, id: str, t: Texts, switches: Sequence[Switch]) -> str:
    switch = next((s for s in switches if s.id == id), None)
    if switch is None:
        return t(f"flag.{kind}")
    return t(
        f"doubt.{kind}", since=formats.stamp(switch.starts), until=formats.stamp(switch.ends), by=switch.by,
        why=switch.why,
    )  # fmt: skip


def _of_drive(kind: str, mark: str, t: Texts, drive: Sequence[DriveAct]) -> str:
    if mark.startswith(ELSEWHERE):
        return t("doubt.drive_elsewhere")
    behaviour = next((d.behaviour for d in drive if str(d.item.number) == mark), None)
    if kind not in BEHAVIOURS:
        return t(f"doubt.{kind}", n=mark)
    if behaviour is None:
        return t("doubt.one_behaviour_plain", n=mark)
    return t("doubt.one_behaviour", n=mark, why=behaviour.words[t.language != "vi"])


def why_held(codes: Sequence[str]) -> str:
    """What a page says of a case that is held: `plate`, or where nothing is said against the plate `switch` (signals
    did not count then) or `behaviour`."""
    against = [code for code in codes if code.removeprefix("flag:").partition(":")[0] not in SWITCHES]
    if codes and not against:
        return "switch"
    return "behaviour" if all(code.partition(":")[0] in BEHAVIOURS for code in against) else "plate"


HELD_WORDS = {"plate": "siblings.held", "behaviour": "drive.held_behaviour", "switch": "switches.held"}
"""The text over the doubts of a case that is held; `_tag` and `_issued` follow."""


def km(between: Between, t: Texts) -> str:
    """How far apart the two cameras stand; says so where that is not known."""
    if between.km is None:
        return t("siblings.km_unknown")
    if between.km == 0:
        return t("siblings.no_km")
    return f"{formats.decimal(between.km, 0 if between.km >= _PLAIN_FROM_KM else 1, t.language)} km"


def apart(time: timedelta, t: Texts) -> str:
    """A length of time in the one or two units that matter."""
    s = round(time.total_seconds())
    if s < _MINUTE_S:
        return t("siblings.seconds", n=s)
    if s < _HOUR_S:
        return _two(t, ("minutes", s // _MINUTE_S), ("seconds", s % _MINUTE_S))
    if s < _DAY_S:
        return _two(t, ("hours", s // _HOUR_S), ("minutes", s % _HOUR_S // _MINUTE_S))
    return t("siblings.days", n=s // _DAY_S)


def _two(t: Texts, *parts: tuple[str, int]) -> str:
    return " ".join(t(f"siblings.{unit}", n=n) for unit, n in parts if n)


def verdict(sibling: SiblingCase, t: Texts) -> tuple[str, str]:
    """Level (`bad`, `plain`) and words for whether the two can be one vehicle."""
    if sibling.doubts:
        kinds = [code.partition(":")[0] for code in sibling.doubts]
        return "bad", "; ".join(t(f"siblings.{kind}") for kind in kinds)
    kmh = sibling.between.kmh
    if sibling.between.km is None:
        return "plain", t("siblings.no_position")
    if not kmh or sibling.between.apart.days:  # a speed over days says nothing
        return "plain", t("siblings.could_be")
    return "plain", t("siblings.could_be_at", kmh=formats.decimal(max(kmh, 1), 0, t.language))
