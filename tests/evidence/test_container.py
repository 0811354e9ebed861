"""Promise 2: nothing altered. One flipped byte anywhere is found, offline; and no file stops the one who checks."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import canonical_json
from evidence.container import open_packet, pack, rebuild, verify_packet
from evidence.errors import PacketError
from evidence.seal import SigningKey
from tests.evidence.build import FILES, KEY, container, flipped, manifest

GOOD = container()


def test_a_packet_opens_as_it_was_packed_and_its_seal_holds() -> None:
    assert verify_packet(GOOD, KEY.public) == manifest()
    assert dict(open_packet(GOOD).files) == FILES


def test_the_same_contents_always_make_the_same_bytes() -> None:
    assert container() == GOOD


def test_any_tar_program_reads_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(GOOD)) as archive:
        assert archive.getnames() == ["manifest.json", "seal.json", *FILES]


def test_the_container_is_rebuilt_byte_for_byte_from_its_parts() -> None:
    opened = open_packet(GOOD)
    seal = canonical_json(opened.seal.model_dump(mode="json"))
    assert rebuild(opened.manifest, seal, opened.files) == GOOD


def test_every_single_flipped_byte_is_found() -> None:
    survived = []
    for place in range(len(GOOD)):
        try:
            verify_packet(flipped(GOOD, place, place % 8), KEY.public)
        except PacketError:
            continue
        survived.append(place)
    assert survived == []


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 7), st.integers(0, len(GOOD) - 1), st.integers(0, 7))
def test_two_flipped_bits_are_found_as_well(first: int, bit: int, second: int, other_bit: int) -> None:
    altered = flipped(flipped(GOOD, first, bit), second, other_bit)
    if altered == GOOD:
        return
    with pytest.raises(PacketError):
        verify_packet(altered, KEY.public)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(GOOD) - 1))
def test_a_cut_off_container_is_refused(length: int) -> None:
    with pytest.raises(PacketError):
        verify_packet(GOOD[:length], KEY.public)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000), st.integers(0, 1024), st.binary(max_size=200))
def test_whatever_the_bytes_are_the_answer_is_a_packet_error(noise: bytes, place: int, patch: bytes) -> None:
    for data in (noise, GOOD[:place] + patch + GOOD[place + len(patch) :], GOOD + noise):
        if data == GOOD:
            continue
        with pytest.raises(PacketError):
            verify_packet(data, KEY.public)


def tar(*members: tuple[str, bytes], change: Callable[[tarfile.TarInfo], None] = lambda _: None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            change(info)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


MANIFEST = manifest().to_bytes()
SEAL = canonical_json(open_packet(GOOD).seal.model_dump(mode="json"))
HEAD = (("manifest.json", MANIFEST), ("seal.json", SEAL))
BODY = tuple(FILES.items())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "", id="an empty file"),
        pytest.param(tar(*HEAD, *BODY[:-1]), "not in the container", id="a file is missing"),
        pytest.param(tar(*HEAD, *BODY, ("other.jpg", b"x")), "not in the manifest", id="a file too many"),
        pytest.param(tar(*HEAD, BODY[0], *BODY), "stands twice", id="a file twice"),
        pytest.param(tar(*HEAD, BODY[1], BODY[0], BODY[2]), "outside the files", id="files in another order"),
        pytest.param(tar(HEAD[1], HEAD[0], *BODY), "does not start with", id="seal before manifest"),
        pytest.param(tar(*BODY), "does not start with", id="a tar that is no packet"),
        pytest.param(tar(*HEAD, *BODY[:-1], ("clip.mp4", b"x")), "SHA-256", id="another file under the name"),
        pytest.param(tar(*HEAD, *BODY, change=lambda i: setattr(i, "mode", 0o777)), "outside", id="other rights"),
        pytest.param(tar(*HEAD, *BODY, change=lambda i: setattr(i, "mtime", 1)), "outside", id="other times"),
        pytest.param(GOOD + bytes(512), "outside", id="padding at the end"),
        pytest.param(tar(HEAD[0], ("seal.json", b"{}"), *BODY), "seal.json", id="a seal without content"),
        pytest.param(tar(HEAD[0], ("seal.json", SEAL + b" "), *BODY), "canonical", id="a seal with a blank more"),
        pytest.param(tar(("manifest.json", b"[" * 900 + b"]" * 900), HEAD[1]), "", id="a manifest nested deeply"),
        pytest.param(tar(("manifest.json", b"9" * 5000), HEAD[1]), "", id="a manifest that is a huge number"),
    ],
)
def test_what_is_not_exactly_a_packet_is_refused_with_what_is_wrong(data: bytes, said: str) -> None:
    with pytest.raises(PacketError, match=said or None):
        verify_packet(data, KEY.public)


def sparse(size: int) -> bytes:
    """A GNU sparse member: 512 bytes that claim to be `size`."""
    header = bytearray(tar(("manifest.json", b""))[:512])
    header[156:157] = b"S"
    header[386:398] = b"00000000000\0"
    header[398:410] = b"00000000000\0"
    header[483:495] = f"{size:011o}\0".encode()
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    return bytes(header) + bytes(1024)


def pax_sparse(size: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = 512
        info.pax_headers = {"GNU.sparse.size": str(size), "GNU.sparse.map": "0,0"}
        archive.addfile(info, io.BytesIO(bytes(512)))
    return buffer.getvalue()


@pytest.mark.parametrize("bomb", [sparse(8 * 1024**3 - 1), pax_sparse(2**40)], ids=["GNU", "PAX"])
def test_a_sparse_member_is_not_unfolded_into_gigabytes(bomb: bytes) -> None:
    started = time.thread_time()  # of this thread: what others do on the machine is not its
    with pytest.raises(PacketError, match="not a plain file"):
        open_packet(bomb)
    assert time.thread_time() - started < 1


def test_another_nodes_key_is_refused_and_the_message_names_both() -> None:
    other = SigningKey.generate()
    with pytest.raises(PacketError, match=f"{KEY.public.key_id}.*{other.public.key_id}"):
        verify_packet(GOOD, other.public)


def test_a_packet_is_not_packed_with_a_key_or_files_that_its_manifest_does_not_name() -> None:
    with pytest.raises(PacketError, match="another key"):
        pack(manifest(), FILES, SigningKey.generate())
    with pytest.raises(PacketError, match="not in the container"):
        pack(manifest(), {}, KEY)
    with pytest.raises(PacketError, match="SHA-256"):
        pack(manifest(), {**FILES, "clip.mp4": b"another"}, KEY)
