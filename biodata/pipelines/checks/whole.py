"""Checks over the whole set of a step's rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.connection import Connection
from biodata.errors import CheckFailed
from biodata.pipelines.operations.expressions import locked_connection, quoted
from biodata.pipelines.spec import CountCheck, FreshCheck, LookUp, ReferencesCheck, ShareCheck, Step, UniqueCheck
from biodata.pipelines.state.memory import StepMemory
from biodata.pipelines.state.spool import Sealed

if TYPE_CHECKING:
    from biodata.pipelines.spec import SetCheck

__all__ = ["CheckOutcome", "Checking", "check_set", "look_up", "number_of"]


class CheckOutcome(msgspec.Struct, frozen=True):
    """How a check came out.

    Attributes:
        kind: rows, or as the file names it: count, unique, references, share_of_last_run, fresh.
        detail: what was found, in words and numbers.
    """

    name: str
    kind: str
    ok: bool
    detail: str


class Checking(msgspec.Struct, frozen=True):
    """What the checks of a step may know.

    Attributes:
        rows: the step's rows after transform and row checks.
        read: how many rows the source gave, the rejected ones among them.
        others: the rows of each step of the run, by its name.
        connections: by the names of profiles.
        memory: what is known from the last run that was done.
        now: the instant at which the run began, in UTC.
    """

    step: Step
    rows: Sealed
    read: int
    others: Mapping[str, Sealed]
    connections: Mapping[str, Connection]
    memory: StepMemory
    now: datetime


def check_set(checking: Checking) -> list[CheckOutcome]:
    """The outcome of each whole-set check of a step; one that does not hold is in the list, not raised."""
    return [_outcome(check, checking) for check in checking.step.set_checks] + _key(checking.step, checking.rows)


def _outcome(check: SetCheck, checking: Checking) -> CheckOutcome:
    from biodata.pipelines.checks.others import fresh, references, share

    match check:
        case CountCheck():
            return _count(check, checking)
        case UniqueCheck():
            return _unique(check.name, check.columns, checking.rows)
        case ReferencesCheck():
            return references(check, checking)
        case ShareCheck():
            return share(check, checking)
        case FreshCheck():
            return fresh(check, checking)


def _key(step: Step, rows: Sealed) -> list[CheckOutcome]:
    """Rows that share a key would overwrite each other in a merge, at each run anew; told only if there are some."""
    if step.load is None or not step.load.key or step.load.mode == "append":
        return []
    outcome = _unique("each row has a key of its own", step.load.key, rows)
    return [] if outcome.ok else [outcome]


def _count(check: CountCheck, checking: Checking) -> CheckOutcome:
    found, oks, words = checking.read, [], []
    for bound, word, holds in (
        (check.equals, "{} expected{}", found.__eq__),
        (check.least, "at least {} expected{}", found.__ge__),
        (check.most, "at most {} expected{}", found.__le__),
    ):
        if bound is None:
            continue
        expected = look_up(bound, checking.connections[bound.source.profile]) if isinstance(bound, LookUp) else bound
        source = f" by {bound.source}, field {bound.field}" if isinstance(bound, LookUp) else ""
        oks.append(bool(holds(expected)))
        words.append(word.format(f"{expected:,}", source))
    return CheckOutcome(check.name, "count", all(oks), f"{found:,} rows, {', '.join(words)}")


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
    many = "1 value comes" if again == 1 else f"{again:,} values come"
    detail = f"{many} more than once" if again else "every value comes once"
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
