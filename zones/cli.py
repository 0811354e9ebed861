"""`giaolo zones ...`: check, draw and edit the scene of a camera."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import yaml

from countries.here import HERE
from evidence.errors import GiaoLoError
from zones.check import check as check_scene
from zones.check import scene_schema_json
from zones.faults import Fault, SceneError
from zones.ground_estimate import estimate_ground
from zones.load import load_scene, read_scene_data, scene_from_data
from zones.statable import statable
from zones.trying import SECONDS, Eyes, Surveying, Trying, same_size
from zones.upgrade import questions


@click.group()
def zones() -> None:
    """Vùng quan sát của camera: kiểm tra, vẽ, sửa (scenes: check, draw, edit)."""


@zones.command()
@click.argument("scene", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
def check(scene: Path, as_json: bool) -> None:
    """Kiểm tra tệp SCENE: exit 0 when it can be used (warnings may stand), 1 when it cannot."""
    digest, faults = "", list[Fault]()
    try:
        loaded = load_scene(scene)
        digest, faults = loaded.digest, [*loaded.asked, *check_scene(loaded.scene)]
    except SceneError as error:
        faults = list(error.faults)
    usable = bool(digest)
    if as_json:
        answer = {"file": str(scene), "ok": usable, "digest": digest, "faults": [fault.as_dict() for fault in faults]}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        for fault in faults:
            click.echo(f"{scene}: {fault}")
        if usable:
            click.echo(f"{scene}: dùng được (usable), sha256 {digest}")
    if not usable:
        raise SystemExit(1)


@zones.command()
@click.argument("scene", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def acts(scene: Path, as_json: bool) -> None:
    """Hành vi nào nêu được ở SCENE, thiếu dữ kiện gì: which acts it can state, and which fact each lacks."""
    try:
        loaded = load_scene(scene).scene
    except SceneError as error:
        raise click.ClickException("\n".join(error.lines())) from error
    found = statable(loaded)
    if as_json:
        told = [
            {"act": one.act, "looked_for": one.wanted, "lacks": [lack.as_dict() for lack in one.lacks]} for one in found
        ]
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for one in found:
        vi, en = HERE.acts.act_words(one.act)
        mark = "✗" if one.lacks else "✓" if one.wanted else "–"
        aside = "" if one.wanted else "  [không tìm: không có trong `acts` / not looked for: not in `acts`]"
        click.echo(f"{mark} {one.act.value}: {vi} / {en}{aside}")
        for lack in one.lacks:
            click.echo(f"    {lack.what}\n    -> {lack.remedy}")
    recalled = dict.fromkeys(s.number for s in loaded.signs if not HERE.signs.meaning(s.number).confirmed)
    if recalled:
        click.echo(
            f"! Số hiệu chưa đối chiếu với quy chuẩn, cần người xác nhận: {', '.join(recalled)} / numbers recalled, not"
            " read in the regulation: a person has to confirm them"
        )


@zones.command()
@click.argument("scene", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where to write it; SCENE itself when left out.")
def migrate(scene: Path, out: Path | None) -> None:
    """Đổi SCENE từ phiên bản 1 sang 2: what it does not say is asked, not guessed; the old file stays as .bak."""
    from zones.editor import replace_scene, scene_yaml

    try:
        data = read_scene_data(scene)
        if not isinstance(data, dict) or data.get("schema_version") != 1:
            click.echo(f"{scene}: không phải phiên bản 1, giữ nguyên (is not of version 1, left as it is)")
            return
        asked = questions(data)
        replace_scene(out or scene, scene_yaml(scene_from_data(data, str(scene))))
    except (GiaoLoError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out or scene}: schema_version 2")
    for fault in asked:
        click.echo(f"{scene}: {fault}")


@zones.command()
@click.argument("scene", type=click.Path(path_type=Path))
@click.option("--still", required=True, type=click.Path(path_type=Path), help="A picture or a video of the camera.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The picture to write, e.g. scene.png.")
@click.option("--at", "at_s", default=0.0, show_default=True, type=click.FloatRange(min=0), help="Second of the video.")
def draw(scene: Path, still: Path, out: Path, at_s: float) -> None:
    """Vẽ SCENE lên một khung hình, so that a person can see it."""
    from zones.draw import draw_scene  # OpenCV, which `check` and `schema` need not load
    from zones.still import read_still, write_picture

    try:
        loaded = load_scene(scene)
        write_picture(out, draw_scene(read_still(still, at_s), loaded.scene))
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    for fault in [*loaded.asked, *check_scene(loaded.scene)]:
        click.echo(f"{scene}: {fault}", err=True)
    click.echo(str(out))


@zones.command()
@click.argument("scene", type=click.Path(path_type=Path))
@click.option("--still", required=True, type=click.Path(path_type=Path), help="The picture or video it was drawn on.")
@click.option("--at", "at_s", default=0.0, show_default=True, type=click.FloatRange(min=0), help="Second of the video.")
def reference(scene: Path, still: Path, at_s: float) -> None:
    """Ghi khung hình đã vẽ vào SCENE: with it the box notices that the camera moved; the old file stays as .bak."""
    from zones.reference import name_reference
    from zones.still import read_still

    try:
        file = name_reference(scene, read_still(still, at_s), datetime.now(UTC))
    except (GiaoLoError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{scene}: {file.name}")


@zones.command()
@click.argument("scene", type=click.Path(path_type=Path))
@click.option(
    "--video",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Phim của chính camera này: recorded video of this camera.",
)
@click.option("--seconds", default=SECONDS, show_default=True, type=click.FloatRange(1, 3600), help="So much of it.")
@click.option("--json", "as_json", is_flag=True, help="Print the proposal as JSON.")
@click.pass_obj
def ground(eyes: Eyes | None, scene: Path, video: Path, seconds: float, as_json: bool) -> None:
    """Đề xuất mặt đường của SCENE theo xe chạy qua: the ground by the sizes of vehicles that drive by, with its doubt.

    Nothing is written: it is a proposal to be looked at in `giaolo zones edit`, where edges with a known distance make
    it surer.
    """
    if eyes is None:
        raise click.ClickException("no eyes to look at a video with")
    try:
        drawn = load_scene(scene).scene
        shown, sightings = eyes.surveyor(video, seconds=seconds, go_on=lambda seen_s: True)
        same_size(shown, drawn.picture)
        found = estimate_ground(drawn.picture, (), sightings)
    except SceneError as error:
        raise click.ClickException("\n".join(error.lines())) from error
    told = {
        "ground": found.ground.model_dump(mode="json"), "across": found.across, "along": found.along,
        "height_m": found.height_m, "vehicles": len({one.track for one in sightings}), "unsure": found.unsure,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    n, height = told["vehicles"], f"{found.height_m:.1f}"
    across, along = f"{100 * found.across:.0f} %", f"{100 * found.along:.0f} %"
    click.echo(f"{scene}: {n} xe, camera cao {height} m; sai số ước chừng ngang {across}, dọc {along}")
    click.echo(f"{scene}: {n} vehicles, camera {height} m high; doubt across {across}, along {along}")
    if found.unsure:
        click.echo("Chưa đủ chắc: đánh dấu thêm mép đã biết khoảng cách trong `giaolo zones edit`.")
        click.echo("Not sure enough: mark edges with a known distance too, in `giaolo zones edit`.")
    click.echo(yaml.safe_dump({"ground": told["ground"]}, sort_keys=False, default_flow_style=None).rstrip())


@zones.command()
def schema() -> None:
    """In JSON schema của tệp cấu hình (print the JSON schema of a scene file)."""
    click.echo(json.dumps(scene_schema_json(), ensure_ascii=False, indent=1))


@zones.command()
@click.argument("scene", type=click.Path(path_type=Path))
@click.option(
    "--still",
    "stills",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="A picture or a video of the camera; again for more, as with red and with green.",
)
@click.option(
    "--at",
    "at_s",
    multiple=True,
    type=click.FloatRange(min=0),
    help="Second of the video; again for more stills of it; left out: up to five spread over its first minute.",
)
@click.option(
    "--video",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Video để thử cảnh: what the scene is tried on; the first video of --still when left out.",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.pass_obj
def edit(
    eyes: Eyes | None,
    scene: Path,
    stills: tuple[Path, ...],
    at_s: tuple[float, ...],
    video: Path | None,
    host: str,
    port: int,
) -> None:
    """Sửa SCENE trong trình duyệt: opens a local web editor until Ctrl-C. SCENE may be a new file."""
    import uvicorn  # the web server, for this command alone

    from zones.editor import Editor, create_app
    from zones.still import first_video, read_stills

    try:
        video = video or first_video(stills)
        trying = Trying(eyes.tryer, video) if eyes is not None and video is not None else None
        surveying = Surveying(eyes.surveyor, video) if eyes is not None and video is not None else None
        editor = Editor(scene, *read_stills(stills, at_s), trying=trying, surveying=surveying)
        editor.data()
    except GiaoLoError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Mở trong trình duyệt (open): http://{host}:{port}/?key={editor.key}")
    uvicorn.run(create_app(editor), host=host, port=port, log_level="warning")
