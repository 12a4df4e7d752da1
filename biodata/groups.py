"""Groups of records and their numbers, and the different values of a field."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from biodata.errors import QueryError
from biodata.spelling import no_attribute
from biodata.tabular import Tabular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from biodata.grouping import GroupPlan
    from biodata.query.explain import Explanation
    from biodata.records.types import Path, Record
    from biodata.repository import Repository

__all__ = ["Counts", "Groups", "Values", "distinct_values"]

BATCH = 10_000


class Groups:
    """The records of a query by the values of some fields; sends nothing. `count()` says how many are in each."""

    def __init__(
        self,
        repository: Repository,
        names: Sequence[str | Path],
        arguments: dict[str, Any],
        page_size: int | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self._repository = repository
        self._names = tuple(names)
        self._arguments = arguments
        self._page_size = page_size
        self._strict = strict

    def count(self, name: str = "count") -> Counts:
        """The number of records in each group, as a lazy answer.

        Args:
            name: of the field that holds the number.

        Raises:
            QueryError: `BD-QUERY-GROUP`: there is no field, one that has no values to compare, or one with that name.
        """
        from biodata.grouping import plan_groups

        repository = self._repository
        with repository.located():
            planned = plan_groups(
                repository, "aggregate", self._names, self._arguments, self._page_size, strict=self._strict
            )
            _free(name, planned)
        return Counts(repository, planned, name)

    if not TYPE_CHECKING:  # a type checker shall go on telling unknown names itself

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, "group", name)

    def __repr__(self) -> str:
        return f"<Groups of {self._repository.address}: .count() says how many records are in each>"


class Counts(Tabular):
    """The number of records in each group: `{"Chr": "19", "count": 3}`, nested where a path has several steps.

    The groups come in order, nulls last and strings by code point. A record is in the group of null where it has no
    value, and in the group of each different element where the field is a list. Iterating asks, each time anew: one
    request where the platform counts, and otherwise a scan of the fields that are grouped by, of which only the
    groups are kept in memory.
    """

    def __init__(self, repository: Repository, planned: GroupPlan, name: str) -> None:
        self._repository = repository
        self._planned = planned
        self._name = name

    @property
    def table(self) -> str:
        """The name of the table."""
        return self._repository.name

    @property
    def fields(self) -> tuple[Path, ...]:
        """The paths that are grouped by, and the number's."""
        return (*(self._planned.plan.query.fields or ()), (self._name,))

    def __iter__(self) -> Iterator[Record]:
        from biodata.grouping import find_groups

        with self._repository.located():
            found, _ = find_groups(self._repository, self._planned)
        for values, number in found:
            yield _nested(self.fields, (*values, number))

    def to_batches(self, size: int | None = None) -> Iterator[pa.RecordBatch]:
        """Arrow record batches of at most `size` rows."""
        from biodata.query.bind import whole_number
        from biodata.records.arrow import to_batch

        size = BATCH if size is None else whole_number(size, "size", least=1)
        rows = iter(self)
        while chunk := list(islice(rows, size)):
            yield to_batch(chunk, self.arrow_schema)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema; of a list there is its element's type, and the number is an int64."""
        import pyarrow as pa

        from biodata.query.grouping import group_types
        from biodata.records.arrow import arrow_type

        types = map(arrow_type, group_types(self._planned.plan.query))
        return pa.schema(list(zip(map(".".join, self.fields), (*types, pa.int64()), strict=True)))

    def explain(self) -> Explanation:
        """Who counts: the platform by one request, or this library by reading the fields; and why.

        It is the plan: where the platform's answer turns out not to be exact, or it refuses, the fields are read.
        """
        from biodata.grouping import explain_groups

        with self._repository.located():
            return explain_groups(self._repository, self._planned)

    def __repr__(self) -> str:
        names = ", ".join(map(".".join, self.fields[:-1]))
        return f"<Counts of {self._repository.address} by {names}: iterate it, or .to_pandas(), .explain()>"


class Values(list[Any]):
    """The different values of a field, without null, in order."""

    def __init__(self, found: Sequence[Any], repository: Repository, planned: GroupPlan) -> None:
        super().__init__(found)
        self._repository = repository
        self._planned = planned

    def explain(self) -> Explanation:
        """Who found them: the platform by one request, or this library by reading the field; and why."""
        from biodata.grouping import explain_groups

        with self._repository.located():
            return explain_groups(self._repository, self._planned)


def distinct_values(
    repository: Repository,
    field: str | Path,
    arguments: dict[str, Any],
    page_size: int | None = None,
    *,
    strict: bool = False,
) -> Values:
    """The different values of a field in the records of a query.

    Raises:
        QueryError: `BD-QUERY-GROUP`, it has no values to compare; `BD-QUERY-STRICT`, they would be found here.
    """
    from biodata.grouping import find_groups, plan_groups

    with repository.located():
        planned = plan_groups(repository, "distinct", [field], arguments, page_size, strict=strict)
        found, planned = find_groups(repository, planned)
    return Values([values[0] for values, _ in found if values[0] is not None], repository, planned)


def _free(name: str, planned: GroupPlan) -> None:
    """Hold the number's name to one that no field has."""
    taken = {part for path in planned.plan.query.fields or () for part in (path[0], ".".join(path))}
    if name in taken or not name:
        raise QueryError(
            f"'{name}' cannot be the name of the number: a field that is grouped by has it" if name else "No name",
            code="BD-QUERY-GROUP",
            table=planned.plan.schema.table,
            hint='Give another one: count("records").',
        )


def _nested(paths: Sequence[Path], values: Sequence[Any]) -> Record:
    record: Record = {}
    for path, value in zip(paths, values, strict=True):
        inner = record
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = value
    return record
