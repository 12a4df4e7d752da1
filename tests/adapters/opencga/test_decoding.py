"""Documents of the server as records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import biodata
from biodata_opencga.decode import records
from biodata_opencga.schema import schema_of

FATHER = {"id": "dad", "version": 1, "release": 0, "parentalConsanguinity": False}
NOBODY = {"version": 0, "release": 0, "parentalConsanguinity": False}


def decoded(table, **document):
    (record,) = records([document], list(document), schema_of(table))
    return record


def test_references_as_ids_stubs_and_whole_documents():
    assert decoded("individuals", father=FATHER, mother=NOBODY) == {"father": "dad", "mother": None}
    assert decoded("individuals", samples=[{"id": "s", "somatic": False}]) == {"samples": ["s"]}
    assert decoded("samples", individualId="", fileIds=["f"]) == {"individualId": None, "fileIds": ["f"]}
    assert decoded("projects", studies=[{"id": "s", "fqn": "o@p:s"}]) == {"studies": ["o@p:s"]}


def test_what_was_never_set_is_null():
    empty = {"id": "", "name": "", "description": "", "source": "", "url": "", "attributes": {}}
    assert decoded("individuals", ethnicity=empty, population={}) == {"ethnicity": None, "population": None}
    assert decoded("samples", processing={"product": empty, "labSampleId": "l"}) == {
        "processing": {"labSampleId": "l"}
    }
    assert decoded("samples", description="", attributes={}) == {"description": None, "attributes": None}


def test_dates_are_of_fourteen_digits():
    assert decoded("samples", creationDate="20261122044625") == {
        "creationDate": datetime(2026, 11, 22, 4, 46, 25, tzinfo=UTC)
    }
    assert decoded("individuals", dateOfBirth="2010-02") == {"dateOfBirth": "2010-02"}


@pytest.mark.parametrize(
    ("table", "document"),
    [
        ("samples", {"somatic": "secretive"}),
        ("samples", {"version": "secretive"}),
        ("samples", {"creationDate": "secretive"}),
        ("samples", {"description": {"secretive": 1}}),
        ("families", {"members": [NOBODY]}),
    ],
)
def test_what_does_not_fit_is_named_without_its_value(table, document):
    with pytest.raises(biodata.ProtocolError) as caught:
        decoded(table, **document)
    assert next(iter(document)) in str(caught.value)
    assert "secretive" not in str(caught.value)
