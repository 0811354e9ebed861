"""The centre gets a new key: what the old one signed stays good, boxes follow, and a lost or stolen one has its way."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import central.keys
from central.alone import have_alone
from central.audit.stored import audit
from central.casefile.handing_out import hand_out
from central.centre import Centre
from central.cli import central as command
from central.keys import renew_key
from central.ledger.merkle import checkpoint
from common.settings import ConfigError
from edge.delivery.centre_trust import CentreTrust
from evidence.case_file import Trust, check_case_file
from evidence.centre_keys import KeyChange
from evidence.seal import SigningKey, VerifyKey, public_path
from tests.central.build import HOA, NODE, HandClock, case_of, issued, make_centre
from tests.central.node import WireNode
from tests.central.test_config import OFFICE_LINE, write
from tests.central.test_mqtt import rim
from tests.conftest import MosquittoServer

THIRTY_DAYS = timedelta(days=30)


class House:
    """One centre on one folder, opened again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, HandClock()
        self.centre = make_centre(folder, clock=self.clock)

    def again(self) -> Centre:
        self.centre.db.dispose()
        self.centre = make_centre(self.folder, clock=self.clock)
        return self.centre

    def new_key(self, *, lost: bool = False) -> KeyChange:
        self.centre.db.dispose()
        made = renew_key(self.centre.config, now=self.clock(), believed_for=THIRTY_DAYS, lost=lost)
        self.again()
        return made

    def faults(self) -> tuple[str, ...]:
        centre = self.centre
        with centre.db.read() as session:
            return audit(session, centre.keys, centre=centre.config.centre_id, files=centre.store).faults

    def signs(self) -> None:
        """A checkpoint, as every few minutes."""
        with self.centre.db.write() as session:
            checkpoint(session, self.centre.key, centre=self.centre.config.centre_id, now=self.clock())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "centre")


@pytest.mark.parametrize("lost", [False, True], ids=["announced", "lost or stolen"])
def test_what_was_signed_before_is_judged_by_the_key_of_then(house: House, lost: bool) -> None:
    old = house.centre.key.public
    case_id, _ = issued(house.centre)
    house.signs()
    change = house.new_key(lost=lost)
    assert (change.old_key, change.new_key) == (old, house.centre.key.public)
    assert house.faults() == ()
    house.clock.forward(days=40)  # the old key is believed no longer
    newer = case_of(house.centre, sequence=2, previous="0" * 64, plate="36A55555")
    house.signs()
    assert house.faults() == ()
    for case in (case_id, newer):
        with hand_out(house.centre, case, HOA).file as file:
            found = check_case_file(io.BytesIO(file.read()), Trust(house.centre.key.public))
        assert found.trusted


def test_what_the_old_key_signs_after_its_end_is_a_fault(house: House) -> None:
    old = house.centre.key
    case_of(house.centre)
    house.new_key()
    house.clock.forward(days=31)
    with house.centre.db.write() as session:
        session.info.pop("ledger")  # a thief with the database and the old key
        checkpoint(session, old, centre=house.centre.config.centre_id, now=house.clock())
    assert any("was not signed by this centre's key" in fault for fault in house.faults())


def test_the_old_private_key_is_gone_and_its_public_half_stays(house: House) -> None:
    file, old = house.centre.config.resolved_key_file, house.centre.key.public
    house.new_key()
    assert SigningKey.load(file).public == VerifyKey.load(public_path(file)) == house.centre.key.public
    (former,) = [f for f in file.parent.iterdir() if f not in (file, public_path(file))]
    assert VerifyKey.load(former) == old
    assert b"PRIVATE" not in former.read_bytes()


def test_a_change_that_was_killed_in_the_middle_is_ended_at_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    before = house.centre.key.public
    with monkeypatch.context() as patched:
        patched.setattr(central.keys, "_put_in_place", killed)
        with pytest.raises(KeyboardInterrupt):
            renew_key(house.centre.config, now=house.clock(), believed_for=THIRTY_DAYS)
    assert house.again().key.public != before
    assert house.faults() == ()


def test_an_old_key_that_is_put_back_and_a_key_that_is_gone_are_refused_in_words(house: House) -> None:
    file = house.centre.config.resolved_key_file
    kept = file.read_bytes()
    house.new_key()
    newest = file.read_bytes()
    file.write_bytes(kept)
    with pytest.raises(ConfigError, match="the centre's newest is"):
        house.again()
    file.write_bytes(newest)
    house.again()


def test_the_first_key_is_never_made_twice(house: House) -> None:
    house.centre.config.resolved_key_file.unlink()
    with pytest.raises(ConfigError, match="this centre has signed with it") as caught:
        house.again()
    assert "new-key --lost" in caught.value.remedy
    house.new_key(lost=True)
    assert house.faults() == ()


def test_the_command_says_what_it_would_do_and_needs_the_centre_to_stand_still(tmp_path: Path) -> None:
    file = write(tmp_path, "schema_version: 1\nsecond_reader: false\n" + OFFICE_LINE)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(command, [*arguments, "--config", str(file)])
        return result.exit_code, result.output

    first = run("public-key")[1]
    code, said = run("new-key")
    assert (code, said.startswith("dry run: --yes would replace")) == (0, True)
    with have_alone(tmp_path / "centre-data", now=HandClock()()):
        code, said = run("new-key", "--yes")
        assert (code, "a centre runs on it already" in said) == (1, True)
    assert run("public-key")[1] == first
    code, said = run("new-key", "--yes", "--days", "7")
    assert code == 0, said
    assert "fingerprint" in said
    assert run("public-key")[1] != first
    assert '"schema":"giaolo.centre-key/1"' in run("public-key", "--changes")[1]


@pytest.mark.broker
def test_boxes_hear_of_it_over_the_broker_also_those_that_come_later(house: House, mosquitto: MosquittoServer) -> None:
    trust = CentreTrust(house.centre.key.public, now=house.clock)
    old = house.centre.key.public
    house.new_key()
    ingest = rim(house.centre, mosquitto)
    try:
        with WireNode(mosquitto.port) as node:
            heard = node.hear()
            assert heard is not None
            assert heard[0] == "keys"
            assert trust.take(heard[1])
            assert trust.keys is not None
            assert trust.keys.believed(house.clock()) == (house.centre.key.public, old)
    finally:
        ingest.stop()
    with WireNode(mosquitto.port, node=NODE) as later:  # the centre is away, the broker kept it
        assert later.hear() == heard
