"""Configuration of a node: one YAML file. Relative paths count from the file's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from common.broker import BrokerSettings
from common.settings import ConfigError, Section, read_settings, read_yaml
from edge.feed_settings import LEAST_TOKEN, THIS_MACHINE, ControllerConfig
from evidence.addresses import with_login
from evidence.packet import Ident
from models.detector_margins import DetectorMargins
from models.errors import ModelError
from models.manifest import detector_sizes

DEFAULT_DATA_DIR = Path("var/edge")


class Broker(BrokerSettings):
    """The MQTT broker through which packets go to the centre."""

    heartbeat_s: float = Field(
        default=15, ge=1, le=3600, title="Heartbeat", description="seconds between health messages"
    )


class CameraConfig(Section):
    """One camera, or a file that plays one."""

    id: Ident = Field(title="Name", description="letters, digits, '.', '_', '-'; part of every packet")
    url: str = Field(min_length=1, title="Address", description="rtsp://host/path, or a video file")
    substream: str | None = Field(
        default=None, min_length=1, title="Substream",
        description="address of the camera's small stream of the same view: it is looked at, and `url` proves",
    )  # fmt: skip
    username: str | None = Field(default=None, min_length=1, title="User name", description="of the camera, if it asks")
    password_file: Path | None = Field(default=None, title="Password file", description="its first line is used")
    transport: Literal["tcp", "udp", "http", "auto"] = Field(
        default="tcp",
        title="Transport",
        description="of the pictures; http: RTSP through a tunnel; auto: tcp, and udp where the camera refuses it",
    )
    scene: Path = Field(title="Scene", description="YAML file that describes the view")
    place: str = Field(default="", max_length=300, title="Place", description="as in a notice; empty: the scene's")
    unit: str = Field(default="", max_length=200, title="Unit", description="the detecting unit")
    enabled: bool = Field(default=True, title="Enabled", description="false: known, but not watched")
    fps_limit: float | None = Field(
        default=None, gt=0, le=120, title="Frame limit", description="frames a second looked at"
    )
    start_at: AwareDatetime | None = Field(
        default=None, title="Start time", description="of a file's first frame, with zone"
    )
    realtime: bool = Field(default=True, title="Real time", description="play a file at its own pace")
    loop: bool = Field(default=False, title="Loop", description="play a file again and again")
    drop_late: bool = Field(
        default=False, title="Drop late", description="of a file: what is not looked at in time is lost, as of a camera"
    )
    open_timeout_s: float = Field(default=10, gt=0, le=120, title="Open time-out", description="seconds")
    stall_s: float = Field(
        default=10, gt=0, le=120, title="Stall", description="without a frame for so long: reconnect"
    )
    ring_seconds: float = Field(default=45, ge=15, le=600, title="Ring", description="seconds of video kept in memory")
    ring_mib: int = Field(default=96, ge=1, le=4096, title="Ring budget", description="MiB of memory for it at most")

    @property
    def is_file(self) -> bool:
        return "://" not in self.url

    @model_validator(mode="after")
    def _loop_is_for_files(self) -> CameraConfig:
        if not self.is_file and (self.loop or self.drop_late or self.start_at is not None):
            raise ValueError("loop, drop_late and start_at are for files, not for streams")
        return self

    @model_validator(mode="after")
    def _both_live_or_both_files(self) -> CameraConfig:
        if self.substream is not None and ("://" not in self.substream) != self.is_file:
            raise ValueError("url and substream are both streams, or both files")
        if self.substream is not None and self.substream == self.url:
            raise ValueError("the substream is the stream itself: leave it out")
        return self

    @model_validator(mode="after")
    def _one_login(self) -> CameraConfig:
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file needs a username")
        if self.username is not None and self.is_file:
            raise ValueError("username and password_file are for streams, not for files")
        if self.username is not None and any("@" in each for each in (self.url, self.substream or "")):
            raise ValueError("user and password stand in the url already: leave them out there")
        return self

    def anchored(self, folder: Path) -> Self:
        """A file's path is in `url`, where an address may stand too."""
        made = super().anchored(folder)
        if not self.is_file:
            return made
        files = {"url": self.url, "substream": self.substream}
        return made.model_copy(
            update={k: str((folder / Path(v).expanduser()).resolve()) for k, v in files.items() if v is not None}
        )

    def address(self) -> str:
        """The url with user and password put in. Raises `ConfigError` if the password cannot be read."""
        return self._with_login(self.url)

    def substream_address(self) -> str | None:
        """As `address`, of the small stream; None: there is none."""
        return None if self.substream is None else self._with_login(self.substream)

    def _with_login(self, url: str) -> str:
        if self.username is None:
            return url
        password = "" if self.password_file is None else read_password(self.password_file)
        return with_login(url, self.username, password)


