"""One scan: pages in order with a few in flight, and records checked, sorted, cut and trimmed here."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from biodata.query.paths import crossing
from biodata.references import Expanded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from biodata.adapter import Adapter, Page, PageRequest
    from biodata.query.plan import Plan
    from biodata.records.types import Path, Record, Schema
    from biodata.references import References

    Tree = dict[str, "Tree | None"]
    """Names to keep, each with the names to keep inside it, or None for all of it."""

__all__ = ["ReadTooMuch", "pages", "records", "rows_of", "trim"]


def pages(adapter: Adapter, plan: Plan) -> Iterator[Page]:
    """The pages of a scan in order, with at most `max_in_flight` requests under way ahead of the reader."""
    waiting = deque(adapter.requests(plan))
    if adapter.capabilities.max_in_flight > 1:
        yield from _pages_ahead(adapter, plan, waiting)
        return
    while waiting:
        page = adapter.page(plan, waiting.popleft())
        waiting.extend(adapter.requests(plan, page))
        yield page


def _pages_ahead(adapter: Adapter, plan: Plan, waiting: deque[PageRequest]) -> Iterator[Page]:
    flying: deque[Future[Page]] = deque()
    while waiting or flying:
        while waiting and len(flying) < adapter.capabilities.max_in_flight:
            flying.append(_under_way(adapter, plan, waiting.popleft()))
        page = flying.popleft().result()
        waiting.extend(adapter.requests(plan, page))
        yield page


def _under_way(adapter: Adapter, plan: Plan, request: PageRequest) -> Future[Page]:
    """The page to come, asked for by a thread that nobody waits for when the program ends or is interrupted."""
    from concurrent.futures import Future
    from threading import Thread

    coming: Future[Page] = Future()

    def ask() -> None:
        try:
            coming.set_result(adapter.page(plan, request))
        except BaseException as error:  # noqa: BLE001 - the reader raises it
            coming.set_exception(error)

    Thread(target=ask, name="biodata-page", daemon=True).start()
    return coming


class ReadTooMuch(Exception):
    """More records would be read than a scan was allowed."""


def records(
    adapter: Adapter, plan: Plan, references: References, *, most_read: int | None = None
) -> Iterator[Record]:
    """The records that answer the plan's query, with exactly the fields asked for.

    Args:
        adapter: of the platform.
        plan: made by that adapter's pushdown table.
        references: of the connection.
        most_read: records that may be read for it, those that do not pass included.

    Raises:
        ReadTooMuch: by the iterator, at the first record beyond `most_read`.
    """
    from biodata.keysets import ready

    plan = ready(adapter, plan, references)
    if plan.limit == 0:
        return iter(())
    query = plan.query
    read = _read(adapter, plan, references)
    rows = _checked(read if most_read is None else _at_most(most_read, read), plan, references)
    skip, take = query.offset - plan.offset, query.limit
    if plan.sort_here:
        rows = _sorted(rows, plan, references)
    elif skip or take is not None:
        rows = islice(rows, skip, None if take is None else skip + take)
    return map(trim(query.fields, plan.schema, joined=bool(_joins(plan))), rows)


def _read(adapter: Adapter, plan: Plan, references: References) -> Iterator[Record]:
    joins = _joins(plan)
    for page in pages(adapter, plan):
        rows = rows_of(page)
        yield from references.join(rows, plan.schema, joins) if joins else rows


def _at_most(number: int, rows: Iterator[Record]) -> Iterator[Record]:
    yield from islice(rows, number)
    for _ in rows:
        raise ReadTooMuch


def _joins(plan: Plan) -> list[Path]:
    return [path for path in plan.fields if crossing(plan.schema, path)]


def _checked(rows: Iterator[Record], plan: Plan, references: References) -> Iterator[Record]:
    if plan.residual is None:
        return rows
    from biodata.query.evaluate import predicate

    return filter(predicate(plan.residual, plan.schema, references.schema), rows)


def _sorted(rows: Iterator[Record], plan: Plan, references: References) -> Iterator[Record]:
    from biodata.query.ordering import sorted_records

    query = plan.query
    return sorted_records(
        rows, query.order, plan.schema, limit=query.limit, offset=query.offset, lookup=references.schema
    )


def rows_of(page: Page) -> list[Record]:
    """The rows of a page as records."""
    if isinstance(page.rows, list):
        return page.rows
    from biodata.records.arrow import from_arrow

    return list(from_arrow(page.rows))


def trim(fields: tuple[Path, ...] | None, schema: Schema, *, joined: bool = True) -> Callable[[Record], Record]:
    """A function that keeps the fields asked for, in the order asked; nested paths give nested records.

    Args:
        fields: the paths asked for; None for all fields.
        schema: of the table.
        joined: whether records may stand in place of keys.
    """
    paths = fields if fields is not None else tuple((name,) for name in schema.names)
    if any(len(path) > 1 for path in paths):
        tree = _tree(paths)
        return lambda row: _nested(row, tree)
    names = tuple(path[0] for path in paths)
    if joined:
        return lambda row: {name: _plain(row.get(name)) for name in names}
    return lambda row: row if tuple(row) == names else {name: row.get(name) for name in names}


def _tree(paths: Iterable[Path]) -> Tree:
    by_head: dict[str, list[Path]] = {}
    for path in paths:
        by_head.setdefault(path[0], []).append(path[1:])
    return {name: None if () in rest else _tree(rest) for name, rest in by_head.items()}


def _nested(row: Record, tree: Tree) -> Record:
    return {
        name: _plain(row.get(name)) if inner is None else _inside(row.get(name), inner)
        for name, inner in tree.items()
    }


def _inside(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [_inside(item, tree) for item in value]
    return _nested(value, tree) if isinstance(value, dict) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Expanded):
        return value.key
    if isinstance(value, list) and value and isinstance(value[0], Expanded):
        return [item.key for item in value]
    return value
