"""`biodata adapters`: the platforms that can be reached."""

from __future__ import annotations

from typing import Any

import click

from biodata.cli.help import command
from biodata.cli.output import listing_option, on_terminal, print_rows, say

__all__ = ["adapters"]

COLUMNS = ("platform", "version", "package", "sandbox", "missing")


@command("biodata adapters", "biodata adapters -o json    # with each adapter's limits and missing parts")
@listing_option
@click.pass_context
def adapters(ctx: click.Context, /, form: str | None) -> None:
    """List the platforms that can be reached.

    Each has an adapter, found through the entry-point group biodata.adapters. Parts that one does not have are
    marked: never (the platform cannot), notyet (planned), notimpl (could be). The exit status is 3 when one
    cannot be loaded.
    """
    from biodata.registry import platforms

    rows = [_row(platform) for platform in platforms()]
    short = form not in {"json", "ndjson"} and (form is not None or on_terminal())
    print_rows([_flat(row) for row in rows] if short else rows, COLUMNS, form)
    broken = [row for row in rows if "error" in row]
    for row in broken:
        say(f"{row['platform']}: {row['error']}")
    if broken:
        ctx.exit(3)


def _row(platform: str) -> dict[str, Any]:
    """What an adapter says of itself, or why it cannot be loaded."""
    import msgspec

    from biodata.errors import ConfigError
    from biodata.registry import adapter_class, installed

    distribution = installed()[platform].dist
    row: dict[str, Any] = {
        "platform": platform,
        "version": distribution.version if distribution else None,
        "package": distribution.name if distribution else None,
    }
    try:
        adapter = adapter_class(platform)
    except Exception as error:  # noqa: BLE001 - a stranger's package can fail in any way, and is told of here
        told = str(error) if isinstance(error, ConfigError) else f"cannot be loaded ({type(error).__name__})"
        return row | {"error": told}
    capabilities: dict[str, Any] = msgspec.to_builtins(adapter.capabilities)
    return row | {"contract": adapter.adapter_api, "sandbox": adapter.sandbox() is not None} | capabilities


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    marks = row.get("missing", {})
    missing = ", ".join(f"{part} ({mark['word']})" for part, mark in marks.items())
    return row | {"missing": "cannot be loaded" if "error" in row else missing}
