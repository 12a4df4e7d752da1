"""Addresses: `PROFILE/TABLE`, or `PROFILE` where a whole connection is meant.

Where tables are read, `PROFILE.search` stands for the platform's search indices, as `connection.search` does.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from biodata.cli.state import current

__all__ = ["SEARCH", "Address", "ProfileName", "TableAddress", "TablesName", "profile_names"]

SEARCH = ".search"
PROFILE = re.compile(r"[a-z][a-z0-9_]*")


class Address(NamedTuple):
    """A table by the name of its profile and its own; a table's name may hold any character, `/` too."""

    profile: str
    table: str

    def __str__(self) -> str:
        return f"{self.profile}/{self.table}"


class TableAddress(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """`PROFILE/TABLE`; everything after the first `/` is the table's name."""

    name = "PROFILE/TABLE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Split it, or say what is missing."""
        if isinstance(value, Address):
            return value
        profile, slash, table = str(value).partition("/")
        if not slash or not table:
            self.fail(f"'{value}' names no table; write PROFILE/TABLE (biodata ls {profile} lists them).", param, ctx)
        _checked(self, profile.removesuffix(SEARCH), param, ctx)
        return Address(profile, table)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """The profiles, each with the `/` after which the table stands."""
        return [CompletionItem(f"{name}/") for name in profile_names(ctx) if name.startswith(incomplete)]


class ProfileName(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """The name of a profile."""

    name = "PROFILE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, or what is wrong with it."""
        return _checked(self, str(value), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """The profiles."""
        return [CompletionItem(name) for name in profile_names(ctx) if name.startswith(incomplete)]


class TablesName(ProfileName):
    """A profile, or the search indices beside it: `PROFILE.search`."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it is, its profile checked."""
        _checked(self, str(value).removesuffix(SEARCH), param, ctx)
        return str(value)


def _checked(
    kind: TableAddress | ProfileName, name: str, param: click.Parameter | None, ctx: click.Context | None
) -> str:
    if not PROFILE.fullmatch(name):
        kind.fail(f"'{name}' cannot be a profile: small letters, digits and _, beginning with a letter.", param, ctx)
    return name


def profile_names(ctx: click.Context) -> list[str]:
    """The names of the profiles that are found; none where the file cannot be read, so that tab stays quiet."""
    from biodata.config.profiles import find_profiles
    from biodata.errors import BiodataError

    try:
        return find_profiles(current(ctx).config).names
    except BiodataError:
        return []
