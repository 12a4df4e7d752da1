"""The journal: what runs did, in one SQLite file of the user's state directory, kept up while they do it.

`BIODATA_STATE`, or `$XDG_STATE_HOME/biodata`, or `~/.local/state/biodata`. A run holds a lock on its pipeline's name
for as long as its process lives; a run that the journal calls running while its lock is free is dead, and the next
run says so.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from time import sleep
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError
from biodata.pipelines.state.dead import WITHOUT_A_WORD
from biodata.pipelines.state.journal_batches import JournalBatches
from biodata.pipelines.state.journal_file import RUN_COLUMNS, STEP_COLUMNS, RunRow
from biodata.pipelines.state.memory import StepMemory
from biodata.pipelines.state.private import private_directory, usable
from biodata.pipelines.state.telling import tell_doubts

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Journal", "RunRow", "new_run_id", "state_directory"]


TRIES = 10
"""How often a lock is tried before somebody is told that another run holds it: half a second."""


def state_directory(given: Path | str | None = None, *, looking: bool = False) -> Path:
    """The directory of journals, spools and rejects.

    It is absolute: a run means the same directory from its beginning to its end, wherever it works by then. It and
    those above it are made for the owner alone where they are not there: who may write to one above it could put
    another in its place. For somebody who is only looking nothing is made.
    """
    chosen = given or os.environ.get("BIODATA_STATE")
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    directory = (Path(chosen).expanduser() if chosen else Path(home) / "biodata").absolute()
    with usable("The state directory", directory, "made"):
        if not looking or directory.exists():
            private_directory(directory)
    return directory


def new_run_id() -> str:
    """An id that sorts by time: `20260722T101502.123Z-4fa1`."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z-{token_hex(2)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal(JournalBatches):
    """The journal of a state directory."""

    @contextmanager
    def hold(self, pipeline: str) -> Iterator[None]:
        """Be the only run of a pipeline in this state directory, until the block or the process ends.

        Raises:
            ConfigError: `BD-PIPELINE-HELD`, another process holds it; `BD-CONFIG-STATE`, the journal is damaged.
        """
        with ExitStack() as stack:
            if not any(self._try(stack, pipeline) for _ in range(TRIES)):
                running = [run for run in self.runs(pipeline) if run.state == "running"]
                who = f" (run {running[-1].id}, process {running[-1].pid})" if running else ""
                message = f"The pipeline {pipeline} is being run by another process{who}"
                raise ConfigError(message, code="BD-PIPELINE-HELD", hint="Wait for it to end")
            self.check()
            yield

    def _try(self, stack: ExitStack, pipeline: str) -> bool:
        """Take the lock; another run may look for a moment whether it is free."""
        held = stack.enter_context(self._lock(pipeline))
        if not held:
            sleep(0.05)
        return held

    def begin(self, run: str, *, pipeline: str, file: str, sha256: str, version: str, kind: str = "run") -> None:
        """Note that a run starts."""
        values = (run, pipeline, file, sha256, version, os.getpid(), "running", _now(), kind)
        with self._open() as database:
            database.execute(
                "INSERT INTO runs (id, pipeline, file, sha256, version, pid, state, started, phase, kind) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'reading', ?)",
                values,
            )

    def again(self, run: str) -> None:
        """Note that a run is taken up again by this process: one that had died, or one that was planned."""
        with self._open() as database:
            database.execute(
                "UPDATE runs SET state = 'running', pid = ?, ended = NULL, message = '', kind = 'run', "
                "resumed = resumed + (state <> 'planned') WHERE id = ?",
                (os.getpid(), run),
            )

    def phase(self, run: str, phase: str) -> None:
        """Note how far a run has got."""
        with self._open() as database:
            database.execute("UPDATE runs SET phase = ? WHERE id = ?", (phase, run))

    def identify(self, run: str, identities: dict[str, str]) -> None:
        """Note who the platforms took us for."""
        with self._open() as database:
            text = json.dumps(identities, sort_keys=True)
            database.execute("UPDATE runs SET identities = ? WHERE id = ?", (text, run))

    def reported(self, run: str, path: Path | None) -> None:
        """Note where the report is."""
        with self._open() as database:
            place = str(path.absolute()) if path else ""
            database.execute("UPDATE runs SET report = ? WHERE id = ?", (place, run))

    def end(self, run: str, state: str, message: str = "", *, phase: str = "ended") -> None:
        """Note how a run ended, and in which phase: one that ended while it wrote can be taken up again.

        One that was to do a plan and could not begin is a plan again.
        """
        with self._open() as database:
            database.execute(
                "UPDATE runs SET state = ?1, ended = ?2, message = ?3, phase = ?4, "
                "kind = CASE ?1 WHEN 'planned' THEN 'plan' ELSE kind END WHERE id = ?5",
                (state, _now(), message, phase, run),
            )

    def end_plans(self, pipeline: str, *, but: str, why: str) -> None:
        """The plans of a pipeline, but that of one run, are over; what they spooled goes."""
        for run in self.runs(pipeline):
            if run.state == "planned" and run.id != but:
                self.end(run.id, "over", why)
                self.forget_spool(run.id)

    def step(self, run: str, name: str, **values: Any) -> None:
        """Note what is known of a step: state, rows_read, rows_out, rejected, tally, seconds, seen, deletes."""
        if not values.keys() <= STEP_COLUMNS:
            raise TypeError(f"a step has {', '.join(sorted(STEP_COLUMNS))}")
        for column in values.keys() & {"tally", "seen", "deletes"}:
            values[column] = json.dumps(values[column], sort_keys=True)
        change = ", ".join(f"{column} = ?" for column in values)
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO steps (run, name, state, started) VALUES (?, ?, 'waiting', ?)",
                (run, name, _now()),
            )
            database.execute(
                f"UPDATE steps SET {change} WHERE run = ? AND name = ?",  # noqa: S608 - names from STEP_COLUMNS
                (*values.values(), run, name),
            )

    def runs(self, pipeline: str | None = None) -> list[RunRow]:
        """The runs, in the order in which they began, whatever the clock said."""
        where, values = ("WHERE pipeline = ?", (pipeline,)) if pipeline else ("", ())
        query = f"SELECT {', '.join(RUN_COLUMNS)} FROM runs {where} ORDER BY rowid"  # noqa: S608 - names of ours
        with self._open() as database:
            found = database.execute(query, values)
            named = [dict(zip(RUN_COLUMNS, row, strict=True)) for row in found]
        return [RunRow(**row | {"identities": self._read(row["identities"], kind=dict)}) for row in named]

    def last_done(self, pipeline: str) -> RunRow | None:
        """The latest run of a pipeline that did all that it was to do."""
        runs = reversed(self.runs(pipeline))
        return next((run for run in runs if run.state == "done" and run.kind == "run"), None)

    def memory(self, pipeline: str) -> dict[str, StepMemory]:
        """What is remembered of each step: of the last run that was done, and what it has seen when last loaded.

        A step that was loaded has seen what it read, also where another step stopped the run later.
        """
        done = self.last_done(pipeline)
        read = {row["name"]: row["rows_read"] for row in self.steps(done.id)} if done else {}
        seen = self._seen(pipeline)
        identities = done.identities if done else {}
        return {
            name: StepMemory(done.id if done else "", read.get(name), identities, seen.get(name, {}))
            for name in {**read, **seen}
        }

    def _seen(self, pipeline: str) -> dict[str, dict[str, Any]]:
        with self._open() as database:
            rows = database.execute(
                "SELECT steps.name, steps.seen FROM steps JOIN runs ON runs.id = steps.run "
                "WHERE runs.pipeline = ? AND runs.kind = 'run' AND steps.state IN ('loaded', 'done') "
                "AND steps.seen <> '{}' "
                "ORDER BY runs.rowid",
                (pipeline,),
            )
            return {name: self._read(text, kind=dict) for name, text in rows}

    def steps(self, run: str) -> list[dict[str, Any]]:
        """The steps of a run, in order, as dicts of the table's columns."""
        return self._dicts("SELECT * FROM steps WHERE run = ? ORDER BY rowid", run)

    def decided(self, run: str, step: str) -> dict[str, Any]:
        """What was decided about a step's deletes; empty where nothing was yet."""
        found = self._dicts("SELECT tally, deletes FROM steps WHERE run = ? AND name = ?", run, step)
        decided: dict[str, Any] = self._read(found[0]["deletes"], kind=dict) if found else {}
        return decided

    def run_directory(self, run: str) -> Path:
        """Where a run's rejects and report lie."""
        return self.directory / "runs" / run

    def bury_the_dead(self, mine: str) -> list[RunRow]:
        """Mark the runs whose process is gone as interrupted; what one that had not written spooled is removed.

        Args:
            mine: the pipeline whose lock the caller holds.

        Returns:
            The dead runs of that pipeline.
        """
        dead = []
        for run in self.runs():
            if run.state != "running":
                continue
            if run.pipeline == mine:
                dead.append(run)
                self._bury(run)
                continue
            with self._lock(run.pipeline) as free:
                if free:
                    self._bury(run)
        return dead

    def _bury(self, run: RunRow) -> None:
        if run.phase == "planned":  # it died before anything was done: it is a plan again
            self.end(run.id, "planned", phase="planned")
            return
        tell_doubts(self, run.id)
        self.end(run.id, "interrupted", WITHOUT_A_WORD, phase=run.phase)
        if not run.writing:
            self.forget_spool(run.id)

    def unfinished(self, pipeline: str) -> RunRow | None:
        """The run of a pipeline that stopped while it wrote, and what it spooled is still there; None without one.

        It may be older than the latest: a plan is when it is applied.
        """
        runs = (run for run in reversed(self.runs(pipeline)) if run.kind == "run" and run.writing)
        return next((run for run in runs if (self.run_directory(run.id) / "spool").is_dir()), None)

    def forget_spool(self, run: str) -> None:
        """Remove what a run spooled."""
        shutil.rmtree(self.run_directory(run) / "spool", ignore_errors=True)
