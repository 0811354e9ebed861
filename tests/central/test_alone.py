"""Two centres never share one data_dir; what only looks or adds goes on beside a running one."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from central.alone import InUseError, beside_others, have_alone
from central.app import App
from central.centre import open_centre
from central.cli import central
from central.config import load_config
from central.store.db import Database
from central.store.migrate import upgrade
from tests.central.test_config import OFFICE_LINE, write
from tests.conftest import free_port

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
HOLDER = """
import sys; from pathlib import Path; from datetime import UTC, datetime; from central.alone import have_alone
held = have_alone(Path(sys.argv[1]), now=datetime.now(UTC)); print("held", flush=True); sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "centre-data").mkdir()
    settings = f"schema_version: 1\nsecond_reader: false\nweb: {{enabled: false}}\nbroker: {{port: {free_port()}}}\n"
    return write(tmp_path, settings + OFFICE_LINE)


def refused(file: Path, *command: str) -> str:
    result = CliRunner().invoke(central, [*command, "--config", str(file)], catch_exceptions=False)
    assert result.exit_code == 1, result.output
    return result.output


def test_a_second_centre_on_the_same_folder_is_refused_in_one_line(file: Path) -> None:
    config = load_config(file)
    open_centre(config).db.dispose()
    with have_alone(config.data_dir, now=NOW):
        command = [sys.executable, "-c", "from tools.command.cli import main; main()"]
        ran = subprocess.run([*command, "central", "run", "--config", str(file)], capture_output=True, text=True)
        with pytest.raises(InUseError), App(config):
            pass
    assert ran.returncode == 1
    said = ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr
    for part in (
        f"data_dir {config.data_dir}",
        "already (process ",
        "since 2026-11-26T08:00:00+00:00)",
        "-> stop that",
    ):
        assert part in said


def test_kill_9_lets_go_of_it(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InUseError, match=f"process {holder.pid} since"):
            have_alone(tmp_path, now=NOW)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        have_alone(tmp_path, now=NOW).release()
    finally:
        holder.kill()
        holder.communicate()


def test_a_command_that_brings_the_database_up_to_date_is_waited_for(tmp_path: Path) -> None:
    held = [beside_others(tmp_path, now=NOW), beside_others(tmp_path, now=NOW)]
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if held:
            held.pop().release()

    with have_alone(tmp_path, now=NOW, wait=wait):
        assert len(waits) == 2
        with pytest.raises(InUseError):
            beside_others(tmp_path, now=NOW)


@pytest.mark.parametrize("command", [("migrate",), ("nodes",), ("alarms",), ("rejudge",), ("retention", "plan")])
def test_commands_go_on_beside_a_running_centre(file: Path, command: tuple[str, ...]) -> None:
    config = load_config(file)
    open_centre(config).db.dispose()
    with have_alone(config.data_dir, now=NOW):
        result = CliRunner().invoke(central, [*command, "--config", str(file)], catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("command", ["migrate", "nodes"])
def test_newer_software_does_not_change_the_database_under_a_running_centre(file: Path, command: str) -> None:
    config = load_config(file)
    upgrade(Database(config.resolved_database_url), to="0001")
    with have_alone(config.data_dir, now=NOW):
        assert "a centre runs on it already" in refused(file, command)
        with Database(config.resolved_database_url).read() as session:
            assert session.scalar(text("select version_num from alembic_version")) == "0001"
    assert CliRunner().invoke(central, [command, "--config", str(file)]).exit_code == 0


def test_a_centre_that_stopped_leaves_the_folder_to_the_next(file: Path) -> None:
    for _ in range(2):
        app = App(load_config(file))
        app._held = have_alone(app.config.data_dir, now=NOW)
        app.stop()