def read_password(path: Path) -> str:
    """A camera's, from the first line of its file. Raises `ConfigError`."""
    try:
        return path.read_text("utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise ConfigError(
            "holds no password that can be read",
            where=str(path),
            remedy="write the camera's password into its first line, readable for the box",
        ) from error


_DETECTOR = DetectorMargins()


class DetectorConfig(Section):
    """The networks, shared by all cameras of the node."""

    size: str = Field(
        default="nano", title="Size", description="of the vehicle detector: small finds more and takes twice the time"
    )
    threads: int = Field(default=1, ge=1, le=64, title="Threads", description="CPU threads of a network")
    long_side: int = Field(
        default=_DETECTOR.long_side, ge=128, le=2048, title="Input size", description="longer side in pixels"
    )
    min_score: float = Field(
        default=_DETECTOR.min_score, ge=0.01, le=0.9, title="Least score", description="weaker boxes are ignored"
    )

    @field_validator("size")
    @classmethod
    def _named_by_the_manifest(cls, value: str) -> str:
        try:
            sizes = detector_sizes()
        except ModelError as error:
            raise ValueError(str(error)) from error
        if value not in sizes:
            raise ValueError(f"no such detector: use one of {', '.join(sizes)}")
        return value


class OutboxConfig(Section):
    """Where packets wait for the centre."""

    min_free_mib: int = Field(default=256, ge=0, title="Reserve", description="MiB of the disk that packets never use")
    keep_days: float = Field(
        default=14,
        ge=0,
        le=3650,
        title="Keep delivered, days",
        description="so long a delivered packet can be sent again (`giaolo edge outbox resend`); longer than a backup"
        " of the centre may be old",
    )
    keep_mib: int = Field(
        default=4096,
        ge=0,
        title="Keep delivered, MiB",
        description="of delivered packets at most; they give way to a full disk, unsent ones never do",
    )
    kept_in_memory: int = Field(
        default=16, ge=1, le=1000, title="Kept in memory", description="packets a camera holds while the disk is full"
    )


class MetricsConfig(Section):
    """Prometheus metrics over HTTP."""

    enabled: bool = Field(default=True, title="Enabled", description="serve /metrics")
    host: str = Field(default="127.0.0.1", title="Address", description="127.0.0.1: this machine only")
    port: int = Field(default=9464, ge=1, le=65535, title="Port", description="of the HTTP server")


