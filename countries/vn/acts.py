"""What the acts are called in Viet Nam, and which rows of the law are theirs: read from `acts.yaml` beside this file.

One entry an act, so that an act is added, and a wording put right, in one place by somebody who reads no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from countries.law import Language, OneBehaviour, VehicleKind
from evidence.acts import ACTS, ActCode
from evidence.errors import GiaoLoError

FILE = "acts.yaml"


class ActWordsError(GiaoLoError):
    """`acts.yaml` cannot be used as it stands."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(_Entry):
    """One wording in both languages."""

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_(self, language: Language) -> str:
        """The wording in one of the two."""
        return self.vi if language == "vi" else self.en


class Names(_Entry):
    """What an act is called, and more exactly where a reason of the packet says more: by its name, then its value."""

    name: Said
    name_by: dict[str, dict[str, Said]] = Field(default_factory=dict, max_length=1)

    def said(self, reasons: Mapping[str, object] | None, plain: Said | None = None) -> Said:
        """As exact as the reasons allow. `plain`: the name where they say no more, else its own."""
        by, exact = next(iter(self.name_by.items()), ("", {}))
        return exact.get(str((reasons or {}).get(by)), plain or self.name)


class VietnameseAct(Names):
    """One act here. `law`: key of its rows in `law/`; `no_row`: kinds of vehicle that have none there, and why.

    `for_kind`: by kinds of vehicle whose row has other words, the names that are in those. `name_under`: by other keys
    that `law` may be set to, the name that is in their wording.
    """

    law: str
    short: Said
    for_kind: dict[str, Names] = Field(default_factory=dict)
    no_row: dict[str, str] = Field(default_factory=dict)
    name_under: dict[str, Said] = Field(default_factory=dict)

    @property
    def named(self) -> Said:
        """Its name in the wording of the rows that `law` says."""
        return self.name_under.get(self.law, self.name)

    @property
    def named_by(self) -> str | None:
        """The reason of the packet that makes the act's name more exact; None where there is none."""
        return next(iter(self.name_by), None)

    @model_validator(mode="after")
    def _reasons_given(self) -> VietnameseAct:
        if not all(why.strip() for why in self.no_row.values()):
            raise ValueError("no_row needs a reason for each kind")
        return self


class _Pair(_Entry):
    """Two acts that stand on one behaviour where the reason `by` of both packets is the same."""

    acts: tuple[ActCode, ActCode]
    by: str
    why: Said


class _OneBehaviour(_Entry):
    reference: str = Field(min_length=1)
    same: Said
    pairs: tuple[_Pair, ...]

    @model_validator(mode="after")
    def _both_state_it(self) -> _OneBehaviour:
        for pair in self.pairs:
            if any(ACTS[act].reason(pair.by) is None for act in pair.acts):
                raise ValueError(f"one_behaviour: {' and '.join(pair.acts)} do not both state {pair.by}")
        return self


class _Book(_Entry):
    one_behaviour: _OneBehaviour
    acts: dict[ActCode, VietnameseAct]
    moments: dict[str, Said]
    reasons: dict[str, Said]
    flags: dict[str, Said]
    values: dict[str, Said]


def act_here(act: ActCode) -> VietnameseAct:
    """Names and law row of an act. Raises `ActWordsError` for one that has no entry."""
    found = _book().acts.get(act)
    if found is None:
        raise ActWordsError(f"there is no act {act.value}", where=f"countries/vn/{FILE}: acts", remedy="add its entry")
    return found


def named_by(act: ActCode) -> str | None:
    """The reason of a packet that makes the act's name more exact; None where there is none."""
    return act_here(act).named_by


def act_words(
    act: ActCode, reasons: Mapping[str, object] | None = None, kind: VehicleKind | None = None
) -> tuple[str, str]:
    """The act in Vietnamese and English, in the words of the row for that kind of vehicle, and as exact as the packet's
    reasons allow: of a banned turn, which one."""
    here = act_here(act)
    own = here.for_kind.get(kind or "")
    said = here.said(reasons, here.named) if own is None else own.said(reasons)
    return said.vi, said.en


def one_behaviour(
    one: ActCode, reasons: Mapping[str, object], other: ActCode, other_reasons: Mapping[str, object]
) -> OneBehaviour | None:
    """Whether two acts of one vehicle on one drive may be one behaviour, and why."""
    found = _book().one_behaviour

    def same(name: str) -> bool:
        return reasons.get(name) is not None and reasons.get(name) == other_reasons.get(name)

    if one == other:
        # the sign is why, not where: another one may be in force an hour later
        about = [subject for subject in ACTS[one].about if subject != "sign"]
        at = [subject for subject in about if subject in reasons or subject in other_reasons]
        told = found.same if at and all(same(subject) for subject in at) else None
    else:
        pairs = (pair.why for pair in found.pairs if {one, other} == {*pair.acts} and same(pair.by))
        told = next(pairs, None)
    return OneBehaviour((told.vi, told.en), found.reference) if told else None


@cache
def screen_words(language: Language) -> Mapping[str, str]:
    """What a screen says of acts, their moments, reasons, doubts and values, by dotted key (`act.red_light`)."""
    book = _book()
    words = {f"act.{code.value}": act.short.in_(language) for code, act in book.acts.items()}
    for group, said in (
        ("moment", book.moments), ("reason", book.reasons), ("flag", book.flags), ("value", book.values)
    ):  # fmt: skip
        words |= {f"{group}.{name}": each.in_(language) for name, each in said.items()}
    return words


@cache
def _book() -> _Book:
    text = (resources.files("countries.vn") / FILE).read_text(encoding="utf-8")
    try:
        return _Book.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise ActWordsError(
            str(error), where=f"countries/vn/{FILE}", remedy="correct the entry; each wording needs `vi` and `en`"
        ) from error
