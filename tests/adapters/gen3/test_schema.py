"""Tables from the data dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata.errors import NotFound, ProtocolError, Unsupported
from biodata.records.types import Boolean, DateTime, Float, Integer, List, Reference, String

if TYPE_CHECKING:
    from tests.adapters.gen3.conftest import Rig


def test_tables_are_the_node_types_of_the_dictionary(rig: Rig) -> None:
    names = [table.name for table in rig.connect().tables()]
    assert names == ["aliquot", "case", "demographic", "project", "sample", "study", "submitted_reads"]
    assert {one.path for one in rig.log} == {"/api/v0/submission/_dictionary/_all"}, "no token is needed for it"


def test_types_enums_required_and_links(rig: Rig) -> None:
    connection = rig.connect()
    sample = connection.schema("sample")
    assert (sample.key, sample.id) == ("submitter_id", "id")
    assert isinstance(sample["days_to_collection"].type, Integer)
    assert isinstance(sample["concentration"].type, Float)
    assert isinstance(sample["cell_line"].type, Boolean)
    assert isinstance(sample["collected_datetime"].type, DateTime)
    assert sample["storage"].type == List(String())
    assert sample["tissue"].type == String(("blood", "saliva", "skin", "other"))
    assert (sample["cases"].type, sample["cases"].required) == (Reference("case"), True)
    assert connection.schema("aliquot")["samples"].type == List(Reference("sample"))
    assert connection.schema("demographic")["cases"].unique, "one_to_one"
    assert connection.schema("demographic")["sex"].required
    assert connection.schema("study")["projects"].type == Reference("project")


def test_the_dictionary_is_asked_for_once(rig: Rig) -> None:
    connection = rig.connect()
    connection.schema("case")
    connection.schema("sample")
    assert len(rig.asked("GET")) == 1
    connection.schema("sample", refresh=True)
    assert len(rig.asked("GET")) == 2


def test_an_unknown_table_names_its_neighbour(rig: Rig) -> None:
    with pytest.raises(NotFound) as caught:
        rig.connect().schema("sampel")
    assert caught.value.code == "BD-NOT-FOUND-TABLE"
    assert "sample" in (caught.value.hint or "")


def test_the_project_is_a_table_to_read(rig: Rig) -> None:
    connection = rig.connect()
    assert connection["project"].get("ceph1463")["name"] == "ceph1463"
    assert connection["study"].get("ceph-1463", expand=["projects"])["projects"]["code"] == "ceph1463"
    with pytest.raises(Unsupported):
        connection["project"].delete("ceph1463")


def test_node_types_cannot_be_made(rig: Rig) -> None:
    connection = rig.connect()
    with pytest.raises(Unsupported, match="data dictionary"):
        connection.ensure(connection.schema("case"))


@pytest.mark.parametrize(
    "body", ["{}", '{"case": 3}', '{"case": {"properties": {"project_id": {}, "submitter_id": {}}}}']
)
def test_what_is_no_dictionary(rig: Rig, body: str) -> None:
    body = body.replace('"properties"', '"links": [{"name": "x"}], "properties"')
    rig.faults.add("GET */_dictionary/_all", status=200, body=body)
    with pytest.raises(ProtocolError) as caught:
        rig.connect().tables()
    assert caught.value.code == "BD-REMOTE-FORMAT"
