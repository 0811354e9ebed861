"""Other acts of a drive in words, as the pages of a case show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.desk.drive import DriveAct
from central.web.doubts import apart
from central.words.texts import Texts


@dataclass(frozen=True)
class DriveLine:
    """`when`: how long before or after the act of the page's case. `offer`: end of the address that fills in its plate.

    `behaviour`: why both may be one behaviour; empty: they are two. `told`: the page says above that the case is held
    for what this one says."""

    act: DriveAct
    when: str
    differs: tuple[str, ...]
    behaviour: str
    reason: str
    holder: str
    offer: str
    told: bool


def drive_lines(
    acts: Sequence[DriveAct], t: Texts, names: Mapping[str, str], keep: str = "", *, holding: Sequence[str] = ()
) -> list[DriveLine]:
    """`holding`: codes that the case is held for."""
    return [_line(act, t, names, keep, holding) for act in acts]


def _line(act: DriveAct, t: Texts, names: Mapping[str, str], keep: str, holding: Sequence[str]) -> DriveLine:
    length = apart(abs(act.after), t)
    vi, en = act.behaviour.words if act.behaviour is not None else ("", "")
    holder = act.item.holder
    return DriveLine(
        act=act,
        when=t("siblings.after" if act.after.total_seconds() >= 0 else "siblings.before", apart=length),
        differs=tuple(t(f"drive.{code}") for code in act.differs),
        behaviour=vi if t.language == "vi" else en,
        reason=t.or_else(f"reject.{act.reject_reason}", act.reject_reason) if act.reject_reason else "",
        holder=t("queue.held", name=names.get(holder, holder)) if holder else "",
        offer=f"{keep}&offer={act.item.number}" if keep else f"?offer={act.item.number}",
        told=any(code.endswith(f":{act.item.number}") for code in holding),
    )
