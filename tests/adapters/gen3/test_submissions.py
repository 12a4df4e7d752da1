"""Several node types at once, sheets and documents, dry runs, and deleting with dependants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from biodata.errors import NotFound, PermissionDenied, RemoteError, SchemaError, WriteError
from biodata.receipts import Outcome, Receipt
from biodata_gen3.catalog import Catalog, Link, NodeType
from biodata_gen3.sandbox import READER
from biodata_gen3.submissions import Waiting
from tests.adapters.gen3.conftest import HERE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.gen3.conftest import Rig

FAMILY: list[dict[str, Any]] = [
    {"type": "aliquot", "submitter_id": "al1", "samples": [{"submitter_id": "sa1"}, {"submitter_id": "sa2"}]},
    {"type": "sample", "submitter_id": "sa1", "cases": {"submitter_id": "ca1"}, "tissue": "saliva"},
    {"type": "sample", "submitter_id": "sa2", "cases": [{"submitter_id": "ca2"}], "tissue": "saliva"},
    {"type": "case", "submitter_id": "ca1", "studies": {"submitter_id": "ceph-1463"}},
    {"type": "case", "submitter_id": "ca2", "studies": "ceph-1463"},
]


def changed(at: int, **values: Any) -> list[dict[str, Any]]:
    return [one | values if number == at else one for number, one in enumerate(FAMILY)]


def statuses(done: Any) -> dict[int, str]:
    return {one.row: one.status for receipt in done.receipts for one in receipt}


def test_parents_go_first(rig: Rig) -> None:
    connection = rig.connect("write")
    done = connection.extras.submit(FAMILY, method="add").raise_for_refused()
    assert [(one.table, one.created) for one in done.receipts] == [("case", 2), ("sample", 2), ("aliquot", 1)]
    assert set(statuses(done)) == set(range(5)), "rows are those of what was given"
    assert connection["aliquot"].get("al1")["samples"] == ["sa1", "sa2"]
    assert len(rig.asked("POST", HERE)) == 3
    again = connection.extras.submit(FAMILY)
    assert set(statuses(again).values()) == {"unchanged"}


def test_children_of_a_refused_parent_wait(rig: Rig) -> None:
    done = rig.connect("write").extras.submit(changed(4, studies="nobody"), on_refused="isolate")
    assert statuses(done) == {3: "created", 4: "refused", 1: "created", 2: "not_sent", 0: "not_sent"}
    assert done["sample"].outcomes[1].code == "BD-WRITE-PARENT"
    assert done["aliquot"].outcomes[0].message.startswith("its sample is not there")
    with pytest.raises(WriteError):
        done.raise_for_refused()


def test_a_record_waits_for_one_of_its_own_kind_too() -> None:
    links = {
        "studies": Link("studies", "study", "submitter_id", many=False, required=True),
        "parents": Link("parents", "case", "submitter_id", many=True, required=False),
    }
    node = NodeType("case", "", "", "submitter_id", {}, links, (), writable=True)
    waiting = Waiting(Catalog({"case": node}))
    waiting.note(Receipt("add", "study", (Outcome(9, "refused", "bad"),)))
    rows = [
        (0, {"submitter_id": "child", "studies": "good", "parents": ["parent"]}),
        (1, {"submitter_id": "parent", "studies": "bad"}),
        (2, {"submitter_id": "other", "studies": "good"}),
    ]
    held, sent = waiting.split("case", rows, all_wait=False)
    assert sorted((one.row, one.code) for one in held) == [(0, "BD-WRITE-PARENT"), (1, "BD-WRITE-PARENT")]
    assert [row for row, _ in sent] == [2]


def test_nothing_is_sent_after_a_refusal_that_stops(rig: Rig) -> None:
    done = rig.connect("write").extras.submit(changed(4, studies="nobody"))
    assert statuses(done) == {3: "not_sent", 4: "refused", 1: "not_sent", 2: "not_sent", 0: "not_sent"}
    assert len(rig.asked("PUT", HERE)) == 1


def test_where_the_way_breaks_the_receipt_is_of_all(rig: Rig) -> None:
    def break_it(_: int) -> None:
        rig.faults.add(f"POST {HERE}", status=201, body="{}")

    with pytest.raises(RemoteError) as caught:
        rig.connect("write").extras.submit(FAMILY, method="add", progress=break_it)
    told = {one.row: one.status for one in caught.value.receipt or ()}
    assert told == {3: "created", 4: "created", 1: "unknown", 2: "unknown"}


@pytest.mark.parametrize("suffix", ["json", "ndjson"])
def test_a_file_of_documents(rig: Rig, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"family.{suffix}"
    text = json.dumps(FAMILY) if suffix == "json" else "\n".join(map(json.dumps, FAMILY))
    path.write_text(text)
    assert rig.connect("write").extras.submit(path).ok


def test_a_sheet_as_the_portal_takes_it(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "samples.tsv"
    path.write_text(
        "*type\tproject_id\t*submitter_id\tdays_to_collection\tcell_line\tstorage\t*cases.submitter_id\t*tissue\n"
        "sample\tdemo-ceph1463\ts1\t5\ttrue\ta,b\tNA12878\tblood\n"
    )
    connection = rig.connect("write")
    connection.extras.submit(str(path)).raise_for_refused()
    found = connection["sample"].get("s1")
    assert (found["days_to_collection"], found["cell_line"], found["storage"]) == (5, True, ["a", "b"])
    assert found["cases"] == "NA12878"


def test_several_links_in_a_cell(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "aliquots.tsv"
    path.write_text("type\tsubmitter_id\tsamples.submitter_id\naliquot\ta\tNA12878-blood, NA12877-blood\n")
    connection = rig.connect("write")
    connection.extras.submit(path).raise_for_refused()
    assert sorted(connection["aliquot"].get("a")["samples"]) == ["NA12877-blood", "NA12878-blood"]


@pytest.mark.parametrize("format_", ["tsv", "json"])
def test_an_export_can_be_submitted_again(rig: Rig, tmp_path: Path, format_: Any) -> None:
    rig.samples(5)
    connection = rig.connect("write")
    ids = [one.id for one in rig.state.of_type("sample")]
    path = tmp_path / f"sample.{format_}"
    if format_ == "tsv":
        connection.export(node="sample", to=path)
    else:
        connection.export(ids=ids, format="json", to=path)
    done = connection.extras.submit(path)
    assert done["sample"].unchanged == 11
    assert rig.asked("PUT") == []


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"project_id": "demo-other"}, "BD-WRITE-UNKNOWN-FIELD"),
        ({"cases": {"id": "00000000-0000-4000-8000-000000000000"}}, "BD-WRITE-UNKNOWN-FIELD"),
        ({"cases.id": "00000000-0000-4000-8000-000000000000"}, "BD-WRITE-UNKNOWN-FIELD"),
        ({"cases.submitter_id#1": "NA12878"}, "BD-WRITE-UNKNOWN-FIELD"),
    ],
)
def test_what_is_not_understood_is_refused_here(rig: Rig, record: dict[str, Any], code: str) -> None:
    given = {"type": "sample", "submitter_id": "x", "tissue": "blood", "cases": "NA12878"} | record
    done = rig.connect("write").extras.submit([given], method="add")
    assert [one.code for one in done.refused] == [code]
    assert rig.asked("POST", HERE) == []


def test_records_without_a_type_or_with_a_strange_one(rig: Rig) -> None:
    extras = rig.connect("write").extras
    with pytest.raises(SchemaError):
        extras.submit([*FAMILY, {"submitter_id": "x"}])
    with pytest.raises(NotFound):
        extras.submit([*FAMILY, {"type": "zebra", "submitter_id": "x"}])
    assert rig.asked("PUT") == []


def test_a_dry_run_is_the_commons_own(rig: Rig) -> None:
    connection = rig.connect("write")
    done = connection.extras.dry_run(changed(0, samples=["sa1", "nobody"]))
    assert statuses(done) == {0: "refused", 1: "not_sent", 2: "not_sent", 3: "not_sent", 4: "not_sent"}
    assert done.refused[0].code == "BD-WRITE-REFERENCE"
    assert done["case"].outcomes[0].message == "would create"
    assert connection["case"].count() == 6, "nothing was written"
    assert len(rig.asked("PUT", f"{HERE}/_dry_run")) == 1
    twice = connection.extras.dry_run([FAMILY[3], FAMILY[3]])
    assert set(statuses(twice).values()) == {"refused"}
    misfit = connection.extras.dry_run(changed(1, zebra=1))
    assert [one.code for one in misfit.refused] == ["BD-WRITE-UNKNOWN-FIELD", "BD-WRITE-REFERENCE"]


def test_a_dry_run_without_rights(rig: Rig) -> None:
    with pytest.raises(PermissionDenied):
        rig.connect("write", user=READER).extras.dry_run(FAMILY)
    rig.state.project("demo", "ceph1463").props["state"] = "review"
    with pytest.raises(PermissionDenied) as caught:
        rig.connect("write").extras.dry_run(FAMILY)
    assert caught.value.code == "BD-WRITE-LOCKED"


def test_dependants_are_found_and_deleted_first(rig: Rig) -> None:
    connection = rig.connect()
    connection.extras.submit(FAMILY).raise_for_refused()
    assert connection.extras.dependants("case", ["ca1", "ca2"]) == {"sample": ["sa1", "sa2"], "aliquot": ["al1"]}
    done = connection.extras.delete_with_dependants("case", "ca1").raise_for_refused()
    assert [(one.table, one.deleted) for one in done.receipts] == [("aliquot", 1), ("sample", 1), ("case", 1)]
    assert connection["sample"].count("submitter_id = 'sa2'") == 1
    assert connection.extras.delete_with_dependants("case", "absent")["case"].unchanged == 1


def test_a_node_type_that_is_met_at_several_depths_has_one_receipt(rig: Rig) -> None:
    connection = rig.connect()
    lonely = {"type": "sample", "submitter_id": "sa3", "cases": "ca1", "tissue": "saliva"}
    connection.extras.submit([*FAMILY, lonely]).raise_for_refused()
    done = connection.extras.delete_with_dependants("case", ["ca1", "ca2"]).raise_for_refused()
    assert {one.table: one.deleted for one in done.receipts} == {"sample": 3, "aliquot": 1, "case": 2}
    assert sorted(one.key for one in done["sample"]) == ["sa1", "sa2", "sa3"]
    assert sorted(statuses(done)) == list(range(6))


def test_what_was_deleted_before_the_way_broke_is_told(rig: Rig) -> None:
    connection = rig.connect()
    connection.extras.submit(FAMILY).raise_for_refused()
    sample = rig.state.by_key("sample", "demo-ceph1463", "sa1").id
    rig.faults.add(f"DELETE {HERE}/entities/{sample}", times=9, status=500, body="broken")
    with pytest.raises(RemoteError) as caught:
        connection.extras.delete_with_dependants("case", "ca1")
    assert [(one.row, one.key, one.status) for one in caught.value.receipt] == [
        (0, "al1", "deleted"),
        (1, "sa1", "unknown"),
    ]


def test_what_a_refusal_leaves_undeleted_is_told(rig: Rig) -> None:
    connection = rig.connect()
    connection.extras.submit(FAMILY).raise_for_refused()
    sample = rig.state.by_key("sample", "demo-ceph1463", "sa1").id
    error = {"type": "INVALID_LINK", "message": "it has dependents", "keys": [], "id": sample, "dependents": []}
    report = {"code": 400, "success": False, "entities": [{"id": sample, "errors": [error]}]}
    rig.faults.add(f"DELETE {HERE}/entities/{sample}", status=400, body=json.dumps(report))
    done = connection.extras.delete_with_dependants("case", "ca1")
    assert not done.ok
    assert statuses(done) == {0: "deleted", 1: "refused", 2: "not_sent"}
    assert connection["case"].get("ca1")["submitter_id"] == "ca1"


def test_a_whole_study_with_records_that_link_to_their_own_kind(rig: Rig) -> None:
    connection = rig.connect()
    done = connection.extras.delete_with_dependants("study", "ceph-1463").raise_for_refused()
    assert done.receipts[-1].table == "study"
    assert not list(rig.state.in_project("demo-ceph1463"))


def test_deleting_with_dependants_needs_the_access(rig: Rig) -> None:
    with pytest.raises(PermissionDenied):
        rig.connect("write").extras.delete_with_dependants("case", "NA12878")


def test_a_whole_node_with_progress(rig: Rig) -> None:
    rig.samples(150)
    told: list[int] = []
    connection = rig.connect()
    connection["submitted_reads"].delete(all=True)
    assert connection.extras.delete_node("sample", progress=told.append).deleted == 156
    assert told == [100, 156]
