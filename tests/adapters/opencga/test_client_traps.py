"""The traps of pyopencga, by their numbers in protocols/opencga.md, section 12: what happens here in their place."""

from __future__ import annotations

import pickle
import threading
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import numpy as np
import pandas as pd
import pytest

import biodata
from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata_opencga.adapter import OpencgaAdapter
from biodata_opencga.sandbox.demo import ORGANIZATION, OWNER, PASSWORDS
from tests.core.loopback import Answer, Asked, Loopback, script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STUDY = "demo@project:study"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"


def answer(rows: list[Any] | None = None, status: int = 200, message: str = "", **more: Any) -> Answer:
    """An envelope of the server's, with an ERROR event where there is a message."""
    events = [{"type": "ERROR", "name": "CatalogException", "message": message}] if message else []
    one = {"events": [], "numResults": len(rows or ()), "numMatches": -1, "results": rows or [], **more}
    body = msgspec.json.encode({"apiVersion": "v2", "time": 1, "events": events, "params": {}, "responses": [one]})
    return Answer(status=status, body=body, headers={"Content-Type": "application/json"})


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Loopback, Any]]]:
    """A server whose answers the test writes, and a client on it."""
    servers: list[Loopback] = []

    def make(reply: Callable[[Asked], Answer], **settings: Any) -> tuple[Loopback, Any]:
        server = Loopback(reply)
        servers.append(server)
        server.__enter__()
        values = {"url": server.url + "opencga", "token": TOKEN, **settings}
        read = settings_from_values(OpencgaAdapter.Settings, values)
        return server, OpencgaAdapter.open(read, Context(profile="omics", access="delete")).client

    yield make
    for server in servers:
        server.__exit__(None, None, None)


def query(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query, keep_blank_values=True).items()}


def many(connection: Any, number: int) -> list[str]:
    keys = [f"b{one:05}" for one in range(number)]
    connection["samples"].add([{"id": key} for key in keys]).raise_for_refused()
    return keys


def test_1_a_dead_token_ends_in_an_error_and_not_in_a_loop(rig):
    client = rig.connect().client
    client.samples.search(study=STUDY, limit=1)
    expired = '{"events": [{"type": "ERROR", "message": "Authentication token is expired : x"}], "responses": []}'
    rig.faults.add("GET */samples/search", status=401, body=expired, times=50)
    rig.log.clear()
    with pytest.raises(biodata.AuthError):
        client.samples.search(study=STUDY, limit=1)
    assert (len(rig.asked("GET", "/samples/search")), rig.logins()) == (2, 1)


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_1_a_401_that_says_denied_is_sent_once_and_asks_for_no_token(rig, verb):
    client = rig.connect(user="viewer").client
    client.samples.search(study=STUDY, limit=1)
    rig.log.clear()
    body = ({"description": "x"},) if verb == "update" else ()
    with pytest.raises(biodata.PermissionDenied, match="denied"):
        getattr(client.samples, verb)("NA12877-DNA", *body, study=STUDY)
    assert len(rig.log) == 1


def test_1_a_wrong_password_is_sent_once_because_accounts_are_locked(rig):
    client = rig.connect().client
    client.samples.search(study=STUDY, limit=1)
    rig.log.clear()
    with pytest.raises(biodata.AuthError, match="Incorrect user or password") as caught:
        client.users.login({"user": OWNER, "password": "wrong", "organization": ORGANIZATION})
    assert not isinstance(caught.value, biodata.PermissionDenied)
    assert len(rig.log) == 1


def test_1_nor_is_it_when_a_password_is_changed(rig):
    client = rig.connect().client
    client.samples.search(study=STUDY, limit=1)
    said = '{"events": [{"type": "ERROR", "message": "OPENCGA: Incorrect user or password."}], "responses": []}'
    rig.faults.add("POST */users/password", status=401, body=said, times=9)
    rig.log.clear()
    with pytest.raises(biodata.AuthError, match="Incorrect user or password"):
        client.users.password({"user": OWNER, "password": "wrong", "newPassword": "New_P@ssw0rd"})
    assert len(rig.log) == 1


def test_2_no_call_asks_for_a_new_token(rig):
    client = rig.connect().client
    for _ in range(5):
        client.samples.search(study=STUDY, limit=1)
    assert (rig.logins(), len(rig.log)) == (1, 6)


