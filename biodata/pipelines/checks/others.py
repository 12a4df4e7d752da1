"""Checks of a whole set against something else: another step or table, the last run, the clock."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from biodata.pipelines.ahead import believed
from biodata.pipelines.checks.whole import CheckOutcome
from biodata.pipelines.operations.expressions import locked_connection, quoted
from biodata.pipelines.spec import Address

if TYPE_CHECKING:
    from biodata.pipelines.checks.whole import Checking
    from biodata.pipelines.spec import FreshCheck, ReferencesCheck, ShareCheck
    from biodata.pipelines.state.spool import Sealed

__all__ = ["different_values", "fresh", "references", "share"]

SPANS = {"years": 31_557_600, "months": 2_629_800, "weeks": 604_800, "days": 86_400, "hours": 3_600}
"""Seconds of each."""


def references(check: ReferencesCheck, checking: Checking) -> CheckOutcome:
    """Whether every value of a column is there; a table is asked for the different values in bulk."""
    wanted = different_values(checking.rows, check.of)
    if isinstance(check.within, Address):
        there = _in_table(check, checking, wanted)
    else:
        there = set(different_values(checking.others[check.within], check.field or check.of))
    missing = sum(1 for value in wanted if value not in there)
    detail = f"{missing:,} of {len(wanted):,} values are not in {check.within}" if missing else "every value is there"
    return CheckOutcome(check.name, "references", not missing, f"{check.of}: {detail}")


def _in_table(check: ReferencesCheck, checking: Checking, wanted: list[Any]) -> set[Any]:
    from biodata.query.builder import col

    if not isinstance(check.within, Address):
        raise TypeError
    table = checking.connections[check.within.profile][check.within.table]
    key = table.schema.key
    if check.field in {"", key} and isinstance(key, str):
        return {table.schema.key_of(record) for record in table.get(wanted, fields=[key])} if wanted else set()
    found: set[Any] = set()
    for some in (wanted[at : at + 500] for at in range(0, len(wanted), 500)):
        path = col(check.field)
        found.update(record[check.field] for record in table.query(path.is_in(some), fields=[check.field]))
    return found


def different_values(rows: Sealed, column: str) -> list[Any]:
    """The different values of a column, of a list its elements, without null; spills beside the spooled file."""
    import pyarrow as pa

    kind = rows.schema().field(column).type
    name = quoted(column)
    value = f"unnest({name})" if pa.types.is_list(kind) else name
    with locked_connection(rows.path.parent) as connection:
        connection.register("found", pa.RecordBatchReader.from_batches(rows.schema(), rows.batches()))
        answer = connection.sql(f"SELECT DISTINCT v FROM (SELECT {value} AS v FROM found) WHERE v IS NOT NULL")  # noqa: S608
        return [row[0] for row in answer.fetchall()]


def share(check: ShareCheck, checking: Checking) -> CheckOutcome:
    """Whether enough rows were read, measured by the last run that was done; true at the first run."""
    before = checking.memory.rows_read
    if not before:
        return CheckOutcome(
            check.name, "share_of_last_run", ok=True, detail="there is no earlier run to compare with"
        )
    found = checking.read / before
    detail = (
        f"{checking.read:,} rows, {found:.0%} of the {before:,} of the last run; at least {check.share:.0%} expected"
    )
    return CheckOutcome(check.name, "share_of_last_run", found >= check.share, detail)


def fresh(check: FreshCheck, checking: Checking) -> CheckOutcome:
    """Whether the latest date of a column is recent; dates are compared as the beginning of the day in UTC.

    A date that lies ahead is a mistake of somebody's, and would make old records look fresh for ever.
    """
    latest, ahead = _latest(checking.rows, check.of, checking.now)
    told = f"; {ahead:,} that {'lies' if ahead == 1 else 'lie'} more than a day ahead left out" if ahead else ""
    if latest is None:
        return CheckOutcome(check.name, "fresh", ok=False, detail=f"{check.of}: there is no date{told}")
    age = checking.now - latest
    detail = f"{check.of}: the latest is {_old(age)}, within {check.within} expected{told}"
    return CheckOutcome(check.name, "fresh", age.total_seconds() <= check.within.seconds, detail)


def _old(age: dt.timedelta) -> str:
    """About how old, and not the very day: that is a value of somebody's record."""
    for unit, seconds in SPANS.items():
        if (number := int(age.total_seconds() / seconds)) > 1:
            return f"more than {number:,} {unit} old"
    return "less than two hours old"


def _latest(rows: Sealed, column: str, now: dt.datetime) -> tuple[dt.datetime | None, int]:
    """The latest that is to be believed, and how many lie ahead of now."""
    import pyarrow.compute as pc

    latest: Any = None
    ahead = 0
    for batch in rows.batches():
        kept, later = believed(batch.column(column), now)
        found, ahead = pc.max(kept).as_py(), ahead + later
        latest = found if latest is None or (found is not None and found > latest) else latest
    if isinstance(latest, dt.datetime) or latest is None:
        return latest, ahead
    return dt.datetime(latest.year, latest.month, latest.day, tzinfo=dt.UTC), ahead
