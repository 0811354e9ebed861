"""docs/packet-v1.md is what the programs do: its steps, its tables and its vectors; and a stranger can follow it."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from evidence.acts import ActCode, VehicleClass
from evidence.canonical import canonical_json
from evidence.container import Seal, pack, verify_packet
from evidence.errors import ForeignError
from evidence.log_proof import LogProof, read_checkpoint, read_proof
from evidence.marked import TestManifest
from evidence.packet import Manifest
from evidence.receipt import SignedReceipt, read_receipt
from evidence.seal import SigningKey, VerifyKey
from evidence.wire import ChunkHeader, Health, Offer, Want
from tests.evidence import stranger
from tests.evidence.build import KEY, flipped
from tests.evidence.stranger import DOCUMENT, LATER, PATTERNS, TABLES, Refused, canonical, digest, packed
from tools.command.verify import Verdict, chain_faults

ROOT = Path(__file__).parents[2]
ROOMS = ("evidence", "common", "edge", "central", "tools")
SAMPLES = Path(__file__).parent / "samples"
SETS = sorted(p for p in SAMPLES.iterdir() if p.is_dir())
FIRST = SAMPLES / "v1-2026-11-25"
STEPS = {
    int(number): re.findall(r"`([^`]+)`", error)
    for number, error in re.findall(r"^\| (\d+) \| .*? \| (.*?) \| .*\|$", DOCUMENT, re.MULTILINE)
}
every_set = pytest.mark.parametrize("folder", SETS, ids=lambda p: p.name)


def sources() -> Iterator[tuple[Path, str]]:
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            yield file, file.read_text(encoding="utf-8")


# --- document and code -----------------------------------------------------------------------------------------------


def test_every_step_of_the_document_is_cited_in_the_code_and_every_cited_step_is_in_it() -> None:
    checked: set[int] = set()
    passed_on: set[int] = set()
    for _, text in sources():
        checked |= {int(step) for step in re.findall(r"packet-v1 step (\d+)", text)}
        for first, last in re.findall(r"packet-v1 steps (\d+)-(\d+)", text):  # another function checks these
            passed_on |= set(range(int(first), int(last) + 1))
    assert checked == set(STEPS)
    assert passed_on <= set(STEPS)


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert list(STEPS) == list(range(1, len(STEPS) + 1))


def test_every_error_that_the_document_names_is_said_by_the_code() -> None:
    said = "\n".join(text for _, text in sources())
    named = [error for errors in STEPS.values() for error in errors if not error.endswith(": ")]
    assert len(named) > 40
    assert [error for error in named if error not in said] == []


def type_of(schema: dict[str, Any], field: dict[str, Any]) -> str:
    """A field of a pydantic model in the words of the document."""
    named = schema.get("$defs", {})
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        if "enum" not in named[name]:
            return str(name)
        return "word" if name in ("ActCode", "VehicleClass") else f"one of {' '.join(named[name]['enum'])}"
    if "anyOf" in field:
        others = [f for f in field["anyOf"] if f.get("type") != "null"]
        return "value" if len(others) > 1 else f"{type_of(schema, others[0])} or null"
    if "const" in field or "enum" in field:
        return f"one of {' '.join(field.get('enum', [field.get('const')]))}"
    kind = field["type"]
    if kind == "string":
        pattern = field.get("pattern", "").removeprefix("^").removesuffix("$")
        if pattern:
            known = {p: name for name, p in PATTERNS.items()} | {UUID: "uuid"}
            limit = f"(?=.{{1,{field['maxLength']}}}$)" if "maxLength" in field else ""
            return known.get(pattern, f"pattern {limit}{pattern}")
        return "time" if field.get("format") == "date-time" else f"text {span(field, 'Length')}".strip()
    if kind in ("integer", "number"):
        low = field.get("minimum", field.get("exclusiveMinimum", -1) + 1 if "exclusiveMinimum" in field else None)
        high = field.get("maximum", field["exclusiveMaximum"] - 1 if "exclusiveMaximum" in field else None)
        high = None if high == 2**53 - 1 else high
        if low is None:
            return "integer any.." if kind == "integer" else kind
        return f"{kind} {low:.0f}..{'' if high is None else f'{high:.0f}'}"
    if kind == "array":
        if "prefixItems" in field:
            return {4: "box", 2: "pair"}[len(field["prefixItems"])]
        return f"list {span(field, 'Items')} of {type_of(schema, field['items'])}".replace("  ", " ")
    if kind == "object":
        return f"map {span(field, 'Properties')} of {type_of(schema, field['additionalProperties'])}".replace("  ", " ")
    return str(kind)


UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def span(field: dict[str, Any], what: str) -> str:
    if f"max{what}" not in field:
        return ""
    return f"{field.get(f'min{what}', 0)}..{field[f'max{what}']}"


def tables_of(*models: type[BaseModel]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for model in models:
        schema = model.model_json_schema(by_alias=True)
        objects = {name: s for name, s in schema.get("$defs", {}).items() if "properties" in s}
        for name, one in {model.__name__: schema, **objects}.items():
            tables[name] = {field: type_of(schema, told) for field, told in one["properties"].items()}
    return tables


EXACT = {"Health": "software", "SignedReceipt": "key_id signature", "SignedCheckpoint": "at"}
"""Fields that the programs take more freely than the document says: what follows them checks more."""


def test_the_tables_are_the_fields_of_the_programs_with_their_types_and_limits() -> None:
    ours = tables_of(Manifest, TestManifest, Seal, SignedReceipt, Offer, Want, ChunkHeader, Health, LogProof)
    assert set(ours) == set(TABLES)
    different = {
        f"{name}.{field}": (kind, TABLES[name].get(field))
        for name, fields in ours.items()
        for field, kind in fields.items()
        if field not in EXACT.get(name, "") and TABLES[name].get(field, "").replace(LATER, " or null") != kind
    }
    assert different == {}
    assert {n: set(f) for n, f in ours.items()} == {n: set(f) for n, f in TABLES.items()}


def test_acts_and_classes_of_vehicles_are_words() -> None:
    assert all(re.fullmatch(PATTERNS["word"], word.value) for word in (*ActCode, *VehicleClass))


# --- a stranger ------------------------------------------------------------------------------------------------------


def test_the_stranger_knows_nothing_of_this_project() -> None:
    tree = ast.parse(Path(stranger.__file__).read_text(encoding="utf-8"))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    plain = {"__future__", "base64", "datetime", "hashlib", "io", "json", "pathlib", "re", "tarfile", "typing"}
    assert {name for name in imported if name.split(".")[0] != "cryptography"} <= plain


def read(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@every_set
def test_a_stranger_who_follows_the_document_accepts_every_sample(folder: Path) -> None:
    have = read(folder)
    node, centre = stranger.key_of(have["node.pub"]), stranger.key_of(have["centre.pub"])
    stranger.chain([stranger.sealed_by(have[name], node) for name in sorted(have) if name.endswith(".glp")])
    assert stranger.receipt(have["receipt.json"], centre, have["packet-1.glp"])["kept"]
    newer = stranger.proof(have["proof.json"], centre, have["packet-2.glp"], have["checkpoint.json"])
    assert newer == stranger.proof(have["proof.json"], centre, have["packet-2.glp"])
    for name, table in (("offer.json", "Offer"), ("want.json", "Want")):
        stranger.check(table, json.loads(have[name]), name, 28)


def test_a_stranger_finds_every_flipped_byte_of_a_packet() -> None:
    have = read(FIRST)
    key, good = stranger.key_of(have["node.pub"]), have["packet-2.glp"]
    survived = []
    for place in range(0, len(good), 11):
        try:
            stranger.sealed_by(flipped(good, place, place % 8), key)
        except Refused:
            continue
        survived.append(place)
    assert survived == []


VECTORS = re.findall(r"^\| ([\w.-]+), ([\w ]+) \| `([0-9a-f]+)` \|$", DOCUMENT, re.MULTILINE)


def test_the_vectors_of_the_document_are_those_of_the_samples() -> None:
    have, found = read(FIRST), []
    for name, what, _ in VECTORS:
        data = have[name]
        if name.endswith(".pub"):
            key = stranger.key_of(data)
            found.append(key.hex() if what == "raw key" else stranger.key_id(key))
        elif name.endswith(".json"):
            value = json.loads(data)
            found.append(value.get("checkpoint", value)["root"])
        else:
            told = digest(canonical(stranger.packet(data)[0]))
            leaf = hashlib.sha256(b"\0" + bytes.fromhex(told)).hexdigest()
            found.append({"container digest": digest(data), "packet digest": told, "leaf of the log": leaf}[what])
    assert len(VECTORS) == 13
    assert found == [value for _, _, value in VECTORS]


def test_the_lines_of_canonical_json_in_the_document_are_canonical_for_both() -> None:
    lines = [line for block in re.findall(r"```\n(.*?)```", DOCUMENT, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        value = stranger.parsed(line.encode(), 4)
        assert canonical(value).decode() == line
        assert canonical_json(value).decode() == line
    kept = read_checkpoint(read(FIRST)["checkpoint.json"], where="sample")
    assert lines[3].encode() == kept.statement()


# --- both refuse at the step that the document names -----------------------------------------------------------------


def parts(data: bytes) -> list[tuple[str, bytes]]:
    return list(stranger._entries(data).items())


def with_entry(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    return packed([(n, change(c) if n == name else c) for n, c in parts(data)])


def with_manifest(data: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    value = json.loads(dict(parts(data))["manifest.json"])
    change(value)
    return with_entry(data, "manifest.json", lambda _: canonical(value))


def with_seal(data: bytes, **changes: str) -> bytes:
    return with_entry(data, "seal.json", lambda seal: canonical(json.loads(seal) | changes))


def with_header(data: bytes, place: int, new: bytes) -> bytes:
    """The first header changed, with a checksum that fits: the archive itself stays a good one."""
    head = bytearray(data)
    head[place : place + len(new)] = new
    head[148:156] = b" " * 8
    head[148:156] = f"{sum(head[:512]):06o}\0 ".encode()
    return bytes(head)


def other_spelling(signature: str) -> str:
    """The last letter before the padding carries four bits that count for nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return signature[:-3] + letters[letters.index(signature[-3]) ^ 1] + "=="


