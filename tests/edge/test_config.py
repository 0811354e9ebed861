"""A typo must not stop a working node: errors name file, field and remedy; the last good state is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from common.settings import ConfigError
from edge.config import NodeConfig, load_config
from edge.plan import changed, load_plan
from evidence.seal import SigningKey

LANE = {"id": "lane", "polygon": [[10, 10], [60, 10], [60, 90], [10, 90]], "direction": [[30, 80], [30, 20]]}
SCENE = {
    "schema_version": 1,
    "id": "scene-1",
    "place": "Ngã tư Phú Sơn",
    "picture": {"width": 160, "height": 96},
    "lanes": [LANE],
    "acts": ["wrong_way"],
}
CROSSED = SCENE | {"junction": [[0, 0], [100, 90], [100, 0], [0, 90]]}


def make(folder: Path, **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    SigningKey.load_or_create(folder / "centre.key")
    (folder / "scene.yaml").write_text(yaml.safe_dump(SCENE))
    data: dict[str, object] = {
        "schema_version": 1,
        "node_id": "node-1",
        "key_file": "node.key",
        "data_dir": "data",
        "centre_public_key": "centre.key.pub",
        "cameras": [{"id": "cam-1", "url": "clip.mp4", "scene": "scene.yaml", "place": "Ngã tư Phú Sơn"}],
    }
    path = folder / "node.yaml"
    path.write_text(yaml.safe_dump(data | changes, allow_unicode=True))
    return path


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load_config(make(tmp_path / "etc"))
    folder = (tmp_path / "etc").resolve()
    assert config.key_file == folder / "node.key"
    assert config.cameras[0].scene == folder / "scene.yaml"
    assert config.cameras[0].url == str(folder / "clip.mp4")
    rtsp = load_config(make(tmp_path / "b", cameras=[{"id": "c", "url": "rtsp://x/y", "scene": "s.yaml"}]))
    assert rtsp.cameras[0].url == "rtsp://x/y"


CAMERA = {"id": "cam-1", "url": "clip.mp4", "scene": "scene.yaml"}
FAULTS: list[tuple[str, dict[str, object], str, str]] = [
    ("misspelt field", {"camera": []}, "camera", "spelling"),
    ("port out of range", {"broker": {"port": 70000}}, "broker.port", "correct the value"),
    ("camera without scene", {"cameras": [{"id": "a", "url": "x"}]}, "cameras[0].scene", "add this field"),
    ("camera id with a space", {"cameras": [CAMERA | {"id": "a b"}]}, "cameras[0].id", "letters, digits"),
    ("two cameras of one name", {"cameras": [CAMERA, CAMERA]}, "cameras", "correct the value"),
    ("loop on a stream", {"cameras": [CAMERA | {"url": "rtsp://x", "loop": True}]}, "cameras[0]", "correct the value"),
    ("time without zone", {"cameras": [CAMERA | {"start_at": "2026-03-01T08:00:00"}]}, "start_at", "+07:00"),
    ("another version", {"schema_version": 2}, "schema_version", "schema_version: 1"),
    ("another type", {"detector": "fast"}, "detector", "correct the value"),
]


@pytest.mark.parametrize(("name", "change", "where", "remedy"), FAULTS, ids=[f[0] for f in FAULTS])
def test_an_error_names_file_field_and_remedy(
    tmp_path: Path, name: str, change: dict[str, object], where: str, remedy: str
) -> None:
    path = make(tmp_path, **change)
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert str(path) in raised.value.where
    assert where in raised.value.where
    assert remedy in raised.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "holds no settings"),
        (b"- 1\n- 2\n", "holds no settings"),
        (b"a: [1, 2\nb: }", "is not YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a: " + b"x" * 1_100_000, "larger than 1 MB"),
        (b"!!python/object/apply:os.system ['true']", "is not YAML"),
    ],
    ids=["empty", "a list", "broken YAML", "bytes", "huge", "a Python object"],
)
def test_rubbish_is_one_clear_error(tmp_path: Path, text: bytes, words: str) -> None:
    path = tmp_path / "node.yaml"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=words):
        load_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "missing.yaml")


def test_a_camera_password_does_not_stand_in_an_error(tmp_path: Path) -> None:
    path = make(tmp_path, cameras=[CAMERA | {"url": "rtsp://u:secret@x", "fps_limit": "rtsp://u:secret@x"}])
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert "secret" not in str(raised.value) + "".join(raised.value.faults)


def test_every_field_has_a_title_and_a_description() -> None:
    def check(model: type[BaseModel]) -> None:
        for name, field in model.model_fields.items():
            assert field.title, f"{model.__name__}.{name}"
            assert field.description, f"{model.__name__}.{name}"
            for kind in [field.annotation, *getattr(field.annotation, "__args__", ())]:
                if isinstance(kind, type) and issubclass(kind, BaseModel):
                    check(kind)

    check(NodeConfig)


def test_a_good_configuration_runs_as_written(tmp_path: Path) -> None:
    plan = load_plan(make(tmp_path))
    assert not plan.safe_mode
    assert [c.config.id for c in plan.cameras] == ["cam-1"]
    assert (tmp_path / "node.key").exists()


def test_a_broken_file_of_a_box_with_tls_runs_its_last_good_configuration_too(tmp_path: Path) -> None:
    path = make(tmp_path, broker={"tls_ca_file": "ca.pem"})
    good = load_plan(path)
    path.write_text(path.read_text() + "nodeid: x\n")
    plan = load_plan(path)
    assert plan.config == good.config
    assert [c.config.id for c in plan.cameras] == ["cam-1"]


BREAKS = {
    "broken YAML": lambda p: p.write_text("schema_version: [1\n data_dir: data"),
    "broken YAML that still names its folder": lambda p: p.write_text("data_dir: data\ncameras: [}\n"),
    "misspelt field": lambda p: p.write_text(p.read_text() + "nodeid: x\n"),
    "empty file": lambda p: p.write_text(""),
    "missing file": lambda p: p.unlink(),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_file_runs_the_last_good_configuration_and_says_so(tmp_path: Path, how: str) -> None:
    # without a readable data_dir only the default folder can be known
    path = make(tmp_path, **({} if "folder" in how or "misspelt" in how else {"data_dir": "var/edge"}))
    good = load_plan(path)
    BREAKS[how](path)
    plan = load_plan(path)
    assert plan.safe_mode
    assert str(path) in plan.problems[0]
    assert plan.config == good.config
    assert [c.scene.digest for c in plan.cameras] == [c.scene.digest for c in good.cameras]
    assert plan.core == good.core


def test_margins_of_the_file_judge_and_a_changed_one_needs_new_parts(tmp_path: Path) -> None:
    first = load_plan(make(tmp_path))
    second = load_plan(make(tmp_path, margins={"red_light": {"gone_m": 4.0}}))
    assert not second.safe_mode
    assert second.judging.stages()["red_light"].gone_m == 4.0
    assert second.core != first.core


def test_a_margin_that_cannot_be_runs_the_last_good_ones_and_says_so(tmp_path: Path) -> None:
    good = load_plan(make(tmp_path, margins={"red_light": {"gone_m": 4.0}}))
    path = make(tmp_path, margins={"red_light": {"gone_m": -1}})
    plan = load_plan(path)
    assert plan.safe_mode
    assert all(word in plan.problems[0] for word in (str(path), "margins.red_light", "gone_m"))
    assert plan.judging.digest == good.judging.digest
    assert [c.config.id for c in plan.cameras] == ["cam-1"]


def test_a_crossed_polygon_keeps_the_last_good_scene(tmp_path: Path) -> None:
    path = make(tmp_path)
    good = load_plan(path)
    (tmp_path / "scene.yaml").write_text(yaml.safe_dump(CROSSED))
    plan = load_plan(path)
    assert plan.safe_mode
    assert "cam-1" in plan.problems[0]
    assert "scene.yaml" in plan.problems[0]
    assert plan.cameras[0].scene.digest == good.cameras[0].scene.digest


def test_without_a_last_good_scene_only_that_camera_stays_out(tmp_path: Path) -> None:
    cameras = [CAMERA, CAMERA | {"id": "cam-2", "scene": "crossed.yaml"}]
    path = make(tmp_path, cameras=cameras)
    (tmp_path / "crossed.yaml").write_text(yaml.safe_dump(CROSSED))
    plan = load_plan(path)
    assert [c.config.id for c in plan.cameras] == ["cam-1"]
    assert any("no last good scene" in p for p in plan.problems)


def test_without_a_last_good_configuration_the_centre_can_still_be_told(tmp_path: Path) -> None:
    plan = load_plan(make(tmp_path, cameras="none", broker={"port": 2000}))
    assert plan.safe_mode
    assert plan.cameras == ()
    assert plan.config is not None
    assert plan.config.broker.port == 2000


def test_with_nothing_usable_there_is_nothing_to_run(tmp_path: Path) -> None:
    path = tmp_path / "node.yaml"
    path.write_text("{{{")
    plan = load_plan(path)
    assert plan.config is None
    assert plan.safe_mode


def test_a_bad_key_of_the_centre_is_replaced_by_the_last_good_one(tmp_path: Path) -> None:
    path = make(tmp_path)
    good = load_plan(path)
    (tmp_path / "centre.key.pub").write_text("nonsense")
    plan = load_plan(path)
    assert plan.centre_key == good.centre_key
    assert "centre_public_key" in plan.problems[0]


def test_a_bad_signing_key_runs_no_camera_and_says_why(tmp_path: Path) -> None:
    path = make(tmp_path)
    load_plan(path)
    (tmp_path / "node.key").write_text("nonsense")
    plan = load_plan(path)
    assert plan.key is None
    assert "cannot seal" in plan.problems[0]


def test_a_changed_file_or_scene_is_noticed(tmp_path: Path) -> None:
    path = make(tmp_path)
    plan = load_plan(path)
    assert not changed(plan)
    (tmp_path / "scene.yaml").write_text(yaml.safe_dump(SCENE) + "# a remark\n")
    assert changed(plan)
    plan = load_plan(path)
    os.utime(path, ns=(1, 1))
    assert changed(plan)


def test_the_last_good_copy_is_for_the_owner_alone(tmp_path: Path) -> None:
    load_plan(make(tmp_path))
    assert (tmp_path / "data" / "last_good" / "node.yaml").stat().st_mode & 0o077 == 0


def test_a_kill_while_the_last_good_copy_is_replaced_loses_neither(tmp_path: Path) -> None:
    path = make(tmp_path)
    good = load_plan(path)
    folder = tmp_path / "data"
    (folder / "last_good").rename(folder / "last_good.old")
    path.write_text(path.read_text() + "typo: 1\n")
    assert load_plan(path).config == good.config


def test_the_cameras_login_has_fields_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "cam.password").write_text("s3cret/x@y z\nnothing else\n")
    camera = CAMERA | {"url": "rtsp://192.0.2.1:554/live", "username": "ad/min", "password_file": "cam.password"}
    config = load_config(make(tmp_path, cameras=[camera])).cameras[0]
    assert config.address() == "rtsp://ad%2Fmin:s3cret%2Fx%40y%20z@192.0.2.1:554/live"
    assert config.substream_address() is None
    both = config.model_copy(update={"substream": "rtsp://192.0.2.1:554/small"})
    assert both.substream_address() == "rtsp://ad%2Fmin:s3cret%2Fx%40y%20z@192.0.2.1:554/small"
    (tmp_path / "cam.password").unlink()
    with pytest.raises(ConfigError, match="no password"):
        config.address()


@pytest.mark.parametrize(
    "changes",
    [
        {"password_file": "x"},
        {"username": "admin", "url": "rtsp://u:HUNTER2@192.0.2.1/live"},
        {"username": "admin", "url": "HUNTER2.mp4"},
        {"url": "rtsp://192.0.2.1/user=admin&password=HUNTER2", "fps_limit": "rtsp://a:HUNTER2@x"},
        {"url": "rtsp://u:HUNTER2@192.0.2.1/live", "loop": True},
        {"username": "admin", "substream": "rtsp://u:HUNTER2@192.0.2.1/small"},
        {"substream": "HUNTER2.mp4"},
        {"substream": "rtsp://192.0.2.1/live"},
    ],
)
def test_a_login_given_twice_or_in_part_is_refused_without_showing_it(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    path = make(tmp_path, cameras=[CAMERA | {"url": "rtsp://192.0.2.1/live"} | changes])
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert "HUNTER2" not in str(raised.value) + "".join(raised.value.faults)
