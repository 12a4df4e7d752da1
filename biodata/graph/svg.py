"""The graph as a drawing: boxes in columns, a line for each link, with an arrow at the table that it refers to."""

from __future__ import annotations

import re
from html import escape as escape_marks
from itertools import accumulate
from typing import TYPE_CHECKING

from biodata.graph.layout import place
from biodata.graph.text import summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from biodata.graph.layout import Layout
    from biodata.graph.model import Graph, Link, Node

__all__ = ["to_svg"]

_HEIGHT, _ROW, _GAP, _MARGIN, _HEAD = 46, 62, 72, 20, 52
_LETTER, _LEAST = 7.6, 96
_LEGEND = 34
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#fff;--panel:#eef3fa;--rule:#8b97a6;--edge:#1f5fbf}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a3aebd;--paper:#14181f;--panel:#1d2a3d;--rule:#7d8896;
--edge:#8ab4f8}}
svg{background:var(--paper)}text{font-family:system-ui,sans-serif;fill:var(--ink)}
.title{font-size:16px;font-weight:600}.name{font-size:13px;font-weight:600}.records,.legend{font-size:12px;fill:var(--soft)}
.table rect{fill:var(--panel);stroke:var(--edge);stroke-width:1.5}
.empty rect{fill:var(--paper);stroke:var(--rule);stroke-dasharray:4 3}.empty .name{fill:var(--soft)}
.link{fill:none;stroke:var(--rule);stroke-width:1.5}.optional{stroke-dasharray:5 4}
.arrow{fill:var(--rule)}
"""
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path class="arrow" d="M0 0 8 4 0 8z"/></marker></defs>'
)
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot have, escaped or not; a table's label may."""


class _Sheet:
    """Columns and rows in pixels."""

    def __init__(self, graph: Graph, layout: Layout) -> None:
        self.layout = layout
        named: dict[int, float] = {}
        for name, (column, _) in layout.tables.items():
            named[column] = max(named.get(column, _LEAST), len(name) * _LETTER + 26)
        self.widths = [named.get(column, _LEAST) for column in range(max(named, default=-1) + 1)]
        self.lefts = [_MARGIN, *accumulate((width + _GAP for width in self.widths), initial=_MARGIN)][1:]
        downs = [down for _, down in layout.tables.values()]
        downs += [down for stops in layout.stops for _, down in stops]
        words = len(summary(graph)) * 9 + 2 * _MARGIN
        self.width = max(words, self.lefts[-1] - _GAP + _MARGIN) if self.widths else words
        self.height = _HEAD + (max(downs, default=0) + 0.5) * _ROW + _LEGEND

    def y(self, down: float) -> float:
        """The middle of a place."""
        return _HEAD + down * _ROW


def to_svg(graph: Graph) -> str:
    """The drawing, colours for light and dark inside."""
    sheet = _Sheet(graph, place(graph))
    links = "".join(_line(link, stops, sheet) for link, stops in zip(graph.links, sheet.layout.stops, strict=True))
    tables = "".join(_table(node, sheet) for node in graph.nodes)
    title = _escape(summary(graph))
    head = f'<text class="title" x="{_MARGIN}" y="{_MARGIN + 8}">{title}</text>'
    size = f'width="{sheet.width:.0f}" height="{sheet.height:.0f}" viewBox="0 0 {sheet.width:.0f} {sheet.height:.0f}"'
    about = f"Tables as boxes, with a line from each to those that it refers to: {len(graph.links)} links."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}"><title>{title}</title>'
        f"<desc>{_escape(about)}</desc><style>{_STYLE}</style>{_ARROW}{head}{links}{tables}{_legend(sheet)}</svg>\n"
    )


def _escape(text: str) -> str:
    """Text for XML."""
    return escape_marks(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _table(node: Node, sheet: _Sheet) -> str:
    column, down = sheet.layout.tables[node.name]
    x, y, width = sheet.lefts[column], sheet.y(down) - _HEIGHT / 2, sheet.widths[column]
    middle = x + width / 2
    words = f"{node.records:,} record{'' if node.records == 1 else 's'}" if node.records else "empty"
    return (
        f'<g class="table{"" if node.records else " empty"}" id="table-{_escape(node.name)}">'
        f"<title>{_escape(node.label or node.name)}: {words}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_HEIGHT}" rx="7"/>'
        f'<text class="name" x="{middle:.1f}" y="{y + 19:.1f}" text-anchor="middle">{_escape(node.name)}</text>'
        f'<text class="records" x="{middle:.1f}" y="{y + 36:.1f}" text-anchor="middle">{words}</text></g>'
    )


def _line(link: Link, stops: Sequence[tuple[int, float]], sheet: _Sheet) -> str:
    """From the left side of a table to the right side of its target, straight over the columns between."""
    path = _own(link, sheet) if link.table == link.target else " ".join(_way(link, stops, sheet))
    kind = "link" if link.required else "link optional"
    words = f"{link.table}.{link.field}: {'several' if link.many else 'one'} of {link.target}"
    needed = "" if link.required else ", or none"
    return f'<path class="{kind}" d="{path}" marker-end="url(#arrow)"><title>{_escape(words + needed)}</title></path>'


def _way(link: Link, stops: Sequence[tuple[int, float]], sheet: _Sheet) -> Iterator[str]:
    (column, down), (end, end_down) = sheet.layout.tables[link.table], sheet.layout.tables[link.target]
    left = end < column
    x, y = sheet.lefts[column] + (0 if left else sheet.widths[column]), sheet.y(down)
    yield f"M{x:.1f} {y:.1f}"
    for stop, stop_down in stops:
        near, far = sheet.lefts[stop], sheet.lefts[stop] + sheet.widths[stop]
        yield _curve(x, y, far if left else near, sheet.y(stop_down))
        x, y = (near if left else far), sheet.y(stop_down)
        yield f"H{x:.1f}"
    yield _curve(x, y, sheet.lefts[end] + (sheet.widths[end] if left else 0), sheet.y(end_down))


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _own(link: Link, sheet: _Sheet) -> str:
    """A table that refers to itself has a loop at its lower side."""
    column, down = sheet.layout.tables[link.table]
    x, y = sheet.lefts[column] + sheet.widths[column] - 30, sheet.y(down) + _HEIGHT / 2
    return f"M{x:.1f} {y:.1f}c0 14 20 14 20 0"


def _legend(sheet: _Sheet) -> str:
    y = sheet.height - _MARGIN + 6
    dashed = f'<path class="link optional" d="M{_MARGIN} {y - 4:.1f}h34" marker-end="url(#arrow)"/>'
    text = "refers to, and may be left out; a whole line must be there"
    return f'{dashed}<text class="legend" x="{_MARGIN + 44}" y="{y:.1f}">{text}</text>'
