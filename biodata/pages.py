"""Pages by offset: what must be true of each, so that a scan neither loses nor repeats a record unnoticed."""

from __future__ import annotations

from biodata.errors import ProtocolError, RemoteError

__all__ = ["check_page"]


def check_page(table: str, number: int, *, offset: int, size: int, total: int | None, expected: int | None) -> None:
    """See that a page is whole, and that the table is as large as it was at the first page.

    Args:
        table: for the error.
        number: records that came.
        offset: of the first record that was asked for.
        size: records that were asked for.
        total: records that match in all, as this page says; None where nobody says, and the page must be full.
        expected: the same as the first page said; None for the first.

    Raises:
        RemoteError: `BD-REMOTE-CHANGED`, records came or went during the scan, so that pages may have lost or
            repeated some.
        ProtocolError: `BD-REMOTE-SHORT`, the page is shorter or longer than its total says.
    """
    if expected is not None and total != expected:
        raise RemoteError(
            f"The table changed while it was read: {expected} records became {total}",
            code="BD-REMOTE-CHANGED",
            table=table,
            hint="Pages may have lost or repeated records: read again when nobody writes to it",
        )
    due = size if total is None else max(0, min(size, total - offset))
    if number != due:
        raise ProtocolError(
            f"A page has {number} records where its own total asks for {due}",
            code="BD-REMOTE-SHORT",
            table=table,
            hint="Records may have come or gone while it was read",
        )
