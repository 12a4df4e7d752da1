"""Where a step's records come from."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from biodata.pipelines.spec.names import Address, Duration

__all__ = [
    "AnyExtract",
    "ContractMode",
    "Each",
    "Extract",
    "FileExtract",
    "Incremental",
    "SqlExtract",
    "StepExtract",
]

ContractMode: TypeAlias = Literal["evolve", "freeze", "discard_row", "discard_value"]
"""What to do when the fields of a source are others than at the last run."""


class Incremental(msgspec.Struct, frozen=True):
    """Only what is new or changed since the last run that was done.

    Attributes:
        cursor: the field that only grows, say the date of the last change; None where the content itself is compared.
        lag: how far before the last cursor to read again: a duration, or a number where the cursor is one.
    """

    cursor: str | None = None
    lag: Duration | float | None = None
    line: int = 0
    column: int = 0


class Extract(msgspec.Struct, frozen=True, tag_field="extract", tag="table"):
    """A query on a table.

    Attributes:
        source: the table.
        where: a filter in its string form, with `${param:NAME}` where a parameter's value stands.
        fields: what to read, dots stepping into objects and references; all fields when None.
        incremental: read only what is new or changed; everything when None.
        contract: what to do when the fields of the source are others than at the last run.
    """

    source: Address
    where: str | None = None
    fields: tuple[str, ...] | None = None
    incremental: Incremental | None = None
    contract: ContractMode = "evolve"
    line: int = 0
    column: int = 0


class FileExtract(msgspec.Struct, frozen=True, tag_field="extract", tag="file"):
    """A file: csv, tsv, parquet, ndjson or xlsx. Cells of csv and tsv are text, an empty one is null.

    Attributes:
        path: the file, from the pipeline file on; or one whole `${param:NAME}`, from the working directory on.
        format: what it is; told by the path's ending when None.
        where: a filter on its rows, as on a table.
        fields: the columns to read; all of them when None.
        incremental: read only what is new or changed; everything when None.
        contract: what to do when its columns are others than at the last run.
    """

    path: str
    format: str | None = None
    where: str | None = None
    fields: tuple[str, ...] | None = None
    incremental: Incremental | None = None
    contract: ContractMode = "evolve"
    line: int = 0
    column: int = 0


class StepExtract(msgspec.Struct, frozen=True, tag_field="extract", tag="step"):
    """What an earlier step made.

    Attributes:
        step: its name.
        where: a filter on its rows, as on a table.
        fields: the columns to read; all of them when None.
    """

    step: str
    where: str | None = None
    fields: tuple[str, ...] | None = None
    line: int = 0
    column: int = 0


class SqlExtract(msgspec.Struct, frozen=True, tag_field="extract", tag="sql"):
    """A SELECT over the outputs of earlier steps and the tables of local profiles.

    Attributes:
        sql: the SELECT, with `${param:NAME}` where a parameter's value stands.
        tables: what it reads: the names of steps, and addresses.
    """

    sql: str
    tables: tuple[str | Address, ...] = ()
    line: int = 0
    column: int = 0


AnyExtract: TypeAlias = Extract | FileExtract | StepExtract | SqlExtract


class Each(msgspec.Struct, frozen=True):
    """The extract is done once for each of these values, and the rows stand one after the other.

    In the extract `${param:NAME}` is the value; the rows get it as a field of that name.

    Attributes:
        values: scalars; or the name of a parameter that is a list.
    """

    name: str
    values: tuple[Any, ...] | str
    line: int = 0
    column: int = 0
