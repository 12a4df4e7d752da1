"""Secrets, and the references to them that stand in configuration in their place."""

from __future__ import annotations

import logging
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast

import msgspec

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from subprocess import CompletedProcess

_log = logging.getLogger("biodata.config")

SecretKind = Literal["env", "file", "keyring", "command"]

_REFERENCE = re.compile(r"\$\{(?:(env):\s*(\w+)|(file|keyring|command):(.+))\}", re.DOTALL)
_FORMS = "${env:NAME}, ${file:PATH}, ${keyring:SERVICE/USER} or ${command:PROGRAM ARGUMENTS}"
_COMMAND_SECONDS = 30
_OTHERS = 0o077


class Secret:
    """A value that is neither printed, pickled nor encoded by accident.

    Attributes:
        reference: how the configuration names it: `${env:UMCG_PASSWORD}`; None when Python code gave it.
    """

    __slots__ = ("_value", "reference")

    def __init__(self, value: str, reference: str | None = None) -> None:
        self._value = value
        self.reference = reference

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.reference or '<given>'})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied: pass the profile's name instead")


class SecretReference(msgspec.Struct, frozen=True):
    """Where a secret lies: `${kind:place}`."""

    kind: SecretKind
    place: str

    @classmethod
    def parse(cls, text: str) -> SecretReference:
        """Read a reference; the whole text must be one.

        Raises:
            ConfigError: it is something else; the message does not repeat it.
        """
        match = _REFERENCE.fullmatch(text.strip())
        if match is None:
            raise ConfigError(f"not a reference to a secret: write {_FORMS}", code="BD-CONFIG-SECRET")
        return cls(cast("SecretKind", match[1] or match[3]), (match[2] or match[4]).strip())

    def __str__(self) -> str:
        return f"${{{self.kind}:{self.place}}}"

    def resolve(
        self, base_dir: Path, *, allow_command_file: bool = True, env: Mapping[str, str] = os.environ
    ) -> Secret:
        """Fetch the secret.

        Args:
            base_dir: what a relative `file` is relative to, and where a `command` runs.
            allow_command_file: False for a configuration that came with somebody's project.
            env: the environment variables.

        Raises:
            ConfigError: it is not there, empty, or not allowed; the message says where it was looked for.
        """
        if self.kind in {"command", "file"} and not allow_command_file:
            raise _error(
                f"{self} is not followed from a project's own file",
                "Move the profile to your user file, or name this file with --config or BIODATA_CONFIG",
            )
        value = self._read(base_dir, env)
        if not value:
            raise _error(f"{self} is empty", "Put the secret there")
        return Secret(value, str(self))

    def _read(self, base_dir: Path, env: Mapping[str, str]) -> str:
        if self.kind == "env":
            return _from_env(self.place, env)
        if self.kind == "file":
            return _from_file(base_dir / Path(self.place).expanduser())
        return _from_keyring(self.place) if self.kind == "keyring" else _from_command(self.place, base_dir)


def is_reference(text: str) -> bool:
    """Whether the text is meant as a reference, well-formed or not."""
    return text.strip().startswith("${")


def _from_env(name: str, env: Mapping[str, str]) -> str:
    if name not in env:
        raise _error(
            f"searched: the environment variable {name}, which is not set",
            f"Set it: export {name}=…",
        )
    return env[name]


def _from_file(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
        mode = path.stat().st_mode
    except UnicodeDecodeError:
        raise _error(f"searched: the file {path}, which is not UTF-8 text", "Save it as text") from None
    except OSError as error:
        raise _error(
            f"searched: the file {path}, which cannot be read ({error.strerror})", "Write the secret there"
        ) from None
    if mode & _OTHERS:
        _log.warning("other users can read the secret in %s: chmod 600 it", path)
    return text.removesuffix("\n").removesuffix("\r")


def _from_keyring(place: str) -> str:
    service, _, user = place.rpartition("/")
    if not service or not user:
        raise _error("a keyring's entry is named SERVICE/USER", "Write ${keyring:SERVICE/USER}")
    try:
        found = _keyring().get_password(service, user)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - each keyring has errors of its own
        raise _error(f"the keyring failed ({type(error).__name__})", "Unlock it, or use ${env:NAME}") from None
    if found is None:
        raise _error(
            f"searched: the keyring, service {service}, user {user}, which has no entry",
            f"Make one: keyring set {shlex.quote(service)} {shlex.quote(user)}",
        )
    return str(found)


def _keyring() -> Any:
    from importlib import import_module

    try:
        return import_module("keyring")
    except ImportError:
        raise _error("the package keyring is not installed", "pip install keyring, or use ${env:NAME}") from None


def _from_command(line: str, base_dir: Path) -> str:
    argv = _split(line)
    try:
        done = _run(argv, base_dir)
        text = done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        raise _failed(argv, "whose output is not UTF-8 text") from None
    except OSError as error:
        raise _failed(argv, f"which cannot run ({error.strerror})") from None
    if done.returncode:
        raise _failed(argv, f"which ended with status {done.returncode}")
    return text.removesuffix("\n").removesuffix("\r")


def _run(argv: list[str], base_dir: Path) -> CompletedProcess[bytes]:
    import subprocess

    try:
        return subprocess.run(  # noqa: S603 - the user's own configuration asks for it; there is no shell
            argv,
            cwd=base_dir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(argv, f"not done in {_COMMAND_SECONDS} s") from None


def _failed(argv: list[str], why: str) -> ConfigError:
    return _error(f"searched: the command {argv[0]}, {why}", "Run it by hand to see more")


def _split(line: str) -> list[str]:
    try:
        argv = shlex.split(line)
    except ValueError:
        argv = []
    if not argv:
        raise _error("the command cannot be split into words", "Check its quotes")
    return argv


def _error(message: str, hint: str) -> ConfigError:
    return ConfigError(message, code="BD-CONFIG-SECRET", hint=hint)
