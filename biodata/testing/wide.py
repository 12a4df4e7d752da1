"""The rows of the differential test: a table that is filled, and how Hypothesis makes its records.

A record is drawn without its key and with numbers in place of references. `resolved` puts a key of its own in, and
the keys of records that are there, so that what one record holds does not change how the next one is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from biodata.records.types import List, Reference, element
from biodata.testing.values import of_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import SearchStrategy

    from biodata.records.types import Field, Record, Schema
    from biodata.testing.target import ValueDomain

__all__ = ["Drawn", "Wide", "draw", "quiet", "resolved"]

_NUMBERS = st.integers(0, 999)
_FEW = 3


@dataclass(frozen=True)
class Wide:
    """A table that the differential test fills with records and asks.

    Attributes:
        table: its name; it may hold other records.
        given: field -> strategy of its values, where the type alone does not say what the platform takes.
        rows: how many records it gets.
        asked: whether it is asked; otherwise it is there to be referred to.
        ties: a reference that must be cleared before a record can be deleted, where there is one.
        key: makes a key of a number and of a text that the domain allows in keys.
    """

    table: str
    given: Mapping[str, SearchStrategy[Any]] = field(default_factory=dict)
    rows: int = 40
    asked: bool = True
    ties: str = ""
    key: Callable[[int, str], Any] = lambda number, odd: f"{odd}{number}"


@dataclass(frozen=True)
class Drawn:
    """A record as it was drawn: references are numbers yet."""

    record: Record
    odd: str


def quiet(examples: int, *, shrink: bool = False) -> settings:
    """Settings of Hypothesis for a part of a run: that many examples, nothing kept, no timing."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    return settings(
        max_examples=examples,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )


def draw(wide: Wide, schema: Schema, domain: ValueDomain, seed: int) -> list[Drawn]:
    """Records for the table, the same for the same seed."""
    found: list[Drawn] = []

    @seeded(seed)
    @quiet(wide.rows)
    @given(_records(wide, schema, domain))
    def collect(one: Drawn) -> None:
        found.append(one)

    collect()
    return found[: wide.rows]


def resolved(drawn: Drawn, schema: Schema, key: Any, known: Mapping[str, list[Any]]) -> Record:
    """The record with its key, and with keys of records in `known` (by table) where it refers to others."""
    record = {schema.key_fields[0]: key, **drawn.record}
    for one in schema:
        if isinstance(element(one.type), Reference) and isinstance(record.get(one.name), int | list):
            record[one.name] = _referred(record[one.name], known.get(element(one.type).table, []))  # type: ignore[attr-defined]
    return {name: value for name, value in record.items() if value is not None}


def _referred(numbers: int | list[int], keys: list[Any]) -> Any:
    if isinstance(numbers, list):
        return list(dict.fromkeys(keys[number % len(keys)] for number in numbers)) if keys else []
    return keys[numbers % len(keys)] if keys else None


def _records(wide: Wide, schema: Schema, domain: ValueDomain) -> SearchStrategy[Drawn]:
    fields = {one.name: _values(one, wide, domain) for one in schema if _is_given(one, wide, schema)}
    odd = st.text(st.sampled_from(f"aAzZ{domain.key_characters}"), max_size=4).filter(
        lambda text: text == text.strip()
    )
    return st.builds(Drawn, st.fixed_dictionaries(fields), odd)


def _is_given(one: Field, wide: Wide, schema: Schema) -> bool:
    return one.name in wide.given or not (one.name in schema.key_fields or one.generated)


def _values(one: Field, wide: Wide, domain: ValueDomain) -> SearchStrategy[Any]:
    if one.name in wide.given:
        return wide.given[one.name]
    if isinstance(element(one.type), Reference):
        made: SearchStrategy[Any] = st.lists(_NUMBERS, max_size=_FEW) if isinstance(one.type, List) else _NUMBERS
    else:
        made = of_type(one.type, domain)
    return made if one.required else st.one_of(st.none(), made, made, made)
