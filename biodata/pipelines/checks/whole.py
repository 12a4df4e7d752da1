"""Checks over the whole set of a step's rows."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import CheckFailed
from biodata.pipelines.operations.expressions import locked_connection, quoted
from biodata.pipelines.spec import CountCheck, LookUp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.connection import Connection
    from biodata.pipelines.spec import Step
    from biodata.pipelines.state.spool import Sealed

__all__ = ["CheckOutcome", "check_set", "number_of"]


class CheckOutcome(msgspec.Struct, frozen=True):
    """How a check came out.

    Attributes:
        kind: rows, count or unique.
        detail: what was found, in words and numbers.
    """

    name: str
    kind: str
    ok: bool
    detail: str


def check_set(
    step: Step, rows: Sealed, *, rejected: int, connections: Mapping[str, Connection]
) -> list[CheckOutcome]:
    """The outcome of each whole-set check of a step; one that does not hold is in the list, not raised.

    Args:
        step: the step.
        rows: its rows after transform and row checks.
        rejected: how many were rejected before.
        connections: by the names of profiles.
    """
    outcomes = []
    for check in step.set_checks:
        if isinstance(check, CountCheck):
            outcomes.append(_count(check, rows.rows + rejected, connections))
        else:
            outcomes.append(_unique(check.name, check.columns, rows))
    return outcomes + _key(step, rows)


def _key(step: Step, rows: Sealed) -> list[CheckOutcome]:
    """Rows that share a key would overwrite each other in a merge, at each run anew; told only if there are some."""
    if step.load is None or step.load.mode != "merge":
        return []
    outcome = _unique("each row has a key of its own", step.load.key, rows)
    return [] if outcome.ok else [outcome]


def _count(check: CountCheck, found: int, connections: Mapping[str, Connection]) -> CheckOutcome:
    wanted = check.equals
    expected = look_up(wanted, connections[wanted.source.profile]) if isinstance(wanted, LookUp) else wanted
    source = f" by {wanted.source}, field {wanted.field}" if isinstance(wanted, LookUp) else ""
    return CheckOutcome(check.name, "count", found == expected, f"{found:,} rows, {expected:,} expected{source}")


def look_up(wanted: LookUp, connection: Connection) -> int:
    """The number that stands in a field of a record.

    Raises:
        NotFound: there is no such record.
        CheckFailed: the field holds no whole number.
    """
    record = connection[wanted.source.table].get(wanted.key, fields=[wanted.field])
    number = number_of(record.get(wanted.field))
    if number is None:
        raise CheckFailed(
            f"{wanted.source}: the field {wanted.field} of the record asked for holds no whole number",
            code="BD-PIPELINE-CHECK",
        )
    return number


def number_of(value: Any) -> int | None:
    """The whole number that a value is, or that a text spells; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return int(number) if number.is_finite() and number == number.to_integral_value() else None


def _unique(name: str, columns: tuple[str, ...], rows: Sealed) -> CheckOutcome:
    again = _repeated(columns, rows)
    detail = f"{again:,} values come more than once" if again else "every value comes once"
    return CheckOutcome(name, "unique", not again, f"{', '.join(columns)}: {detail}")


def _repeated(columns: tuple[str, ...], rows: Sealed) -> int:
    """How many values come more than once; what has a null in it is no value. Spills beside the spooled file."""
    import pyarrow as pa

    names = [quoted(name) for name in columns]
    there = " AND ".join(f"{name} IS NOT NULL" for name in names)
    groups = f"SELECT 1 FROM found WHERE {there} GROUP BY {', '.join(names)} HAVING count(*) > 1"  # noqa: S608
    with locked_connection(rows.path.parent) as connection:
        connection.register("found", pa.RecordBatchReader.from_batches(rows.schema(), rows.batches()))
        return int(connection.sql(f"SELECT count(*) FROM ({groups})").fetchall()[0][0])  # noqa: S608
