"""What of a scene is drawn over the live picture: lines, areas, lanes and signal heads, as plain points."""

from __future__ import annotations

from typing import Any

from zones.schema import Scene


def shapes(scene: Scene) -> list[dict[str, Any]]:
    """`kind`, `id` and either `line` or `area`, lists of points in pixels of the scene's picture; heads have a `box`
    and are coloured by what they show."""
    drawn: list[dict[str, Any]] = [{"kind": "area", "id": area.id, "area": area.polygon} for area in scene.areas]
    if scene.junction is not None:
        drawn.append({"kind": "junction", "id": "", "area": scene.junction})
    drawn += [{"kind": "exit", "id": out.id, "area": out.polygon} for out in scene.exits]
    drawn += [{"kind": "lane", "id": lane.id, "area": lane.polygon} for lane in scene.lanes]
    drawn += [{"kind": "marking", "id": m.id, "line": m.points} for m in scene.markings if m.active]
    drawn += [{"kind": "stop_line", "id": line.id, "line": line.points} for line in scene.stop_lines]
    for head in scene.signals:
        boxes = [head.box] if head.box is not None else [lamp.box for lamp in head.lamps]
        if boxes:
            around = [
                min(b[0] for b in boxes),
                min(b[1] for b in boxes),
                max(b[2] for b in boxes),
                max(b[3] for b in boxes),
            ]
            drawn.append({"kind": "head", "id": head.id, "box": around})
    return drawn
