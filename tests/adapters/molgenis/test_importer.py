"""The importer: archives with their choices, a run followed to its end, tables of records."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime

import pytest

import biodata
from biodata.http import multipart
from biodata.http.sending import Pieces
from biodata_molgenis.importer import form_file
from biodata_molgenis.sandbox.model import Attribute

ENTITIES = "name,label,package\nCity,City,lab\n"
ATTRIBUTES = """name,entity,dataType,idAttribute,labelAttribute,nillable
code,lab_City,string,TRUE,,FALSE
name,lab_City,string,,TRUE,FALSE
"""


@pytest.fixture
def archive(tmp_path):
    def make(rows="gro,Groningen\nams,Amsterdam\n", attributes=ATTRIBUTES):
        path = tmp_path / "emx.zip"
        with zipfile.ZipFile(path, "w") as emx:
            emx.writestr("packages.csv", "name,label\nlab,Lab\n")
            emx.writestr("entities.csv", ENTITIES)
            emx.writestr("attributes.csv", attributes)
            emx.writestr("lab_City.csv", "code,name\n" + rows)
        return path

    return make


def rows(connection, table="lab_City"):
    return {row["code"]: row["name"] for row in connection[table].query(fields=["code", "name"])}


def test_an_archive_makes_a_table_and_fills_it(rig, archive):
    connection = rig.connect()
    run = connection.extras.upload(archive())
    assert (run.status, run.tables, run.end_date.tzinfo) == ("FINISHED", ("lab_City",), UTC)
    assert run.message == "Imported 2 lab_City entities"
    assert rows(connection) == {"gro": "Groningen", "ams": "Amsterdam"}
    (sent,) = rig.asked("POST", "/plugin/importwizard/importFile")
    assert sent.target.endswith("?action=add&metadataAction=upsert")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("add_update_existing", {"gro": "Grunn", "ams": "Amsterdam", "utr": "Utrecht"}),
        ("add_ignore_existing", {"gro": "Groningen", "ams": "Amsterdam", "utr": "Utrecht"}),
        ("add", None),
        ("update", None),
    ],
)
def test_what_happens_to_records_that_are_there(rig, archive, data, expected):
    connection = rig.connect()
    connection.extras.upload(archive())
    before = rows(connection)
    second = archive("gro,Grunn\nutr,Utrecht\n")
    if expected is None:
        with pytest.raises(biodata.WriteError) as caught:
            connection.extras.upload(second, data=data, metadata="ignore")
        assert caught.value.code == "BD-WRITE-IMPORT"
        assert "gro" not in str(caught.value), "people's values stay out"
        assert "utr" not in str(caught.value)
        assert rows(connection) == before
    else:
        connection.extras.upload(second, data=data, metadata="ignore")
        assert rows(connection) == expected


def test_records_can_be_updated_alone(rig, archive):
    connection = rig.connect()
    connection.extras.upload(archive())
    connection.extras.upload(archive("gro,Grunn\n"), data="update", metadata="ignore")
    assert rows(connection) == {"gro": "Grunn", "ams": "Amsterdam"}


def test_what_happens_to_tables_that_are_there(rig, archive):
    connection = rig.connect()
    extras = connection.extras
    with pytest.raises(biodata.WriteError):
        extras.upload(archive(), metadata="update")
    extras.upload(archive(), metadata="add")
    with pytest.raises(biodata.WriteError):
        extras.upload(archive(""), metadata="add")
    wider = ATTRIBUTES + "people,lab_City,int,,,TRUE\n"
    extras.upload(archive("", wider), metadata="update")
    assert "people" in connection.schema("lab_City", refresh=True)
    with pytest.raises(biodata.WriteError):
        extras.upload(archive("nowhere", "").with_name("emx.zip"), metadata="ignore")


def test_a_run_is_followed_to_its_end_with_progress(rig, archive):
    rig.state.import_seconds = 100.0
    connection = rig.connect()
    seen = []

    def progress(run):
        seen.append(run.status)
        if len(seen) > 1:
            assert "lab_City" not in rig.state.types or run.status == "FINISHED"
            rig.clock.advance(60)

    run = connection.extras.upload(archive(), progress=progress)
    assert seen == ["RUNNING", "RUNNING", "RUNNING", "FINISHED"]
    assert run.start_date < run.end_date
    assert rows(connection)["gro"] == "Groningen"


def test_a_run_can_be_left_and_followed_later(rig, archive):
    rig.state.import_seconds = 100.0
    extras = rig.connect().extras
    run = extras.upload(archive(), wait=False)
    assert run.status == extras.import_run(run.id).status == "RUNNING"
    with pytest.raises(biodata.RemoteError) as caught:
        extras.wait_for_import(run.id, timeout=0)
    assert (caught.value.code, run.id in str(caught.value)) == ("BD-REMOTE-TIMEOUT", True)
    rig.clock.advance(101)
    assert extras.wait_for_import(run.id).status == "FINISHED"


def test_a_run_outlives_the_token(rig, archive):
    rig.state.import_seconds = 100.0
    connection = rig.connect()

    def progress(run):
        rig.state.end_tokens()
        rig.clock.advance(101)

    assert connection.extras.upload(archive(), progress=progress).status == "FINISHED"
    assert rig.logins() > 1


def test_a_file_that_the_server_does_not_take(rig, archive, tmp_path):
    extras = rig.connect().extras
    odd = tmp_path / "nodot"
    odd.write_bytes(b"?")
    with pytest.raises(biodata.WriteError) as caught:
        extras.upload(odd)
    assert caught.value.code == "BD-WRITE-IMPORT"
    with pytest.raises(biodata.QueryError, match="data is one of add"):
        extras.upload(archive(), data="replace")


@pytest.mark.parametrize("name", ["absent.zip", ""])
def test_a_file_that_cannot_be_read_is_known_before_anything_is_sent(rig, tmp_path, name):
    with pytest.raises(biodata.WriteError) as caught:
        rig.connect().extras.upload(tmp_path / name)
    assert caught.value.code == "BD-WRITE-FILE"
    assert not rig.asked("POST", "/plugin")


def test_a_file_is_read_while_it_is_sent_and_again_after_a_dead_token(rig, archive):
    body, _ = multipart({}, [form_file(archive())])
    assert isinstance(body, Pieces), "its size does not matter"
    connection = rig.connect()
    connection.tables()
    rig.state.end_tokens()
    assert connection.extras.upload(archive()).status == "FINISHED"
    assert [one.status for one in rig.asked("POST", "/plugin")] == [401, 201]
    assert rows(connection) == {"gro": "Groningen", "ams": "Amsterdam"}


@pytest.mark.parametrize("tables", [{}, {"rt_City": []}, {"rt_City": iter(())}, [{"code": "x"}]])
def test_nothing_to_import_is_not_sent(people, tables):
    with pytest.raises(biodata.WriteError) as caught:
        people.connect().extras.import_tables(tables)
    assert caught.value.code == "BD-WRITE-INPUT"
    assert not people.asked("POST", "/plugin")


def test_a_table_without_records_is_left_out(people):
    connection = people.connect()
    run = connection.extras.import_tables({"rt_Person": [], "rt_City": [{"code": "utr", "name": "Utrecht"}]})
    assert run.tables == ("rt_City",)


def test_an_import_needs_access(rig, archive):
    connection = rig.connect(access="read")
    for call in (lambda: connection.extras.upload(archive()), lambda: connection.extras.import_tables({})):
        with pytest.raises(biodata.PermissionDenied):
            call()
    assert not rig.asked("POST", "/plugin")


# --- tables of records -------------------------------------------------------------------------------------

PERSON = {
    "id": "p1",
    "fullName": 'Ann "A", née B',
    "age": 40,
    "big": 2**60,
    "active": False,
    "born": date(1984, 1, 2),
    "seen": datetime(2024, 1, 1, 12, tzinfo=UTC),
    "notes": "two\nlines",
    "city": "utr",
    "visited": ["utr", "gro"],
}


def test_records_of_several_tables_go_at_once(people):
    connection = people.connect()
    run = connection.extras.import_tables({"rt_Person": [PERSON], "rt_City": {"code": "utr", "name": "Utrecht"}})
    assert set(run.tables) == {"rt_City", "rt_Person"}
    assert len(people.asked("POST", "/plugin")) == 1
    found = connection["rt_Person"].get("p1", fields=list(PERSON))
    assert found == PERSON


def test_frames_go_too(people):
    import pandas as pd

    connection = people.connect()
    connection.extras.import_tables({"rt_City": pd.DataFrame({"code": ["utr"], "name": ["Utrecht"]})})
    assert connection["rt_City"].get("utr")["name"] == "Utrecht"


def test_a_record_that_would_be_emptied_is_refused(people):
    connection = people.connect()
    with pytest.raises(biodata.WriteError) as caught:
        connection.extras.import_tables({"rt_City": [{"code": "gro"}]}, data="update")
    assert caught.value.code == "BD-WRITE-PARTIAL"
    assert "name" in str(caught.value)
    assert not people.asked("POST", "/plugin")
    city = {**connection["rt_City"].get("gro"), "name": "Grunn"}
    connection.extras.import_tables({"rt_City": [city]}, data="add_update_existing")
    assert connection["rt_City"].get("gro")["name"] == "Grunn"


def test_a_sheet_cannot_hold_a_file_so_a_record_with_one_is_not_replaced(people):
    connection = people.connect()
    connection["rt_Person"].add({**PERSON, "city": "gro", "visited": [], "photo": biodata.Upload(b"face", "a.png")})
    whole = connection["rt_Person"].get("p1")
    without = {name: value for name, value in whole.items() if name != "photo"}
    for record, code in ((without, "BD-WRITE-PARTIAL"), (whole, "BD-WRITE-FILE")):
        with pytest.raises(biodata.WriteError) as caught:
            connection.extras.import_tables({"rt_Person": [record]}, data="update")
        assert caught.value.code == code
    assert not people.asked("POST", "/plugin")


@pytest.mark.parametrize(
    ("table", "record", "code"),
    [
        ("rt_City", {"code": "x", "nmae": "y"}, "BD-WRITE-UNKNOWN-FIELD"),
        ("rt_Person", {"id": "x", "fullName": "y", "age": "old"}, "BD-WRITE-TYPE"),
        ("rt_Person", {"id": "x", "fullName": "y", "visited": ["a,b"]}, "BD-WRITE-TYPE"),
        ("rt_Person", {"id": "x"}, "BD-WRITE-REQUIRED"),
        ("rt_Person", {"id": "x", "fullName": "y", "photo": {"filename": "a"}}, "BD-WRITE-FILE"),
        ("rt_Person", {"id": "x", "fullName": "y", "visited": ["gro "]}, "BD-WRITE-TYPE"),
        ("rt_Person", {"id": "x", "fullName": "y", "visited": ["gro", ""]}, "BD-WRITE-TYPE"),
        ("rt_Person", {"id": "x", "fullName": "y", "notes": "one\r\ntwo"}, "BD-WRITE-TYPE"),
        ("rt_Person", {"id": "x", "fullName": "y", "lvl": None}, "BD-WRITE-TYPE"),
        ("rt_City", {"code": "x", "name": "y", "people": ["p1"]}, "BD-WRITE-TYPE"),
    ],
)
def test_a_record_that_does_not_fit_is_not_sent(people, table, record, code):
    with pytest.raises(biodata.WriteError) as caught:
        people.connect().extras.import_tables({"rt_City": [{"code": "ok", "name": "OK"}], table: [record]})
    assert (caught.value.code, caught.value.table) == (code, table)
    assert not people.asked("POST", "/plugin")


TEXTS = [
    "C:\\temp\\new", "ends in a backslash\\", 'a \\" b', "\\\\server\\share", '"quoted"', '""', "a,b;c",
    "two\nlines\n", " blanks ", "NA", "\\N", "née", "=1+1", "'", "\t", "\n",
]  # fmt: skip


def test_any_text_arrives_as_it_was(people):
    """The server's reader of CSV drops a backslash that stands outside quotes, or alone."""
    connection = people.connect()
    given = [{"id": f"p{n:02}", "fullName": "x", "notes": text} for n, text in enumerate(TEXTS)]
    connection.extras.import_tables({"rt_Person": given})
    found = connection["rt_Person"].query(fields=["id", "notes"], order_by="id").to_records()
    assert [row["notes"] for row in found] == TEXTS


