"""What was done to records of several node types: a receipt for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.receipts import Outcome, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

__all__ = ["Submission", "counted_from"]


class Submission(msgspec.Struct, frozen=True):
    """One Receipt a node type, in the order in which they were dealt with.

    `row` of an outcome is the record's position in what was given, over all node types.
    """

    receipts: tuple[Receipt, ...]

    @classmethod
    def of(cls, operation: str, told: Iterable[tuple[str, Outcome]]) -> Self:
        """The receipts of outcomes, each with its node type; node types in the order in which they come first."""
        by_node: dict[str, list[Outcome]] = {}
        for node, outcome in told:
            by_node.setdefault(node, []).append(outcome)
        ordered = {node: sorted(some, key=lambda one: one.row) for node, some in by_node.items()}
        return cls(tuple(Receipt(operation, node, tuple(some)) for node, some in ordered.items()))

    @property
    def ok(self) -> bool:
        """Whether every record ended as it was meant to."""
        return all(one.ok for one in self.receipts)

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The refused records of all node types."""
        return tuple(outcome for one in self.receipts for outcome in one.refused)

    def __getitem__(self, node: str) -> Receipt:
        """The receipt of a node type; an empty one where there was no such record."""
        return next((one for one in self.receipts if one.table == node), Receipt("", node))

    def raise_for_refused(self) -> Self:
        """Give the submission back when all went well.

        Raises:
            WriteError: as `Receipt.raise_for_refused`, of the first node type where something did not.
        """
        for one in self.receipts:
            one.raise_for_refused()
        return self

    def __str__(self) -> str:
        return "; ".join(map(str, self.receipts)) or "nothing"


def counted_from(done: int, progress: Callable[[int], None] | None) -> Callable[[int], None] | None:
    """The progress of one node type as that of all, `done` records being dealt with already."""
    return None if progress is None else lambda number: progress(done + number)
