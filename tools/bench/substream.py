"""`giaolo bench substream`: what a camera costs, and what is found, when its small stream is looked at instead.

The small streams are made of the clips here, as a camera would send them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import click
from av.video.reformatter import Interpolation

from tools.bench.profile import looked
from tools.evaluate.acts import score
from tools.evaluate.cli import load_acts, load_truth

CLIPS = Path(__file__).parents[1] / "clips"
_WHOLE = 10**9
_KEY_S = 2.0


@click.command()
@click.option(
    "--clip", "names", multiple=True, default=("demo", "dusk", "night", "ten-acts"), show_default=True,
    help="Tên video đi kèm, có thể nhiều lần. / Of those that ship; may be given several times.",
)  # fmt: skip
@click.option(
    "--size", "sizes", multiple=True, default=("960x540", "640x360"), show_default=True,
    help="Cỡ luồng phụ. / Of the small stream; may be given several times.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="JSON")
def substream(names: Sequence[str], sizes: Sequence[str], as_json: bool) -> None:
    """Nhìn bằng luồng phụ, làm chứng bằng luồng chính. / Each clip by its one stream and by two: acts against truth,
    plates, CPU of a look."""
    rows = []
    for name in names:
        clip = CLIPS / f"{name}.mp4"
        if not clip.is_file():
            raise click.ClickException(f"{name}: no clip that ships is called so")
        for size in (None, *sizes):
            rows.append(_row(clip, size))
            if not as_json:
                click.echo(_text(rows[-1], head=len(rows) == 1))
    if as_json:
        click.echo(json.dumps(rows))


def write_small(clip: Path, small: Path, width: int, height: int) -> Path:
    """The clip as a small stream: every picture of it, a key frame every two seconds."""
    with av.open(str(clip), "r") as source, av.open(str(small), "w") as out:
        shown = source.streams.video[0]
        rate = Fraction(shown.average_rate or 25)
        options = {"g": str(round(_KEY_S * rate)), "bf": "0", "preset": "veryfast", "crf": "23"}
        stream = out.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, frame in enumerate(source.decode(shown)):
            made = frame.reformat(width, height, "yuv420p", interpolation=Interpolation.AREA)
            made.pts, made.time_base = number, 1 / rate
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return small


def size_of(text: str) -> tuple[int, int]:
    """Width and height of `WIDTHxHEIGHT`."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise click.ClickException(f"{text}: no size -> WIDTHxHEIGHT")
    return int(width), int(height)


def _row(clip: Path, size: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="giaolo-bench-") as folder:
        small = None
        if size is not None:
            small = write_small(clip, Path(folder) / "small.mp4", *size_of(size))
        found = looked(clip, clip.with_suffix(".yaml"), frames=_WHOLE, threads=1, size="nano", substream=small)
        acts = Path(folder) / "acts.jsonl"
        acts.write_text("".join(json.dumps(line) + "\n" for line in found["told"]), encoding="utf-8")
        result = score(load_truth(clip.with_suffix(".json"), None), load_acts(acts))
    sure = [each for each in result.matches if each.true.certainty == "high"]
    right, wrong, seen = result.plates
    stages = {row["stage"]: row["cpu_ms"] for row in found["stages"]}
    flags = [flag for line in found["told"] for flag in line["flags"]]
    return {
        "clip": clip.stem,
        "substream": size,
        "acts_found": len(sure),
        "acts": len(sure) + sum(each.certainty == "high" for each in result.missed),
        "false_acts": len(result.false),
        "plates_right": right,
        "plates_wrong": wrong,
        "plates": seen,
        "unsure": flags.count("main_picture_unsure"),
        "looks": found["looked_at"],
        "cpu_ms_a_look": found["cpu_ms_a_look"],
        "stages": stages,
    }


_SHOWN = ("decoding", "streams", "stills", "views", "lamps", "proof", "plates")
_HEAD = (
    f"{'clip':10s} {'seen by':>9s} {'acts':>7s} {'false':>5s} {'plates':>7s} {'wrong':>5s} {'unsure':>6s} "
    f"{'looks':>6s} {'CPU ms a look':>13s} " + " ".join(f"{name:>9s}" for name in _SHOWN)
)


def _text(row: dict[str, Any], *, head: bool) -> str:
    line = (
        f"{row['clip']:10s} {row['substream'] or 'main':>9s} {row['acts_found']:3d}/{row['acts']:<3d} "
        f"{row['false_acts']:5d} {row['plates_right']:3d}/{row['plates']:<3d} {row['plates_wrong']:5d} "
        f"{row['unsure']:6d} {row['looks']:6d} {row['cpu_ms_a_look']:13.2f} "
        + " ".join(f"{row['stages'].get(name, 0.0):9.2f}" for name in _SHOWN)
    )
    return f"{_HEAD}\n{line}" if head else line
