"""What the node shall run: its configuration with all scenes and keys, or the last good ones if those are broken.

A typo must not stop a working node. Whatever could be loaded without any fault is copied to `data_dir/last_good`; what
is broken later is taken from there, camera by camera, and said in `problems`.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from common.margins import MarginsError
from common.settings import ConfigError, read_yaml
from edge.config import DEFAULT_DATA_DIR, CameraConfig, NodeConfig, load_config, parse_config
from edge.judging import Judging
from evidence.errors import GiaoLoError, KeyFileError
from evidence.seal import SigningKey, VerifyKey
from models.detector_margins import DetectorMargins
from zones.faults import SceneError
from zones.load import LoadedScene, load_scene

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CameraPlan:
    config: CameraConfig
    scene: LoadedScene


@dataclass(frozen=True)
class Plan:
    """`problems`: why this is not what the file says (safe mode); empty: all is as configured."""

    config: NodeConfig | None
    key: SigningKey | None = None
    centre_key: VerifyKey | None = None
    cameras: tuple[CameraPlan, ...] = ()
    problems: tuple[str, ...] = ()
    watched: Mapping[Path, tuple[int, int] | None] = field(default_factory=dict)
    judging: Judging = field(default_factory=Judging)

    @property
    def safe_mode(self) -> bool:
        return bool(self.problems)

    @property
    def core(self) -> object:
        """What cannot change without a new outbox or uplink."""
        if self.config is None:
            return None
        c = self.config
        public = None if self.key is None else self.key.public.key_id
        return (
            c.node_id,
            c.data_dir,
            c.broker,
            c.outbox,
            c.metrics,
            c.page,
            c.detector,
            c.daily_test,
            c.controllers,
            self.judging.digest,
            public,
            self.centre_key,
        )


def load_plan(path: Path) -> Plan:
    """Read everything, falling back on the last good state. Never raises for what stands in the files."""
    problems: list[str] = []
    last_good: Path
    judging = Judging()
    try:
        config: NodeConfig | None = load_config(path)
        judging = judging_of(config, path) if config else judging
    except (ConfigError, MarginsError) as error:
        problems += error.faults if isinstance(error, ConfigError) else (str(error),)
        last_good = _data_dir_of(path) / "last_good"
        config = _last_good_config(last_good)
        if config is not None:
            judging = judging_of(config, last_good)
        else:
            config = _without_cameras(path)
    if config is None:
        return Plan(None, problems=tuple(problems), watched=_stamps([path]))
    last_good = config.data_dir / "last_good"
    key = _signing_key(config, problems)
    centre_key = _centre_key(config, last_good, problems)
    cameras = []
    for camera in config.cameras:
        if camera.enabled:
            scene = _scene(camera, last_good, problems)
            if scene is not None:
                cameras.append(CameraPlan(camera, scene))
    watched = _stamps([path, config.centre_public_key, *(c.scene for c in config.cameras)])
    plan = Plan(config, key, centre_key, tuple(cameras), tuple(problems), watched, judging)
    if not problems:
        _save_last_good(plan, last_good)
    return plan


def judging_of(config: NodeConfig, path: Path) -> Judging:
    """All numbers that judge, with those that the configuration sets. Raises `MarginsError` naming file and field."""
    detector = config.detector
    seen_by = DetectorMargins(long_side=detector.long_side, min_score=detector.min_score)
    return Judging(detector=seen_by).changed(config.margins, where=f"{path}: margins")


def changed(plan: Plan) -> bool:
    """Whether a file that the plan was read from is another one now."""
    return _stamps(list(plan.watched)) != dict(plan.watched)


def _stamps(paths: list[Path]) -> dict[Path, tuple[int, int] | None]:
    stamps: dict[Path, tuple[int, int] | None] = {}
    for path in paths:
        try:
            found = path.stat()
            stamps[path] = (found.st_mtime_ns, found.st_size)
        except OSError:
            stamps[path] = None
    return stamps


def _signing_key(config: NodeConfig, problems: list[str]) -> SigningKey | None:
    try:
        return SigningKey.load_or_create(config.key_file)
    except (KeyFileError, OSError) as error:
        problems.append(f"{error}; without its key the node cannot seal packets: no camera runs")
        return None


def _centre_key(config: NodeConfig, last_good: Path, problems: list[str]) -> VerifyKey | None:
    try:
        return VerifyKey.load(config.centre_public_key)
    except KeyFileError as error:
        problems.append(f"centre_public_key: {error}")
    try:
        return VerifyKey.load(last_good / "centre.pub")
    except KeyFileError:
        return None


def _scene(camera: CameraConfig, last_good: Path, problems: list[str]) -> LoadedScene | None:
    try:
        return load_scene(camera.scene)
    except SceneError as error:
        problems.append(f"camera {camera.id}: {error}")
    try:
        return load_scene(_scene_path(last_good, camera.id))
    except SceneError:
        problems.append(f"camera {camera.id}: no last good scene, the camera does not run")
        return None


def _last_good_config(last_good: Path) -> NodeConfig | None:
    old = last_good.with_name("last_good.old")
    try:
        if old.exists() and not last_good.exists():
            old.rename(last_good)  # killed in the middle of `_save_last_good`
    except OSError as error:
        log.error("last good configuration could not be restored folder=%s error=%s", last_good, error)
    file = last_good / "node.yaml"
    try:
        config = load_config(file)
        judging_of(config, file)
    except (ConfigError, MarginsError):
        return None
    return config


def _without_cameras(path: Path) -> NodeConfig | None:
    """Enough of a broken file to reach the centre and say that it is broken; None if not even that."""
    try:
        data = read_yaml(path)
        known = {k: v for k, v in data.items() if k in NodeConfig.model_fields} if isinstance(data, dict) else data
        return parse_config(known | {"cameras": []} if isinstance(known, dict) else known, path)
    except ConfigError:
        return None


def _data_dir_of(path: Path) -> Path:
    """`data_dir` of a file that need not even be YAML."""
    try:
        match = re.search(
            r"^data_dir:[ \t]*['\"]?([^'\"#\n]+)", path.read_text("utf-8", errors="replace"), re.MULTILINE
        )
    except OSError:
        match = None
    named = Path(match.group(1).strip()).expanduser() if match else DEFAULT_DATA_DIR
    return (path.resolve().parent / named).resolve()


def _scene_path(last_good: Path, camera: str) -> Path:
    return last_good / "scenes" / f"{camera}.yaml"


def _save_last_good(plan: Plan, last_good: Path) -> None:
    """Copy configuration, scenes and the centre's key; the folder changes as a whole."""
    assert plan.config is not None
    fresh = last_good.with_name("last_good.new")
    old = last_good.with_name("last_good.old")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "scenes").mkdir(parents=True)
        # only what was said: `tls: false`, which nobody wrote, would contradict a CA file when it is read again
        (fresh / "node.yaml").write_text(
            json.dumps(plan.config.model_dump(mode="json", exclude_unset=True), indent=1), "utf-8"
        )
        (fresh / "node.yaml").chmod(0o600)  # camera addresses hold passwords
        for camera in plan.cameras:
            text = yaml.safe_dump(camera.scene.scene.model_dump(mode="json"), allow_unicode=True)
            _scene_path(fresh, camera.config.id).write_text(text, "utf-8")
        if plan.centre_key is not None:
            (fresh / "centre.pub").write_bytes(plan.centre_key.pem())
        shutil.rmtree(old, ignore_errors=True)
        if last_good.exists():
            last_good.rename(old)
        fresh.rename(last_good)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, GiaoLoError) as error:
        log.error("last good configuration could not be kept folder=%s error=%s", last_good, error)
