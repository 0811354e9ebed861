"""Every kept paper is judged by its signature: the bytes, the certificate as of then, the account, the power."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from asn1crypto import x509 as asn1_x509
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from central.audit.papers import PaperAudit
from central.audit.stored import audit
from central.casefile.handing_out import hand_out
from central.cases.lifecycle import Action
from central.cases.log import events
from central.centre import Centre
from central.notices import proceedings
from central.store.case_tables import CaseRow
from countries.here import HERE
from countries.signing_rights import right_faults
from evidence.acts import ActCode
from evidence.canonical import sha256_hex
from evidence.paper_signature import read_certificates, signatures_of
from evidence.revocation import read_lists, revocation_of
from evidence.signed_papers import NamedPaper, Trusted, judge, named_papers, read_trusted
from tests.central.build import HOA, LAN, NOW, OFFICE, TRUONG, HandClock, prepared
from tests.central.signing_keys import Authority, as_asn1, rsa_key, signer, signing
from tests.central.test_signing import HOA_NAME, TRUONG_NAME, issue, signing_centre, words
from tests.central.web_people import make_web
from tools.command.cli import cli


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Centre]:
    """Two notices by Hoa a minute apart, the first taken back by Trưởng. What a test alters it puts right again."""
    folder, clock = tmp_path_factory.mktemp("signed"), HandClock()
    made = signing_centre(folder, authority, clock=clock)
    first, second = prepared(made), prepared(made)
    issue(made, first)
    clock.forward(minutes=1)
    issue(made, second)
    proceedings.take(
        made.db, first, TRUONG, Action.WITHDRAW, {"on": "2026-11-23", "reason": "cloned_plate"}, "biển giả",
        desk=made.notices, now=clock.now,
    )  # fmt: skip
    yield made
    made.db.dispose()


@pytest.fixture
def trusted(authority: Authority) -> Trusted:
    return Trusted(read_certificates(authority.pem, where="ca"))


def papers(centre: Centre, number: int = 1) -> list[tuple[bytes, NamedPaper]]:
    """The papers of a case, each as it is kept and as its record names it."""
    with centre.db.read() as session:
        row = session.query(CaseRow).filter_by(number=number).one()
        named = list(named_papers(events(session, row.id), act=row.act, kind=row.kind))
    return [(centre.store.read(paper.sha256), paper) for paper in named]


def faults(pdf: bytes, paper: NamedPaper, trusted: Trusted) -> str:
    return "; ".join(judge(pdf, paper, trusted).faults)


def moved(pdf: bytes, paper: NamedPaper) -> NamedPaper:
    """The same paper in a record that names these bytes: what somebody with the centre's key could write."""
    return replace(paper, sha256=sha256_hex(pdf))


def test_each_paper_of_a_case_is_named_with_who_signed_it_and_holds(centre: Centre, trusted: Trusted) -> None:
    found = papers(centre)
    assert [(p.code, p.number, p.actor) for _, p in found] == [
        ("notice", "01/TB-PC08", "hoa"), ("withdrawal", "03/TB-PC08", "truong"),
    ]  # fmt: skip
    for pdf, paper in found:
        judged = judge(pdf, paper, trusted)
        assert judged.faults == ()
        assert judged.signature is not None
        assert judged.signature.revocation == "whether the certificate was revoked was not asked"
        assert paper.said is not None
        assert not list(right_faults(paper.said, act=paper.act, kind=paper.kind, occurred_at=NOW, country=HERE))


def appended(pdf: bytes) -> bytes:
    """With a further revision, as an editor writes it."""
    writer, out = IncrementalPdfFileWriter(io.BytesIO(pdf)), io.BytesIO()
    writer.root["/Added"] = pdf_string("thêm")
    writer.update_root()
    writer.write(out)
    return out.getvalue()


