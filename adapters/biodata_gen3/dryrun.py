"""Dry runs: the commons itself checks records, and writes nothing (protocols/gen3.md, b)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from biodata.adapter import WriteBatch
from biodata.extras import needs
from biodata.fitting import Misfit, fit
from biodata.http import Request
from biodata.receipts import Outcome
from biodata_gen3.refusals import judged
from biodata_gen3.submission import Submission
from biodata_gen3.submissions import Submissions
from biodata_gen3.write import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_gen3.submissions import Rows

__all__ = ["DryRuns"]


class DryRuns(Submissions):
    """The part of `connection.extras` that has records checked."""

    @needs("write")
    def dry_run(self, records: Any, *, method: Literal["add", "upsert"] = "upsert") -> Submission:
        """Have the commons check records of one or several node types; nothing is written.

        All go in one request, because their parents may be among them. A good record is `not_sent`, its message being
        what would become of it: `would create`.

        Args:
            records: as for `submit`.
            method: as for `submit`; of an `upsert` what the commons demands must be in each record.

        Raises:
            PermissionDenied: this user may not write, or the project's state does not let anybody.
        """
        told: list[tuple[str, Outcome]] = []
        batches = [self._fitting(node, rows, told) for node, rows in self._by_type(records).items()]
        places = [(batch, index) for batch in batches for index in range(len(batch.records))]
        if places:
            docs = [document(batch.schema, batch.records[index], batch.records[index]) for batch, index in places]
            verb = "POST" if method == "add" else "PUT"
            path = self._project.path("_dry_run")
            response = self._session.send(Request.json(verb, path, docs, idempotent=True))
            told += _outcomes(places, judged(response, places))
        return Submission.of(method, told)

    def _fitting(self, node: str, rows: Rows, told: list[tuple[str, Outcome]]) -> WriteBatch:
        """The records that fit their table; the others are told as refused."""
        schema = self.connection.schema(node)
        good: Rows = []
        for row, record in rows:
            try:
                good.append((row, fit(schema, record, "add")))
            except Misfit as why:
                told.append((node, Outcome(row, "refused", None, None, why.code, why.message, why.field)))
        records, numbers = tuple(record for _, record in good), tuple(row for row, _ in good)
        return WriteBatch(operation="add", schema=schema, records=records, rows=numbers)


def _outcomes(places: list[tuple[WriteBatch, int]], verdicts: list[Any]) -> Iterator[tuple[str, Outcome]]:
    for (batch, index), verdict in zip(places, verdicts, strict=True):
        row, key, node = batch.rows[index], batch.key(index), batch.schema.table
        if isinstance(verdict, str):
            yield node, Outcome(row, "not_sent", key, message=verdict)
        else:
            yield node, Outcome(row, "refused", key, None, verdict.code, verdict.message, verdict.field)
