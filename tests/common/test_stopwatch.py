"""Stages add up, each by itself, whoever is in them."""

from __future__ import annotations

import threading
import time

import pytest

from common.stopwatch import UNTIMED, StageWatch


def _work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_a_stage_within_a_stage_counts_as_the_inner_one_alone() -> None:
    watch = StageWatch()
    before = time.thread_time()
    with watch.stage("outer"):
        _work(0.01)
        with watch.stage("inner"):
            _work(0.03)
    all_s = time.thread_time() - before
    outer, inner = watch.spent["outer"], watch.spent["inner"]
    assert (outer.calls, inner.calls) == (1, 1)
    assert inner.cpu_s >= 0.03
    assert 0.01 <= outer.cpu_s <= all_s - inner.cpu_s
    assert outer.wall_s >= 0.0


def test_the_threads_that_are_in_a_stage_are_added_up_and_do_not_disturb_each_other() -> None:
    watch = StageWatch()

    def work(name: str) -> None:
        with watch.stage(name), watch.stage("shared"):
            _work(0.01)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b", "a")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls = {name: spent.calls for name, spent in watch.spent.items()}
    assert calls == {"a": 2, "b": 1, "shared": 3}
    assert watch.spent["shared"].cpu_s >= 0.03


def test_a_stage_that_fails_is_counted_and_the_fault_goes_on() -> None:
    watch = StageWatch()
    with pytest.raises(ZeroDivisionError), watch.stage("fails"):
        raise ZeroDivisionError
    with watch.stage("next"):
        pass
    assert {name: spent.calls for name, spent in watch.spent.items()} == {"fails": 1, "next": 1}


def test_nobody_counting_is_no_obstacle() -> None:
    with UNTIMED.stage("a"), UNTIMED.stage("a"):
        pass
