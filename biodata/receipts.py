"""What a write did, record by record."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from biodata.errors import WriteError
from biodata.records.types import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Outcome", "Receipt", "Status"]

Status: TypeAlias = Literal[
    "created", "updated", "unchanged", "deleted", "hidden", "queued", "refused", "not_sent", "unknown"
]
"""What became of one record.

`unchanged`: it was so already, or there was nothing to delete. `hidden`, `queued`: what the platform calls
deleted. `not_sent`: a valid sibling of a refused record. `unknown`: the request was sent and its answer lost,
and the platform cannot tell.
"""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one record.

    Attributes:
        row: its position in what was given, from 0.
        key: its key; generated ones are filled in where the platform gives them.
        id: the platform's own identity, where it differs from the key.
        code: why it was refused, stable: `BD-WRITE-DUPLICATE`.
        message: why, in words; the record's own values are masked.
        field: the field at fault, where that is known.
    """

    row: int
    status: Status
    key: Key = None
    id: str | None = None
    code: str = ""
    message: str = ""
    field: str | None = None


class Receipt(msgspec.Struct, frozen=True):
    """What a write did: one outcome for each record given, in the order given.

    `receipt.created`, `.updated`, … are numbers of records; `receipt.outcomes` has each one.

    Attributes:
        bulk: numbers of records that were dealt with as a whole, without an outcome each: `delete(all=True)`.
    """

    operation: str
    table: str
    outcomes: tuple[Outcome, ...] = ()
    bulk: dict[Status, int] = {}

    def count(self, *statuses: Status) -> int:
        """The number of records that ended in one of these ways."""
        tally = self.tally
        return sum(tally.get(status, 0) for status in statuses)

    @property
    def tally(self) -> dict[str, int]:
        """Status to number of records, without those of which there is none."""
        return dict(Counter(outcome.status for outcome in self.outcomes) + Counter[str](self.bulk))

    created = property(lambda self: self.count("created"), doc="Records that are new.")
    updated = property(lambda self: self.count("updated"), doc="Records that changed.")
    unchanged = property(lambda self: self.count("unchanged"), doc="Records that were so already.")
    deleted = property(lambda self: self.count("deleted", "hidden"), doc="Records that are gone, or hidden.")
    queued = property(lambda self: self.count("queued"), doc="Deletions that the platform will do later.")
    not_sent = property(lambda self: self.count("not_sent"), doc="Valid records that were held back.")
    unknown = property(lambda self: self.count("unknown"), doc="Records whose answer was lost.")

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The refused records, each with its reason."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "refused")

    @property
    def ok(self) -> bool:
        """Whether every record ended as it was meant to."""
        return not self.count("refused", "not_sent", "unknown")

    def raise_for_refused(self) -> Receipt:
        """Give the receipt back when all went well.

        Raises:
            WriteError: `BD-WRITE-REFUSED`, when a record was refused, held back or its fate is unknown.
        """
        if self.ok:
            return self
        worst = ("refused", "unknown", "not_sent")
        first = min((one for one in self.outcomes if one.status in worst), key=lambda one: worst.index(one.status))
        reason = f"row {first.row}: {first.message or first.status.replace('_', ' ')}"
        code = f" [{first.code}]" if first.code else ""
        raise WriteError(f"{self.operation}: {self.summary()}; the first: {reason}{code}", table=self.table)

    def summary(self) -> str:
        """One line: `2 created, 1 refused`."""
        parts = [f"{number} {status.replace('_', ' ')}" for status, number in self.tally.items()]
        return ", ".join(parts) or "nothing"

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return sum(self.tally.values())

    def __str__(self) -> str:
        return f"{self.operation} {self.table}: {self.summary()}"

    def __repr__(self) -> str:
        return f"<Receipt of {self}>"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"operation": self.operation, "table": self.table, "tally": self.tally} | {
            "outcomes": [msgspec.to_builtins(outcome) for outcome in self.outcomes]
        }
