"""What the parts of `connection.extras` share: the session, project, reader and dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.extras import Extras

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.connection import Connection
    from biodata.http import HttpSession
    from biodata_gen3.catalog import Catalog
    from biodata_gen3.read import Reader
    from biodata_gen3.server import Project

__all__ = ["Gen3Part"]


class Gen3Part(Extras):
    """A part of `connection.extras` of a Gen3 project."""

    def __init__(
        self,
        connection: Connection,
        session: HttpSession,
        project: Project,
        reader: Reader,
        catalog: Callable[[], Catalog],
    ) -> None:
        super().__init__(connection)
        self._session = session
        self._project = project
        self._reader = reader
        self._catalog = catalog
