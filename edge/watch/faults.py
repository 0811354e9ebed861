"""What can be wrong with a camera's picture, in the words of a heartbeat, and what to do."""

from __future__ import annotations

from evidence.wire import PictureState

PICTURE_FAULTS: dict[PictureState, tuple[str, str]] = {
    "moved": (
        "the picture does not lie where the scene has it",
        "put the camera back; if it is to stay so, draw the scene on its new picture",
    ),
    "other_view": (
        "the picture shows something else than the scene's",
        "turn the camera back and see what stands before it; if it is to stay so, draw the scene anew",
    ),
    "unsure": (
        "the picture cannot be recognised, its acts are flagged",
        "look at it: rain, darkness, dirt; with too little in view name a reference (giaolo zones reference)",
    ),
    "frozen": ("it sends the same picture again and again; acts are held", "restart the camera or its recorder"),
    "black": ("its picture is black; acts are held", "see whether it is covered, without light or broken"),
    "white": ("its picture is white; acts are held", "see whether light falls into it; set its exposure"),
    "covered": ("something hides its view; acts are held", "see what stands or lies before the lens"),
    "blurred": ("its picture is blurred; acts are held", "clean the lens, set the focus; heavy rain passes by itself"),
    "grey": (
        "its picture has no colour (night mode); what lamps decide is held",
        "set the camera to colour by night, or light the place",
    ),
}
"""What a person reads of a state of the picture, and what to do."""

ALL_HELD: frozenset[PictureState] = frozenset(PICTURE_FAULTS) - {"unsure", "grey"}
"""While it is so no act is told: nor is it known how many vehicles drive by."""
