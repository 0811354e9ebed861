"""Quarantine judged again, and the command line around the centre."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from sqlalchemy import select

from central.centre import Centre, open_centre
from central.cli import central
from central.config import load_config
from central.intake.gate import Gate
from central.intake.nodes import NodeError, add_node, key_of
from central.intake.quarantine import Quarantine
from central.store.case_tables import CaseRow
from central.store.packet_tables import NodeRow, QuarantineRow
from central.store.people_tables import UserRow, VehicleRow
from evidence.canonical import sha256_hex
from evidence.container import open_packet, verify_packet
from evidence.part import Part
from evidence.seal import SigningKey, VerifyKey, public_path
from tests.central.build import NODE, NODE_KEY, NOW, OFFICE, case_of, packet


def rows(centre: Centre, table: type) -> list[Any]:
    with centre.db.read() as session:
        return list(session.scalars(select(table)))


def send(centre: Centre, data: bytes) -> str:
    return Gate.of(centre).accept(NODE, open_packet(data).manifest.packet_id, data).status


def register(centre: Centre, key: SigningKey, **options: Any) -> None:
    """Since yesterday: packets of today are made after it."""
    with centre.db.write() as session:
        add_node(session, NODE, key.public, now=NOW - timedelta(days=1), **options)


def test_packets_refused_for_a_wrongly_registered_key_become_cases_once_it_is_right(centre: Centre) -> None:
    """Their node was told that they lie in quarantine and sends them no more: the centre has to take them itself."""
    register(centre, SigningKey.generate())
    made = [packet(), packet()]
    assert [send(centre, data) for data in made] == ["quarantined"] * 2
    register(centre, NODE_KEY)
    judged = Gate.of(centre).rejudge()
    assert [o.status for _, o in judged] == ["stored"] * 2
    assert len(rows(centre, CaseRow)) == 2
    assert rows(centre, QuarantineRow) == []
    assert list(centre.config.quarantine_dir.rglob("*.glp")) == []
    assert Gate.of(centre).rejudge() == []


def test_after_a_change_of_keys_old_packets_still_verify_and_new_ones_need_the_new_key(centre: Centre) -> None:
    old = packet()
    assert send(centre, old) == "stored"
    new_key = SigningKey.generate()
    register(centre, new_key)
    assert send(centre, packet()) == "quarantined"
    assert send(centre, packet(key=new_key)) == "stored"
    with centre.db.read() as session:
        verify_packet(old, key_of(session, NODE, NODE_KEY.public.key_id))
        assert key_of(session, NODE, new_key.public.key_id) == new_key.public
        with pytest.raises(NodeError, match="never had a key"):
            key_of(session, NODE, "0" * 16)


def test_what_is_still_wrong_stays_in_quarantine(box: Centre) -> None:
    assert send(box, packet(key=SigningKey.generate())) == "quarantined"
    assert [o.status for _, o in Gate.of(box).rejudge()] == ["quarantined"]
    (row,) = rows(box, QuarantineRow)
    assert (box.config.quarantine_dir / row.path).exists()


def test_a_conflict_is_never_taken_by_judging_again(box: Centre) -> None:
    name = "00000000-0000-4000-8000-000000000001"
    assert send(box, packet(packet_id=name)) == "stored"
    assert send(box, packet(packet_id=name, plate="36B99999")) == "conflict"
    assert Gate.of(box).rejudge() == []
    assert [c.plate for c in rows(box, CaseRow)] == ["36A12345"]


def test_quarantined_bytes_that_are_gone_do_not_stop_the_others(box: Centre) -> None:
    register(box, SigningKey.generate())
    first, second = packet(), packet()
    send(box, first)
    send(box, second)
    register(box, NODE_KEY)
    (box.config.quarantine_dir / rows(box, QuarantineRow)[0].path).unlink()
    assert [o.status for _, o in Gate.of(box).rejudge()] == ["stored"]


def test_a_packet_with_a_nul_in_its_texts_is_stored_on_both_databases(centre: Centre) -> None:
    case_id = case_of(centre, place="Ngã tư\0 Lê Lợi")
    with centre.db.read() as session:
        assert "Lê Lợi" in session.get_one(CaseRow, case_id).place


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "..", "a b", "nút", "a\n", "x" * 65])
def test_a_node_id_that_is_no_topic_level_is_refused(name: str, box: Centre) -> None:
    with pytest.raises(NodeError), box.db.write() as session:
        add_node(session, name, NODE_KEY.public, now=NOW)


class Shell:
    """The commands of one CENTRAL.yaml."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "central.yaml"
        settings = {"schema_version": 1, "data_dir": "data", "second_reader": False, "office": OFFICE}
        self.file.write_text(yaml.safe_dump(settings))

    def __call__(self, command: str, *args: object, **env: str) -> Result:
        return CliRunner(env=env).invoke(central, [command, "--config", str(self.file), *map(str, args)])

    @property
    def centre(self) -> Centre:
        return open_centre(load_config(self.file))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_key_is_ended_from_the_command_line(shell: Shell, tmp_path: Path) -> None:
    NODE_KEY.save(tmp_path / "node.key")
    shell("add-node", NODE, public_path(tmp_path / "node.key"))
    key_id = NODE_KEY.public.key_id
    ended = shell("end-key", NODE, key_id, "--at", "2026-03-01T08:00:00+07:00")
    assert (ended.exit_code, "ends at 2026-03-01T08:00:00+07:00" in ended.output) == (0, True)
    for at in ("2026-03-01T08:00:00", "yesterday"):
        assert shell("end-key", NODE, key_id, "--at", at).exit_code == 2
    assert shell("end-key", NODE, "0" * 16, "--at", "2026-03-01T08:00:00+07:00").exit_code == 1


