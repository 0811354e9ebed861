"""The file of a case: whatever was altered, removed, added or exchanged in it is found, whoever it was; offline."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import fixed_zip
from evidence.canonical import canonical_json, sha256_hex
from evidence.case_file import STAGES, CaseFile, Stage, Trust, check_case_file
from evidence.case_index import INDEX, SEAL, Index
from evidence.case_statements import CaseStatements
from evidence.errors import ForeignError
from evidence.log_proof import Checkpoint
from evidence.seal import SigningKey, VerifyKey
from tests.evidence.build import KEY, flipped
from tests.evidence.case_files import (
    CASE,
    CENTRE,
    CENTRE_KEY,
    CONTENTS,
    DIGEST,
    KEYS,
    NOW,
    PAPER,
    case_file,
    index_of,
    proof,
    record,
    said,
    statements,
    zipped,
)
from tools.command import case_file as command

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "case-file-v1.md").read_text(encoding="utf-8")
GOOD = case_file()
TRUST = Trust(CENTRE_KEY.public)
OTHER = SigningKey.generate()


def check(data: bytes, trust: Trust = TRUST, older: Checkpoint | None = None) -> tuple[CaseFile, list[Stage]]:
    passed: list[Stage] = []
    return check_case_file(io.BytesIO(data), trust, passed=passed.append, older=older), passed


def refused(data: bytes, trust: Trust = TRUST) -> tuple[Stage, str]:
    """The stage at which it is refused, and the words."""
    passed: list[Stage] = []
    with pytest.raises(ForeignError) as caught:
        check_case_file(io.BytesIO(data), trust, passed=passed.append)
    return next(s for s in STAGES if s not in passed), str(caught.value)


def test_a_good_file_passes_every_stage_and_says_what_it_is() -> None:
    found, passed = check(GOOD)
    assert passed == list(STAGES)
    assert (found.trusted, found.index.number, found.manifest.digest) == (True, 7, DIGEST)
    assert [e.action for e in found.record.events] == ["create", "view", "issue"]
    assert found.checkpoint.size == 2
    assert found.statements is not None
    assert [s.switch for s in found.statements.switches] == [said()]


def test_the_same_case_makes_the_same_bytes_and_any_zip_program_opens_them() -> None:
    assert case_file() == GOOD
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()[2:]} == CONTENTS


SAMPLES = sorted(p for p in (Path(__file__).parent / "case_samples").iterdir() if p.is_dir())


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda p: p.name)
def test_what_was_handed_out_yesterday_verifies_for_ever(folder: Path) -> None:
    """Made by `tests.evidence.case_files` with keys that were thrown away; never made anew."""
    key = VerifyKey.load(folder / "centre.pub")
    found, passed = check((folder / "case.zip").read_bytes(), Trust(key))
    first = folder.name.startswith("v1-")
    assert (passed, found.index.number) == ([s for s in STAGES if s != "statements" or not first], 7)
    assert (found.statements is None) == first
    with pytest.raises(ForeignError):
        check(flipped((folder / "case.zip").read_bytes(), 5000), Trust(key))


def test_every_single_flipped_byte_is_found() -> None:
    for place in range(len(GOOD)):
        with pytest.raises(ForeignError):
            check(flipped(GOOD, place, place % 8))


def test_a_file_that_was_cut_off_or_goes_on_is_found() -> None:
    for length in [*range(400), *random.Random(3).sample(range(400, len(GOOD)), 200)]:
        with pytest.raises(ForeignError):
            check(GOOD[:length])
    for more in (b"\0", b"PK\x03\x04", GOOD):
        with pytest.raises(ForeignError):
            check(GOOD + more)
    with pytest.raises(ForeignError):
        check(b"MZ" + GOOD)


# --- who has the keys of nobody: every change needs another index, and that another seal ------------------------------

NAMES = list(CONTENTS)


@st.composite
def exchanged(draw: st.DrawFn) -> dict[str, bytes]:
    """The files with members altered, removed, added, renamed, exchanged or in another order."""
    files = {INDEX: index_of(CONTENTS).to_bytes(), SEAL: b"", **CONTENTS}
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        files[SEAL] = archive.read(SEAL)
    good = dict(files)
    for _ in range(draw(st.integers(1, 3))):
        name, other = draw(st.sampled_from(list(files))), draw(st.sampled_from(list(files)))
        match draw(st.sampled_from(["alter", "remove", "add", "exchange", "rename", "order"])):
            case "alter":
                files[name] = draw(st.binary(max_size=40))
            case "remove" if len(files) > 1:
                del files[name]
            case "add":
                files[f"originals/{draw(st.sampled_from('abc'))}.jpg"] = draw(st.binary(max_size=9))
            case "exchange":
                files[name], files[other] = files[other], files[name]
            case "rename":
                files = {f"{n}.x" if n == name and len(n) < 60 else n: d for n, d in files.items()}
            case _:
                left = list(files.items())
                draw(st.randoms(use_true_random=False)).shuffle(left)
                files = dict(left)
    if list(files.items()) == list(good.items()):
        files["originals/x.jpg"] = b"x"
    return files


@settings(max_examples=150, deadline=None)
@given(files=exchanged())
def test_whatever_is_done_to_its_members_is_found(files: dict[str, bytes]) -> None:
    with pytest.raises(ForeignError):
        check(zipped(files))


@settings(max_examples=150, deadline=None)
@given(noise=st.binary(max_size=300), place=st.integers(0, 2000), patch=st.binary(min_size=1, max_size=60))
def test_whatever_the_bytes_are_the_answer_is_an_error_of_ours(noise: bytes, place: int, patch: bytes) -> None:
    for data in (noise, b"PK\x03\x04" + noise, GOOD[:place] + patch + GOOD[place + len(patch) :]):
        if data != GOOD:
            with pytest.raises(ForeignError):
                check(data)


# --- hostile archives are refused before anything of them is unpacked -------------------------------------------------


def by_zipfile(*files: tuple[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = comment
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return target.getvalue()


def local(name: bytes, data: bytes, *, claims: int | None = None, method: int = 0, extra: bytes = b"") -> bytes:
    size = len(data) if claims is None else claims
    head = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 10, 0, method, 0, 33, zlib.crc32(data), size, size, len(name),
                       len(extra))  # fmt: skip
    return head + name + extra + data


BOMB = by_zipfile(("index.json", b"0" * 50_000_000), method=zipfile.ZIP_DEFLATED)
HOSTILE: list[tuple[str, bytes, str]] = [
    ("a bomb", BOMB, "compressed"),
    ("a size that only claims to be", local(b"index.json", b"{}", claims=4_000_000_000), "cut off"),
    ("zip64's place of a size", local(b"index.json", b"{}", claims=0xFFFFFFFF), "cut off"),
    ("up and away", by_zipfile(("../../etc/passwd", b"x")), "no file of the archive may have"),
    ("from the root", by_zipfile(("/etc/passwd", b"x")), "no file of the archive may have"),
    ("a drive", by_zipfile(("c:/x", b"x")), "no file of the archive may have"),
    ("a back slash", local(b"a\\b", b"x"), "no file of the archive may have"),
    ("two folders", by_zipfile(("a/b/c", b"x")), "no file of the archive may have"),
    ("a folder", by_zipfile(("a/", b"")), "no file of the archive may have"),
    ("two points", local(b"a..b", b"x"), "no file of the archive may have"),
    ("a device", local(b"con.json", b"x"), "no file of the archive may have"),
    ("a device in a folder", local(b"keys/nul", b"x"), "no file of the archive may have"),
    ("a point at the end", local(b"a.", b"x"), "no file of the archive may have"),
    ("large letters", local(b"Index.json", b"x"), "no file of the archive may have"),
    ("letters of other alphabets", local("index\u2024json".encode(), b"x"), "no file of the archive may have"),
    ("no name", local(b"", b"x"), "no file of the archive may have"),
    ("a long name", local(b"a" * 5000, b"x"), "no file of the archive may have"),
    ("something between", local(b"index.json", b"{}", extra=b"abcd"), "no file of the archive may have"),
    ("a name twice", local(b"index.json", b"{}") * 2, "stands twice"),
    ("many files", b"".join(local(f"f{i}".encode(), b"") for i in range(201)), "more than 200 files"),
    ("no files", by_zipfile(), "not a ZIP archive in the fixed form"),
    ("another program's ZIP", by_zipfile(("index.json", b"{}")), "was altered"),
    ("nothing", b"", "not a ZIP archive"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "said"), HOSTILE, ids=[h[0] for h in HOSTILE])
def test_a_hostile_archive_is_refused_by_its_form_alone(what: str, data: bytes, said: str) -> None:
    assert refused(data)[0] == "archive"
    assert said in refused(data)[1]


def test_a_list_at_the_end_that_tells_of_other_files_is_refused() -> None:
    """Programs that read from the end would see what those that read from the start do not."""
    end = GOOD.rindex(b"PK\x05\x06")
    first = GOOD.index(b"PK\x01\x02")
    renamed = GOOD[:first] + GOOD[first:end].replace(b"bao-cao.html", b"bao-cax.html") + GOOD[end:]
    assert refused(renamed)[0] == "archive"
    assert refused(GOOD[:end] + GOOD[end:-2] + b"\x03\x00abc")[0] == "archive"
    assert refused(GOOD[:first] + local(b"hidden", b"x") + GOOD[first:])[0] == "archive"


def test_too_large_a_file_is_refused_without_reading_it() -> None:
    class Huge(io.BytesIO):
        def seek(self, place: int, whence: int = 0) -> int:
            return 10**12 if whence == 2 else super().seek(place)

        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("it was read")

    with pytest.raises(ForeignError, match="is larger than"):
        check_case_file(Huge(), TRUST)


@pytest.mark.parametrize("name", ["", "a/b/c", "../x", "a" * 65, "Báo-cáo.html", "aux.json", ".x", "x."])
def test_a_name_that_may_not_be_is_not_written_either(name: str) -> None:
    with pytest.raises(fixed_zip.ZipError, match="may not be the name"):
        fixed_zip.write(io.BytesIO(), {name: b"x"})
    with pytest.raises(fixed_zip.ZipError, match="would hold 201 files"):
        fixed_zip.write(io.BytesIO(), {f"f{n}": b"" for n in range(201)})


# --- who has the centre's key, or lost it: what was sealed does not agree ---------------------------------------------


def with_file(name: str, data: bytes, **changes: Any) -> bytes:
    return case_file({**CONTENTS, name: data}, **changes)


def without(name: str) -> bytes:
    return case_file({n: d for n, d in CONTENTS.items() if n != name})


def with_record(change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(CONTENTS["record.json"])
    change(value)
    return with_file("record.json", canonical_json(value))


def swap(events: list[Any]) -> None:
    events[0], events[1] = events[1], events[0]


def with_keys(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda index: index["keys"][0].update(changes)


LOOSE = record([{"action": "view", "after": {}}, {"action": "view"}, {"action": "issue"}])
SEALED: list[tuple[Stage, int, str, bytes]] = [
    ("index", 5, "packet first", zipped(dict(reversed(CONTENTS.items())))),
    ("index", 6, "an index with a blank", zipped({INDEX: index_of(CONTENTS).to_bytes() + b" ", SEAL: b"{}"})),
    ("index", 6, "an index with a field less", zipped({INDEX: b"{}", SEAL: b"{}"})),
    ("index", 7, "no seal", zipped({INDEX: index_of(CONTENTS).to_bytes(), SEAL: b"{}", **CONTENTS})),
    ("files", 9, "a file of another order", case_file(change=lambda i: i["files"].reverse())),
    ("files", 9, "a size that is wrong", case_file(change=lambda i: i["files"][0].update(size=1))),
    ("files", 9, "a digest that is wrong", case_file(change=lambda i: i["files"][0].update(sha256="0" * 64))),
    ("files", 9, "a file that is not there", case_file(change=lambda i: i["files"].pop(0))),
    ("files", 10, "no report", without("bao-cao.html")),
    ("files", 10, "no record", without("record.json")),
    ("files", 10, "two proofs", case_file(change=lambda i: i["files"][0].update(role="proof"))),
    ("files", 10, "a key without owner", case_file(change=lambda i: i["keys"].pop())),
    ("files", 10, "an owner without key", without("keys/node.pub")),
    ("keys", 11, "a key that is none", with_file("keys/node.pub", b"-----BEGIN PUBLIC KEY-----")),
    ("keys", 11, "another key", with_file("keys/node.pub", OTHER.public.pem())),
    ("keys", 11, "the key of another node", case_file(change=with_keys(id="giao-lo-2"))),
    ("sealer", 12, "sealed by another centre's key", case_file(
        {**CONTENTS, "keys/centre.pub": OTHER.public.pem()}, key=OTHER,
        change=lambda i: i["keys"][1].update(key_id=OTHER.public.key_id))),
    ("sealer", 13, "sealed by somebody", case_file(key=OTHER)),
    ("packet", 14, "no packet", with_file("packet.glp", b"x")),
    ("packet", 15, "another digest named", case_file(change=lambda i: i["packet"].update(digest="0" * 64))),
    ("packet", 16, "a key that the node did not have", case_file(
        {**CONTENTS, "keys/node.pub": OTHER.public.pem()}, change=with_keys(key_id=OTHER.public.key_id))),
    ("packet", 16, "a key that had ended", case_file(change=with_keys(until="2026-11-23T03:00:00.000Z"))),
    ("originals", 17, "another picture", with_file("originals/still_on.jpg", b"another")),
    ("originals", 17, "a picture that the packet has not", with_file("originals/more.jpg", b"x")),
    ("record", 18, "no record", with_file("record.json", b"[]")),
    ("record", 19, "of another case", with_record(lambda r: r.update(case="x"))),
    ("record", 19, "shorter than the index says", with_record(lambda r: r["events"].pop())),
    ("record", 20, "events exchanged", with_record(lambda r: swap(r["events"]))),
    ("record", 21, "another note", with_record(lambda r: r["events"][2].update(note="khác"))),
    ("record", 21, "another actor", with_record(lambda r: r["events"][1].update(actor="binh"))),
    ("record", 22, "written with another key", with_file("record.json", record(key=OTHER).to_bytes())),
    ("record", 22, "a signature taken out", with_record(lambda r: r["events"][2].update(signature=None))),
    ("record", 23, "no signature at the end", with_record(lambda r: r.update(end=None))),
    ("record", 24, "that does not begin with the packet", with_file("record.json", LOOSE.to_bytes())),
    ("proof", 25, "with another key", with_file("proof.json", proof(OTHER))),
    ("proof", 25, "a packet that is not in it", with_file("proof.json", proof().replace(b'"index":0', b'"index":1'))),
    ("documents", 27, "a paper of somewhere else", with_file("documents/notice.pdf", PAPER + b" ")),
    ("files", 10, "no statements", without("statements.json")),
    ("files", 10, "statements in a file of version 1", case_file(schema_="giaolo.case-file/1")),
    ("statements", 28, "no statements in it", with_file("statements.json", b"[]")),
    ("statements", 28, "one twice", with_file("statements.json", statements(said(), said()))),
    ("statements", 28, "one that a later one is put before",
     with_file("statements.json", statements(said(at="2026-11-23T04:00:00.000Z"), said()))),
    ("statements", 29, "another centre's", with_file("statements.json", statements(said(centre="nghe-an")))),
    ("statements", 29, "a box's, or anybody's", with_file("statements.json", statements(said(), key=KEY))),
    ("statements", 29, "altered", with_file("statements.json", CONTENTS["statements.json"].replace(b"lan", b"hoa"))),
    ("statements", 29, "with a key that had ended",
     case_file(change=lambda i: i["keys"][1].update(until="2026-11-23T02:59:59.999Z"))),
    ("statements", 30, "signed and never logged", with_file("statements.json", statements(said(why="khác")))),
    ("statements", 30, "of another place of the log",
     with_file("statements.json", CONTENTS["statements.json"].replace(b'"index":1', b'"index":0'))),
    ("statements", 32, "left out, though the record names it", with_file("statements.json", statements())),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "step", "what", "data"), SEALED, ids=[f"{s[1]}: {s[2]}" for s in SEALED])
def test_what_does_not_agree_is_refused_at_its_step_even_when_it_is_sealed(
    stage: Stage, step: int, what: str, data: bytes
) -> None:
    at, said = refused(data)
    assert at == stage, said
    assert any(word.rstrip(": ") in said for word in STEPS[step]) or not STEPS[step], (said, STEPS[step])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"camera": "cam-9"}, "another camera"),
        ({"node": "giao-lo-9", "camera": None}, "another box"),
        ({"since": "2026-11-20T03:00:00.000Z", "until": "2026-11-20T04:00:00.000Z"}, "another day"),
        ({"until": "SINCE"}, "ended before it began"),
        ({"kind": "traffic_right"}, "no doubt at all"),
    ],
)
def test_a_statement_about_another_place_or_time_is_refused_though_it_is_signed_and_logged(
    changes: dict[str, Any], why: str
) -> None:
    """`check_case` alone: to log each, the test would need a log for each."""
    if changes.get("until") == "SINCE":
        changes = {"until": said().since}
    found = check(GOOD)[0]
    foreign = CaseStatements.model_validate_json(statements(said(**changes)))
    with pytest.raises(ForeignError, match="is a statement about another place or time"):
        foreign.check_case(found.manifest, found.record)


def test_of_a_switch_that_was_changed_the_last_statement_counts() -> None:
    found = check(GOOD)[0]
    gone = said(until=said().since, at="2026-11-23T04:00:00.000Z")
    withdrawn = CaseStatements.model_validate_json(statements(said(), gone))
    with pytest.raises(ForeignError, match="is a statement about another place or time"):
        withdrawn.check_case(found.manifest, found.record)
    CaseStatements.model_validate_json(statements(gone.model_copy(update={"at": said().at}), said(at=gone.at)))


# --- whom the reader trusts -------------------------------------------------------------------------------------------


def test_who_has_only_the_fingerprint_of_the_key_checks_as_much() -> None:
    assert check(GOOD, Trust(fingerprint=CENTRE_KEY.public.fingerprint))[0].trusted
    stage, said = refused(GOOD, Trust(fingerprint=OTHER.public.fingerprint))
    assert stage == "sealer"
    assert "compare with the key" in said


def test_without_a_key_in_hand_all_is_checked_and_nothing_is_trusted() -> None:
    found, passed = check(GOOD, Trust())
    assert not found.trusted
    assert [s for s in STAGES if s not in passed] == ["sealer"]
    forged = case_file(
        {**CONTENTS, "keys/centre.pub": OTHER.public.pem(), "record.json": record(key=OTHER).to_bytes(),
         "proof.json": proof(OTHER), "statements.json": statements(said(), key=OTHER)},
        key=OTHER, change=lambda i: i["keys"][1].update(key_id=OTHER.public.key_id),
    )  # fmt: skip
    assert not check(forged, Trust())[0].trusted  # a centre of somebody's own agrees with itself
    assert refused(forged)[0] == "sealer"


def test_a_record_that_began_before_signing_says_how_much_of_it_is_unsigned() -> None:
    assert check(with_file("record.json", record(unsigned=2).to_bytes()))[0].record.unsigned == 2
    assert check(with_file("record.json", record(unsigned=3).to_bytes()))[0].record.unsigned == 3


def test_a_record_of_before_names_no_digest_and_is_taken() -> None:
    old = record([{"action": "create", "after": {"packet": "p"}}, {"action": "view"},
                  {"action": "issue", "after": {"pdf_sha256": sha256_hex(PAPER)}}])  # fmt: skip
    assert check(with_file("record.json", old.to_bytes()))[1] == list(STAGES)


def test_who_kept_a_checkpoint_sees_that_the_log_is_still_the_same() -> None:
    kept = Checkpoint(CENTRE, 2, "0" * 64, NOW, CENTRE_KEY.public.key_id, "")
    kept = Checkpoint(CENTRE, 2, kept.root, NOW, kept.key_id, CENTRE_KEY.sign(kept.statement()))
    with pytest.raises(ForeignError, match="logs of the same size"):
        check(GOOD, older=kept)
    assert check(GOOD, older=check(GOOD)[0].checkpoint)[0].trusted


@pytest.mark.parametrize("field", ["exported_by", "case", "centre"])
def test_a_forged_file_writes_no_line_of_its_own(field: str) -> None:
    value = json.loads(index_of(CONTENTS).to_bytes()) | {field: "x\nOK     x.zip: \x1b[32mwhole"}
    forged = canonical_json(value)
    with pytest.raises(ForeignError) as caught:
        check(zipped({INDEX: forged, SEAL: b"{}", **CONTENTS}), Trust())
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("field", ["since", "until", "at"])
def test_a_time_that_there_is_not_is_no_crash(field: str) -> None:
    value = json.loads(CONTENTS["statements.json"])
    value["switches"][0]["switch"][field] = "2026-13-45T00:00:00.000Z"
    assert refused(with_file("statements.json", canonical_json(value)))[0] == "statements"
    key = json.loads(index_of(CONTENTS).to_bytes())
    key["keys"][0]["until"] = "2026-13-45T00:00:00.000Z"
    assert refused(zipped({INDEX: canonical_json(key), SEAL: b"{}", **CONTENTS}), Trust())[0] == "index"


def test_a_deep_record_is_no_crash() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    value = CONTENTS["record.json"].replace(b'"after":{}', b'"after":' + deep, 1)
    assert refused(with_file("record.json", value))[0] == "record"


# --- document and code ------------------------------------------------------------------------------------------------

STEPS = {
    int(number): re.findall(r"`([^`]+)`", error)
    for number, error in re.findall(r"^\| (\d+) \| .*? \| (.*?) \| .*\|$", DOCUMENT, re.MULTILINE)
}


def test_every_step_of_the_document_is_cited_where_it_is_checked() -> None:
    sources = [f.read_text(encoding="utf-8") for f in (ROOT / "evidence").glob("*.py")]
    cited = {int(n) for text in sources for n in re.findall(r"case-file-v1 step (\d+)", text)}
    assert cited == set(STEPS)
    assert list(STEPS) == list(range(1, len(STEPS) + 1))
    named = [error for errors in STEPS.values() for error in errors if not error.endswith(": ")]
    assert [error for error in named if not any(error in text for text in sources)] == []


def test_every_stage_has_its_words_and_the_steps_of_the_document() -> None:
    assert list(command.WORDS) == list(command.STEPS) == list(STAGES)
    numbers: list[int] = []
    for span in command.STEPS.values():
        first, _, last = span.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    assert numbers == list(STEPS)


def test_every_field_of_index_and_record_stands_in_the_document() -> None:
    for model in (Index, *(Index.model_fields[n].annotation.__args__[0] for n in ("keys", "files"))):  # type: ignore[union-attr]
        for name, info in model.model_fields.items():
            assert f"| {info.alias or name} |" in DOCUMENT, (model.__name__, name)
    for name in json.loads(CONTENTS["record.json"]) | json.loads(CONTENTS["record.json"])["events"][0]:
        assert f"| {name} |" in DOCUMENT, name


def test_the_check_needs_nothing_of_the_centre() -> None:
    asked = "import sys, evidence.case_file; print({m.partition('.')[0] for m in sys.modules} & {'central', 'countries', 'common', 'sqlalchemy'})"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_the_test_s_own_file_names_what_it_says() -> None:
    assert (KEYS[0].key_id, CASE, len(NAMES)) == (KEY.public.key_id, CASE, 9)
