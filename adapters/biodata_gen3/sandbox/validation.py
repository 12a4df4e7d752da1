"""Checking a record against the dictionary, in the words of the server's JSON-schema library."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from biodata_gen3.sandbox.dictionary import NodeType

__all__ = ["problems"]

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")
_REQUIRED = re.compile(r"'(.*)' is a required property")
_INVALID = frozenset({"type", "anyOf", "oneOf"})
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")  # type: ignore[untyped-decorator]
def _is_instant(value: object) -> bool:
    if not isinstance(value, str):
        return True
    if not _RFC3339.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True


def problems(node_type: NodeType, doc: dict[str, Any]) -> list[dict[str, Any]]:
    """The errors of a record as a report lists them; empty for a good one."""
    return [_problem(error) for error in _validator(node_type).iter_errors(doc)]


@lru_cache(maxsize=512)
def _validator(node_type: NodeType) -> Any:
    return Draft4Validator(node_type.for_validation, format_checker=_FORMATS)


def _problem(error: Any) -> dict[str, Any]:
    words = str(error.message)
    if error.context:
        words += ": " + " and ".join(one.message for one in error.context)
    keys = [".".join(map(str, error.path))] if error.path else _REQUIRED.findall(error.message)
    kind = "MISSING_PROPERTY" if error.validator == "required" else "ERROR"
    return {"keys": keys, "message": words, "type": "INVALID_VALUE" if error.validator in _INVALID else kind}