def test_packets_lost_to_another_node_under_the_old_key_are_taken_when_judged_again(box: Centre) -> None:
    """Until ids counted for one node, another node's packet of the same id made ours a conflict."""
    data = packet()
    name = open_packet(data).manifest.packet_id
    quarantine = Quarantine(box.config.quarantine_dir, box.config.limits)
    with box.db.read() as session:
        path = quarantine.keep(
            session, node=NODE, packet_id=name, container_sha256=sha256_hex(data), data=Part.whole(data)
        )
    with box.db.write() as session:
        quarantine.record(
            session, path, node=NODE, packet_id=name, container_sha256=sha256_hex(data), size=len(data),
            status="conflict", reason="", now=NOW,
        )  # fmt: skip
    assert [o.status for _, o in Gate.of(box).rejudge()] == ["stored"]


def test_nodes_are_registered_switched_off_and_listed(shell: Shell, tmp_path: Path) -> None:
    NODE_KEY.save(tmp_path / "node.key")
    public = public_path(tmp_path / "node.key")
    assert shell("add-node", NODE, public).exit_code == 0
    assert "enabled" in shell("nodes").output
    assert shell("node-key", NODE, NODE_KEY.public.key_id).output == public.read_text()
    assert shell("node-key", NODE, "0" * 16).exit_code == 1
    assert shell("add-node", NODE, public, "--disabled").exit_code == 0
    assert [n.enabled for n in rows(shell.centre, NodeRow)] == [False]
    refused = shell("add-node", NODE, tmp_path / "node.key")
    assert refused.exit_code == 1
    assert "not its private key" in refused.output


def test_the_centres_public_key_is_printed_for_the_nodes(shell: Shell) -> None:
    printed = shell("public-key").output
    assert VerifyKey.from_pem(printed.encode(), where="test") == shell.centre.key.public


def test_users_are_made_and_kept_out_without_a_password_on_the_command_line(shell: Shell) -> None:
    made = shell("add-user", "lan", "--role", "officer", "--name", "Nguyễn Thị Lan", GIAOLO_PASSWORD="mật khẩu dài")
    assert made.exit_code == 0, made.output
    assert shell("disable-user", "lan").exit_code == 0
    assert [u.active for u in rows(shell.centre, UserRow)] == [False]
    assert shell("disable-user", "lan", "--enable").exit_code == 0
    missing = shell("disable-user", "nobody")
    assert (missing.exit_code, "no such user" in missing.output) == (1, True)
    short = shell("add-user", "an", "--role", "officer", "--name", "x", GIAOLO_PASSWORD="ngắn")
    assert (short.exit_code, "too short" in short.output) == (1, True)


def test_a_register_is_imported_as_a_whole_or_not_at_all(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    header = "plate,colour,kind,owner_name,owner_type,id_number,address,valid_from,valid_to\n"
    good = "36A12345,white,car,Nguyễn Văn An,person,1,x,2020-01-01,\n"
    file.write_text(header + good)
    assert "1 registrations" in shell("import-registry", file).output
    file.write_text(header + good.replace("36A", "36B") + "x\n")
    failed = shell("import-registry", file)
    assert (failed.exit_code, "line 3" in failed.output) == (1, True)
    assert [v.plate for v in rows(shell.centre, VehicleRow)] == ["36A12345"]


def test_the_audit_and_the_second_judgement_have_commands(shell: Shell) -> None:
    centre = shell.centre
    register(centre, SigningKey.generate())
    send(centre, packet())
    register(centre, NODE_KEY)
    assert "1 of 1 are good now" in shell("rejudge").output
    audit = shell("audit", "--files")
    assert (audit.exit_code, audit.output) == (0, "1 packets, 0 checkpoints, 1 cases: 0 faults\n")
    blob = next(p for p in centre.config.blob_dir.glob("*/*/*") if p.is_file())
    blob.unlink()
    broken = shell("audit", "--files")
    assert (broken.exit_code, "blob is missing" in broken.output) == (1, True)


def test_a_wrong_configuration_is_said_without_a_trace(shell: Shell) -> None:
    shell.file.write_text("schema_version: 1\nwebb: {}\n")
    for command in ("run", "migrate", "nodes", "audit"):
        result = shell(command)
        assert result.exit_code == 1
        assert "webb" in result.output
        assert "Traceback" not in result.output
