"""Numbers that judge: explained, changed within bounds, named by one digest."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from common.margins import MarginsError, changed, digest, explained, margin


@dataclass(frozen=True)
class Jump:
    height_m: float = margin(1.5, "m", "a kerb is lower", source="measured", most=3.0)
    twice: int = margin(2, "times", "once may be noise", source="ours", least=1)


def test_every_number_is_told_with_unit_reason_and_source() -> None:
    assert [(m.name, m.value, m.unit, m.why, m.source) for m in explained(Jump())] == [
        ("height_m", 1.5, "m", "a kerb is lower", "measured"),
        ("twice", 2, "times", "once may be noise", "ours"),
    ]


def test_a_configuration_changes_what_it_names_and_nothing_else() -> None:
    assert changed(Jump(), {"height_m": 2.0}, where="node.yaml") == Jump(height_m=2.0)


def test_what_counts_stays_a_whole_number_and_what_measures_may_be_written_as_one() -> None:
    made = changed(Jump(), {"height_m": 2, "twice": 3.0}, where="node.yaml")
    assert (type(made.height_m), type(made.twice)) == (float, int)
    assert digest({"jump": made}) == digest({"jump": Jump(height_m=2.0, twice=3)})


@pytest.mark.parametrize(
    "values",
    [{"height": 1.0}, {"height_m": 3.1}, {"twice": 0}, {"twice": True}, {"twice": 2.5}, {"twice": float("nan")}],
)
def test_what_is_no_margin_or_out_of_bounds_is_refused_with_its_place(values: dict[str, float]) -> None:
    with pytest.raises(MarginsError, match=next(iter(values))) as caught:
        changed(Jump(), values, where="node.yaml margins.jump")
    assert "node.yaml margins.jump" in str(caught.value)


def test_the_digest_is_of_the_numbers_and_their_names() -> None:
    assert digest({"a": Jump(), "b": Jump()}) == digest({"b": Jump(), "a": Jump()})
    assert len({digest({"a": Jump()}), digest({"b": Jump()}), digest({"a": Jump(twice=3)})}) == 3
