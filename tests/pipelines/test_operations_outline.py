"""What an operation does to the names, said without any row, is what the compiled operation does."""

from typing import get_args

import pyarrow as pa
import pytest

from biodata.pipelines.operations.outline import outline
from biodata.pipelines.spec import (
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
from tests.pipelines.chains import compiled

SCHEMA = pa.schema(
    [("id", pa.string()), ("Sex", pa.string()), ("tags", pa.list_(pa.string())), ("mass", pa.float64())]
)
CODES = (("F", "female"),)
OPERATIONS = [
    Columns((Column("new", "1"), Column("id", "src.id"))),
    Columns((Column("new", "1"), Column("sex", "src.Sex")), keep=True),
    Columns((), keep=True),
    Rename((("Sex", "sex"), ("id", "mass_id"))),
    Rename((("id", "Sex"), ("Sex", "id"))),
    Links((("people", "id"), ("labels", "tags"))),
    Explode("tags"),
    Explode("tags", "tag"),
    Explode("tags", "id", "drop"),
    Split("Sex"),
    Split("Sex", ";", "parts"),
    Split("Sex", ";", "tags"),
    Dedupe(),
    Dedupe(("Sex", "id"), "last"),
    CodeList("Sex", CODES),
    CodeList("tags", CODES, into="codes"),
    CodeList("Sex", CODES, into="id"),
    Units("mass", "kg", "g"),
    Units("mass", "kg", unit_of="Sex", into="kilos"),
    Units("mass", "kg", "g", into="id"),
    Ontology("Sex"),
    Ontology("tags", into="terms"),
    PythonCall("copy:copy"),
    PythonCall("copy:copy", (("one", "int"), ("Sex", "date"), ("two", "text"))),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_names_are_those_of_the_compiled_operation_in_its_order(operation):
    found = outline(operation)
    assert set(found.reads) <= set(SCHEMA.names)
    assert list(found.names(SCHEMA.names)) == compiled(SCHEMA, operation).schema.names


def test_every_operation_is_among_them():
    assert {type(one) for one in OPERATIONS} | {Pseudonymise} == set(get_args(Operation))


def test_names_that_are_not_known_stay_unknown_but_after_columns():
    assert {outline(one).names(None) for one in OPERATIONS[1:]} == {None}
    assert outline(OPERATIONS[0]).names(None) == ("new", "id")
