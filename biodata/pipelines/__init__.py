"""Pipelines: what goes from where to where, said in a YAML file, run with a journal and a report (docs/pipelines.md).

```python
from biodata.pipelines import run

report = run("ase-counts.yml", parameters={"chr": "19"})
print(report.summary(), report.html_path)
```
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError
from biodata.pipelines.file.document import parse_file
from biodata.pipelines.reports.facts import RunReport, StepReport
from biodata.pipelines.reports.progress import Progress, Silent, progress_for
from biodata.pipelines.spec import PipelineSpec
from biodata.pipelines.state.journal import Journal, state_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Unpack

    from biodata.connection import Connection
    from biodata.pipelines.runs.options import Asked

__all__ = [
    "Journal",
    "Pipeline",
    "PipelineSpec",
    "Progress",
    "RunReport",
    "StepReport",
    "demo_file",
    "load_pipeline",
    "progress_for",
    "run",
]


class Pipeline:
    """A pipeline file that has been read and found to make sense.

    Attributes:
        spec: what it says.
    """

    def __init__(self, spec: PipelineSpec) -> None:
        self.spec = spec

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.spec.name

    def run(
        self,
        *,
        parameters: Mapping[str, Any] | None = None,
        connect: Callable[[str], Connection] | None = None,
        progress: Progress | None = None,
        state_dir: Path | str | None = None,
        **options: Unpack[Asked],
    ) -> RunReport:
        """Run it once: extract all, transform and check all, and only then load; deletes come last.

        Where an earlier run stopped while it wrote, because its process died or a server was away, this goes on
        where that one stopped.

        Args:
            parameters: name to value, of those that the file declares.
            connect: opens a profile by its name; `biodata.connect` when None.
            progress: told how it goes on; nothing is shown when None (`progress_for()` shows bars or lines).
            state_dir: where journal, spool and rejects lie; BIODATA_STATE or the user's state directory when None.
            options: `dry_run`: read, transform, check, compare, and write nothing. `show_values`: people's values may
                stand in the report. `restart`: start anew where an earlier run stopped while it wrote. `full`: read
                everything, as the first run did, where the file reads what is new. `new_key`: take keys of
                pseudonyms that are others than at the last run. `save_plan`: a file that gets what would be done;
                nothing is written. `apply`: such a file, to be done and no more. `report_dir`: gets
                `NAME.html` and `NAME.json`; the run's own directory when None. `events`: a file that gets a line of
                JSON for each thing that happens.

        Returns:
            The report of a run that did all that it was to do.

        Raises:
            RejectBudgetExceeded: too many records were rejected; when a check or transform rejected them, nothing
                was written.
            CheckFailed: a whole-set check did not hold, and nothing was written; or, with `BD-PIPELINE-WITHHELD`,
                all is loaded, and deletes were not made.
            ConfigError: `BD-PIPELINE-HELD`, the same pipeline is being run by another process;
                `BD-PIPELINE-CHANGED`, an earlier run stopped while it wrote, and the file was changed since.
            BiodataError: whatever else stops it; the journal and a report say how far it got.
            KeyboardInterrupt: Ctrl-C; the journal says interrupted, and `progress` how to go on.
        """
        import biodata
        from biodata.pipelines.runs.execute import execute
        from biodata.pipelines.runs.options import options_of

        return execute(
            self.spec,
            parameters=parameters,
            connect=connect or biodata.connect,
            journal=Journal(state_directory(state_dir)),
            progress=progress or Silent(),
            options=options_of(options),
        )

    def __repr__(self) -> str:
        return f"<Pipeline {self.name}: {', '.join(step.name for step in self.spec.steps)}>"


def run(
    file: Path | str,
    *,
    parameters: Mapping[str, Any] | None = None,
    connect: Callable[[str], Connection] | None = None,
    progress: Progress | None = None,
    state_dir: Path | str | None = None,
    **options: Unpack[Asked],
) -> RunReport:
    """Read a pipeline file and run it once; `Pipeline.run` says what the arguments are and what is raised."""
    return load_pipeline(file).run(
        parameters=parameters, connect=connect, progress=progress, state_dir=state_dir, **options
    )


def load_pipeline(path: Path | str) -> Pipeline:
    """Read a pipeline file and check all that can be checked without connecting to anything.

    Raises:
        ConfigError: `BD-PIPELINE-FILE`, each problem of the file on its own line as `file:line: what`;
            `BD-PIPELINE-DUCKDB`, DuckDB is not installed.
    """
    _need_duckdb()
    return Pipeline(parse_file(Path(path)))


def demo_file(name: str = "ase-counts") -> Path:
    """A pipeline file of `biodata demo`: `ase-counts` or `family`; they name the sandbox's profiles and `local`."""
    return Path(__file__).with_name("data") / f"{name}.yml"


def _need_duckdb() -> None:
    from importlib.util import find_spec

    if not (find_spec("duckdb") and find_spec("pyarrow")):
        raise ConfigError(
            "Pipelines compute with DuckDB and Arrow, which are not installed",
            code="BD-PIPELINE-DUCKDB",
            hint='Install "biodata-access[duckdb]"',
        )
