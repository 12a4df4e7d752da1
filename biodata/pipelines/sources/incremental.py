"""Only what is new or changed since the last run: by a cursor, or by content."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError, near_match
from biodata.pipelines.ahead import believed
from biodata.pipelines.rows import Rows, no_rows
from biodata.pipelines.sources.base import Around
from biodata.pipelines.sources.cursor import SEEN, cursor_of, kind_of, unfit
from biodata.pipelines.sources.growing import DOES_NOT_GROW, Texts
from biodata.pipelines.sources.stepping import column_at, path_in, without
from biodata.pipelines.spec import Duration, FileExtract, ShareCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    import pyarrow as pa

    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding, Source
    from biodata.pipelines.spec import Extract, Incremental, Step
    from biodata.pipelines.state.spool import Spool
    from biodata.query.tree import Node
    from biodata.records.types import Path

    Make: TypeAlias = Callable[[Extract | FileExtract, Node | None], Source]

__all__ = ["CursorSource", "check_incremental"]


def check_incremental(step: Step, incremental: Incremental, what: str = "it") -> None:
    """Go on when the step can do with a part of the records; `what` reads no more than that.

    Raises:
        ConfigError: `BD-PIPELINE-INCREMENTAL`.
    """
    load = step.load
    if load and (load.delete_missing is not None or load.mode == "replace"):
        deleting = "delete_missing" if load.delete_missing else "mode replace"
        raise unfit(f"{what} reads only what is new, and {deleting} would delete the rest")
    if load and load.mode == "append" and incremental.cursor:
        raise unfit(
            "the last records are read again each time, and mode append would add them again", "Use mode merge"
        )
    shares = [check.name for check in step.checks if isinstance(check, ShareCheck)]
    if shares and incremental.cursor:
        raise unfit(f"{what} reads only what is new, so the check {shares[0]!r} of how much that is says nothing")


class CursorSource(Around):
    """What is not before the cursor, less the lag, or has none.

    Raises:
        ConfigError: `BD-PIPELINE-INCREMENTAL`, the cursor is no field that grows, or is of another type than at the
            last run, or the lag is none for it. While it is read: its texts do not grow.
    """

    def __init__(
        self, binding: Binding, extract: Extract | FileExtract, incremental: Incremental, make: Make
    ) -> None:
        """Bind what `make` makes of an extract and of one more filter."""
        self._name, self._lag = incremental.cursor or "", incremental.lag
        self._cursor, note = cursor_of(binding, extract, self._name)
        steps = tuple(self._name.split("."))
        if steps in binding.hidden:
            raise unfit(f"the cursor {self._name} is read as a pseudonym, and those do not grow")
        self._added = extract.fields is not None and not _is_among(steps, extract.fields)
        wide = (
            msgspec.structs.replace(extract, fields=(*(extract.fields or ()), self._name)) if self._added else extract
        )
        try:
            whole = isinstance(extract, FileExtract)
            super().__init__(make(wide, self._cursor.filter(steps, self._lag, whole=whole)))
        except QueryError:
            self._check_kind(make(wide, None))
            raise
        self._path = self._check_kind(self.inner)
        self._notes = [note] if note else []
        self.own_notes = self._notes
        self._seen = self._cursor

    @property
    def schema(self) -> pa.Schema:
        schema = self.inner.schema
        return without(no_rows(schema), self._path).schema if self._added else schema

    def explain(self) -> str | None:
        lag = f", less {self._lag}" if self._lag else ""
        since = f"from the last value that was seen{lag}, and what has none" if self._cursor.kind else "everything"
        told = self.inner.explain()
        return told and f"{told}\n  cursor    {self._name}: {since}"

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        self._seen, ahead, texts = self._cursor, 0, Texts(self._cursor.last)
        for piece in self.inner.rows(spool):
            if not isinstance(piece, Rows):
                yield piece
                continue
            field, values = column_at(piece.batch, self._path)
            kind = kind_of(field)
            greatest, later = self._text(texts, values) if kind == "text" else _greatest(values)
            self._seen, ahead = self._seen.seeing(kind, greatest), ahead + later
            yield piece.having(without(piece.batch, self._path)) if self._added else piece
        more = f"{ahead:,} records have a {self._name} that lies ahead of now; the cursor does not follow them"
        self.own_notes = [*self._notes, *([more] if ahead else [])]

    def _text(self, texts: Texts, values: Any) -> tuple[str | None, int]:
        try:
            return texts.greatest(values)
        except ValueError as error:
            raise unfit(f"the cursor {self._name} is text, which {error}", DOES_NOT_GROW) from None

    def seen(self) -> dict[str, Any]:
        return {**self.inner.seen(), SEEN: msgspec.to_builtins(self._seen)}

    def _check_kind(self, source: Source) -> Path:
        """The path of the cursor's field, which is of the kind that it was, and goes with the lag."""
        path = path_in(source.schema, self._name)
        if path is None:
            near = near_match(self._name, source.schema.names)
            raise unfit(f"there is no field {self._name!r}" + (f"; did you mean {near!r}?" if near else ""))
        field, _ = column_at(no_rows(source.schema), path)
        kind = kind_of(field)
        if self._cursor.kind not in {"", kind}:
            hint = "Run it once with --full: everything is read, and the cursor begins anew"
            raise unfit(f"the cursor {self._name} was of kind {self._cursor.kind}, and is of kind {kind}", hint)
        if self._lag is not None and isinstance(self._lag, Duration) != (kind in {"date", "datetime"}):
            raise unfit(f"the lag {self._lag} is none for the cursor {self._name} of kind {kind}")
        if self._lag is not None and kind == "text":
            raise unfit(f"there is no lag for the cursor {self._name}, which is text")
        return path


def _is_among(path: Path, fields: tuple[str, ...]) -> bool:
    """Whether a field is read already, by itself or in an object that is read whole."""
    return any(path[: len(steps)] == steps for steps in (tuple(one.split(".")) for one in fields))


def _greatest(values: Any) -> tuple[Any, int]:
    """The greatest value; and how many dates lie ahead of now, which are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(values.type):
        values = values.filter(pc.invert(pc.is_nan(values)))
    if not pa.types.is_temporal(values.type):
        return pc.max(values).as_py(), 0
    kept, ahead = believed(values, dt.datetime.now(dt.UTC))
    return pc.max(kept).as_py(), ahead
