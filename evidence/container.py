"""One file for transport and archive: a USTAR tape archive in one fixed form.

Entries: `manifest.json`, `seal.json`, then the files in the manifest's order. Every header field is a function of name
and size, so the whole container follows from its contents: `open_packet` packs what it read again and compares, and a
flipped byte in a header or in the padding is found like one in a picture. Any tar program opens it.

The format and the numbered steps of its verification are published in docs/packet-v1.md; comments name the step.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field, ValidationError

from evidence.canonical import canonical_json, parse_canonical, sha256_hex
from evidence.errors import PacketError
from evidence.marked import AnyManifest, TestManifest, accusation, read_manifest
from evidence.packet import (
    MAX_ENTRIES,
    MAX_MANIFEST_BYTES,
    RESERVED_NAMES,
    Manifest,
    Model,
    SealedManifest,
    Sha256,
)
from evidence.part import Part
from evidence.seal import SigningKey, VerifyKey

SUFFIX = ".glp"
MAX_CONTAINER_BYTES = 256 * 1024 * 1024
_BLOCK, _RECORD = 512, 10_240
_ENTRY_BYTES = {"manifest.json": MAX_MANIFEST_BYTES, "seal.json": 4096}


class Seal(Model):
    """`seal.json`: who signed which manifest."""

    alg: Literal["Ed25519"] = "Ed25519"
    key_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    manifest_sha256: Sha256
    signature: str = Field(pattern=r"^[A-Za-z0-9+/]{86}==$")


@dataclass(frozen=True)
class OpenedPacket:
    """A container whose form, digests and manifest are good; `verify_seal` says whether its key is."""

    manifest: Manifest
    seal: Seal
    files: Mapping[str, bytes]
    container_sha256: str

    def verify_seal(self, key: VerifyKey) -> None:
        """Raise `PacketError` unless `key` signed the manifest."""
        verify_seal(self.manifest, self.seal, key)


@dataclass(frozen=True)
class OpenedTest:
    """The same of a test act."""

    manifest: TestManifest
    seal: Seal
    container_sha256: str


def verify_seal(manifest: SealedManifest, seal: Seal, key: VerifyKey) -> None:
    """Raise `PacketError` unless `seal` is `key`'s over `manifest`, whose own `node.key_id` has to name it too."""
    # packet-v1 step 11: seal, manifest and the key in hand name one key
    if seal.key_id != key.key_id or manifest.node.key_id != key.key_id:
        raise PacketError(
            f"was sealed with key {seal.key_id}, not with {key.key_id}",
            where="seal.json",
            remedy="use the public key of the node named in the manifest",
        )
    # packet-v1 step 8, for parts that did not come out of `open_packet`
    if seal.manifest_sha256 != manifest.digest:
        raise PacketError("names another manifest digest", where="seal.json")
    # packet-v1 step 12: the signature
    key.verify(seal.signature, manifest.to_bytes(), where="seal.json")


def pack(manifest: SealedManifest, files: Mapping[str, bytes], key: SigningKey) -> bytes:
    """Seal and pack. Raises `PacketError` if `files` are not exactly those of the manifest."""
    _check_files(manifest, files)
    if manifest.node.key_id != key.public.key_id:
        raise PacketError("manifest names another key than the one that seals it", where="node.key_id")
    manifest_bytes = manifest.to_bytes()
    if len(manifest_bytes) > MAX_MANIFEST_BYTES:
        raise PacketError(f"has {len(manifest_bytes)} bytes, the limit is {MAX_MANIFEST_BYTES}", where="manifest.json")
    seal = Seal(
        key_id=key.public.key_id, manifest_sha256=sha256_hex(manifest_bytes), signature=key.sign(manifest_bytes)
    )
    return _tar(manifest_bytes, canonical_json(seal.model_dump(mode="json")), manifest, files)


def open_packet(data: bytes) -> OpenedPacket:
    """Read the container of an act and check everything that needs no key. Raises `PacketError`, for a test act too."""
    opened, parts = open_container(Part.whole(data))
    return replace(opened, files={name: part.read() for name, part in parts.items()})


def open_container(container: Part) -> tuple[OpenedPacket, Mapping[str, Part]]:
    """The same of a container that need not be in memory: its `files` are left empty, and their parts stand beside it.

    Raises `PacketError`, and `OSError` where its file cannot be read.
    """
    manifest, seal, parts = _opened(container)
    return OpenedPacket(accusation(manifest), seal, {}, container.sha256()), parts


def open_any(container: Part) -> tuple[OpenedPacket | OpenedTest, Mapping[str, Part]]:
    """The same of an act or of a test act."""
    manifest, seal, parts = _opened(container)
    digest = container.sha256()
    if isinstance(manifest, TestManifest):
        return OpenedTest(manifest, seal, digest), parts
    return OpenedPacket(manifest, seal, {}, digest), parts


def _opened(container: Part) -> tuple[AnyManifest, Seal, Mapping[str, Part]]:
    # packet-v1 step 1: size
    if container.size > MAX_CONTAINER_BYTES:
        raise PacketError(f"is larger than {MAX_CONTAINER_BYTES} bytes")
    entries = _entries(container)  # packet-v1 step 2
    # packet-v1 step 3: what it starts with
    if list(entries)[:2] != ["manifest.json", "seal.json"]:
        raise PacketError("does not start with manifest.json and seal.json", remedy="is this a Giao Lộ packet?")
    own = {name: entries.pop(name) for name in RESERVED_NAMES}
    manifest_bytes = own["manifest.json"].read()
    manifest = read_manifest(manifest_bytes)  # packet-v1 steps 4-6
    # packet-v1 step 7: the seal's form
    seal_bytes = own["seal.json"].read()
    try:
        seal = Seal.model_validate(parse_canonical(seal_bytes, where="seal.json"))
    except ValidationError as error:
        raise PacketError(str(error.errors()[0]["msg"]), where="seal.json") from error
    # packet-v1 step 8: the seal is of this manifest
    if seal.manifest_sha256 != manifest.digest:
        raise PacketError("names another manifest digest", where="seal.json")
    _check_parts(manifest, entries)  # packet-v1 step 9
    # packet-v1 step 10: packed again, it is the same. The files are those just hashed, so their places are compared
    in_order = {**own, **{entry.name: entries[entry.name] for entry in manifest.files}}
    if manifest_bytes != manifest.to_bytes() or not _same(container, in_order):
        raise PacketError("container bytes outside the files were altered (headers or padding)")
    return manifest, seal, entries


