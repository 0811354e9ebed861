"""Signs hold at hours: a finding that rests on signs stands only if one of them was in force at its moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from countries.here import HERE
from edge.rules.finding import Finding
from zones.schema import Scene


def in_force(finding: Finding, scene: Scene, at: datetime) -> Finding | None:
    """The finding with the sign it rests on among its reasons; None if none of its signs was in force.

    Parameters
    ----------
    at: the instant of the act, with its time zone; hours of signs are those of the country's clock.
    """
    if not finding.signs:
        return finding
    local = HERE.local(at)
    sign = next((s for s in scene.signs if s.id in finding.signs and s.in_force(local)), None)
    if sign is None:
        return None
    told = {"sign": sign.id, "sign_number": sign.number, "sign_source": sign.source.text}
    if sign.hours:
        told["sign_hours"] = "; ".join(f"{', '.join(h.days)} {h.begin}-{h.end}" for h in sign.hours)
    return replace(finding, reasons={**finding.reasons, **told})
