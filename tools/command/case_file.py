"""`giaolo verify` of a case's file: every step of docs/case-file-v1.md in words, and the files once all of it holds."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from evidence.case_file import STAGES, CaseFile, Stage, Trust, check_case_file
from evidence.errors import GiaoLoError, printable
from evidence.fixed_zip import pieces
from evidence.log_proof import Checkpoint
from evidence.packet import utc_text
from evidence.signed_papers import Trusted
from tools.command.papers import PaperVerdict, judged

MAGIC = b"PK"
SUFFIX = ".zip"

STEPS: dict[Stage, str] = {
    "archive": "1-4", "index": "5-8", "files": "9-10", "keys": "11", "sealer": "12-13", "packet": "14-16",
    "originals": "17", "record": "18-24", "proof": "25-26", "documents": "27",
    "statements": "28-32",
}  # fmt: skip
"""Numbers of the document."""
WORDS: dict[Stage, tuple[str, str]] = {
    "archive": (
        "Tệp ZIP đúng dạng quy định, không bị cắt, không nén, không có gì nằm ngoài các tệp",
        "the ZIP has the fixed form: not cut off, nothing compressed, nothing beside its files",
    ),
    "index": ("Danh mục và chữ ký kèm theo đúng dạng", "index and seal have their form"),
    "files": (
        "Đủ các tệp trong danh mục, không thừa không thiếu, mỗi tệp đúng mã SHA-256",
        "the files are those of the index, each with its SHA-256",
    ),
    "keys": ("Các khóa công khai là khóa nêu trong danh mục", "the keys are those that the index names"),
    "sealer": (
        "Danh mục do trung tâm ký, bằng khóa mà người kiểm tra đã có",
        "the centre signed the index, with the key that you have",
    ),
    "packet": (
        "Gói chứng cứ nguyên vẹn và do thiết bị niêm phong, bằng khóa đã đăng ký",
        "the packet is whole and sealed by the device, with its registered key",
    ),
    "originals": (
        "Ảnh và đoạn ghi hình để ngoài đúng là tệp trong gói chứng cứ",
        "pictures and clip beside the packet are those in it",
    ),
    "record": (
        "Nhật ký liền mạch, không bị sửa, thêm, bớt; do trung tâm ký",
        "the record is unbroken, unaltered and signed by the centre",
    ),
    "proof": (
        "Gói chứng cứ có trong sổ chỉ ghi thêm mà trung tâm đã ký",
        "the packet stands in the append-only log that the centre signed",
    ),
    "documents": ("Văn bản kèm theo là văn bản mà nhật ký nêu", "the papers are those that the record names"),
    "statements": (
        "Ghi nhận về tín hiệu do trung tâm ký, có trong sổ, đúng nơi và lúc của vụ việc, không thiếu ghi nhận nào",
        "what was recorded of the signals is signed, logged, about this place and time, and none is left out",
    ),
}


class ExtractError(GiaoLoError):
    """The files cannot be written there."""


@dataclass
class CaseVerdict:
    """`passed`: the stages that held. `fault` empty: all that could be checked did. `papers`: what is signed by key."""

    file: str
    passed: list[Stage] = field(default_factory=list)
    fault: str = ""
    found: CaseFile | None = None
    papers: list[PaperVerdict] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whole, sealed with a key that the reader had before, and no signature of a paper is at fault."""
        return self.found is not None and self.found.trusted and not any(paper.faults for paper in self.papers)

    @property
    def failed(self) -> Stage | None:
        """The stage in which it stopped."""
        if not self.fault or self.found is not None:
            return None
        return next(stage for stage in STAGES if stage not in self.passed)


def is_case_file(path: Path) -> bool:
    """Whether a file is to be read as the file of a case: by its name, or by what it starts with."""
    if path.suffix.lower() == SUFFIX:
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def check(
    path: Path, trust: Trust, older: Checkpoint | None, folder: Path | None, signers: Trusted | None = None
) -> CaseVerdict:
    """Every check of one file; the first fault is told. With `folder`, its files are written there if all holds."""
    verdict = CaseVerdict(str(path))
    try:
        with path.open("rb") as source:
            verdict.found = check_case_file(source, trust, passed=verdict.passed.append, older=older)
            verdict.papers = judged(source, verdict.found, signers or Trusted())
            if folder is not None and verdict.good:
                extract(source, verdict.found, folder)
    except GiaoLoError as error:
        verdict.fault = str(error)
    except OSError as error:
        verdict.fault = f"{error.filename or path}: {error.strerror}"
    return verdict


