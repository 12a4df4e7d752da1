"""What every operation is once it is compiled for its source (docs/architecture.md, pipelines).

An operation is compiled when nothing has been read yet: that finds out whether it fits the columns, and which columns
come out. It is then given rows, batch by batch, and gives rows and faults. It never numbers rows itself: it uses
`Rows.where`, `take`, `part` and `having`, so that each row keeps its number and place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from biodata.errors import QueryError, near_match

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.state.spool import Sealed, Spool

__all__ = ["Compiled", "Leaving", "Surroundings", "WholeSet", "column_of", "unfit"]


@dataclass(frozen=True)
class Surroundings:
    """What an operation may know besides its columns.

    Attributes:
        file: the pipeline file; what it names is relative to its directory.
        step: the step's name.
        values: of the run's parameters, by name.
        keys: whether it matters which key a row that cannot go on would have had in the target.
    """

    file: str = ""
    step: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    keys: bool = False

    def path(self, name: str) -> Path:
        """A file that the pipeline file names."""
        return Path(self.file).parent / Path(name).expanduser()


class Compiled(Protocol):
    """An operation that looks at one row at a time.

    Attributes:
        schema: the Arrow schema of what comes out.
        multiplies: whether one row may become none or several.
    """

    schema: pa.Schema
    multiplies: bool

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        """What comes out of some rows, in their order: pieces of the output, and a fault for each that cannot go on.

        A row with a fault gives nothing else: it can be put right and sent through again, and nothing comes twice.
        """

    def coverage(self) -> tuple[Coverage, ...]:
        """What was met of which list, once all rows have gone through; empty where that means nothing."""


class WholeSet(Protocol):
    """An operation that has to see all rows: from one sealed file of the spool to another.

    Attributes:
        schema: the Arrow schema of what comes out.
    """

    schema: pa.Schema

    def apply_all(self, rows: Sealed, spool: Spool, name: str) -> Sealed:
        """All rows, each with its number, sealed under that name."""


@runtime_checkable
class Leaving(Protocol):
    """An operation that leaves rows out because it is asked to: they are no rejects, and they are counted.

    Attributes:
        what: what to call it: `dedupe`, say.
        left_out: how many rows so far.
    """

    what: str
    left_out: int


def column_of(schema: pa.Schema, name: str, what: str) -> pa.Field[Any]:
    """The column of that name.

    Raises:
        QueryError: `BD-PIPELINE-COLUMN`, there is none.
    """
    if name not in schema.names:
        near = near_match(name, schema.names)
        hint = f"; did you mean {near!r}?" if near else f"; there is {', '.join(schema.names)}"
        raise unfit(what, f"there is no column {name!r}{hint}", "BD-PIPELINE-COLUMN")
    return schema.field(name)


def unfit(what: str, problem: str, code: str = "BD-PIPELINE-OPERATION") -> QueryError:
    """The error of an operation that does not fit the columns that it is given."""
    return QueryError(f"{what}: {problem}", code=code)
