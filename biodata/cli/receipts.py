"""A receipt for people and for programs."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from biodata.cli.output import json_text, on_terminal, say
from biodata.errors import BiodataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.receipts import Outcome, Receipt

__all__ = ["print_receipt", "told_when_broken"]

SHOWN = 20


def print_receipt(receipt: Receipt, form: str | None, *, show_values: bool = False) -> None:
    """The receipt on stdout, as a line or as JSON; what was refused on stderr, by row, field, code and reason."""
    text = form == "text" or (form is None and on_terminal())
    sys.stdout.write((str(receipt) if text else json_text(receipt.to_dict())) + "\n")
    failed = [one for one in receipt.outcomes if one.status in {"refused", "unknown"}]
    for outcome in failed[:SHOWN]:
        say(_line(outcome, show_values=show_values))
    if len(failed) > SHOWN:
        say(f"… and {len(failed) - SHOWN:,} more; -o json has them all")
    if failed:
        say("(rows are counted from 0)")


@contextmanager
def told_when_broken(form: str | None, *, show_values: bool) -> Iterator[None]:
    """When a write breaks off, what it had done until then is told before the error."""
    try:
        yield
    except BiodataError as error:
        if error.receipt is not None:
            print_receipt(error.receipt, form, show_values=show_values)
        raise


def _line(outcome: Outcome, *, show_values: bool) -> str:
    key = f" (key {outcome.key})" if show_values and outcome.key is not None else ""
    field = f", field {outcome.field}" if outcome.field else ""
    code = f" [{outcome.code}]" if outcome.code else ""
    reason = f": {outcome.message}" if outcome.message else ""
    return f"{outcome.status}: row {outcome.row}{key}{field}{reason}{code}"
