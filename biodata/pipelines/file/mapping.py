"""Mapping tables: a table of source field, rule, target field, code list and unit in place of YAML.

The rows come to operations as a file could say them itself: columns that are needed first, beside all others; then
what is done to them; then one `columns` with the target fields, which sees every source field and the targets above
it, converted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, cast, get_args

import msgspec

from biodata.errors import ConfigError, near_match
from biodata.pipelines.file.grammar import MAPPING
from biodata.pipelines.file.parameters import forbid
from biodata.pipelines.file.rules import Rule, misplaced, read_rule
from biodata.pipelines.file.values import is_column
from biodata.pipelines.operations.expressions import quoted
from biodata.pipelines.sheets import read_sheet
from biodata.pipelines.spec import CodeList, Column, Columns, Ontology, Operation, Split, Units
from biodata.pipelines.spec.operations import OnUnmapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from biodata.pipelines.file.nodes import Node
    from biodata.pipelines.sheets import Row, Sheet

__all__ = ["mapping"]

COLUMNS = {
    "source field": ("source", "source fields"),
    "rule": ("rules",),
    "target field": ("target",),
    "code list": ("codes", "codelist"),
    "unit": ("units",),
    "on unmapped": ("unmapped",),
    "version": ("code list version",),
}
UNMAPPED = get_args(OnUnmapped)
TABLES = (".csv", ".tsv", ".xlsx")
COMMA = re.compile(r",[^,]*=")
"""What a target holds where somebody separated codes with commas: one code would swallow the next."""
ARROW = re.compile(r"(.+?)\s*(?:->|→|=>)\s*(.+)")


class _Line(msgspec.Struct, frozen=True):
    """What one row comes to.

    Attributes:
        first: columns that its operations need beside the source's.
        works: the operations.
        column: the target field.
    """

    column: Column
    first: tuple[Column, ...] = ()
    works: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class _Place:
    """A row of the table, and where a problem with it is told."""

    node: Node
    table: str
    row: Row

    @property
    def origin(self) -> str:
        return f"{self.table}, row {self.row.number}"

    def text(self, column: str) -> str:
        return self.row.text(column)

    def column(self, name: str, expression: str) -> Column:
        return Column(name, expression, *self.node.at, origin=self.origin)

    def note(self, column: str, text: str) -> None:
        self.node.note(f"{self.origin}, {column}: {text}")


def mapping(node: Node) -> Sequence[Operation]:
    """The operations that a mapping table stands for."""
    forbid(node)
    file = node.mapping(MAPPING).child("file") if isinstance(node.value, dict) else node
    sheet = _sheet(file)
    lines = tuple(_lines([_Place(file, sheet.name, row) for row in sheet.rows])) if sheet else ()
    if sheet and not lines:
        file.note(f"mapping: {sheet.name} makes no target field")
    if not lines:
        return ()
    first = tuple(column for line in lines for column in line.first)
    before = (Columns(first, True, *node.at),) if first else ()  # noqa: FBT003 - as the spec has it
    works = (work for line in lines for work in line.works)
    return (*before, *works, Columns(tuple(line.column for line in lines), False, *node.at))  # noqa: FBT003


def _sheet(file: Node) -> Sheet | None:
    name = file.text()
    try:
        path = Path(file.problems.file).parent / Path(name).expanduser()
        return read_sheet(path, name, COLUMNS, ("target field",), ("rule",)) if name else None
    except ConfigError as error:
        file.note(f"mapping: {error.message}")
        return None


def _lines(places: Sequence[_Place]) -> Iterator[_Line]:
    made: dict[str, _Place] = {}
    for place in places:
        line = _line(place)
        if line is None:
            continue
        other = made.setdefault(line.column.name.casefold(), place)
        if other is not place:
            text = f"{line.column.name!r} is made by row {other.row.number}; several source fields are one expression"
            place.note("target field", text)
        yield line


def _line(place: _Place) -> _Line | None:
    """The row's target field; null where its rule cannot be read, so that no other problem follows from that."""
    target = place.text("target field")
    rule = _rule(place)
    if rule is not None and rule.skip:
        return None
    if not target:
        place.note("target field", "it is missing; a field that is left out on purpose has the rule skip")
        return None
    if not is_column(target) or target.casefold() == "src":
        place.note("target field", f"{target!r} cannot be the name of a column")
    return _made(place, rule, target) if rule is not None else _Line(place.column(target, "NULL"))


