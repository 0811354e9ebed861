"""The reading that box and centre share: paths at every depth, and the fault that somebody just typed comes first."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from common.settings import ConfigError, Section, read_settings, read_yaml


class Inner(Section):
    file: Path | None = None
    files: list[Path] = Field(default_factory=list)


class Outer(Section):
    name: str
    inner: Inner = Inner()
    many: list[Inner] = Field(default_factory=list)


def test_paths_at_every_depth_count_from_the_folder(tmp_path: Path) -> None:
    data = {"name": "x", "inner": {"file": "a", "files": ["/b", "c"]}, "many": [{"file": "d"}]}
    made = read_settings(Outer, data, folder=tmp_path, where="f.yaml")
    base = tmp_path.resolve()
    assert made.inner == Inner(file=base / "a", files=[Path("/b"), base / "c"])
    assert made.many == [Inner(file=base / "d")]


def test_what_was_not_said_stays_unsaid(tmp_path: Path) -> None:
    made = read_settings(Outer, {"name": "x"}, folder=tmp_path, where="f.yaml")
    assert made.model_dump(exclude_unset=True) == {"name": "x"}


def test_a_wrong_field_is_named_before_a_missing_one_and_all_are_listed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(Outer, {"inner": {"file": 3}}, folder=tmp_path, where="f.yaml", remedies={"name": "say a name"})
    assert caught.value.where == "f.yaml: inner.file"
    assert "1 more fault" in caught.value.what
    assert caught.value.faults[0] == "f.yaml: name: is missing -> say a name"


def test_no_password_of_an_address_stands_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(Outer, {"name": "x", "inner": "rtsp://u:secret@x"}, folder=tmp_path, where="f.yaml")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\nb: ]\n")
    with pytest.raises(ConfigError, match=r"f\.yaml: line 2"):
        read_yaml(file)