def test_3_a_silent_server_is_given_up(serve):
    silent = threading.Event()
    server, client = serve(lambda _: (silent.wait(30) and Answer()) or Answer(drop=True), timeout=0.1)
    with pytest.raises(biodata.Unavailable) as caught:
        client.samples.create({"id": "x"}, study="s")
    silent.set()
    assert (caught.value.code, len(server.asked)) == ("BD-REMOTE-TIMEOUT", 1)


def test_3_all_calls_of_all_resources_share_a_connection(serve):
    server, client = serve(lambda _: answer())
    for resource in (client.samples, client.individuals, client.meta, client.samples):
        (resource.ping if hasattr(resource, "ping") else resource.search)()
    assert (len(server.asked), server.connections) == (4, 1)


@pytest.mark.parametrize(
    "fault",
    [{"status": 504, "html": True}, {"drop": "after"}, {"drop": "before"}],
    ids=["504", "lost", "not handled"],
)
@pytest.mark.parametrize("call", ["create", "delete", "load", "upload"])
def test_4_what_may_have_arrived_is_not_sent_again(rig, fault, call, tmp_path):
    client = rig.connect().client
    client.samples.search(study=STUDY, limit=1)
    path = tmp_path / "up.txt"
    path.write_text("x", encoding="utf-8")
    rig.faults.add(f"* */{call}", times=50, **fault)
    rig.log.clear()
    work = {
        "create": lambda: client.samples.create({"id": "x"}, study=STUDY),
        "delete": lambda: client.samples.delete("NA12877-DNA", study=STUDY),
        "load": lambda: client.samples.load("data:pedigree.ped", study=STUDY),
        "upload": lambda: client.files.upload(file=str(path), study=STUDY, relative_file_path="data/"),
    }[call]
    with pytest.raises(biodata.RemoteError) as caught:
        work()
    assert (len(rig.log), caught.value.maybe_sent) == (1, True)


def test_4_what_only_reads_is(rig):
    client = rig.connect().client
    client.samples.search(study=STUDY, limit=1)
    rig.faults.add("GET */samples/search", status=504, html=True)
    assert client.samples.search(study=STUDY, limit=1).get_num_results() == 1


def test_5_errors_have_types_and_the_servers_words(rig):
    client = rig.connect().client
    client.samples.create({"id": "one"}, study=STUDY)
    cases = (
        (
            lambda: client.samples.create({"id": "one"}, study=STUDY),
            biodata.WriteError,
            "BD-WRITE-DUPLICATE",
            "already",
        ),
        (lambda: client.samples.info("nobody", study=STUDY), biodata.NotFound, "BD-NOT-FOUND", "Not found"),
        (lambda: client.samples.search(study="nope"), biodata.NotFound, "BD-NOT-FOUND-STUDY", "No study found"),
        (lambda: client.samples.search(study=STUDY, bogus="x"), biodata.QueryError, "BD-QUERY-REFUSED", "bogus"),
        (lambda: client.samples.search(study=STUDY, limit="x"), biodata.QueryError, "BD-QUERY-VALUE", "limit"),
        (lambda: client.samples.create({"bogus": 1}, study=STUDY), biodata.WriteError, "BD-WRITE-TYPE", "bogus"),
    )
    for call, kind, code, words in cases:
        with pytest.raises(kind, match=words) as caught:
            call()
        assert (caught.value.code, caught.value.profile) == (code, "omics")
    rig.faults.add("GET */samples/search", status=500, html=True)
    with pytest.raises(biodata.RemoteError, match="500 Error"):
        client.samples.search(study=STUDY)


def test_5_an_error_event_in_a_200_is_an_error(serve):
    _, client = serve(lambda _: answer([{"id": "x"}], message="Something went wrong"))
    with pytest.raises(biodata.QueryError, match="Something went wrong"):
        client.samples.search(study="s")


