"""A pipeline file, read from YAML to `PipelineSpec`; every problem of the file is told at once, with its line."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.file.checks import check
from biodata.pipelines.file.extracts import each, extract
from biodata.pipelines.file.grammar import PIPELINE, STEP, UNAVAILABLE
from biodata.pipelines.file.known import check_columns, check_parameters, check_steps
from biodata.pipelines.file.loads import load, plots, rejects
from biodata.pipelines.file.nodes import Node, Problems
from biodata.pipelines.file.operations import distinct, operations
from biodata.pipelines.file.order import circle_of, in_order
from biodata.pipelines.file.parameters import parameters
from biodata.pipelines.file.values import duration, name
from biodata.pipelines.operations.check import check_expressions
from biodata.pipelines.parameters import names_in
from biodata.pipelines.spec import CodeList, Columns, Duration, Extract, PipelineSpec, PythonCall, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["parse_file"]

VERSION = 1


def parse_file(path: Path) -> PipelineSpec:
    """Read a pipeline file; nothing is connected to.

    Raises:
        ConfigError: `BD-PIPELINE-FILE`, when it is not there, is not YAML, or says what cannot be.
    """
    from biodata.config import load_yaml

    if not path.is_file():
        raise ConfigError(f"There is no pipeline file {path}", code="BD-PIPELINE-FILE")
    document = load_yaml(path)
    problems = Problems(str(path))
    spec = _pipeline(Node(document, problems, document.value), path)
    for step in spec.steps:
        for line, column, text in check_expressions(step, _source_names(step), _named(step)):
            problems.note(line, column, text)
    problems.raise_for_any()
    return msgspec.structs.replace(spec, sha256=_digest(path, spec))


def _named(step: Step) -> tuple[str, ...]:
    """The parameters that the expressions name; those that nobody declared are told by `check_parameters`."""
    columns = (column for one in step.transform if isinstance(one, Columns) for column in one.columns)
    texts = (*(one.expression for one in columns), *(one.expression for one in step.row_checks))
    return tuple(name for text in texts for name in names_in(text))


def _digest(path: Path, spec: PipelineSpec) -> str:
    """Of the file and of all that it takes its rules from: a changed code list or function is a changed pipeline."""
    digest = sha256(path.read_bytes())
    for part in dict.fromkeys(_parts(spec)):
        place = path.parent / part
        if place.is_file():
            digest.update(part.encode() + sha256(place.read_bytes()).digest())
    return digest.hexdigest()


def _parts(spec: PipelineSpec) -> Iterator[str]:
    yield from spec.parts
    for step in spec.steps:
        yield from (one.path for one in step.transform if isinstance(one, CodeList | PythonCall) and one.path)


def _source_names(step: Step) -> tuple[str, ...] | None:
    """The top-level names under `src`, where the file alone tells which there are."""
    fields = step.extract.fields if isinstance(step.extract, Extract) else None
    if fields is None:
        return None
    more = (step.each.name,) if step.each else ()
    return tuple(dict.fromkeys((*(field.partition(".")[0] for field in fields), *more)))


def _pipeline(root: Node, path: Path) -> PipelineSpec:
    root.mapping(PIPELINE)
    version = root.child("version")
    if version.value is not None and (version.value is True or version.value != VERSION):
        version.note(f"version: this biodata reads pipeline files of version {VERSION}")
    declared = parameters(root.child("params"))
    nodes = list(root.child("steps").items())
    steps = tuple(_step(node) for node in nodes)
    if "steps" in root and not steps:
        root.child("steps").note("steps: there is none")
    distinct("steps: the name", ((step.name, step.line, step.column) for step in steps), root)
    for step, node in zip(steps, nodes, strict=True):
        check_parameters(step, node, declared)
        check_steps(step, node, steps)
        check_columns(step, node)
    return PipelineSpec(
        name=name(root.child("name")),
        steps=_ordered(steps, root),
        parameters=declared,
        budget=rejects(root),
        wait=_wait(root),
        file=str(path),
        parts=tuple(_mapping_files(root.child("steps").value)),
    )


def _mapping_files(steps: Any) -> Iterator[str]:
    """The mapping tables that the steps are made from."""
    for step in steps if isinstance(steps, list) else ():
        entries = step.get("transform") if isinstance(step, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            mapping = entry.get("mapping") if isinstance(entry, dict) else None
            path = mapping.get("file") if isinstance(mapping, dict) else mapping
            if isinstance(path, str):
                yield path


def _ordered(steps: Sequence[Step], root: Node) -> tuple[Step, ...]:
    found = in_order(steps)
    if found is None:
        circle = " -> ".join(circle_of(steps))
        root.child("steps").note(f"steps: {circle} wait for each other in a circle (step, sql or needs)")
        return tuple(steps)
    return found


def _wait(root: Node) -> Duration | None:
    if "on_unavailable" not in root:
        return None
    return duration(root.child("on_unavailable").mapping(UNAVAILABLE).child("wait"))


def _step(node: Node) -> Step:
    node.mapping(STEP)
    step = Step(
        name=name(node.child("name")),
        extract=extract(node.child("extract")),
        transform=operations(node.child("transform")),
        checks=tuple(one for item in node.child("check").items() for one in check(item)),
        load=load(node.child("load")) if "load" in node else None,
        plots=tuple(plots(node.child("plot"))),
        needs=node.child("needs").texts(),
        each=each(node.child("each")),
        line=node.line,
        column=node.at[1],
    )
    distinct("check: the name", ((one.name, one.line, one.column) for one in step.checks), node)
    return step
