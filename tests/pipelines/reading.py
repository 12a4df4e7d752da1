"""Reading the one step of a pipeline file by hand: what a source gives, without a run around it."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from biodata.pipelines import load_pipeline
from biodata.pipelines.parameters import chosen
from biodata.pipelines.reports.progress import Silent
from biodata.pipelines.rows import NUMBER, Fault
from biodata.pipelines.sources.base import Binding
from biodata.pipelines.sources.bind import bind, read_into
from biodata.pipelines.state.memory import StepMemory
from biodata.pipelines.state.spool import Spool
from biodata.records.arrow import from_arrow

FILE = """\
version: 1
name: reading
{params}steps:
  - {step}
"""
SPOOLS = count()


@dataclass
class Read:
    """What came of reading a step."""

    source: Any
    rows: list[dict[str, Any]]
    numbers: list[int]
    faults: list[Fault] = field(default_factory=list)
    total: int = 0
    spool: Any = None

    @property
    def told(self) -> list[tuple[int, str, str]]:
        """Of each fault its row, rule and reason."""
        return [(fault.row, fault.rule, fault.reason) for fault in self.faults]


@dataclass
class Reader:
    """Binds and reads the step of a file that is written below a directory.

    Attributes:
        params: the line `params: …` of the file.
        memory: what the last run has left; `again` puts there what a reading leaves.
    """

    directory: Any
    connect: Any = None
    params: str = ""
    memory: StepMemory = field(default_factory=StepMemory)

    def spec(self, step):
        """The step, read from a file."""
        path = self.directory / "reading.yml"
        params = f"params: {self.params}\n" if self.params else ""
        text = step if step.startswith("{") else f"{{name: s, {step}}}"
        path.write_text(FILE.format(params=params, step=text), "utf-8")
        return load_pipeline(path).spec

    def bound(self, step, values, stack):
        """The source, bound and not read."""
        spec = self.spec(step)
        connections = {name: stack.enter_context(self.connect(name)) for name in spec.profiles}
        given = chosen(spec.parameters, values)
        state = self.directory / "kept"
        step = spec.steps[0]
        appended = spec.appended(step)
        return bind(Binding(spec.file, step, given, connections, {}, self.memory, state, appended)), step

    def __call__(self, step, **values) -> Read:
        """Everything that it gives."""
        with ExitStack() as stack:
            source, one = self.bound(step, values, stack)
            spool = Spool(self.directory / f"spool-{next(SPOOLS)}")
            faults: list[Fault] = []
            reading = read_into(spool, one, source, Silent(), faults.append)
            batches = list(reading.sealed.batches())
            rows = [row for batch in batches for row in from_arrow(batch.drop_columns([NUMBER]))]
            numbers = [number for batch in batches for number in batch.column(NUMBER).to_pylist()]
            return Read(source, rows, numbers, faults, reading.rows, spool)

    def explain(self, step, **values) -> str:
        """How it would be asked."""
        with ExitStack() as stack:
            return self.bound(step, values, stack)[0].explain()
