"""Any operations in any order over any rows do what plain Python does, row by row, and lose no row silently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from biodata.pipelines.spec import Column, Columns, Dedupe, Explode, PythonCall, Rename, Split
from tests.pipelines.chains import through

SCHEMA = pa.schema([("id", pa.int64()), ("t", pa.string()), ("l", pa.list_(pa.string())), ("n", pa.int64())])
TEXTS = st.none() | st.sampled_from(["1", "x", "2,x", "1, 3", "", ",", "7"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 3),
            "t": TEXTS,
            "l": st.none() | st.lists(TEXTS, max_size=3),
            "n": st.none() | st.integers(0, 9),
        }
    ),
    max_size=12,
)


def by_thirds(record):
    """A function of a user's: of some numbers it makes two records, of some none, and of some an error."""
    n = record["n"]
    if n is None or n % 4 == 0:
        return record
    if n % 4 == 1:
        raise ValueError
    return None if n % 4 == 2 else [record | {"again": False}, record | {"again": True}]


@dataclass
class Model:
    """What plain Python makes of rows: (number, record) of each, the numbers rejected, and how many were left out."""

    rows: list[tuple[int, dict[str, Any]]]
    rejected: list[int] = field(default_factory=list)
    left_out: int = 0

    def each(self, change):
        """Rows from each; an error rejects it."""
        made = []
        for number, row in self.rows:
            try:
                found = change(dict(row))
            except ValueError:
                self.rejected.append(number)
                continue
            self.left_out += not found
            made += [(number, one) for one in found]
        self.rows = made

    def apply(self, operation):
        match operation:
            case Rename(names):
                moved = dict(names)
                self.each(lambda row: [{moved.get(name, name): value for name, value in row.items()}])
            case Split(of, by, into):
                self.each(lambda row: [row | {into or of: _split(row[of], by)}])
            case Explode(of, into, empty):
                none = [None] if empty == "keep" else []
                self.each(lambda row: [row | {into or of: one} for one in row[of] or none])
            case Columns():
                self.each(_columned)
            case PythonCall():
                self.each(_called)
            case Dedupe(by, keep):
                self._dedupe(by, keep)

    def _dedupe(self, by, keep):
        rows = list(enumerate(self.rows))
        chosen = {}
        for at, (_, row) in rows if keep == "last" else reversed(rows):
            chosen[repr([row[name] for name in by or sorted(row)])] = at
        self.left_out += len(rows) - len(chosen)
        self.rows = [self.rows[at] for at in sorted(chosen.values())]


def _split(text, by):
    return None if text is None else [part.strip() for part in text.split(by) if part.strip()]


def _columned(row):
    if row["n"] in {1, 5, 9}:
        raise ValueError
    value = None if row["n"] is None else row["n"] + 1
    return [{"r": value} | {name: one for name, one in row.items() if name != "r"}]


RISKY = Columns((Column("r", "1 + CAST(translate(CAST(src.n AS VARCHAR), '159', 'xxx') AS INTEGER)"),), keep=True)
"""Null for null, and an error for 1, 5 and 9, as `by_thirds`."""


def _called(row):
    found = by_thirds(row | {"again": None})
    return [] if found is None else [found] if isinstance(found, dict) else found


@st.composite
def operations(draw, *, whole=True):
    """A sequence of operations that fits the columns, whatever the ones before have made of them."""
    kinds = {"id": "int", "t": "text", "l": "list", "n": "int"}
    found = []
    for number in range(draw(st.integers(0, 5))):
        of = {kind: [name for name, one in kinds.items() if one == kind] for kind in ("text", "list")}
        usable = ["rename", "columns", "python"]
        usable += ["dedupe"] * whole + ["split"] * bool(of["text"]) + ["explode"] * bool(of["list"])
        match draw(st.sampled_from(usable)):
            case "rename":
                old = draw(st.sampled_from([name for name in kinds if name not in {"n", "id", "again", "r"}]))
                found.append(Rename(((old, f"{old}{number}"),)))
                kinds = {f"{old}{number}" if name == old else name: kind for name, kind in kinds.items()}
            case "split":
                name, into = draw(st.sampled_from(of["text"])), draw(st.sampled_from([None, "parts"]))
                found.append(Split(name, ",", into))
                kinds[into or name] = "list"
            case "explode":
                name, into = draw(st.sampled_from(of["list"])), draw(st.sampled_from([None, "one"]))
                found.append(Explode(name, into, draw(st.sampled_from(["keep", "drop"]))))
                kinds[into or name] = "text"
            case "columns":
                found.append(RISKY)
                kinds["r"] = "int"
            case "python":
                found.append(PythonCall(f"{__name__}:by_thirds", (("again", "bool"),)))
                kinds["again"] = "bool"
            case "dedupe":
                by = draw(st.lists(st.sampled_from(list(kinds)), unique=True, max_size=2))
                found.append(Dedupe(tuple(by), draw(st.sampled_from(["first", "last"]))))
    return found


@given(ROWS, operations())
@settings(max_examples=40)
def test_every_row_is_accounted_for(rows, found):
    model = Model(list(enumerate(rows, start=1)))
    for operation in found:
        model.apply(operation)
    out = through(rows, *found, schema=SCHEMA)
    assert list(zip(out.numbers, out.rows, strict=True)) == model.rows
    assert sorted(one.row for one in out.rejects) == sorted(model.rejected)
    assert sum(int(note.split()[-5].replace(",", "")) for note in out.chain.notes()) == model.left_out


@given(ROWS, operations(whole=False))
@settings(max_examples=20)
def test_what_is_rejected_and_put_right_gives_what_right_rows_had_given(rows, found):
    def right(record):
        return record | {"n": 4} if record["n"] in {1, 5, 9} else record

    first = through(rows, *found, schema=SCHEMA)
    made = list(zip(first.numbers, first.rows, strict=True))
    for one in first.rejects:
        again = through([right(one.record)], *found, schema=SCHEMA, start=one.at, numbers=[one.row])
        assert again.rejects == []
        made += zip(again.numbers, again.rows, strict=True)
    rejected = {one.row for one in first.rejects}
    repaired = [right(row) if number in rejected else row for number, row in enumerate(rows, start=1)]
    once = through(repaired, *found, schema=SCHEMA)
    assert once.rejects == []
    assert sorted(map(repr, made)) == sorted(map(repr, zip(once.numbers, once.rows, strict=True)))
