"""All words a person reads, the country's language first, then English: one YAML file each, same keys in both.

Templates hold no text of their own, so a wording can be corrected by someone who reads no code, and a test can prove
that no language misses a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import yaml

from countries.here import HERE
from countries.law import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = HERE.language
_YAML: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A tenth of the time where the library has it in C: three thousand lines are read at every start."""
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Texts:
    """The texts of one language; call it with a dotted key."""

    language: Language
    entries: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under `key` with its `{places}` filled in. Raises `KeyError`: a missing text is a defect."""
        text = self.entries[key]
        return text.format(**values) if values else text

    def or_else(self, key: str, fallback: str, /, **values: object) -> str:
        """For keys that come from outside (reasons, flags of a newer node): the fallback stands in."""
        return self(key, **values) if key in self.entries else fallback

    def has(self, key: str) -> bool:
        return key in self.entries

    def under(self, prefix: str) -> dict[str, str]:
        """All texts below `prefix`, keyed by the rest of their key, in file order."""
        start = prefix + "."
        return {key[len(start) :]: text for key, text in self.entries.items() if key.startswith(start)}


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested mapping to dotted keys."""
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat


@cache
def texts(language: Language) -> Texts:
    """The texts of a language, read once: the screens' own, and those of the acts, which are the country's."""
    tree = yaml.load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"), _YAML)
    return Texts(language, {**flatten(tree), **HERE.acts.screen_words(language)})


def choose(value: str | None) -> Language:
    """The language a cookie or query names, the country's when it names none of ours."""
    return next((language for language in LANGUAGES if language == value), DEFAULT_LANGUAGE)
