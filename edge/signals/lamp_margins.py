"""The numbers by which one picture of a head is read."""

from __future__ import annotations

from dataclasses import dataclass

from common.margins import margin

_TUNED = "tuned on the drawn heads of tests/edge/test_lamps.py and the clips (decision 10); no better source"


@dataclass(frozen=True)
class LampMargins:
    """From when on a lens is lit, and what only looks like light. Shares of 1 are of the full scale of 255 levels."""

    lit: float = margin(
        0.17,
        "share of full scale",
        "a lens that stands out by so much is lit; a dim red in the clips has 120 of 255",
        source=_TUNED,
        most=1.0,
        least=0.01,
    )
    dark: float = margin(
        0.11,
        "share of full scale",
        "below this nothing stands out and the head is off; between this and `lit` nobody can tell, so it is unknown",
        source=_TUNED,
        most=1.0,
        least=0.01,
    )
    rival_share: float = margin(
        0.6,
        "share of the strongest lens",
        "two lenses that both stand out are unknown, not the stronger of them",
        source=_TUNED,
        most=1.0,
    )
    brightness_weight: float = margin(
        0.6,
        "share",
        "brightness counts beside colour but less: a lamp's core is white and has lost its colour",
        source=_TUNED,
    )
    brightest_share: float = margin(
        0.2,
        "share of pixels",
        "the brightest part of a lens box speaks for it: the box is larger than the lit disc",
        source="geometry of a lens and its drawn box; the value is tuned on the clips",
        most=1.0,
    )
    brightest_least: int = margin(
        4,
        "pixels",
        "so many speak for a lens at least: in a small lens a fifth would be single noisy pixels",
        source=_TUNED,
        least=1,
    )
    least_pixels: int = margin(
        6,
        "pixels",
        "a lens of which less lies in the picture cannot be read",
        source="first lamp reader; nobody wrote down why six",
        least=1,
    )
    least_colour: float = margin(
        6.0,
        "grey levels",
        "brightness without so much of the lens' colour is a flash, the sun or a lorry's side",
        source="first lamp reader; nobody wrote down why six",
        most=255.0,
    )
    colour_share: float = margin(
        0.08,
        "share of its brightness",
        "a lens that is lit with less of its colour is seen in a grey picture, at night: what shines there is unknown",
        source="lamps of the clips have 0.13 at least, the noise of a drawn grey picture 0.03",
        most=1.0,
    )
    brightness_alone: float = margin(
        90.0,
        "grey levels",
        "a head of one lens has none to compare with: it must be brighter than this",
        source="first lamp reader; no clip has such a head and nobody wrote down why 90",
        most=255.0,
    )
    amber_least: float = margin(
        2.0,
        "ratio",
        "in the yellow lens' place red must be so much stronger than yellow to contradict it: amber leans to red",
        source="tuned on amber lamps of the clips and of heads of other countries (`giaolo evaluate models`)",
        least=1.0,
    )
    paint_percentile: float = margin(
        30.0,
        "percent of the housing's pixels",
        "most of them must have a colour for it to be paint: a lit lens glows on those beside it",
        source="drawn painted heads of tests/edge/test_lamps.py; no better source",
        most=100.0,
    )
    paint_least: float = margin(
        6.0,
        "grey levels",
        "less colour on the housing is grey, not paint",
        source="the number of `least_colour` was taken; no better source",
        most=255.0,
    )
    paint_everywhere: float = margin(
        0.6,
        "share of the lens' own colour",
        "a housing that has so much of it all around is painted in it",
        source="drawn painted heads of tests/edge/test_lamps.py; the number of `rival_share` was taken",
        most=1.0,
    )
    paint_near: float = margin(
        0.75,
        "share of the lens' own colour",
        "the same right around this lens, where its own light falls too",
        source="lit lenses in the footage have 0.45 around them, once 0.64",
        most=1.0,
    )
    yellow_unequal: float = margin(
        0.75,
        "share",
        "yellow is red and green alike: so much of their difference is taken from it",
        source="keeps red and green lenses from passing for yellow ones in the clips; tuned, no better source",
    )
    covered_least: float = margin(
        110.0,
        "grey levels",
        "a head of which nothing is darker, and no lens stands out, is not seen at all: a bus, a lorry, fog",
        source="housings and dark glass of the clips have 90 at most, drawn buses 195",
        most=255.0,
    )
    pale_least_px: float = margin(
        13.0,
        "pixels",
        "in a lens so wide the edge of the disc is seen by itself, and the edge of a lamp has its colour however white "
        "its core is; in a smaller one core and edge are one",
        source="lenses of the clips: 14 and 15 pixels wide show it, 10 and 11 do not",
    )
    pale_share: float = margin(
        0.42,
        "share of its brightness",
        "a red lens that is bright and has less colour anywhere is the sun on its glass, not a lamp",
        source="red lamps of the clips in lenses of 14 pixels have 0.64 at least; the sun on a drawn lens 0.39",
        most=1.0,
    )
    pale_percentile: float = margin(
        95.0,
        "percent of the lit pixels",
        "the most colourful speak for a lens, but not a single noisy one",
        source="as `pale_share`",
        most=100.0,
    )
    sure_lead: float = margin(
        2.0,
        "times `lit`",
        "a lead over the next lens from which on the reading is told with full confidence",
        source="a scale for people; the states do not depend on it",
        least=0.01,
    )