GOOD = read(FIRST)
PACKET = GOOD["packet-1.glp"]
ENTRIES = parts(PACKET)
SEAL = json.loads(dict(ENTRIES)["seal.json"])
PACKETS: list[tuple[int, str, bytes]] = [
    (1, "too large", bytes(268_435_457)),
    (2, "no tar archive", b"GIF89a" + PACKET),
    (2, "cut off", PACKET[:3000]),
    (2, "a name twice", packed([*ENTRIES, ENTRIES[-1]])),
    (2, "a sparse member", with_header(PACKET, 156, b"S")),
    (2, "a manifest over its limit", with_entry(PACKET, "manifest.json", lambda m: m + b" " * 1_048_576)),
    (2, "a seal over its limit", with_entry(PACKET, "seal.json", lambda s: s + b" " * 4096)),
    (2, "too many files", packed([*ENTRIES, *((f"f{i}", b"") for i in range(60))])),
    (3, "empty", bytes(10_240)),
    (3, "the seal first", packed([ENTRIES[1], ENTRIES[0], *ENTRIES[2:]])),
    (4, "a manifest that is no JSON", with_entry(PACKET, "manifest.json", lambda m: m[:-1])),
    (4, "a manifest that is no UTF-8", with_entry(PACKET, "manifest.json", lambda m: b"\xff" + m)),
    (5, "a field more", with_manifest(PACKET, lambda m: m.update(more=1))),
    (5, "a field less", with_manifest(PACKET, lambda m: m["node"].pop("id"))),
    (5, "a share over 1", with_manifest(PACKET, lambda m: m["vehicle"].update(confidence=1.5))),
    (5, "a first packet with a previous one", with_manifest(PACKET, lambda m: m["chain"].update(previous="0" * 64))),
    (5, "another schema", with_manifest(PACKET, lambda m: m.update(schema="giaolo.packet/2"))),
    (6, "a space", with_entry(PACKET, "manifest.json", lambda m: m.replace(b":", b": ", 1))),
    (6, "another order", with_entry(PACKET, "manifest.json",
                                    lambda m: json.dumps(dict(reversed(json.loads(m).items())),
                                                         ensure_ascii=False, separators=(",", ":")).encode())),
    (6, "a time in another spelling", with_manifest(PACKET, lambda m: m.update(created_at="2026-11-25T01:02:11.5Z"))),
    (7, "a seal with a blank", with_entry(PACKET, "seal.json", lambda s: s + b" ")),
    (7, "a seal with a field more", with_seal(PACKET, more="x")),
    (7, "another algorithm", with_seal(PACKET, alg="RS256")),
    (8, "another manifest digest", with_seal(PACKET, manifest_sha256="0" * 64)),
    (8, "a manifest that was changed", with_manifest(PACKET, lambda m: m["plate"].update(text="36A99999"))),
    (9, "another picture", with_entry(PACKET, "still_on.jpg", lambda p: p[:-1] + b"x")),
    (9, "a file more", packed([*ENTRIES, ("other.jpg", b"x")])),
    (9, "a file less", packed(ENTRIES[:-1])),
    (10, "another order of files", packed([*ENTRIES[:2], *reversed(ENTRIES[2:])])),
    (10, "other rights", with_header(PACKET, 100, b"0000777")),
    (10, "something after the end", PACKET + bytes(512)),
    (11, "a seal that names another key", with_seal(PACKET, key_id="0" * 16)),
    (12, "another signature", with_seal(PACKET, signature="A" * 86 + "==")),
    (12, "a signature in another spelling", with_seal(PACKET, signature=other_spelling(SEAL["signature"]))),
]  # fmt: skip


