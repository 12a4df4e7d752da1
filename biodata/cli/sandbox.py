"""`biodata sandbox`: servers on this computer that speak the platforms' real protocols."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import Command, command
from biodata.cli.lazy import Entry, LazyGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.sandbox.run import Sandbox

__all__ = ["run", "sandbox", "up"]

SECTION = "Commands"
WORDS = "biodata.sandbox.words"


@click.group(
    cls=LazyGroup,
    entries={
        "up": Entry(SECTION, "biodata.cli.sandbox:up", "Start servers and keep them until Ctrl-C."),
        "run": Entry(SECTION, "biodata.cli.sandbox:run", "Start servers, run a command against them, stop them."),
    },
    examples=("biodata sandbox up", "biodata sandbox run -- biodata query molgenis/ASE --limit 3"),
)
def sandbox() -> None:
    """Start servers on this computer to try things on.

    They speak the platforms' real protocols on loopback and hold their state in memory: what is written to
    them is gone when they end.
    """


def server_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What servers, and how they are."""
    for option in (
        click.option("--empty", is_flag=True, help="Start without the demo data."),
        click.option(
            "--with",
            "example",
            type=click.Choice(["biobank"]),
            help="Add what the pipeline of that name in config/pipelines needs to the demo data.",
        ),
        click.option(
            "--port",
            "ports",
            multiple=True,
            metavar="[PLATFORM=]N",
            callback=_ports,
            help="Take this port, not a free one.",
        ),
        click.option(
            "--token-lifetime",
            type=click.FloatRange(min=0, min_open=True),
            metavar="S",
            help="Seconds that a token lives.",
        ),
        click.option(
            "--dictionary",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="A Gen3 data dictionary (JSON, as /_dictionary/_all gives it) in place of the small one.",
        ),
    )[::-1]:
        function = option(function)
    return function


def _ports(_ctx: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    pairs = [text.rpartition("=") for text in given]
    wrong = [number for _, _, number in pairs if not (number.isdecimal() and int(number) < 2**16)]
    if wrong:
        raise click.BadParameter("a port is a number below 65536: --port 8080 or --port molgenis=8080.")
    return {platform: int(number) for platform, _, number in pairs}


@command(
    "biodata sandbox up",
    "biodata sandbox up molgenis --port 8080",
    "export BIODATA_CONFIG=…                  # in another shell, as 'up' prints it; then",
    "biodata ls molgenis",
)
@click.argument("platforms", nargs=-1, metavar="[PLATFORM…]")
@server_options
def up(platforms: tuple[str, ...], **options: Any) -> None:
    """Start servers and keep them until Ctrl-C.

    It prints their addresses, and the files with the profiles and the credentials. All platforms that have a
    sandbox are started when none is named.
    """
    from biodata.sandbox.run import serve_until_interrupted

    with started(platforms, **options) as servers:
        serve_until_interrupted(servers, say=click.echo)


class RunCommand(Command):
    """A command line whose part after `--` is another program's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the other program's part aside before click reads it."""
        if "--" in args:
            cut = args.index("--")
            args, ctx.meta[WORDS] = args[:cut], args[cut + 1 :]
        return super().parse_args(ctx, args)


@command(
    "biodata sandbox run -- biodata query molgenis/ASE --limit 3",
    "biodata sandbox run molgenis --empty -- python my_tests.py",
    "biodata sandbox run --with biobank -- biodata run config/pipelines/biobank.yml --dry-run",
    cls=RunCommand,
    options_metavar="[OPTIONS]",
)
@click.argument("platforms", nargs=-1, metavar="[PLATFORM…] -- COMMAND…")
@server_options
@click.pass_context
def run(ctx: click.Context, /, platforms: tuple[str, ...], **options: Any) -> None:
    """Start servers, run a command against them, stop them.

    The command finds profiles named as the platforms, and 'local' (DuckDB), by BIODATA_CONFIG; BIODATA_SANDBOX
    names a JSON file with addresses and credentials for other clients. Its exit status is passed on.
    """
    from biodata.sandbox.run import run_command

    words = ctx.meta.get(WORDS)
    if not words:
        raise click.UsageError("Name the command to run after --, as in: biodata sandbox run -- python script.py")
    with started(platforms, **options) as servers:
        status = run_command(servers, words)
    ctx.exit(status)


@contextmanager
def started(
    platforms: tuple[str, ...],
    *,
    empty: bool,
    ports: dict[str, int],
    token_lifetime: float | None,
    dictionary: Path | None,
    example: str | None,
) -> Iterator[Sandbox]:
    """The servers, running; stopped at the end."""
    from biodata.errors import ConfigError
    from biodata.sandbox.run import Sandbox, platforms_with_sandbox

    names = _known(platforms, tuple(platforms_with_sandbox()))
    if empty and example:
        raise click.UsageError("--with adds to the demo data, and --empty leaves them out.")
    options = {name: one for name, one in (("dictionary", dictionary), ("example", example)) if one}
    servers = Sandbox(
        names, empty=empty, token_lifetime=token_lifetime, ports=_assigned(ports, names), options=options
    )
    try:
        servers.start()
    except OSError as error:
        hint = "Another program may have the port; leave --port out to take a free one."
        raise ConfigError(f"A server cannot start: {error.strerror}", code="BD-SANDBOX-PORT", hint=hint) from error
    try:
        yield servers
    finally:
        servers.close()


def _known(asked: tuple[str, ...], offered: tuple[str, ...]) -> tuple[str, ...]:
    from biodata.errors import near_match

    for name in asked:
        if name not in offered:
            near = near_match(name, offered)
            hint = f"Did you mean '{near}'?" if near else f"There is one for: {', '.join(offered) or 'none'}."
            raise click.UsageError(f"There is no sandbox for '{name}'. {hint}")
    return asked or offered


def _assigned(ports: dict[str, int], names: tuple[str, ...]) -> dict[str, int]:
    if "" in ports and len(names) != 1:
        raise click.UsageError("Say whose port it is: --port molgenis=8080.")
    unknown = [name for name in ports if name and name not in names]
    if unknown:
        raise click.UsageError(f"--port names '{unknown[0]}', which is not started.")
    return {name or names[0]: port for name, port in ports.items()}
