"""How much of a disk is told to people: in one unit at box and centre, the decimal one that disks are sold in.

Metrics and messages stay in bytes. Settings that are given in MiB keep their names (`min_free_mib`).
"""

from __future__ import annotations

_SCALES = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def in_unit(size: int) -> tuple[float, str]:
    """`size` bytes as a number of the largest decimal unit that it fills (SI, IEC 80000-13): `(45.0, "GB")`."""
    unit, scale = next(((unit, scale) for unit, scale in _SCALES if size >= scale), ("B", 1))
    return size / scale, unit


def size_text(size: int, *, comma: bool = False) -> str:
    """`45.0 GB`, or `45,0 GB`; bytes have no digit after the point. Of thousands of GB each three digits apart."""
    value, unit = in_unit(size)
    text = f"{value:,.{0 if unit == 'B' else 1}f}"
    return f"{text.translate(str.maketrans(',.', '.,')) if comma else text} {unit}"
