"""The timeline of the lamps: words of stills lie beside each other and beside each other's lines."""

from __future__ import annotations

from itertools import permutations

from hypothesis import example, given
from hypothesis import strategies as st

from central.pictures.timeline import AIR, WIDTH, WORD, Mark, _apart

PLACES = st.lists(
    st.integers(0, int(WIDTH / (2 * AIR))).map(lambda n: n * 2 * AIR), min_size=1, max_size=4, unique=True
)


@given(PLACES)
@example([576.0, 592.0, 944.0])
@example([896.0, 952.0, 984.0])
@example([0.0, 8.0, 16.0, 24.0])
@example([480.0, 488.0, 496.0, 504.0])
def test_words_of_stills_touch_no_other_word_and_no_line_of_another(places: list[float]) -> None:
    marks = _apart([Mark(x, "on") for x in places])
    assert [mark.x for mark in marks] == sorted(places)
    assert all(mark.reach[0] >= 0 and mark.reach[1] <= WIDTH for mark in marks)
    for one, other in permutations(marks, 2):
        (left, right), (others_left, others_right) = one.reach, other.reach
        if one.row == other.row:
            assert right <= others_left or others_right <= left
        elif other.row < one.row:
            assert not left < other.x < right


@given(st.lists(st.floats(0, WIDTH), max_size=16))
def test_as_many_stills_as_a_packet_may_bring_are_placed_inside(places: list[float]) -> None:
    marks = _apart([Mark(x, "on") for x in places])
    assert len(marks) == len(places)
    assert all(mark.reach[0] >= -1e-9 and mark.reach[1] <= WIDTH + WORD * 1e-9 for mark in marks)
