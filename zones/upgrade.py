"""A scene of version 1 as what it says in version 2, and what it leaves open. Pure, over plain data.

Nothing is guessed. What version 1 stated goes over with its reference; that a turn was banned "by signs" goes over as
such a sign, whose number and place are asked for. What it left open states nothing until somebody answers, and each
such question is a warning (`questions`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from countries.here import HERE
from evidence.acts import VehicleClass
from zones.faults import Fault, both

OLD_FILE = "schema_version 1"
"""The source of what only an old file says; whoever reads the packet sees that nobody has named the sign."""
_ALL_CLASSES = {cls.value for cls in VehicleClass}
_OLD_LANE = ("one_way", "one_way_by", "one_way_reference", "classes")


def upgraded(data: Any) -> Any:
    """The data of version 2; anything else than a scene of version 1 comes back as it is, not changed in place."""
    if not isinstance(data, dict) or data.get("schema_version") != 1:
        return data
    scene = {**data, "schema_version": 2}
    lanes, roads = _lanes(data.get("lanes"))
    lines, signs = _stop_lines(data.get("stop_lines"))
    for name, made in (("lanes", lanes), ("stop_lines", lines)):
        if name in data:
            scene[name] = made
    for name, made in (("roads", roads), ("signs", signs)):
        if made:
            scene[name] = made
    return scene


def _lanes(lanes: Any) -> tuple[Any, list[dict[str, Any]]]:
    """Lanes without their old fields, and the roads that these described: one a fact, shared by its lanes."""
    if not isinstance(lanes, list):
        return lanes, []
    roads: dict[tuple[str, str], dict[str, Any]] = {}
    fresh = []
    for lane in lanes:
        if not isinstance(lane, dict):
            fresh.append(lane)
            continue
        kept = {name: value for name, value in lane.items() if name not in _OLD_LANE}
        by, reference = lane.get("one_way_by"), lane.get("one_way_reference") or ""
        if by is not None or str(reference).strip():
            road = roads.setdefault(
                (str(by), str(reference)),
                {"id": f"road-{len(roads) + 1}", "kind": "one_way", "by": by, "source": {"place": reference}},
            )
            kept["road"] = road["id"]
        fresh.append(kept)
    return fresh, list(roads.values())


def _stop_lines(lines: Any) -> tuple[Any, list[dict[str, Any]]]:
    """Stop lines without `banned_turns`, and the signs that these stand for."""
    if not isinstance(lines, list):
        return lines, []
    fresh: list[Any] = []
    signs: list[dict[str, Any]] = []
    for line in lines:
        turns = line.get("banned_turns") if isinstance(line, dict) else None
        if not isinstance(turns, list):
            fresh.append(line)
            continue
        fresh.append({name: value for name, value in line.items() if name != "banned_turns"})
        for turn in turns:
            number = HERE.signs.of_turn(turn)
            if number is None:
                fresh[-1] = line  # no such turn: told as the field's fault
                continue
            signs.append(
                {
                    "id": f"no-{turn}-{line.get('id', len(signs))}"[:64],
                    "number": number,
                    "governs": [line.get("id")],
                    "source": {"place": OLD_FILE},
                }
            )
    return fresh, signs


def questions(data: Any) -> list[Fault]:
    """What a scene of version 1 leaves open, as warnings; nothing for any other data."""
    if not isinstance(data, dict) or data.get("schema_version") != 1:
        return []
    return [*_asked_of_lanes(data.get("lanes")), *_asked_of_lines(data.get("stop_lines"))]


def _asked_of_lanes(lanes: Any) -> Iterator[Fault]:
    for i, lane in enumerate(lanes if isinstance(lanes, list) else []):
        if not isinstance(lane, dict):
            continue
        if lane.get("one_way_by") is None and lane.get("one_way") is not None:
            yield _warning(
                f"lanes[{i}].one_way",
                "tệp phiên bản 1 không cho biết làn thuộc đường nào",
                "a file of version 1 does not say which kind of road the lane belongs to",
                "ghi `roads` (một chiều, có dải phân cách, hai chiều) với căn cứ, và `road` của làn",
                "write `roads` (one_way, divided, two_way) with its source, and the lane's `road`",
            )
        if lane.get("classes") is not None and set(map(str, lane["classes"])) != _ALL_CLASSES:
            yield _warning(
                f"lanes[{i}].classes",
                "làn dành cho một số loại xe, nhưng không có biển nào",
                "the lane is kept for some classes, but by which sign?",
                f"ghi biển ({_numbers('lane_for')}) trong `signs`, với `governs` là làn này và nơi đặt biển",
                f"write the sign ({_numbers('lane_for')}) in `signs`, with this lane in `governs` and where it stands",
            )
        if lane.get("movements") is not None and len(set(map(str, lane["movements"]))) < 4:
            yield _warning(
                f"lanes[{i}].movements",
                "làn chỉ cho đi một số hướng, nhưng không rõ theo biển hay mũi tên nào",
                "the lane allows some movements only, but by which sign or arrows?",
                f"ghi biển {_numbers('lane_direction')} trong `signs`, hoặc `arrows` của làn (nơi vẽ mũi tên)",
                f"write sign {_numbers('lane_direction')} in `signs`, or the lane's `arrows` (where they are painted)",
            )


def _asked_of_lines(lines: Any) -> Iterator[Fault]:
    for i, line in enumerate(lines if isinstance(lines, list) else []):
        if isinstance(line, dict) and line.get("banned_turns"):
            yield _warning(
                f"stop_lines[{i}].banned_turns",
                "cấm rẽ theo biển, nhưng tệp phiên bản 1 không ghi biển số mấy, đặt ở đâu",
                "turns are banned by a sign, but a file of version 1 says neither its number nor where it stands",
                f"`giaolo zones migrate` ghi thành biển ({_numbers('no_turn')}); sửa số hiệu và ghi nơi đặt biển",
                f"`giaolo zones migrate` makes it a sign ({_numbers('no_turn')}); correct its number, say where it is",
            )


def _numbers(says: str) -> str:
    return ", ".join(sign.code for sign in HERE.signs.all if sign.says == says)


def _warning(path: str, vi: str, en: str, remedy_vi: str, remedy_en: str) -> Fault:
    return Fault(path, both(vi, en), both(remedy_vi, remedy_en), "warning")
