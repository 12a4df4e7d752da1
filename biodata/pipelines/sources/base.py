"""What every source is once it is bound: the rows of one step, numbered, before any operation."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from biodata.errors import BiodataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as Directory

    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import Step
    from biodata.pipelines.state.memory import StepMemory
    from biodata.pipelines.state.spool import Spool
    from biodata.records.types import Key, Path, Record

__all__ = ["Around", "Binding", "Source", "located"]


@contextmanager
def located(file: str, line: int, step: str, column: int = 0, told: str = "") -> Iterator[None]:
    """Errors raised inside say which line of the pipeline file they are about; `told` is what else comes first."""
    try:
        yield
    except BiodataError as error:
        place = f"{file}:{line}:{column}" if column else f"{file}:{line}"
        if not error.message.startswith(f"{file}:"):
            error.message = f"{place}: {told}step {step}: {error.message}"
        raise


@dataclass(frozen=True)
class Binding:
    """What a source may know when it is bound.

    Attributes:
        file: the pipeline file; what it names is relative to its directory.
        step: the step that reads.
        values: of the run's parameters, by name; of the step's `each` too.
        connections: by the names of profiles.
        earlier: the steps that come before, by name.
        memory: what is known of the step from the last run that was done.
        state: the directory where the pipeline keeps, between runs, what is too much for `memory`; made when needed.
            None where nothing is kept.
        appended: whether the step's rows are added to a table, so that none may come twice.
    """

    file: str
    step: Step
    values: Mapping[str, Any]
    connections: Mapping[str, Connection]
    earlier: Mapping[str, Work]
    memory: StepMemory
    state: Directory | None = None
    appended: bool = False

    @property
    def hidden(self) -> tuple[Path, ...]:
        """The paths of the fields that are read as pseudonyms: nobody is to see their clear values."""
        return tuple(tuple(one.field.split(".")) for one in self.step.pseudonyms)

    def with_value(self, name: str, value: Any) -> Binding:
        """The same with one more value."""
        return replace(self, values={**self.values, name: value})


class Source(Protocol):
    """Where a step's rows come from."""

    @property
    def title(self) -> str:
        """For people: `profile/table`, a file's path, or which tables a SELECT names."""

    @property
    def where(self) -> str | None:
        """The filter as the file says it, without what is compared with a clear value; None where there is none."""

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema under which the step's operations see the rows."""

    @property
    def waits(self) -> bool:
        """Whether it reads what earlier steps make."""

    @property
    def notes(self) -> list[str]:
        """What a person should know about this reading, say that the fields changed; whole when all was read."""

    @property
    def unchanged(self) -> int:
        """Rows that were read and go no further, because they are as they were at the last run."""

    def count(self) -> int | None:
        """How many rows there are, where the source can be asked."""

    def key_of(self, record: Record) -> Key:
        """The record's key, None where there is none."""

    def explain(self) -> str | None:
        """How the source is asked, where that can be told; no value of a parameter, no clear value is in it."""

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        """All rows in constant memory, numbered from 1, and a fault for each that is rejected while it is read.

        It may be called again when it broke off, and begins anew then.
        """

    def seen(self) -> dict[str, Any]:
        """What the next run has to know, once all rows were read; it is kept when the rows are loaded."""


class Around:
    """A source around another one: what it does not change is the inner one's.

    Attributes:
        own_notes: what it has to say itself.
    """

    def __init__(self, inner: Source) -> None:
        self.inner = inner
        self.own_notes: list[str] = []

    @property
    def title(self) -> str:
        return self.inner.title

    @property
    def where(self) -> str | None:
        return self.inner.where

    @property
    def schema(self) -> pa.Schema:
        return self.inner.schema

    @property
    def waits(self) -> bool:
        return self.inner.waits

    @property
    def notes(self) -> list[str]:
        return [*self.inner.notes, *self.own_notes]

    @property
    def unchanged(self) -> int:
        return self.inner.unchanged

    def count(self) -> int | None:
        return self.inner.count()

    def key_of(self, record: Record) -> Key:
        return self.inner.key_of(record)

    def explain(self) -> str | None:
        return self.inner.explain()

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        yield from self.inner.rows(spool)

    def seen(self) -> dict[str, Any]:
        return self.inner.seen()
