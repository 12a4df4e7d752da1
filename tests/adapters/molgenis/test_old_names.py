"""Old habits: what users of molgenis-py-client and of molgenis.py type gives the new spelling."""

from __future__ import annotations

import inspect

import pytest
from molgenis.client import Session

import biodata

METHODS = {name: one for name, one in vars(Session).items() if callable(one) and not name.startswith("_")}
OLDER = {"login", "logout", "get", "getById", "add", "add_all", "update_one", "update", "delete", "delete_list"}
OLDER |= {"get_entity_meta_data", "get_attribute_meta_data", "upload_zip"}
"""The methods that molgenis.py had in its time; one version had `update` where others have `update_one`."""
IN_R = {"addAll", "getEntityMetaData", "getAttributeMetaData"}


@pytest.fixture
def table(people):
    return people.connect()["rt_City"]


@pytest.mark.parametrize("name", sorted({*METHODS, *OLDER, *IN_R}))
def test_a_method_of_the_client_on_a_connection(table, name):
    with pytest.raises(AttributeError) as caught:
        getattr(table.connection, name)
    assert f"A connection has no '{name}': " in str(caught.value)


def test_a_method_of_the_client_on_a_table(table):
    with pytest.raises(AttributeError, match=r"get\(KEY"):
        table.getById("gro")
    with pytest.raises(AttributeError, match=r"get\(KEY"):
        table.get_by_id("gro")


def test_session_get(table):
    with pytest.raises(AttributeError, match=r"connection\['TABLE'\].query"):
        table.connection.get("rt_City", q="code==gro")


ARGUMENTS = sorted(
    {name for method in ("get", "get_by_id") for name in inspect.signature(METHODS[method]).parameters}
    - {"self", "expand"} | {"sortColumn", "sortOrder", "attrs"}
)  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_of_the_clients_reads(people, table, name):
    people.log.clear()
    with pytest.raises(biodata.QueryError) as caught:
        table.query(**{name: "x"})
    assert caught.value.code == "BD-QUERY-ARGUMENT"
    assert f"query() has no argument '{name}'" in str(caught.value)
    assert list(people.log) == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda table: table.get(q="code==gro"), "query(native=…)"),
        (lambda table: table.query(num=5), "limit="),
        (lambda table: table.query(sort_column="code"), "order_by="),
        (lambda table: table.add(code="x", name="y"), "add({'field': value})"),
        (lambda table: table.add({"code": "x"}, name="y"), "add({'field': value})"),
        (lambda table: table.add({"code": "x"}, files={}), "a file is a field's value"),
        (lambda table: table.query(fieds=["code"]), "did you mean 'fields'?"),
        (lambda table: table.upsert(records=[], onrefused="stop"), "on_refused"),
        (lambda table: table.update("gro", "name", "Grunn"), "update({KEY_FIELD: key, 'field': value})"),
        (lambda table: table.update("gro", {"name": "Grunn"}), "update({KEY_FIELD: key, 'field': value})"),
        (lambda table: table.add("rt_City", {"code": "x"}), "add({'field': value})"),
        (lambda table: table.connection.extras.upload("x.zip", data_action="add"), "it is data="),
    ],
)
def test_other_habits(people, table, call, words):
    people.log.clear()
    with pytest.raises(biodata.QueryError) as caught:
        call(table)
    assert words in str(caught.value)
    assert list(people.log) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda table: table.query("code==gro;name==x"),
        lambda table: table.query("code=in=(gro,ams)"),
        lambda table: table.query([{"field": "code", "operator": "EQUALS", "value": "gro"}]),
        lambda table: table.count("code=like=g"),
        lambda table: table.delete(where="code=in=(gro)"),
    ],
)
def test_rsql_and_rules_in_place_of_a_filter(people, table, ask):
    with pytest.raises(biodata.QueryError) as caught:
        ask(table)
    assert caught.value.hint.count("query(native=…)") == 1
    assert not people.asked("DELETE")


@pytest.mark.parametrize(
    ("ask", "hint"),
    [
        (lambda table: table.query(fields="code,name"), "Several fields are a list: ['code', 'name']."),
        (lambda table: table.query(fields=["code", "name, code"]), "Several fields are a list"),
        (lambda table: table.query(order_by="name desc"), "'name' is ascending, '-name' descending."),
        (lambda table: table.query(order_by="name, code"), "Several fields are a list"),
        (lambda table: table.query(fields="cod,name"), "It has: code, name, people."),
    ],
)
def test_several_fields_in_one_text(table, ask, hint):
    with pytest.raises(biodata.QueryError) as caught:
        ask(table).to_records()
    assert hint in caught.value.hint


def test_an_operation_of_the_client_on_the_extras(table):
    with pytest.raises(AttributeError, match=r"extras: connection.extras.upload\(PATH"):
        _ = table.connection.extras.upload_zip
    with pytest.raises(TypeError, match="zzzz"):
        table.connection.extras.upload("x.zip", zzzz=1)


def test_what_nobody_can_advise_is_pythons_own_error(table):
    with pytest.raises(TypeError, match="zzzz"):
        table.get("gro", zzzz=1)
    with pytest.raises(TypeError, match="positional"):
        table.count("code = 'gro'", "name")
    with pytest.raises(AttributeError, match=r"A table has no 'zzzz'$"):
        _ = table.zzzz
    assert not hasattr(table, "__wrapped__")
    assert not hasattr(table.connection, "_private")


def test_a_property_that_fails_inside_shows_its_own_error(table, monkeypatch):
    monkeypatch.setattr(type(table.adapter), "extras", property(lambda self: self.nowhere))
    with pytest.raises(AttributeError, match="nowhere"):
        _ = table.connection.extras


def test_other_platforms_have_no_such_advice():
    with biodata.connect(":memory:", platform="duckdb") as connection:
        with pytest.raises(AttributeError, match=r"has no 'getById'$"):
            _ = connection.getById
        with pytest.raises(TypeError):
            connection["t"].query(q="x")