def test_what_was_done_to_a_paper_is_one_clear_sentence(centre: Centre, trusted: Trusted) -> None:
    (pdf, paper), (other, _) = papers(centre)[0], papers(centre, 2)[0]
    middle = pdf.index(b"stream") + 40
    flipped = pdf[:middle] + bytes([pdf[middle] ^ 1]) + pdf[middle + 1 :]
    for why, altered, says in (
        ("one byte", flipped, "was altered after it was signed"),
        ("appended", appended(pdf), "something was added after it was signed"),
        ("of another case", other, "was signed at 2026-11-23T03:01:00"),
        ("no paper", b"%PDF-1.7", "is no PDF that can be read"),
    ):
        assert faults(altered, paper, trusted) == "is another paper than the one that its record names", why
        assert says in faults(altered, moved(altered, paper), trusted), why


def test_another_account_than_the_record_says_is_told(centre: Centre, trusted: Trusted) -> None:
    (pdf, paper), (by_truong, _) = papers(centre)
    told = faults(by_truong, moved(by_truong, paper), trusted)
    assert f"with a certificate of {TRUONG_NAME}" in told
    assert f"by Thượng tá {TRUONG_NAME}, its record says by Thượng tá {HOA_NAME}" in told
    assert "hoa signed it, and that binh took the step" in faults(pdf, replace(paper, actor="binh"), trusted)
    for name, value, says in (
        ("certificate_sha256", "0" * 64, "with another"),
        ("name", "Thượng tá Ai Đó", "Ai Đó"),
        ("at", "2026-11-23T02:00:00.000Z", "02:00"),
        ("at", "hôm qua", "hôm qua"),
        ("stamped_at", "2026-11-23T03:00:00.000Z", "its timestamp is of no time"),
    ):
        assert paper.said is not None
        assert says in faults(pdf, replace(paper, said={**paper.said, name: value}), trusted), name


def test_signed_or_not_as_the_record_says(centre: Centre, trusted: Trusted, tmp_path: Path) -> None:
    pdf, paper = papers(centre)[0]
    assert faults(pdf, replace(paper, said=None), trusted) == "bears a signature that its record does not name"
    from tests.central.build import make_centre

    made = make_centre(tmp_path / "by-hand")
    unsigned = issue(made, prepared(made))
    assert faults(unsigned, replace(moved(unsigned, paper), said=None), trusted) == ""
    assert faults(unsigned, moved(unsigned, paper), trusted) == (
        "bears no signature, its record says that hoa signed it"
    )
    made.db.dispose()


def test_without_authorities_all_but_the_certificate_is_judged(centre: Centre, authority: Authority) -> None:
    pdf, paper = papers(centre)[0]
    judged = judge(pdf, paper, Trusted())
    assert judged.faults == ()
    assert judged.signature is not None
    assert judged.signature.trusted is None
    stranger = Trusted(read_certificates(Authority("CA khác").pem, where="ca"))
    assert faults(pdf, paper, stranger) == "the certificate leads to no authority in hand"
    assert "altered" in faults(
        pdf.replace(b"/Name", b"/Nome", 1), moved(pdf.replace(b"/Name", b"/Nome", 1), paper), Trusted()
    )


def test_a_certificate_that_had_run_out_when_it_signed_is_told(tmp_path: Path, authority: Authority) -> None:
    """The centre refuses to sign then; a paper made past it is judged by its own time."""
    hoa = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1, until=NOW + timedelta(days=20))
    made = signing_centre(tmp_path, authority, hoa)
    case_id = prepared(made)
    plain = issue(made, case_id)
    (_, paper), trusted = papers(made)[0], Trusted(read_certificates(authority.pem, where="ca"))
    assert judge(plain, paper, trusted).faults == ()
    from central.signing import rim

    late = NOW + timedelta(days=30)
    opened = made.notices.signing._keys()["hoa"]  # type: ignore[attr-defined]
    with opened.signer() as key:
        pdf = rim._sign(_blank(), key, rim._metadata(opened.identity), None, late)
    assert paper.said is not None
    then = {**paper.said, "at": "2026-12-23T03:00:00.000Z"}
    assert faults(pdf, replace(moved(pdf, paper), said=then), trusted) == (
        "the certificate did not hold when it was signed"
    )
    made.db.dispose()