def said_by(step: int, error: BaseException) -> bool:
    named = STEPS[step]
    return any(n.removesuffix(": ") in str(error) for n in named) or not named


@pytest.mark.parametrize(("step", "what", "data"), PACKETS, ids=[f"{s}: {w}" for s, w, _ in PACKETS])
def test_an_altered_packet_is_refused_at_its_step_by_the_stranger_and_by_us(step: int, what: str, data: bytes) -> None:
    with pytest.raises(Refused) as theirs:
        stranger.sealed_by(data, stranger.key_of(GOOD["node.pub"]))
    with pytest.raises(ForeignError) as ours:
        verify_packet(data, VerifyKey.from_pem(GOOD["node.pub"], where="sample"))
    assert theirs.value.step == step
    assert said_by(step, ours.value), ours.value


def test_another_nodes_key_is_refused_at_step_11() -> None:
    other = SigningKey.generate().public
    with pytest.raises(Refused) as theirs:
        stranger.sealed_by(PACKET, other.raw)
    assert theirs.value.step == 11


def link(sequence: int, previous: str | None, frame: int = 0) -> Manifest:
    """A packet of a chain of its own, sealed with a key that the test has."""
    value = json.loads(dict(parts(GOOD["packet-3.glp"]))["manifest.json"])
    value["chain"] = {"sequence": sequence, "previous": previous}
    value["node"]["key_id"] = KEY.public.key_id
    value["act"]["frame"] = frame
    return Manifest.model_validate(value)


