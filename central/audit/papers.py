"""Is every kept paper signed as its record says: by whom, with which certificate, in which office?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from central.signing.settings import SigningSettings
from central.store.blobs import BlobStore
from central.store.case_tables import CaseEventRow, CaseRow
from countries.here import HERE
from countries.signing_rights import right_faults
from evidence.errors import GiaoLoError
from evidence.packet import Manifest
from evidence.signed_papers import NamedPaper, Trusted, judge, named_papers, read_trusted


def trusted(
    settings: SigningSettings | None, *, authorities: Sequence[Path] = (), revoked: Sequence[Path] = ()
) -> Trusted:
    """What the configuration believes, and these files. Keys and their passphrases are not asked for.

    Raises `KeyFileError`.
    """
    roots, lists = list(authorities), list(revoked)
    if settings is not None:
        roots += [*settings.authorities, *(settings.timestamps.authorities if settings.timestamps else ())]
        lists += settings.revoked
    return read_trusted(roots, lists)


@dataclass
class PaperAudit:
    """Judges the papers of one case after the other, and counts. `unknown`: signed papers whose certificate could not
    be judged, as no authority is in hand; `unasked`: those of which no list says whether it was revoked."""

    store: BlobStore
    trusted: Trusted
    signed: int = 0
    unknown: int = 0
    unasked: int = 0
    _accounts: dict[str, str] = field(default_factory=dict)

    def faults(self, case: CaseRow, events: Sequence[CaseEventRow], manifest: Manifest) -> Iterator[str]:
        """A sentence for each fault of the papers of a case that was not deleted."""
        kind = HERE.law.KIND_OF_CLASS[manifest.vehicle.cls]
        for paper in named_papers(events, act=manifest.act.code.value, kind=kind):
            for fault in self._of(paper, case):
                yield f"{paper.name}: {fault}"

    def _of(self, paper: NamedPaper, case: CaseRow) -> Iterator[str]:
        said = paper.said
        self.signed += said is not None
        try:
            pdf = self.store.read(paper.sha256)
        except GiaoLoError as error:
            yield error.what
            return
        found = judge(pdf, paper, self.trusted)
        yield from found.faults
        if said is None:
            return
        yield from right_faults(said, act=paper.act, kind=paper.kind, occurred_at=case.occurred_at, country=HERE)
        yield from self._one_account(said)
        if found.signature is not None:
            self.unknown += found.signature.trusted is None
            self.unasked += "not asked" in found.signature.revocation

    def _one_account(self, said: Any) -> Iterator[str]:
        """A certificate is one person's: no two accounts sign with it."""
        account = str(said.get("account"))
        first = self._accounts.setdefault(str(said.get("certificate_sha256")), account)
        if first != account:
            yield f"was signed for {account} with the certificate that {first} signs with"

    def unjudged(self) -> str:
        """The one sentence for all papers whose certificates could not be judged; empty if none."""
        if not self.unknown:
            return ""
        return f"{self.unknown} signed papers: by whose certificate is not known, no authority is in hand"

    def told(self) -> str:
        """What was looked at, in one line."""
        asked = f"; of {self.unasked} it was not asked whether the certificate was revoked" if self.unasked else ""
        return f"{self.signed} signed papers{asked}"
