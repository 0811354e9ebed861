"""What people said of a signal, in the file of a case: each statement signed by the centre, and an entry of its log.

`giaolo.case-file/2` holds one such file, with no statement in it where nobody had said anything: what the centre knew
when it handed the case out is part of what it sealed. Steps are those of docs/case-file-v1.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from evidence.canonical import canonical_json, sha256_hex
from evidence.case_index import KeyEntry, read_model
from evidence.case_record import CaseRecord, Signature
from evidence.errors import ForeignError, PacketError
from evidence.log_proof import Checkpoint, Hashes, LogError, leaf_hash, verify_inclusion
from evidence.packet import Manifest, Model
from evidence.seal import VerifyKey
from evidence.switches import FLAGS, Switch, order_of, seen_between

MAX_STATEMENTS = 500
"""Of one case: a switch holds for a day at most, and each change of its end is a statement more."""
MAX_STATEMENTS_BYTES = 4 * 1024 * 1024
"""A statement has some 700 bytes, its place in a log of 2**53 entries 4 KiB."""


class StatementError(ForeignError):
    """A statement in the file of a case is not the centre's, not in its log, or not about this case."""


class LoggedSwitch(Model, strict=True):
    """A statement as it was signed, and its place in the log of the checkpoint that the file's proof has."""

    switch: Switch
    signature: Signature
    index: int = Field(ge=0, lt=2**53)
    inclusion: Hashes


class CaseStatements(Model, strict=True):
    """Of each switch that concerns the case everything that was said, oldest first: the last of each holds."""

    schema_: Literal["giaolo.case-statements/1"] = Field(default="giaolo.case-statements/1", alias="schema")
    switches: Annotated[list[LoggedSwitch], Field(max_length=MAX_STATEMENTS)]

    model_config = Model.model_config | {"populate_by_name": True}

    def to_bytes(self) -> bytes:
        """The statements as a file holds them."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    @property
    def last(self) -> dict[str, Switch]:
        """Of each switch, by its id, what was said last."""
        return {each.switch.id: each.switch for each in self.switches}

    def check_signatures(self, centre: str, keys: Sequence[tuple[KeyEntry, VerifyKey]]) -> None:
        """Raise `StatementError` unless the centre said each of them, with a key that had not ended then."""
        for place, each in enumerate(self.switches, start=1):
            # case-file-v1 step 29: said by this centre
            if each.switch.centre != centre:
                raise StatementError(f"is a statement of centre {each.switch.centre}", where=_where(place))
            said = each.switch.said
            open_then = [k for e, k in keys if e.until is None or said <= datetime.fromisoformat(e.until)]
            if not _signed(open_then, each):
                raise StatementError("is a statement that this centre did not sign", where=_where(place))

    def check_log(self, checkpoint: Checkpoint) -> None:
        """Raise `StatementError` unless each is an entry of the log."""
        for place, each in enumerate(self.switches, start=1):
            # case-file-v1 step 30: logged, in the log that the packet stands in
            leaf = leaf_hash(sha256_hex(each.switch.statement()))
            hashes = [bytes.fromhex(h) for h in each.inclusion]
            try:
                verify_inclusion(leaf, each.index, checkpoint.size, hashes, bytes.fromhex(checkpoint.root))
            except LogError as error:
                raise StatementError(
                    f"is a statement that is not in the log: {error.what}", where=_where(place)
                ) from error

    def check_case(self, manifest: Manifest, record: CaseRecord) -> None:
        """Raise `StatementError` unless they concern what the packet shows, and none that the record names is left
        out."""
        last = self.last
        for switch in last.values():
            # case-file-v1 step 31: about this camera and time
            if not concerns_packet(switch, manifest):
                raise StatementError("is a statement about another place or time", where=f"switch {switch.id}")
        # case-file-v1 step 32: whatever held the case is here
        for id_ in sorted(named_switches(event.after for event in record.events) - last.keys()):
            raise StatementError("is named by the record of the case, and not here", where=f"switch {id_}")


def read_statements(data: bytes, *, where: str) -> CaseStatements:
    """Parse the file; nothing is verified yet. Raises `PacketError`, `StatementError`."""
    # case-file-v1 step 28: the form, and the order
    if len(data) > MAX_STATEMENTS_BYTES:
        raise PacketError(f"has {len(data)} bytes, the limit is {MAX_STATEMENTS_BYTES}", where=where)
    found = read_model(CaseStatements, data, where)
    order = [order_of(each.switch) for each in found.switches]
    if any(one >= other for one, other in pairwise(order)):
        raise StatementError("lists its statements twice or not as they were said", where=where)
    return found


def concerns_packet(switch: Switch, manifest: Manifest) -> bool:
    """Whether a packet's vehicle was seen in the time of a switch, at its place.

    With the wide margin of an unsure clock always: the centre may have doubted the box's by itself.
    """
    act, points = manifest.act, manifest.track.points
    first, last = seen_between(act.occurred_at, act.t_s, points[0].t_s, points[-1].t_s)
    line = act.reasons.get("stop_line")
    return switch.concerns(
        node=manifest.node.id, camera=manifest.camera.id, line=line if isinstance(line, str) else None, first=first,
        last=last, unsure=True,
    )  # fmt: skip


def named_switches(said: Iterable[Mapping[str, object]]) -> set[str]:
    """Ids of the switches among the doubts that events wrote down (`officer_directs:ID`)."""
    found: set[str] = set()
    for after in said:
        doubts = after.get("doubts")
        for code in doubts if isinstance(doubts, list) else ():
            kind, colon, id_ = code.partition(":") if isinstance(code, str) else ("", "", "")
            if colon and kind in FLAGS:
                found.add(id_)
    return found


def _signed(keys: Sequence[VerifyKey], each: LoggedSwitch) -> bool:
    for key in keys:
        try:
            key.verify(each.signature, each.switch.statement(), where="statement")
        except PacketError:
            continue
        return True
    return False


def _where(place: int) -> str:
    return f"statement {place}"
