"""What whoever starts a run asks for, besides the file and its parameters."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import TypedDict

import msgspec

from biodata.errors import ConfigError

__all__ = ["Asked", "Options", "check_options", "options_of"]

CODE = "BD-PIPELINE-OPTIONS"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is to be done.

    Attributes:
        dry_run: read, transform, check and compare; write nothing.
        show_values: whether people's values may stand in the preview and the report.
        restart: start anew where an earlier run stopped while it wrote.
        full: read everything, as the first run did, whatever earlier runs have seen.
        new_key: take keys and domains of pseudonyms that are others than at the last run, and read everything there.
        save_plan: compare, and keep in this file what would be done; write nothing.
        apply: do what this file says, and no more.
        report_dir: where the reports go; the run's own directory when None.
        events: a file that gets a line of JSON for each thing that happens; `-` is standard error.
    """

    dry_run: bool = False
    show_values: bool = False
    restart: bool = False
    full: bool = False
    new_key: bool = False
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
    new_key: bool
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


def check_options(options: Options) -> None:
    """See that what is asked for can be done together, and that report and plan can be written.

    Raises:
        ConfigError: `BD-PIPELINE-OPTIONS`, `BD-PIPELINE-REPORT`; nothing has been done.
    """
    _raise_for_others(options)
    _make_room(options)


def _raise_for_others(options: Options) -> None:
    """A plan is applied as it is: nothing else can be asked for beside it."""
    beside = {"--dry-run": options.dry_run, "--save-plan": options.save_plan, "--restart": options.restart}
    asked = [name for name, value in beside.items() if value]
    if options.apply and asked:
        raise ConfigError(f"--apply does what was planned, so it goes without {', '.join(asked)}", code=CODE)


def _make_room(options: Options) -> None:
    """Find out now, and not after the loading, whether report and plan can be written."""
    places = [options.report_dir, options.save_plan.parent if options.save_plan else None]
    for place, what in zip(places, ("report", "plan"), strict=True):
        try:
            if place is not None:
                place.mkdir(parents=True, exist_ok=True)
                with TemporaryFile(dir=place):
                    pass
        except OSError as error:
            message = f"The {what} directory {place} cannot be written: {error.strerror}"
            raise ConfigError(message, code="BD-PIPELINE-REPORT") from None
