"""What the kernel says of the node's clock: whether a time service disciplines it (Linux, adjtimex(2))."""

from __future__ import annotations

import ctypes
import functools

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_MAX_ERROR_US = 1_000_000
"""The kernel's own estimate of its error: over a second, promise 3 does not hold, whatever else it says."""


class _Timex(ctypes.Structure):
    """Enough of `struct timex` for `adjtimex` with `modes = 0`; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("room", ctypes.c_byte * 480),
    )  # fmt: skip


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def kernel_clock_synchronised() -> bool | None:
    """Whether the kernel's clock is disciplined by NTP, PTP or GNSS; None if the kernel does not say.

    A clock that is being slewed over more than a second is not yet synchronised (`esterror`, microseconds).
    """
    told = _Timex()
    try:
        result = _libc().adjtimex(ctypes.byref(told))
    except (OSError, AttributeError):
        return None
    return None if result < 0 else result != _TIME_ERROR and told.esterror <= _MAX_ERROR_US