def test_5_a_page_of_a_proxy_is_no_answer(serve):
    _, client = serve(lambda _: Answer(body=b"<html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(biodata.ProtocolError):
        client.samples.search(study="s")


ODD = ("[]", "null", "", "{", '{"responses": "x"}', '{"responses": [null]}', '{"responses": [[]]}', "[" * 100_000)


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("odd", [*ODD, '{"responses": [{"results": null}]}', '{"responses": [{"events": "x"}]}'])
def test_5_json_of_another_shape_is_no_answer(serve, odd, status):
    json = Answer(status=status, body=odd.encode(), headers={"Content-Type": "application/json"})
    _, client = serve(lambda _: json)
    for call in (lambda: client.samples.search(study="s"), lambda: client.samples.create({"id": "x"}, study="s")):
        with pytest.raises(biodata.RemoteError):
            call()


def test_5_a_write_whose_answer_cannot_be_read_may_have_arrived(serve):
    _, client = serve(lambda _: Answer(body=b"<html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(biodata.ProtocolError) as caught:
        client.samples.create({"id": "x"}, study="s")
    assert caught.value.maybe_sent
    with pytest.raises(biodata.ProtocolError) as caught:
        client.samples.search(study="s")
    assert not caught.value.maybe_sent


def test_5_what_the_server_refuses_is_not_said_to_be_a_wrong_address(rig):
    client = rig.connect().client
    for call, kind in (
        (lambda: client.samples.update("NA12877-DNA", {}, study=STUDY), biodata.WriteError),
        (lambda: client.samples.create(study=STUDY), biodata.WriteError),
        (lambda: client.files.download(None, study=STUDY), biodata.QueryError),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert "url" not in (caught.value.hint or "")


def test_5_data_that_are_no_json_are_an_error_without_their_values(serve):
    server, client = serve(lambda _: answer())
    with pytest.raises(biodata.WriteError, match="JSON") as caught:
        client.samples.create({"id": "x", "attributes": {"Jane Roe": Fraction(1970)}}, study="s")
    assert (caught.value.code, "1970" in str(caught.value), server.asked) == ("BD-WRITE-TYPE", False, [])


def test_5_peoples_values_stay_out_of_errors(serve):
    said = "Cannot find 'Jane Roe' of 1970 in study s1"
    _, client = serve(lambda _: answer(status=500, message=said))
    for call in (
        lambda: client.individuals.search(study="s1", name="Jane Roe", date_of_birth="1970"),
        lambda: client.individuals.create({"id": "x", "name": "Jane Roe", "dateOfBirth": "1970"}, study="s1"),
    ):
        with pytest.raises(biodata.BiodataError, match="Cannot find '<value>' of <value> in study s1"):
            call()


def test_6_a_500_is_sent_once(serve):
    server, client = serve(lambda _: answer(status=500, message="Sample 's1' already exists."))
    for call in (lambda: client.samples.search(study="s"), lambda: client.samples.create({"id": "s1"}, study="s")):
        server.asked.clear()
        with pytest.raises(biodata.BiodataError):
            call()
        assert len(server.asked) == 1


def test_7_those_that_were_found_come_with_the_error(rig):
    connection = rig.connect()
    keys = many(connection, 150)
    with pytest.raises(biodata.NotFound) as caught:
        connection.client.samples.info(["nobody", *keys], study=STUDY, include="id")
    found = caught.value.response
    assert [one["id"] for one in found.get_results()] == keys
    assert [one["id"] for one in found.get_result_events("ERROR")] == ["nobody"]


def test_8_what_was_done_comes_with_the_error(rig):
    connection = rig.connect()
    keys = many(connection, 150)
    with pytest.raises(biodata.BiodataError) as caught:
        connection.client.samples.update([*keys[:101], "nobody"], {"description": "x"}, study=STUDY)
    assert caught.value.response.get_num_updated() == 101
    with pytest.raises(biodata.BiodataError) as caught:
        connection.client.samples.update(["nobody", *keys], {"description": "y"}, study=STUDY)
    assert caught.value.response.get_num_updated() == 99, "and the next hundred was not sent"


def test_8_a_portion_whose_answer_is_lost_does_not_hide_the_ones_before(serve):
    server, client = serve(script(answer(numUpdated=100), Answer(status=504), answer()))
    with pytest.raises(biodata.Unavailable) as caught:
        client.samples.update([f"s{one}" for one in range(250)], {"description": "x"}, study="s")
    assert (caught.value.response.get_num_updated(), caught.value.maybe_sent, len(server.asked)) == (100, True, 2)


def test_9_many_ids_go_by_the_hundred(rig):
    connection = rig.connect()
    keys = many(connection, 250)
    rig.log.clear()
    assert connection.client.samples.delete(keys, study=STUDY).get_num_deleted() == 250
    assert len(rig.log) == 3


def test_9_long_ids_go_in_smaller_portions(serve):
    server, client = serve(lambda _: answer())
    ids = [f"{one:03}-" + "é" * 60 for one in range(50)]
    client.samples.info(ids, study="s")
    paths = [urlsplit(one.path).path.split("/")[-2] for one in server.asked]
    assert [unquote(one) for path in paths for one in path.split(",")] == ids
    assert (len(paths), max(map(len, paths)) <= 6000) == (4, True)


def test_9_a_query_that_is_too_long_is_told(serve):
    _, client = serve(lambda _: Answer(status=414, body=b"<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"))
    with pytest.raises(biodata.QueryError) as caught:
        client.samples.search(study="s", id=[f"s{one}" for one in range(5000)])
    assert (caught.value.code, "fewer" in (caught.value.hint or "")) == ("BD-QUERY-LONG", True)


def test_11_a_total_that_was_not_counted_stays_unknown(serve):
    server, client = serve(lambda _: answer([{"id": "x"}]))
    found = client.samples.acl([f"s{one}" for one in range(250)], study="s")
    assert (len(server.asked), found.get_num_results(), found.get_num_matches()) == (3, 3, -1)


def test_9_a_thousand_rows_for_some_ids(serve):
    rows = [{"id": "x", "version": one} for one in range(1000)]
    server, client = serve(script(answer(rows), answer()))
    assert client.samples.info(["x"], study="s", version="all").get_num_results() == 1000
    assert [query(one)["skip"] for one in server.asked] == ["0", "1000"]


def test_9_a_thousand_rows_of_what_changes_something_are_not_asked_for_again(serve):
    rows = [{"id": str(one)} for one in range(1000)]
    server, client = serve(lambda _: answer(rows))
    client.samples.update("x", {"description": "y"}, study="s", include_result=True)
    client.samples.delete("x", study="s")
    assert [one.method for one in server.asked] == ["POST", "DELETE"]


def test_9_a_resource_that_does_not_page_is_read_once(serve):
    rows = [{"id": str(one)} for one in range(1000)]
    server, client = serve(lambda _: answer(rows))
    assert client.meta.api().get_num_results() == 1000
    assert len(server.asked) == 2


def test_9_a_portion_that_fails_among_thousands_of_ids_ends_the_call(serve):
    for failure in (answer(status=500, message="Broken"), Answer(status=500, body=b"<title>Broken</title>")):
        server, client = serve(script(answer([{"id": "s0"}]), failure))
        with pytest.raises(biodata.BiodataError, match="Broken") as caught:
            client.samples.info([f"s{one}" for one in range(2001)], study="s")
        assert len(server.asked) == 2
        assert caught.value.response.get_results() == [{"id": "s0"}]


def test_9_where_nothing_was_answered_there_is_no_answer(serve):
    server, client = serve(lambda _: answer(status=500, message="No study found given 's'."))
    for call in (client.samples.info, client.samples.delete):
        server.asked.clear()
        with pytest.raises(biodata.NotFound) as caught:
            call([f"s{one}" for one in range(2001)], study="s")
        assert len(server.asked) == 1
        assert not hasattr(caught.value, "response")


def test_10_no_more_is_asked_for_than_is_wanted(rig):
    connection = rig.connect()
    keys = many(connection, 150)
    rig.log.clear()
    assert connection.client.samples.search(study=STUDY, id=keys, include="id").get_num_results() == 150
    assert connection.client.samples.search(study=STUDY, limit=12, include="id").get_num_results() == 12
    assert [one.target.rpartition("limit=")[2].partition("&")[0] for one in rig.log] == ["1000", "12"]


def test_11_totals(rig):
    connection = rig.connect()
    many(connection, 1100)
    client = connection.client
    counted = client.samples.search(study=STUDY, include="id", count=True)
    assert (counted.get_num_results(), len(counted.get_results()), counted.get_num_matches()) == (1117, 1117, 1117)
    assert client.samples.search(study=STUDY, limit=0, count=True).get_num_matches() == 1117
    assert client.samples.search(study=STUDY, limit=1).get_num_matches() == -1
    assert client.samples.info(["b00001", "b00002"], study=STUDY).get_num_matches() == 2


def test_12_pages_have_an_order(serve):
    rows = [{"id": str(one)} for one in range(1000)]
    server, client = serve(script(answer(rows), answer([{"id": "last"}])))
    assert client.samples.search(study="s").get_num_results() == 1001
    assert {(query(one)["sort"], query(one)["order"]) for one in server.asked} == {("id", "ASCENDING")}
    server.asked.clear()
    client.samples.search(study="s", sort="creationDate")
    client.samples.search(study="s", limit=10)
    assert ["order" in query(one) for one in server.asked] == [False, False]


def test_13_what_was_not_asked_for_is_not_made_up(rig):
    table = rig.connect()["samples"]
    table.add({"id": "tumour", "somatic": True}).raise_for_refused()
    assert table.get("tumour", fields=["id"]) == {"id": "tumour"}
    assert table.get("tumour", fields=["id", "somatic"]) == {"id": "tumour", "somatic": True}


def test_14_a_list_is_replaced(rig):
    table = rig.connect()["samples"]
    for name in ("one", "two"):
        table.upsert({"id": "x", "phenotypes": [{"id": name, "name": name}]}).raise_for_refused()
    assert [one["id"] for one in table.get("x")["phenotypes"]] == ["two"]


def test_15_text_is_cleared_by_none(rig):
    table = rig.connect()["samples"]
    table.add({"id": "x", "description": "something"}).raise_for_refused()
    table.update({"id": "x", "description": None}).raise_for_refused()
    assert table.get("x")["description"] is None


def test_16_a_create_tells_the_id(rig):
    receipt = rig.connect()["samples"].add({"id": "x"})
    assert (receipt.created, receipt.outcomes[0].key, len(receipt.outcomes[0].id)) == (1, "x", 36)


def test_17_not_in_a_list_means_that(family):
    table = family["samples"]
    assert table.count("id not in ('NA12877-DNA', 'NA12878-DNA')") == table.count() - 2


def test_17_none_is_not_sent_and_nothing_is_an_error(rig):
    client = rig.connect().client
    everything = client.samples.search(study=STUDY, limit=0, count=True).get_num_matches()
    rig.log.clear()
    assert client.samples.search(study=STUDY, limit=0, count=True, id=None).get_num_matches() == everything
    for wrong in ("", [], [""]):
        with pytest.raises(biodata.QueryError):
            client.samples.search(study=STUDY, id=wrong)
        with pytest.raises(biodata.QueryError):
            client.samples.delete(wrong, study=STUDY)
    assert len(rig.log) == 1


def test_18_odd_characters_arrive_whole(serve):
    server, client = serve(lambda _: answer())
    odd = "A&B #1 + 100% ?/é"
    client.individuals.search(study="s", name=odd, phenotypes=[odd, "two"])
    client.files.info(odd, study="s")
    assert (query(server.asked[0])["name"], query(server.asked[0])["phenotypes"]) == (odd, f"{odd},two")
    assert urlsplit(server.asked[1].path).path.endswith("/files/A%26B%20%231%20%2B%20100%25%20%3F%2F%C3%A9/info")


def test_18_ids_in_one_text_may_have_spaces_between(serve):
    server, client = serve(lambda _: answer())
    client.samples.info("s1, s2", study="s")
    assert urlsplit(server.asked[0].path).path.endswith("/samples/s1,s2/info")


@pytest.mark.parametrize("make", [np.array, pd.Series, tuple, iter, lambda ids: dict.fromkeys(ids).keys()])
def test_18_ids_may_stand_in_a_frame(serve, make):
    server, client = serve(lambda _: answer())
    client.samples.info(make(["s1", "s2"]), study="s")
    client.samples.search(study="s", id=make(["s1", "s2"]))
    assert urlsplit(server.asked[0].path).path.endswith("/samples/s1,s2/info")
    assert query(server.asked[1])["id"] == "s1,s2"


@pytest.mark.parametrize("null", [None, float("nan"), pd.NA, pd.NaT, b"s1", {"id": "s1"}])
def test_18_a_null_is_no_id(serve, null):
    server, client = serve(lambda _: answer())
    for ids in (["s1", null], pd.Series(["s1", null]), null):
        for call in (client.samples.delete, lambda ids: client.samples.search(study="s", id=ids)):
            if ids is None:
                continue
            with pytest.raises(biodata.QueryError):
                call(ids)
    assert server.asked == []


def test_18_a_comma_inside_a_value_cannot_be_said(serve):
    server, client = serve(lambda _: answer())
    for wrong in (
        lambda: client.samples.info(["a,b"], study="s"),
        lambda: client.samples.search(study="s", id=["a,b", "c"]),
        lambda: client.samples.update_acl(["a,b"], "SET", {"sample": "x"}),
    ):
        with pytest.raises(biodata.QueryError, match="comma"):
            wrong()
    assert server.asked == []


def test_19_nothing_unknown_is_sent(rig):
    table = rig.connect()["samples"]
    table.add({"id": "x", "attributes": {"colour": "red"}}).raise_for_refused()
    assert [one["id"] for one in table.query("attributes is not null", fields=["id"])][-1] == "x"
    assert rig.asked("GET", "/samples/search")
    assert not rig.asked("GET", "attributes=")


def test_20_references_are_keys(family):
    child = family["individuals"].get("NA12882")
    assert (child["father"], child["samples"]) == ("NA12877", ["NA12882-DNA"])


def test_21_what_is_so_already_makes_no_version(rig):
    table = rig.connect()["samples"]
    row = {"id": "x", "description": "one"}
    assert [table.upsert(row).created, table.upsert(row).unchanged, table.get("x")["version"]] == [1, 1, 1]


def test_22_a_delete_that_is_a_job_is_queued(rig):
    client = rig.connect().client
    client.files.create({"path": "data/a.txt", "type": "FILE", "content": "x"}, study=STUDY, parents=True)
    receipt = rig.connect()["files"].delete("data:a.txt")
    assert (receipt.queued, receipt.deleted) == (1, 0)


def test_23_what_is_deleted_is_gone_and_may_come_again(rig):
    table = rig.connect()["samples"]
    for _ in range(2):
        table.add({"id": "x"}).raise_for_refused()
        table.delete("x").raise_for_refused()
        assert table.get(["x"]).missing == ("x",)


def test_24_no_version_is_compared(serve, capfd):
    server, client = serve(lambda _: answer([{"Version": "10.0.0"}]))
    assert (client.meta.about().get_result(0)["Version"], len(server.asked)) == ("10.0.0", 1)
    assert capfd.readouterr() == ("", "")


def test_25_netrc_does_not_take_the_tokens_place(serve, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    server, client = serve(lambda _: answer())
    client.samples.search(study="s")
    assert server.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500, 504])
def test_26_no_token_in_an_error(serve, status):
    said = f"Invalid authentication token : {TOKEN}; sid={TOKEN}"
    _, client = serve(lambda _: answer(status=status, message=said), timeout=5)
    with pytest.raises(biodata.BiodataError) as caught:
        client.samples.create({"id": "x"}, study="s")
    assert TOKEN not in f"{caught.value}{caught.value.hint}{caught.value.args}"


def test_27_a_block_ends_no_login_and_starts_none(rig):
    connection = rig.connect()
    with connection.client as client:
        client.login(OWNER, PASSWORDS[OWNER])
        assert client.samples.search(study=STUDY, limit=1).get_num_results() == 1
    assert connection.client.samples.search(study=STUDY, limit=1).get_num_results() == 1
    assert rig.logins() == 1


def test_27_after_a_logout_the_next_call_logs_in(rig):
    connection = rig.connect()
    client = connection.client
    for logins in (1, 2):
        assert client.samples.search(study=STUDY, limit=1).get_num_results() == 1
        assert rig.logins() == logins
        client.logout()
    assert rig.logins() == 2, "a logout sends nothing"


def test_27_after_a_logout_a_given_token_is_not_used(serve):
    server, client = serve(lambda _: answer())
    client.logout()
    with pytest.raises(biodata.AuthError):
        client.samples.search(study="s")
    assert server.asked == []


def test_27_a_login_as_somebody_else_is_not_passed_over(rig):
    with pytest.raises(biodata.ConfigError) as caught:
        rig.connect().client.login("viewer", PASSWORDS["viewer"])
    assert caught.value.code == "BD-CONFIG-LOGIN"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lambda client: client.panels, "disease_panels"),
        (lambda client: client.variant, "variants"),
        (lambda client: client.alignment, "alignments"),
        (lambda client: client.files.scan_folder, "files.link"),
        (lambda client: client.samples.update_annotations, "update_annotation_sets_annotations"),
        (lambda client: client.variants.calculate_family_genotypes, "variants.genotypes_family"),
        (lambda client: client.studies.delete, "deletes no studies"),
        (lambda client: client.samples.serach, "search"),
        (lambda client: client.meta.ping().results, "response.get_results"),
        (lambda client: client.meta.ping().num_matches, "response.get_num_matches"),
    ],
)
def test_28_an_old_name_says_the_new_one(serve, old, new):
    _, client = serve(lambda _: answer())
    with pytest.raises(AttributeError) as caught:
        old(client)
    assert isinstance(caught.value, biodata.Unsupported)
    assert new in str(caught.value)
    assert not hasattr(client, "panels")


def test_28_what_the_server_had_until_2(serve):
    _, client = serve(lambda _: answer())
    if not hasattr(client, "organizations"):
        pytest.skip("not run: this version of pyopencga has them still")
    for old, new in (("projects.aggregation_stats", "samples.agg"), ("users.projects", "projects.search")):
        with pytest.raises(biodata.Unsupported, match=new):
            attrgetter(old)(client)


def test_many_threads_have_one_client_and_one_login(rig):
    client = rig.connect().client
    rig.faults.add("POST */users/login", delay=0.1)
    start, found = threading.Barrier(8), []

    def read() -> None:
        start.wait()
        found.extend(client.samples.search(study=STUDY, limit=1).get_num_results() for _ in range(3))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(found), rig.logins()) == (24, 1)


