"""Adding, changing, deleting: bodies, lists, refusals, half-done answers, lost answers."""

from __future__ import annotations

import pytest

import biodata


def test_add_and_read_again(writing):
    record = {
        "id": "new",
        "description": "made for a test",
        "individualId": "NA12877",
        "somatic": True,
        "processing": {"product": {"id": "DNA"}, "labSampleId": "L-7"},
        "phenotypes": [{"id": "HP:1", "name": "one", "status": "OBSERVED"}],
        "attributes": {"a": 1, "deep": {"b": [1, 2]}},
    }
    receipt = writing["samples"].add(record)
    assert (receipt.created, receipt.outcomes[0].key) == (1, "new")
    stored = writing["samples"].get("new")
    assert receipt.outcomes[0].id == stored["uuid"]
    assert (stored["description"], stored["individualId"], stored["somatic"]) == ("made for a test", "NA12877", True)
    assert stored["processing"]["product"]["id"] == "DNA"
    assert stored["phenotypes"][0]["name"] == "one"
    assert stored["attributes"] == record["attributes"]


def test_an_individual_with_parents_and_samples_that_are_there(writing):
    writing["samples"].add({"id": "s"}).raise_for_refused()
    person = {"id": "kid", "sex": {"id": "FEMALE"}, "father": "NA12877", "mother": "NA12878", "samples": ["s"]}
    writing["individuals"].add(person).raise_for_refused()
    stored = writing["individuals"].get("kid", fields=["father", "mother", "samples", "sex.id"])
    assert stored == {"father": "NA12877", "mother": "NA12878", "samples": ["s"], "sex": {"id": "FEMALE"}}
    assert writing["samples"].get("s")["individualId"] == "kid"


def test_a_family_and_a_cohort(writing):
    writing["families"].add({"id": "trio", "members": ["NA12877", "NA12878", "NA12882"]}).raise_for_refused()
    assert writing["families"].get("trio")["members"] == ["NA12877", "NA12878", "NA12882"]
    writing["cohorts"].add({"id": "two", "type": "COLLECTION", "samples": ["NA12877-DNA"]}).raise_for_refused()
    writing["cohorts"].update({"id": "two", "samples": ["NA12878-DNA"]}, lists="add").raise_for_refused()
    assert writing["cohorts"].get("two")["samples"] == ["NA12877-DNA", "NA12878-DNA"]


def test_a_duplicate_stops_and_the_rest_is_not_sent(writing):
    receipt = writing["samples"].add([{"id": "a"}, {"id": "NA12877-DNA"}, {"id": "b"}])
    assert [one.status for one in receipt] == ["created", "refused", "not_sent"]
    assert receipt.refused[0].code == "BD-WRITE-DUPLICATE"
    assert "NA12877" not in receipt.refused[0].message
    receipt = writing["samples"].add([{"id": "c"}, {"id": "a"}, {"id": "d"}], on_refused="isolate")
    assert [one.status for one in receipt] == ["created", "refused", "created"]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"id": "a b"}, "BD-WRITE-KEY"),
        ({"id": "x", "individualId": "nobody"}, "BD-WRITE-REFERENCE"),
        ({"id": "x", "version": 3}, "BD-WRITE-READ-ONLY"),
        ({"id": "x", "nonsense": 3}, "BD-WRITE-UNKNOWN-FIELD"),
        ({"description": "no id"}, "BD-KEY-EMPTY"),
    ],
)
def test_refused_records(writing, record, code):
    receipt = writing["samples"].add(record)
    assert [one.code for one in receipt.refused] == [code]


def test_update_changes_what_is_given_and_nothing_else(writing):
    samples = writing["samples"]
    samples.add({"id": "u", "description": "old", "phenotypes": [{"id": "P:1"}, {"id": "P:2"}]})
    assert samples.update({"id": "u", "phenotypes": [{"id": "P:3"}]}).updated == 1
    stored = samples.get("u")
    assert [one["id"] for one in stored["phenotypes"]] == ["P:3"], "replaced whole, not added to"
    assert stored["description"] == "old"
    samples.update({"id": "u", "phenotypes": [{"id": "P:4"}]}, lists="add")
    samples.update({"id": "u", "phenotypes": [{"id": "P:3"}]}, lists="remove")
    assert [one["id"] for one in samples.get("u")["phenotypes"]] == ["P:4"]
    samples.update({"id": "u", "phenotypes": [], "description": None, "individualId": "NA12877"})
    stored = samples.get("u")
    assert (stored["phenotypes"], stored["description"], stored["individualId"]) == ([], None, "NA12877")
    samples.update({"id": "u", "individualId": None})
    assert samples.get("u")["individualId"] is None


