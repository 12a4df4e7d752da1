"""What happens in a run as JSON lines, for an orchestrator or a log collector: `biodata run --events FILE`.

Each line has `time`, `event`, `run` and `pipeline`, and the facts of its kind. They are counts, names and states; no
value of a person's record is among them.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.state.instants import instant

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

__all__ = ["KINDS", "Events"]

log = logging.getLogger("biodata.events")

KINDS: dict[str, tuple[str, ...]] = {
    "run.started": ("file", "sha256", "version", "dry_run", "resumed"),
    "stage.started": ("step", "stage", "rows"),
    "stage.ended": ("step", "stage", "rows", "rejected", "seconds"),
    "check.ended": ("step", "check", "holds"),
    "batch.loaded": ("step", "number", "rows", "tally"),
    "deletes.made": ("step", "tally"),
    "deletes.withheld": ("step", "missing", "why"),
    "server.waiting": ("profile", "seconds"),
    "run.ended": ("state", "rows_read", "rejected", "waiting", "tally", "seconds", "error_code", "report"),
}
"""Each kind with its facts.

`stage` is extract, transform, compare, load or delete; `rows` of a stage that starts is the number expected, null
where nobody knows it, and of one that ended the number that came out. `tally` is status to number of records.
"""


class Events:
    """Where the events of one run go."""

    def __init__(self, place: Path | str | None = None, *, run: str = "", pipeline: str = "") -> None:
        """Open the file, which grows; `-` is standard error, None is nowhere.

        Raises:
            ConfigError: `BD-PIPELINE-EVENTS`, the file cannot be written.
        """
        self._always = {"run": run, "pipeline": pipeline}
        self._owned = place is not None and str(place) != "-"
        self._file: BinaryIO | None = None if place is None else _open(place) if self._owned else sys.stderr.buffer

    def emit(self, kind: str, **facts: Any) -> None:
        """Tell that something happened.

        A file that takes no more does not stop the run: it is told once, as a warning.

        Raises:
            TypeError: there is no such kind, or it has no such fact.
        """
        if not facts.keys() <= set(KINDS.get(kind, ())) or kind not in KINDS:
            raise TypeError(f"there is no event {kind!r} with {', '.join(facts) or 'nothing'}")
        if self._file is None:
            return
        line = msgspec.json.encode({"time": instant(), "event": kind, **self._always, **facts}, enc_hook=str)
        try:
            self._file.write(line + b"\n")
            self._file.flush()
        except OSError as error:
            self.close()
            log.warning("Events cannot be written any more: %s", error.strerror)

    def close(self) -> None:
        """Close the file; what is emitted afterwards goes nowhere."""
        if self._file is not None and self._owned:
            self._file.close()
        self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open(place: Path | str) -> BinaryIO:
    """The file at its end, unbuffered; one that is there keeps its rights, because a log collector may read it."""
    try:
        return os.fdopen(os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab", 0)
    except OSError as error:
        message = f"The events cannot be written to {place}: {error.strerror}"
        raise ConfigError(message, code="BD-PIPELINE-EVENTS") from None
