"""The table that a step is loaded into, sure to take what will come; nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import ConfigError, NotFound, SchemaError, Unsupported, near_match
from biodata.pipelines.loading.tables import schema_for
from biodata.records.types import Reference, element

if TYPE_CHECKING:
    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.spec import Load, Step
    from biodata.records.types import Field, Schema
    from biodata.repository import Repository

__all__ = ["GONE", "Target", "lacking"]

GONE = "is not there"


def lacking(load: Load, connection: Connection) -> str:
    """Why no row of earlier runs is in the table, in words: it is not there, or has none; empty where it has some."""
    try:
        schema = connection.schema(load.target.table, refresh=True)
    except NotFound:
        return GONE
    names = [field.name for field in schema]
    first = connection[load.target.table].query(fields=[*schema.key_fields, *names][:1], limit=1).first()
    return "is empty" if first is None else ""


class Target:
    """The table that a step loads into.

    Attributes:
        new: whether the table has to be made.
        together: whether all rows arrive or none does: append and replace, where the platform has transactions.
        refers_to: the tables of the same connection that the rows refer to.
        links: (field, referenced table) of each reference whose record must be there before a row is sent.
    """

    def __init__(
        self, step: Step, load: Load, connection: Connection, rows: pa.Schema, coming: Schema | None = None
    ) -> None:
        """Look at the table.

        Args:
            step: whose rows it takes.
            load: what the step says of it.
            connection: to its platform.
            rows: the columns that will come.
            coming: the table as an earlier step will make it, where one does.

        Raises:
            NotFound: the table is not there, and the platform cannot make it.
            ConfigError: the file and the table disagree about the key.
            SchemaError: the table lacks a column, or requires one that the step does not give; or one that is to be
                made cannot be so on its platform.
            Unsupported: `BD-PIPELINE-APPEND`, append where a run that dies could neither be undone nor told apart.
            PermissionDenied: the profile's access does not go so far, or the user may not make the table.
        """
        self.load = load
        self.connection = connection
        self.repository: Repository = connection[load.target.table]
        self.repository.allow("delete" if load.mode == "replace" or load.delete_missing else "write")
        self.together = load.mode != "merge" and connection.adapter.has("transaction")
        present = self._present()
        self.new = present is None
        known = coming if present is None else present
        self.schema: Schema = self._to_make(rows) if known is None else known
        if known is not None:
            _check_fit(load, known, rows)
        self._check_mode(rows)
        self.links = tuple(_link(self.schema, field) for field, _ in step.links)
        self.refers_to = frozenset(filter(None, (_referred(self.schema[name]) for name in rows.names)))

    def _present(self) -> Schema | None:
        try:
            return self.connection.schema(self.load.target.table, refresh=True)
        except NotFound:
            if not self.connection.adapter.has("ensure"):
                raise
            return None

    def _to_make(self, rows: pa.Schema) -> Schema:
        if not self.load.key:
            message = f"There is no table {self.load.target}; to make it, load needs a key: [COLUMN]"
            raise ConfigError(message, code="BD-PIPELINE-KEY")
        schema = schema_for(self.load.target.table, self.load.key, rows, exact=True)
        self.connection.would_make(schema)
        return schema

    def _check_mode(self, rows: pa.Schema) -> None:
        """Append and replace need transactions, or a key by which each row can be found again."""
        load = self.load
        if load.mode == "merge" or self.together:
            return
        keys = self.schema.key_fields
        if not keys or not set(keys) <= set(rows.names):
            why = "a run that dies in the middle could not tell which rows are there"
            raise Unsupported(
                f"mode {load.mode} needs the key of {load.target} among the columns, because "
                f"{self.connection.platform} has no transactions: {why}",
                code="BD-PIPELINE-APPEND",
                hint=f"Give it ({', '.join(keys) or 'the table has none'}), or use a target with transactions",
            )

    @property
    def adds(self) -> bool:
        """Whether rows are added without a look at what is there: append, and replace of a table without a key."""
        return self.load.mode == "append" or (self.load.mode == "replace" and not self.schema.key_fields)

    @property
    def refers_to_itself(self) -> bool:
        """Whether rows may refer to rows of the same table, so that their order matters."""
        return self.schema.table in self.refers_to

    def make(self) -> None:
        """Make the table, where it has to be made."""
        if self.new:
            self.connection.ensure(self.schema)
            self.new = False


def _referred(field: Field) -> str | None:
    kind = element(field.type)
    return kind.table if isinstance(kind, Reference) else None


def _link(schema: Schema, name: str) -> tuple[str, str]:
    table = _referred(schema[name]) if name in schema else None
    if table is None:
        references = [field.name for field in schema if _referred(field)]
        near = near_match(name, references)
        hint = f"did you mean {near!r}?" if near else f"its references are {', '.join(references) or 'none'}"
        raise SchemaError(f"links: {name!r} is no reference of {schema.table}; {hint}", code="BD-PIPELINE-LINK")
    return name, table


def _check_fit(load: Load, schema: Schema, rows: pa.Schema) -> None:
    if load.key and not schema.key_fields:
        raise ConfigError(
            f"{load.target} has no key, so {load.mode} cannot find its records",
            code="BD-PIPELINE-KEY",
            hint="Give the table a key, or leave `key` out with mode append or replace",
        )
    if load.key and set(load.key) != set(schema.key_fields):
        message = (
            f"The key of {load.target} is {', '.join(schema.key_fields)}, and the file says {', '.join(load.key)}"
        )
        raise ConfigError(message, code="BD-PIPELINE-KEY")
    for name in rows.names:
        if name not in schema:
            match = near_match(name, schema.names)
            hint = f"did you mean {match!r}?" if match else f"it has {', '.join(schema.names)}"
            raise SchemaError(f"{load.target} has no field {name!r}; {hint}", code="BD-PIPELINE-FIELD")
    needed = [field.name for field in schema if _must_come(field, load.mode) and field.name not in rows.names]
    if needed:
        message = f"{load.target} requires {', '.join(needed)}, which the step does not give"
        raise SchemaError(message, code="BD-PIPELINE-FIELD")


def _must_come(field: Field, mode: str) -> bool:
    return field.required and not field.generated and field.default is None and mode != "merge"
