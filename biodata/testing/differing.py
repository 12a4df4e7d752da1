"""The differential suite, and the options of pytest that it has.

By default a run has one seed, so that a change is judged by what it changes and a run can be repeated; with
`--differential-seconds` it goes on to new data for so long, from a seed that is new each time. The report's header
has the seed, and a failure the command that repeats its round.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from biodata.testing import samples
from biodata.testing.differential import Differential, Disagreement
from biodata.testing.wide import Wide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from biodata.query.pushdown import Pushdown, Support
    from biodata.testing.target import Target

__all__ = ["Differing", "add_options", "changed", "conditioned", "header", "settle"]

_SEED, _SECONDS = "--differential-seed", "--differential-seconds"
_DEFAULT = 20260101
_ENOUGH = 300
"""Questions within which a changed rule must be noticed."""


def add_options(parser: pytest.Parser) -> None:
    """For `pytest_addoption` of a conftest."""
    parser.addoption(_SEED, type=int, help="the seed of the first round of the differential test")
    parser.addoption(_SECONDS, type=float, help="how long it goes on, for each platform, with new seeds")


def settle(config: pytest.Config) -> None:
    """For `pytest_configure` of a conftest: one seed for all workers."""
    if config.getoption(_SEED) is None:
        fixed = config.getoption(_SECONDS) is None
        config.option.differential_seed = _DEFAULT if fixed else random.SystemRandom().randrange(10**9)


def header(config: pytest.Config) -> str:
    """For `pytest_report_header` of a conftest: how to repeat the run."""
    return f"differential test: {_SEED} {config.getoption(_SEED)}"


def changed(pushdown: Pushdown, *, support: Support, reason: str) -> Pushdown:
    """The table in which the rules with that reason say something else, to see the differential test notice.

    Raises:
        ValueError: there is no such rule.
    """
    rules = [msgspec.structs.replace(one, support=support) if one.reason == reason else one for one in pushdown.rules]
    if tuple(rules) == pushdown.rules:
        raise ValueError("no rule of the table is changed")
    return msgspec.structs.replace(pushdown, rules=tuple(rules))


def conditioned(pushdown: Pushdown, *, condition: str, holds: bool) -> Pushdown:
    """The table in which that condition always holds, or never."""
    return msgspec.structs.replace(pushdown, conditions={**pushdown.conditions, condition: lambda _, __: holds})


class Differing:
    """The test; a subclass says how much is asked, and which rules cannot be met.

    Attributes:
        questions: asked of each table in a round; `least_rounds`: how many there are, however short the time.
        merges: how often altered records are merged into each table.
        unmet: reason of a rule -> why no question of this target meets it.
        supports: how parts of filters must have been done.
        mutations: name -> a change of the adapter's pushdown table that makes some answers wrong.
        mutated: the table that is asked then; the first of those asked where it is "".
    """

    questions: ClassVar[int] = 150
    least_rounds: ClassVar[int] = 1
    merges: ClassVar[int] = 2
    unmet: ClassVar[Mapping[str, str]] = {}
    supports: ClassVar[frozenset[str]] = frozenset({"exact", "inexact", "unsupported"})
    mutations: ClassVar[Mapping[str, Callable[[Pushdown], Pushdown]]] = {}
    mutated: ClassVar[str] = ""

    @pytest.fixture(scope="class")
    @classmethod
    def differential(cls, target: Target) -> Iterator[Differential]:
        """The test on the target's wide tables, or on two that it provides."""
        wide = target.wide or _provided(target)
        yield Differential(target.connection, wide, target.domain)
        if not target.wide and target.connection.adapter.has("drop"):
            for one in reversed(wide):
                target.connection.drop(one.table)

    def test_every_answer_is_the_evaluators(self, differential: Differential, request: pytest.FixtureRequest) -> None:
        seed = request.config.getoption(_SEED, default=_DEFAULT)
        seconds = request.config.getoption(_SECONDS, default=None)
        try:
            differential.rounds(seed, self.questions, at_least=self.least_rounds, seconds=seconds)
        except Disagreement as wrong:
            pytest.fail(f"{wrong}\nAgain: pytest '{request.node.nodeid}' {_SEED} {wrong.seed}")
        self.check_coverage(differential)

    def test_compare_says_what_an_upsert_does(
        self, differential: Differential, request: pytest.FixtureRequest
    ) -> None:
        # seeds of its own, all before those of the other tests: records that are put in have keys of their seed
        seed = request.config.getoption(_SEED, default=_DEFAULT) - 2 - self.merges
        found: Counter[str] = Counter()
        differential.fill(seed)
        for number in range(self.merges):
            for wide in differential.tables:
                if wide.asked:
                    found += differential.merge(wide.table, seed + number)
        differential.clear()
        assert set(found) >= {"create", "update", "unchanged", "refused"}

    def test_a_changed_rule_is_noticed(self, differential: Differential, request: pytest.FixtureRequest) -> None:
        if not self.mutations:
            pytest.skip("not run: no mutations of the pushdown table are named")
        seed = request.config.getoption(_SEED, default=_DEFAULT) - 1
        differential.fill(seed)
        table = self.mutated or next(wide.table for wide in differential.tables if wide.asked)
        wrong = {name: differential.noticed(table, how, seed, _ENOUGH) for name, how in self.mutations.items()}
        differential.clear()
        assert not [name for name, disagreement in wrong.items() if disagreement is None]

    def check_coverage(self, differential: Differential) -> None:
        """Whether the questions went through every rule, so that no rule is believed untested."""
        seen = differential.coverage
        unused = [rule for rule in differential.unused() if rule.reason not in self.unmet]
        assert not unused, f"no question met {unused}"
        assert seen.supports >= self.supports
        assert seen.hits > seen.questions // 4, "too few filters find some records and not all"


def _provided(target: Target) -> tuple[Wide, ...]:
    if target.provide is None:
        pytest.skip("not run: this target names no wide tables and has no way to make some")
    place = target.provide(samples.places(samples.fresh_name("place"))) if target.domain.references else None
    people = target.provide(samples.people(samples.fresh_name("wide"), target.domain, place))
    return (*([] if place is None else [Wide(place, rows=8, asked=False)]), Wide(people))
