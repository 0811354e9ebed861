"""Longitudinal markings of QCVN 41:2024/BGTVT (issued with TT 51/2024/TT-BGTVT), annex on road markings.

1.x are yellow and part opposite directions, 2.x are white and part lanes of one direction. Broken lines may be
crossed; the double broken 1.5 belongs to a lane whose direction is reversed by signals. Of 1.4 and 2.4, a solid and a
broken stripe side by side, the traffic on the broken side may cross.
"""

from __future__ import annotations

from countries.road import LineMeaning, Markings

MARKINGS = Markings(
    (
        LineMeaning("1.1", opposite=True),
        LineMeaning("1.2", opposite=True, solid=True),
        LineMeaning("1.3", opposite=True, solid=True),
        LineMeaning("1.4", opposite=True, solid=True, one_sided=True),
        LineMeaning("1.5", opposite=True),
        LineMeaning("2.1"),
        LineMeaning("2.2", solid=True),
        LineMeaning("2.3", solid=True),
        LineMeaning("2.4", solid=True, one_sided=True),
    )
)
