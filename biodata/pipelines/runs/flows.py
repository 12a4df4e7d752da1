"""Whose data a pipeline takes where: by loads and look-ups, through every step and every table of its own between.

What a profile's `may_flow_to` forbids is found before anything is read. A pseudonym is still data of whom it is
about. A count that is looked up in a table sends a key of the file itself, so it is no flow; nor is what a profile
gives back to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.reports.facts import ProfileFacts
from biodata.pipelines.spec import Address, ReferencesCheck

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from biodata.connection import Connection
    from biodata.pipelines.spec import PipelineSpec, Step

__all__ = ["Flow", "check_flows", "flows", "ways"]

Origins: TypeAlias = dict[str | None, str]
"""Profile, None for files, to the step that reads its data."""


class Flow(msgspec.Struct, frozen=True):
    """Data that go from one place to another.

    Attributes:
        step: the step that sends them.
        origin: the profile that they are of; None for those of files.
        read_by: the step that reads them there.
        to: the profile that gets them.
        what: whole `records`, or `keys`: values of a column that are looked up.
        line: of the file, where it says so; `column` likewise.
    """

    step: str
    origin: str | None
    read_by: str
    to: str
    what: Literal["records", "keys"]
    line: int = 0
    column: int = 0


def check_flows(spec: PipelineSpec, connections: Mapping[str, Connection]) -> None:
    """See that all data may go where the pipeline takes them.

    Args:
        spec: the pipeline.
        connections: by the names of profiles; each knows where its data may go.

    Raises:
        ConfigError: `BD-PIPELINE-FLOW`, with each way that is not allowed on a line, and where the rule stands.
    """
    found = [problem for flow in ways(spec) if (problem := _problem(spec, flow, connections))]
    if found:
        raise ConfigError(
            "\n".join(dict.fromkeys(found)),
            code="BD-PIPELINE-FLOW",
            hint="Nothing was read. Add the profile to may_flow_to if that is meant",
        )


def _problem(spec: PipelineSpec, flow: Flow, connections: Mapping[str, Connection]) -> str | None:
    rule = connections[flow.origin].may_flow_to if flow.origin not in (None, flow.to) else None
    if rule is None or flow.to in rule.profiles:
        return None
    place = f"{spec.file}:{flow.line}:{flow.column}: " if spec.file else ""
    read = "" if flow.read_by == flow.step else f", read by step {flow.read_by},"
    there = f"{flow.to} ({connections[flow.to].host})"
    return f"{place}step {flow.step}: {flow.what} of {flow.origin}{read} may not go to {there}: {rule}"


def flows(spec: PipelineSpec, connections: Mapping[str, Connection]) -> tuple[ProfileFacts, ...]:
    """Each profile that the pipeline opens: where it is, and what it gets of people's data.

    Who we are there is left to be filled in.
    """
    gets = {flow.to: flow.what for flow in sorted(ways(spec), key=lambda flow: flow.what == "records")}
    return tuple(
        ProfileFacts(name, connections[name].platform, host=connections[name].host, gets=gets.get(name, ""))
        for name in spec.profiles
    )


def ways(spec: PipelineSpec) -> tuple[Flow, ...]:
    """All flows, in the order of the steps."""
    held, loaded = _settled(spec)
    found: list[Flow] = []
    for step in spec.steps:
        found += _of_pseudonyms(step, _read(step, held, loaded))
        found += _of_checks(step, held[step.name])
        found += _of_load(step, held[step.name])
    return tuple(found)


def _settled(spec: PipelineSpec) -> tuple[dict[str, Origins], dict[Address, Origins]]:
    """Whose data each step has, and each table that the pipeline loads.

    A table that a step reads may be loaded by one that comes later: the next run reads what that one has put there.
    """
    held: dict[str, Origins] = {}
    loaded: dict[Address, Origins] = {}
    before: object = None
    while before != (held, loaded):
        before = (dict(held), {table: dict(origins) for table, origins in loaded.items()})
        for step in spec.steps:
            looked_up: Origins = {one.table.profile: step.name for one in step.pseudonyms if one.table}
            held[step.name] = looked_up | _read(step, held, loaded)
            if step.load is not None:
                there = loaded.setdefault(step.load.target, {})
                there |= {origin: by for origin, by in held[step.name].items() if origin and origin not in there}
    return held, loaded


def _read(step: Step, held: Mapping[str, Origins], loaded: Mapping[Address, Origins]) -> Origins:
    """Whose data a step reads."""
    origins: Origins = {}
    for name in step.reads_steps:
        origins |= held[name]
    for address in step.reads:
        origins |= loaded.get(address, {}) | {address.profile: step.name}
    return origins or {None: step.name}


def _of_pseudonyms(step: Step, read: Origins) -> Iterator[Flow]:
    """Clear values go to the table that is asked for their pseudonyms."""
    for one in step.pseudonyms:
        if one.table is not None:
            yield from _sent(step, read, one.table, "keys", (one.line, one.column))


def _of_checks(step: Step, held: Origins) -> Iterator[Flow]:
    for check in step.checks:
        if isinstance(check, ReferencesCheck) and isinstance(check.within, Address):
            yield from _sent(step, held, check.within, "keys", (check.line, check.column))


def _of_load(step: Step, held: Origins) -> Iterator[Flow]:
    """Keys of links go where the records go."""
    if step.load is not None:
        yield from _sent(step, held, step.load.target, "records", (step.load.line, step.load.column))


def _sent(
    step: Step, held: Origins, to: Address, what: Literal["records", "keys"], at: tuple[int, int]
) -> Iterator[Flow]:
    return (Flow(step.name, origin, by, to.profile, what, *at) for origin, by in held.items())