def test_what_cannot_be_cleared_is_refused_before_it_is_sent(rig):
    connection = rig.connect()
    connection["samples"].add({"id": "u", "attributes": {"a": 1, "b": 2}})
    connection["individuals"].schema  # noqa: B018 - only to have it
    rig.log.clear()
    for record in ({"sex": None}, {"father": None}, {"lifeStatus": None}, {"attributes": None}):
        receipt = connection["individuals"].update({"id": "NA12882", **record})
        assert [one.code for one in receipt.refused] == ["BD-WRITE-CLEAR"], record
    assert len(rig.log) == 0
    receipt = connection["samples"].update({"id": "u", "attributes": {"a": 3}})
    assert receipt.refused[0].code == "BD-WRITE-CLEAR", "b would stay"
    assert rig.asked("POST", "/update") == []
    assert connection["samples"].update({"id": "u", "attributes": {"a": 3, "b": 2, "c": 1}}).updated == 1


def test_equal_updates_go_together(rig):
    samples = rig.connect()["samples"]
    keys = [f"NA128{number}-DNA" for number in (77, 78, 79, 80)]
    rig.log.clear()
    receipt = samples.update([{"id": key, "description": "same"} for key in keys])
    assert receipt.updated == 4
    assert len(rig.asked("POST", "/update")) == 1
    assert samples.count() == 17


def test_a_half_done_update(writing):
    records = [{"id": key, "description": "x"} for key in ("NA12877-DNA", "nobody", "a,b", "NA12878-DNA")]
    receipt = writing["samples"].update(records, on_refused="isolate")
    assert [one.status for one in receipt] == ["updated", "refused", "refused", "updated"]
    assert {one.code for one in receipt.refused} == {"BD-NOT-FOUND"}


def test_upsert_twice(rig):
    samples = rig.connect()["samples"]
    records = [{"id": "NA12877-DNA", "description": "d"}, {"id": "n1", "somatic": True}]
    assert str(samples.upsert(records)) == "upsert samples: 1 updated, 1 created"
    rig.log.clear()
    assert samples.upsert(records).unchanged == 2
    assert rig.asked("POST", "/samples") == []


def test_delete_record_by_record(writing):
    samples = writing["samples"]
    samples.add([{"id": "a"}, {"id": "b"}])
    receipt = samples.delete(["a", "nobody", "NA12877-DNA", "b", "x/y"], on_refused="isolate")
    assert [one.status for one in receipt] == ["hidden", "unchanged", "refused", "hidden", "unchanged"]
    assert receipt.refused[0].code == "BD-WRITE-REFERENCED"
    assert "NA12877" not in receipt.refused[0].message
    assert samples.count() == 17
    assert samples.add({"id": "a"}).created == 1, "an id can be used again"


def test_more_than_a_hundred(rig):
    samples = rig.connect()["samples"]
    keys = [f"many-{number:03}" for number in range(250)]
    samples.add([{"id": key} for key in keys]).raise_for_refused()
    assert len(samples.get(keys, fields=["id"])) == 250
    rig.log.clear()
    assert samples.update([{"id": key, "description": "d"} for key in keys]).updated == 250
    assert len(rig.asked("POST", "/update")) == 3
    assert samples.delete(keys).deleted == 250
    assert len(rig.asked("DELETE", "/delete")) == 3


def test_files_are_queued_for_deletion(rig, writing):
    files = writing["files"]
    assert files.add({"id": "data:a.txt", "type": "FILE"}).created == 1
    assert files.get("data:a.txt")["path"] == "data/a.txt"
    receipt = files.delete(["data:a.txt", "data:none.txt"])
    assert (receipt.queued, receipt.unchanged) == (1, 1)
    assert files.get("data:a.txt", fields=["name"]) == {"name": "a.txt"}, "it stays until the job has run"
    rig.state.job_seconds = 0.05
    (job,) = writing.extras.wait(receipt, pause=0.02)
    assert (job["tool"]["id"], job["internal"]["status"]["id"]) == ("files-delete", "DONE")
    assert files.count("id = 'data:a.txt'") == 0


