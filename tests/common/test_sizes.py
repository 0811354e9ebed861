"""One amount of disk is told alike by the box, its doctor and the centre, in both languages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.words.formats import size
from common.sizes import in_unit, size_text
from countries.here import HERE
from edge.page import plain
from tests.edge.test_page import state_of


@pytest.mark.parametrize(
    ("bytes_", "text", "why"),
    [
        (0, "0 B", "nothing is free"),
        (999, "999 B", "bytes are whole"),
        (2**28, "268.4 MB", "the usual reserve, 256 MiB"),
        (45 * 10**9, "45.0 GB", "what the centre told; 41.9 GiB is what the box told of the same disk"),
        (1_843_200_000_000, "1,843.2 GB", "of thousands three digits stand apart"),
    ],
)
def test_a_size_is_told_in_decimal_units(bytes_: int, text: str, why: str) -> None:
    assert size_text(bytes_) == text, why
    assert size_text(bytes_, comma=True) == text.translate(str.maketrans(".,", ",.")), why


@given(st.integers(0, 10**16))
def test_box_and_centre_tell_one_disk_alike(free: int) -> None:
    state = state_of(disk_free_bytes=free, reserve_bytes=free + 1)
    told = next(line for line in plain.of_box(state) if "of the disk" in line.en)
    assert size(free, HERE.language) in told.vi
    assert size(free, "en") in told.en
    assert size_text(free) in "".join(state.health().errors)
    assert not re.search(r"[GM]iB", "".join((told.vi, told.en, *state.health().errors)))


@given(st.integers(1, 10**16))
def test_no_number_is_smaller_than_its_unit(free: int) -> None:
    value, unit = in_unit(free)
    assert value >= 1
    assert value < 1000 or unit == "GB"
