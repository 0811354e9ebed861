"""A whole installation with real parts: Mosquitto, PostgreSQL, the centre and one box, each a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from central.store.case_tables import CaseRow
from central.store.packet_tables import NodeRow, PacketRow
from central.store.packets import container_of
from edge.delivery.outbox import Outbox
from evidence.canonical import sha256_hex
from evidence.container import verify_packet
from evidence.packet import Manifest
from evidence.seal import SigningKey, VerifyKey
from evidence.wire import Health
from tests import waiting
from tests.conftest import MosquittoServer
from tests.edge.packets import builder
from tools.demo.cli import giaolo
from tools.demo.processes import Processes, free_port
from tools.demo.site import ACCOUNTS, NODE, ROOT, Setup, prepare

SCENE = ROOT / "zones" / "examples" / "hanoi_giang_vo.yaml"
PASSWORDS = {a.username: f"mat-khau-{a.username}" for a in ACCOUNTS}


def eventually(check: Callable[[], object], timeout_s: float, what: str, *, every_s: float = 0.1) -> None:
    waiting.eventually(check, timeout_s, what, every_s=every_s)


class Town:
    """`clip` plays the camera; `camera` has the settings of one instead; neither: the box only delivers its outbox."""

    def __init__(
        self, folder: Path, broker: MosquittoServer, database_url: str, *, clip: Path | None = None,
        camera: dict[str, Any] | None = None, scene: Path = SCENE, second_reader: bool = False,
    ) -> None:  # fmt: skip
        self.broker = broker
        node: dict[str, Any] = {} if clip is not None else {"cameras": [camera] if camera else []}
        node["daily_test"] = {"enabled": False}  # whatever hour it is, its packets are those of the test
        self.setup = Setup(
            folder, clip or Path("none.mp4"), scene, broker.host, broker.port, free_port(), database_url=database_url,
            realtime=False, heartbeat_s=1.0, centre={"second_reader": second_reader}, node=node,
        )  # fmt: skip
        self.centre = prepare(self.setup, PASSWORDS)
        self.parts = Processes(folder / "log")

    @property
    def outbox_folder(self) -> Path:
        return self.setup.folder / "edge" / "outbox"

    def fill_outbox(self, packets: int, size: int) -> dict[str, str]:
        """Ready-made packets as a box commits them: `{packet id: SHA-256 of the container}`."""
        key = SigningKey.load(self.setup.folder / "node.key")
        outbox = Outbox(self.outbox_folder, min_free_bytes=0)
        for number in range(packets):
            outbox.commit(builder(key, payload=bytes([number]) * size, node=NODE))
        made = {p.packet_id: p.container_sha256 for p in outbox.pending()}
        outbox.close()
        return made

    def start_centre(self) -> None:
        self.parts.start("centre", giaolo("central", "run", "--config", str(self.setup.centre_file)))
        self.parts.wait_for_port("centre", self.setup.web_port, timeout_s=60 * waiting.PATIENCE)

    def start_edge(self) -> None:
        self.parts.start("edge", giaolo("edge", "run", "--config", str(self.setup.node_file)))

    def kill(self, part: str) -> None:
        """kill -9."""
        if part == "broker":
            self.broker.kill()
        else:
            self.parts.kill(part)

    def start(self, part: str) -> None:
        {"broker": self.broker.start, "centre": self.start_centre, "edge": self.start_edge}[part]()

    def under_way(self) -> tuple[int, ...]:
        """Chunks held of each packet that has arrived in part."""
        found = []
        for have in (self.setup.folder / "centre" / "transfers").glob("*/*/have"):
            with contextlib.suppress(FileNotFoundError):  # it has just become whole
                chunks = have.read_bytes()
                if 0 < chunks.count(1) < len(chunks):
                    found.append(chunks.count(1))
        return tuple(sorted(found))

    def packets(self) -> dict[str, str]:
        """What the database holds: `{packet id: SHA-256 of the container}`, the container rebuilt from the store."""
        with self.centre.db.read() as session:
            ids = session.scalars(select(PacketRow.id)).all()
            return {i: sha256_hex(container_of(session, self.centre.store, i)) for i in ids}

    def verified(self) -> list[Manifest]:
        """What the centre holds, each verified offline: with the box's public key alone."""
        key = VerifyKey.load(self.setup.folder / "node.key.pub")
        with self.centre.db.read() as session:
            ids = list(session.scalars(select(PacketRow.id)))
            return [verify_packet(container_of(session, self.centre.store, i), key) for i in ids]

    def packet_ids(self) -> list[str]:
        with self.centre.db.read() as session:
            return list(session.scalars(select(PacketRow.id)))

    def chain_states(self) -> list[tuple[int, str]]:
        with self.centre.db.read() as session:
            rows = session.execute(select(PacketRow.sequence, PacketRow.chain_state).order_by(PacketRow.sequence))
            return [(r[0], r[1]) for r in rows]

    def cases(self) -> list[str]:
        """The packets of all cases; one twice would show."""
        with self.centre.db.read() as session:
            return list(session.scalars(select(CaseRow.packet_id)))

    def acts_at(self) -> list[float]:
        """Stream time of each act, in order."""
        with self.centre.db.read() as session:
            manifests = session.scalars(select(PacketRow.manifest)).all()
        return sorted(Manifest.from_bytes(m.encode()).act.t_s for m in manifests)

    def unread(self) -> int:
        """Cases of which the second reader has said nothing yet."""
        with self.centre.db.read() as session:
            return len(session.scalars(select(CaseRow.id).where(CaseRow.second_state == "pending")).all())

    def health(self) -> Health | None:
        """What the box last said of itself to the centre."""
        with self.centre.db.read() as session:
            row = session.get(NodeRow, NODE)
            return Health.model_validate(row.health) if row is not None and row.health else None

    def outbox_counts(self) -> tuple[int, int, int]:
        """Pending, refused, delivered; only while the box does not run."""
        outbox = Outbox(self.outbox_folder, min_free_bytes=0)
        counts = outbox.counts()
        outbox.close()
        return counts.pending, counts.refused, counts.delivered

    def close(self) -> None:
        self.parts.stop_all()
        self.centre.db.dispose()
