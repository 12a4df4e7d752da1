"""The scalars of a pipeline file: what a text, a name, an address, a budget or a span of time looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.file import values
from biodata.pipelines.file.shapes import Either, Listed, Value
from biodata.pipelines.parameters import PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD = r"[^\W\d]\w*"
"""A name as Python has it."""

IN_PARAMETER = r"\$\{param:"
WHOLE_PLACE = rf"^\s*{PLACE.pattern}\s*$"


def words(allowed: Sequence[str]) -> Value:
    """One of some words."""
    return Value({"enum": list(allowed)})


def _text(pattern: str, *examples: str) -> Value:
    return Value({"type": "string", "pattern": pattern, "examples": list(examples)})


TEXT = Value({"type": "string", "pattern": r"\S"})
TEXTS = Listed(TEXT, alone=True)
FLAG = Value({"type": "boolean"})
NUMBER = Value({"type": "number"})
INTEGER = Value({"type": "integer"})
POSITIVE = Value({"type": "integer", "minimum": 1})
NOTHING = Value({"type": "null"})
SCALAR = Value({"type": ["string", "number", "boolean"]})
CODE = Value({"type": ["string", "number", "boolean", "null"]})
ANYTHING = Either((CODE, Listed(SCALAR)))
LABEL = Value({"type": ["string", "number"], "pattern": r"\S"})
KEY = Value({"type": ["string", "integer"]})
VERSION = Value({"const": 1})
KEEP = Value({"const": "keep", "description": "The fields that are not named follow, as they are."})

STEP_NAME = _text(rf"^{values.NAME.pattern}$", "donors")
COLUMN_NAME = _text(rf"^{values.COLUMN.pattern}$", "donor_id")
PATH = Value(
    {"type": "string", "pattern": r"\S", "anyOf": [{"not": {"pattern": IN_PARAMETER}}, {"pattern": WHOLE_PLACE}]}
)
ADDRESS = Value(
    {"type": "string", "pattern": "^[^/]+/.", "not": {"pattern": IN_PARAMETER}, "examples": ["umcg/donors"]}
)
MAPPING_TABLE = Value(
    {"type": "string", "pattern": r"\S", "not": {"pattern": IN_PARAMETER}, "examples": ["mapping.csv"]}
)
SEPARATOR = Value({"type": "string", "minLength": 1})
CALL = _text(rf"^{WORD}(?:\.{WORD})*:{WORD}$", "cleaning:one_sample")
SECRET = _text(r"^\s*\$\{(?:env:\s*\w+|(?:file|keyring|command):[\s\S]+)\}\s*$", "${keyring:biodata/study}")
WHOLE_PARAMETER = _text(WHOLE_PLACE, "${param:chromosomes}")

SELECT = _text(r"\S", "SELECT 1 AS one")
FILTER = _text(r"\S", "age >= 40 and sex = 'F'")
EXPRESSION = Value({"type": ["string", "number", "boolean"], "pattern": r"\S", "examples": ["upper(src.code)"]})
DURATION = _text(rf"^{values.DURATION.pattern}$", "36h")
SHARE = _text(rf"^\s*{values.PERCENT.pattern}\s*$", "90%")
BUDGET = Value(
    {
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": rf"^\s*(?:\d+(?:\.0+)?|{values.PERCENT.pattern})\s*$",
        "examples": ["1%"],
    }
)

PARAMETER_NAME = {"pattern": "^[a-z_][a-z0-9_]*$"}
EACH_NAME = {"pattern": f"^{WORD}$"}
MADE_COLUMN = {"pattern": rf"^{values.COLUMN.pattern}$", "not": {"pattern": "^[sS][rR][cC]$"}}
