"""What the platform's own operations have in common: `connection.extras`, and waiting for the server's jobs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from biodata.errors import NotFound, QueryError, RemoteError
from biodata.extras import Extras, needs
from biodata.http import Request, quote_segment
from biodata_opencga.answers import ask
from biodata_opencga.tables import TABLES, placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata.connection import Connection
    from biodata.http import HttpSession
    from biodata.receipts import Receipt
    from biodata_opencga.shapes import Table

__all__ = ["Action", "Operations"]

Action: TypeAlias = Literal["ADD", "SET", "REMOVE", "RESET", "REPLACE"]
_ENDED = frozenset({"DONE", "ERROR", "ABORTED"})


class Operations(Extras):
    """Calls of the server beyond its records; those on records of another study name it as tables do."""

    def __init__(self, connection: Connection, session: HttpSession, study: str | None) -> None:
        super().__init__(connection)
        self._session = session
        self._study = study

    def _in_study(self, study: str | None = None) -> tuple[tuple[str, str], ...]:
        named = study or self._study
        return (("study", named),) if named else ()

    def _table(self, table: str) -> tuple[Table, tuple[tuple[str, str], ...]]:
        """A table with a search, and the parameter for its study.

        Raises:
            NotFound: `BD-NOT-FOUND-TABLE`.
            QueryError: the records of this one have no such operations.
        """
        self.connection.schema(table)
        study, resource = placed(table)
        if not TABLES[resource].searched:
            raise QueryError("Only the tables of a study have this", code="BD-QUERY-REFUSED", table=table)
        return TABLES[resource], self._in_study(study)

    def _get(self, path: str, *params: tuple[str, str]) -> list[Any]:
        return self._results(Request(method="GET", path=path, params=params))

    def _post(self, path: str, body: Mapping[str, Any], *params: tuple[str, str]) -> list[Any]:
        return self._results(Request.json("POST", path, dict(body), params=params), body.values())

    def _results(self, request: Request, values: Iterable[Any] = ()) -> list[Any]:
        return ask(self._session, request, None, values).result.results

    @needs("read")
    def wait(
        self, job: str | Receipt, *, timeout: float = 600.0, pause: float = 1.0, study: str | None = None
    ) -> list[dict[str, Any]]:
        """Wait until jobs have ended; the jobs, as records.

        Args:
            job: the id of a job, or a receipt with deletions that are queued.
            timeout: seconds to wait at most.
            pause: seconds between two questions.
            study: of a job, in place of the profile's; a receipt knows its own.

        Raises:
            NotFound: there is no such job.
            RemoteError: `BD-REMOTE-TIMEOUT`, one goes on after `timeout`; `BD-REMOTE-JOB`, one failed.
        """
        ids = [job] if isinstance(job, str) else [str(one.id) for one in job if one.status == "queued"]
        where = study if isinstance(job, str) else placed(job.table)[0]
        table = f"{where}/jobs" if where else "jobs"
        until = time.monotonic() + timeout
        while True:
            jobs = self._jobs(table, list(dict.fromkeys(ids)))
            states = {one["id"]: one["internal"]["status"]["id"] for one in jobs}
            if all(state in _ENDED for state in states.values()):
                return _well_ended(jobs, states)
            if time.monotonic() + pause > until:
                raise RemoteError(f"The server's job goes on after {timeout:g} s", code="BD-REMOTE-TIMEOUT")
            time.sleep(pause)

    def _jobs(self, table: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        found = self.connection[table].get(ids)
        if found.missing:
            raise NotFound("There is no such job", table=table)
        return list(found)

    @needs("write")
    def annotate(
        self, table: str, key: str, annotation_set: str, values: Mapping[str, Any], *, action: Action = "ADD"
    ) -> None:
        """Change the values of one annotation set, by the server's own words.

        Args:
            table: where the record is.
            key: of the record.
            annotation_set: the id that the record's annotation set has there.
            values: variable to value; for REMOVE and RESET `{"remove": "a,b"}`, `{"reset": "a,b"}`.
            action: `ADD` changes these variables, `SET` leaves no others.

        Raises:
            NotFound: no such record.
            QueryError: the server refuses the values.
        """
        resource, study = self._table(table)
        sets = f"{quote_segment(key)}/annotationSets/{quote_segment(annotation_set)}"
        self._post(f"{resource.root}/{sets}/annotations/update", values, *study, ("action", action))

    @needs("write")
    def load_samples(self, file: str, *, study: str | None = None, variable_set: str | None = None) -> int:
        """Make the samples that a pedigree file of the study lists; the number of them.

        Raises:
            NotFound: there is no such file.
        """
        more = (("variableSet", variable_set),) if variable_set else ()
        return len(self._get("samples/load", ("file", file), *self._in_study(study), *more))


def _well_ended(jobs: list[dict[str, Any]], states: Mapping[str, str]) -> list[dict[str, Any]]:
    failed = [name for name, state in states.items() if state != "DONE"]
    if failed:
        raise RemoteError(
            f"{len(failed)} of the server's jobs did not succeed: {', '.join(failed)} ({states[failed[0]]})",
            code="BD-REMOTE-JOB",
        )
    return jobs
