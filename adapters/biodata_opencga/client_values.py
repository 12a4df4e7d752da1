"""What people give to a method of pyopencga, as the parts of an address: ids, options, files.

Where pyopencga itself loses or misreads something, protocols/opencga.md, sections 1.6 and 12, say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from biodata.errors import ConfigError, QueryError

__all__ = ["file_of", "ids_of", "number_of", "params_of", "portions_of"]

_MOST_IDS, _MOST_TEXT = 100, 6000
"""Ids in one path (section 3), and characters, encoded: the head of a request has 8 KiB at most (section 5)."""
_OURS = frozenset({"debug", "num_threads"})
"""Options that are for pyopencga itself and never for the server."""
_NO_VALUES = (bytes, Mapping)
_NULLS = frozenset({"None", "nan", "<NA>", "NaT"})
"""Nulls of Python, numpy and pandas, as text."""


def portions_of(query_id: Any) -> list[str | None]:
    """The ids of a path, in portions that a request can hold; a single None for a path without ids."""
    return [None] if query_id is None else [",".join(some) for some in _portions(ids_of(query_id))]


def _portions(ids: list[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    for one in ids:
        if len(portion) == _MOST_IDS or len(",".join([*portion, one])) > _MOST_TEXT:
            yield portion
            portion = []
        portion.append(one)
    yield portion


def ids_of(value: Any) -> list[str]:
    """Ids for a path, of a text with commas or of a list, a set, a column of a frame, …; encoded, `/` too.

    Raises:
        QueryError: there is none, or an element holds a comma or is null: no address can say that.
    """
    if value is None:
        return []
    listed = _listed(value)
    if listed is None:
        listed = [one.strip() for one in _one(value, "An id").split(",")]
    ids = [_element(one, "An id") for one in listed]
    if not ids or "" in ids:
        raise QueryError("An empty id cannot stand in an address", code="BD-QUERY-KEY")
    return [quote(one, safe="") for one in ids]


def params_of(options: dict[str, Any]) -> dict[str, str]:
    """The query of a call: None is what is not given.

    Raises:
        QueryError: an empty value, which would match nothing, or a comma or a null inside a list.
    """
    given = {name: value for name, value in options.items() if value is not None and name not in _OURS}
    return {_camel(name): _text(name, value) for name, value in given.items()}


def number_of(name: str, text: str) -> int:
    """A whole number.

    Raises:
        QueryError: it is none.
    """
    if not text.isdecimal():
        raise QueryError(f"{name} is a whole number, not {text!r}", code="BD-QUERY-VALUE")
    return int(text)


def file_of(given: Any) -> Path:
    """A file of this computer, to be sent.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, there is none.
    """
    path = Path(str(given or "")).expanduser()
    if not given or not path.is_file():
        raise ConfigError("An upload needs file=, the path of a file on this computer", code="BD-CONFIG-FILE")
    return path


def _camel(name: str) -> str:
    """`include_result` as `includeResult`; a dotted name is a path in a document and stays."""
    if "." in name:
        return name
    first, *others = name.split("_")
    return first + "".join(one.title() for one in others)


def _text(name: str, value: Any) -> str:
    listed = _listed(value)
    text = _one(value, name) if listed is None else ",".join(_element(one, f"An element of {name}") for one in listed)
    if not text:
        raise QueryError(
            f"{name} is empty, and the server would find nothing by it",
            code="BD-QUERY-VALUE",
            hint="Leave the option out to ask for everything",
        )
    return text


def _listed(value: Any) -> list[Any] | None:
    """The elements of a list, a tuple, a set, a column of a frame, …; None of one value."""
    return list(value) if isinstance(value, Iterable) and not isinstance(value, (str, *_NO_VALUES)) else None


def _element(value: Any, what: str) -> str:
    text = _one(value, what)
    if "," in text:
        raise QueryError(f"{what} holds a comma, which separates values there", code="BD-QUERY-VALUE")
    return text


def _one(value: Any, what: str) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, _NO_VALUES) or (text in _NULLS and not isinstance(value, str)):
        raise QueryError(f"{what} is null, or neither text, number nor a list of them", code="BD-QUERY-VALUE")
    return text