ONE = link(1, None)
TWO = link(2, ONE.digest)


@pytest.mark.parametrize(
    ("step", "links"),
    [(13, [ONE, link(1, None, frame=5)]), (14, [ONE, link(3, "0" * 64)]), (15, [ONE, link(2, "0" * 64)])],
)
def test_a_chain_is_refused_at_its_step_by_both(step: int, links: list[Manifest]) -> None:
    with pytest.raises(Refused) as theirs:
        stranger.chain([json.loads(m.to_bytes()) for m in links])
    assert theirs.value.step == step
    (fault,) = chain_faults([Verdict(f"{i}.glp", "", m) for i, m in enumerate(links)])
    assert any(error in fault for error in STEPS[step]), fault
    stranger.chain([json.loads(m.to_bytes()) for m in (TWO, ONE)])


RECEIPT = json.loads(GOOD["receipt.json"])
RECEIPTS: list[tuple[int, str, bytes]] = [
    (16, "no JSON", b"{"),
    (16, "a blank", GOOD["receipt.json"] + b" "),
    (16, "a field less", canonical({**RECEIPT, "receipt": {}})),
    (17, "another status", canonical({**RECEIPT, "receipt": RECEIPT["receipt"] | {"status": "duplicate"}})),
    (17, "another signature", canonical({**RECEIPT, "signature": "A" * 86 + "=="})),
    (18, "another key named", canonical({**RECEIPT, "key_id": "0" * 16})),
    (19, "a time in another spelling",
     canonical({**RECEIPT, "receipt": RECEIPT["receipt"] | {"at": RECEIPT["receipt"]["at"].replace("Z", "+00:00")}})),
]  # fmt: skip


