"""The form of a pipeline file as JSON Schema, for editors: completion, hover texts, and red lines while one types.

It is made from the tables that the readers use (`grammar`) and the docstrings of `biodata.pipelines.spec`. What takes
more than the form (names of columns, SQL, filters) is left to `biodata run`.
"""

from __future__ import annotations

import inspect
import re
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.file.grammar import PIPELINE
from biodata.pipelines.file.shapes import Either, Keys, Listed, Named, Value

if TYPE_CHECKING:
    from biodata.pipelines.file.shapes import Shape

__all__ = ["json_schema", "schema_text"]

ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+(?:\n {5,}.+)*)", re.MULTILINE)
SHOWN = (str, int)
"""Types whose defaults look in the file as they do in the struct."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a pipeline file."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A pipeline file of biodata"}
    return {**head, **schema_of(PIPELINE)}


def schema_text() -> str:
    """The JSON Schema as the text of a file, which is always the same for the same version."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"


@singledispatch
def schema_of(shape: Shape) -> dict[str, Any]:
    """What JSON Schema says of a shape."""
    raise TypeError(type(shape).__name__)


@schema_of.register
def _(shape: Value) -> dict[str, Any]:
    return shape.schema


@schema_of.register
def _(shape: Listed) -> dict[str, Any]:
    item = schema_of(shape.item)
    ends = {"minItems": shape.least or None, "maxItems": shape.most}
    found = {"type": "array", "items": item, **{key: end for key, end in ends.items() if end is not None}}
    return {"anyOf": [found, item]} if shape.alone else found


@schema_of.register
def _(shape: Named) -> dict[str, Any]:
    found = {"type": "object", "additionalProperties": schema_of(shape.value), "minProperties": 1}
    if shape.name:
        found["propertyNames"] = shape.name
    if shape.special:
        found["properties"] = {name: schema_of(value) for name, value in shape.special.items()}
    return found if shape.most is None else {**found, "maxProperties": shape.most}


@schema_of.register
def _(shape: Either) -> dict[str, Any]:
    return {"anyOf": [schema_of(one) for one in shape.shapes]}


@schema_of.register
def _(shape: Keys) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if shape.about is not None:
        found["description"] = _summary(shape.about)
    found["properties"] = {key: _property(shape, key) for key in shape}
    if shape.required:
        found["required"] = list(shape.required)
    return {**found, **_one_of(shape), **shape.rules}


def _one_of(shape: Keys) -> dict[str, Any]:
    if not shape.one_of:
        return {}
    if {*shape.required, *shape.one_of} == {*shape}:  # counting is what editors explain best
        number = len(shape.required) + 1
        return {"minProperties": number, "maxProperties": number}
    return {"oneOf": [{"required": [key]} for key in shape.one_of]}


def _property(shape: Keys, key: str) -> dict[str, Any]:
    found = {**schema_of(shape.shapes[key])}
    told = description(shape, key)
    if told:
        found["description"] = told
    default = _default(shape, key)
    return found if default is None else {**found, "default": default}


def description(shape: Keys, key: str) -> str:
    """What a key means; empty where nothing says it."""
    field = shape.fields.get(key, key)
    kinds = {one.__struct_config__.tag: one for one in shape.kinds}
    inner = shape.shapes[key]
    for text in (
        shape.says.get(key, ""),
        attributes(shape.about).get(field, "") if shape.about else "",
        _summary(kinds[key]) if key in kinds else "",
        schema_of(inner).get("description", ""),
    ):
        if text:
            return text
    return ""


def attributes(about: type[msgspec.Struct]) -> dict[str, str]:
    """What a struct's docstring says of its attributes."""
    _, _, told = inspect.cleandoc(about.__doc__ or "").partition("Attributes:\n")
    return {name: _sentence(" ".join(text.split())) for name, text in ATTRIBUTE.findall(told)}


def _summary(about: type[msgspec.Struct]) -> str:
    """The first paragraph of a struct's docstring."""
    return " ".join(inspect.cleandoc(about.__doc__ or "").partition("\n\n")[0].split())


def _sentence(text: str) -> str:
    """In the words of the file, where None is what is not said; `or` at the end leads to the next attribute."""
    text = re.sub(r"[;,]? or$", ".", text.replace("when None", "when left out"))
    return text[:1].upper() + text[1:]


def _default(shape: Keys, key: str) -> str | int | None:
    if shape.about is None or key in shape.required:
        return None
    defaults = {one.name: one.default for one in msgspec.structs.fields(shape.about)}
    found = defaults.get(shape.fields.get(key, key))
    return found if isinstance(found, SHOWN) and found != "" else None