def _blank() -> bytes:
    from central.cli_signers import _blank

    return _blank()


@pytest.mark.parametrize(
    ("post", "changes", "says"),
    [
        ("station_head", {}, []),
        ("officer", {"post": "officer", "power": 7_500_000}, ["may fine up to 7,500,000", "up to 20,000,000"]),
        ("a power that was written larger", {"power": 90_000_000}, ["gives 90000000 as the power, the law 22500000"]),
        ("a band that was written smaller", {"band_most": 600_000}, ["gives 600000 as the band, the law 20000000"]),
        ("an office that there is not", {"post": "sheriff"}, ["cannot be judged", "sheriff"]),
        ("before there is law data", {"at": "2020-01-01T00:00:00.000Z"}, ["cannot be judged"]),
    ],
)
def test_the_power_of_the_office_is_judged_by_the_law_and_not_by_the_record(
    post: str, changes: dict[str, Any], says: list[str], centre: Centre
) -> None:
    _, paper = papers(centre)[0]
    assert paper.said is not None
    told = "; ".join(
        right_faults({**paper.said, **changes}, act=ActCode.RED_LIGHT.value, kind="car", occurred_at=NOW, country=HERE)
    )
    assert bool(told) == bool(says), post
    for each in says:
        assert each in told


def test_a_notice_that_was_taken_back_is_shown_struck_and_kept_and_handed_out_as_it_was_signed(
    tmp_path: Path, authority: Authority
) -> None:
    hoa = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1)
    web = make_web(tmp_path / "centre", signing=signing(tmp_path / "keys", authority, hoa))
    case_id = prepared(web.centre)
    signed = issue(web.centre, case_id)
    lan, at = web.person(LAN), f"/desk/approve/{case_id}/notice.pdf"
    assert lan.get(at).content == signed
    proceedings.take(
        web.centre.db, case_id, HOA, Action.WITHDRAW, {"on": "2026-11-23", "reason": "sold"}, "đã bán",
        desk=web.centre.notices, now=web.clock.now,
    )  # fmt: skip
    for address in (at, f"{at}?download=1"):
        shown = lan.get(address).content
        assert shown.startswith(signed)
        assert "KHÔNG CÒN GIÁ TRỊ" in words(shown)
        (told,) = signatures_of(shown, read_certificates(authority.pem, where="ca"))
        assert told.fault == "something was added after it was signed", "nobody takes it for the notice"
    (pdf, paper), (withdrawal, its) = papers(web.centre)
    assert pdf == signed
    assert judge(pdf, paper, Trusted(read_certificates(authority.pem, where="ca"))).faults == ()
    assert lan.get(f"/desk/cases/{case_id}/papers/withdrawal-{its.sequence}.pdf").content == withdrawal, (
        "this one holds"
    )
    with hand_out(web.centre, case_id, HOA).file as made, zipfile.ZipFile(made) as archive:
        assert archive.read("documents/notice.pdf") == signed
    web.centre.db.dispose()


# --- revoked


def revoked_list(
    authority: Authority, *serials: int, at: datetime = NOW, on: datetime = NOW + timedelta(days=3)
) -> bytes:
    made = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    made = made.last_update(on).next_update(on + timedelta(days=7))
    for serial in serials:
        made = made.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        )
    return made.sign(authority.key, SHA256()).public_bytes(Encoding.PEM)


def test_whether_a_certificate_was_revoked_is_said_by_a_list_of_its_own_authority_alone(authority: Authority) -> None:
    own = as_asn1(authority.issue(rsa_key(5), "Ai Đó"))
    chain = [as_asn1(authority.certificate)]
    stranger = Authority(authority.name)  # of the same name, with another key
    day = timedelta(days=1)
    for why, data, state, says in (
        ("no list", b"", "not_asked", "not asked"),
        ("not on it", revoked_list(authority, 4711), "good", "was not revoked"),
        ("before", revoked_list(authority, own.serial_number, at=NOW - day), "revoked", "before it signed"),
        ("after", revoked_list(authority, own.serial_number, at=NOW + day), "good", "after it signed"),
        ("an older list", revoked_list(authority, 4711, on=NOW - day), "not_asked", "older than the signature"),
        ("somebody else's", revoked_list(stranger, own.serial_number, at=NOW - day), "not_asked", "not asked"),
    ):
        known = read_lists(data, where="x") if data else ()
        found = revocation_of(own, chain, known, NOW)
        assert (found.state, says in found.words) == (state, True), why


