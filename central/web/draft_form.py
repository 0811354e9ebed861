"""The form that drafts a notice again, filled in from the draft in force."""

from __future__ import annotations

from central.desk.views import CaseView
from countries.here import HERE


def draft_form(view: CaseView) -> dict[str, str]:
    """What the draft in force says, so that drafting it again changes nothing that was not typed."""
    content = view.notice.content if view.notice else {}
    typed, preventive = content.get("owner_source") == "typed", str(content.get("preventive", ""))
    return {
        "appear_at": str(content.get("appear_on", ""))[:16],
        "second_place": str(content.get("second_place", "")),
        "second_appear_at": str(content.get("second_on", ""))[:16],
        "preventive": "" if preventive == HERE.notice().NO_MEASURE else preventive,
        "owner_name": str(content.get("owner_name", "")) if typed else "",
        "owner_id": str(content.get("owner_id", "")) if typed else "",
        "owner_address": str(content.get("owner_address", "")) if typed else "",
        "owner_type": str(content.get("owner_type", "person")) if typed else "person",
    }
