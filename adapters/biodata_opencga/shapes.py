"""What the tables are made of: a table, its fields, the parameters of its search.

Sources: protocols/opencga.md, section 5 (parameters), 6 (keys of bodies), 8 (data models).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.receipts import Status
from biodata.records.types import DateTime, Field, Integer, Json, List, Object, Path, String

if TYPE_CHECKING:
    from biodata.records.types import DataType

__all__ = [
    "BY_ID",
    "HEAD",
    "KEY",
    "PHENOTYPE",
    "TAIL",
    "TERM",
    "TEXT_ID",
    "VERSION",
    "Parameter",
    "Table",
    "given",
    "object_of",
    "terms",
    "texts",
    "written",
]


class Parameter(msgspec.Struct, frozen=True):
    """How a search filters by a path.

    Attributes:
        name: of the query parameter.
        kind: `text`: equality, prefix and regular expression; `flag`; `term`: id or name of a term, so never
            exact; `date`; `number`; `ids`: ids of a list of others; `annotation`: a condition among others.
    """

    name: str
    kind: str = "text"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One resource.

    Attributes:
        path: of its calls, where it is another word than the name.
        fields: with `options`: `create`, `update`: how the value goes into the body (`body`, `query`, `ref`,
            `refs`, `annotations`); `action`: an update of the list says ADD, SET or REMOVE; `include`: what is asked
            for; `merged`: an update takes no key away; `none`: the number that stands for no value.
        filters: path -> parameter.
        fixed: parameters of every search.
        entity: what a variable set calls it, where it can be annotated.
        searched: whether there is a search that sorts, counts and pages; otherwise it is read whole.
        ids: the most ids that one path takes.
        deletes: what becomes of a deleted record, empty where none can be.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    path: str = ""
    key: str = "id"
    filters: dict[Path, Parameter] = {}
    fixed: tuple[tuple[str, str], ...] = ()
    entity: str = ""
    searched: bool = True
    ids: int = 100
    deletes: Status | None = "hidden"

    @property
    def root(self) -> str:
        """What the paths of its calls begin with."""
        return self.path or self.name


def written(name: str, type_: Any, create: str = "body", update: str = "body", **more: Any) -> Field:
    """Given by people when a record is made, changed later, or both; empty where it is not."""
    options = {"create": create, "update": update}
    if isinstance(type_, List) and update:
        options["action"] = "yes"
    options |= more.pop("options", {})
    return Field(name, type_, read_only=not update, options=options, **more)


def given(name: str, type_: Any, **options: str) -> Field:
    """Filled in by the server alone."""
    return Field(name, type_, read_only=True, generated=True, options=options)


def object_of(**fields: DataType) -> Object:
    """An object; a name that is a word of Python has a `_` at its end."""
    return Object(tuple(Field(name.rstrip("_"), type_) for name, type_ in fields.items()))  # type: ignore[arg-type]


def texts(*names: str, **more: DataType) -> Object:
    """An object of texts, and of other things."""
    return object_of(**dict.fromkeys(names, String()), **more)


TERM = texts("id", "name", "description", "source", "url", attributes=Json())
PHENOTYPE = texts(
    "id", "name", "description", "source", "url", "ageOfOnset",
    status=String(choices=("OBSERVED", "NOT_OBSERVED", "UNKNOWN")), attributes=Json(),
)  # fmt: skip
STATUS = texts("id", "description", "date", "name")
KEY = Field("id", String(), required=True, unique=True, options={"create": "body"})
HEAD = (KEY, given("uuid", String()))
TAIL = (
    written("status", STATUS),
    written("attributes", Json(), options={"merged": "yes"}),
    given("annotationSets", List(Json())),
    given("release", Integer(32)),
    given("creationDate", DateTime()),
    given("modificationDate", DateTime()),
    given("internal", Json()),
)
VERSION = given("version", Integer(32))
TEXT_ID: dict[Path, Parameter] = {
    ("id",): Parameter("id"),
    ("uuid",): Parameter("uuid"),
    ("creationDate",): Parameter("creationDate", "date"),
    ("modificationDate",): Parameter("modificationDate", "date"),
}
BY_ID = {"include": "id"}


def terms(name: str) -> dict[Path, Parameter]:
    """The parameter of a list of terms."""
    return {(name, inner): Parameter(name, "term") for inner in ("id", "name")}