class PageConfig(Section):
    """The box's own page, for a technician: live picture, health, last acts, why not."""

    enabled: bool = Field(default=True, title="Enabled", description="serve the page")
    host: str = Field(default="127.0.0.1", title="Address", description="127.0.0.1: this machine only")
    port: int = Field(default=9465, ge=1, le=65535, title="Port", description="of the HTTP server")
    token_file: Path | None = Field(
        default=None, title="Token file", description="its first line opens the page; needed beyond this machine"
    )

    @property
    def this_machine_only(self) -> bool:
        return self.host in THIS_MACHINE

    def token(self) -> str:
        """What opens the page; "" where none is asked for. Raises `ConfigError` if the file holds none of use."""
        if self.token_file is None:
            return ""
        where = str(self.token_file)
        try:
            token = self.token_file.read_text("utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("cannot be read", where=where, remedy="write the token into its first line") from error
        if len(token) < LEAST_TOKEN:
            raise ConfigError(
                f"holds no token of {LEAST_TOKEN} letters or more", where=where, remedy="write a longer one"
            )
        return token

    @model_validator(mode="after")
    def _token_for_others(self) -> PageConfig:
        if self.enabled and not self.this_machine_only and self.token_file is None:
            raise ValueError("a page that others can reach needs a token_file")
        return self


class DailyTestConfig(Section):
    """A marked test act of each camera, once a day, through the whole way to the centre; it is never a case."""

    enabled: bool = Field(default=True, title="Enabled", description="cameras that are files make none by themselves")
    hour: int = Field(
        default=2, ge=0, le=23, title="Hour", description="of the local day; each camera has its own minute in it"
    )


class NodeConfig(Section):
    """Everything a node needs to know."""

    schema_version: Literal[1] = Field(title="Version", description="of this file's format; 1")
    node_id: Ident = Field(title="Node", description="name of the box, unique in the province")
    key_file: Path = Field(title="Key", description="the node's private Ed25519 key (PEM); made on first start")
    data_dir: Path = Field(default=DEFAULT_DATA_DIR, title="Data", description="folder of outbox and last good state")
    broker: Broker = Field(default_factory=Broker, title="Broker", description="MQTT broker")
    centre_public_key: Path = Field(title="Centre's key", description="PEM public key that verifies receipts")
    cameras: list[CameraConfig] = Field(default_factory=list, title="Cameras", description="one or more")
    controllers: list[ControllerConfig] = Field(
        default_factory=list, title="Signal controllers", description="that tell what their heads show"
    )
    detector: DetectorConfig = Field(default_factory=DetectorConfig, title="Detector", description="network settings")
    margins: dict[str, dict[str, int | float]] = Field(
        default_factory=dict,
        title="Margins",
        description="numbers that judge, by stage and name, other than those that `giaolo edge margins` shows",
    )
    outbox: OutboxConfig = Field(default_factory=OutboxConfig, title="Outbox", description="disk limits")
    daily_test: DailyTestConfig = Field(
        default_factory=DailyTestConfig, title="Daily test act", description="shows that acts would reach the centre"
    )
    metrics: MetricsConfig = Field(default_factory=MetricsConfig, title="Metrics", description="Prometheus")
    page: PageConfig = Field(default_factory=PageConfig, title="Page", description="the box's own page")

    @field_validator("cameras")
    @classmethod
    def _unique_ids(cls, cameras: list[CameraConfig]) -> list[CameraConfig]:
        ids = [c.id for c in cameras]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"two cameras have the id {', '.join(twice)}")
        return cameras

    @model_validator(mode="after")
    def _one_controller_a_camera(self) -> NodeConfig:
        known, ids = {c.id for c in self.cameras}, [c.id for c in self.controllers]
        if len(set(ids)) < len(ids):
            raise ValueError("two controllers have one id")
        for one in self.controllers:
            unknown = [name for name in one.cameras if name not in known]
            if unknown and self.cameras:
                raise ValueError(f"controller {one.id} names camera {unknown[0]}, which there is not")
        for name in known:
            if sum(not one.cameras or name in one.cameras for one in self.controllers) > 1:
                raise ValueError(f"camera {name} has two controllers: name the `cameras` of each")
        ports = [(one.http.host, one.http.port) for one in self.controllers if one.http is not None]
        if len(set(ports)) < len(ports):
            raise ValueError("two controllers post to one port: give each its own")
        return self

    def controller_of(self, camera: str) -> ControllerConfig | None:
        """Which one tells the heads that a camera sees; None: none does."""
        return next((one for one in self.controllers if not one.cameras or camera in one.cameras), None)


def watch_folder(config: NodeConfig, camera: str) -> Path:
    """Where a box keeps what it knows of a camera over a restart."""
    return config.data_dir / "watch" / camera


def load_config(path: Path) -> NodeConfig:
    """Read and validate; paths come back absolute. Raises `ConfigError` naming file, field and remedy."""
    return parse_config(read_yaml(path), path)


def parse_config(data: object, path: Path) -> NodeConfig:
    """As `load_config`, from data already read. `path` names the file and is the base of relative paths."""
    return read_settings(NodeConfig, data, folder=path.resolve().parent, where=str(path))
