"""Finding profiles: which files, in which order, and what they hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import msgspec

from biodata.config.flow import PROFILE_NAME, MayFlowTo, parse_may_flow_to
from biodata.config.yaml import Document, load_yaml
from biodata.errors import ConfigError, PermissionDenied, near_match

Access = Literal["read", "write", "delete"]

ACCESS_LEVELS: tuple[Access, ...] = ("read", "write", "delete")
"""Each level holds the ones before it."""
FLOW = "may_flow_to"
_PROJECT_FILE = Path("config/profiles.yml")


def require_access(has: Access, level: Access, *, profile: str | None = None, table: str | None = None) -> None:
    """Hold what is asked to a profile's access level.

    Raises:
        PermissionDenied: `BD-ACCESS`.
    """
    if ACCESS_LEVELS.index(has) < ACCESS_LEVELS.index(level):
        raise PermissionDenied(
            f"This needs access '{level}', and the profile has '{has}'",
            code="BD-ACCESS",
            profile=profile,
            table=table,
            hint=f"Set 'access: {level}' in the profile if that is meant.",
        )


class Origin(msgspec.Struct, frozen=True):
    """Where a profile was read.

    Attributes:
        file: the file.
        lines: of the profile itself (under `""`) and of each of its keys.
        trusted: False for the file that lies in the working directory, which may be somebody else's project.
    """

    file: Path
    lines: dict[str, int]
    trusted: bool = True

    def place(self, key: str = "") -> str:
        """`file:line` of a key, or of the profile."""
        return f"{self.file}:{self.lines.get(key, self.lines.get('', 1))}"

    @property
    def base_dir(self) -> Path:
        """What relative paths in it are relative to."""
        return self.file.parent


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A named connection as it is written, its secrets still references.

    Attributes:
        name: `[a-z][a-z0-9_]*`.
        platform: the adapter's name.
        access: what the file says; None leaves it to the adapter's default.
        may_flow_to: where its data may go; None: anywhere.
        values: the other keys.
        origin: where it was read.
    """

    name: str
    platform: str
    access: Access | None
    may_flow_to: MayFlowTo | None = None
    values: Mapping[str, Any]
    origin: Origin


class Profiles(msgspec.Struct, frozen=True):
    """All profiles that were found.

    Attributes:
        by_name: in the order of the files; a name in an earlier file hides that in a later one.
        searched: the files in order, those that are not there included.
    """

    by_name: dict[str, Profile]
    searched: tuple[Path, ...]

    @property
    def names(self) -> list[str]:
        """Sorted."""
        return sorted(self.by_name)

    def get(self, name: str) -> Profile:
        """The profile of that name.

        Raises:
            ConfigError: there is none; with the names that there are, and the files searched.
        """
        if name in self.by_name:
            return self.by_name[name]
        close = near_match(name, self.by_name)
        known = ", ".join(self.names) or "none"
        files = ", ".join(map(str, self.searched))
        raise ConfigError(
            f"There is no profile {name!r}; known: {known}; searched: {files}",
            code="BD-CONFIG-PROFILE",
            hint=f"Did you mean {close!r}" if close else "Add it to one of these files",
        )

    def use(self, name: str) -> Profile:
        """The profile of that name, for opening: where its data may go is named rightly too.

        Of a file of the user's own, the names are those of such files: a project's file cannot say who they are.

        Raises:
            ConfigError: as `get`; `BD-CONFIG-FLOW`, `may_flow_to` names what is no profile.
        """
        profile = self.get(name)
        if profile.may_flow_to is not None:
            own = profile.origin.trusted
            profile.may_flow_to.check_names(
                {one for one in self.names if not own or self.by_name[one].origin.trusted}
            )
        return profile


def find_profiles(
    config: Path | None = None, *, env: Mapping[str, str] = os.environ, cwd: Path | None = None
) -> Profiles:
    """Read the profiles.

    `config`, or else the file that BIODATA_CONFIG names, is the only file when it is given. Otherwise the user's
    file (`$XDG_CONFIG_HOME/biodata/profiles.yml`, by default in `~/.config`) and `./config/profiles.yml` are read,
    where they are there; `file` and `command` references of the latter are not followed.

    Raises:
        ConfigError: a file named is not there, or one holds what is no profile; with file and line.
    """
    chosen = config or (Path(env["BIODATA_CONFIG"]) if env.get("BIODATA_CONFIG") else None)
    here = cwd or Path.cwd()
    if chosen is not None:
        file = here / chosen.expanduser()
        return Profiles(_read(file, trusted=True), (file,))
    user, project = user_file(env), here / _PROJECT_FILE
    own = _read(user, trusted=True) if user.is_file() else {}
    theirs = _read(project, trusted=False) if project.is_file() else {}
    return Profiles(own | {name: theirs[name] for name in theirs if name not in own}, (user, project))


def user_file(env: Mapping[str, str] = os.environ) -> Path:
    """Where the user's own profiles lie, there or not."""
    home = env.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "biodata" / "profiles.yml"


def parse_access(value: Any, place: str) -> Access:
    """An access level.

    Raises:
        ConfigError: another word; `place` says where it stands.
    """
    if value not in ACCESS_LEVELS:
        raise ConfigError(
            f"{place}: access is one of {', '.join(ACCESS_LEVELS)}",
            code="BD-CONFIG-VALUE",
            hint="Leave it out for the default",
        )
    return cast("Access", value)


def _read(file: Path, *, trusted: bool) -> dict[str, Profile]:
    document = load_yaml(file)
    top = {} if document.value is None else _mapping(document, document.value, ())
    for key in top:
        if key != "profiles":
            raise _error(document, (key,), f"the key {key!r} is not known", "The file holds one key: profiles")
    entries = top.get("profiles")
    entries = {} if entries is None else _mapping(document, entries, ("profiles",))
    return {name: _profile(document, name, entries[name], trusted=trusted) for name in entries}


def _profile(document: Document, name: str, entry: Any, *, trusted: bool) -> Profile:
    at = ("profiles", name)
    if not PROFILE_NAME.fullmatch(name):
        hint = "A name begins with a small letter and goes on with small letters, digits and _"
        raise _error(document, at, f"{name!r} cannot be a profile's name", hint)
    values = dict(_mapping(document, entry, at))
    platform = values.pop("platform", None)
    if not isinstance(platform, str):
        raise _error(document, at, f"the profile {name!r} names no platform", "Add a line  platform: NAME")
    lines = {key: document.line((*at, key)) for key in entry} | {"": document.line(at)}
    origin = Origin(document.path, lines, trusted)
    access = values.pop("access", None)
    level = None if access is None else parse_access(access, origin.place("access"))
    flow = parse_may_flow_to(values.pop(FLOW), origin.place(FLOW)) if FLOW in values else None
    return Profile(name=name, platform=platform, access=level, may_flow_to=flow, values=values, origin=origin)


def _mapping(document: Document, value: Any, at: tuple[str, ...]) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    what = ".".join(at) or "the file"
    raise _error(document, at, f"{what} is not a mapping of names to values", "Write  key: value  lines")


def _error(document: Document, at: tuple[str, ...], problem: str, hint: str) -> ConfigError:
    return ConfigError(f"{document.place(at)}: {problem}", code="BD-CONFIG-FILE", hint=hint)