def rebuild(manifest: SealedManifest, seal_bytes: bytes, files: Mapping[str, bytes]) -> bytes:
    """The container again from its parts, byte for byte: the centre keeps parts and gives out containers.

    Raises `PacketError` if a file is not the one in the manifest.
    """
    _check_files(manifest, files)
    return _tar(manifest.to_bytes(), seal_bytes, manifest, files)


def verify_packet(data: bytes, key: VerifyKey) -> Manifest:
    """The whole check of one packet, offline. Raises `PacketError` with the first fault."""
    opened = open_packet(data)
    opened.verify_seal(key)
    return opened.manifest


def _check_files(manifest: SealedManifest, files: Mapping[str, bytes]) -> None:
    _check_parts(manifest, {name: Part.whole(content) for name, content in files.items()})


def _check_parts(manifest: SealedManifest, files: Mapping[str, Part]) -> None:
    # packet-v1 step 9: exactly the files of the manifest, with their sizes and digests
    wanted = [f.name for f in manifest.files]
    for name in files:
        if name not in wanted:
            raise PacketError("is in the container but not in the manifest", where=name)
    for entry in manifest.files:
        content = files.get(entry.name)
        if content is None:
            raise PacketError("is in the manifest but not in the container", where=entry.name)
        if content.size != entry.size or content.sha256() != entry.sha256:
            raise PacketError("content does not match its SHA-256 in the manifest: altered", where=entry.name)


def _entries(container: Part) -> dict[str, Part]:
    # packet-v1 step 2: plain files, bounded, each name once
    entries: dict[str, Part] = {}
    try:
        with tarfile.open(fileobj=container.opened(), mode="r:", errorlevel=2) as archive:
            for member in archive:
                # tarfile also calls a sparse file regular, and would unfold one of a few bytes into gigabytes
                if (
                    member.type != tarfile.REGTYPE
                    or member.sparse is not None
                    or not 0 <= member.size <= container.size
                ):
                    raise PacketError("is not a plain file", where=member.name)
                limit = _ENTRY_BYTES.get(member.name, container.size)
                if member.size > limit:
                    raise PacketError(f"has {member.size} bytes, the limit is {limit}", where=member.name)
                if len(entries) >= MAX_ENTRIES + len(RESERVED_NAMES):
                    raise PacketError("holds too many files", where=member.name)
                if member.name in entries:
                    raise PacketError("stands twice in the container", where=member.name)
                if member.offset_data + member.size > container.size:
                    raise PacketError("container is cut off", where=member.name)
                entries[member.name] = Part(container.file, container.offset + member.offset_data, member.size)
    except (tarfile.TarError, EOFError, ValueError, OverflowError, OSError) as error:
        raise PacketError(f"is not a readable packet container: {error}") from error
    return entries


def _same(container: Part, parts: Mapping[str, Part]) -> bool:
    """Whether everything between the files is what packing writes there, and every file stands where it puts it."""
    place = 0
    for name, part in parts.items():
        padding = -part.size % _BLOCK
        if container.at(place, _BLOCK) != _header(name, part.size):
            return False
        if part.offset != container.offset + place + _BLOCK:
            return False
        place += _BLOCK + part.size + padding
        if container.at(place - padding, padding) != bytes(padding):
            return False
    end = 2 * _BLOCK
    end += -(place + end) % _RECORD
    return container.size == place + end and container.at(place, end) == bytes(end)


def _tar(manifest_bytes: bytes, seal_bytes: bytes, manifest: SealedManifest, files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    _write_tar(buffer, manifest_bytes, seal_bytes, manifest, files)
    return buffer.getvalue()


def _write_tar(
    target: Any, manifest_bytes: bytes, seal_bytes: bytes, manifest: SealedManifest, files: Mapping[str, bytes]
) -> None:
    contents = [("manifest.json", manifest_bytes), ("seal.json", seal_bytes)]
    contents += [(f.name, files[f.name]) for f in manifest.files]
    length = 0
    for name, content in contents:
        padding = -len(content) % _BLOCK
        for part in (_header(name, len(content)), content, bytes(padding)):
            target.write(part)
        length += _BLOCK + len(content) + padding
    length += 2 * _BLOCK
    target.write(bytes(2 * _BLOCK + -length % _RECORD))


def _header(name: str, size: int) -> bytes:
    """The USTAR header of a plain file of `size` bytes: owner 0, mode 0444, time 0.

    Written here and not by `tarfile`, whose headers have changed between versions of Python (bpo-18819, bpo-45863): the
    bytes of a packet may not depend on the Python that packs it again.
    """
    before = name.encode("ascii").ljust(100, b"\0") + b"0000444\0" + b"0000000\0" * 2
    before += f"{size:011o}\0".encode() + b"00000000000\0"
    after = b"0" + bytes(100) + b"ustar\00000"
    after = after.ljust(_BLOCK - len(before) - 8, b"\0")
    checksum = sum(before) + 8 * ord(" ") + sum(after)
    return before + f"{checksum:06o}\0 ".encode() + after
