"""Pipelines: what goes from where to where, said in a YAML file, run with a journal and a report (docs/pipelines.md).

```python
from biodata.pipelines import load_pipeline

report = load_pipeline("ase-counts.yml").run()
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

    from biodata.connection import Connection

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
        report_dir: Path | str | None = None,
        state_dir: Path | str | None = None,
        dry_run: bool = False,
    ) -> RunReport:
        """Run it once: extract all, transform and check all, and only then load.

        Args:
            parameters: name to value, of those that the file declares.
            connect: opens a profile by its name; `biodata.connect` when None.
            progress: told how it goes on; nothing is shown when None (`progress_for()` shows bars or lines).
            report_dir: gets `NAME.html` and `NAME.json`; the run's own directory in the state directory when None.
            state_dir: where journal, spool and rejects lie; BIODATA_STATE or the user's state directory when None.
            dry_run: everything but the loading: the report says what the target would get.

        Returns:
            The report of a run that did all that it was to do.

        Raises:
            RejectBudgetExceeded: too many records were rejected; when a check or transform rejected them, nothing
                was written.
            CheckFailed: a whole-set check did not hold; nothing was written.
            ConfigError: `BD-PIPELINE-HELD`, the same pipeline is being run by another process.
            BiodataError: whatever else stops it; the journal and a report say how far it got.
            KeyboardInterrupt: Ctrl-C; the journal says interrupted, and `progress` how to go on.
        """
        import biodata
        from biodata.pipelines.runs.runner import execute

        return execute(
            self.spec,
            parameters=parameters,
            connect=connect or biodata.connect,
            journal=Journal(state_directory(state_dir)),
            progress=progress or Silent(),
            report_dir=Path(report_dir) if report_dir is not None else None,
            dry_run=dry_run,
        )

    def __repr__(self) -> str:
        return f"<Pipeline {self.name}: {', '.join(step.name for step in self.spec.steps)}>"


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
