"""A program's YAML file, read once and strictly: what is wrong is told with file, field and remedy.

Box and centre read theirs through this module, so that neither takes what the other refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from evidence.addresses import hide, shown_address
from evidence.errors import GiaoLoError

MAX_BYTES = 1_000_000
"""No settings are as long; a wrong path may name a clip."""
_REMEDIES = {
    "missing": "add this field: docs/examples has one",
    "extra_forbidden": "remove it or correct its spelling",
    "literal_error": "use one of the words listed",
    "string_pattern_mismatch": "use 1 to 64 letters, digits, '.', '_' or '-'",
    "timezone_aware": "add the zone, like 2026-03-01T08:00:00+07:00",
}


class ConfigError(GiaoLoError):
    """The configuration cannot be used. `faults` has all that was found, one line each."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "", faults: tuple[str, ...] = ()) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.faults = faults or (str(self),)


class Section(BaseModel):
    """A part of a configuration: frozen, and no field that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def anchored(self, folder: Path) -> Self:
        """The same with absolute paths: relative ones count from `folder`, at every depth."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        placed = {name: _anchored(value, folder) for name, value in values.items()}
        changed = {name: v for name, v in placed.items() if v is not values[name]}
        return self.model_copy(update=changed) if changed else self


S = TypeVar("S", bound=Section)


def read_yaml(path: Path) -> Any:
    """The file as plain data. Raises `ConfigError` naming file, line and remedy."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ConfigError("is larger than 1 MB", where=str(path), remedy="check the path of the configuration")
        return yaml.safe_load(raw.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check path and rights"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=str(path), remedy="save the file as YAML in UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}: line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
        raise ConfigError(
            f"is not YAML: {error.problem}", where=where, remedy="correct this line (indentation, brackets, quotes)"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError("is not YAML", where=str(path), remedy="save the file as YAML in UTF-8") from error


def read_settings(
    model: type[S], data: object, *, folder: Path, where: str, remedies: Mapping[str, str] | None = None
) -> S:
    """Validate `data`; relative paths count from `folder`.

    Parameters
    ----------
    where: how the file is named in an error.
    remedies: by field, where there is more to say than the kind of fault does.

    Raises
    ------
    ConfigError: a field that is wrong is named before one that is missing, as it is what somebody just typed.
    """
    if not isinstance(data, dict):
        raise ConfigError("holds no settings", where=where, remedy="begin with `schema_version: 1` and the fields")
    told = {"schema_version": "write `schema_version: 1`", **(remedies or {})}
    try:
        return model.model_validate(data).anchored(folder.resolve())
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults = tuple(f"{where}: {_field(d['loc'])}: {_what(d)} -> {_remedy(d, told)}" for d in details)
        first = min(details, key=lambda d: d["type"] == "missing")
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        raise ConfigError(
            _what(first) + more, where=f"{where}: {_field(first['loc'])}", remedy=_remedy(first, told), faults=faults
        ) from error


def _anchored(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return (folder / value.expanduser()).resolve()
    if isinstance(value, Section):
        return value.anchored(folder)
    if isinstance(value, list) and any(isinstance(each, Path | Section) for each in value):
        return [_anchored(each, folder) for each in value]
    return value


def _field(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".") or "the file"


def _what(detail: Any) -> str:
    kind = detail["type"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not a field of the configuration"
    message = str(detail["msg"])
    shown = detail["input"] if isinstance(detail["input"], str | int | float | bool | datetime) else None
    return message[:1].lower() + message[1:] + ("" if shown is None else f" (found {_shown(shown)[:80]})")


def _shown(value: object) -> str:
    """An address with a password in it is shown without."""
    text = repr(shown_address(value)) if isinstance(value, str) else repr(value)
    return hide(text)


def _remedy(detail: Any, told: Mapping[str, str]) -> str:
    return told.get(_field(detail["loc"])) or _REMEDIES.get(detail["type"], "correct the value")
