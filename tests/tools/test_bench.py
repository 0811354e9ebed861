"""Benchmarks print figures; how large these are is nobody's promise."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

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


def test_the_pipeline_is_measured_beside_the_cameras_rate() -> None:
    result = CliRunner().invoke(cli, ["bench", "edge", "--frames", "10", "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert figures["frames"] == 10
    assert figures["camera_fps"] == pytest.approx(12.5, abs=0.1)
    text = CliRunner().invoke(cli, ["bench", "edge", "--frames", "10"]).output
    assert "limit" in text