def test_the_answer_of_a_create_is_lost(rig):
    samples = rig.connect()["samples"]
    samples.count()
    rig.faults.add("POST */samples/create", drop="after")
    rig.log.clear()
    receipt = samples.add({"id": "lost", "description": "here"})
    assert [one.status for one in receipt] == ["created"]
    assert len(rig.asked("POST", "/samples/create")) == 1, "never sent twice"


def test_a_create_that_never_arrived_is_unknown(rig):
    samples = rig.connect()["samples"]
    samples.count()
    rig.faults.add("POST */samples/create", drop="before")
    receipt = samples.add({"id": "lost"})
    assert [one.status for one in receipt] == ["unknown"]
    assert samples.count("id = 'lost'") == 0


def test_a_denied_write_is_sent_once(rig):
    connection = rig.connect(user="viewer")
    connection["samples"].count()
    for verb, part, work in (
        ("POST", "/create", lambda: connection["samples"].add({"id": "x"})),
        ("POST", "/update", lambda: connection["samples"].update({"id": "NA12877-DNA", "description": "x"})),
        ("DELETE", "/delete", lambda: connection["cohorts"].delete("generation-1")),
    ):
        rig.log.clear()
        with pytest.raises(biodata.PermissionDenied):
            work()
        assert len(rig.asked(verb, part)) == 1
        assert rig.logins() == 0


def test_partly_denied(rig):
    owner, viewer = rig.connect(), rig.connect(user="viewer")
    client = owner.client
    client.samples.update_acl("viewer", "SET", {"sample": "NA12877-DNA", "permissions": "VIEW,WRITE"})
    records = [{"id": key, "description": "x"} for key in ("NA12877-DNA", "NA12878-DNA")]
    receipt = viewer["samples"].update(records, on_refused="isolate")
    assert [(one.status, one.code) for one in receipt] == [("updated", ""), ("refused", "BD-WRITE-DENIED")]
    assert owner["samples"].get("NA12877-DNA")["description"] == "x"


def test_access_levels(rig):
    with pytest.raises(biodata.PermissionDenied) as caught:
        rig.connect("read")["samples"].add({"id": "x"})
    assert caught.value.code == "BD-ACCESS"
    assert len(rig.log) == 0


def test_upsert_of_objects_lists_and_references_twice(rig):
    people = rig.connect()["individuals"]
    record = {
        "id": "kid",
        "sex": {"id": "FEMALE"},
        "father": "NA12877",
        "phenotypes": [{"id": "HP:1", "name": "one"}],
        "population": {"name": "CEU"},
        "attributes": {"a": {"b": 1}},
        "dateOfBirth": None,
    }
    assert people.upsert(record).created == 1
    rig.log.clear()
    assert [one.status for one in people.upsert(record)] == ["unchanged"]
    assert rig.asked("POST", "/individuals") == []


def test_samples_of_an_individual_are_replaced_added_and_taken(writing):
    writing["samples"].add([{"id": "a"}, {"id": "b"}, {"id": "c"}])
    people = writing["individuals"]
    people.add({"id": "kid", "samples": ["a"]}).raise_for_refused()
    people.update({"id": "kid", "samples": ["b"]}).raise_for_refused()
    assert people.get("kid")["samples"] == ["b"]
    assert writing["samples"].get("a")["individualId"] is None
    people.update({"id": "kid", "samples": ["c"]}, lists="add").raise_for_refused()
    people.update({"id": "kid", "samples": ["b"]}, lists="remove").raise_for_refused()
    assert people.get("kid")["samples"] == ["c"]
    refused = people.update({"id": "kid", "samples": ["nobody"]})
    assert [one.code for one in refused.refused] == ["BD-WRITE-REFERENCE"]


def test_delete_by_filter_and_everything(writing):
    writing["cohorts"].delete(where="id like 'generation-%' and numSamples < 5")
    assert [one["id"] for one in writing["cohorts"].query()] == ["generation-3"]
    assert writing["cohorts"].delete(all=True).deleted == 1
    assert writing["cohorts"].count() == 0
    with pytest.raises(biodata.QueryError):
        writing["cohorts"].delete("")


def test_an_update_that_changes_nothing(writing):
    people = writing["individuals"]
    people.add({"id": "kid", "name": ""}).raise_for_refused()
    assert people.get("kid")["name"] is None, "a blank text is none there"
    assert [one.status for one in people.upsert({"id": "kid", "name": ""})] == ["unchanged"]
    assert [one.status for one in people.update({"id": "kid", "name": "x"})] == ["updated"]
    assert [one.status for one in people.update({"id": "kid", "name": "x"})] == ["unchanged"]


