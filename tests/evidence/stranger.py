"""A verifier as a stranger writes it: from docs/packet-v1.md alone, with nothing of this project.

The tables of fields are read out of the document, so what it says of a field is what is checked here. `Refused.step` is
the number of the step that failed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

DOCUMENT = (Path(__file__).parents[2] / "docs" / "packet-v1.md").read_text(encoding="utf-8")
MAX_INT = 2**53 - 1
LATER = ", may be absent"
PATTERNS = {
    "ident": r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "word": r"[a-z][a-z_]{0,63}",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "sha256": r"[0-9a-f]{64}",
    "keyid": r"[0-9a-f]{16}",
    "signature": r"[A-Za-z0-9+/]{86}==",
    "millis": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(?!000000)\d{6})?(Z|(?![+-]00:00)[+-]([01]\d|2[0-3]):[0-5]\d)"


class Refused(Exception):
    """`step`: number in the document."""

    def __init__(self, step: int, what: str) -> None:
        self.step = step
        super().__init__(f"step {step}: {what}")


# --- section 2: bytes ------------------------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """RFC 8785."""
    return _written(value).encode("utf-8")


def _written(value: Any) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_written(name)}:{_written(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INT:
        raise ValueError("larger than 2**53 - 1")
    return json.dumps(value, ensure_ascii=False)


def _double(value: float) -> str:
    """As ECMAScript writes it (Number::toString)."""
    if value != value or abs(value) == float("inf"):
        raise ValueError("not a number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + power


def parsed(data: bytes, step: int) -> Any:
    def number(digits: str) -> int | float:
        return int(digits) if abs(int(digits)) <= MAX_INT else float(digits)

    try:
        return json.loads(data.decode("utf-8"), parse_int=number)
    except (ValueError, RecursionError) as error:
        raise Refused(step, f"is not JSON: {error}") from error


def is_canonical(value: Any, data: bytes) -> bool:
    try:
        return canonical(value) == data
    except (ValueError, RecursionError):  # a lone surrogate is one
        return False


def key_of(pem: bytes) -> bytes:
    key = load_pem_public_key(pem)
    assert isinstance(key, Ed25519PublicKey)
    return key.public_bytes_raw()


def key_id(key: bytes) -> str:
    return digest(key)[:16]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def signed(key: bytes, signature: str, message: bytes, step: int) -> None:
    raw = base64.b64decode(signature)
    if base64.b64encode(raw).decode() != signature:
        raise Refused(step, "signature is not in its one spelling")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(raw, message)
    except InvalidSignature as error:
        raise Refused(step, "signature does not hold") from error


# --- the tables of fields --------------------------------------------------------------------------------------------


def _tables() -> dict[str, dict[str, str]]:
    """Type of each field of each object: `{"Node": {"id": "ident", ...}, ...}`."""
    tables: dict[str, dict[str, str]] = {}
    for title, body in re.findall(r"^#### (\w+)\n(.*?)(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL):
        rows = re.findall(r"^\| (\w+) \| (.+?) \| .*\|$", body, re.MULTILINE)
        tables[title] = {name: kind.replace("`", "") for name, kind in rows if name != "field"}
    return tables


TABLES = _tables()


def check(kind: str, value: Any, path: str, step: int) -> None:
    """Raise `Refused` unless `value` is of that type."""
    if kind.endswith(" or null"):
        if value is None:
            return
        kind = kind.removesuffix(" or null")
    if not _fits(kind, value, path, step):
        raise Refused(step, f"{path} is not {kind}")


def _fits(kind: str, value: Any, path: str, step: int) -> bool:
    word, _, rest = kind.partition(" ")
    if word in TABLES:
        fields = TABLES[word]
        if not isinstance(value, dict) or not {n for n in fields if LATER not in fields[n]} <= set(value) <= set(
            fields
        ):
            return False
        for name in value:
            check(fields[name].removesuffix(LATER), value[name], f"{path}.{name}", step)
        return True
    if word in ("list", "map"):
        limits, _, inner = rest.rpartition("of ")
        if not isinstance(value, list if word == "list" else dict) or not _inside(len(value), limits.strip()):
            return False
        for item in value if isinstance(value, list) else value.values():
            check(inner, item, path, step)
        return True
    if word == "one":
        return isinstance(value, str) and value in rest.split()[1:]
    if word in ("text", "pattern", "time", *PATTERNS):
        return isinstance(value, str) and _spelled(word, rest, value, step)
    if word == "integer":
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
        return whole and abs(value) <= MAX_INT and _inside(value, rest)
    if word == "number":
        return isinstance(value, int | float) and not isinstance(value, bool) and _inside(value, rest)
    if word == "boolean":
        return isinstance(value, bool)
    if word == "box":
        return isinstance(value, list) and len(value) == 4 and all(_fits("number", v, path, step) for v in value)
    if word == "pair":
        return isinstance(value, list) and len(value) == 2 and all(_fits("integer any..", v, path, step) for v in value)
    if word == "value":
        plain = value is None or isinstance(value, bool | int | float | str)
        return plain or any(_list_of(inner, value) for inner in ("number", "text"))
    raise AssertionError(f"the document has no type {kind!r}")


def _list_of(kind: str, value: Any) -> bool:
    return isinstance(value, list) and all(_fits(kind, v, "", 0) for v in value)


def _inside(number: float, limits: str) -> bool:
    low, _, high = limits.partition("..")
    return (low in ("", "any") or number >= int(low)) and (high == "" or number <= int(high))


def _spelled(word: str, rest: str, value: str, step: int) -> bool:
    if any("\ud800" <= c <= "\udfff" for c in value):
        return False
    if word == "text":
        return _inside(len(value), rest)
    if word == "time":
        try:
            known = datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            return False
        if known and not re.fullmatch(TIME, value):
            raise Refused({5: 6, 16: 19}.get(step, step), f"{value} is not in its one spelling")
        return known
    return re.fullmatch(rest if word == "pattern" else PATTERNS[word], value) is not None


# --- section 10: verification ----------------------------------------------------------------------------------------


def packet(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Steps 1 to 10; the manifest and the seal."""
    if len(data) > 268_435_456:
        raise Refused(1, "too large")
    entries = _entries(data)
    names = list(entries)
    if names[:2] != ["manifest.json", "seal.json"]:
        raise Refused(3, "does not start with manifest and seal")
    raw = entries["manifest.json"]
    manifest = parsed(raw, 4)
    test = isinstance(manifest, dict) and manifest.get("schema") == "giaolo.test-act/1"
    check("TestManifest" if test else "Manifest", manifest, "manifest", 5)
    if test:
        roles = [file["role"] for file in manifest["files"]]
        if "still_on" not in roles or set(roles) - {"still_before", "still_on", "still_after", "clip", "scene"}:
            raise Refused(5, "a test act holds other files")
    _beyond_the_table(manifest)
    if not is_canonical(manifest, raw):
        raise Refused(6, "manifest is not canonical")
    seal = parsed(entries["seal.json"], 7)
    check("Seal", seal, "seal", 7)
    if not is_canonical(seal, entries["seal.json"]):
        raise Refused(7, "seal is not canonical")
    if seal["manifest_sha256"] != digest(raw):
        raise Refused(8, "the seal is of another manifest")
    files = manifest["files"]
    if sorted(names[2:]) != sorted(f["name"] for f in files):
        raise Refused(9, "other files than the manifest's")
    for file in files:
        content = entries[file["name"]]
        if len(content) != file["size"] or digest(content) != file["sha256"]:
            raise Refused(9, f"{file['name']} was altered")
    order = ["manifest.json", "seal.json", *(f["name"] for f in files)]
    if packed([(name, entries[name]) for name in order]) != data:
        raise Refused(10, "bytes outside of the files were altered")
    return manifest, seal


