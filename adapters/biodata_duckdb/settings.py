"""What a profile of DuckDB says."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from biodata.config.settings import Settings

__all__ = ["DuckdbSettings"]

MEMORY = ":memory:"


class DuckdbSettings(Settings, frozen=True, kw_only=True):
    """The keys of a profile.

    Attributes:
        path: the database file, made when it is not there, its directory too; `:memory:` for one in memory that
            ends with the connection.
    """

    default_access: ClassVar[str] = "delete"
    address_key: ClassVar[str] = "path"

    path: Path

    @property
    def in_memory(self) -> bool:
        """Whether there is no file; a path from a profile has its directory put before it."""
        return self.path.name == MEMORY

    @property
    def place(self) -> str:
        """Where the data are, for messages."""
        return MEMORY if self.in_memory else str(self.path)

    @property
    def resolved(self) -> str:
        """Which file it is, whatever link or relative path leads to it; all databases in memory are one."""
        return MEMORY if self.in_memory else str(self.path.resolve())