def test_a_paper_signed_with_a_revoked_certificate_is_at_fault(centre: Centre, authority: Authority) -> None:
    pdf, paper = papers(centre)[0]
    roots = read_certificates(authority.pem, where="ca")
    serial = _certificate_of(pdf, roots).serial_number
    before = read_lists(revoked_list(authority, serial, at=NOW - timedelta(days=1)), where="x")
    assert "was revoked on 2026-11-22, before it signed" in faults(pdf, paper, Trusted(roots, before))
    clean = judge(pdf, paper, Trusted(roots, read_lists(revoked_list(authority), where="x")))
    assert clean.faults == ()
    assert clean.signature is not None
    assert clean.signature.revocation == "the certificate was not revoked (list of 2026-11-26)"


def _certificate_of(pdf: bytes, _roots: object) -> asn1_x509.Certificate:
    return PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[0].signer_cert


# --- the commands


def audited(centre: Centre, trusted: Trusted) -> tuple[tuple[str, ...], str]:
    judged = PaperAudit(centre.store, trusted)
    with centre.db.read() as session:
        found = audit(session, centre.key.public, centre=centre.config.centre_id, papers=judged)
    return found.faults, judged.told()


def test_the_audit_judges_every_paper_and_finds_what_was_exchanged_on_the_disk(
    centre: Centre, trusted: Trusted
) -> None:
    assert audited(centre, trusted) == (
        (), "3 signed papers; of 3 it was not asked whether the certificate was revoked",
    )  # fmt: skip
    assert audited(centre, Trusted())[0] == (
        "3 signed papers: by whose certificate is not known, no authority is in hand",
    )
    (pdf, paper), (other, _) = papers(centre)[0], papers(centre, 2)[0]
    path = centre.store.path(paper.sha256)
    path.chmod(0o644)
    for altered in (other, pdf + b" ", pdf[:-1]):
        path.write_bytes(altered)
        (fault,) = audited(centre, trusted)[0]
        assert fault.startswith("case 1: notice 01/TB-PC08: ")
    path.write_bytes(pdf)
    assert audited(centre, trusted)[0] == ()


def test_two_accounts_never_sign_with_one_certificate(centre: Centre, trusted: Trusted) -> None:
    judged = PaperAudit(centre.store, trusted)
    assert list(judged._one_account({"account": "hoa", "certificate_sha256": "ab"})) == []
    assert list(judged._one_account({"account": "hoa", "certificate_sha256": "ab"})) == []
    assert list(judged._one_account({"account": "binh", "certificate_sha256": "ab"})) == [
        "was signed for binh with the certificate that hoa signs with"
    ]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


@pytest.fixture
def desk(tmp_path: Path, authority: Authority) -> Iterator[tuple[Centre, Path]]:
    """A centre with its configuration as a file, an authority's certificate beside it, and a signed notice."""
    hoa = signer(tmp_path / "keys", authority, "hoa", HOA_NAME, key=1)
    section = signing(tmp_path / "keys", authority, hoa)
    settings = {"schema_version": 1, "data_dir": "centre", "second_reader": False, "office": OFFICE}
    for name, more in (("central.yaml", {"signing": section}), ("plain.yaml", {})):
        (tmp_path / name).write_text(yaml.safe_dump({**settings, **more}), "utf-8")
    made = signing_centre(tmp_path, authority, hoa)
    issue(made, prepared(made))
    (tmp_path / "centre.pub").write_bytes(made.key.public.pem())
    yield made, tmp_path
    made.db.dispose()


