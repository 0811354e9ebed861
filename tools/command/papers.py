"""`giaolo verify` of the papers in a case's file that are signed by key: each as of the time when it was signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from countries.here import HERE
from countries.signing_rights import right_faults
from evidence.case_file import CaseFile
from evidence.fixed_zip import content
from evidence.signed_papers import Judged, Trusted, judge, named_papers


@dataclass(frozen=True)
class PaperVerdict:
    """`faults` empty: what could be judged holds. `known`: its certificate was judged; else no authority was given."""

    file: str
    faults: tuple[str, ...]
    judged: Judged | None = None

    @property
    def known(self) -> bool:
        return self.judged is not None and self.judged.signature is not None and bool(self.judged.signature.trusted)

    def lines(self) -> Iterator[str]:
        """What is printed, the country's language first: a line for each fault, or one for all."""
        for fault in self.faults:
            yield f"BAD    {self.file}: {fault}"
        signature = self.judged.signature if self.judged else None
        if self.faults or signature is None or self.judged is None or self.judged.paper.said is None:
            return
        said = self.judged.paper.said
        who = f"{signature.name} ({said['account']}), {signature.at:%Y-%m-%d %H:%M:%S} UTC"
        if self.known:
            yield (
                f"OK     {self.file}: Chữ ký số còn nguyên, đúng người, đúng thẩm quyền / signed by {who}, certificate "
                f"by {signature.issuer}; {signature.revocation}"
            )
        else:
            yield (
                f"NOTE   {self.file}: Chưa xét chứng thư của người ký / not altered since {who}; by whose certificate "
                f"was not asked -> --authorities FILE"
            )

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        signature = self.judged.signature if self.judged else None
        told: dict[str, object] = {"file": self.file, "faults": list(self.faults), "certificate_judged": self.known}
        if signature is not None:
            told |= {"signed_by": signature.name, "certificate": signature.certificate, "issuer": signature.issuer,
                     "revocation": signature.revocation}  # fmt: skip
        return told


def judged(source: BinaryIO, found: CaseFile, signers: Trusted) -> list[PaperVerdict]:
    """Every paper that the record names as signed by key, and every one that bears a signature all the same."""
    manifest, entries = found.manifest, {e.name: e for e in found.entries}
    by_digest = {f.sha256: f.name for f in found.index.named("document")}
    kind = HERE.law.KIND_OF_CLASS[manifest.vehicle.cls]
    verdicts = []
    for paper in named_papers(found.record.events, act=manifest.act.code.value, kind=kind):
        name = by_digest.get(paper.sha256)
        if name is None:
            if paper.said is not None:
                verdicts.append(PaperVerdict(paper.name, ("is signed, its record says, and is not in the file",)))
            continue
        one = judge(content(source, entries[name]), paper, signers)
        faults = list(one.faults)
        if paper.said is not None:
            faults += right_faults(
                paper.said, act=paper.act, kind=paper.kind, occurred_at=manifest.act.occurred_at, country=HERE
            )
        if paper.said is not None or faults:
            verdicts.append(PaperVerdict(name, tuple(faults), one))
    return verdicts
