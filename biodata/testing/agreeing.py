"""What comparing says of records held to what an upsert of them then does."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from biodata.comparing import compare
from biodata.testing.values import near_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.comparing import Change
    from biodata.receipts import Outcome
    from biodata.records.types import Field, Record, Schema
    from biodata.repository import Repository

__all__ = ["agreed", "altered"]

_DONE = {"create": "created", "update": "updated", "unchanged": "unchanged", "refused": "refused"}
_WAYS = {"same": 18, "another": 6, "near": 3, "none": 1, "wrong": 0.1}


def agreed(table: Repository, records: Sequence[Record]) -> Counter[str]:
    """Compare records, upsert them, and see that what was said of each is what became of it.

    What is written is compared again: it is so already. A record that would be written may be refused by the
    platform for reasons of its own.

    Returns:
        The number of records by what became of them: an action's word, or the code of such a refusal.
    """
    told = list(compare(table, records))
    before = table.get([one.key for one in told if one.action == "update"])
    held = {table.schema.key_of(record): record for record in before}
    receipt = table.upsert(records, on_refused="isolate")
    assert [one.row for one in told] == [one.row for one in receipt] == list(range(len(records)))
    for change, outcome in zip(told, receipt, strict=True):
        _check(change, outcome)
        assert all(held[change.key][name] == value for name, value in change.before.items())
    written = [records[one.row] for one in receipt if one.status in {"created", "updated"}]
    again = [(records[one.row], one) for one in compare(table, written) if one.action != "unchanged"]
    assert not again, "what was written differs from what is there"
    return Counter(_word(change, outcome) for change, outcome in zip(told, receipt, strict=True))


def _check(change: Change, outcome: Outcome) -> None:
    assert change.key == outcome.key
    if change.action == "refused":
        assert (outcome.status, outcome.code) == ("refused", change.code), f"{change} is {outcome}"
    elif change.action == "unchanged" or outcome.status != "refused":
        assert outcome.status == _DONE[change.action], f"{change} is {outcome}"
    assert bool(change.after) == (change.action in {"create", "update"})
    assert change.before.keys() == (change.after.keys() if change.action == "update" else set())


def _word(change: Change, outcome: Outcome) -> str:
    return outcome.code if outcome.status == "refused" != change.action else change.action


def altered(stored: Sequence[Record], others: Sequence[Record], schema: Schema, seed: int) -> Iterator[Record]:
    """Each record with some of its fields as they are, or as another's, nearly so, empty, or of another type."""
    dice = random.Random(seed)  # noqa: S311 - the same for the same seed
    fields = [one for one in schema if not (one.generated or one.read_only or one.name in schema.key_fields)]
    for record, other in zip(stored, others, strict=False):
        kept = {name: record[name] for name in schema.key_fields}
        some = dice.sample(fields, dice.randint(0, len(fields)))
        yield kept | {one.name: _value(one, record, other, dice) for one in some}


def _value(field: Field, record: Record, other: Record, dice: random.Random) -> Any:
    present = record.get(field.name)
    values = {"same": present, "another": other.get(field.name), "none": None, "wrong": {"no": "value"}}
    way = dice.choices(list(_WAYS), list(_WAYS.values()))[0]
    return _nearly(present, dice) if way == "near" else values[way]


def _nearly(value: Any, dice: random.Random) -> Any:
    """A list the other way round, an object without its first value, another scalar nearby."""
    if isinstance(value, list):
        return value[::-1]
    if isinstance(value, dict):
        return value | dict.fromkeys(list(value)[:1])
    return None if value is None else dice.choice(near_values(value))