def test_help_names_every_client(serve, capsys):
    _, client = serve(lambda _: answer())
    client.help()
    assert all(type(one).__name__ in capsys.readouterr().out for one in client.clients[-1:])


# --- beside the list: section 1.8 and 1.4 ----------------------------------------------------------------------


def test_an_empty_answer_is_an_empty_frame_and_events_can_be_printed(serve, capsys):
    _, client = serve(lambda _: answer(events=[{"type": "WARNING", "message": "careful"}]))
    response = client.samples.search(study="s")
    assert len(response.to_data_frame()) == 0
    response.print_results()
    assert "#Num results: 0" in capsys.readouterr().out


def test_an_answer_can_be_kept(serve):
    _, client = serve(lambda _: answer([{"id": "x"}]))
    kept = pickle.loads(pickle.dumps(client.samples.search(study="s")))  # noqa: S301 - our own
    assert (kept.get_results(), kept.get_num_matches()) == ([{"id": "x"}], -1)


def test_a_job_is_waited_for(serve):
    jobs = [
        answer([{"id": "j", "study": {"id": "s"}, "internal": {"status": {"id": one}}}])
        for one in ("PENDING", "DONE")
    ]
    server, client = serve(script(jobs[0], *jobs))
    client.wait_for_job(client.files.delete("x", study="s"), retry_seconds=0.01)
    assert [one.method for one in server.asked] == ["DELETE", "GET", "GET"]
    assert urlsplit(server.asked[1].path).path.endswith("/jobs/j/info")


