"""The locks in requirements/ against pyproject.toml: nothing missing, nothing left over, every file with its digest."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PYTHONS = "3.11", "3.12", "3.13"
REMEDY = "run: sh tools/packaging/lock.sh"
# torch: its CPU build has the version of the CUDA build and other bytes (requirements/torch.in);
# onnx2torch: names torchvision, so it stands in no-deps.in
IN_NO_LOCK = {"torch", "onnx2torch"}


@dataclass(frozen=True)
class Pin:
    """One version in a lock."""

    requirement: Requirement
    digests: tuple[str, ...]
    wanted_by: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (one,) = self.requirement.specifier
        assert one.operator == "=="
        return one.version


def read(name: str) -> list[Pin]:
    """The pins of requirements/NAME.txt. Whatever is neither a pin nor the comment below one is an error."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    pins = []
    for block in re.split(r"\n(?=[a-z0-9])", text.replace("\\\n", "\n"), flags=re.IGNORECASE)[1:]:
        first, *rest = block.strip().splitlines()
        rest = [line.strip() for line in rest]
        digests = tuple(line.removeprefix("--hash=") for line in rest if line.startswith("--hash="))
        comment = [line.removeprefix("#").strip() for line in rest if line.startswith("#")]
        assert len(digests) + len(comment) == len(rest), block
        wanted_by = tuple(line.removeprefix("via").strip() for line in comment if line != "via")
        pins.append(Pin(Requirement(first), digests, wanted_by))
    return pins


LOCKS = {name: read(name) for name in ("run", "test", "no-deps")}


def asked(extras: list[str]) -> list[Requirement]:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]
    return [one for line in lines if canonicalize_name((one := Requirement(line)).name) not in IN_NO_LOCK]


@pytest.mark.parametrize(
    ("lock", "extras"), [("run", ["postgres", "second-reader"]), ("test", list(EXTRAS))], ids=["run", "test"]
)
def test_the_lock_has_what_pyproject_asks_for_within_its_bounds_and_nothing_left_over(
    lock: str, extras: list[str]
) -> None:
    versions = {pin.name: pin.version for pin in LOCKS[lock]}
    for requirement in asked(extras):
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is in no line of the lock; {REMEDY}"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement}, locked {version}; {REMEDY}"
    direct = {pin.name for pin in LOCKS[lock] if any(who.startswith("giaolo") for who in pin.wanted_by)}
    assert direct == {canonicalize_name(one.name) for one in asked(extras)}, REMEDY
    here = {canonicalize_name(one) for one in versions}
    for pin in LOCKS[lock]:
        users = {who for who in pin.wanted_by if not who.startswith(("giaolo", "-r ", "-c "))}
        assert users <= here, f"{pin.name} is locked for {users - here}, which went; {REMEDY}"


def test_the_packages_without_their_dependencies_are_those_of_the_list() -> None:
    lines = (ROOT / "requirements" / "no-deps.in").read_text("utf-8").splitlines()
    listed = {line for line in lines if line and not line.startswith("#")}
    assert {str(pin.requirement) for pin in LOCKS["no-deps"]} == listed, REMEDY
    torch = {line for extra in EXTRAS.values() for line in extra if line.startswith("torch==")}
    assert len(torch) == 1, "setup takes the first; two versions of torch would be a choice"


@pytest.mark.parametrize("lock", LOCKS)
def test_each_python_finds_each_package_once_with_the_digest_of_its_files(lock: str) -> None:
    for python in PYTHONS:
        environment = {"python_version": python, "python_full_version": f"{python}.0"}
        names = [
            pin.name
            for pin in LOCKS[lock]
            if pin.requirement.marker is None or pin.requirement.marker.evaluate(environment)
        ]
        assert len(names) == len(set(names)), python
        assert {pin.name for pin in LOCKS[lock]} == set(names), f"{python} would do without some in silence"
    for pin in LOCKS[lock]:
        assert pin.digests, pin.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in pin.digests), pin.name


def test_what_runs_is_tested_in_the_same_versions() -> None:
    tested = {pin.name: pin.version for pin in LOCKS["test"]}
    assert {pin.name: pin.version for pin in LOCKS["run"]}.items() <= tested.items(), REMEDY


def test_no_lock_names_a_registry() -> None:
    for file in (ROOT / "requirements").iterdir():
        text = file.read_text("utf-8")
        assert "://" not in text, file.name
        assert not re.search(r"^\s*(-i|--(extra-)?index|--find-links|--trusted)", text, re.MULTILINE), file.name


def test_setup_installs_with_digests_alone_but_for_torch_and_giaolo_itself() -> None:
    commands = [
        line.strip()
        for line in (ROOT / "tools" / "setup.sh").read_text("utf-8").splitlines()
        if line.strip().startswith("pip install")
    ]
    loose = [line for line in commands if "--require-hashes" not in line]
    assert len(commands) == 4
    assert [("torch" in line, "-e ." in line) for line in loose] == [(True, False), (False, True)]
    assert "--no-deps --no-build-isolation" in loose[1], "nothing is fetched for building"
