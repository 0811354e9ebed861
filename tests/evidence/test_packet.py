"""The manifest: canonical, strict, and the head of a chain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical_json, parse_canonical
from evidence.errors import PacketError
from evidence.packet import Manifest
from tests.evidence.build import manifest, manifest_value


def test_a_manifest_reads_back_as_it_was_written() -> None:
    data = manifest().to_bytes()
    assert Manifest.from_bytes(data) == manifest()
    assert Manifest.from_bytes(data).to_bytes() == data


def test_a_packet_names_the_margins_that_judged_it_and_older_ones_name_none() -> None:
    judged = canonical_json(manifest_value() | {"margins": "b" * 64})
    assert Manifest.from_bytes(judged).margins == "b" * 64
    assert Manifest.from_bytes(judged).to_bytes() == judged
    before = canonical_json(manifest_value())
    assert b"margins" not in before
    assert Manifest.from_bytes(before).to_bytes() == before
    with pytest.raises(PacketError, match="canonical spelling"):
        Manifest.from_bytes(canonical_json(manifest_value() | {"margins": None}))


def put(path: str, value: object) -> dict[str, Any]:
    """The good manifest with one value changed; the path uses dots."""
    changed = json.loads(json.dumps(manifest_value()))
    *way, last = path.split(".")
    holder = changed
    for name in way:
        holder = holder[int(name) if name.isdigit() else name]
    holder[int(last) if last.isdigit() else last] = value
    return changed  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "giaolo.packet/2"),
        ("packet_id", "../../etc/passwd"),
        ("packet_id", "0A1B2C3D-0000-4000-8000-00000000ABCD"),
        ("node.id", "a/b"),
        ("node.id", "+"),
        ("node.id", ".."),
        ("created_at", "2026-11-23T03:00:08"),
        ("act.code", "parking"),
        ("act.t_s", -1),
        ("vehicle.confidence", 1.01),
        ("vehicle.box", [1, 2, 3]),
        ("chain.sequence", 0),
        ("chain.sequence", 2),
        ("chain.previous", "0" * 64),
        ("track.points", []),
        ("lamps.0.spans.0.state", "violet"),
        ("plate.text", "36a-123"),
        ("margins", "b" * 63),
        ("files", []),
        ("files.0.name", "../x"),
        ("files.0.name", "a..b"),
        ("files.0.name", "manifest.json"),
        ("files.0.sha256", "0" * 63),
        ("unheard_of", 1),
        ("camera.unheard_of", 1),
    ],
)
def test_a_value_outside_the_contract_is_refused_and_named(path: str, value: object) -> None:
    with pytest.raises(PacketError, match=path.split(".")[0]):
        Manifest.from_bytes(canonical_json(put(path, value)))


def test_two_files_of_one_name_are_refused() -> None:
    twice = manifest_value()
    twice["files"].append(twice["files"][0])
    with pytest.raises(PacketError, match="same name"):
        Manifest.from_bytes(canonical_json(twice))


@pytest.mark.parametrize(
    ("value", "shows"),
    [
        (put("created_at", "2026-11-23T03:00:08+00:00"), "the same instant in another spelling"),
        (put("created_at", "2026-11-23T03:00:08.000Z"), "needless digits"),
        (put("act.frame", 100.0) | {}, "an integer stays one"),
    ],
)
def test_one_content_has_one_spelling(value: dict[str, Any], shows: str) -> None:
    data = canonical_json(value)
    if data == manifest().to_bytes():
        return  # RFC 8785 writes 100.0 as 100: that is the one spelling
    with pytest.raises(PacketError, match="canonical spelling"):
        Manifest.from_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1, "b":2}', b'{"b":2,"a":1}', b'{"a":1.0}', b'{"a":1,"a":1}', b'{"a":1}\n', b'{"a":"\\u0041"}', b"1e1",
        b"-0", b"NaN", b"[Infinity]", b"9007199254740993", b'"\\ud800"', b"\xff", b"", b"{", b"[" * 100_000,
        ],
)  # fmt: skip
def test_json_that_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(PacketError):
        parse_canonical(data, where="test")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_canonical_json_is_its_own_canonical_form(value: Any) -> None:
    data = canonical_json(value)
    assert canonical_json(parse_canonical(data, where="test")) == data


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"€": 1, "\r": 2, "1": 3, "ö": 4}, '{"\\r":2,"1":3,"ö":4,"€":1}'),
        ([333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "[333333333.3333333,1e+30,4.5,0.002,1e-27]"),
        ("Giao Lộ\n", '"Giao Lộ\\n"'),
    ],
)
def test_canonical_json_is_that_of_rfc_8785(value: Any, text: str) -> None:
    assert canonical_json(value) == text.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, "\ud800"])
def test_what_has_no_canonical_form_cannot_be_signed(value: Any) -> None:
    with pytest.raises(PacketError):
        canonical_json({"x": value})