def extract(source: BinaryIO, found: CaseFile, folder: Path) -> None:
    """Write the files into a folder that is new or empty, each read-only. Raises `ExtractError`.

    Names were checked (steps 3 and 9): small letters, at most one folder, none that leads elsewhere.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExtractError("is not an empty folder", where=str(folder), remedy="name a new one")
    digests = {f.name: f.sha256 for f in found.index.files}
    for entry in found.entries:
        target, hasher = folder / entry.name, hashlib.sha256()
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces(source, entry):
                hasher.update(piece)
                file.write(piece)
        if hasher.hexdigest() != digests.get(entry.name, hasher.hexdigest()):
            raise ExtractError("was changed while it was unpacked", where=str(target), remedy="unpack it again")


def lines(verdict: CaseVerdict, folder: Path | None) -> Iterator[str]:
    """What is printed, the country's language first."""
    for stage in verdict.passed:
        yield f"OK     {_step(stage)}: {' / '.join(WORDS[stage])}"
    found = verdict.found
    if verdict.failed is not None:
        yield f"BAD    {verdict.file}: {_step(verdict.failed)}: {verdict.fault}"
        return
    assert found is not None
    index, record = found.index, found.record
    yield (
        f"CASE   {index.number} ({index.case}), centre {index.centre}, handed out {index.exported_at} by "
        f"{index.exported_by}; {found.manifest.act.code.value} at {utc_text(found.manifest.act.occurred_at)}, node "
        f"{index.packet.node}, packet sha256 {index.packet.digest}"
    )
    older = f", the first {record.unsigned} older than signing" if record.unsigned else ""
    log = found.checkpoint
    yield f"       {len(record.events)} events{older}; entry of a log of {log.size} at {utc_text(log.at)}"
    yield from _said(found)
    for paper in verdict.papers:
        yield from paper.lines()
    if verdict.fault:
        yield f"BAD    {verdict.file}: {verdict.fault}"
    elif not found.trusted:
        yield (
            f"BAD    {verdict.file}: Chưa rõ ai đã ký: so dấu vân tay khóa này với khóa mà đơn vị công bố / who signed "
            f"is not known: compare this fingerprint with the one that the unit has made known: "
            f"{found.sealer.fingerprint} -> --centre-key FILE, or --fingerprint SHA256"
        )
    elif verdict.good:
        if folder is not None:
            yield f"       {len(found.entries)} files in {folder}"
        yield f"OK     {verdict.file}: Hồ sơ nguyên vẹn / the file of the case is whole"
    else:
        yield (
            f"BAD    {verdict.file}: Hồ sơ nguyên vẹn, nhưng chữ ký số của văn bản có lỗi / the file is whole, and "
            f"signatures of its papers do not hold"
        )


def _said(found: CaseFile) -> Iterator[str]:
    """What people had recorded of the signals."""
    if found.statements is None:
        yield (
            "       Hồ sơ phiên bản 1 không cho biết có ghi nhận nào về tín hiệu hay không / a file of version 1 does "
            "not tell what was recorded of the signals"
        )
        return
    last = found.statements.last
    for each in found.statements.switches:
        said = each.switch
        place = "/".join(part for part in (said.node, said.camera, said.line) if part)
        later = "" if last[said.id] == said else ", recorded anew later"
        told = f"{said.kind}: {place}, {said.since} to {said.until}{later}; by {said.by} at {said.at}: {said.why}"
        yield f"SAID   {printable(told)}"


def as_json(verdict: CaseVerdict) -> str:
    """The same as one JSON object."""
    told: dict[str, object] = {
        "ok": verdict.good and not verdict.fault, "file": verdict.file, "fault": verdict.fault,
        "passed": [{"stage": s, "steps": STEPS[s]} for s in verdict.passed], "failed": verdict.failed,
    }  # fmt: skip
    found = verdict.found
    if found is not None:
        told |= {
            "trusted": found.trusted, "sealed_by": found.sealer.fingerprint, "case": found.index.case,
            "number": found.index.number, "centre": found.index.centre, "exported_at": found.index.exported_at,
            "exported_by": found.index.exported_by, "digest": found.index.packet.digest,
            "events": len(found.record.events), "unsigned": found.record.unsigned, "log": found.checkpoint.size,
            "papers": [paper.as_dict() for paper in verdict.papers],
            "statements": None if found.statements is None else [
                each.switch.model_dump(mode="json", by_alias=True) for each in found.statements.switches
            ],
        }  # fmt: skip
    return json.dumps(told)


def _step(stage: Stage) -> str:
    return f"Bước/Step {STEPS[stage]}"