def _entries(data: bytes) -> dict[str, bytes]:
    entries: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errorlevel=2) as archive:
            for member in archive:
                limit = {"manifest.json": 1_048_576, "seal.json": 4096}.get(member.name, len(data))
                if member.type != tarfile.REGTYPE or member.sparse is not None or not 0 <= member.size <= limit:
                    raise Refused(2, f"{member.name} is not a plain file, or too large")
                if member.name in entries or len(entries) >= 66:
                    raise Refused(2, f"{member.name} stands twice, or is one too many")
                file = archive.extractfile(member)
                entries[member.name] = file.read() if file else b""
                if len(entries[member.name]) != member.size:
                    raise Refused(2, "cut off")
    except (tarfile.TarError, EOFError, ValueError, OverflowError, OSError) as error:
        raise Refused(2, str(error)) from error
    return entries


def _beyond_the_table(manifest: dict[str, Any]) -> None:
    """What section 4 says above the tables of `Chain` and `FileEntry`."""
    chain, names = manifest["chain"], [f["name"] for f in manifest["files"]]
    if (chain["sequence"] == 1) != (chain["previous"] is None):
        raise Refused(5, "only the first packet has no previous one")
    if len(set(names)) != len(names):
        raise Refused(5, "two files have one name")
    if any(".." in name or name in ("manifest.json", "seal.json") for name in names):
        raise Refused(5, "a file name is not allowed")


