"""The entries of `transform`."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from biodata.pipelines.spec.names import Address

__all__ = [
    "CodeList",
    "Column",
    "Columns",
    "Dedupe",
    "Explode",
    "Links",
    "OnUnmapped",
    "Ontology",
    "Operation",
    "Pseudonymise",
    "PythonCall",
    "Rename",
    "Split",
    "Units",
]

OnUnmapped: TypeAlias = Literal["reject", "null", "keep"]
"""What becomes of a value without a target: its row is rejected, it becomes null, or it stays as it is."""


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a mapping table may say in place of the file.

    Attributes:
        origin: the table and the row; empty where the file itself says it.
    """

    origin: str = ""

    @property
    def told(self) -> str:
        """What an error about it begins with, besides line and column."""
        return f"{self.origin}: " if self.origin else ""


class Column(_Said, frozen=True):
    """One column of the output, and the SQL expression that makes it."""

    name: str
    expression: str
    line: int = 0
    column: int = 0


class _Operation(_Said, frozen=True, tag_field="operation"):
    """One entry of `transform`."""


class Columns(_Operation, frozen=True, tag="columns"):
    """The output has exactly these columns, in this order.

    Attributes:
        keep: whether the fields that are not named follow, as they are (`'*': keep`).
    """

    columns: tuple[Column, ...]
    keep: bool = False
    line: int = 0
    column: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)


class Rename(_Operation, frozen=True, tag="rename"):
    """Columns get other names; the others stay. `names` are (old, new)."""

    names: tuple[tuple[str, str], ...]
    line: int = 0
    column: int = 0


class Explode(_Operation, frozen=True, tag="explode"):
    """A row for each element of a list.

    Attributes:
        of: the column with the list.
        into: the element's column; the list's own name when None.
        empty: `keep` leaves a row without elements with null, `drop` leaves it out.
    """

    of: str
    into: str | None = None
    empty: Literal["keep", "drop"] = "keep"
    line: int = 0
    column: int = 0


class Split(_Operation, frozen=True, tag="split"):
    """Text to a list of texts: cut at `by`, without blanks at the ends, without empty parts.

    Attributes:
        of: the column with the text.
        by: what stands between two parts.
        into: the column of the list; the text's own when None.
    """

    of: str
    by: str = ","
    into: str | None = None
    line: int = 0
    column: int = 0


class Dedupe(_Operation, frozen=True, tag="dedupe"):
    """Of rows that agree in the columns `by` (in all where there are none) the first stays, or the last.

    Attributes:
        by: the columns.
        keep: which row stays.
    """

    by: tuple[str, ...] = ()
    keep: Literal["first", "last"] = "first"
    line: int = 0
    column: int = 0


class CodeList(_Operation, frozen=True, tag="code_list"):
    """Values become those that a list of codes says.

    Attributes:
        of: the column; of a list each element is looked up.
        codes: (source value as text, target value as text or None for null), from the file itself, or
        path: a csv, tsv or xlsx with the columns source, target, and perhaps version and comment.
        name: what to call it in reports: the file's name, or the column's.
        version: which version of the list; rows of a file that say another version are not used.
        on_unmapped: what becomes of a value without a target.
        into: the column of the targets; the source values' own when None.
    """

    of: str
    codes: tuple[tuple[str, str | None], ...] = ()
    path: str | None = None
    name: str = ""
    version: str | None = None
    on_unmapped: OnUnmapped = "reject"
    into: str | None = None
    line: int = 0
    column: int = 0


class Units(_Operation, frozen=True, tag="units"):
    """Numbers in one unit become numbers in another.

    Attributes:
        of: the column; numbers, or texts that spell one.
        to: the unit wanted, as pint writes it: `kg`, `mmol/l`.
        unit: the unit that they are in; or
        unit_of: the column that says it, row by row.
        into: the column of the converted numbers; the numbers' own when None.
    """

    of: str
    to: str
    unit: str | None = None
    unit_of: str | None = None
    into: str | None = None
    line: int = 0
    column: int = 0


class Ontology(_Operation, frozen=True, tag="ontology"):
    """Terms become CURIEs in their prefix's standard spelling: `orphanet 558` and its address are `ORPHA:558`.

    Attributes:
        of: the column; of a list each element.
        prefixes: those that are allowed; all that are registered when empty.
        on_invalid: what becomes of a value that is no such term.
        into: the column of the CURIEs; the terms' own when None.
    """

    of: str
    prefixes: tuple[str, ...] = ()
    on_invalid: OnUnmapped = "reject"
    into: str | None = None
    line: int = 0
    column: int = 0


class Links(_Operation, frozen=True, tag="links"):
    """References of the target by key: (field of the target, column with the key or keys); the column goes."""

    links: tuple[tuple[str, str], ...]
    line: int = 0
    column: int = 0


class Pseudonymise(_Operation, frozen=True, tag="pseudonymise"):
    """The clear value of a field becomes a pseudonym while it is read; it reaches neither spool nor rejects.

    Attributes:
        field: the field of the source; a dotted path steps into objects. Of a list each element.
        domain: what the pseudonym is for, say a study: the same value has other pseudonyms in other domains.
        key: a reference to the secret of the HMAC; or
        table: the look-up table.
        clear: its field with the clear value.
        pseudonym: its field with the pseudonym.
        prefix: what pseudonyms begin with.
    """

    field: str
    domain: str = ""
    key: str | None = None
    table: Address | None = None
    clear: str = "clear"
    pseudonym: str = "pseudonym"
    prefix: str = ""
    line: int = 0
    column: int = 0


class PythonCall(_Operation, frozen=True, tag="python"):
    """A function of the user's: record -> record, None to leave it out, or several records.

    Attributes:
        call: the function, `module:name`; the module is looked for beside the pipeline file, then where Python looks.
        adds: (column, type as `Parameter.kind` says it) of the columns that it makes beside those there are.
    """

    call: str
    adds: tuple[tuple[str, str], ...] = ()
    line: int = 0
    column: int = 0

    @property
    def path(self) -> str:
        """Of the module, if it is a file beside the pipeline file."""
        return self.call.partition(":")[0].replace(".", "/") + ".py"


Operation: TypeAlias = (
    Columns | Rename | Explode | Split | Dedupe | CodeList | Units | Ontology | Links | Pseudonymise | PythonCall
)
"""One entry of `transform`; a mapping table stands for several."""
