"""A scene file, from YAML to a validated `Scene` and its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from zones.check import check
from zones.faults import Fault, SceneError
from zones.schema import Scene
from zones.upgrade import questions

MAX_BYTES = 1_000_000
"""A scene of one camera is a few kilobytes: what is larger is not one."""
MAX_DEPTH = 20

_REMEDIES = {
    "missing": "add this field",
    "extra_forbidden": "remove it or correct its spelling (`giaolo zones schema` lists the fields)",
    "string_pattern_mismatch": "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
    "too_short": "add what is missing",
    "too_long": "take out what is too much",
    "literal_error": "use one of the words listed",
    "enum": "use one of the words listed",
    "finite_number": "write an ordinary number of pixels",
}


@dataclass(frozen=True)
class LoadedScene:
    """`digest`: SHA-256 (hex) of the canonical JSON of the scene with every default written out: it does not change
    with comments, order or layout of the file, and it changes with anything that a rule could see. `asked`: what a file
    of version 1 leaves open."""

    scene: Scene
    digest: str
    source: Path
    asked: tuple[Fault, ...] = ()


def load_scene(path: Path | str) -> LoadedScene:
    """Read, validate and check a scene.

    Raises
    ------
    SceneError: the file cannot be read, is not YAML, lacks or mistakes a field, or `zones.check` finds an error.
        Warnings do not raise; ask `zones.check.check` for them.
    """
    source = Path(path)
    data = _yaml(_read(source), str(source))
    scene = scene_from_data(data, str(source))
    errors = [fault for fault in check(scene) if fault.severity == "error"]
    if errors:
        raise SceneError(str(source), errors)
    return LoadedScene(scene, scene_digest(scene), source, tuple(questions(data)))


def parse_scene(text: str, source: str = "scene") -> Scene:
    """YAML text to a `Scene` whose fields are right; whether it makes sense is for `zones.check.check`.

    Raises
    ------
    SceneError: with all faults found.
    """
    if len(text.encode()) > MAX_BYTES:
        raise SceneError(source, [_too_large()])
    return scene_from_data(_yaml(text, source), source)


def scene_from_data(data: object, source: str = "scene") -> Scene:
    """As `parse_scene`, from plain data (the editor's JSON)."""
    if not isinstance(data, dict):
        what = "the file is empty" if data is None else f"the file holds a {type(data).__name__}, not a scene"
        raise SceneError(source, [Fault("", what, "begin with `schema_version: 2` and the fields of a scene")])
    try:
        return Scene.model_validate(data)
    except ValidationError as error:
        raise SceneError(source, [_fault(detail) for detail in error.errors()]) from error


def read_scene_data(path: Path | str) -> object:
    """The plain data of a scene file, fields unchecked: what the editor shows of a scene with faults.

    Raises
    ------
    SceneError: the file cannot be read or is not YAML.
    """
    return _yaml(_read(Path(path)), str(path))


def scene_digest(scene: Scene) -> str:
    """SHA-256 (hex) of the RFC 8785 form of the scene."""
    return hashlib.sha256(rfc8785.dumps(scene.model_dump(mode="json"))).hexdigest()


def _read(source: Path) -> str:
    try:
        with source.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SceneError(str(source), [Fault("", "there is no such file", "check the path of the scene")]) from None
    except OSError as error:
        raise SceneError(
            str(source), [Fault("", f"cannot be read: {error.strerror}", "check path and rights")]
        ) from error
    if len(raw) > MAX_BYTES:
        raise SceneError(str(source), [_too_large()])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SceneError(
            str(source), [Fault("", f"is not UTF-8 text (byte {error.start})", "save the scene as YAML in UTF-8")]
        ) from error


def _too_large() -> Fault:
    return Fault("", f"is larger than {MAX_BYTES // 1000} kB", "check the path: a scene has a few kilobytes")


class _StrictLoader(yaml.SafeLoader):
    """The safe loader without what makes YAML files surprising: aliases (a small file can grow to gigabytes through
    them), duplicate keys (the last would silently win) and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self._mark()
            raise yaml.MarkedYAMLError(problem="an alias (`*name`) is not allowed in a scene", problem_mark=mark)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self._mark()
            raise yaml.MarkedYAMLError(problem="nested too deeply for a scene", problem_mark=mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _mark(self) -> yaml.Mark:
        mark: yaml.Mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return mark

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[object, int] = {}
        for key_node, _ in node.value:
            key = getattr(key_node, "value", None)
            if not isinstance(key, str):
                raise yaml.MarkedYAMLError(problem="a field name must be a word", problem_mark=key_node.start_mark)
            line = key_node.start_mark.line + 1
            if key in seen:
                problem = f"the field {key!r} stands twice (lines {seen[key]} and {line})"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            seen[key] = line
        return super().construct_mapping(node, deep)


def _yaml(text: str, source: str) -> object:
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        fault = Fault(where, error.problem or "is not YAML", "correct this line (indentation, brackets, doubled names)")
        raise SceneError(source, [fault]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SceneError(
            source, [Fault("", f"is not YAML: {first_line}", "save the scene as YAML in UTF-8")]
        ) from error


def _fault(detail: ErrorDetails) -> Fault:
    kind, given = detail["type"], detail.get("input")
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).lstrip(".")
    if kind == "missing":
        what = "is missing"
    elif kind == "extra_forbidden":
        what = "is not a field of a scene"
    elif path == "schema_version":
        what = f"this software reads versions 1 and 2, the file says {given!r}"
    else:
        shown = repr(given)
        what = detail["msg"][:1].lower() + detail["msg"][1:]
        what += f" (found {shown[:57] + '...' if len(shown) > 60 else shown})"
    return Fault(path, what, _REMEDIES.get(kind, "correct the value"))