def test_a_job_that_fails(serve):
    failed = {"id": "j", "internal": {"status": {"id": "ERROR", "description": "no memory"}}}
    _, client = serve(lambda _: answer([failed]))
    with pytest.raises(biodata.RemoteError, match="no memory"):
        client.wait_for_job(study_id="s", job_id="j")


def test_a_job_is_not_waited_for_for_ever(serve):
    _, client = serve(lambda _: answer([{"id": "j", "internal": {"status": {"id": "PENDING"}}}]))
    with pytest.raises(biodata.RemoteError) as caught:
        client.wait_for_job(study_id="s", job_id="j", retry_seconds=0.01, timeout=0.05)
    assert caught.value.code == "BD-REMOTE-TIMEOUT"


def test_a_job_that_is_done_within_the_pause_is_seen(serve):
    states = [answer([{"id": "j", "internal": {"status": {"id": one}}}]) for one in ("PENDING", "DONE")]
    server, client = serve(script(*states))
    client.wait_for_job(study_id="s", job_id="j", retry_seconds=3600, timeout=0.05)
    assert len(server.asked) == 2


def test_no_job_to_wait_for(serve):
    server, client = serve(lambda _: answer([{"id": "j"}]))
    with pytest.raises(biodata.QueryError, match="job_id"):
        client.wait_for_job()
    assert server.asked == []
    for call in (
        lambda: client.wait_for_job(study_id="s", job_id="j"),
        lambda: client.wait_for_job(client.samples.search(study="s")),
    ):
        with pytest.raises(biodata.ProtocolError, match="no job"):
            call()


def test_a_version_that_is_not_known_is_said(serve, monkeypatch):
    from pyopencga.opencga_client import OpencgaClient

    monkeypatch.delattr(OpencgaClient, "_check_versions")
    with pytest.raises(biodata.ConfigError, match="_check_versions"):
        serve(lambda _: answer())
