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

from zones.check import check
from zones.faults import Fault, SceneError, both
from zones.field_faults import field_fault
from zones.schema import Scene
from zones.upgrade import questions

MAX_BYTES = 1_000_000
"""A scene of one camera is a few kilobytes: what is larger is not one."""
MAX_DEPTH = 20


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
        kind = type(data).__name__
        what = both(f"tệp chứa một {kind}, không phải một cảnh", f"the file holds a {kind}, not a scene")
        if data is None:
            what = both("tệp trống", "the file is empty")
        remedy = both(
            "bắt đầu bằng `schema_version: 2` và các mục của một cảnh",
            "begin with `schema_version: 2` and the fields of a scene",
        )
        raise SceneError(source, [Fault("", what, remedy)])
    try:
        return Scene.model_validate(data)
    except ValidationError as error:
        raise SceneError(source, [field_fault(detail) for detail in error.errors()]) from error


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
        what = both("không có tệp này", "there is no such file")
        remedy = both("kiểm tra đường dẫn của cảnh", "check the path of the scene")
        raise SceneError(str(source), [Fault("", what, remedy)]) from None
    except OSError as error:
        what = both(f"không đọc được: {error.strerror}", f"cannot be read: {error.strerror}")
        remedy = both("kiểm tra đường dẫn và quyền", "check path and rights")
        raise SceneError(str(source), [Fault("", what, remedy)]) from error
    if len(raw) > MAX_BYTES:
        raise SceneError(str(source), [_too_large()])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = both(f"không phải chữ UTF-8 (byte {error.start})", f"is not UTF-8 text (byte {error.start})")
        raise SceneError(str(source), [Fault("", what, _SAVE_ANEW)]) from error


_SAVE_ANEW = both("lưu lại cảnh thành YAML, bảng mã UTF-8", "save the scene as YAML in UTF-8")


def _too_large() -> Fault:
    most = MAX_BYTES // 1000
    what = both(f"lớn hơn {most} kB", f"is larger than {most} kB")
    return Fault(
        "", what, both("kiểm tra đường dẫn: một cảnh chỉ vài kilobyte", "check the path: a scene has a few kilobytes")
    )


class _StrictLoader(yaml.SafeLoader):
    """The safe loader without what makes YAML files surprising: aliases (a small file can grow to gigabytes through
    them), duplicate keys (the last would silently win) and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self._mark()
            raise yaml.MarkedYAMLError(
                problem=both("cảnh không được dùng bí danh (`*tên`)", "an alias (`*name`) is not allowed in a scene"),
                problem_mark=mark,
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self._mark()
            raise yaml.MarkedYAMLError(
                problem=both("lồng quá nhiều tầng cho một cảnh", "nested too deeply for a scene"), problem_mark=mark
            )
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
                problem = both("tên mục phải là một từ", "a field name must be a word")
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            line = key_node.start_mark.line + 1
            if key in seen:
                problem = both(
                    f"mục {key!r} có hai lần (dòng {seen[key]} và {line})",
                    f"the field {key!r} stands twice (lines {seen[key]} and {line})",
                )
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            seen[key] = line
        return super().construct_mapping(node, deep)


def _yaml(text: str, source: str) -> object:
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        said = error.problem or "is not YAML"
        what = said if " / " in said else both(f"không phải YAML: {said}", said)
        remedy = both(
            "sửa dòng này (thụt lề, ngoặc, tên lặp lại)", "correct this line (indentation, brackets, doubled names)"
        )
        raise SceneError(source, [Fault(where, what, remedy)]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = both(f"không phải YAML: {first_line}", f"is not YAML: {first_line}")
        raise SceneError(source, [Fault("", what, _SAVE_ANEW)]) from error