def packed(files: list[tuple[str, bytes]]) -> bytes:
    """Section 3."""
    out = b""
    for name, content in files:
        head = bytearray(512)
        for place, text in ((0, name), (100, "0000444"), (108, "0000000"), (116, "0000000"),
                            (124, f"{len(content):011o}"), (136, "00000000000"), (148, "        "), (156, "0"),
                            (257, "ustar\0" + "00")):  # fmt: skip
            head[place : place + len(text)] = text.encode()
        head[148:156] = f"{sum(head):06o}\0 ".encode()
        out += bytes(head) + content + bytes(-len(content) % 512)
    out += bytes(1024)
    return out + bytes(-len(out) % 10_240)


def sealed_by(data: bytes, key: bytes) -> dict[str, Any]:
    """Steps 1 to 12; the manifest."""
    manifest, seal = packet(data)
    if not seal["key_id"] == manifest["node"]["key_id"] == key_id(key):
        raise Refused(11, "another key")
    signed(key, seal["signature"], canonical(manifest), 12)
    return manifest


def chain(manifests: list[dict[str, Any]]) -> None:
    """Steps 13 to 15, over packets of one node that are good alone."""
    by_number: dict[int, dict[str, Any]] = {}
    for manifest in manifests:
        number = manifest["chain"]["sequence"]
        if by_number.setdefault(number, manifest) != manifest:
            raise Refused(13, f"two packets with number {number}")
    for number in sorted(by_number)[1:]:
        before = by_number.get(number - 1)
        if before is None:
            raise Refused(14, f"packet {number - 1} is missing")
        if by_number[number]["chain"]["previous"] != digest(canonical(before)):
            raise Refused(15, f"packet {number} does not follow {number - 1}")


def receipt(data: bytes, key: bytes, container: bytes) -> dict[str, Any]:
    """Steps 16 to 20."""
    value = parsed(data, 16)
    check("SignedReceipt", value, "receipt", 16)
    if not is_canonical(value, data):
        raise Refused(16, "is not canonical")
    said: dict[str, Any] = value["receipt"]
    signed(key, value["signature"], canonical(said), 17)
    if value["key_id"] != key_id(key):
        raise Refused(18, "names another key")
    manifest, _ = packet(container)
    told = (said["node"], said["packet_id"], said["container_sha256"])
    if told != (manifest["node"]["id"], manifest["packet_id"], digest(container)):
        raise Refused(20, "of another packet")
    if said["packet_digest"] not in (None, digest(canonical(manifest))):
        raise Refused(20, "of another manifest")
    return said


