"""What can be wrong with a signal head, in the words of a heartbeat, and what to do."""

from __future__ import annotations

HEAD_FAULTS: dict[str, tuple[str, str]] = {
    "dark": ("has been dark for minutes", "see whether it has power; then whether its lenses are drawn where they are"),
    "flashing": ("flashes", "if it should not, tell whoever keeps the signals"),
    "unread": ("cannot be read", "look at the picture: is it hidden, covered, over-exposed, without colour?"),
    "misplaced": ("shows another colour in red's place", "the camera has moved: put it back, or draw the scene anew"),
    "two_at_once": ("shows two colours at once", "see whether a light shines on it; tell whoever keeps the signals"),
    "contradicts": ("is red while another for the same vehicles is green", "see which lenses are drawn where"),
    "differs": (
        "shows something else than its controller says; it accuses nobody meanwhile",
        "see which phase it is, and whether its lamps are drawn where they are",
    ),
    "no_feed": ("is told by no controller; it accuses nobody", "see the controller's feed: `giaolo edge doctor`"),
    "no_onset": ("shows a red that came out of nothing; it accuses nobody", "see what shines on it: sun, street lamp"),
    "yellow_short": ("has too short a yellow, or none; its acts are flagged", "tell whoever keeps the signals"),
    "yellow_changed": ("no longer has the yellow that it had; its acts are flagged", "ask who changed it, and why"),
    "cycle_unusual": ("keeps other times than usual; its acts are flagged", "ask whether its plan was changed"),
    "never_red": ("was not red for ten minutes", "see whether its red lens is drawn where it is"),
    "never_green": ("was not green for ten minutes", "see whether its green lens is drawn where it is"),
}  # fmt: skip
"""What a person reads of a state of a signal head, and what to do."""
