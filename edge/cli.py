"""`giaolo edge`: run a node, replay a file."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import click

from common import logs
from edge.cli_cameras import find_cameras, snapshot, test_camera
from edge.cli_common import be_quiet, config_option, tell
from edge.config import load_config
from edge.delivery.outbox_tool import entries, resend
from evidence.errors import GiaoLoError
from models.manifest import detector_sizes


def _known_size(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A size of detector that the models' manifest names; it is read when somebody asks, not at import."""
    try:
        sizes = detector_sizes()
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    if value not in sizes:
        raise click.BadParameter(f"{value!r} is not one of {', '.join(sizes)}", ctx, param)
    return value


detector_option = click.option(
    "--detector",
    metavar="SIZE",
    callback=_known_size,
    default="nano",
    show_default=True,
    help="Cỡ của mạng dò xe: nano, small. / Size of the vehicle detector: nano, small.",
)


@click.group()
def edge() -> None:
    """Hộp xử lý tại nút giao. / The box at the junction."""


@edge.command()
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), required=True, help="NODE.yaml / cấu hình của hộp."
)
@click.option("--verbose", is_flag=True, help="Ghi nhật ký chi tiết. / Log more.")
def run(config_path: Path, verbose: bool) -> None:
    """Chạy hộp cho đến khi dừng. / Run the node until it is stopped (SIGTERM, Ctrl-C); SIGHUP reads the file again."""
    from edge.node import run_node  # networks and video: seconds that `giaolo edge outbox` need not wait

    logs.set_up(logging.DEBUG if verbose else logging.INFO)
    raise SystemExit(run_node(config_path))


@edge.command()
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--scene", type=click.Path(path_type=Path), required=True, help="SCENE.yaml / mô tả góc nhìn.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Thư mục kết quả. / Folder for packets.")
@detector_option
@click.option("--json", "json_lines", is_flag=True, help="In từng hành vi dạng JSON. / Print each act as a JSON line.")
@click.option(
    "--explain", is_flag=True, help="Nêu vì sao xe qua vạch không bị báo. / Tell why vehicles were not reported."
)
@click.option(
    "--substream", type=click.Path(path_type=Path),
    help="Luồng phụ cùng lúc: xem nó, CLIP làm chứng. / The small stream of the same time is looked at, CLIP proves.",
)  # fmt: skip
def replay(
    clip: Path, scene: Path, out: Path, detector: str, json_lines: bool, explain: bool, substream: Path | None
) -> None:
    """Xử lý một tệp video nhanh nhất có thể, không dùng MQTT. / Process a video file as fast as possible."""
    from edge.replay import replay as run_replay  # as in `run`

    try:
        status = run_replay(
            clip, scene, out, size=detector, json_lines=json_lines, explain=explain, substream=substream
        )
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(status)


@edge.command()
@config_option
@click.option("--seconds", type=click.FloatRange(1, 120), default=8.0, show_default=True, help="Xem camera. / Look.")
@click.option("--no-cameras", is_flag=True, help="Không thử camera. / Leave the cameras alone.")
def doctor(config_path: Path, seconds: float, no_cameras: bool) -> None:
    """Thử mọi thứ hộp cần, mỗi lỗi một dòng kèm cách sửa. / Try all that the box needs; exit 1 on a fault."""
    from edge.doctor.box import examine

    be_quiet()
    tell(examine(config_path, seconds=seconds, cameras=not no_cameras))


@edge.command()
@config_option
def status(config_path: Path) -> None:
    """Tình trạng hộp đang chạy. / How the running box is; exit 1 if it does not answer or something is wrong."""
    from edge.doctor.status import status as status_of

    try:
        tell(status_of(load_config(config_path)))
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error


@edge.command("test-act")
@config_option
@click.option("--camera", "only", help="Chỉ camera này. / Only this one; left out: each that is enabled.")
@click.option("--wait", type=click.FloatRange(0, 3600), default=120.0, show_default=True, help="Giây. / Seconds.")
def test_act(config_path: Path, only: str | None, wait: float) -> None:
    """Thử đường gửi: gói có dấu thử, không thành vụ việc. / A marked test act of the running box; exit 1 unless
    answered."""
    from edge.doctor.daily import send_tests

    try:
        tell(send_tests(load_config(config_path), only, wait_s=wait))
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error


