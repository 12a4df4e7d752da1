"""Result: an immutable query. Making one sends nothing; iterating it asks, page by page, each time anew."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from biodata import scan
from biodata.errors import NotFound, QueryError
from biodata.spelling import no_attribute
from biodata.tabular import Tabular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from biodata.expansion import Wanted
    from biodata.groups import Groups, Values
    from biodata.query.explain import Explanation
    from biodata.query.plan import Plan, Query
    from biodata.records.types import Path, Record
    from biodata.references import Missing
    from biodata.repository import Repository

__all__ = ["Result"]


class Result(Tabular):
    """The answer to a query, as a lazy stream: constant memory, and it can be iterated again.

    Iterating gives records (`dict`), with every field asked for and None where there is no value.
    """

    def __init__(
        self,
        repository: Repository,
        arguments: dict[str, Any],
        page_size: int | None = None,
        *,
        strict: bool = False,
        expand: Sequence[str | Path] | str = (),
    ) -> None:
        self._repository = repository
        self._arguments = arguments
        self._page_size = page_size
        self._strict = strict
        self._expand = expand

    @cached_property
    def query(self) -> Query:
        """The query bound to the table's schema, which is asked for when it is not known yet.

        Raises:
            QueryError: an unknown field, or a literal that does not fit its field.
        """
        from biodata.query.bind import bind_query

        with self._repository.located():
            fields = {"fields": self._wanted.fields} if self._expand else {}
            arguments = {**self._arguments, **fields}
            return bind_query(self._repository.schema, lookup=self._repository.references.schema, **arguments)

    @cached_property
    def _wanted(self) -> Wanted:
        from biodata.expansion import wanted

        repository = self._repository
        return wanted(repository.schema, repository.references.schema, self._arguments["fields"], self._expand)

    @cached_property
    def plan(self) -> Plan:
        """Who does what of it."""
        return self._repository.plan(self.query, self._page_size)

    @property
    def table(self) -> str:
        """The name of the table."""
        return self._repository.name

    @property
    def fields(self) -> tuple[Path, ...]:
        """The paths of the fields in each record, in order."""
        asked = self.query.fields
        return asked if asked is not None else tuple((name,) for name in self.query.schema.names)

    def __iter__(self) -> Iterator[Record]:
        with self._repository.located():
            yield from self._records()

    def _records(self, missing: Missing = "key") -> Iterator[Record]:
        references = self._repository.references
        rows = scan.records(self._repository.adapter, self._ready(self.plan), references)
        if not self._expand:
            yield from rows
            return
        while chunk := list(islice(rows, self.plan.page_size)):
            references.expand(chunk, self.query.schema, self._wanted.expand, missing)
            yield from chunk

    def _ready(self, plan: Plan) -> Plan:
        """The plan with the keys that it looks up; of a strict query, one that the platform does."""
        self._refuse_partial(plan)
        ready = self._repository.ready(plan)
        if ready is not plan:
            self._refuse_partial(ready, looked_up=True)
        return ready

    def first(self) -> Record | None:
        """The first record, or None; asks for no more than one page."""
        return next(iter(self._with(limit=1)), None)

    def one(self) -> Record:
        """The only record.

        Raises:
            NotFound: there is none.
            QueryError: `BD-QUERY-MANY`, there is more than one.
        """
        found = list(self._with(limit=2))
        if not found:
            raise NotFound("No record matches", profile=self._repository.profile, table=self._repository.name)
        if len(found) > 1:
            raise QueryError("More than one record matches", code="BD-QUERY-MANY", table=self._repository.name)
        return found[0]

    def count(self) -> int:
        """The number of records: by the platform where it does the whole filter, by reading keys otherwise."""
        with self._repository.located():
            from biodata.query.plan import bare

            query = self.query
            matching = self._repository.matching(self._ready(self._repository.plan(bare(query))))
        left = max(0, matching - query.offset)
        return left if query.limit is None else min(left, query.limit)

    def distinct(self, field: str | Path) -> Values:
        """The different values of a field in these records, without null; as `Repository.distinct`."""
        from biodata.groups import distinct_values

        return distinct_values(self._repository, field, self._arguments, self._page_size, strict=self._strict)

    def group_by(self, *fields: str | Path | list[str | Path]) -> Groups:
        """These records by the values of some fields, after limit and offset; as `Repository.group_by`."""
        from biodata.groups import Groups

        names = [name for given in fields for name in (given if isinstance(given, list) else [given])]
        return Groups(self._repository, names, self._arguments, self._page_size, strict=self._strict)

    def to_batches(self, size: int | None = None) -> Iterator[pa.RecordBatch]:
        """Arrow record batches of at most `size` rows, one page by default; constant memory."""
        from biodata.query.bind import whole_number

        with self._repository.located():
            size = None if size is None else whole_number(size, "size", least=1)
            plan = self._exportable()
            yield from self._collected(size) if plan is None else self._exported(plan, size)

    def _collected(self, size: int | None) -> Iterator[pa.RecordBatch]:
        from biodata.records.arrow import to_batch

        schema, rows = self.arrow_schema, self._records("record")
        while chunk := list(islice(rows, size or self.plan.page_size)):
            yield to_batch(chunk, schema)

    def _exportable(self) -> Plan | None:
        """The plan, where the platform's own Arrow can go to the reader as it is, or filtered batch by batch."""
        if not self._repository.adapter.has("export") or self._expand or any(len(path) > 1 for path in self.fields):
            return None
        plan = self._ready(self.plan)
        cut = self.query.limit is not None or self.query.offset > 0
        checked_row_by_row = plan.residual is not None and (cut or any(len(path) > 1 for path in plan.fields))
        return None if checked_row_by_row or plan.sort_here or plan.limit == 0 else plan

    def _exported(self, plan: Plan, size: int | None) -> Iterator[pa.RecordBatch]:
        schema = self.arrow_schema
        for batch in map(self._checked(plan), self._repository.adapter.export(plan)):
            wanted = batch.select(schema.names).cast(schema)
            step = size or max(wanted.num_rows, 1)
            yield from (wanted.slice(start, step) for start in range(0, wanted.num_rows, step))

    def _checked(self, plan: Plan) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """What leaves of a batch the rows that pass what is checked here."""
        if plan.residual is None:
            return lambda batch: batch
        from biodata.query.masks import batch_mask

        lookup = self._repository.references.schema
        return lambda batch: batch.filter(batch_mask(plan.residual, plan.schema, batch, lookup))

    @property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of the answer; nested paths are columns with dotted names, expanded references structs."""
        from biodata.records.arrow import arrow_schema

        references, schema = self._repository.references, self.query.schema
        held = references.expanded(schema, self._wanted.expand) if self._expand else schema
        return arrow_schema(held, self.fields, references.schema)

    def explain(self) -> Explanation:
        """How the query is answered: what the platform does, what is done here, and why."""
        from biodata.keysets import requests_of
        from biodata.query.explain import explain

        with self._repository.located():
            adapter, plan = self._repository.adapter, self.plan
            requests = [line for text in requests_of(adapter, plan) for line in text.split("\n")]
            pushdown = adapter.pushdown(plan.schema)
            transport, expanded = adapter.capabilities.travel, self._expanded
            return explain(plan, pushdown, transport=transport, requests=requests, expanded=expanded)

    def _refuse_partial(self, plan: Plan, *, looked_up: bool = False) -> None:
        """Of a strict query, refuse what the platform does not do; sends nothing.

        Once keys are looked up, no hint may count on them: where a key set is left over there were too many.
        """
        if not self._strict:
            return
        from biodata.query.explain import explain
        from biodata.query.strict import refuse_partial

        pushdown = self._repository.adapter.pushdown(plan.schema)
        pushdown = msgspec.structs.replace(pushdown, most_keys=0) if looked_up else pushdown
        refuse_partial(explain(plan, pushdown, expanded=self._expanded))

    @property
    def _expanded(self) -> tuple[Path, ...]:
        """The references in whose place whole records are put."""
        return self._wanted.expand if self._expand else ()

    def _with(self, *, limit: int) -> Result:
        asked = self.query.limit
        arguments = {**self._arguments, "limit": limit if asked is None else min(limit, asked)}
        return Result(self._repository, arguments, self._page_size, strict=self._strict, expand=self._expand)

    if not TYPE_CHECKING:  # a type checker shall go on telling unknown names itself

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, "query", name)

    def __repr__(self) -> str:
        return f"<Result of {self._repository.address}: iterate it, or .to_pandas(), .first(), .explain()>"
