"""What a dry run adds: how the source is asked, and which values would change."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from biodata.pipelines.reports.page.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import StepReport

__all__ = ["changes", "explained"]


def explained(step: StepReport) -> Iterator[str]:
    """What the platform is asked."""
    if step.explain:
        yield "<h3>How the source is asked</h3>"
        yield f"<pre>{escape(step.explain.strip())}</pre>"


def changes(step: StepReport, *, shown: bool) -> Iterator[str]:
    """The values that would change, field by field; nothing where values are not to be shown."""
    if step.changes and shown:
        rows = [row for change in step.changes for row in _fields(change)]
        yield "<h3>Values that would change</h3>"
        yield table(f"Changes that {step.target} would get", ("Record", "Field", "Before", "After"), rows)


def _fields(change: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    key = _text(change.get("key"))
    for field, values in change.items():
        if isinstance(values, list | tuple) and len(values) == 2 and field != "key":  # noqa: PLR2004 - before, after
            yield (key, field, *map(_text, values))


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
