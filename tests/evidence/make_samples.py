"""Makes a set of sample packets: `python -m tests.evidence.make_samples NAME`, NAME like v1-2026-11-25.

Run once for each release that adds something to the format, by hand; a set is never made again, as its keys are thrown
away. All pictures are drawn here. The set goes through a real centre, so receipt, checkpoints and proof are its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from central.centre import Centre
from central.intake.ingest import Ingest
from central.intake.nodes import add_node
from central.ledger import merkle
from evidence.canonical import canonical_json, sha256_hex
from evidence.container import open_packet, pack
from evidence.log_proof import Consistency, LogProof, SignedCheckpoint
from evidence.packet import Manifest
from evidence.seal import SigningKey
from evidence.wire import Want, decode, decode_chunk, encode, encode_chunk
from tests.central.build import HandClock, make_centre, offer_of

SAMPLES = Path(__file__).parent / "samples"
NODE = "mau-1"
SOFTWARE = "giaolo 0.2.0+1a2b3c4d5e6f"
AT = datetime(2026, 11, 25, 1, 2, 3, 456789, tzinfo=UTC)
HANOI = timezone(timedelta(hours=7))


def picture(place: int, suffix: str = ".jpg", width: int = 96, height: int = 54) -> bytes:
    """A grey road, a white line and a red vehicle that is `place` pixels on."""
    image = np.full((height, width, 3), 110, np.uint8)
    cv2.line(image, (width // 2, 0), (width // 2, height), (240, 240, 240), 1)
    cv2.rectangle(image, (place, height // 3), (place + width // 5, height // 2), (30, 30, 200), -1)
    return bytes(cv2.imencode(suffix, image)[1])


def manifest(key: SigningKey, files: dict[str, bytes], sequence: int, previous: str | None, **own: Any) -> Manifest:
    """Every kind of field and value that the format has, over three packets."""
    box = [48.125, 18, 67.5, 27]
    kinds = {"jpg": "image/jpeg", "png": "image/png", "json": "application/json"}
    value: dict[str, Any] = {
        "schema": "giaolo.packet/1",
        "packet_id": f"{sequence:08d}-2026-4125-8000-00000000abcd",
        "created_at": (AT + timedelta(seconds=8 * sequence)).astimezone(HANOI if sequence == 2 else UTC),
        "node": {"id": NODE, "software": SOFTWARE, "key_id": key.public.key_id},
        "camera": {"id": "cam-1", "place": "Ngã tư “mẫu” \\ phường Hạc Thành", "unit": "", "width": 96, "height": 54,
                   "fps": 25},
        "chain": {"sequence": sequence, "previous": previous},
        "clock": {"source": "ntp", "synchronised": True, "offset_s": -1.5e-07, "note": ""},
        "scene": {"id": "mau", "version": 3, "digest": sha256_hex(files["scene.json"])},
        "models": {"vehicle-nano": "1" * 64, "plate-finder": "2" * 64},
        "margins": "3" * 64,
        "act": {"code": "red_light", "occurred_at": AT, "frame": 100, "t_s": 4.0, "flags": [], "reasons": {}},
        "vehicle": {"cls": "car", "confidence": 0.97, "box": box},
        "track": {"id": 7, "points": [{"frame": f, "t_s": f / 25, "box": box, "score": 0.9} for f in (75, 100, 125)]},
        "lamps": [],
        "plate": {"text": None},
        "files": [
            {"name": n, "role": n.rpartition(".")[0], "media_type": kinds[n.rpartition(".")[2]], "size": len(d),
             "sha256": sha256_hex(d), "frame": 100 if n == "still_on.jpg" else None,
             "t_s": 4.0 if n == "still_on.jpg" else None}
            for n, d in files.items()
        ],
    }  # fmt: skip
    return Manifest.model_validate(value | own)


def packets(key: SigningKey) -> list[bytes]:
    """A chain of three."""
    scene = canonical_json({"schema_version": 1, "drawn": "for the samples"})
    still = {f"still_{m}.jpg": picture(p) for m, p in (("before", 20), ("on", 44), ("after", 70))}
    files: list[dict[str, bytes]] = [
        {**still, "plate_crop.png": picture(3, ".png", 24, 12), "scene.json": scene},
        {"still_on.jpg": picture(50), "scene.json": scene},
        {**still, "vehicle_crop.jpg": picture(2, ".jpg", 32, 20), "scene.json": scene},
    ]
    span = {"from_frame": 0, "to_frame": 200, "from_s": 0, "to_s": 8, "confidence": 0.99}
    read = {"frame": 100, "lines": ["36A", "123.45"], "confidence": 0.875, "box": [50, 24, 58.5, 26]}
    own: list[dict[str, Any]] = [
        {
            "act": {
                "code": "red_light", "occurred_at": AT, "frame": 100, "t_s": 4, "flags": ["clock_unsure"],
                "reasons": {"red_for_s": 6.2, "lane": "1", "seen": True, "frames": 12, "nothing": None,
                            "front_m": [-1.25, 0, 0.1, 1e-7, 333333333.3333333], "heads": ["den-1", "den-2"]},
            },
            "lamps": [
                {"head": "den-1", "source": "pixels", "governs": True, "spans": [{"state": "red", **span}]},
                {"head": "den-2", "source": "controller", "governs": False, "spans": [{"state": "off", **span}]},
            ],
            "plate": {"text": "36A12345", "confidence": 0.93, "kind": "car", "colour": "white",
                      "n_best": [{"text": "36A12345", "probability": 0.93}, {"text": "36A12346", "probability": 0.07}],
                      "readings": [read]},
        },
        {
            "act": {"code": "wrong_way", "occurred_at": AT + timedelta(seconds=8), "frame": 100, "t_s": 4,
                    "flags": [],
                    "reasons": {"€": 1e21, "ö": 1e-6, "\U0001f600": 0, "ﬀ": 5e-324, "\r": 'a "tab"\t\x01'}},
            "clock": {"source": "system", "synchronised": False, "offset_s": None, "note": "không có NTP"},
            "vehicle": {"cls": "motorcycle", "confidence": 1, "box": [0, 0, 1, 1]},
        },
        {"act": {"code": "solid_line", "occurred_at": AT + timedelta(seconds=16, microseconds=543211), "frame": 0,
                 "t_s": 0, "flags": ["a", "b"], "reasons": {}}},
    ]  # fmt: skip
    made: list[bytes] = []
    previous = None
    for sequence, (contents, fields) in enumerate(zip(files, own, strict=True), start=1):
        told = manifest(key, contents, sequence, previous, **fields)
        made.append(pack(told, contents, key))
        previous = told.digest
    return made


def deliver(centre: Centre, data: bytes) -> dict[str, bytes]:
    """Through offer, want and chunks, as a box does; the messages of the last packet are the samples of the wire."""
    ingest, offer = Ingest.of(centre), offer_of(data, chunk_bytes=8192)
    (want,) = ingest.offer(NODE, offer)
    assert decode(Want, want.payload, where="want").ranges == [(0, offer.chunks - 1)]
    chunks = [encode_chunk(offer, data, i) for i in range(offer.chunks)]
    replies = [reply for c in chunks for reply in ingest.chunk(NODE, decode_chunk(c, where="chunk"))]
    (receipt,) = replies
    return {"offer.json": encode(offer), "want.json": want.payload, "chunk.bin": chunks[-1],
            "receipt.json": receipt.payload}  # fmt: skip


def proof(centre: Centre, digest: str, index: int, older: int) -> LogProof:
    with centre.db.write() as session:
        newest = merkle.checkpoint(session, centre.key, centre=centre.config.centre_id, now=centre.clock())
        return LogProof(
            packet=digest,
            index=index,
            inclusion=[h.hex() for h in merkle.prove_inclusion(session, index, newest.size)],
            checkpoint=SignedCheckpoint.of(newest),
            consistency=Consistency(
                from_size=older, hashes=[h.hex() for h in merkle.prove_consistency(session, older, newest.size)]
            ),
        )


def main(name: str) -> None:
    folder = SAMPLES / name
    folder.mkdir(parents=True)
    key = SigningKey.generate()
    made = packets(key)
    with tempfile.TemporaryDirectory() as place:
        clock = HandClock(AT + timedelta(hours=1))
        centre = make_centre(Path(place) / "centre", clock=clock, centre_id="trung-tam-mau")
        with centre.db.write() as session:
            add_node(session, NODE, key.public, now=AT)
        contents: dict[str, bytes] = {"node.pub": key.public.pem(), "centre.pub": centre.key.public.pem()}
        for number, data in enumerate(made, start=1):
            contents[f"packet-{number}.glp"] = data
            messages = deliver(centre, data)
            clock.forward(minutes=1)
            if number == 1:
                contents["receipt.json"] = messages.pop("receipt.json")
                contents |= messages
            if number == 2:
                with centre.db.write() as session:
                    older = merkle.checkpoint(session, centre.key, centre="trung-tam-mau", now=clock())
                    contents["checkpoint.json"] = older.to_bytes()
        for number in range(4, 8):  # the log goes on with packets that the samples do not hold
            with centre.db.write() as session:
                merkle.append(session, sha256_hex(f"another packet, {number}".encode()))
        contents["proof.json"] = proof(centre, open_packet(made[1]).manifest.digest, 1, 2).to_bytes()
        centre.db.dispose()
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    print(json.dumps({file: len(content) for file, content in contents.items()}, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
