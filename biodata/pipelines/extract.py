"""What a step reads: a query on the source, sealed into the spool."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from biodata.errors import BiodataError
from biodata.pipelines.rows import nested, no_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.progress import Progress
    from biodata.pipelines.spec import Step
    from biodata.pipelines.spool import Sealed, Spool
    from biodata.results import Result

__all__ = ["located", "read_into", "source_query", "source_schema"]


@contextmanager
def located(file: str, line: int, step: str) -> Iterator[None]:
    """Errors raised inside say which line of the pipeline file they are about."""
    try:
        yield
    except BiodataError as error:
        error.message = f"{file}:{line}: step {step}: {error.message}"
        raise


def source_query(connection: Connection, step: Step) -> Result:
    """The step's query, bound to the source's schema; no record is asked for.

    Raises:
        NotFound: there is no such table.
        QueryError: the filter or a field does not fit the table.
    """
    result = connection[step.extract.source.table].query(step.extract.where, fields=step.extract.fields)
    result.plan  # noqa: B018 - binds, so that an unknown field is found before anything is read
    return result


def source_schema(result: Result) -> pa.Schema:
    """The Arrow schema under which the step's expressions see what is read: dotted fields put together as structs."""
    return nested(no_rows(result.arrow_schema)).schema


def read_into(spool: Spool, step: Step, result: Result, progress: Progress) -> Sealed:
    """Read everything that the query finds into the spool, in constant memory."""
    with spool.writer(f"{step.name}.read", source_schema(result)) as writer:
        for batch in result.to_batches():
            writer.write(nested(batch))
            progress.advance(batch.num_rows)
        return writer.seal()
