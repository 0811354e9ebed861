"""CENTRAL.yaml: what is wrong, where, and what to do; and a centre that cannot open says so in the same shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from central.app import App, StartError
from central.centre import Centre, open_centre
from central.cli import open_when_there
from central.config import load_config, parse_config
from central.store.db import Database, DatabaseAway, DatabaseError
from central.store.migrate import upgrade
from common.settings import ConfigError
from evidence.errors import GiaoLoError, KeyFileError
from tests.central.build import OFFICE
from tests.conftest import free_port

OFFICE_LINE = yaml.safe_dump({"office": OFFICE}, allow_unicode=True)


def write(folder: Path, text: str) -> Path:
    file = folder / "central.yaml"
    file.write_text(text)
    return file


def test_the_version_and_the_office_are_enough(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "schema_version: 1\n" + OFFICE_LINE))
    assert config.resolved_database_url == f"sqlite:///{tmp_path.resolve()}/centre-data/centre.sqlite3"
    assert config.office.parent == "CÔNG AN TỈNH THANH HÓA"


def test_a_centre_without_an_office_issues_in_nobodys_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({"schema_version": 1}, base=tmp_path, where="central.yaml")
    assert "central.yaml: office" in str(caught.value)
    assert "who issues notices" in caught.value.remedy


@pytest.mark.parametrize(
    "name", ["parent", "unit", "unit_in_text", "town", "number_suffix", "signer_title", "signer_name"]
)
@pytest.mark.parametrize("value", [None, "  "], ids=["missing", "blank"])
def test_nothing_that_is_printed_is_made_up(name: str, value: str | None, tmp_path: Path) -> None:
    office = {k: v for k, v in OFFICE.items() if k != name} | ({} if value is None else {name: value})
    with pytest.raises(ConfigError, match=rf"office\.{name}"):
        parse_config({"schema_version": 1, "office": office}, base=tmp_path, where="central.yaml")


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"calendar": {"rest": ["2026-12-31"], "work": ["2026-12-31"]}}, "both as rest and as work"),
        ({"office": OFFICE | {"appear_times": [840]}}, "in quotes"),
        ({"office": OFFICE | {"appear_times": ["08:00", "08:00"]}}, "once"),
        ({"office": OFFICE | {"appear_times": []}}, "at least 1"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(settings: dict[str, Any], what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=what):
        parse_config({"schema_version": 1, "office": OFFICE} | settings, base=tmp_path, where="central.yaml")


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    text = "schema_version: 1\ndata_dir: data\nkey_file: k/centre.key\nbroker: {tls_ca_file: ca.pem}\n" + OFFICE_LINE
    config = load_config(write(tmp_path, text))
    base = tmp_path.resolve()
    assert (config.data_dir, config.key_file) == (base / "data", base / "k/centre.key")
    assert config.broker.tls_ca_file == base / "ca.pem"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "central.yaml", "holds no settings"),
        ("- 1\n", "central.yaml", "holds no settings"),
        ("a: [\n", "central.yaml: line 2", "is not YAML"),
        ("\tschema_version: 1\n", "line 1", "is not YAML"),
        ("data_dir: x\n", "schema_version", "write `schema_version: 1`"),
        ("schema_version: 2\n", "schema_version", "write `schema_version: 1`"),
        ("schema_version: 1\ndata_dri: x\n", "data_dri", "is not a field"),
        ("schema_version: 1\nbroker: {prot: 1}\n", "broker.prot", "is not a field"),
        ("schema_version: 1\nbroker: {port: 70000}\n", "broker.port", "65535"),
        ("schema_version: 1\nbroker: 127.0.0.1\n", "broker", "dictionary"),
        ("schema_version: 1\nweb: {port: eighty}\n", "web.port", "integer"),
        ("schema_version: 1\nclaim_minutes: 0\n", "claim_minutes", "greater than 0"),
        ("schema_version: 1\nclaim_minutes: .nan\n", "claim_minutes", ""),
        ("schema_version: 1\ncentre_id: Trung tâm\n", "centre_id", "pattern"),
        ("schema_version: 1\noffice: {unit: {name: ''}}\n", "office.unit.name", "at least 1"),
        ("schema_version: 1\n1: 2\n", "1", "keys should be strings"),
        ("schema_version: 1\nbroker: {tls_cert_file: c.pem}\n", "broker", "belong together"),
        ("schema_version: 1\nbroker: {tls_cert_file: c.pem, tls_key_file: k}\n", "broker", "in clear"),
        ("schema_version: 1\nbroker: {password_file: p}\n", "broker", "user name"),
    ],
)
def test_a_wrong_setting_is_named_with_file_path_and_remedy(text: str, where: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    said = str(caught.value)
    assert "central.yaml" in said
    assert where in said
    assert what in said
    assert caught.value.remedy


@pytest.mark.parametrize("make", ["missing", "folder", "latin1"])
def test_a_file_that_cannot_be_read_is_named(make: str, tmp_path: Path) -> None:
    file = tmp_path / "central.yaml"
    if make == "folder":
        file.mkdir()
    elif make == "latin1":
        file.write_bytes("schema_version: 1 # é".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"central\.yaml: (cannot be read|is not UTF-8)"):
        load_config(file)


def test_a_data_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(ConfigError, match="data_dir"):
        open_centre(load_config(write(tmp_path, "schema_version: 1\ndata_dir: data/centre\n" + OFFICE_LINE)))


def test_a_key_file_that_holds_no_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "centre.key").write_text("x")
    with pytest.raises(KeyFileError, match=r"centre\.key"):
        open_centre(load_config(write(tmp_path, "schema_version: 1\nkey_file: centre.key\n" + OFFICE_LINE)))


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mysql://x", "not supported"),
        ("nonsense", "cannot be used as a database address"),
        ("postgresql://nobody@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_said_without_its_password(url: str, what: str) -> None:
    with pytest.raises(DatabaseError, match=what) as caught:
        upgrade(Database(url.replace("nobody@", "nobody:geheim@")))
    assert "geheim" not in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        upgrade(Database(f"sqlite:///{file}"))


def test_a_port_that_is_taken_is_said_and_nothing_keeps_running(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = f"schema_version: 1\nsecond_reader: false\nweb: {{port: {port}}}\nbroker: {{port: {free_port()}}}\n"
        with pytest.raises(StartError, match=str(port)), App(load_config(write(tmp_path, settings + OFFICE_LINE))):
            pass


def test_every_error_of_the_centre_has_the_one_shape() -> None:
    error = GiaoLoError("is wrong", where="here", remedy="do that")
    assert str(error) == "here: is wrong -> do that"


def test_a_database_server_that_starts_later_is_waited_for_and_one_that_never_comes_is_told() -> None:
    # a real try at a port where nobody listens
    def away() -> Centre:
        upgrade(Database("postgresql://giaolo@127.0.0.1:1/giaolo"))
        raise AssertionError("nobody should listen at port 1")

    waited: list[float] = []
    with pytest.raises(DatabaseAway):
        open_when_there(away, wait=lambda s: bool(waited.append(s)), tries=3)
    assert len(waited) == 2
    answers = iter([away, away, lambda: "the centre"])
    assert open_when_there(lambda: next(answers)(), wait=lambda _: False) == "the centre"  # type: ignore[comparison-overlap,arg-type,return-value]
    assert open_when_there(away, wait=lambda _: True) is None  # told to stop meanwhile


def test_what_waiting_does_not_mend_is_told_at_once() -> None:
    def broken() -> Centre:
        raise ConfigError("is not YAML")

    with pytest.raises(ConfigError):
        open_when_there(broken, wait=lambda _: pytest.fail("waited"))
