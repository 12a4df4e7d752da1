"""docs/semantics.md, read: its tables of records, its examples, its generated parts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.records import types as t
from biodata.records.types import Field, Schema
from biodata.records.values import to_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from biodata.records.types import Record

    Table = tuple[Schema, list[Record]]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "semantics.md"
KEY = "key"
RECORDS = "The records"

_SCALARS: dict[str, t.AnyType] = {
    "string": t.String(),
    "int": t.Integer(),
    "float": t.Float(),
    "bool": t.Boolean(),
    "date": t.Date(),
    "datetime": t.DateTime(),
}
_CELL = re.compile(r"(?<!\\)\|")
_TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
_CODE = re.compile(r"(?:<!-- not on ([\w, ]+): (.*?) -->\n)?```pycon\n(.*?)```", re.DOTALL)


class Example(msgspec.Struct, frozen=True):
    """A filter of a table, and what the page says of it: the keys, an error's code, or what to write for it."""

    table: str
    filter: str
    says: str


class Code(msgspec.Struct, frozen=True):
    """A block of Python with its output; `reason` is why some platforms refuse it."""

    text: str
    refused_on: tuple[str, ...]
    reason: str


class Section(msgspec.Struct, frozen=True):
    """The page below a heading."""

    title: str
    text: str

    def tables(self) -> Iterator[list[list[str]]]:
        """The cells of each Markdown table, row by row, without the line of dashes."""
        for found in _TABLE.findall(self.text):
            rows = [[one.strip().replace(r"\|", "|") for one in _CELL.split(row)[1:-1]] for row in found.splitlines()]
            yield [rows[0], *rows[2:]]

    def examples(self, kind: str) -> list[Example]:
        """The rows of its tables `of TABLE` whose second column is of that kind: `gives` or `write`."""
        heads = [(head, rows) for head, *rows in self.tables() if head[0].startswith("of ") and head[1] == kind]
        return [Example(head[0][3:], _code(one), says) for head, rows in heads for one, says in rows]

    def blocks(self) -> list[Code]:
        """Its Python."""
        return [
            Code(text, tuple(refused_on.split(", ")), reason) for refused_on, reason, text in _CODE.findall(self.text)
        ]


def sections(level: str = "##") -> list[Section]:
    """The parts of the page below the headings of that level."""
    parts = re.split(rf"^{level} (.*)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [Section(title, text) for title, text in zip(parts[1::2], parts[2::2], strict=True)]


def rules() -> list[Section]:
    """The parts that have examples."""
    return [one for one in sections() if one.title != RECORDS and (">>>" in one.text or "| of " in one.text)]


def shapes() -> dict[str, Schema]:
    """The shape of each table that the page shows."""
    return {name: shape for name, (shape, _) in shown().items()}


def records(table: str) -> list[Record]:
    """The records that the page shows of a table; the key's field is called `key`."""
    return shown()[table][1]


def shown() -> dict[str, Table]:
    """Name -> shape and records of each table that the page shows."""
    parts = [one for one in sections("###") if "| key |" in one.text]
    return {one.title: _table(one.title, *next(one.tables())) for one in parts}


def _table(name: str, names: list[str], kinds: list[str], *rows: list[str]) -> Table:
    fields = [Field(field, _type(kind), required=field == KEY) for field, kind in zip(names, kinds, strict=True)]
    return Schema(name, KEY, tuple(fields)), [
        {field.name: to_type(_value(cell), field.type) for field, cell in zip(fields, row, strict=True)}
        for row in rows
    ]


def _type(text: str) -> Any:
    word, _, rest = text.partition(" ")
    match word:
        case "list":
            return t.List(_type(rest.removeprefix("of ")))
        case "ref":
            return t.Reference(rest)
        case "enum":
            return t.String(choices=tuple(rest.split()))
        case "object":
            return t.Object(tuple(Field(name, t.String()) for name in rest.split()))
    return _SCALARS[word]


def _value(cell: str) -> Any:
    """What a cell holds: JSON, or else the text itself; nothing is null."""
    try:
        return json.loads(cell) if cell else None
    except ValueError:
        return cell


def _code(cell: str) -> str:
    ticks = re.match("`+", cell)
    return cell.strip("`" if ticks and len(ticks[0]) == 1 else "").removeprefix("`` ").removesuffix(" ``")


def part(name: str) -> list[list[str]]:
    """The rows of a generated table."""
    found = re.search(rf"<!-- {name}: made.*?<!-- end -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    tables = Section(name, found[0] if found else "").tables()
    return next(tables)[1:]


def write_part(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Make a generated table anew."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    block = "\n".join([f"<!-- {name}: made by python -m tests.semantics -->", *lines, "<!-- end -->"])
    whole = PAGE.read_text(encoding="utf-8")
    made = re.sub(rf"<!-- {name}: made.*?<!-- end -->", lambda _: block, whole, flags=re.DOTALL)
    PAGE.write_text(made, encoding="utf-8")