def _rule(place: _Place) -> Rule | None:
    problems = [(one, misplaced(text)) for one, text in place.row.cells.items() if one != "rule"]
    for column, problem in problems:
        if problem:
            place.note(column, problem)
    try:
        rule = read_rule(place.text("rule"))
    except ValueError as error:
        place.note("rule", str(error))
        return None
    if any(problem for _, problem in problems):
        return None
    _check_columns(place, rule)
    if rule.expression is None and not rule.skip and not place.text("source field"):
        place.note("source field", "it is missing; without a source the rule is constant: VALUE")
        return None
    return rule


def _check_columns(place: _Place, rule: Rule) -> None:
    """Note what the rule needs and the row does not have, and what the row has and nothing uses."""
    for column in rule.needs:
        if not place.text(column):
            place.note(column, "it is missing, and the rule names it")
    if place.text("version") and not place.text("code list"):
        place.note("version", "there is no code list that it could be the version of")
    if place.text("on unmapped") and not place.text("code list") and rule.prefixes is None:
        place.note("on unmapped", "there is neither a code list nor an ontology")


def _made(place: _Place, rule: Rule, target: str) -> _Line:
    """The target field; where something is done to it, under another name until all is done."""
    source = place.text("source field")
    expression = rule.expression if rule.expression is not None else _field(source)
    own = f"{target} (mapped)"
    first: list[Column] = []
    works = list(_works(place, rule, own, first))
    if not works:
        return _Line(place.column(target, expression))
    plain = rule.expression is None and "." not in source
    if not plain:
        first.append(place.column(own, expression))
    done = [work(source if plain and number == 0 else own) for number, work in enumerate(works)]
    return _Line(place.column(target, f"src.{quoted(own)}"), tuple(first), tuple(done))


def _field(path: str) -> str:
    return ".".join(("src", *map(quoted, path.split("."))))


def _works(place: _Place, rule: Rule, own: str, first: list[Column]) -> Iterator[Callable[[str], Operation]]:
    """What is done to the field, each as a function of the column that it is done to."""
    at, origin = place.node.at, place.origin
    unmapped = _unmapped(place)
    if rule.split is not None:
        by = rule.split
        yield lambda of: Split(of, by, own, *at, origin=origin)
    if place.text("code list"):
        codes, path = _codes(place)
        name, version = path or place.text("target field"), place.text("version") or None
        yield lambda of: CodeList(of, codes, path, name, version, unmapped, own, *at, origin=origin)
    if place.text("code list") and place.text("unit"):
        place.note("unit", "a code list makes text, which has no unit")
    elif place.text("unit"):
        unit, unit_of, to = _units(place, first)
        yield lambda of: Units(of, to, unit, unit_of, own, *at, origin=origin)
    if rule.prefixes is not None:
        prefixes = rule.prefixes
        yield lambda of: Ontology(of, prefixes, unmapped, own, *at, origin=origin)


def _unmapped(place: _Place) -> OnUnmapped:
    word = place.text("on unmapped").casefold() or "reject"
    if word not in UNMAPPED:
        near = near_match(word, UNMAPPED)
        hint = f"; did you mean {near!r}?" if near else ""
        place.note("on unmapped", f"{word!r} is not one of {', '.join(UNMAPPED)}{hint}")
    return cast("OnUnmapped", word)


def _codes(place: _Place) -> tuple[tuple[tuple[str, str | None], ...], str | None]:
    """The codes of a cell, or the path of their file as the pipeline file would name it."""
    text = place.text("code list")
    if text.casefold().endswith(TABLES):
        return (), normpath((Path(place.table).parent / text).as_posix())
    pairs = [one.partition("=") for one in re.split(r"[;\n]", text) if one.strip()]
    if not all(there and source.strip() for source, there, _ in pairs):
        place.note("code list", "expected a file (csv, tsv, xlsx), or codes: 1=male; 2=female; 9=")
    elif any(COMMA.search(to) for _, _, to in pairs):
        place.note("code list", "separate codes with ; (1=male; 2=female); texts with a comma and a = need a file")
    return tuple((source.strip(), to.strip() or None) for source, _, to in pairs), None


def _units(place: _Place, first: list[Column]) -> tuple[str | None, str | None, str]:
    """(unit, column with the unit, unit wanted) of `lb -> kg`, or of `src.weight_unit -> kg`."""
    found = ARROW.fullmatch(place.text("unit"))
    if found is None:
        place.note("unit", "expected FROM -> TO, such as lb -> kg, or src.FIELD -> kg by another field")
        return "", None, ""
    of, to = found[1], found[2]
    if not of.startswith("src."):
        return of, None, to
    field = of.removeprefix("src.")
    if "." not in field:
        return None, field.strip('"'), to
    own = f"unit of {place.text('target field')} (mapped)"
    first.append(place.column(own, _field(field)))
    return None, own, to
