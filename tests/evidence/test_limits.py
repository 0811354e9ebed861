"""What a hostile or broken node may cost before its packet is refused; and a box never writes more than that."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events import EventMargins
from evidence import packet as limits
from evidence.canonical import canonical_json, sha256_hex
from evidence.container import open_packet, pack
from evidence.errors import PacketError
from evidence.packet import Manifest
from tests.evidence.build import FILES, KEY, container, manifest, manifest_value

POINT = {"frame": 100, "t_s": 4, "box": [10, 20, 110.5, 90], "score": 0.9}
SPAN = {"state": "red", "from_frame": 0, "to_frame": 200, "from_s": 0, "to_s": 8, "confidence": 0.99}
HEAD = {"head": "den-1", "source": "pixels", "governs": True, "spans": [SPAN]}
READING = {"frame": 1, "lines": ["36A"], "confidence": 0.5, "box": [1, 1, 2, 2]}


def sealed_by_hand(manifest_bytes: bytes, seal_bytes: bytes = b"") -> bytes:
    """A container as a hostile node writes it: it keeps no limits."""
    buffer = io.BytesIO()
    seal = seal_bytes or canonical_json(
        {
            "alg": "Ed25519", "key_id": KEY.public.key_id, "manifest_sha256": sha256_hex(manifest_bytes),
            "signature": KEY.sign(manifest_bytes),
        }
    )  # fmt: skip
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in {"manifest.json": manifest_bytes, "seal.json": seal, **FILES}.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o444
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_the_hand_written_container_is_otherwise_a_good_one() -> None:
    assert sealed_by_hand(manifest().to_bytes()) == container()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"track": {"id": 7, "points": [POINT] * 20_000}}, "limit is", id="a manifest over 1 MiB"),
        pytest.param({"track": {"id": 7, "points": [POINT] * 2001}}, "track.points", id="too many points of the track"),
        pytest.param({"lamps": [HEAD] * 65}, "lamps", id="too many heads"),
        pytest.param({"lamps": [{**HEAD, "spans": [SPAN] * 501}]}, "spans", id="too many spans"),
        pytest.param({"plate": {"readings": [READING] * 501}}, "plate.readings", id="too many readings"),
        pytest.param({"models": {f"m{i}": "1" * 64 for i in range(65)}}, "models", id="too many models"),
    ],
)
def test_a_manifest_of_absurd_size_is_refused_and_not_written_out_again(
    changes: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sealed_by_hand(canonical_json(manifest_value(**changes)))

    def costly(value: object) -> bytes:
        raise AssertionError("the costly canonical form was made before the cheap checks")

    monkeypatch.setattr(limits, "canonical_json", costly)
    with pytest.raises(PacketError, match=said):
        open_packet(data)


def test_what_is_within_the_limits_is_taken() -> None:
    value = manifest_value(track={"id": 7, "points": [POINT] * 2000}, lamps=[{**HEAD, "spans": [SPAN] * 500}])
    assert open_packet(sealed_by_hand(canonical_json(value))).manifest.track.points[1999].frame == 100
    assert EventMargins().max_points <= limits.MAX_TRACK_POINTS, "a box thins its tracks below what the centre takes"


def test_nothing_is_sealed_that_nobody_would_take() -> None:
    wide = manifest(act={**manifest_value()["act"], "reasons": {"note": "x" * limits.MAX_MANIFEST_BYTES}})
    with pytest.raises(PacketError, match="limit is"):
        pack(wide, FILES, KEY)


def test_a_seal_of_absurd_size_is_refused() -> None:
    with pytest.raises(PacketError, match=r"seal\.json: has 5000 bytes"):
        open_packet(sealed_by_hand(manifest().to_bytes(), b" " * 5000))


@given(text=st.text(max_size=20))
def test_a_manifest_in_another_spelling_is_still_refused(text: str) -> None:
    value = manifest_value(camera={**manifest_value()["camera"], "place": text})
    assert Manifest.from_bytes(canonical_json(value)).camera.place == text
    for other in (json.dumps(value).encode(), json.dumps(value, sort_keys=True, indent=1).encode()):
        with pytest.raises(PacketError, match="canonical"):
            Manifest.from_bytes(other)
