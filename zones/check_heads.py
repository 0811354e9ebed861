"""What can be wrong with a signal head in a scene: what it governs, its lamps, where they are. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from countries.here import HERE
from zones import shapes
from zones.facts import free_on_red
from zones.faults import Fault, both, known
from zones.needs import wanted
from zones.schema import ALL_MOVEMENTS, Scene, SignalHead


def head(scene: Scene, one: SignalHead, path: str) -> Iterator[Fault]:
    if not one.governs:
        what = both(f"đèn {one.id!r} không điều khiển gì", f"head {one.id!r} governs nothing")
        yield Fault(f"{path}.governs", what, known(scene.stop_lines))
    for i, name in enumerate(one.governs):
        if name not in {line.id for line in scene.stop_lines}:
            yield Fault(
                f"{path}.governs[{i}]",
                both(f"không có vạch dừng {name!r}", f"there is no stop line {name!r}"),
                known(scene.stop_lines),
            )
    for i, name in enumerate(one.lanes):
        if name not in {lane.id for lane in scene.lanes}:
            yield Fault(
                f"{path}.lanes[{i}]", both(f"không có làn {name!r}", f"there is no lane {name!r}"), known(scene.lanes)
            )
    for field in ("movements", "classes"):
        if not getattr(one, field):
            what = both("để trống: đèn không điều khiển ai", "is empty: the head governs nobody")
            yield Fault(
                f"{path}.{field}", what, both("nêu ra, hoặc bỏ trường này", "name some, or leave the field out")
            )
    yield from _told(scene, one, path)
    if one.source == "pixels" and one.box is None and not one.lamps:
        remedy = both("vẽ từng đèn màu (tốt nhất) hoặc cả khung", "draw `lamps` (best) or `box`")
        what = both(f"đèn {one.id!r} chưa vẽ", f"head {one.id!r} has neither box nor lamps: it cannot be seen")
        yield Fault(path, what, remedy)
    for name, box in (("box", one.box), ("countdown", one.countdown)):
        if box is not None:
            yield from shapes.box(scene, box, f"{path}.{name}")
    colours: dict[str, int] = {}
    for i, lamp in enumerate(one.lamps):
        yield from shapes.box(scene, lamp.box, f"{path}.lamps[{i}].box")
        if lamp.colour in colours:
            first = f"lamps[{colours[lamp.colour]}]"
            what = both(
                f"hai đèn cùng màu {lamp.colour} (đèn kia là {first})",
                f"a second {lamp.colour} lamp (the first is {first})",
            )
            remedy = both(
                "mỗi màu một đèn; cột đèn thứ hai là một đèn riêng",
                "one lamp a colour; a second head is a head of its own",
            )
            yield Fault(f"{path}.lamps[{i}].colour", what, remedy)
        colours.setdefault(lamp.colour, i)
        if one.box is not None and not shapes.inside(lamp.box, one.box):
            remedy = both("sửa một trong hai", "correct the lamp, or draw the head's box around all its lamps")
            what = both("đèn màu nằm ngoài khung của đèn", "the lamp lies outside its head's box")
            yield Fault(f"{path}.lamps[{i}].box", what, remedy)
    red_wanted = any(needs.red_lens for needs in wanted(scene))
    if one.lamps and "red" not in colours and one.arrow is None and red_wanted:
        what = both("chưa có đèn đỏ: không thấy được đỏ", "there is no red lamp: red cannot be seen")
        yield Fault(f"{path}.lamps", what, both("vẽ đèn đỏ", "draw the red lens"), "warning")


def ungoverned(scene: Scene) -> Iterator[Fault]:
    """Directions over a line with lamps that no head governs for some class, and no plate lets go on red: whoever goes
    there is never accused, and nobody may drive on red unless something at the site says so."""
    freed = [sign for sign in HERE.signs.all if sign.says == "free_on_red"]
    movements = {movement for sign in freed for movement in sign.movements}
    for i, line in enumerate(scene.stop_lines):
        mine = [head for head in scene.signals if line.id in head.governs and head.arrow is None]
        for movement in (each for each in ALL_MOVEMENTS if mine and each in movements):
            bound = {cls for head in scene.signals if line.id in head.governs and movement in head.movements
                     for cls in head.classes}  # fmt: skip
            free = {cls for head in mine for cls in head.classes} - bound
            if any(not free_on_red(scene, line.id, movement, cls) for cls in free):
                number = next(sign.code for sign in freed if movement in sign.movements)
                what = both(
                    f"không đèn nào điều khiển hướng {movement} qua vạch {line.id!r}: ai đi hướng đó không bị nêu",
                    f"no head governs {movement} over {line.id!r}: whoever goes there is not told",
                )
                remedy = both(
                    f"ghi `movements` của đèn, hoặc biển phụ {number} cho phép đi khi đèn đỏ",
                    f"write it in a head's `movements`, or the plate {number} that lets them go on red",
                )
                yield Fault(f"stop_lines[{i}]", what, remedy, "warning")


def _told(scene: Scene, one: SignalHead, path: str) -> Iterator[Fault]:
    """By which name the controller tells it; pixels alone name none."""
    if one.phase is not None and one.controller_head is not None:
        what = both("nêu cả pha và tên ở tủ điều khiển", "names a phase and a name at the controller")
        yield Fault(f"{path}.controller_head", what, both("bỏ một trong hai", "leave one of them out"))
    if one.source == "controller" and one.phase is None and one.controller_head is None:
        what = both(
            f"đèn {one.id!r} lấy tín hiệu từ tủ điều khiển nhưng không nêu pha: không bao giờ biết đèn sáng màu gì",
            f"head {one.id!r} takes its state from a controller but names no phase: its state would never be known",
        )
        remedy = both(
            "nêu `phase` (số pha của tủ) hoặc `controller_head`", "name its `phase`, or its `controller_head`"
        )
        yield Fault(f"{path}.source", what, remedy)
    twins = [head.id for head in scene.signals if head.phase is not None and head.phase == one.phase]
    if len(twins) > 1 and twins[0] == one.id and {h.arrow for h in scene.signals if h.id in twins} != {one.arrow}:
        what = both(f"các đèn {', '.join(twins)} cùng một pha", f"heads {', '.join(twins)} have one phase")
        remedy = both("đèn mũi tên thường có pha riêng: xem lại", "an arrow usually has a phase of its own: look again")
        yield Fault(f"{path}.phase", what, remedy, "warning")