def test_the_command_says_in_a_line_what_is_wrong_and_ends_with_1(
    desk: tuple[Centre, Path], authority: Authority
) -> None:
    centre, folder = desk
    ca = folder / "keys" / "ca.pem"
    good = run("central", "audit", "--config", folder / "central.yaml")
    assert (good.exit_code, good.output.splitlines()[-1]) == (
        0, "1 signed papers; of 1 it was not asked whether the certificate was revoked",
    )  # fmt: skip
    unknown = run("central", "audit", "--config", folder / "plain.yaml")
    assert unknown.exit_code == 1
    assert "no authority is in hand" in unknown.output
    assert run("central", "audit", "--config", folder / "plain.yaml", "--authorities", ca).exit_code == 0
    assert run("central", "audit", "--config", folder / "plain.yaml", "--no-papers").exit_code == 0
    pdf, _ = papers(centre)[0]
    crl = folder / "revoked.pem"
    crl.write_bytes(revoked_list(authority, _certificate_of(pdf, None).serial_number, at=NOW - timedelta(days=2)))
    revoked = run("central", "audit", "--config", folder / "central.yaml", "--revoked", crl)
    assert revoked.exit_code == 1
    assert "case 1: notice 01/TB-PC08: the certificate was revoked on 2026-11-21, before it signed" in revoked.output
    missing = run("central", "audit", "--config", folder / "central.yaml", "--authorities", folder / "nowhere.pem")
    assert missing.exit_code == 1
    assert "nowhere.pem" in missing.output


def test_a_court_judges_the_papers_of_a_case_file_offline(desk: tuple[Centre, Path], authority: Authority) -> None:
    centre, folder = desk
    with centre.db.read() as session:
        case_id = session.query(CaseRow).one().id
    file = folder / "ho-so.zip"
    with hand_out(centre, case_id, HOA).file as made:
        file.write_bytes(made.read())
    key = ("--centre-key", folder / "centre.pub")
    bare = run("verify", file, *key)
    assert bare.exit_code == 0, bare.output
    assert "NOTE   documents/notice.pdf: " in bare.output
    known = run("verify", file, *key, "--authorities", folder / "keys" / "ca.pem")
    assert known.exit_code == 0
    (line,) = [line for line in known.output.splitlines() if "documents/notice.pdf" in line]
    assert line.startswith("OK")
    assert f"signed by Thượng tá {HOA_NAME} (hoa)" in line
    assert "whether the certificate was revoked was not asked" in line
    stranger = folder / "stranger.pem"
    stranger.write_bytes(Authority("CA khác").pem)
    bad = run("verify", file, *key, "--authorities", stranger, "--extract", folder / "never")
    assert bad.exit_code == 1
    assert "BAD    documents/notice.pdf: the certificate leads to no authority in hand" in bad.output
    assert "the file is whole, and signatures of its papers do not hold" in bad.output.splitlines()[-1]
    assert not (folder / "never").exists()
    told = json.loads(run("verify", file, *key, "--authorities", stranger, "--json").output)
    assert (told["ok"], told["papers"][0]["faults"]) == (False, ["the certificate leads to no authority in hand"])
    assert run("verify", folder / "x.glp", "--key", folder / "centre.pub", "--authorities", stranger).exit_code == 2
    with zipfile.ZipFile(file) as archive:
        assert "documents/notice.pdf" in archive.namelist()


def test_files_of_certificates_and_lists_are_read_or_refused_in_words(tmp_path: Path, authority: Authority) -> None:
    ca, crl = tmp_path / "ca.pem", tmp_path / "crl.pem"
    ca.write_bytes(authority.pem)
    crl.write_bytes(revoked_list(authority))
    found = read_trusted([ca], [crl])
    assert (len(found.authorities), len(found.revoked)) == (1, 1)
    from evidence.errors import KeyFileError

    for roots, lists, says in (([crl], [], "holds no certificate"), ([ca], [ca], "holds no list of revoked")):
        with pytest.raises(KeyFileError, match=says):
            read_trusted(roots, lists)
