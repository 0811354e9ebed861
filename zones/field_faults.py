"""What is wrong with a single field, in both languages: the words for what the validator found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from zones.faults import Fault, both

_CORRECT = both("sửa giá trị", "correct the value")
_ONE_OF = both("dùng một trong các từ đã nêu", "use one of the words listed")
_REMEDIES = {
    "missing": both("thêm mục này", "add this field"),
    "extra_forbidden": both(
        "bỏ mục này hoặc sửa chính tả (`giaolo zones schema` liệt kê các mục)",
        "remove it or correct its spelling (`giaolo zones schema` lists the fields)",
    ),
    "string_pattern_mismatch": both(
        "dùng 1 đến 64 chữ cái không dấu, chữ số, '.', '_' hoặc '-', bắt đầu bằng chữ cái hoặc chữ số",
        "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
    ),
    "too_short": both("thêm phần còn thiếu", "add what is missing"),
    "too_long": both("bớt phần thừa", "take out what is too much"),
    "literal_error": _ONE_OF,
    "enum": _ONE_OF,
    "finite_number": both("ghi một số điểm ảnh bình thường", "write an ordinary number of pixels"),
}
_VIETNAMESE = {
    "string_pattern_mismatch": "không đúng dạng chữ được dùng",
    "too_short": "chỉ có {actual_length}, cần ít nhất {min_length}",
    "too_long": "có {actual_length}, nhiều nhất là {max_length}",
    "string_too_short": "cần ít nhất {min_length} ký tự",
    "string_too_long": "nhiều nhất {max_length} ký tự",
    "literal_error": "không phải một trong các từ: {expected}",
    "enum": "không phải một trong các từ: {expected}",
    "finite_number": "không phải một số bình thường",
    "greater_than": "phải lớn hơn {gt}",
    "greater_than_equal": "phải từ {ge} trở lên",
    "less_than": "phải nhỏ hơn {lt}",
    "less_than_equal": "nhiều nhất là {le}",
    "timezone_aware": "thiếu múi giờ",
}
_KINDS = (
    (("float", "int", "decimal"), "không phải là số"),
    (("string",), "không phải là chữ"),
    (("bool",), "không phải là true hoặc false"),
    (("list", "tuple", "set", "iterable"), "không phải là danh sách"),
    (("dict", "mapping", "model", "dataclass"), "không phải là một nhóm mục"),
    (("date", "datetime", "time", "timezone"), "không phải là ngày giờ"),
)
"""Beginnings of the validator's other kinds of faults, which say no more than what was expected."""
_SHOWN_LETTERS = 60


def field_fault(detail: ErrorDetails) -> Fault:
    """A validator's fault in words for people: where, what was found, what to do."""
    kind, given = detail["type"], detail.get("input")
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).lstrip(".")
    if kind == "missing":
        what = both("còn thiếu", "is missing")
    elif kind == "extra_forbidden":
        what = both("không phải là mục của một cảnh", "is not a field of a scene")
    elif kind == "value_error":
        what = detail["msg"].removeprefix("Value error, ")  # of a rule of our own, which says both
    elif path == "schema_version":
        what = both(
            f"phần mềm này đọc phiên bản 1 và 2, tệp ghi {given!r}",
            f"this software reads versions 1 and 2, the file says {given!r}",
        )
    else:
        text = repr(given)
        shown = text[: _SHOWN_LETTERS - 3] + "..." if len(text) > _SHOWN_LETTERS else text
        english = detail["msg"][:1].lower() + detail["msg"][1:]
        vietnamese = _in_vietnamese(kind, detail.get("ctx", {}))
        what = both(f"{vietnamese} (tệp ghi {shown})", f"{english} (found {shown})")
    return Fault(path, what, _REMEDIES.get(kind, _CORRECT))


def _in_vietnamese(kind: str, values: Mapping[str, Any]) -> str:
    if kind in _VIETNAMESE:
        said = {name: str(value).replace(" or ", " hoặc ") for name, value in values.items()}
        return _VIETNAMESE[kind].format_map(said)
    return next((said for begins, said in _KINDS if kind.startswith(begins)), "không dùng được")
