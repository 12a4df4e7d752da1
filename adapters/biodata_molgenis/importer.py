"""The importer: a file is uploaded, becomes a run, and the run is followed to its end (protocols/molgenis.md, c)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from biodata.errors import QueryError, RemoteError, WriteError
from biodata.extras import Extras, needs
from biodata.http import FormFile, Request, multipart
from biodata_molgenis.errors import masked
from biodata_molgenis.jobs import settled
from biodata_molgenis.server import ask, read_json, refuse_stranger, table_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.connection import Connection
    from biodata.http import HttpSession

__all__ = ["DataAction", "ImportRun", "Imports", "MetadataAction", "follow", "form_file", "start"]

DataAction = Literal["add", "add_update_existing", "update", "add_ignore_existing"]
MetadataAction = Literal["add", "update", "upsert", "ignore"]

_DATA: tuple[DataAction, ...] = ("add", "add_update_existing", "update", "add_ignore_existing")
_METADATA: tuple[MetadataAction, ...] = ("add", "update", "upsert", "ignore")
_RUNS = "sys_ImportRun"
_ATTRIBUTES = "id,status,message,progress,importedEntities,startDate,endDate"


class ImportRun(msgspec.Struct, frozen=True, rename="camel"):
    """A run of the importer, as the server's table `sys_ImportRun` says.

    Attributes:
        id: to ask for it again.
        status: of the three.
        message: what was imported, or why it failed; values of records are masked.
        progress: as the server counts it.
        imported_entities: the tables that got records, separated by commas.
        start_date: when it began, aware.
        end_date: when it ended; None while it runs.
    """

    id: str
    status: Literal["RUNNING", "FINISHED", "FAILED"] = "RUNNING"
    message: str = ""
    progress: int = 0
    imported_entities: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that got records."""
        return tuple(filter(None, self.imported_entities.split(",")))


class Imports(Extras):
    """The part of `connection.extras` that uploads files of tables."""

    def __init__(self, connection: Connection, session: HttpSession, import_timeout: float) -> None:
        super().__init__(connection)
        self._session = session
        self._import_timeout = import_timeout

    @needs("write")
    def upload(
        self,
        path: Path | str,
        *,
        data: DataAction = "add",
        metadata: MetadataAction = "upsert",
        wait: bool = True,
        timeout: float | None = None,
        progress: Callable[[ImportRun], None] | None = None,
    ) -> ImportRun:
        """Upload a file of tables, an EMX archive for example, and follow its import to the end.

        Args:
            path: a `.zip` with one `TABLE.csv` a table, and perhaps the sheets of EMX; an `.xlsx`, a `.vcf`.
            data: what happens to records: `add` refuses those that are there, the others change or skip them. A
                record that is changed is replaced whole: fields that its sheet has not become empty, or default.
            metadata: what happens to tables; `ignore` where the file has records only.
            wait: whether to wait for the end; if not, `wait_for_import` does later.
            timeout: seconds to wait; the profile's `import_timeout` when None.
            progress: called with each state of the run that is seen.

        Raises:
            WriteError: `BD-WRITE-FILE`, the file cannot be read; `BD-WRITE-IMPORT`, the import failed, and nothing
                of it is there.
            RemoteError: `BD-REMOTE-TIMEOUT`, it still runs; the message has its id.
        """
        run = start(self._session, form_file(path), data, metadata)
        return self._follow(run, timeout, progress) if wait else ImportRun(run)

    @needs("write")
    def import_tables(
        self,
        tables: Mapping[str, Any],
        *,
        data: DataAction = "add",
        timeout: float | None = None,
        progress: Callable[[ImportRun], None] | None = None,
    ) -> ImportRun:
        """Add or change records of several tables at once: all of them, or none.

        The server finds the order in which references are there; the tables must exist.

        Args:
            tables: table -> its records, in the forms that `add` takes.
            data: as for `upload`. Where records may be changed, each must have every field that can be written.
            timeout: as for `upload`.
            progress: as for `upload`.

        Raises:
            WriteError: `BD-WRITE-IMPORT`; or a record does not fit its table, and nothing is sent.
        """
        from biodata_molgenis.sheets import archive

        _known("data", data, _DATA)
        if not isinstance(tables, Mapping):
            raise WriteError("tables are a dict: {'TABLE': records}", code="BD-WRITE-INPUT")
        content = archive(self.connection.schema, tables, whole=data in {"update", "add_update_existing"})
        file = FormFile("file", "tables.zip", content, "application/zip")
        return self._follow(start(self._session, file, data, "ignore"), timeout, progress)

    @needs("read")
    def import_run(self, run: str) -> ImportRun:
        """What the server says of a run now."""
        return state(self._session, run)

    @needs("read")
    def wait_for_import(
        self, run: str, *, timeout: float | None = None, progress: Callable[[ImportRun], None] | None = None
    ) -> ImportRun:
        """Follow a run that was started to its end; errors as `upload`."""
        return self._follow(run, timeout, progress)

    def _follow(self, run: str, timeout: float | None, progress: Callable[[ImportRun], None] | None) -> ImportRun:
        limit = self._import_timeout if timeout is None else timeout
        return follow(self._session, run, limit=limit, progress=progress)


