"""The text of form 01/73: `form-01-73.yaml` beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml


@cache
def texts() -> Mapping[str, str]:
    """Each piece of text by its name, places in braces."""
    file = resources.files("countries.vn.forms") / "form-01-73.yaml"
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    return dict(tree["texts"])
