"""Asking a person for a password: on a terminal or in a notebook, and nowhere else."""

from __future__ import annotations

import sys

from biodata.config.secrets import Secret
from biodata.errors import ConfigError

__all__ = ["ask_password", "somebody_is_there"]


def somebody_is_there() -> bool:
    """Whether there is a person to ask: input and errors are a terminal's, or this is a notebook."""
    if "ipykernel" in sys.modules:
        from IPython import get_ipython  # type: ignore[import-not-found,unused-ignore]

        return get_ipython() is not None
    return all(stream is not None and not stream.closed and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask_password(of_whom: str) -> Secret:
    """The password that a person types; it is not shown. A notebook asks in a field of its own.

    Raises:
        ConfigError: `BD-CONFIG-LOGIN`, nobody is there, or nothing was typed.
    """
    from getpass import getpass

    typed = ""
    if somebody_is_there():
        try:
            typed = getpass(f"Password of {of_whom}: ")
        except (EOFError, NotImplementedError):  # a notebook that runs without a person says the latter
            typed = ""
    if not typed:
        raise ConfigError(
            f"There is no password of {of_whom}",
            code="BD-CONFIG-LOGIN",
            hint='Write  password: "${env:NAME}"  in the profile, and set that variable',
        )
    return Secret(typed)
