"""What the global options say, and the connections that are opened by them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.cli.address import Address
    from biodata.connection import Connection
    from biodata.repository import Repository

__all__ = ["State", "common_options", "current"]

Command = TypeVar("Command", bound="Callable[..., Any]")


@dataclass(frozen=True)
class State:
    """The global options.

    Attributes:
        config: the file of profiles, where one is named.
        verbose: 0, 1 (what is done) or 2 (each exchange).
        show_values: whether messages may hold people's values.
    """

    config: Path | None = None
    verbose: int = 0
    show_values: bool = False

    def connect(self, profile: str) -> Connection:
        """Open a profile."""
        from biodata.connection import connect

        return connect(profile, config=self.config)

    @contextmanager
    def opened(self, name: str) -> Iterator[Connection]:
        """Open a profile, or by `PROFILE.search` its search indices; the connection is closed at the end."""
        from biodata.cli.address import SEARCH

        with self.connect(name.removesuffix(SEARCH)) as connection:
            yield connection.search if name.endswith(SEARCH) else connection

    @contextmanager
    def repository(self, address: Address) -> Iterator[Repository]:
        """Open the table of an address, as `opened` does."""
        with self.opened(address.profile) as connection:
            yield connection[address.table]

    def start_logging(self) -> None:
        """Send the loggers `biodata.*` to stderr as `-v` asks."""
        import logging

        level = {0: logging.WARNING, 1: logging.INFO}.get(self.verbose, logging.DEBUG)
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        logger = logging.getLogger("biodata")
        logger.handlers[:] = [handler]
        logger.setLevel(level)


def current(ctx: click.Context) -> State:
    """The state of the running command."""
    state = ctx.find_root().obj
    return state if isinstance(state, State) else State()


def common_options(command: Command) -> Command:
    """Let the global options stand after the command's name, too, where many people type them."""
    for declaration, settings in _GLOBAL:
        command = click.option(*declaration, expose_value=False, hidden=True, callback=_merge, **settings)(command)
    return command


_GLOBAL: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--config",), {"type": click.Path(dir_okay=False, path_type=Path)}),
    (("-v", "--verbose"), {"count": True}),
    (("--show-values",), {"is_flag": True}),
)


def _merge(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if not value or ctx.resilient_parsing:
        return
    root = ctx.find_root()
    root.obj = replace(current(ctx), **{str(option.name): value})
    if option.name == "verbose":
        root.obj.start_logging()
