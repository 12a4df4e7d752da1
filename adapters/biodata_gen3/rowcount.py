"""Counting the records of an export while it streams by: a body that is cut looks whole (protocols/gen3.md, b)."""

from __future__ import annotations

import re
from typing import Literal

from biodata.errors import ProtocolError

__all__ = ["Format", "JsonRows", "TableRows", "counter"]

Format = Literal["tsv", "json"]

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*(?:(")|\\?\Z)|[{}\[\]]', re.DOTALL)
_OPENS = frozenset(b"{[")


class TableRows:
    """Rows of a TSV, told by their first cell, the node type: a value may hold a line end."""

    def __init__(self, node: str) -> None:
        self.rows = 0
        self._start = f"\n{node}\t".encode()
        self._held = b""

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        text = self._held + piece
        self.rows += text.count(self._start)
        keep = len(self._start) - 1
        self._held = text[-keep:]

    def finish(self) -> int:
        """The number of rows."""
        return self.rows


class JsonRows:
    """Objects of a JSON list: `[…]`, or `{"data": […]}`."""

    def __init__(self) -> None:
        self.rows = 0
        self._depth = 0
        self._list_at = 0
        self._held = b""

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        text, self._held = self._held + piece, b""
        for token in _TOKEN.finditer(text):
            mark = token[0]
            if mark[0] == ord('"'):
                if token[1] is None:
                    self._held = mark
            elif mark[0] in _OPENS:
                self._open(mark)
            else:
                self._depth -= 1

    def _open(self, mark: bytes) -> None:
        self._depth += 1
        if mark == b"[" and not self._list_at:
            self._list_at = self._depth
        self.rows += mark == b"{" and self._depth == self._list_at + 1 and self._list_at > 0

    def finish(self) -> int:
        """The number of objects.

        Raises:
            ProtocolError: `BD-REMOTE-SHORT`, the last bracket is missing.
        """
        if self._depth or self._held or not self._list_at:
            raise ProtocolError("An export breaks off before its last bracket", code="BD-REMOTE-SHORT")
        return self.rows


def counter(node: str, format: Format) -> TableRows | JsonRows:  # noqa: A002 - the platform's word
    """What counts the records of a node type's export."""
    return JsonRows() if format == "json" else TableRows(node)
