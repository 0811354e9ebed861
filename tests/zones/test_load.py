"""A scene file: what is read, what is refused, and how a person is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import GiaoLoError
from tests.zones.scenes import DROP, GOOD, scene_data
from zones.faults import Fault, SceneError
from zones.load import MAX_BYTES, load_scene, parse_scene, scene_digest, scene_from_data


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "scene.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_good_file_is_read_with_its_digest(tmp_path):
    path = write(tmp_path, yaml.safe_dump(GOOD, allow_unicode=True))
    loaded = load_scene(path)
    assert loaded.scene.place == GOOD["place"]
    assert loaded.source == path
    assert loaded.digest == scene_digest(loaded.scene)
    assert len(loaded.digest) == 64


def test_the_digest_follows_the_meaning_not_the_layout(tmp_path):
    first = load_scene(write(tmp_path, yaml.safe_dump(GOOD))).digest
    again = load_scene(write(tmp_path, "# another layout\n" + json.dumps(GOOD, indent=3))).digest
    written_out = load_scene(write(tmp_path, yaml.safe_dump(scene_data(rules={"red_margin_s": 0.5})))).digest
    other = load_scene(write(tmp_path, yaml.safe_dump(scene_data(rules={"red_margin_s": 0.6})))).digest
    assert first == again == written_out != other


@pytest.mark.parametrize(
    ("shows", "changes", "path", "what", "remedy"),
    [
        ("a field left out", {"picture": DROP}, "picture", "missing", "add"),
        ("a misspelt field", {"signals.0.govern": ["s1"]}, "signals[0].govern", "not a field", "spelling"),
        ("a word for a number", {"stop_lines.0.points.1": ["x", 3]}, "stop_lines[0].points[1][0]", "number", "correct"),
        ("an unknown kind of line", {"markings.0.kind": "9.9"}, "markings[0].kind", "'2.4'", "words listed"),
        ("an unknown act", {"acts": ["speeding"]}, "acts[0]", "red_light", "words listed"),
        ("too few corners", {"junction": [[1, 1], [2, 2]]}, "junction", "at least 3", "add"),
        ("an id with spaces", {"id": "Ngã tư"}, "id", "pattern", "letters"),
        ("a later version", {"schema_version": 3}, "schema_version", "versions 1 and 2", "words listed"),
        ("infinity", {"stop_lines.0.forward": [float("inf"), 1]}, "stop_lines[0].forward[0]", "finite", "ordinary"),
    ],
)
def test_a_mistaken_field_is_named_with_its_remedy(tmp_path, shows, changes, path, what, remedy):
    with pytest.raises(SceneError) as caught:
        load_scene(write(tmp_path, yaml.safe_dump(scene_data(**changes))))
    fault = caught.value.faults[0]
    assert fault.path == path, shows
    assert what in fault.what, shows
    assert remedy in fault.remedy, shows
    assert both_said(fault), shows


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"picture": DROP}, "còn thiếu"),
        ({"stop_lines.0.points.1": ["x", 3]}, "không phải là số (tệp ghi 'x')"),
        ({"markings.0.points": 3}, "không phải là danh sách (tệp ghi 3)"),
        ({"junction": [[1, 1], [2, 2]]}, "chỉ có 2, cần ít nhất 3"),
        ({"picture.width": 0}, "phải lớn hơn 0 (tệp ghi 0)"),
        ({"signals.0.orientation": "oblique"}, "không phải một trong các từ: 'vertical' hoặc 'horizontal'"),
        ({"picture.reference": {"file": "a.png", "sha256": "0" * 64, "at": "x"}}, "không phải là ngày giờ"),
        ({"signs": [{"id": "b", "number": "P.101", "hours": [{"begin": "24:00", "end": "05:00"}]}]}, "giờ kết thúc"),
    ],
)
def test_a_mistaken_field_is_told_in_vietnamese(changes: dict[str, object], said: str) -> None:
    with pytest.raises(SceneError) as caught:
        scene_from_data(scene_data(**changes))
    fault = caught.value.faults[0]
    assert said in fault.what.split(" / ")[0]
    assert both_said(fault)


def both_said(fault: Fault) -> bool:
    """Vietnamese and English, as the editor parts them: in halves."""
    return all(len(text.split(" / ")) % 2 == 0 for text in (fault.what, fault.remedy))


def test_the_message_names_file_path_and_remedy(tmp_path):
    path = write(tmp_path, yaml.safe_dump(scene_data(junction=[[50, 300], [590, 150], [590, 300], [50, 150]])))
    with pytest.raises(GiaoLoError) as caught:
        load_scene(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: junction: đường viền tự cắt")
    assert message.endswith("put the corners in order around the area, each once")


def test_all_faults_are_told_at_once():
    with pytest.raises(SceneError, match=r"\(\+1\)") as caught:
        scene_from_data(scene_data(**{"picture.width": 0, "markings.0.kind": "x"}))
    assert [fault.path for fault in caught.value.faults] == ["picture.width", "markings[0].kind"]
    assert len(caught.value.lines()) == 2


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("shows", "content", "path", "what"),
    [
        ("an empty file", b"", "", "empty"),
        ("only a comment", b"# scene\n", "", "empty"),
        ("a list", b"- 1\n- 2\n", "", "list"),
        ("not YAML", b"id: [1, 2\nx: 3\n", "line 2, column 2", "expected"),
        ("a tab", b"id:\n\t- x\n", "line 2, column 1", "cannot start"),
        ("a field twice", b"schema_version: 1\nid: a\nid: b\n", "line 3, column 1", "twice (lines 2 and 3)"),
        ("an alias bomb", BOMB.encode(), "line 2, column 8", "alias"),
        ("a Python object", b"id: !!python/object/apply:os.system ['true']\n", "line 1, column 5", "constructor"),
        ("a merge key", b"a: {b: 1}\n<<: 3\n", "line 2, column 5", "mapping"),
        ("deep nesting", b"[" * 5000, "line 1, column", "deeply"),
        ("a list for a name", b"[1, 2]: 3\n", "line 1, column 1", "must be a word"),
        ("not UTF-8", b"id: \xff\xfe\n", "", "UTF-8"),
        ("a control character", b"id: \x07\n", "", "YAML"),
        ("a date that is none", b"place: 2026-13-45\n", "", "YAML"),
        ("too large", b"#" * (MAX_BYTES + 1), "", "larger than"),
    ],
)
def test_a_hostile_file_is_refused_in_plain_words(tmp_path, shows, content, path, what):
    with pytest.raises(SceneError) as caught:
        load_scene(write(tmp_path, content))
    fault = caught.value.faults[0]
    assert fault.path.startswith(path), shows
    assert what in fault.what, (shows, fault.what)
    assert both_said(fault), shows
    assert "\n" not in str(caught.value), shows


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(SceneError, match="không có tệp này / there is no such file"):
        load_scene(tmp_path / "none.yaml")
    with pytest.raises(SceneError, match=r"không đọc được: .* / cannot be read"):
        load_scene(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="named pipes and /dev are POSIX")
def test_an_endless_file_is_not_read_to_its_end():
    with pytest.raises(SceneError):
        load_scene("/dev/zero")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("abid:&*[]{}!|>-#'\" \n\t%@0123,?é\x00")), max_size=120))
def test_any_text_gives_a_scene_or_a_scene_error(text):
    with pytest.raises(SceneError):
        parse_scene(text)


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(GOOD)), json_value)
def test_any_value_in_any_field_gives_a_scene_or_a_scene_error(field, value):
    from zones.check import check

    try:
        scene = scene_from_data({**GOOD, field: value})
    except SceneError:
        return
    check(scene)