def proof(data: bytes, key: bytes, container: bytes, older: bytes | None = None) -> dict[str, Any]:
    """Steps 21 to 26; the newer checkpoint."""
    value = _file("LogProof", data)
    before = None if older is None else _checkpoint(older)
    manifest, _ = packet(container)
    if value["packet"] != digest(canonical(manifest)):
        raise Refused(22, "of another packet")
    newer: dict[str, Any] = value["checkpoint"]
    _checkpoint_holds(newer, key, 23)
    size, root = newer["size"], bytes.fromhex(newer["root"])
    leaf = hashlib.sha256(b"\x00" + bytes.fromhex(value["packet"])).digest()
    hashes = [bytes.fromhex(h) for h in value["inclusion"]]
    if not value["index"] < size or _root_of_inclusion(leaf, value["index"], size, hashes) != root:
        raise Refused(24, "the packet is not in the log")
    if before is None:
        return newer
    if before["centre"] != newer["centre"]:
        raise Refused(25, "of another centre")
    _checkpoint_holds(before, key, 25)
    _goes_on(before, newer, value["consistency"])
    return newer


def _file(kind: str, data: bytes) -> dict[str, Any]:
    if len(data) > 65_536:
        raise Refused(21, "too large")
    text = data[:-1] if data.endswith(b"\n") else data
    value: dict[str, Any] = parsed(text, 21)
    check(kind, value, kind, 21)
    if not is_canonical(value, text):
        raise Refused(21, "is not canonical")
    return value


def _checkpoint(data: bytes) -> dict[str, Any]:
    try:
        return _file("SignedCheckpoint", data)
    except Refused:
        held: dict[str, Any] = _file("LogProof", data)["checkpoint"]
        return held


def _checkpoint_holds(value: dict[str, Any], key: bytes, step: int) -> None:
    statement = {name: value[name] for name in ("at", "centre", "root", "size")} | {"schema": "giaolo.checkpoint/1"}
    signed(key, value["signature"], canonical(statement), step)
    if value["key_id"] != key_id(key):
        raise Refused(step, "names another key")


def _above(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _root_of_inclusion(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes | None:
    """RFC 6962 section 2.1.1, from the top: which half the leaf lies in. None: too few or too many hashes."""
    if size == 1:
        return leaf if not hashes else None
    if not hashes:
        return None
    half = 1 << (size - 1).bit_length() - 1
    *below, sibling = hashes
    if index < half:
        inner = _root_of_inclusion(leaf, index, half, below)
        return None if inner is None else _above(inner, sibling)
    inner = _root_of_inclusion(leaf, index - half, size - half, below)
    return None if inner is None else _above(sibling, inner)


def _goes_on(before: dict[str, Any], newer: dict[str, Any], told: dict[str, Any] | None) -> None:
    old, size = before["size"], newer["size"]
    if old > size or (old == size and before["root"] != newer["root"]):
        raise Refused(26, "the older log is larger, or another one of the same size")
    if old in (0, size):
        if old == 0 and before["root"] != digest(b""):
            raise Refused(26, "an empty log has another root")
        return
    if told is None or told["from_size"] != old:
        raise Refused(26, "nothing is said about that size")
    hashes = [bytes.fromhex(h) for h in told["hashes"]]
    roots = _roots_of_consistency(old, size, hashes, bytes.fromhex(before["root"]), whole=True)
    if roots != (bytes.fromhex(before["root"]), bytes.fromhex(newer["root"])):
        raise Refused(26, "the newer log does not go on from the older one")


def _roots_of_consistency(
    old: int, size: int, hashes: list[bytes], old_root: bytes, *, whole: bool
) -> tuple[bytes, bytes] | None:
    """RFC 6962 section 2.1.2, from the top: roots of the first `old` leaves and of all, as the hashes make them."""
    if old == size:
        if whole:
            return (old_root, old_root) if not hashes else None
        return (hashes[0], hashes[0]) if len(hashes) == 1 else None
    if not hashes:
        return None
    half = 1 << (size - 1).bit_length() - 1
    *below, sibling = hashes
    if old <= half:
        inner = _roots_of_consistency(old, half, below, old_root, whole=whole)
        return None if inner is None else (inner[0], _above(inner[1], sibling))
    inner = _roots_of_consistency(old - half, size - half, below, old_root, whole=False)
    return None if inner is None else (_above(sibling, inner[0]), _above(sibling, inner[1]))
