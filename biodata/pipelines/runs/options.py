"""What whoever starts a run asks for, besides the file and its parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import msgspec

__all__ = ["Asked", "Options", "options_of"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is to be done.

    Attributes:
        dry_run: read, transform, check and compare; write nothing.
        show_values: whether people's values may stand in the preview and the report.
        restart: start anew where an earlier run stopped while it wrote.
        full: read everything, as the first run did, whatever earlier runs have seen.
        save_plan: compare, and keep in this file what would be done; write nothing.
        apply: do what this file says, and no more.
        report_dir: where the reports go; the run's own directory when None.
        events: a file that gets a line of JSON for each thing that happens; `-` is standard error.
    """

    dry_run: bool = False
    show_values: bool = False
    restart: bool = False
    full: bool = False
    save_plan: Path | None = None
    apply: Path | None = None
    report_dir: Path | None = None
    events: str | None = None


class Asked(TypedDict, total=False):
    """The options as keyword arguments; a path may be a text."""

    dry_run: bool
    show_values: bool
    restart: bool
    full: bool
    save_plan: Path | str | None
    apply: Path | str | None
    report_dir: Path | str | None
    events: str | None


def options_of(asked: Asked) -> Options:
    """The options, paths as paths."""
    paths = {"save_plan", "apply", "report_dir"}
    given = {
        name: Path(str(value)) if name in paths and value is not None else value for name, value in asked.items()
    }
    return msgspec.convert(given, Options)
