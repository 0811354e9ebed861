"""`giaolo edge try`: a scene in draft is tried on recorded video, before it goes into force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from edge.trial import TrialError, try_scene
from tools.command.cli import cli
from tools.command.trying import look

CLIPS = Path(__file__).parents[2] / "tools" / "clips"
DUSK = CLIPS / "dusk.mp4"


def tried(scene: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["edge", "try", str(scene), str(DUSK), *options])


@pytest.mark.slow(30)
def test_a_technician_sees_what_would_be_found_who_passed_and_what_the_lamps_showed() -> None:
    done = tried(DUSK.with_suffix(".yaml"), "--json")
    assert done.exit_code == 0, done.output
    found: Any = json.loads(done.stdout)
    true = json.loads(DUSK.with_suffix(".json").read_text("utf-8"))["acts"]
    told = sorted(act["act"] for act in found["acts"])
    assert sorted(a["act"] for a in true if a["confidence"] == "high") == ["red_light", "solid_line"]
    assert told == ["red_light", "red_light", "solid_line"], "one of them the truth calls doubtful"
    (line,) = found["lines"].values()
    assert sum(line["passed"].values()) >= 1
    assert line["plate_px"] == pytest.approx(29, abs=2), "as docs of the clips have it"
    assert found["lamps"]["S-main"]["red"] > 5.0
    assert all({"vi", "en", "refused"} <= each.keys() for each in found["not_reported"])


def test_only_the_first_seconds_are_looked_at_and_it_is_told_in_both_languages(tmp_path: Path) -> None:
    said = yaml.safe_load(DUSK.with_suffix(".yaml").read_text("utf-8"))
    draft = tmp_path / "draft.yaml"
    draft.write_text(yaml.safe_dump(said | {"ground": None, "acts": ["red_light"]}), encoding="utf-8")
    done = tried(draft, "--seconds", "1")
    assert done.exit_code == 0, done.output
    vi, en = done.stdout.split("\n\n")
    for words in ("Đã xem 1 giây", "Không báo hành vi nào", "Qua vạch vach-dung", "chưa thấy cả đỏ và xanh"):
        assert words in vi
    for words in ("Looked at 1 s", "No act would be reported", "no ground plane", "Head S-main"):
        assert words in en


def test_a_scene_that_cannot_be_used_is_told_in_one_word(tmp_path: Path) -> None:
    done = tried(tmp_path / "none.yaml")
    assert done.exit_code == 1
    assert "none.yaml" in done.output
    assert "Traceback" not in done.output


def test_a_video_of_another_size_than_the_scene_is_refused_and_a_look_may_be_ended_early(tmp_path: Path) -> None:
    said = yaml.safe_load(DUSK.with_suffix(".yaml").read_text("utf-8"))
    small = tmp_path / "small.yaml"
    small.write_text(yaml.safe_dump({**bare(said), "picture": {"width": 1280, "height": 720}}), encoding="utf-8")
    with pytest.raises(TrialError, match="the video is 1920 x 1080, the scene was drawn on 1280 x 720"):
        try_scene(small, DUSK, seconds=5)
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(bare(said)), encoding="utf-8")
    seen = look(own, DUSK, seconds=5, go_on=lambda seen_s: seen_s < 0.3)
    assert seen["en"][0].startswith("Looked at 0 s (5 frames)")
    assert seen.keys() == {"vi", "en"}


def bare(said: dict[str, Any]) -> dict[str, Any]:
    """The scene with hardly anything in the picture."""
    paved = {"id": "via-he", "kind": "pavement", "polygon": [[0, 400], [60, 400], [60, 480]]}
    return {name: said[name] for name in ("schema_version", "id", "picture")} | {"areas": [paved], "acts": ["pavement"]}
