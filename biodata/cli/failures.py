"""How an error reaches a person: one block on stderr, and an exit status (see `biodata.errors`)."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from biodata.cli.extras import EXTRAS, how_to_install
from biodata.errors import BiodataError, ConfigError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.cli.state import State

__all__ = ["BROKEN_PIPE", "INTERRUPTED", "REFUSED", "show_failure", "show_usage", "silence_stdout"]

INTERRUPTED = 130
BROKEN_PIPE = 141
"""What a shell gives for a program that ended because nobody read on (128 + SIGPIPE)."""
REFUSED = 9
WIDTH = 8
LINE = "\n" + " " * WIDTH
"""What begins each further line of a text, so that it stands under the first."""

SECRET_OPTIONS = {"--password", "--passwd", "--token", "--secret-key", "--api-key"}
"""What people try; never an option of ours, because a command line can be read by every user of a computer."""


def show_failure(error: Exception, state: State | None) -> int:
    """Tell on stderr what went wrong; gives the exit status."""
    if _wants_traceback(state):
        click.echo("".join(_trace(error, state)), err=True, nl=False)
    if isinstance(error, BiodataError):
        _show(_block(error, show_values=state is not None and state.show_values))
        return error.exit_status
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        _show([("error", f"This needs {error.name}, which is not installed"), ("hint", how_to_install(error.name))])
        return ConfigError.exit_status
    if isinstance(error, OSError) and error.errno:
        place = f": {error.filename}" if error.filename is not None else ""
        _show([("error", f"{os.strerror(error.errno)}{place}")])
        return 1
    _show([("error", f"{type(error).__name__}: {_first_line(error, state)}"), *_unexpected(state)])
    return 1


def show_usage(error: click.ClickException) -> int:
    """Tell how a command is to be called; gives the exit status."""
    error.show()
    if isinstance(error, click.NoSuchOption) and error.option_name in SECRET_OPTIONS:
        _show(
            [
                ("hint", "A secret never goes on the command line, where other users can read it."),
                ("", "Name its place in the profile: password: ${env:UMCG_PASSWORD} (biodata profiles add --help)."),
            ]
        )
    return error.exit_code


def silence_stdout() -> None:
    """Let the interpreter's last flush go nowhere, because the reader of our output is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _block(error: BiodataError, *, show_values: bool) -> list[tuple[str, str]]:
    lines = [
        ("error", error.message),
        ("where", error.place),
        ("code", error.code),
        ("hint", error.hint or ""),
        ("" if error.hint else "hint", _command(error)),
    ]
    if isinstance(error, NotFound) and show_values and error.missing:
        lines.append(("missing", ", ".join(map(str, error.missing))))
    return [(label, text) for label, text in lines if text]


def _command(error: BiodataError) -> str:
    """The command that helps, where there is one."""
    helps = {
        "BD-CONFIG-PROFILE": "biodata profiles add --help says how to make one.",
        "BD-NOT-FOUND-TABLE": f"biodata ls {error.profile} lists the tables.",
    }
    return helps.get(error.code, "")


def _unexpected(state: State | None) -> list[tuple[str, str]]:
    if _wants_traceback(state):
        return []
    return [
        (
            "hint",
            "This should not happen. -v or BIODATA_DEBUG=1 gives a traceback, and --show-values its words.",
        )
    ]


def _first_line(error: Exception, state: State | None) -> str:
    if _shows_values(state):
        return str(error).partition("\n")[0]
    return "unexpected; its message can hold people's values, so only --show-values shows it"


def _trace(error: BaseException, state: State | None) -> Iterator[str]:
    """The traceback, what came first before it; what strangers' exceptions say is told with --show-values only."""
    first = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if first is not None:
        yield from _trace(first, state)
        yield "\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    ours = isinstance(error, BiodataError | ImportError) or _shows_values(state)
    yield type(error).__name__ + (f": {error}\n" if ours else "\n")


def _shows_values(state: State | None) -> bool:
    return state is not None and state.show_values


def _wants_traceback(state: State | None) -> bool:
    return bool(os.environ.get("BIODATA_DEBUG")) or (state is not None and state.verbose > 0)


def _show(lines: list[tuple[str, str]]) -> None:
    color = False if os.environ.get("NO_COLOR") else None
    for label, text in lines:
        head = click.style(
            f"{label}:" if label else "", fg="red" if label == "error" else None, bold=label == "error"
        )
        pad = " " * (WIDTH - len(label) - bool(label))
        click.echo(f"{head}{pad}{text.replace(chr(10), LINE)}", err=True, color=color)
