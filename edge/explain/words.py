"""The list of vehicles that were not reported in words: `words.yaml` beside this file, in both languages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from countries.here import HERE
from edge.explain.why_not import NotReported, WhyNot
from edge.rules.refusal import Refusal
from evidence.acts import ActCode, LampState

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
_EACH = 5
"""Vehicles of a group that are told one by one."""
_GROUPS = 20
_DIGITS = {"pictures": 0, "degrees": 0, "px": 1}


@cache
def words() -> dict[str, Any]:
    """The file as it is."""
    tree: dict[str, Any] = yaml.safe_load((resources.files(__package__) / "words.yaml").read_text("utf-8"))
    return tree


def sentence(one: NotReported, language: Language, at: str = "") -> str:
    """One vehicle at one line or area: who, when, what refused which act, and the lamps then. `at`: the time of day;
    left out, the time of the stream is told, as whoever plays a film has it."""
    said = words()
    by_guard: dict[str, tuple[Refusal, list[ActCode]]] = {}
    for act, refusal in one.refusals:
        by_guard.setdefault(clause(refusal, language), (refusal, []))[1].append(act)
    clauses = [
        said["clause"][language].format(acts=_acts(acts, language), why=why) for why, (_, acts) in by_guard.items()
    ]
    shown: str = said["sentence"][language].format_map(
        {
            "time": at or _decimal(clock(one.t_s), language),
            "class": said["classes"][one.cls.value][language],
            "track": one.track,
            "thing": thing(one, language),
            "clauses": "; ".join(clauses),
            "lamps": ", ".join(f"{head} {lamp(state, language)}" for head, state in one.lamps.items())
            or said["no_lamps"][language],
        }
    )
    return shown


def clause(refusal: Refusal, language: Language, *, numbers: bool = True) -> str:
    """Why, in half a sentence; without `numbers` that of any vehicle which this guard refuses."""
    told: str = words()["guards"][refusal.guard][language]
    shown = (_with_unit(value, refusal.unit, language) if numbers else "…" for value in (refusal.number, refusal.limit))
    return told.format(**dict(zip(("number", "limit"), shown, strict=True)))


def thing(one: NotReported, language: Language) -> str:
    return f"{words()['things'][one.kind][language]} {one.what}".strip()


def lamp(state: LampState, language: Language) -> str:
    word: str = words()["lamps"][state.value][language]
    return word


def act(code: ActCode, language: Language) -> str:
    return HERE.acts.screen_words(language)[f"act.{code.value}"]


def clock(t_s: float) -> str:
    """Minutes, seconds and tenths of stream time."""
    return f"{int(t_s // 60)}:{t_s % 60:04.1f}"


def listing(why_not: WhyNot, language: Language, *, each: int = _EACH) -> Iterator[str]:
    """Lines for people: the vehicles by what refused, the commonest reason first, of each reason so many in full."""
    said = words()
    if not why_not.total:
        yield said["none"][language]
        return
    yield said["heading"][language].format(n=why_not.total)
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[NotReported]] = {}
    for one in why_not.listed:
        key = tuple((code.value, refusal.guard) for code, refusal in one.refusals)
        groups.setdefault((one.what, key), []).append(one)
    by_size = sorted(groups.values(), key=len, reverse=True)
    for vehicles in by_size[:_GROUPS]:
        yield f"{len(vehicles):5d}  {title(vehicles[0], language)}"
        yield from (f"       {sentence(one, language)}" for one in vehicles[:each])
        if len(vehicles) > each:
            yield "       " + said["more"][language].format(n=len(vehicles) - each)
    left_out = why_not.total - sum(len(vehicles) for vehicles in by_size[:_GROUPS])
    if left_out:
        yield said["more"][language].format(n=left_out)


def title(one: NotReported, language: Language) -> str:
    """The line or area, and what refused which act, without the numbers of one vehicle."""
    told = dict.fromkeys(clause(refusal, language, numbers=False) for _, refusal in one.refusals)
    return f"{thing(one, language)}, {_acts((code for code, _ in one.refusals), language)}: {'; '.join(told)}"


def _acts(acts: Iterable[ActCode], language: Language) -> str:
    return ", ".join(act(code, language) for code in acts)


def _with_unit(value: float | None, unit: str, language: Language) -> str:
    if value is None or not math.isfinite(value):
        return "?"
    if unit == "share":
        return f"{100 * value:.0f} %"
    word = words()["units"][unit][language]
    return f"{_decimal(f'{value:.{_DIGITS.get(unit, 2)}f}', language)} {word}"


def _decimal(number: str, language: Language) -> str:
    return number.replace(".", ",") if language == "vi" else number
