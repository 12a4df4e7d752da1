"""Where a step's rows go, and how many may be refused or deleted."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from biodata.pipelines.spec.names import Address

__all__ = ["LOAD_ROWS", "REPLACED", "Budget", "DeleteMissing", "Load", "Mode"]

Mode: TypeAlias = Literal["append", "merge", "replace"]

LOAD_ROWS = 1000
"""Rows that go to the target between two entries of the journal, where the file says nothing else."""


class Budget(msgspec.Struct, frozen=True):
    """A number of records, or a share of all of them.

    Attributes:
        value: a number of records, or a percentage where `percent`.
    """

    value: float = 0
    percent: bool = False

    def allows(self, rows: int) -> int:
        """The largest number of so many records that is still within it."""
        return int(rows * self.value / 100 + 1e-9) if self.percent else int(self.value)

    def __str__(self) -> str:
        return f"{self.value:g}%" if self.percent else f"{self.value:g}"


REPLACED = Budget(100, percent=True)
"""How much a replace may take away, where the file says nothing else: it is asked to leave nothing else there."""


class DeleteMissing(msgspec.Struct, frozen=True):
    """Records of the target that the step no longer has are deleted, when all steps are loaded.

    Attributes:
        scope: a filter on the target: only what it is true of is looked at; the whole table when None.
        most: how many may be deleted, or which share of the records in scope.
        least: the share (0 to 1) of the last run's rows that must have been read.
    """

    scope: str | None = None
    most: Budget = Budget(2, percent=True)
    least: float = 0.9
    line: int = 0
    column: int = 0


class Load(msgspec.Struct, frozen=True):
    """Where a step's rows go.

    Attributes:
        target: the table.
        mode: append adds; merge adds what is new and updates what differs, by key; replace leaves nothing else there.
        key: the columns that name a record; a table that does not exist is made with them as its key.
        batch: rows between two entries of the journal.
        delete_missing: whether and which records that the step no longer has are deleted; none when None.
        most: of mode replace: how many records may go, or which share of the table.
        least: of mode replace: the share (0 to 1) of the last run's rows that must have been read; at the first run
            of the records that are there.
    """

    target: Address
    mode: Mode
    key: tuple[str, ...] = ()
    batch: int = LOAD_ROWS
    delete_missing: DeleteMissing | None = None
    most: Budget = REPLACED
    least: float = 0.9
    line: int = 0
    column: int = 0
