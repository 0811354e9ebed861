"""Words of Vietnam that are neither an act's nor a screen's: `words.yaml` beside this file."""

from __future__ import annotations

from importlib import resources

import yaml

from countries.country import Words


def read() -> Words:
    tree = yaml.safe_load((resources.files("countries.vn") / "words.yaml").read_text(encoding="utf-8"))
    unresolved = tree["unresolved"]
    return Words(tree["kinds"], tree["colours"], (unresolved["vi"], unresolved["en"]))
