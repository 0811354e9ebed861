"""Benchmarks print figures; how large these are is nobody's promise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tests.edge.media import make_video
from tests.edge.test_config import SCENE
from tools.cli import cli


@pytest.mark.postgres
def test_ingest_is_measured_beside_both_databases(postgres_url: str) -> None:
    result = CliRunner().invoke(
        cli, ["bench", "ingest", "--packets", "3", "--kib", "64", "--database", postgres_url, "--json"]
    )
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert [f["database"] for f in figures] == ["sqlite", "postgresql"]
    assert all(f["per_second"] > 0 and f["packet_ms"]["median"] > 0 for f in figures)


def test_the_pipeline_is_measured_with_decoding_and_beside_bare_decoding() -> None:
    result = CliRunner().invoke(cli, ["bench", "edge", "--frames", "10", "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert (figures["frames"], figures["looked_at"]) == (10, 10)
    assert figures["camera_fps"] == pytest.approx(12.5, abs=0.1)
    assert figures["wall_s"] >= 10 * figures["look_ms"]["median"] / 2 / 1000
    assert figures["looked_at_fps"] == pytest.approx(10 / figures["wall_s"], rel=0.02)
    assert figures["longest_stall_ms"] >= figures["look_ms"]["max"]
    assert figures["decode_fps"] > 0


def test_frames_that_are_skipped_do_not_count_as_looked_at(tmp_path: Path) -> None:
    clip = make_video(tmp_path / "fast.mp4", frames=60, fps=60)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(SCENE))
    args = ["bench", "edge", "--clip", str(clip), "--scene", str(tmp_path / "s.yaml"), "--frames", "60"]
    figures = json.loads(CliRunner().invoke(cli, [*args, "--json"]).output)
    assert figures["frames"] == 60
    assert 12 <= figures["looked_at"] <= 17  # 15 a second, as the box does
    text = CliRunner().invoke(cli, args).output
    assert "looked at" in text
    assert "longest stall" in text
    assert "decoding alone" in text
