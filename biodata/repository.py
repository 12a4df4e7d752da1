"""Repository: one table with the five verbs, the one thing that users learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from biodata.errors import NotFound, QueryError
from biodata.results import Result
from biodata.spelling import no_attribute, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from biodata.adapter import Adapter, ListMode
    from biodata.connection import Connection
    from biodata.groups import Groups, Values
    from biodata.query.plan import Order, Plan, Query
    from biodata.query.tree import Node
    from biodata.receipts import Receipt
    from biodata.records.types import Key, Path, Record, Schema
    from biodata.references import References

__all__ = ["Found", "Repository"]

OnRefused = Literal["stop", "isolate"]


class Found(list["Record"]):
    """The records that `get` found, in the order asked.

    Attributes:
        missing: the keys that are not there, in the order asked.
    """

    def __init__(self, records: Iterable[Record], missing: Iterable[Key]) -> None:
        super().__init__(records)
        self.missing = tuple(missing)


class Repository:
    """One table. Making one sends nothing; the schema is asked for when it is first needed.

    Verbs: `get`, `add`, `update`, `delete`, `query`; beside them `upsert`, `count`, `distinct`, `group_by`, `schema`.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name

    @property
    def adapter(self) -> Adapter:
        """The adapter that speaks to the platform."""
        return self.connection.adapter

    @property
    def references(self) -> References:
        """The way to the records of referenced tables."""
        return self.connection.references

    @property
    def profile(self) -> str:
        """The name of the connection."""
        return self.connection.name

    @property
    def address(self) -> str:
        """`profile/table`."""
        return f"{self.profile}/{self.name}"

    @property
    def schema(self) -> Schema:
        """The table's shape.

        Raises:
            NotFound: `BD-NOT-FOUND-TABLE`.
        """
        with self.located():
            return self.adapter.schema(self.name)

    def located(self) -> AbstractContextManager[None]:
        """Errors raised inside say which profile and table they are about."""
        return self.connection.located(self.name)

    @spelled
    def get(
        self,
        key: Key | list[Key] | None = None,
        *,
        fields: Sequence[str | Path] | str | None = None,
        expand: Sequence[str | Path] | str = (),
        id: str | None = None,  # noqa: A002 - the platform's word
    ) -> Any:
        """One record by its key, or many by a list of keys.

        Args:
            key: a key (a tuple where the key is composite); a list, set or iterator of keys asks for many. A
                record that holds its key will do for it.
            fields: names or dotted paths of the fields wanted; all when None.
            expand: references to follow, dotted for several steps: the referenced record stands in place of its
                key. A key stays where there is no such record.
            id: the platform's own identity in place of the key, where the two differ.

        Returns:
            A record for one key; `Found`, a list in the order asked with `.missing`, for many.

        Raises:
            NotFound: `BD-NOT-FOUND`, one key that is not there.
        """
        from biodata.expansion import wanted
        from biodata.getting import get_by_id, get_many, get_one
        from biodata.keys import is_one_key

        with self.located():
            want = wanted(self.schema, self.references.schema, fields, expand)
            if id is not None:
                if key is not None:
                    raise QueryError("get takes a key or an id, not both", code="BD-KEY-TYPE")
                return get_by_id(self, id, want)
            return get_one(self, key, want) if key is None or is_one_key(key) else get_many(self, key, want)

    @spelled
    def query(  # noqa: PLR0913 - all that can be said of one question
        self,
        where: str | Node | Mapping[str, Any] | None = None,
        *,
        fields: Sequence[str | Path] | str | None = None,
        expand: Sequence[str | Path] | str = (),
        order_by: str | Sequence[str | Order] | None = None,
        limit: int | None = None,
        offset: int = 0,
        native: str | Sequence[Mapping[str, Any]] | None = None,
        page_size: int | None = None,
        strict: bool = False,
    ) -> Result:
        """The records that a filter is true of, as a lazy Result; sends nothing yet.

        Args:
            where: `"age >= 40 and sex = 'F'"`, `col("age") >= 40`, or the JSON form; all records when None.
            fields: names or dotted paths; all fields when None. A reference asked for beside fields beyond it
                (`city`, `city.name`) is its key's field (`city.code`).
            expand: references to follow, as in `get`; one bulk request for each page, table and level.
            order_by: names, `-name` for descending; nulls last. Without it the order is the platform's own.
            limit: a number of records, all when None.
            offset: a number of matching records to skip.
            native: the platform's own query text, or its JSON form, joined with `where` by AND.
            page_size: records a request, in place of the adapter's own choice.
            strict: refuse what the platform does not do all by itself, before it is asked for any record: a part of
                the filter that it does not do, or not exactly, order, limit and offset, and references to follow.

        Raises:
            QueryError: the text of the filter cannot be read. When the result is first iterated, counted or
                explained, which asks for the table's schema: a field that is not there, a value that does not fit
                its field; `BD-QUERY-STRICT`, with each thing that would be done here, why, and what the platform
                would do instead.
        """
        from biodata.query.parser import filters_from

        with self.located():
            if native is not None and not self.adapter.capabilities.native_query:
                raise QueryError(f"{self.adapter.platform} takes no native query", code="BD-QUERY-NATIVE")
            arguments: dict[str, Any] = {"where": filters_from(where)}
        arguments |= {"fields": _kept(fields), "order_by": _kept(order_by)}
        text = native if native is None or isinstance(native, str) else msgspec.json.encode(native).decode()
        arguments |= {"limit": limit, "offset": offset, "native": text}
        return Result(self, arguments, page_size, strict=strict, expand=_kept(expand))

    @spelled
    def count(self, where: str | Node | Mapping[str, Any] | None = None, *, strict: bool = False) -> int:
        """The number of records that a filter is true of; of all records when None. `strict` as for `query`."""
        return self.query(where, strict=strict).count()

    @spelled
    def distinct(
        self, field: str | Path, where: str | Node | Mapping[str, Any] | None = None, *, strict: bool = False
    ) -> Values:
        """The different values of a field in the records that a filter is true of: of a list, its elements.

        Args:
            field: a name or a dotted path.
            where: as for `query`; all records when None.
            strict: refuse to find them here.

        Returns:
            A list without null, in order, strings by code point; its `explain()` says who found them.

        Raises:
            QueryError: `BD-QUERY-GROUP`, for an object, JSON or a file, which have no values to compare.
        """
        return self.query(where, strict=strict).distinct(field)

    @spelled
    def group_by(
        self,
        *fields: str | Path | list[str | Path],
        where: str | Node | Mapping[str, Any] | None = None,
        strict: bool = False,
    ) -> Groups:
        """The records that a filter is true of, by the values of some fields: `.count()` says how many in each.

        Null is a group; of a list each different element is one, and a record with an empty list is in null's.

        Args:
            fields: names or dotted paths, one or more, or a list of them.
            where: as for `query`; all records when None.
            strict: refuse to count here.
        """
        return self.query(where, strict=strict).group_by(*fields)

    @spelled
    def add(
        self,
        records: Any,
        *,
        on_refused: OnRefused = "stop",
        dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Receipt:
        """Add new records: a record, an iterable of them, a pandas or polars frame, or Arrow.

        Args:
            records: missing fields take the platform's default; None and NaN are null.
            on_refused: `stop` holds back what comes after a refused record, and its valid siblings in a batch;
                `isolate` splits a refused batch until the bad records stand alone, and writes all others.
            dry_run: check only; nothing is sent.
            progress: called with the number of records dealt with, after each batch.

        Returns:
            A Receipt with one outcome for each record. A refused record does not raise.

        Raises:
            PermissionDenied: `BD-ACCESS`, the profile's access is `read`.
        """
        return self._write("add", records, on_refused=on_refused, dry_run=dry_run, progress=progress)

    @spelled
    def update(
        self,
        records: Any,
        *,
        lists: ListMode = "replace",
        on_refused: OnRefused = "stop",
        dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Receipt:
        """Change the fields given of records that are there, each replaced whole; None clears; others stay.

        Args:
            records: each with its key and the fields to change; as for `add`.
            lists: what happens to a list: `replace`, or `add` and `remove` elements where the platform can.
            on_refused: as for `add`.
            dry_run: as for `add`.
            progress: as for `add`.
        """
        options: dict[str, Any] = {"on_refused": on_refused, "dry_run": dry_run, "progress": progress}
        return self._write("update", records, lists=lists, **options)

    @spelled
    def upsert(
        self,
        records: Any,
        *,
        on_refused: OnRefused = "stop",
        dry_run: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Receipt:
        """Add the records whose key is new, update the others; what is so already is `unchanged`, and not sent."""
        return self._write("upsert", records, on_refused=on_refused, dry_run=dry_run, progress=progress)

    @spelled
    def delete(
        self,
        keys: Any = None,
        *,
        where: str | Node | Mapping[str, Any] | None = None,
        all: bool = False,  # noqa: A002 - it must be said
        on_refused: OnRefused = "stop",
        progress: Callable[[int], None] | None = None,
    ) -> Receipt:
        """Delete by key, by filter, or every record; exactly one of the three.

        Args:
            keys: a key or an iterable of keys. One that is not there is `unchanged`.
            where: a filter; the keys are read first.
            all: True deletes every record of the table.
            on_refused: as for `add`.
            progress: as for `add`.

        Raises:
            QueryError: `BD-KEY-EMPTY` for an empty or missing key, before anything is sent.
            PermissionDenied: `BD-ACCESS`, the profile's access is less than `delete`.
        """
        from biodata.deleting import delete

        self.allow("delete")
        with self.located():
            return delete(self, keys, where=where, everything=all, on_refused=on_refused, progress=progress)

    def _write(self, operation: Literal["add", "update", "upsert"], records: Any, **options: Any) -> Receipt:
        from biodata.writing import write

        self.allow("write")
        with self.located():
            return write(self, operation, records, **options)

    def allow(self, level: Literal["read", "write", "delete"]) -> None:
        """Hold a verb to the profile's access level.

        Raises:
            PermissionDenied: `BD-ACCESS`.
        """
        self.connection.allow(level, self.name)

    def plan(self, query: Query, page_size: int | None = None) -> Plan:
        """Who does what of a bound query."""
        from biodata.query.bind import whole_number
        from biodata.query.split import make_plan

        if page_size is not None:
            page_size = whole_number(page_size, "page_size", least=1)
        plan = make_plan(query, self.adapter.pushdown(query.schema))
        size = page_size or self.connection.page_size or self.adapter.page_size(plan)
        return msgspec.structs.replace(plan, page_size=min(size, self.adapter.capabilities.max_page_size))

    def ready(self, plan: Plan) -> Plan:
        """The plan as it can be sent: with the keys that it looks up, which are read now."""
        from biodata.keysets import ready

        return ready(self.adapter, plan, self.references)

    def matching(self, plan: Plan) -> int:
        """The number of records that answer a plan that can be sent, without limit and offset."""
        from biodata import scan

        if plan.limit == 0:
            return 0
        if plan.residual is None and self.adapter.has("count"):
            return self.adapter.count(plan)
        return sum(1 for _ in scan.records(self.adapter, plan, self.references))

    def missing(self, key: Key) -> NotFound:
        """The error for a key that is not there; the key itself stays out of the text."""
        return NotFound("There is no record with that key", missing=[key], profile=self.profile, table=self.name)

    if not TYPE_CHECKING:  # a type checker shall go on telling unknown names itself

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, "table", name, self)

    def __repr__(self) -> str:
        return f"<Repository {self.address}>"

    def _repr_html_(self) -> str:
        from biodata.records.display import or_note

        return or_note(self._shown)

    def _shown(self) -> str:
        return self.schema._repr_html_()


def _kept(names: Any) -> Any:
    """The names as they are now: what is given may be a list that changes, or an iterator that runs dry."""
    return names if names is None or isinstance(names, str) else tuple(names)
