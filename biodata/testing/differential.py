"""The differential test: what a platform answers is what the evaluator says of an unfiltered read.

A round fills the tables once with records that Hypothesis makes, reads everything, and then asks many questions of
it, which Hypothesis makes too and shrinks when one is answered wrongly. A round follows from its seed alone.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from operator import getitem
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import seed as seeded

from biodata.query.evaluate import predicate
from biodata.query.ordering import sort_key, sorted_records
from biodata.query.reading import values_at
from biodata.query.tree import And, Leaf, Or
from biodata.records.types import Reference, element
from biodata.references import Expanded
from biodata.scan import trim
from biodata.testing.agreeing import agreed, altered
from biodata.testing.ground import Ground
from biodata.testing.questions import questions
from biodata.testing.wide import draw, quiet, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from biodata.connection import Connection
    from biodata.query.plan import Plan
    from biodata.query.pushdown import Pushdown, Rule
    from biodata.query.tree import Node
    from biodata.records.types import Path, Record, Schema
    from biodata.repository import Repository
    from biodata.results import Result
    from biodata.testing.ground import Question
    from biodata.testing.target import ValueDomain
    from biodata.testing.wide import Wide

__all__ = ["Coverage", "Differential", "Disagreement"]

_SEEDS, _ROWS = 10**6, 10**3
_PATIENCE = 60.0
"""Seconds for a platform to do deletions that it queued."""


class Disagreement(AssertionError):
    """A question that the platform answers otherwise than the evaluator, or not at all.

    Attributes:
        seed: of the round.
    """

    def __init__(self, table: str, seed: int, question: Question, problem: Exception) -> None:
        super().__init__(f"{table}, seed {seed}: {question}\n{type(problem).__name__}: {problem}")
        self.seed = seed


@dataclass
class Coverage:
    """What the questions of a run went through.

    Attributes:
        rules: each rule of the pushdown tables that decided about a comparison, an order or a group; of
            groups an exact one only where the platform found them.
        supports: how AND-parts of filters were done.
        sent: (table, path) of the comparisons that the platform took.
        questions: how many were asked; `hits`: how many found some of the records and not all.
    """

    rules: set[Rule] = field(default_factory=set)
    supports: set[str] = field(default_factory=set)
    sent: set[tuple[str, Path]] = field(default_factory=set)
    questions: int = 0
    hits: int = 0


class Differential:
    """The test on one connection's tables.

    Args:
        connection: with access to fill the tables, and to delete what was filled in.
        tables: in the order of filling.
        domain: which values can be stored.
    """

    def __init__(self, connection: Connection, tables: Sequence[Wide], domain: ValueDomain) -> None:
        self.connection = connection
        self.tables = tuple(tables)
        self.domain = domain
        self.coverage = Coverage()
        self._keys: dict[str, list[Any]] = {}
        self._records: dict[str, dict[Any, Record]] = {}

    # --- a round -----------------------------------------------------------------------------------------------

    def round(self, seed: int, examples: int) -> None:
        """Fill the tables, ask each of them that many questions, and empty them again.

        Raises:
            Disagreement: with the smallest question that shows it.
        """
        self.fill(seed)
        for wide in self.tables:
            if wide.asked:
                self.ask(wide.table, seed, examples)
        self.clear()

    def rounds(self, seed: int, examples: int, *, at_least: int, seconds: float | None = None) -> int:
        """Rounds of the seeds from that one on, for so many seconds; their number."""
        end, number = time.monotonic() + (seconds or 0), 0
        while number < at_least or time.monotonic() < end:
            self.round(seed + number, examples)
            number += 1
        return number

    def fill(self, seed: int) -> None:
        """Put the seed's records into the tables, and read all that is there."""
        for wide in self.tables:
            table = self.connection[wide.table]
            self._keys[wide.table] = []
            table.add(self._made(wide, table.schema, seed)).raise_for_refused()
        for wide in self.tables:
            table = self.connection[wide.table]
            rows = {table.schema.key_of(record): record for record in table.query()}
            assert rows.keys() >= set(self._keys[wide.table]), "an unfiltered read misses records"
            self._records[wide.table] = rows

    def _made(self, wide: Wide, schema: Schema, seed: int) -> Iterator[Record]:
        first = seed % _SEEDS * _ROWS  # a platform may keep the keys of what was deleted
        for number, drawn in enumerate(draw(wide, schema, self.domain, seed), first):
            key = wide.key(number, drawn.odd)
            yield resolved(drawn, schema, key, self._keys)
            self._keys[wide.table].append(key)

    def clear(self) -> None:
        """Delete the records that were put in."""
        for wide in reversed(self.tables):
            keys, table = self._keys.pop(wide.table, []), self.connection[wide.table]
            if keys and wide.ties:
                untied = [{table.schema.key_fields[0]: key, wide.ties: None} for key in keys]
                table.update(untied).raise_for_refused()
            if keys and table.delete(keys).raise_for_refused().queued:
                _wait_until_gone(table, keys)

    # --- a merge -----------------------------------------------------------------------------------------------

    def merge(self, table: str, seed: int) -> Counter[str]:
        """Compare altered records of a filled table, some of them new, with what is there, and upsert them.

        Returns:
            As `agreed`.
        """
        repository, own = self.connection[table], list(self._keys[table])
        wide = next(wide for wide in self.tables if wide.table == table)
        others = list(self._made(wide, repository.schema, seed + 1))
        stored = list(repository.get(own))
        return agreed(repository, [*altered(stored, others, repository.schema, seed), *others])

    # --- a question --------------------------------------------------------------------------------------------

    def ask(self, table: str, seed: int, examples: int, *, other: Pushdown | None = None) -> None:
        """Ask that many questions of a filled table; mostly of what another table of rules says otherwise.

        Raises:
            Disagreement: as `round`.
        """
        repository = self.connection[table]
        ground = self._ground(repository, other)

        def one(question: Question) -> None:
            try:
                self._check(repository, ground, question)
            except Exception as error:
                raise Disagreement(table, seed, question, error) from error

        for question in ground.of_each_rule():
            one(question)
        seeded(seed)(quiet(examples, shrink=other is None)(given(questions(ground))(one)))()

    def _ground(self, repository: Repository, other: Pushdown | None) -> Ground:
        schema, lookup = repository.schema, repository.references.schema
        records = [self._joined(record, schema) for record in self._records[schema.table].values()]
        rules = repository.adapter.pushdown(schema)
        return Ground(schema, lookup, records, frozenset(self._records), rules, other)

    def _joined(self, record: Record, schema: Schema) -> Record:
        """The record with those that it refers to in place of their keys."""
        return {one.name: self._inside(record[one.name], element(one.type)) for one in schema}

    def _inside(self, value: Any, type_: Any) -> Any:
        if value is None or not isinstance(type_, Reference) or type_.table not in self._records:
            return value
        if isinstance(value, list):
            return [self._inside(one, type_) for one in value]
        there = self._records[type_.table].get(value)
        schema = self.connection[type_.table].schema
        return Expanded({schema.key_fields[0]: value} if there is None else there, value)

    def _check(self, repository: Repository, ground: Ground, question: Question) -> None:
        schema, lookup = ground.schema, ground.lookup
        result = repository.query(
            question.where, fields=question.fields, order_by=question.order_by, limit=question.limit,
            offset=question.offset, page_size=question.page_size,
        )  # fmt: skip
        query = result.query
        test = predicate(query.filter, schema, lookup)
        matching = {schema.key_of(_flat(record)): record for record in ground.records if test(record)}
        due = list(sorted_records(matching.values(), query.order, schema, lookup=lookup))[query.offset :]
        due = due if query.limit is None else due[: query.limit]
        self._note(result.plan, ground, len(matching))
        found = result.to_records()
        keys = [schema.key_of(record) for record in found]
        assert len(set(keys)) == len(keys), "a record came twice"
        assert set(keys) <= matching.keys(), f"records too many: {sorted(map(str, set(keys) - matching.keys()))}"
        assert len(found) == len(due), f"{len(found)} records, {len(due)} are due"
        placed = sort_key(query.order, schema, lookup)
        assert [placed(matching[key]) for key in keys] == [placed(record) for record in due], "another order"
        shown = trim(query.fields, schema)
        assert found == [shown(matching[key]) for key in keys], "other values than in the unfiltered read"
        assert result.count() == len(due), "another count"
        if question.by:
            self._check_groups(repository.query(question.where), ground, question.by, matching.values())

    def _check_groups(self, result: Result, ground: Ground, by: Sequence[Path], matching: Iterable[Record]) -> None:
        counts = result.group_by(*by).count("records")
        readers = [values_at(ground.schema, path, ground.lookup) for path in counts.fields[:-1]]
        held = [[set(read(record)) or {None} for read in readers] for record in matching]
        due = Counter(group for sets in held for group in product(*sets))
        found = [(tuple(_at(row, path) for path in counts.fields[:-1]), row["records"]) for row in counts]
        assert len(dict(found)) == len(found), "a group came twice"
        assert dict(found) == due, "other groups"
        values = {value for sets in held for value in sets[0]} - {None}
        distinct = result.distinct(by[0])
        assert distinct == sorted(values), "other values"
        told = [(ground.grouping("aggregate", path), counts.explain()) for path in by]
        told.append((ground.grouping("distinct", by[0]), distinct.explain()))
        self.coverage.rules |= {rule for rule, how in told if rule.support != "exact" or how.grouped == "platform"}

    def _note(self, plan: Plan, ground: Ground, matching: int) -> None:
        seen = self.coverage
        for leaf in _leaves(plan.query.filter):
            rule = ground.rule(leaf)
            seen.rules.add(rule)
            if rule.support != "unsupported":
                seen.sent.add((ground.schema.table, leaf.path))
        seen.rules |= {ground.sorting(order) for order in plan.query.order}
        seen.supports |= {part.support for part in plan.parts}
        seen.questions += 1
        seen.hits += 0 < matching < len(ground.records)

    def noticed(
        self, table: str, change: Callable[[Pushdown], Pushdown], seed: int, examples: int
    ) -> Disagreement | None:
        """The first wrong answer of a filled table when the adapter's pushdown table is changed; None for none.

        Raises:
            Disagreement: the platform refuses a question, which says nothing of the answers.
        """
        adapter = self.connection.adapter
        known = adapter.pushdown
        other = known(self.connection[table].schema)

        def one_changed(schema: Schema) -> Pushdown:
            return change(known(schema)) if schema.table == table else known(schema)

        with patch.object(adapter, "pushdown", one_changed):
            try:
                self.ask(table, seed, examples, other=other)
            except Disagreement as wrong:
                if not isinstance(wrong.__cause__, AssertionError):
                    raise
                return wrong
        return None

    # --- what was gone through ---------------------------------------------------------------------------------

    def unused(self) -> list[Rule]:
        """The rules of the asked tables that decided about nothing so far."""
        tables = [self.connection[wide.table].schema for wide in self.tables if wide.asked]
        rules = [rule for schema in tables for rule in self.connection.adapter.pushdown(schema).rules]
        return [rule for rule in dict.fromkeys(rules) if rule not in self.coverage.rules]


def _wait_until_gone(table: Repository, keys: Sequence[Any]) -> None:
    """What is filled in next must not meet what is still to be deleted."""
    end = time.monotonic() + _PATIENCE
    while left := list(table.get(keys)):
        assert time.monotonic() < end, f"{len(left)} deleted records of {table.schema.table} are still there"
        time.sleep(0.1)


def _flat(record: Record) -> Record:
    """The record with keys again where others stand."""
    return {name: value.key if isinstance(value, Expanded) else value for name, value in record.items()}


def _at(record: Record, path: Path) -> Any:
    return reduce(getitem, path, record)


def _leaves(node: Node | None) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from _leaves(part)