@pytest.mark.parametrize(("step", "what", "data"), RECEIPTS, ids=[f"{s}: {w}" for s, w, _ in RECEIPTS])
def test_an_altered_receipt_is_refused_at_its_step_by_both(step: int, what: str, data: bytes) -> None:
    with pytest.raises(Refused) as theirs:
        stranger.receipt(data, stranger.key_of(GOOD["centre.pub"]), PACKET)
    assert theirs.value.step == step
    with pytest.raises(ForeignError) as ours:
        read_receipt(data, VerifyKey.from_pem(GOOD["centre.pub"], where="sample"))
    assert said_by(step, ours.value), ours.value


def test_a_receipt_of_another_packet_is_refused_at_step_20() -> None:
    with pytest.raises(Refused) as theirs:
        stranger.receipt(GOOD["receipt.json"], stranger.key_of(GOOD["centre.pub"]), GOOD["packet-2.glp"])
    assert theirs.value.step == 20


PROOF, OLDER = json.loads(GOOD["proof.json"]), json.loads(GOOD["checkpoint.json"])
ZERO = "0" * 64
PROOFS: list[tuple[int, str, dict[str, Any], dict[str, Any]]] = [
    (21, "a field more", {**PROOF, "more": 1}, OLDER),
    (21, "a number as text", {**PROOF, "index": "1"}, OLDER),
    (21, "an older one with a field less", PROOF, {k: v for k, v in OLDER.items() if k != "at"}),
    (22, "of another packet", {**PROOF, "packet": ZERO}, OLDER),
    (23, "another root", {**PROOF, "checkpoint": PROOF["checkpoint"] | {"root": ZERO}}, OLDER),
    (23, "another key named", {**PROOF, "checkpoint": PROOF["checkpoint"] | {"key_id": "0" * 16}}, OLDER),
    (24, "another place", {**PROOF, "index": 2}, OLDER),
    (24, "beyond the log", {**PROOF, "index": 7}, OLDER),
    (24, "another hash", {**PROOF, "inclusion": [ZERO, *PROOF["inclusion"][1:]]}, OLDER),
    (24, "a hash less", {**PROOF, "inclusion": PROOF["inclusion"][1:]}, OLDER),
    (24, "a hash more", {**PROOF, "inclusion": [*PROOF["inclusion"], ZERO]}, OLDER),
    (25, "an older one of another centre", PROOF, OLDER | {"centre": "elsewhere"}),
    (25, "an older one that was changed", PROOF, OLDER | {"root": ZERO}),
    (26, "nothing about the older one", {**PROOF, "consistency": None}, OLDER),
    (26, "about another one", {**PROOF, "consistency": PROOF["consistency"] | {"from_size": 3}}, OLDER),
    (26, "a hash less than needed", {**PROOF, "consistency": {"from_size": 2, "hashes": []}}, OLDER),
    (26, "other hashes", {**PROOF, "consistency": {"from_size": 2, "hashes": [ZERO, ZERO]}}, OLDER),
]


@pytest.mark.parametrize(("step", "what", "proof", "older"), PROOFS, ids=[f"{s}: {w}" for s, w, _, _ in PROOFS])
def test_an_altered_proof_is_refused_at_its_step_by_both(
    step: int, what: str, proof: dict[str, Any], older: dict[str, Any]
) -> None:
    files, packet = (canonical(proof), canonical(older)), GOOD["packet-2.glp"]
    with pytest.raises(Refused) as theirs:
        stranger.proof(files[0], stranger.key_of(GOOD["centre.pub"]), packet, files[1])
    assert theirs.value.step == step
    key = VerifyKey.from_pem(GOOD["centre.pub"], where="sample")
    with pytest.raises(ForeignError) as ours:
        read_proof(files[0], where="proof").verify(
            verify_packet(packet, VerifyKey.from_pem(GOOD["node.pub"], where="sample")).digest,
            key,
            older=read_checkpoint(files[1], where="older"),
        )
    assert said_by(step, ours.value) or step == 21, ours.value


