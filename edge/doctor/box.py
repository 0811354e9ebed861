"""The whole box, tried one thing after the other: files, keys, clock, disk, networks, way to the centre,
signal controllers, cameras."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from common.settings import ConfigError
from common.sizes import size_text
from edge.config import CameraConfig, NodeConfig, load_config
from edge.doctor.broker import try_broker
from edge.doctor.camera import LOOK_S, Trial, told, trial, verdict
from edge.doctor.controllers import try_controllers
from edge.doctor.substream import examined
from edge.doctor.told import Told, fault, good, note
from edge.judging import Judging
from edge.perception import open_perception
from edge.video.kernel_clock import kernel_clock_synchronised
from evidence.errors import GiaoLoError, KeyFileError
from evidence.seal import SigningKey, VerifyKey
from zones.faults import SceneError
from zones.load import load_scene

_WRITE_BYTES = 256 * 1024
"""As much as a small packet: a disk that takes less takes no evidence."""


def examine(
    config_path: Path,
    *,
    seconds: float = LOOK_S,
    cameras: bool = True,
    networks: bool = True,
    synchronised: Callable[[], bool | None] = kernel_clock_synchronised,
) -> Iterator[Told]:
    """Each thing as soon as it was tried. `cameras`, `networks`: whether those are tried, which takes longest."""
    try:
        config = load_config(config_path)
    except ConfigError as error:
        for each in error.faults:
            yield fault(f"cấu hình: {each}", f"configuration: {each}", "sửa tệp cấu hình", "correct the file")
        return
    yield good(f"cấu hình {config_path.name} đọc được", f"configuration {config_path.name} is good")
    yield _key(config)
    centre_key, about = _centre_key(config)
    yield about
    yield _clock(synchronised())
    yield from _disk(config)
    if networks:
        yield _networks(config)
    yield from try_broker(config.node_id, config.broker, config.data_dir / "outbox", centre_key)
    yield from try_controllers(config)
    for camera in config.cameras:
        if camera.enabled:
            yield from _camera(camera, seconds, cameras)


def _key(config: NodeConfig) -> Told:
    if not config.key_file.exists():
        return note(
            f"chưa có khóa của hộp ({config.key_file.name})",
            f"the box has no key yet ({config.key_file.name})",
            "khóa được tạo khi chạy lần đầu; sau đó đăng ký bằng `giaolo central add-node`",
            "it is made at the first start; register it then with `giaolo central add-node`",
        )
    try:
        key = SigningKey.load(config.key_file)
    except (KeyFileError, OSError) as error:
        return fault(
            f"khóa của hộp không dùng được ({error})",
            f"the box's key cannot be used ({error})",
            "khôi phục khóa từ bản sao lưu",
            "restore it from the backup",
        )
    return good(f"khóa của hộp: {key.public.key_id}", f"the box's key: {key.public.key_id}")


def _centre_key(config: NodeConfig) -> tuple[VerifyKey | None, Told]:
    try:
        key = VerifyKey.load(config.centre_public_key)
    except (KeyFileError, OSError) as error:
        return None, fault(
            f"khóa của trung tâm không dùng được ({error})",
            f"the centre's key cannot be used ({error})",
            "đặt centre_public_key là tệp từ `giaolo central public-key`",
            "let centre_public_key name the file that `giaolo central public-key` prints",
        )
    return key, good(f"khóa của trung tâm: {key.key_id}", f"the centre's key: {key.key_id}")


def _clock(synchronised: bool | None) -> Told:
    if synchronised:
        return good("đồng hồ đã đồng bộ (NTP, PTP hoặc GNSS)", "the clock is synchronised (NTP, PTP or GNSS)")
    return note(
        "đồng hồ chưa đồng bộ: mọi hành vi bị đánh dấu clock_unsure",
        "the clock is not known to be synchronised: every act is flagged clock_unsure",
        "cài và bật chrony (`apt install chrony`)",
        "install and start chrony (`apt install chrony`)",
    )


def _disk(config: NodeConfig) -> Iterator[Told]:
    folder, reserve = config.data_dir, config.outbox.min_free_mib * 2**20
    probe = folder / f".doctor-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with probe.open("wb") as file:
            file.write(b"\0" * _WRITE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield fault(
            f"đĩa: không ghi được vào {folder} ({error.strerror})",
            f"disk: {folder} cannot be written ({error.strerror})",
            "giải phóng chỗ, hoặc sửa quyền của thư mục",
            "free some room, or correct the rights of the folder",
        )
        return
    finally:
        probe.unlink(missing_ok=True)
    if free < reserve:
        yield fault(
            f"đĩa: còn {size_text(free, comma=True)}, dưới mức dự trữ {size_text(reserve, comma=True)} "
            f"(min_free_mib: {config.outbox.min_free_mib}): gói mới phải chờ trong bộ nhớ",
            f"disk: {size_text(free)} free, below the reserve of {size_text(reserve)} "
            f"(min_free_mib: {config.outbox.min_free_mib}): new packets wait in memory",
            "giải phóng chỗ trên đĩa của data_dir",
            "free some room on the disk of data_dir",
        )
        return
    yield good(f"đĩa: ghi được, còn {size_text(free, comma=True)}", f"disk: can be written, {size_text(free)} free")


def _networks(config: NodeConfig) -> Told:
    try:
        open_perception(size=config.detector.size, threads=config.detector.threads)
    except (GiaoLoError, OSError, ImportError) as error:
        return fault(
            f"mạng nhận dạng không nạp được ({error})",
            f"the networks cannot be loaded ({error})",
            "cài lại gói giaolo",
            "install the package giaolo again",
        )
    return good("mạng nhận dạng nạp được", "the networks load")


def _camera(camera: CameraConfig, seconds: float, look: bool) -> Iterator[Told]:
    try:
        scene = load_scene(camera.scene).scene
    except SceneError as error:
        yield fault(
            f"camera {camera.id}: sơ đồ hỏng ({error})",
            f"camera {camera.id}: the scene cannot be used ({error})",
            f"chạy `giaolo zones check {camera.scene.name}`",
            f"run `giaolo zones check {camera.scene.name}`",
        )
        return
    if not look:
        return
    try:
        address, small_address = camera.address(), camera.substream_address()
    except ConfigError as error:
        yield fault(
            f"camera {camera.id}: {error.what}",
            f"camera {camera.id}: {error.what}",
            "ghi mật khẩu vào password_file",
            error.remedy,
        )
        return
    open_s = min(camera.open_timeout_s, 10.0)
    seen: Trial = trial(address, camera.transport, seconds=seconds, open_s=open_s)
    lines = [*told(seen), *(verdict([seen], scene.picture) if seen.works else ())]
    if small_address is not None:
        lines += examined(
            seen, address, small_address, scene, Judging(), way=camera.transport, seconds=seconds, open_s=open_s
        )
    for line in lines:
        yield Told(
            line.level, f"camera {camera.id}: {line.vi}", f"camera {camera.id}: {line.en}", line.do_vi, line.do_en
        )
