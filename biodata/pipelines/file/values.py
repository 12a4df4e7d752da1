"""Small values of a pipeline file: durations, shares, budgets, addresses, columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from biodata.pipelines.spec import Address, Budget, Duration

if TYPE_CHECKING:
    from biodata.pipelines.file.nodes import Node

__all__ = ["address", "budget", "column_name", "duration", "expression", "is_column", "name", "share"]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
COLUMN = re.compile(r"[^\s\"'`\x00-\x1f][^\"`\x00-\x1f]*")
BUDGET = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*")
PERCENT = re.compile(r"\d+(?:\.\d+)?\s*%")
DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
WHOLE = 100


def name(node: Node) -> str:
    """A name of the file's own: small letters, digits, - and _."""
    text = node.text()
    if text and not NAME.fullmatch(text):
        node.note(f"{node.place}: {text!r} may hold small letters, digits, - and _ only")
    return text


def is_column(text: str) -> bool:
    """Whether that can be the name of a column."""
    return COLUMN.fullmatch(text) is not None


def column_name(node: Node) -> str:
    """The name of a column that is made."""
    text = node.text()
    if text and not is_column(text):
        node.note(f"{node.place}: {text!r} cannot be the name of a column")
    return text


def address(node: Node) -> Address:
    """`profile/table`."""
    profile, slash, table = node.text().partition("/")
    if node.value is not None and not (profile and slash and table):
        node.note(f"{node.place}: expected profile/table")
    return Address(profile, table)


def budget(node: Node, default: Budget) -> Budget:
    """A number of records, or a percentage."""
    found = None if isinstance(node.value, bool | None) else BUDGET.fullmatch(str(node.value))
    if found is None:
        node.note(f"{node.place}: expected a number of records, or a percentage such as 1%")
        return default
    value, percent = float(found[1]), bool(found[2])
    if percent and value > WHOLE:
        node.note(f"{node.place}: expected a percentage up to 100%")
    if not percent and value != int(value):
        node.note(f"{node.place}: expected a whole number of records, or a percentage such as 1%")
    return Budget(value, percent)


def share(node: Node, default: float) -> float:
    """A percentage, as a number from 0 to 1."""
    found = budget(node, Budget(default * WHOLE, percent=True))
    if not found.percent and node.value is not None:
        node.note(f"{node.place}: expected a percentage such as 90%")
    return found.value / WHOLE


def duration(node: Node) -> Duration:
    """A span of time: 30s, 15m, 36h, 7d, 2w."""
    found = DURATION.fullmatch(str(node.value)) if isinstance(node.value, str) else None
    if found is None:
        node.note(f"{node.place}: expected a span of time such as 15m, 36h or 7d")
        return Duration(0, "")
    return Duration(float(found[1]) * SECONDS[found[2]], str(node.value).strip())


QUOTES = "An expression with a comma, a colon or a # in it needs quotes around all of it"


def expression(node: Node) -> str:
    """A SQL expression; a number and true or false are their own."""
    if node.value is None:
        node.note(f"{node.place}: expected a text, found nothing", QUOTES)
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return str(node.value) if isinstance(node.value, int | float) else node.text()
