"""Tables, and bars in them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.words import Html

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["bar", "cell", "facts", "table"]

WIDE = 3
"""Tables of more columns may be wider than a phone, and are moved sideways on their own, by finger or by keys."""
SLIVER = 0.5
"""How many hundredths of a bar are seen still."""


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[int] = ()) -> Html:
    """A table with a heading for each column; the first cell of a row is what the row is about."""
    columns = "".join(f'<th scope="col"{_look(at, numbers)}>{cell(name)}</th>' for at, name in enumerate(head))
    body = "".join(f"<tr>{_row(row, numbers)}</tr>" for row in rows)
    moved = f' tabindex="0" role="region" aria-label="{escape(caption)}"' if len(head) > WIDE else ""
    return Html(
        f'<div class="scroll"{moved}><table><caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def facts(rows: Iterable[tuple[str, str]]) -> Html:
    """Names and what they are."""
    parts = (f"<div><dt>{cell(name)}</dt><dd>{cell(text)}</dd></div>" for name, text in rows)
    return Html(f"<dl>{''.join(parts)}</dl>")


def bar(share: float) -> Html:
    """A bar of so much (0 to 1) of its cell; what it says stands in words beside it."""
    width = min(max(100 * share, SLIVER), 100) if share > 0 else 0
    return Html(
        '<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rest" width="100" height="10"/><rect class="bar" width="{width:.2f}" height="10"/></svg>'
    )


def cell(text: str) -> str:
    """The text as it stands in a page."""
    return text if isinstance(text, Html) else escape(text)


def _row(row: Sequence[str], numbers: Collection[int]) -> str:
    first, *others = row
    cells = "".join(f"<td{_look(at, numbers)}>{cell(text)}</td>" for at, text in enumerate(others, 1))
    return f'<th scope="row">{cell(first)}</th>{cells}'


def _look(at: int, numbers: Collection[int]) -> str:
    return ' class="number"' if at in numbers else ""
