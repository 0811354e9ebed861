"""A small packet, made by hand: small enough to flip every one of its bytes."""

from __future__ import annotations

from typing import Any

from evidence.canonical import sha256_hex
from evidence.container import pack
from evidence.packet import Manifest
from evidence.seal import SigningKey

KEY = SigningKey.generate()
FILES = {"still_before.jpg": b"before", "still_on.jpg": b"on the line", "clip.mp4": bytes(range(256)) * 3}
ROLES = {"still_before.jpg": "still_before", "still_on.jpg": "still_on", "clip.mp4": "clip"}
PACKET_ID = "0a1b2c3d-0000-4000-8000-00000000abcd"


def manifest_value(key: SigningKey = KEY, files: dict[str, bytes] | None = None, **changes: Any) -> dict[str, Any]:
    """A manifest as JSON says it; `changes` replace top-level fields."""
    contents = FILES if files is None else files
    value: dict[str, Any] = {
        "schema": "giaolo.packet/1",
        "packet_id": PACKET_ID,
        "created_at": "2026-11-23T03:00:08Z",
        "node": {"id": "giao-lo-1", "software": "giaolo 0.1.0", "key_id": key.public.key_id},
        "camera": {"id": "cam-1", "place": "Ngã tư Lê Lợi - Trần Phú, tỉnh Thanh Hóa", "unit": "", "width": 1920,
                   "height": 1080, "fps": 25},
        "chain": {"sequence": 1, "previous": None},
        "clock": {"source": "ntp", "synchronised": True, "offset_s": 0.012, "note": ""},
        "scene": {"id": "le-loi", "version": 1, "digest": "0" * 64},
        "models": {"vehicle": "1" * 64},
        "act": {"code": "red_light", "occurred_at": "2026-11-23T03:00:00Z", "frame": 100, "t_s": 4, "flags": [],
                "reasons": {"red_for_s": 6.25}},
        "vehicle": {"cls": "car", "confidence": 0.97, "box": [10, 20, 110.5, 90]},
        "track": {"id": 7, "points": [{"frame": 100, "t_s": 4, "box": [10, 20, 110.5, 90], "score": 0.9}]},
        "lamps": [{"head": "den-1", "source": "pixels", "governs": True, "spans": [
            {"state": "red", "from_frame": 0, "to_frame": 200, "from_s": 0, "to_s": 8, "confidence": 0.99}]}],
        "plate": {"text": "36A12345", "confidence": 0.93, "kind": "car", "colour": "white", "n_best": [],
                  "readings": []},
        "files": [
            {"name": n, "role": ROLES.get(n, "other"), "media_type": "image/jpeg", "size": len(d),
             "sha256": sha256_hex(d), "frame": None, "t_s": None}
            for n, d in contents.items()
        ],
    }  # fmt: skip
    return value | changes


def manifest(key: SigningKey = KEY, files: dict[str, bytes] | None = None, **changes: Any) -> Manifest:
    return Manifest.model_validate(manifest_value(key, files, **changes))


def container(key: SigningKey = KEY) -> bytes:
    return pack(manifest(key), FILES, key)


def flipped(data: bytes, place: int, bit: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]
