"""One command line: every command is there, says what it does, and meets bad input with one line."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.edge.media import make_video
from tools.command.cli import COMMANDS, cli

ROOT = Path(__file__).parents[2]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_every_command_says_what_it_does() -> None:
    found = dict(commands(cli))
    assert {"edge run", "edge replay", "central run", "zones check", "evaluate acts"} <= {" ".join(p) for p in found}
    for path, command in found.items():
        assert command.help, path
        result = CliRunner().invoke(cli, [*path, "--help"])
        assert result.exit_code == 0, path


def test_every_command_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [
        " ".join(p)
        for p, c in commands(cli)
        if not isinstance(c, click.Group) and f"giaolo {' '.join(p)}" not in readme
    ]
    assert missing == []


def test_an_unknown_command_is_told() -> None:
    result = CliRunner().invoke(cli, ["fly"])
    assert result.exit_code == 2
    assert "fly" in result.output


BAD_INPUT = [
    ("verify", "nothing.glp", "--key", "nothing.pub"),
    ("verify", ".", "--key", "junk"),
    ("evaluate", "acts", "--truth", "junk", "--acts", "junk"),
    ("evaluate", "acts", "--truth", "nothing", "--acts", "nothing"),
    ("evaluate", "suite", "--footage", "."),
    ("edge", "replay", "nothing.mp4", "--scene", "junk", "--out", "out"),
    ("edge", "replay", "empty", "--scene", "junk", "--out", "out"),
    ("central", "run", "--config", "nothing.yaml"),
    ("central", "run", "--config", "junk"),
    ("central", "migrate", "--config", "empty"),
    ("central", "proof", "1", "--out", "proof.json", "--config", "nothing.yaml"),
    ("zones", "check", "junk"),
    ("zones", "check", "nothing.yaml"),
    ("bench", "edge", "--clip", "nothing.mp4", "--scene", "junk"),
    ("demo", "--clip", "nothing.mp4"),
    ("demo", "--clip", "nothing.mp4", "--scene", "junk"),
    ("demo", "--clip", "junk", "--scene", "junk"),
    ("demo", "--broker", "somewhere"),
    ("demo", "--dir", "full", "--port", "0"),
    ("keygen", "junk"),
    ("keygen", "junk/key"),
]


@pytest.mark.parametrize("arguments", BAD_INPUT, ids=" ".join)
def test_bad_input_ends_in_a_line_and_exit_1(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "junk").write_bytes(b"\x00\xff{[: junk\n" * 20)
    (tmp_path / "empty").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").touch()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert result.output.strip()
    assert (tmp_path / "full" / "thesis.doc").exists()


def test_verify_starts_without_networks_web_or_database() -> None:
    code = (
        "import sys, json; from tools.command.cli import cli\n"
        "try: cli.main(['verify', '--help'], standalone_mode=False)\n"
        "finally: print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    loaded = set(json.loads(output.strip().splitlines()[-1]))
    assert not loaded & {"torch", "onnxruntime", "cv2", "sqlalchemy", "fastapi", "av", "paho", "easyocr", "numpy"}


def test_keygen_makes_a_pair_and_never_overwrites(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "node.key"
    assert CliRunner().invoke(cli, ["keygen", str(key)]).exit_code == 0
    before = key.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    assert b"PUBLIC KEY" in (tmp_path / "keys" / "node.key.pub").read_bytes()
    assert CliRunner().invoke(cli, ["keygen", str(key)]).exit_code == 1
    assert key.read_bytes() == before


def test_the_list_of_commands_has_no_dead_entry() -> None:
    assert sorted(COMMANDS) == cli.list_commands(click.Context(cli))


def test_an_altered_weight_file_ends_in_a_line_and_exit_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_video(tmp_path / "clip.mp4", frames=5)
    monkeypatch.setattr("models.manifest._digest", lambda *_: "0" * 64)  # what one flipped byte makes of it
    scene = ROOT / "zones" / "examples" / "nepal.yaml"
    result = CliRunner().invoke(
        cli, ["edge", "replay", str(clip), "--scene", str(scene), "--out", str(tmp_path / "out")]
    )
    assert isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert "vehicle_nano.onnx: model vehicle-nano has digest 0000000000000000" in result.output


def test_every_error_of_ours_that_may_reach_a_person_is_of_the_one_kind() -> None:
    # inside one module, and never let out of it
    inner = {"EndOfStream", "Stalled", "_Abandoned", "NumberTaken", "WebError", "SignInNeeded", "GiaoLoError"}
    found = set()
    for room in ("evidence", "zones", "models", "edge", "central", "tools"):
        for file in (ROOT / room).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                bases = (
                    {b.id for b in node.bases if isinstance(b, ast.Name)} if isinstance(node, ast.ClassDef) else set()
                )
                if bases & {"Exception", "ValueError", "RuntimeError", "OSError", "KeyError", "LookupError"}:
                    found.add(node.name)  # type: ignore[attr-defined]
    assert found <= inner


@pytest.mark.parametrize(
    ("module", "command", "told"),
    [
        ("tools.train.data", ["evaluate", "models"], "in no wheel -> run it in a checkout"),
        ("moderngl", ["simulate", "--turns", "arrow", "--render", "x.mp4"], "pip install 'giaolo[render]'"),
        ("libsumo", ["simulate", "--seconds", "1", "--out", "x.npz"], "pip install 'giaolo[simulate]'"),
    ],
)
def test_what_an_extra_brings_is_asked_for_in_a_line(
    module: str, command: list[str], told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for loaded in [name for name in sys.modules if name.startswith(("tools.render", "tools.evaluate.model_figures"))]:
        monkeypatch.delitem(sys.modules, loaded)
        package, _, name = loaded.rpartition(".")
        if hasattr(
            sys.modules.get(package), name
        ):  # its package names it too, and would name the one of this test after
            monkeypatch.delattr(sys.modules[package], name)
    monkeypatch.setitem(sys.modules, module, None)
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 1, result.output
    assert told in result.output
    assert "Traceback" not in result.output
