"""All rules: whatever module of this folder ends in a `RULE`. A new file is found; no act is known by name here."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import edge.rules
from edge.rules.rule import Rule
from evidence.acts import ActCode


def _found() -> Mapping[ActCode, Rule[Any]]:
    rules: dict[ActCode, Rule[Any]] = {}
    for module in pkgutil.iter_modules(edge.rules.__path__, "edge.rules."):
        if module.name == __name__:
            continue
        rule = getattr(import_module(module.name), "RULE", None)
        if rule is None:
            continue
        if rule.act in rules:
            raise ValueError(f"two files of edge/rules judge {rule.act.value}: {module.name} is the second")
        rules[rule.act] = rule
    return {act: rules[act] for act in ActCode if act in rules}


RULES: Mapping[ActCode, Rule[Any]] = _found()
"""By act, in the order of the list of acts."""
