"""Words of Vietnam that are neither an act's nor a screen's: `words.yaml` beside this file."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml

from countries.country import Words


@cache
def read() -> Words:
    tree = yaml.safe_load((resources.files("countries.vn") / "words.yaml").read_text(encoding="utf-8"))
    standings = {code: (words["vi"], words["en"]) for code, words in tree["standings"].items()}
    return Words(tree["kinds"], tree["colours"], standings)