STRANGE = ["<html><title>Log in</title></html>", "{}", "[]", '{"responses": []}']


@pytest.mark.parametrize("body", STRANGE)
@pytest.mark.parametrize(
    ("operation", "work"),
    [
        ("POST */samples/create", lambda samples: samples.add({"id": "x"})),
        ("POST */update", lambda samples: samples.update({"id": "NA12877-DNA", "description": "x"})),
        ("DELETE */delete", lambda samples: samples.delete("NA12877-DNA")),
    ],
)
def test_what_a_proxy_says_is_no_success(rig, operation, work, body):
    samples = rig.connect()["samples"]
    samples.count()
    rig.faults.add(operation, status=200, body=body, content_type="text/html")
    with pytest.raises(biodata.RemoteError) as caught:
        work(samples)
    assert [one.status for one in caught.value.receipt] == ["unknown"]


def test_a_key_with_the_word_denied_in_it_is_only_absent(writing):
    receipt = writing["samples"].update({"id": "denied-1", "description": "x"})
    assert receipt.outcomes[0].code == "BD-NOT-FOUND"
    assert writing["samples"].delete("denied-1").outcomes[0].status == "unchanged"


def test_a_uuid_is_no_key(writing):
    samples = writing["samples"]
    uuid = samples.get("NA12877-DNA")["uuid"]
    assert samples.delete(uuid).outcomes[0].status == "unchanged"
    records = [{"id": key, "description": "x"} for key in (uuid, "NA12878-DNA")]
    receipt = samples.update(records, on_refused="isolate")
    assert [(one.status, one.code) for one in receipt] == [("refused", "BD-NOT-FOUND"), ("updated", "")]
    assert samples.get("NA12877-DNA")["description"] != "x"