def form_file(path: Path | str) -> FormFile:
    """A file of this computer as the importer takes it, read while it is sent.

    Raises:
        WriteError: `BD-WRITE-FILE`, it cannot be read.
    """
    file = Path(path).expanduser()
    try:
        file.open("rb").close()
    except OSError as error:
        raise WriteError(f"{file} cannot be read: {error.strerror}", code="BD-WRITE-FILE") from None
    return FormFile("file", file.name, file)


def start(session: HttpSession, file: FormFile, data: DataAction, metadata: MetadataAction) -> str:
    """Upload a file; the id of the run that it became.

    Raises:
        WriteError: `BD-WRITE-IMPORT`, the server does not begin with it.
        QueryError: `BD-QUERY-VALUE`, no such action.
    """
    params = (("action", _known("data", data, _DATA)), ("metadataAction", _known("metadata", metadata, _METADATA)))
    body, content_type = multipart({}, [file])
    path = "plugin/importwizard/importFile"
    request = Request(method="POST", path=path, params=params, body=body, content_type=content_type)
    try:
        started = ask(session, request)
    except QueryError as error:
        raise WriteError(f"The server does not import it: {error.message}", code="BD-WRITE-IMPORT") from None
    refuse_stranger(request, started)
    return started.text.strip().strip('"').rpartition("/")[2]


def _known(name: str, action: str, known: tuple[str, ...]) -> str:
    if action not in known:
        raise QueryError(f"{name} is one of {', '.join(known)}", code="BD-QUERY-VALUE")
    return action


def state(session: HttpSession, run: str) -> ImportRun:
    """What the server says of a run."""
    request = Request(method="GET", path=table_path("v2", _RUNS, run), params=(("attrs", _ATTRIBUTES),))
    found = read_json(session, request, ImportRun)
    return msgspec.structs.replace(found, message=masked(found.message.replace("<br />", " ").rstrip()))


def follow(
    session: HttpSession,
    run: str,
    *,
    limit: float,
    progress: Callable[[ImportRun], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> ImportRun:
    """Ask for a run until it has ended, with growing pauses.

    Args:
        session: with the tokens, renewed when they end before the import does.
        run: its id.
        limit: seconds to wait.
        progress: called with each state that is seen.
        sleep: waits a number of seconds.

    Raises:
        WriteError: `BD-WRITE-IMPORT`, the run failed.
        RemoteError: `BD-REMOTE-TIMEOUT`, it goes on after `limit`.
    """
    late = RemoteError(
        f"The import {run} still runs after {limit:.0f} s",
        code="BD-REMOTE-TIMEOUT",
        hint="It goes on there: extras.wait_for_import follows it further.",
    )
    seen = settled(lambda: state(session, run), _runs, late, limit=limit, progress=progress, sleep=sleep)
    if seen.status == "FAILED":
        said = seen.message or "no reason given"
        raise WriteError(f"The import failed, and nothing of it is there: {said}", code="BD-WRITE-IMPORT")
    return seen


def _runs(run: ImportRun) -> bool:
    return run.status == "RUNNING"
