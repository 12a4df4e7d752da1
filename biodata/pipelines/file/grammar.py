"""Every key of a pipeline file, once: the readers take from here which keys there are, and editors all of it.

What a key means is told by the docstrings of `biodata.pipelines.spec`; here only where the file says it differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from biodata.pipelines import spec
from biodata.pipelines.file import scalars as one
from biodata.pipelines.file.shapes import Either, Keys, Listed, Named
from biodata.pipelines.spec.extracts import ContractMode
from biodata.pipelines.spec.loads import Mode
from biodata.pipelines.spec.names import Kind
from biodata.pipelines.spec.operations import OnUnmapped

if TYPE_CHECKING:
    from biodata.pipelines.file.shapes import Shape

FORMATS = ("csv", "tsv", "parquet", "ndjson", "xlsx")

PARAMETER = Keys(
    {"type": one.words(get_args(Kind)), "list": one.FLAG, "default": one.ANYTHING, "description": one.TEXT},
    about=spec.Parameter,
    fields={"type": "kind", "list": "many"},
)
PARAMETERS = Named(Either((one.CODE, Listed(one.SCALAR, least=1), PARAMETER)), one.PARAMETER_NAME)

INCREMENTAL = Keys(
    {"cursor": one.TEXT, "lag": Either((one.DURATION, one.NUMBER)), "by": one.words(["content"])},
    about=spec.Incremental,
    one_of=("cursor", "by"),
    says={
        "cursor": "The field that only grows, say the date of the last change.",
        "by": "content: each record is compared with that of the last run, where no field says when it changed.",
    },
    rules={"dependentRequired": {"lag": ["cursor"]}},
)
READING: dict[str, Shape] = {"where": one.FILTER, "fields": one.TEXTS}
REMEMBERING: dict[str, Shape] = {"incremental": INCREMENTAL, "contract": one.words(get_args(ContractMode))}
TABLE = Keys(
    {"from": one.ADDRESS, **READING, **REMEMBERING},
    about=spec.Extract,
    required=("from",),
    fields={"from": "source"},
)
FILE = Keys(
    {"file": one.PATH, "format": one.words(FORMATS), **READING, **REMEMBERING},
    about=spec.FileExtract,
    required=("file",),
    fields={"file": "path"},
)
STEP_OUTPUT = Keys({"step": one.STEP_NAME, **READING}, about=spec.StepExtract, required=("step",))
SQL = Keys({"sql": one.SELECT}, about=spec.SqlExtract, required=("sql",))
EXTRACT = Either((TABLE, FILE, STEP_OUTPUT, SQL))
EACH = Named(Either((Listed(one.SCALAR, least=1), one.WHOLE_PARAMETER)), one.EACH_NAME, most=1)

COLUMNS = Named(one.EXPRESSION, one.MADE_COLUMN, special={"*": one.KEEP})
EXPLODE = Keys(
    {"column": one.TEXT, "into": one.COLUMN_NAME, "empty": one.words(["keep", "drop"])},
    about=spec.Explode,
    required=("column",),
    fields={"column": "of"},
)
SPLIT = Keys(
    {"column": one.TEXT, "by": one.SEPARATOR, "into": one.COLUMN_NAME},
    about=spec.Split,
    required=("column",),
    fields={"column": "of"},
)
DEDUPE = Keys({"by": one.TEXTS, "keep": one.words(["first", "last"])}, about=spec.Dedupe)
CODE_LIST = Keys(
    {
        "column": one.TEXT,
        "codes": Named(one.CODE, {}),
        "file": one.TEXT,
        "version": one.LABEL,
        "on_unmapped": one.words(get_args(OnUnmapped)),
        "into": one.COLUMN_NAME,
        "name": one.TEXT,
    },
    about=spec.CodeList,
    required=("column",),
    one_of=("codes", "file"),
    fields={"column": "of", "file": "path"},
    says={"codes": "Source value: target value; null is a target too."},
)
UNITS = Keys(
    {"column": one.TEXT, "to": one.TEXT, "from": one.TEXT, "from_column": one.TEXT, "into": one.COLUMN_NAME},
    about=spec.Units,
    required=("column", "to"),
    one_of=("from", "from_column"),
    fields={"column": "of", "from": "unit", "from_column": "unit_of"},
)
ONTOLOGY = Keys(
    {
        "column": one.TEXT,
        "prefixes": one.TEXTS,
        "on_invalid": one.words(get_args(OnUnmapped)),
        "into": one.COLUMN_NAME,
    },
    about=spec.Ontology,
    required=("column",),
    fields={"column": "of"},
)
PSEUDONYMISE = Keys(
    {
        "field": one.TEXT,
        "domain": one.TEXT,
        "key": one.SECRET,
        "table": one.ADDRESS,
        "clear": one.TEXT,
        "pseudonym": one.TEXT,
        "prefix": one.TEXT,
    },
    about=spec.Pseudonymise,
    required=("field",),
    one_of=("key", "table"),
    rules={"dependentRequired": {"key": ["domain"]}},
)
PYTHON = Keys(
    {"call": one.CALL, "adds": Named(one.words(get_args(Kind)), {})},
    about=spec.PythonCall,
    required=("call",),
    says={"adds": "Name: type of each column that the function makes beside those there are."},
)
OPERATIONS: dict[str, Shape] = {
    "columns": COLUMNS,
    "rename": Named(one.COLUMN_NAME, {}),
    "explode": Either((one.TEXT, EXPLODE)),
    "split": SPLIT,
    "dedupe": DEDUPE,
    "code_list": CODE_LIST,
    "units": UNITS,
    "ontology": ONTOLOGY,
    "links": Named(one.TEXT, {}),
    "pseudonymise": PSEUDONYMISE,
    "python": Either((one.CALL, PYTHON)),
}
MAPPING = Keys(
    {"file": one.MAPPING_TABLE},
    required=("file",),
    says={"file": "The table, relative to the pipeline file: csv, tsv or xlsx."},
)
TRANSFORM = Keys(
    {**OPERATIONS, "mapping": Either((one.MAPPING_TABLE, MAPPING))},
    kinds=get_args(spec.Operation),
    one_of=(*OPERATIONS, "mapping"),
    says={
        "rename": "Old name: new name; the other columns stay.",
        "links": "Field of the target: the column with the key or keys of what it refers to; the column goes.",
        "python": "A function of yours: it takes a record and gives one, several, or None to leave it out.",
        "mapping": "A table (csv, tsv or xlsx) of source fields, rules and target fields, in place of operations.",
    },
)

LOOK_UP = Keys(
    {"from": one.ADDRESS, "key": one.KEY, "field": one.TEXT},
    about=spec.LookUp,
    required=("from", "key", "field"),
    fields={"from": "source"},
)
BOUND = Either((one.INTEGER, LOOK_UP))
COUNT = Keys(
    {"equals": BOUND, "min": BOUND, "max": BOUND},
    about=spec.CountCheck,
    fields={"min": "least", "max": "most"},
    rules={"minProperties": 1},
)
REFERENCES = Keys(
    {"column": one.TEXT, "step": one.TEXT, "table": one.ADDRESS, "field": one.TEXT},
    about=spec.ReferencesCheck,
    required=("column",),
    one_of=("step", "table"),
    fields={"column": "of", "step": "within", "table": "within"},
)
FRESH = Keys(
    {"column": one.TEXT, "within": one.DURATION},
    about=spec.FreshCheck,
    required=("column", "within"),
    fields={"column": "of"},
)
CHECKS: dict[str, Shape] = {
    "rows": one.EXPRESSION,
    "count": COUNT,
    "unique": one.TEXTS,
    "references": REFERENCES,
    "share_of_last_run": one.SHARE,
    "fresh": FRESH,
}
CHECK = Keys(
    {"name": one.TEXT, **CHECKS},
    kinds=(spec.RowCheck, *get_args(spec.SetCheck)),
    required=("name",),
    one_of=tuple(CHECKS),
    says={
        "name": "What to call it in reports and errors; no two of a step have one name.",
        "share_of_last_run": "At least this share of the rows of the last run that was done is there: 90%.",
    },
)

DELETE_MISSING = Keys(
    {"scope": one.FILTER, "max": one.BUDGET, "least": one.SHARE},
    about=spec.DeleteMissing,
    fields={"max": "most"},
    says={"least": "The share of the last run's rows that must have been read; 90% when left out."},
)
LOAD = Keys(
    {
        "to": one.ADDRESS,
        "mode": one.words(get_args(Mode)),
        "key": one.TEXTS,
        "batch": one.POSITIVE,
        "delete_missing": Either((DELETE_MISSING, one.NOTHING)),
        "max": one.BUDGET,
        "least": one.SHARE,
    },
    about=spec.Load,
    required=("to", "mode"),
    fields={"to": "target", "max": "most"},
    says={
        "max": "Of mode replace: how many records may go, or which share of the table; all when left out.",
        "least": "Of mode replace: the share of the last run's rows that must have been read, and at the first run "
        "of the records that are there; 90% when left out.",
    },
    rules={
        "allOf": [
            {
                "if": {"properties": {"mode": {"const": "merge"}}},
                "then": {"required": ["key"], "properties": {"key": {"minItems": 1}}},
                "else": {"properties": {"delete_missing": False}},
            },
            {
                "if": {"properties": {"mode": {"const": "replace"}}},
                "else": {"properties": {"max": False, "least": False}},
            },
        ]
    },
)
PLOTS = {
    "scatter": Keys(
        {"scatter": Listed(one.TEXT, least=2, most=2), "line": one.words(["equality"])},
        about=spec.Plot,
        required=("scatter",),
        says={"scatter": "The two columns, [x, y]."},
    ),
    "bar": Keys({"bar": one.TEXT}, about=spec.BarPlot, required=("bar",), fields={"bar": "column"}),
    "histogram": Keys(
        {"histogram": one.TEXT, "bins": one.POSITIVE},
        about=spec.HistogramPlot,
        required=("histogram",),
        fields={"histogram": "column"},
    ),
}
PLOT = Either(tuple(PLOTS.values()))

STEP = Keys(
    {
        "name": one.STEP_NAME,
        "needs": one.TEXTS,
        "each": EACH,
        "extract": EXTRACT,
        "transform": Listed(TRANSFORM),
        "check": Listed(CHECK),
        "load": LOAD,
        "plot": Either((PLOT, Listed(PLOT))),
    },
    about=spec.Step,
    required=("name", "extract"),
    fields={"check": "checks", "plot": "plots"},
)
REJECTS = Keys(
    {"budget": one.BUDGET},
    required=("budget",),
    says={"budget": "How many: a number, or a percentage of the rows read."},
)
UNAVAILABLE = Keys(
    {"wait": one.DURATION},
    required=("wait",),
    says={"wait": "How long a run waits for a server that is not to be reached before it gives up."},
)
PIPELINE = Keys(
    {
        "version": one.VERSION,
        "name": one.STEP_NAME,
        "params": PARAMETERS,
        "steps": Listed(STEP, least=1),
        "on_reject": REJECTS,
        "on_unavailable": UNAVAILABLE,
    },
    about=spec.PipelineSpec,
    required=("version", "name", "steps"),
    fields={"params": "parameters", "on_reject": "budget", "on_unavailable": "wait"},
    says={"version": "The version of this form: 1.", "steps": "The steps, each a set of records on its way."},
)
"""The whole file."""
