"""Messages between node and centre."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import sha256_hex
from evidence.errors import WireError
from evidence.wire import (
    MAX_CHUNK_BYTES,
    CameraHealth,
    ChunkHeader,
    Health,
    Offer,
    Want,
    decode,
    decode_chunk,
    down_topic,
    encode,
    encode_chunk,
    parse_topic,
    up_topic,
)
from tests.evidence.build import PACKET_ID, flipped


def offer_of(data: bytes, chunk_bytes: int = 1024) -> Offer:
    return Offer(packet_id=PACKET_ID, size=len(data), container_sha256=sha256_hex(data), chunk_bytes=chunk_bytes)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9000), st.integers(1024, 4096), st.randoms())
def test_chunks_in_any_order_are_the_whole(size: int, chunk_bytes: int, random) -> None:  # type: ignore[no-untyped-def]
    data = random.randbytes(size)
    offer = offer_of(data, chunk_bytes)
    order = list(range(offer.chunks))
    random.shuffle(order)
    parts = {}
    for index in order:
        chunk = decode_chunk(encode_chunk(offer, data, index), where="test")
        parts[chunk.header.index] = chunk.data
    assert b"".join(parts[i] for i in range(offer.chunks)) == data


def test_every_flipped_byte_of_a_chunk_is_found_or_changes_nothing_of_its_content() -> None:
    data = bytes(range(256)) * 5
    offer = offer_of(data)
    payload = encode_chunk(offer, data, 1)
    good = decode_chunk(payload, where="test")
    for place in range(len(payload)):
        try:
            chunk = decode_chunk(flipped(payload, place), where="test")
        except WireError:
            continue
        # a flip in the header may name another place or packet: the bytes still match their own digest, and the
        # whole is held against the container's digest
        assert chunk.data == good.data
        assert chunk.header != good.header


HEADER = {
    "packet_id": PACKET_ID, "container_sha256": "0" * 64, "size": 10, "chunk_bytes": 1024, "index": 0,
    "sha256": sha256_hex(b"0123456789"),
}  # fmt: skip


def message(header: bytes, data: bytes = b"0123456789", magic: bytes = b"GLC1", length: int | None = None) -> bytes:
    return magic + struct.pack(">I", len(header) if length is None else length) + header + data


def header(**changes: object) -> bytes:
    return encode(ChunkHeader.model_construct(**(HEADER | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"GLC1", id="magic only"),
        pytest.param(message(header(), magic=b"GLC2"), id="another magic"),
        pytest.param(message(header(), length=2**32 - 1), id="a header length beyond all bounds"),
        pytest.param(message(b"{"), id="a header that is no JSON"),
        pytest.param(message(b"[" * 4000), id="a header nested deeply"),
        pytest.param(message(header(), data=b"012345678"), id="a byte short"),
        pytest.param(message(header(), data=b"0123456789x"), id="a byte long"),
        pytest.param(message(header(index=1)), id="outside the packet"),
        pytest.param(message(header(size=10**12)), id="a packet beyond all bounds"),
        pytest.param(message(header(chunk_bytes=1)), id="chunks of one byte"),
        pytest.param(message(header(packet_id="../x")), id="an id that is a path"),
        pytest.param(bytes(MAX_CHUNK_BYTES + 5000), id="too large a message"),
    ],
)
def test_a_chunk_that_is_none_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        decode_chunk(payload, where="test")


def test_a_good_chunk_is_taken() -> None:
    assert decode_chunk(message(header()), where="test").data == b"0123456789"


@given(st.binary(max_size=200))
def test_noise_is_refused_as_any_message(noise: bytes) -> None:
    for kind in (Offer, Want, Health):
        with pytest.raises(WireError):
            decode(kind, noise, where="test")
    with pytest.raises(WireError):
        decode_chunk(noise, where="test")


@pytest.mark.parametrize(
    ("size", "chunk_bytes", "chunks"), [(1, 1024, 1), (1024, 1024, 1), (1025, 1024, 2), (256 * 1024**2, 1024**2, 256)]
)
def test_an_offer_counts_its_chunks(size: int, chunk_bytes: int, chunks: int) -> None:
    offer = Offer(packet_id=PACKET_ID, size=size, container_sha256="0" * 64, chunk_bytes=chunk_bytes)
    assert offer.chunks == chunks
    assert decode(Offer, encode(offer), where="test") == offer


@pytest.mark.parametrize(
    "change",
    [{"size": 0}, {"size": 2**40}, {"chunk_bytes": 0}, {"packet_id": "x"}, {"container_sha256": "x"}, {"y": 1}],
)
def test_an_offer_outside_the_bounds_is_refused(change: dict[str, object]) -> None:
    good = {"packet_id": PACKET_ID, "size": 1, "container_sha256": "0" * 64, "chunk_bytes": 1024}
    with pytest.raises(WireError):
        decode(Offer, json.dumps(good | change).encode(), where="test")


def test_health_reads_back() -> None:
    health = Health(node="n", status="degraded", at="x", cameras=[CameraHealth(id="c", state="reconnecting")])
    assert decode(Health, encode(health), where="test") == health


def test_an_older_box_tells_nothing_of_its_lines_and_a_scene_may_have_none() -> None:
    for sent, lines in (({}, None), ({"lines": []}, []), ({"lines": ["v1"]}, ["v1"])):
        camera = json.dumps({"id": "c", "state": "running", **sent}).encode()
        assert decode(CameraHealth, camera, where="test").lines == lines


@pytest.mark.parametrize(
    ("topic", "parsed"),
    [
        (up_topic("giao-lo-1", "offer"), ("giao-lo-1", "up", "offer")),
        (down_topic("a.b_c", "receipt"), ("a.b_c", "down", "receipt")),
    ],
)
def test_topics_name_node_direction_and_kind(topic: str, parsed: tuple[str, str, str]) -> None:
    assert parse_topic(topic) == parsed


@pytest.mark.parametrize(
    "topic",
    ["", "giaolo/v1/up/offer", "giaolo/v2/n/up/offer", "giaolo/v1/../up/offer", "giaolo/v1/n/up/offer/x",
     "giaolo/v1/n/up/offer\n", "giaolo/v1/n/up/other", "giaolo/v1/" + "n" * 65 + "/up/offer", "giaolo/v1/n+/up/offer"],
)  # fmt: skip
def test_other_topics_are_not_ours(topic: str) -> None:
    with pytest.raises(WireError):
        parse_topic(topic)
