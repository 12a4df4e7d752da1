"""`biodata profiles`: the named connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from biodata.cli.address import ProfileName
from biodata.cli.help import command
from biodata.cli.lazy import Entry, LazyGroup
from biodata.cli.output import listing_option, print_rows, say
from biodata.cli.state import current

if TYPE_CHECKING:
    from biodata.config import Profile

__all__ = ["add", "list_", "profiles", "show"]

SECTION = "Commands"
ADDRESS_KEYS = ("url", "path", "config", "credentials")


@click.group(
    cls=LazyGroup,
    entries={
        "list": Entry(SECTION, "biodata.cli.profiles:list_", "List the profiles, and the files that are searched."),
        "show": Entry(
            SECTION, "biodata.cli.profiles:show", "Show a profile as it is written, secrets as references."
        ),
        "add": Entry(SECTION, "biodata.cli.profiles:add", "Add a profile to your file."),
    },
    examples=(
        "biodata profiles add umcg --platform molgenis --url https://molgenis.example.org \\",
        "    --set username=me --secret password=env:UMCG_PASSWORD",
        "biodata profiles list",
    ),
)
def profiles() -> None:
    """List, show and add named connections.

    A profile says which platform and address, who you are, and where your secret lies.
    """


@command("biodata profiles list", "biodata profiles list -o json", name="list")
@listing_option
@click.pass_context
def list_(ctx: click.Context, /, form: str | None) -> None:
    """List the profiles, and the files that are searched."""
    from biodata.config import find_profiles

    found = find_profiles(current(ctx).config)
    print_rows(
        [_row(found.by_name[name]) for name in found.names], ("name", "platform", "address", "access", "file"), form
    )
    for file in found.searched:
        say(f"searched: {file}" + ("" if file.is_file() else " (not there)"))


@command("biodata profiles show umcg")
@click.argument("name", type=ProfileName())
@click.option("-o", "--format", "form", type=click.Choice(["yaml", "json"]), default="yaml")
@click.pass_context
def show(ctx: click.Context, /, name: str, form: str) -> None:
    """Show a profile as it is written, secrets as references."""
    from biodata.cli.output import json_text
    from biodata.cli.profile_text import block, safe_values
    from biodata.config import find_profiles

    profile = find_profiles(current(ctx).config).get(name)
    values = {"platform": profile.platform} | safe_values(profile)
    if profile.access:
        values["access"] = profile.access
    if profile.may_flow_to is not None:
        values["may_flow_to"] = list(profile.may_flow_to.profiles)
    click.echo(json_text({name: values}) if form == "json" else block(name, values, indent=0), nl=form == "json")
    say(f"from {profile.origin.place()}")


@command(
    "biodata profiles add umcg --platform molgenis --url https://molgenis.example.org \\",
    "    --set username=me --secret password=env:UMCG_PASSWORD --access write",
    "biodata profiles add local --platform duckdb --set path=out/local.duckdb",
)
@click.argument("name", type=ProfileName())
@click.option("--platform", required=True, help="What it is: molgenis, duckdb, … (biodata adapters lists them).")
@click.option("--url", help="The server's address; the same as --set url=…")
@click.option("--set", "plain", multiple=True, metavar="KEY=VALUE", help="Another key of the profile; no secrets.")
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="KEY=KIND:PLACE",
    help="Where a secret lies: env:NAME, file:PATH, keyring:SERVICE/USER or command:PROGRAM ARGUMENTS.",
)
@click.option("--access", type=click.Choice(["read", "write", "delete"]), help="What the verbs may do.")
@click.pass_context
def add(ctx: click.Context, /, name: str, platform: str, url: str | None, access: str | None, **given: Any) -> None:
    """Add a profile to your file.

    The file is the one of --config or BIODATA_CONFIG, or else your own (biodata profiles list names it). It
    never holds a secret, only the place where one lies.
    """
    from biodata.cli.profile_text import append, checked_values, target_file

    plain = [*([f"url={url}"] if url else []), *given["plain"]]
    values = checked_values(name, platform, plain, given["secrets"])
    file = target_file(current(ctx).config)
    append(file, name, {"platform": platform, **values} | ({"access": access} if access else {}))
    say(f"'{name}' is in {file}; biodata doctor {name} tries it")


def _row(profile: Profile) -> dict[str, Any]:
    from biodata.cli.profile_text import safe_values

    values = safe_values(profile)
    address = next((str(values[key]) for key in ADDRESS_KEYS if key in values), None)
    row = {"name": profile.name, "platform": profile.platform, "address": address}
    return row | {"access": profile.access, "file": profile.origin.place()}
