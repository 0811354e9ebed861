"""What stands in a centre whose desk is measured: many made-up cases, and some that came as a box sends them."""

from __future__ import annotations

import io

import click
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text

from central.cases.lifecycle import Officer, Role
from central.centre import Centre, utc_now
from central.intake.gate import Gate
from central.intake.nodes import add_node
from central.store.case_tables import CaseRow
from central.users import create_user
from evidence.packet import FileRole, Plate, PlateCandidate
from evidence.seal import SigningKey
from tools.bench.desk_fill import fill
from tools.bench.device_papers import enter_papers
from tools.bench.packets import NODE, PacketMaker

HEAD = Officer("bench-head", Role.HEAD, "Trung tá Nguyễn Văn Đo")
OTHER = Officer("bench-other", Role.OFFICER, "Đại úy Trần Thị Đếm")
_MANY_NODE = "bench-many"
_STILL_PX = (1920, 1080)


def stock(centre: Centre, n: int, to_decide: int) -> tuple[str, list[str]]:
    """`n` made-up cases; one that came as a box sends it, to look at, and so many that can be decided: their ids."""
    key, now = SigningKey.generate(), utc_now()
    with centre.db.write() as session:
        for name, its in ((NODE, key), (_MANY_NODE, SigningKey.generate())):
            add_node(session, name, its.public, now=now)
        enter_papers(session, NODE, "cam-1", now=now)
        for person in (HEAD, OTHER):
            create_user(session, person.username, "đo bàn làm việc", role=person.role, full_name=person.full_name,
                        now=now)  # fmt: skip
    fill(centre.db, n, node=_MANY_NODE, now=now)
    if centre.db.dialect == "postgresql":  # as a server that runs for a while has done by itself
        with centre.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
    maker = PacketMaker(key, clip=_clip(), stills=_stills(1), size=_STILL_PX)
    looked_at = _take_in(centre, maker)
    decided = []
    for number in range(to_decide):
        plate = f"37B{10_000 + number}"  # borne by none of the many
        maker.plate = Plate(
            text=plate, confidence=0.95, colour="white", n_best=[PlateCandidate(text=plate, probability=0.95)]
        )
        maker.stills = _stills(number + 2)  # copies of pictures are kept: each case has its own
        decided.append(_take_in(centre, maker))
    return looked_at, decided


def _take_in(centre: Centre, maker: PacketMaker) -> str:
    manifest, data = maker.next()
    outcome = Gate.of(centre).accept(NODE, manifest.packet_id, data)
    if outcome.status != "stored":
        raise click.ClickException(f"the centre did not take the packet: {outcome}")
    with centre.db.read() as session:
        return session.scalars(select(CaseRow.id).where(CaseRow.packet_id == manifest.packet_id)).one()


def _stills(seed: int) -> dict[FileRole, bytes]:
    roles: tuple[FileRole, ...] = ("still_before", "still_on", "still_after")
    return {role: _jpeg(len(roles) * seed + n) for n, role in enumerate(roles)}


def _noise(seed: int) -> NDArray[np.uint8]:
    """A picture of the camera's size that packs as badly as a street."""
    import cv2

    coarse = np.random.default_rng(seed).integers(0, 255, (*(v // 8 for v in _STILL_PX[::-1]), 3), dtype=np.uint8)
    return cv2.resize(coarse, _STILL_PX).astype(np.uint8)


def _jpeg(seed: int) -> bytes:
    import cv2

    return bytes(cv2.imencode(".jpg", _noise(seed))[1])


def _clip() -> bytes:
    """A second of video: the page of a case opens it to say how long it is."""
    import av

    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=25, width=_STILL_PX[0], height=_STILL_PX[1], pix_fmt="yuv420p")
        for n in range(25):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(_noise(n), format="bgr24")))
        out.mux(stream.encode())
    return made.getvalue()
