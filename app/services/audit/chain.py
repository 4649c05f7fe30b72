"""The chain of hashes: what seals a row, and how all of it is walked again.

The hash of a row is SHA-256 over the hash before it, a line feed, and the row as JSON with sorted
names. Whoever knows an earlier head finds out what was changed, removed or added before it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import reading
from app.domain.clock import to_wire
from app.models import AuditChain, AuditEntry

BATCH: Final = 500
#: What a seal covers, in the order of the table.
SEALED: Final = (
    *("id", "at", "actor", "user_id", "key_id", "address", "action", "result"),
    *("target_kind", "target_id", "target_name", "project_id", "detail", "trace_id"),
)
_table: Any = AuditEntry.__table__
_chain: Any = AuditChain.__table__


def hash_of(before: str, row: Any, sequence: int) -> str:
    """Return the hash of a row at its place behind the hash ``before``."""
    said = {name: getattr(row, name) for name in SEALED} | {"sequence": sequence}
    said["at"] = to_wire(said["at"])
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(before.encode() + b"\n" + text).hexdigest()


def seal(session: Session) -> int:
    """Seal the oldest rows that are not, up to a batch; return how many.

    Of several at once one succeeds: the head moves by compare-and-set, in the unit of work that
    writes the rows. The others seal nothing.
    """
    head = session.execute(sa.select(_chain.c.sequence, _chain.c.hash)).one()
    query = sa.select(_table).where(_table.c.sequence.is_(None)).order_by(_table.c.id)
    rows = session.execute(query.limit(BATCH)).all()
    if not rows:
        return 0
    number, digest, sealed = head.sequence, head.hash, []
    for row in rows:
        number += 1
        digest = hash_of(digest, row, number)
        sealed.append({"row_id": row.id, "number": number, "digest": digest})
    moved = session.execute(
        sa.update(_chain)
        .where(_chain.c.sequence == head.sequence, _chain.c.hash == head.hash)
        .values(sequence=number, hash=digest)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        return 0
    session.connection().execute(
        sa.update(_table)
        .where(_table.c.id == sa.bindparam("row_id"))
        .values(sequence=sa.bindparam("number"), hash=sa.bindparam("digest")),
        sealed,
    )
    return len(sealed)


def has_unsealed(session: Session) -> bool:
    """Return whether there is something to seal."""
    query = sa.select(_table.c.id).where(_table.c.sequence.is_(None)).limit(1)
    return session.scalar(query) is not None


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold."""

    sequence: int
    row_id: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a walk along the chain found."""

    rows: int
    unsealed: int
    head_sequence: int
    head: str
    #: The rows before the first one that is left were removed because of their age.
    removed: int
    broken: Break | None


def verify(head: str | None = None) -> Report:
    """Walk the chain in order. ``head`` is one that was written down earlier."""
    with reading() as session:
        chain = session.execute(sa.select(_chain)).first()
        unsealed = session.scalar(
            sa.select(sa.func.count()).select_from(_table).where(_table.c.sequence.is_(None))
        )
        if chain is None:
            lost = Break(0, None, "removed: the row of audit_chain, which holds head and anchor")
            return Report(0, unsealed or 0, 0, "", 0, lost)
        walk = _Walk(chain.anchor_sequence, chain.anchor_hash, head)
        broken = walk.along(_sealed(session)) or walk.at_the_end(chain)
    return Report(walk.rows, unsealed or 0, walk.sequence, walk.hash, chain.anchor_sequence, broken)


def _sealed(session: Session) -> Iterator[Any]:
    """Yield the sealed rows in order, a batch at a time."""
    after = None
    while True:
        query = sa.select(_table).where(_table.c.sequence.is_not(None)).order_by(_table.c.sequence)
        query = query if after is None else query.where(_table.c.sequence > after)
        rows = session.execute(query.limit(BATCH)).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].sequence


@dataclass(slots=True)
class _Walk:
    sequence: int
    hash: str
    #: The hash that must be met on the way, until it is.
    wanted: str | None
    rows: int = 0

    def along(self, rows: Iterator[Any]) -> Break | None:
        """Go on while the rows hold; return where they do not."""
        self._meet()
        for row in rows:
            broken = self._step(row)
            if broken is not None:
                return broken
        return None

    def _step(self, row: Any) -> Break | None:
        expected = self.sequence + 1
        if row.sequence < expected:
            what = (
                "added: it stands before the anchor, where rows were removed because of their age"
            )
            return Break(row.sequence, row.id, what)
        if row.sequence > expected:
            what = f"removed: {_span(expected, row.sequence - 1)}, before row {row.sequence}"
            return Break(expected, None, what)
        if row.hash != hash_of(self.hash, row, expected):
            return Break(expected, row.id, "changed, added, or not in its place")
        self.sequence, self.hash = expected, row.hash
        self.rows += 1
        self._meet()
        return None

    def _meet(self) -> None:
        if self.wanted is not None and self.hash == self.wanted.lower():
            self.wanted = None

    def at_the_end(self, chain: Any) -> Break | None:
        """Return what does not fit where the rows end."""
        if self.sequence < chain.sequence:
            missing = _span(self.sequence + 1, chain.sequence)
            return Break(self.sequence + 1, None, f"removed: {missing}, the end of the chain")
        if (self.sequence, self.hash) != (chain.sequence, chain.hash):
            return Break(self.sequence, None, "added: the chain goes on behind its head")
        if self.wanted is not None:
            what = "changed or removed: the head that you wrote down is not in the chain"
            return Break(self.sequence, None, what)
        return None


def _span(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first} to {last}"
