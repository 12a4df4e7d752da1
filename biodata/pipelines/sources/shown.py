"""Filters as they may be shown: without a parameter's value, and without what is compared with a clear value."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.http.redaction import VALUE, mask_values
from biodata.pipelines.sources.filters import MARK, bound, mapped, parsed
from biodata.query.text import render
from biodata.query.tree import Leaf, Native, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from biodata.records.types import Path

__all__ = ["masked", "shown", "stand_ins", "standing_in"]

NUMBER, FRACTION, DAY, INSTANT = 7777, 7777.5, "1907-07-07", "1907-07-07T07:07:07+00:00"
"""Stand-ins that say nothing, and that are found again in a text."""


def shown(text: str | None, hidden: Collection[Path]) -> str | None:
    """The filter as the file says it, with a mask for each literal that is compared with a hidden field.

    Args:
        text: the filter's string form.
        hidden: the paths of the fields whose clear values nobody is to see.
    """
    tree = parsed(text)
    masking = mapped(tree, lambda node: _changed(node, hidden, _mask))
    if text is None or masking == tree:
        return text
    return re.sub(f"'{MARK.pattern}'", lambda match: f"${{param:{match[1]}}}", render(masking))


def stand_ins(text: str | None, values: Mapping[str, Any], hidden: Collection[Path]) -> Node:
    """The filter with a stand-in of the same kind for each parameter, and for each literal of a hidden field.

    What is made of it, be it a request in whatever coding, may be shown: the values were never in it.
    """
    tree = bound(text, {name: _each(value, _stand_in) for name, value in values.items()})
    return mapped(tree, lambda node: _changed(node, hidden, _stand_in))


def standing_in(node: Node) -> Node:
    """A whole filter with stand-ins for all its literals."""
    return mapped(node, lambda one: _changed(one, ((),), _stand_in))


def masked(text: str) -> str:
    """A text that was made with stand-ins, with the mask in their place."""
    return mask_values(text, [FRACTION, NUMBER, INSTANT, INSTANT.replace("+00:00", "Z"), DAY])


def _changed(node: Node, hidden: Collection[Path], change: Callable[[Any], Any]) -> Node:
    """A comparison with a hidden field with other values; a platform's own text is hidden where anything is."""
    if isinstance(node, Leaf) and _is_hidden(node.path, hidden):
        return msgspec.structs.replace(node, value=_each(node.value, change))
    return Native(VALUE) if isinstance(node, Native) and hidden else node


def _is_hidden(path: Path, hidden: Collection[Path]) -> bool:
    """Whether the path leads to a hidden field, into it, or to what holds it."""
    steps = tuple(".".join(path).split("."))
    return any(steps[: len(one)] == one[: len(steps)] for one in hidden)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return tuple(map(change, value)) if isinstance(value, tuple | list) else change(value)


def _mask(value: Any) -> Any:
    """The mask; a parameter's place stays, which says nothing."""
    return value if value is None or (isinstance(value, str) and MARK.fullmatch(value)) else VALUE


def _stand_in(value: Any) -> Any:
    """A value of the same kind; for a text that spells a number or a date one that does too."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _stand_in_text(value)
    if isinstance(value, dt.date):
        return INSTANT if isinstance(value, dt.datetime) else DAY
    return FRACTION if isinstance(value, float) else NUMBER


def _stand_in_text(text: str) -> str:
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return str(NUMBER)
    for kind, word in ((dt.date, DAY), (dt.datetime, INSTANT)):
        try:
            kind.fromisoformat(text)
        except ValueError:
            continue
        return word
    return VALUE
