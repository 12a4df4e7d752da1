"""What may be written in a table that is there already, where none can be made."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pytest

from biodata.records.types import Integer, List, Object, Record, Reference, element

if TYPE_CHECKING:
    from biodata.records.types import Field, Key, Schema
    from biodata.repository import Repository

__all__ = ["Bad", "Bench", "Writable", "writable_like"]

OTHER, LATER = "another text", "a later text"
UNKNOWN = "bdc_no_such_field"
_NOBODY = "bdc-no-such-record"
_NUMBERS = itertools.count(10 * secrets.randbelow(10**8))
"""Numbers that an earlier run on the same server did not use."""

BadKind = Literal["unknown field", "type", "required", "reference"]


class Writable(msgspec.Struct, frozen=True, kw_only=True):
    """What the suite may write, said by who knows the table.

    Attributes:
        table: its name. The suite adds records to it, changes no other, and deletes them again.
        make: from a number of up to 10 digits a new record that is accepted, its key made from the number; values
            as `get` gives them, with every optional field that matters.
        text: an optional text field that `make` gives, which takes any short text.
        uncleared: the fields of `make` that None cannot clear, each with the code of the refusal; None where that
            is not known, and then each field is cleared or refused.
        required: a required field beside the key, where there is one.
        reference: a field whose unknown references the platform refuses, where there is one.
        relink_code: the code with which a change of `reference` to an unknown record is refused: another one where
            the platform cannot change it at all.
        ties: a field with which a record cannot be deleted, until None clears it.
        key_characters: odd characters that a key can hold, to be tried one by one.
        refused_key_characters: those with which a new key is refused.
    """

    table: str
    make: Callable[[int], Record]
    text: str
    uncleared: Mapping[str, str] | None = {}
    required: str | None = None
    reference: str | None = None
    relink_code: str = "BD-WRITE-REFERENCE"
    ties: str | None = None
    key_characters: str = ""
    refused_key_characters: str = ""


class Bad(msgspec.Struct, frozen=True):
    """Something that must be refused: the changes to a record that make it so, the code, the field at fault."""

    changes: Record
    code: str
    field: str


class Bench:
    """The table of a Writable, and the records that one test made in it."""

    def __init__(self, table: Repository, means: Writable) -> None:
        self.table = table
        self.means = means
        self._made: list[Key] = []

    @property
    def schema(self) -> Schema:
        """The table's shape."""
        return self.table.schema

    def new(self, **changes: Any) -> Record:
        """A record that is not there yet."""
        return self.noted({**self.means.make(next(_NUMBERS)), **changes})

    def noted(self, record: Record) -> Record:
        """The record, which goes again at the end, should it get there."""
        self._made.append(self.key(record))
        return record

    def stored(self, number: int = 1) -> list[Record]:
        """New records, added, as they are there."""
        records = [self.new() for _ in range(number)]
        self.table.add(records).raise_for_refused()
        return list(self.table.get([self.key(record) for record in records]))

    def key(self, record: Record) -> Key:
        """A record's key."""
        return self.schema.key_of(record)

    def change(self, record: Record, **changes: Any) -> Record:
        """The record's key and the changes, as `update` takes them."""
        return {**{name: record[name] for name in self.schema.key_fields}, **changes}

    def now(self, record: Record) -> Record | None:
        """The record as it is there; None where it is not."""
        return next(iter(self.table.get([self.key(record)])), None)

    def own(self, record: Record) -> Record:
        """The fields that people fill in: the platform's own marks change by themselves."""
        return {name: value for name, value in record.items() if not self.schema[name].generated}

    def bad(self, kind: BadKind) -> Bad:
        """What no record may have; a kind that the table does not know is said to be not run."""
        if kind == "unknown field":
            return Bad({UNKNOWN: "x"}, "BD-WRITE-UNKNOWN-FIELD", UNKNOWN)
        if kind == "type":
            return Bad({self.means.text: {"no": "text"}}, "BD-WRITE-TYPE", self.means.text)
        name = self.means.required if kind == "required" else self.means.reference
        if name is None:
            pytest.skip(f"not run: the target names no such field ({kind})")
        if kind == "required":
            return Bad({name: None}, "BD-WRITE-REQUIRED", name)
        return Bad({name: nobody(self.schema[name])}, "BD-WRITE-REFERENCE", name)

    def loosen(self, *records: Record) -> None:
        """See that what ties the records cannot be overlooked, and take it away, so that they can be deleted."""
        name = self.means.ties
        if name is None:
            return
        for record in records:
            assert self.table.delete(self.key(record)).refused[0].code == "BD-WRITE-REFERENCED"
            self.table.update(self.change(record, **{name: None})).raise_for_refused()

    def clear(self) -> None:
        """Delete what was made, and see that it is gone."""
        if self._made:
            keys = list(dict.fromkeys(self._made))
            ties = self.means.ties
            tied = [record for record in self.table.get(keys) if ties and record[ties] not in (None, [])]
            self.loosen(*tied)
            self.table.delete(keys, on_refused="isolate").raise_for_refused()
            assert self.table.get(keys) == []


def nobody(field: Field) -> Any:
    """A reference to a record that is not there, as that field takes it."""
    type_ = element(field.type)
    assert isinstance(type_, Reference), "the field that the target names is no reference"
    key = 2**31 - 1 if isinstance(type_.key, Integer) else _NOBODY
    return [key] if isinstance(field.type, List) else key


def holds(stored: Any, given: Any) -> bool:
    """Whether what is stored is what was given, its types too; objects may have more fields."""
    if isinstance(given, dict):
        return isinstance(stored, dict) and all(holds(stored.get(name), value) for name, value in given.items())
    if isinstance(given, list) and isinstance(stored, list):
        return len(given) == len(stored) and all(map(holds, stored, given))
    if given is None or given == []:
        return stored is None or stored == []
    return type(stored) is type(given) and bool(stored == given)


def writable_like(table: Repository) -> Writable:
    """What may be written, read off a table's schema and first record, where nobody says it.

    Lists and objects are left out unless they are required: to copy a list of references may take them away from
    the record that has them.

    Raises:
        LookupError: the table has no records, no single text key, or no text to change.
    """
    schema = table.schema
    model = table.query(limit=1).first()
    if model is None or isinstance(schema.key, tuple) or schema[schema.key].type.kind != "string":
        raise LookupError("the table has no record to make others like it, or its key is no text")
    values = {field.name: model[field.name] for field in schema if _is_copied(schema, field, model[field.name])}
    key, text = schema.key, next((field.name for field in schema if _is_free_text(schema, field)), None)
    if text is None:
        raise LookupError("the table has no optional text field")
    copied = [schema[name] for name in values]
    return Writable(
        table=table.name,
        make=lambda number: {key: f"bdc-{number}", **values, text: "a text"},
        text=text,
        uncleared=None,
        required=next((field.name for field in copied if field.required), None),
        reference=next((field.name for field in copied if isinstance(element(field.type), Reference)), None),
    )


def _is_copied(schema: Schema, field: Field, value: Any) -> bool:
    if field.name in schema.key_fields or field.read_only or field.generated or value in (None, []):
        return False
    return field.required or not (field.unique or isinstance(field.type, List | Object) or field.type.kind == "json")


def _is_free_text(schema: Schema, field: Field) -> bool:
    bound = field.required or field.read_only or field.generated or field.unique or field.name in schema.key_fields
    return not bound and str(field.type) == "string"
