"""How every paper writes its number and its day, the notice and those after it alike (NĐ 30/2020/NĐ-CP, Phụ lục I)."""

from __future__ import annotations

from datetime import date

DOTS = "........"
"""Where a draft has no number yet."""


def number_text(form: str, number: int | None, suffix: str) -> str:
    """`{number:02d}/TB-{suffix}`, 5 -> `05/TB-PC08`: below ten with a nought. None: dots, for a draft."""
    if number is None:
        return form.replace(":02d", "").format(number=DOTS, suffix=suffix)
    return form.format(number=number, suffix=suffix)


def day_in_words(day: date) -> str:
    """`ngày 05 tháng 3 năm 2027`: a nought before days below ten and months below three."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day:%d} tháng {month} năm {day.year}"


def in_head(name: str) -> str:
    """A name as it stands at the head: a long one goes over lines, and its last word never stands alone on one."""
    before, _, last = name.rpartition(" ")
    return f"{before}\N{NO-BREAK SPACE}{last}" if before else name