def test_a_field_with_a_default_that_is_not_given_gets_it(people):
    connection = people.connect()
    rows = [{"id": "a", "fullName": "A", "lvl": 1}, {"id": "b", "fullName": "B"}]
    connection.extras.import_tables({"rt_Person": rows})
    assert [row["lvl"] for row in connection["rt_Person"].query(order_by="id")] == [1, 7]


def test_an_import_leaves_the_children_of_a_record_alone(people):
    connection = people.connect()
    connection["rt_Person"].add({"id": "p1", "fullName": "Ann", "city": "gro"})
    city = connection["rt_City"].get("gro")
    assert city.pop("people") == ["p1"]
    connection.extras.import_tables({"rt_City": [{**city, "name": "Grunn"}]}, data="update")
    assert connection["rt_City"].get("gro") == {"code": "gro", "name": "Grunn", "people": ["p1"]}


def test_one_table_refused_means_none_imported(people):
    people.state.create_table(
        "zz", (Attribute(name="id", is_id=True), Attribute(name="c", type="xref", ref="rt_City"))
    )
    connection = people.connect()
    with pytest.raises(biodata.WriteError):
        connection.extras.import_tables({"rt_City": [{"code": "utr", "name": "U"}], "zz": [{"id": "1", "c": "no"}]})
    assert connection["rt_City"].get(["utr"]).missing == ("utr",)
