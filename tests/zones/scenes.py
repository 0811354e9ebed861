"""A good scene as plain data, and ways to spoil it."""

from __future__ import annotations

import copy
from typing import Any

GOOD: dict[str, Any] = {
    "schema_version": 2,
    "id": "thanh-hoa-1",
    "place": "Nút giao Đại lộ Lê Lợi – Hạc Thành, Thanh Hóa",
    "picture": {"width": 640, "height": 480},
    "stop_lines": [{"id": "s1", "points": [[50, 340], [590, 340]], "forward": [300, 250], "approach": "a1"}],
    "approaches": [{"id": "a1", "polygon": [[50, 345], [590, 345], [639, 479], [1, 479]]}],
    "junction": [[50, 300], [590, 300], [500, 150], [100, 150]],
    "exits": [{"id": "e1", "movement": "straight", "polygon": [[100, 120], [500, 120], [500, 150], [100, 150]]}],
    "lanes": [
        {
            "id": "l1",
            "polygon": [[60, 345], [300, 345], [300, 479], [5, 479]],
            "direction": [[200, 470], [210, 350]],
            "road": "r1",
        }
    ],
    "roads": [
        {"id": "r1", "kind": "one_way", "by": "P.102", "source": {"place": "biển P.102 tại cọc H3/120"}},
    ],
    "markings": [{"id": "m1", "kind": "1.2", "points": [[310, 479], [310, 345]]}],
    "signals": [
        {
            "id": "h1",
            "box": [600, 100, 630, 180],
            "lamps": [
                {"colour": "red", "box": [602, 102, 628, 126]},
                {"colour": "yellow", "box": [602, 128, 628, 152]},
                {"colour": "green", "box": [602, 154, 628, 178]},
            ],
            "governs": ["s1"],
            "countdown": [600, 70, 630, 95],
        }
    ],
    "ground": {
        "pixels": [[150, 345], [490, 345], [600, 470], [40, 470]],
        "metres": [[0, 2.4], [1.6, 2.4], [1.6, 0], [0, 0]],
    },
}


def scene_data(**changes: Any) -> dict[str, Any]:
    """GOOD with values set by path: `scene_data(**{"signals.0.governs": []})`; DROP takes a field out."""
    data = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place: Any = data
        for part in way:
            place = place[part]
        if value is DROP:
            del place[last]
        else:
            place[last] = value
    return data


DROP = object()
