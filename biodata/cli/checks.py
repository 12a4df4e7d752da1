"""The checks that `biodata doctor` makes: each ends in ok, warn or fail."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import TYPE_CHECKING, Literal

import msgspec

from biodata.cli.extras import DISTRIBUTION, EXTRAS, how_to_install
from biodata.errors import BiodataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.adapter import Identity
    from biodata.cli.state import State
    from biodata.connection import Connection

__all__ = ["Check", "configuration", "duration", "installation", "profile"]

IMPORT_NAME = "biodata"
NEEDED = ("click", "msgspec", "pyyaml", "requests", "rich")
KEY_WARNING = 7 * 86_400
"""Seconds before a key's end from which on we warn."""


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one check found.

    Attributes:
        subject: `installation`, or the name of a profile.
        lines: what there is to list, one each.
        code: of the error, where there was one.
        exit_status: what the command ends with because of it.
    """

    subject: str
    name: str
    level: Literal["ok", "note", "warn", "fail"]
    text: str
    lines: tuple[str, ...] = ()
    code: str | None = None
    exit_status: int = 0


def installation() -> Iterator[Check]:
    """Python, our distribution, the packages, and whether someone else's `biodata` is here."""
    subject, python = "installation", ".".join(map(str, sys.version_info[:3]))
    yield Check(subject, "python", "ok", f"{python} on {platform.system()} {platform.machine()}, {sys.executable}")
    yield Check(subject, "biodata", "ok", f"{version(DISTRIBUTION)}, distribution {DISTRIBUTION}")
    yield _namesake()
    yield Check(subject, "packages", "ok", ", ".join(f"{name} {version(name)}" for name in NEEDED))
    yield _optional_packages()


def _namesake() -> Check:
    """The distribution `biodata` is somebody else's, and its package would take the place of ours."""
    others = [one for one in distributions() if (one.metadata["Name"] or "").lower() == IMPORT_NAME]
    if not others:
        return Check("installation", "namesake", "ok", f"no other distribution is called {IMPORT_NAME}")
    text = (
        f"the distribution {IMPORT_NAME} {others[0].version} is somebody else's and owns the same import name; run: "
        f"pip uninstall {IMPORT_NAME}, then pip install --force-reinstall --no-deps {DISTRIBUTION}"
    )
    return Check("installation", "namesake", "fail", text, code="BD-DOCTOR-NAMESAKE", exit_status=1)


def _optional_packages() -> Check:
    found, missing = [], []
    for name in EXTRAS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(f"{name} ({how_to_install(name)})")
    text = ", ".join(found) or "none of them"
    if missing:
        return Check("installation", "extras", "warn", f"{text}; not installed: {', '.join(missing)}")
    return Check("installation", "extras", "ok", text)


def profile(name: str, state: State) -> Iterator[Check]:
    """Whether the profile is right, the server answers, and what we are to it."""
    try:
        with state.connect(name) as connection:
            yield Check(name, "profile", "ok", f"platform {connection.platform}, access {connection.access}")
            yield from _identity(name, connection)
    except BiodataError as error:
        yield _failed(name, "connection", error)
    except Exception as error:  # noqa: BLE001 - a doctor who falls ill helps nobody
        text = f"unexpected {type(error).__name__}; 'biodata -v ls {name}' gives a traceback"
        yield Check(name, "connection", "fail", text, code="BD-INTERNAL", exit_status=1)


def _identity(name: str, connection: Connection) -> Iterator[Check]:
    identity = connection.identity()
    yield Check(name, "server", "ok", f"{identity.server} {identity.version}".strip())
    if identity.user is not None:
        yield Check(name, "user", "ok", identity.user)
    elif _has_login(connection):
        yield Check(name, "user", "warn", "anonymous: nobody is logged in, and less may be visible than you expect")
    if identity.rights:
        yield _rights(name, identity.rights)
    yield from _lifetimes(name, identity)
    for note in identity.notes:
        yield Check(name, "note", "note", note)


def _has_login(connection: Connection) -> bool:
    """Whether the platform knows users at all: a file does not."""
    from biodata.cli.profile_text import keys_of_type

    return bool(keys_of_type(connection.adapter.Settings, "Secret"))


def _rights(name: str, rights: tuple[str, ...]) -> Check:
    """On one line where there is one, in a list otherwise."""
    if len(rights) == 1:
        return Check(name, "rights", "ok", rights[0])
    return Check(name, "rights", "ok", f"{len(rights)} tables or kinds", lines=rights)


def _lifetimes(name: str, identity: Identity) -> Iterator[Check]:
    if identity.token_seconds is not None:
        yield Check(name, "token", "ok", f"lives another {duration(identity.token_seconds)}")
    if identity.key_seconds is not None:
        level: Literal["ok", "warn"] = "warn" if identity.key_seconds < KEY_WARNING else "ok"
        yield Check(name, "key", level, f"ends in {duration(identity.key_seconds)}")


def duration(seconds: float) -> str:
    """A length of time in its two largest units: `1 h 59 min`, `29 d 4 h`, `45 s`."""
    left, parts = max(0, int(seconds)), []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"


def configuration(state: State) -> Check:
    """Which files of profiles are read, and what they hold."""
    from biodata.config import find_profiles

    try:
        found = find_profiles(state.config)
    except BiodataError as error:
        return _failed("installation", "profiles", error)
    files = ", ".join(f"{file}" + ("" if file.is_file() else " (not there)") for file in found.searched)
    if not found.names:
        hint = "biodata profiles add makes one"
        return Check("installation", "profiles", "warn", f"none; searched: {files}; {hint}")
    return Check("installation", "profiles", "ok", f"{', '.join(found.names)}; searched: {files}")


def _failed(subject: str, name: str, error: BiodataError) -> Check:
    text = f"{error.message}. {error.hint or ''}".strip()
    return Check(subject, name, "fail", text, code=error.code, exit_status=error.exit_status)