# --- what a value may be ---------------------------------------------------------------------------------------------

PALETTE: list[Any] = [
    None, True, False, 0, 1, -1, 2, 1.5, 0.5, -0.25, 1000, 1001, 16384, 16385, 2**53 - 1, 1e17, -1e300, "", "a", "A",
    "0", "x" * 64, "x" * 65, "x" * 300, "x" * 301, "é" * 200, "é" * 201, "0" * 16, "0" * 64, "A" * 64, "36A12345", "..",
    "a..b", "seal.json", "image/jpeg", "image/" + "j" * 80, "2026-11-25T01:02:03Z", "2026-11-25T01:02:03.500000Z",
    "2026-11-25T01:02:03.000000Z", "2026-11-25T01:02:03.5Z", "2026-11-25T01:02:03+07:00", "2026-11-25T01:02:03-00:00",
    "2026-11-25T01:02:03-00:30", "2026-11-25T01:02:03+24:00", "2026-11-25T24:00:00Z", "2026-02-29T00:00:00Z",
    "2026-11-25T01:02:03", "2026-11-25 01:02:03Z", "2026-11-25T01:02:60Z", "0000-01-01T00:00:00Z",
    "00000001-2026-4125-8000-00000000abcd", "00000001-2026-4125-8000-00000000ABCD", "white", "red", "ntp", "clip",
    "line\n", [], ["a"], [1], [1, "a"], [1, 2, 3, 4], [1, 2, 3, "4"], [[]], {}, {"a": 1}, {"a": "0" * 64},
]  # fmt: skip


def places(value: Any, kind: str, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Type in the document and path of everything in a manifest."""
    kind = kind.removesuffix(LATER)
    yield kind, path
    kind = kind.removesuffix(" or null")
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside if kind not in ("box", "value") else ():
        yield from places(inner, TABLES[kind][key] if kind in TABLES else kind.partition(" of ")[2], (*path, key))


def one_place_of_each_type() -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Packet and path, by type: that fields of one type are treated alike, the tables' own test shows."""
    found: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for name in ("packet-1.glp", "packet-2.glp", "packet-3.glp"):
        for kind, path in places(json.loads(dict(parts(GOOD[name]))["manifest.json"]), "Manifest"):
            if path and kind != "word":  # the document leaves these lists open, our software knows what it knows
                found.setdefault(kind, (name, path))
    return found


EACH = one_place_of_each_type()


@pytest.mark.parametrize(("name", "path"), EACH.values(), ids=EACH)
def test_document_and_programs_agree_on_every_value_of_every_type(name: str, path: tuple[Any, ...]) -> None:
    raw = dict(parts(GOOD[name]))["manifest.json"]
    different, taken = [], 0
    for tried in PALETTE:
        value = json.loads(raw)
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = tried
        data = canonical(value)
        ours = taken_by_us(data)
        taken += ours
        if ours != taken_by_stranger(data):
            different.append(tried)
    assert different == []
    assert taken < len(PALETTE)


def taken_by_us(data: bytes) -> bool:
    try:
        Manifest.from_bytes(data)
    except ForeignError:
        return False
    return True


def taken_by_stranger(data: bytes) -> bool:
    try:
        value = stranger.parsed(data, 4)
        stranger.check("Manifest", value, "manifest", 5)
        stranger._beyond_the_table(value)
    except Refused:
        return False
    return stranger.is_canonical(value, data)


def test_a_packet_that_the_programs_pack_is_what_the_document_packs() -> None:
    manifest = link(1, None)
    files = {f.name: dict(parts(GOOD["packet-3.glp"]))[f.name] for f in manifest.files}
    made = pack(manifest, files, KEY)
    assert made == packed(parts(made))
    stranger.sealed_by(made, KEY.public.raw)


def test_a_field_that_was_added_later_is_absent_or_has_a_value_and_is_never_null() -> None:
    def with_margins(value: str | None) -> bytes:
        return canonical(json.loads(dict(ENTRIES)["manifest.json"]) | {"margins": value})

    for value, good in (("0" * 64, True), (None, False), ("", False)):
        assert taken_by_us(with_margins(value)) is good
        assert taken_by_stranger(with_margins(value)) is good