@edge.command("try")
@click.argument("scene", type=click.Path(path_type=Path))
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--seconds", type=click.FloatRange(1.0, 3600.0), default=60.0, show_default=True)
@detector_option
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON. / Print the result as JSON.")
def try_(scene: Path, clip: Path, seconds: float, detector: str, as_json: bool) -> None:
    """Thử SCENE trên một đoạn video: sẽ báo gì. / What a scene in draft would find in a piece of recorded video."""
    from edge.explain.words import LANGUAGES
    from edge.trial import told, try_scene  # as in `run`

    try:
        trial = try_scene(scene, clip, seconds=seconds, size=detector)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(trial.as_dict(), ensure_ascii=False, indent=1))
        return
    for number, language in enumerate(LANGUAGES):
        click.echo("" if number else None, nl=bool(number))
        for line in told(trial, language):
            click.echo(line)


@edge.command()
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="NODE.yaml / cấu hình của hộp.")
def margins(config_path: Path | None) -> None:
    """Các con số dùng để xét. / Every number that judges: value, unit, reason, source, and the digest of them all."""
    from edge.judging import Judging
    from edge.plan import judging_of

    try:
        judging = Judging() if config_path is None else judging_of(load_config(config_path), config_path)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    told = ""
    for stage, number in judging.explained():
        if stage != told:
            click.echo(f"{'' if not told else chr(10)}{stage}:")
            told = stage
        click.echo(f"  {number.name}: {number.value:g}  # {number.unit}; {number.why} [{number.source}]")
    click.echo(f"\n# digest {judging.digest}")


for _command in (find_cameras, test_camera, snapshot):
    edge.add_command(_command)


@edge.group()
def outbox() -> None:
    """Gói chứng cứ trên hộp. / Packets on the box: what waits, what was delivered, what to send again."""


@outbox.command("list")
@config_option
@click.option("--last", type=click.IntRange(min=1), help="Chỉ các gói mới nhất. / Only so many of the newest.")
def list_outbox(config_path: Path, last: int | None) -> None:
    """Liệt kê các gói. / List packets: number, id, state, size, made, settled, whether its file is still here."""
    try:
        found = entries(_outbox_of(config_path), last=last)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    for e in found:
        kept = "kept" if e.kept else "gone"
        line = f"{e.sequence}  {e.packet_id}  {e.state}  {e.size}  {e.created_at}  {e.settled_at or '-'}  {kept}"
        click.echo(f"{line}  {e.reason}".rstrip())


@outbox.command("resend")
@config_option
@click.option("--from", "first", type=click.IntRange(min=1), help="Từ số. / First number of the chain.")
@click.option("--to", "last", type=click.IntRange(min=1), help="Đến số. / Last number; left out: to the newest.")
@click.argument("packet_id", required=False)
def resend_outbox(config_path: Path, first: int | None, last: int | None, packet_id: str | None) -> None:
    """Gửi lại gói theo số hoặc mã. / Send again by numbers (--from, --to) or by PACKET_ID; the box may be running."""
    if (packet_id is None) == (first is None):
        raise click.UsageError("give either --from (and --to), or a packet id")
    try:
        sent = resend(_outbox_of(config_path), first=first, last=last, packet_id=packet_id)
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(sent.queued)} packet(s) will be sent again, {len(sent.pending)} were waiting already")
    if sent.gone:
        click.echo(f"{len(sent.gone)} are no longer on the box: numbers {_ranges(sent.gone)}", err=True)
        raise SystemExit(1)


def _outbox_of(config_path: Path) -> Path:
    return load_config(config_path).data_dir / "outbox"


def _ranges(numbers: tuple[int, ...]) -> str:
    out: list[list[int]] = []
    for number in sorted(numbers):
        if out and out[-1][1] == number - 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