FAULTS = [
    {"status": 403, "body": '{"events": [{"type": "ERROR", "message": "Permission denied."}], "responses": [{}]}'},
    {"status": 500, "body": '{"events": [{"type": "ERROR", "name": "CatalogException", "message": "no"}]}'},
    {"status": 200, "body": "{}"},
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_batch_that_breaks_in_the_middle(rig, fault):
    """What was written before is told as written, whatever the error says of the rest."""
    samples = rig.connect()["samples"]
    samples.count()
    rig.faults.add("POST */samples/NA12878-DNA/update", **fault)
    keys = ("NA12877-DNA", "NA12878-DNA", "NA12889-DNA")
    with pytest.raises(biodata.BiodataError) as caught:
        samples.update([{"id": key, "description": f"of {key}"} for key in keys])
    statuses = [one.status for one in caught.value.receipt]
    assert statuses == ["updated", "unknown" if fault["status"] == 200 else "not_sent", "not_sent"]
    assert [samples.get(key)["description"] == f"of {key}" for key in keys] == [True, False, False]


def test_a_lost_answer_that_cannot_be_looked_up(rig):
    samples = rig.connect()["samples"]
    samples.count()
    rig.faults.add("POST */samples/create", drop="after")
    rig.faults.add("GET */samples/search", status=500, html=True)
    assert [one.status for one in samples.add({"id": "lost"})] == ["unknown"]


@pytest.mark.parametrize("drop", ["after", "before"])
def test_the_answer_of_a_delete_is_lost(rig, drop):
    samples = rig.connect()["samples"]
    samples.add([{"id": "a"}, {"id": "b"}]).raise_for_refused()
    rig.faults.add("DELETE */delete", drop=drop)
    rig.log.clear()
    assert [one.status for one in samples.delete(["a", "b"])] == ["hidden", "hidden"]
    assert samples.count() == 17
    assert len(rig.asked("DELETE", "/delete")) == (1 if drop == "after" else 2), "no more than needed"


@pytest.mark.parametrize(("seconds", "status"), [(0.0, "queued"), (1000.0, "unknown")])
def test_a_lost_delete_of_a_file_makes_one_job(rig, seconds, status):
    connection = rig.connect()
    connection.extras.upload(b"x", "a.txt")
    rig.state.job_seconds = seconds
    rig.faults.add("DELETE */delete", drop="after")
    assert [one.status for one in connection["files"].delete("a.txt")] == [status]
    assert connection["jobs"].count("tool.id = 'files-delete'") == 1


CLINIC = {"id": "clinic", "entities": ["SAMPLE"], "variables": [{"id": "age", "type": "INTEGER"}]}
CHANGES = [
    ({"description": "new"}, "replace"),
    ({"phenotypes": [{"id": "P:2", "name": "two"}]}, "replace"),
    ({"phenotypes": [{"id": "P:2", "name": "two"}]}, "add"),
    ({"phenotypes": [{"id": "P:1", "name": "one"}]}, "remove"),
    ({"processing": {"product": {"id": "RNA"}}}, "replace"),
    ({"annotations": {"clinic": {"age": 41}}}, "replace"),
    ({"attributes": {"a": {"b": 2}}, "individualId": None}, "replace"),
]


@pytest.mark.parametrize(("drop", "sent"), [("after", 1), ("before", 2)])
@pytest.mark.parametrize(("change", "lists"), CHANGES)
def test_the_answer_of_an_update_is_lost(rig, drop, sent, change, lists):
    """An update that arrived is not sent again: every one makes a version."""
    rig.connect()["variableSets"].add(CLINIC).raise_for_refused()
    samples = rig.connect()["samples"]
    stored = {
        "description": "old",
        "individualId": "NA12877",
        "phenotypes": [{"id": "P:1", "name": "one"}],
        "processing": {"product": {"id": "RNA", "name": "more"}, "quantity": "1"},
        "attributes": {"a": {"b": 1}},
        "annotations": {"clinic": {"age": 40}},
    }
    samples.add([{"id": key, **stored} for key in ("a", "b")]).raise_for_refused()
    rig.faults.add("POST */update", drop=drop)
    rig.log.clear()
    receipt = samples.update([{"id": key, **change} for key in ("a", "b")], lists=lists)
    assert [one.status for one in receipt] == ["updated", "updated"]
    assert len(rig.asked("POST", "/update")) == sent
    assert [samples.get(key)["version"] for key in ("a", "b")] == [2, 2]


BLANKS = [
    ("samples", {"processing": {"product": {"id": "DNA", "name": None}, "quantity": "1"}}),
    ("samples", {"phenotypes": [{"id": "P:1", "name": None}]}),
    ("samples", {"attributes": {"a": {"b": None, "c": [1, {"d": 2}]}}}),
    ("samples", {"collection": {"from": [{"id": "a"}], "type": ""}, "description": ""}),
    ("samples", {"source": {}, "attributes": {}, "processing": {"product": {}}}),
    ("samples", {"status": {"id": "OK"}}),
    ("individuals", {"location": {"city": "x", "state": ""}, "name": ""}),
]


@pytest.mark.parametrize(("name", "values"), BLANKS)
def test_nulls_and_blanks_within_a_value_make_no_version(rig, name, values):
    table = rig.connect()[name]
    record = {"id": "odd", **values}
    assert table.upsert(record).created == 1
    rig.log.clear()
    assert [one.status for one in table.upsert(record)] == ["unchanged"]
    assert rig.asked("POST", "/update") == []
    assert table.get("odd")["version"] == 1


def test_a_blank_that_takes_something_away_is_sent(writing):
    samples = writing["samples"]
    samples.add({"id": "odd", "description": "d", "processing": {"product": {"id": "DNA"}, "quantity": "1"}})
    change = {"id": "odd", "description": "", "processing": {"product": {"id": "DNA"}, "quantity": None}}
    assert [one.status for one in samples.upsert(change)] == ["updated"]
    stored = samples.get("odd")
    assert (stored["description"], stored["processing"], stored["version"]) == (None, {"product": {"id": "DNA"}}, 2)
    absent = samples.update({"id": "nobody", "description": ""})
    assert [one.code for one in absent.refused] == ["BD-NOT-FOUND"]


def test_a_record_whose_key_means_no_value_to_a_search(writing):
    samples = writing["samples"]
    samples.add([{"id": "NONE"}, {"id": "NONE2"}]).raise_for_refused()
    assert samples.get("NONE", fields=["id"]) == {"id": "NONE"}
    assert [one["id"] for one in samples.get(["NONE2", "NONE"], fields=["id"])] == ["NONE2", "NONE"]
    assert [one.status for one in samples.upsert({"id": "NONE", "description": "d"})] == ["updated"]
    assert samples.get("NONE")["description"] == "d"
    assert [one.status for one in samples.delete("NONE")] == ["hidden"]
    assert samples.count("id like 'NONE%'") == 1
