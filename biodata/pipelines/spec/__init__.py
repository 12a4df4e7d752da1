"""What a pipeline file says, as frozen data (docs/pipelines.md).

`biodata.pipelines.file` makes it from YAML. A `line` is the line of the file that an error about it should name,
and a `column` its column, both from 1; 0 where no file said it.
"""

from __future__ import annotations

from biodata.pipelines.spec.checks import (
    Bound,
    Check,
    CountCheck,
    FreshCheck,
    LookUp,
    ReferencesCheck,
    RowCheck,
    SetCheck,
    ShareCheck,
    UniqueCheck,
)
from biodata.pipelines.spec.extracts import (
    AnyExtract,
    Each,
    Extract,
    FileExtract,
    Incremental,
    SqlExtract,
    StepExtract,
)
from biodata.pipelines.spec.loads import Budget, DeleteMissing, Load, Mode
from biodata.pipelines.spec.names import Address, Duration, Parameter
from biodata.pipelines.spec.operations import (
    CodeList,
    Column,
    Columns,
    Dedupe,
    Explode,
    Links,
    Ontology,
    Operation,
    Pseudonymise,
    PythonCall,
    Rename,
    Split,
    Units,
)
from biodata.pipelines.spec.plots import AnyPlot, BarPlot, HistogramPlot, Plot
from biodata.pipelines.spec.whole import PipelineSpec, Step

__all__ = [
    "Address",
    "AnyExtract",
    "AnyPlot",
    "BarPlot",
    "Bound",
    "Budget",
    "Check",
    "CodeList",
    "Column",
    "Columns",
    "CountCheck",
    "Dedupe",
    "DeleteMissing",
    "Duration",
    "Each",
    "Explode",
    "Extract",
    "FileExtract",
    "FreshCheck",
    "HistogramPlot",
    "Incremental",
    "Links",
    "Load",
    "LookUp",
    "Mode",
    "Ontology",
    "Operation",
    "Parameter",
    "PipelineSpec",
    "Plot",
    "Pseudonymise",
    "PythonCall",
    "ReferencesCheck",
    "Rename",
    "RowCheck",
    "SetCheck",
    "ShareCheck",
    "Split",
    "SqlExtract",
    "Step",
    "StepExtract",
    "UniqueCheck",
    "Units",
]
