"""The connections of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import ConfigError
from biodata.pipelines.sources.base import located

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from biodata.connection import Connection
    from biodata.pipelines.spec import PipelineSpec

__all__ = ["connected"]


def connected(spec: PipelineSpec, connect: Callable[[str], Connection], stack: ExitStack) -> dict[str, Connection]:
    """A connection for each profile that the pipeline names, open as long as the stack.

    Raises:
        ConfigError: `BD-CONFIG-PROFILE`, there is no such profile, with the place where the file names it first.
        BiodataError: whatever else keeps it from opening.
    """
    found: dict[str, Connection] = {}
    for name in spec.profiles:
        try:
            found[name] = stack.enter_context(connect(name))
        except ConfigError as error:
            if error.code != "BD-CONFIG-PROFILE":
                raise
            with located(spec.file, *spec.place_of(name)):
                raise
    return found
