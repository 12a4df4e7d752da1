"""The flat search of a commons: its indices as tables, and what the service would get wrong."""

from __future__ import annotations

import operator

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import biodata
from biodata import col
from biodata.cli.main import status_of
from biodata.connection import Connection
from biodata.sandbox import Sandbox
from biodata.testing import ExistingSuite, Target
from biodata_gen3 import Gen3Adapter
from biodata_gen3.sandbox import ADMIN, NOBODY, READER, Gen3Sandbox
from biodata_gen3.sandbox.indices import AUTH, Index
from biodata_gen3.settings import Gen3Settings
from tests.adapters.gen3.conftest import HERE

QUERY, DOWNLOAD = "/guppy/graphql", "/guppy/download"
MINE, THEIRS = "/programs/demo/projects/ceph1463", "/programs/other/projects/secret"


class TestSearchCompliance(ExistingSuite):
    """The suite that every adapter must pass, on the demo's index."""

    table = "subject"

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls):
        from biodata.adapter import Context
        from biodata.config.settings import settings_from_values

        with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
            read = settings_from_values(Gen3Settings, sandbox.entries["gen3"])
            adapter = Gen3Adapter.open(read, Context(profile="gen3"))
            with Connection(adapter, name="gen3", access="read") as connection:
                yield Target(connection=connection.search, existing=cls.table)


def _person(number, resource=MINE):
    """Every third has no age, and every fifth no city."""
    made = {"_person_id": f"p{number:05}", "age": number % 90, "height": number / 8, AUTH: resource}
    made |= {"city": ["Utrecht", "utrecht", "Zürich", "a,b"][number % 4], "scores": [number % 7, number % 11]}
    made |= {"tags": [f"t{number % 3}", f"t{number % 5}"]}
    absent = {"age"} if number % 3 == 0 else set()
    absent |= {"city", "tags"} if number % 5 == 0 else set()
    return {name: value for name, value in made.items() if name not in absent}


@pytest.fixture
def people(rig):
    """An index of 200 people, and the connection's search."""

    def fill(number=200, user=None, tier="regular", resource=lambda _: MINE):
        kinds = {"_person_id": "keyword", "age": "integer", "height": "float", "city": "keyword"}
        kinds |= {"scores": "integer", "tags": "keyword", AUTH: "keyword"}
        rows = [_person(at, resource(at)) for at in range(number)]
        index = Index(kinds, rows, frozenset({"scores", "tags"}))
        rig.state.indices["person"] = index
        rig.state.tier = tier
        return rig.connect(access="read", user=user)

    return fill


def test_indices_are_tables(rig):
    connection = rig.connect(access="read")
    assert [one.name for one in connection.search.tables()] == ["file", "subject"]
    subject = connection.search["subject"]
    assert subject.schema.key == "_subject_id"
    assert [str(subject.schema[name].type) for name in ("sex", "generation", "concentration", "relatives")] == [
        "string", "int", "float", "list[string]",
    ]  # fmt: skip
    assert str(subject.schema["samples"].type) == "list[object{submitter_id, tissue, concentration}]"
    assert not subject.schema.writable
    with pytest.raises(biodata.NotFound, match="Did you mean 'subject'"):
        connection.search["subjekt"].count()
    assert rig.log.count("POST", QUERY) == 1, "one introspection for all"


def test_rows_are_those_of_the_graph(rig):
    connection = rig.connect(access="read")
    fields = ["submitter_id", "generation", "father", "relatives"]
    flat = connection.search["subject"].query(fields=fields).to_records()
    assert sorted(flat, key=operator.itemgetter("submitter_id")) == sorted(
        connection["case"].query(fields=fields), key=operator.itemgetter("submitter_id")
    )
    one = connection.search["subject"].get(connection["case"].get("NA12878", fields=["id"])["id"])
    assert one["samples"] == [{"submitter_id": "NA12878-blood", "tissue": "blood", "concentration": 55.5}]


def test_it_only_reads(rig):
    subject = rig.connect(access="delete").search["subject"]
    for refused in (lambda: subject.add({"sex": "female"}), lambda: subject.delete("x")):
        with pytest.raises(biodata.Unsupported) as caught:
            refused()
        assert caught.value.code == "BD-UNSUPPORTED-WRITE"
    with pytest.raises(biodata.PermissionDenied, match="'read'"):
        rig.connect(access="read").search["subject"].delete("x")
    assert not rig.asked(start=HERE)


def test_the_command(rig, tmp_path, capsys):
    entry = rig.sandbox.entries["gen3"]
    config = tmp_path / "profiles.yml"
    text = yaml.safe_dump(
        {
            "profiles": {
                "gen3": {"platform": "gen3", **entry, "access": "delete"},
                "x": {"platform": "duckdb", "path": "x"},
            }
        }
    )
    config.write_text(text)

    def run(*arguments):
        return status_of(["--config", str(config), *arguments]), *capsys.readouterr()

    listed = run("ls", "gen3.search", "-o", "csv")[1].splitlines()
    assert [line.split(",")[0] for line in listed[1:]] == ["file", "subject"]
    assert run("count", "gen3.search/subject", "sex = 'female'")[:2] == (0, "3\n")
    assert run("query", "gen3.search/file", "--fields", "file_name", "-o", "ndjson")[1].count("\n") == 6
    assert "generation" in run("schema", "gen3.search/subject")[1]
    assert run("graph", "gen3.search")[1].startswith("gen3: 2 tables, 12 records")
    rig.log.clear()
    status, _, told = run("delete", "gen3.search/subject", "x", "--yes")
    assert (status, "cannot be written" in told) == (2, True)
    assert not rig.asked("DELETE")
    assert "no search indices" in run("ls", "x.search")[2]
    for wrong in ("gen3.find", "gen3.search.search", ".search"):
        assert run("ls", wrong)[0] == run("count", f"{wrong}/subject")[0] == 2
    assert run("profiles", "show", "gen3.search")[0] == 2


FILTERS = [
    "age > 40",
    "age > 40 or age < 10",
    "age > 40 and height < 12.5",
    "age > 40 or height < 2.5",
    "age >= 10 and age < 50 and height > 3 and height <= 20",
    "age < 5 or age > 80 or height > 24.0",
    "age between 10 and 20",
    "not (age between 10 and 20)",
    "age != 40",
    "age in (1, 2, 30)",
    "height = 3.125",
    "height > 3.125 and height < 3.5",
    "city = 'Utrecht'",
    "city != 'Utrecht'",
    "city not in ('Utrecht', 'a,b')",
    "not (city = 'Utrecht' or age > 3)",
    "city is null",
    "city like 'u%'",
    "city > 'a'",
    "tags = 't1' and tags = 't2'",
    "tags != 't1'",
    "tags in ('t1', 't4')",
    "scores between 9 and 9",
    "scores > 5 and scores < 2",
    "(age > 40 or city = 'utrecht') and (age < 60 or tags = 't0')",
]


@pytest.mark.parametrize("where", FILTERS)
def test_a_filter_finds_what_it_would_find_here(people, where):
    table = people().search["person"]
    every = table.query().to_records()
    expected = {one["_person_id"] for one in _locally(table, every, where)}
    assert 0 < len(expected) < len(every)
    assert {one["_person_id"] for one in table.query(where)} == expected
    assert table.count(where) == len(expected)


_AGES = st.integers(-1, 95)
_CITIES = st.sampled_from(["Utrecht", "utrecht", "Zürich", "a,b", ""])
_TAGS = st.sampled_from([f"t{at}" for at in range(6)])
_NUMBERS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
_LEAVES = st.one_of(
    st.builds(
        lambda name, op, value: op(col(name), value),
        st.sampled_from(["age", "scores"]),
        st.sampled_from(_NUMBERS),
        _AGES,
    ),
    st.builds(
        lambda op, value: op(col("height"), value),
        st.sampled_from(_NUMBERS),
        st.integers(0, 200).map(lambda one: one / 8),
    ),
    st.builds(lambda name, low, high: col(name).between(low, high), st.sampled_from(["age", "scores"]), _AGES, _AGES),
    st.builds(lambda op, value: op(col("city"), value), st.sampled_from(_NUMBERS), _CITIES),
    st.builds(lambda values: col("city").is_in(values), st.lists(_CITIES, min_size=1, max_size=3)),
    st.builds(lambda op, value: op(col("tags"), value), st.sampled_from([operator.eq, operator.ne]), _TAGS),
    st.builds(lambda values: col("tags").is_in(values), st.lists(_TAGS, min_size=1, max_size=3)),
    st.sampled_from(["age", "city", "tags"]).map(lambda name: col(name).is_null()),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(operator.and_, inner, inner),
        st.builds(operator.or_, inner, inner),
        st.builds(operator.invert, inner),
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(where=_TREES)
def test_any_filter_finds_what_it_would_find_here(crowd, where):
    table, every = crowd
    assert list(table.query(where, fields=["_person_id"], order_by="_person_id")) == [
        {"_person_id": one["_person_id"]} for one in _locally(table, every, where)
    ]


@pytest.fixture
def crowd(people):
    table = people(60).search["person"]
    return table, table.query(order_by="_person_id").to_records()


def _locally(table, rows, where):
    from biodata.query.bind import bind_filter
    from biodata.query.evaluate import predicate

    return filter(predicate(bind_filter(table.schema, where), table.schema), rows)


@pytest.mark.parametrize("where", ["age > 40 or age < 10", "age > 1 and height < 12.5 and age < 80"])
def test_each_range_is_sent_in_a_list_of_its_own(people, where):
    """The service makes one of two ranges in a list, and drops all of more: what a plain filter meets here."""
    connection = people()
    wrong = {"OR": [{">": {"age": 40}}, {"<": {"age": 10}}]}
    asked = {"query": "query($f: JSON) {_aggregation {person(filter: $f) {_totalCount}}}", "variables": {"f": wrong}}
    answer = connection.client.query.graphql_query(asked["query"], asked["variables"])
    assert answer["data"]["_aggregation"]["person"]["_totalCount"] == 0, "an OR became an AND"
    assert connection.search["person"].count(where) > 50
    assert connection.search["person"].query(where).explain().parts[0].support == "exact"


@pytest.mark.parametrize("order", ["city", "-city", "age", "-age", ["-age", "city"]])
def test_sorting_is_the_services_and_as_here(people, order):
    table = people().search["person"]
    result = table.query(order_by=order, limit=150, offset=20)
    assert result.plan.order
    assert not result.plan.sort_here
    every = table.query().to_records()
    names = [order] if isinstance(order, str) else order
    for name in reversed(names):
        field, down = name.lstrip("-"), name.startswith("-")
        there = [one for one in every if one[field] is not None]
        there.sort(key=operator.itemgetter(field), reverse=down)
        every = there + [one for one in every if one[field] is None]
    assert result.to_records() == every[20:170]


def test_a_whole_scan_is_one_download(rig, people):
    table = people(12_345).search["person"]
    table.schema  # noqa: B018 - asked for before counting
    rig.log.clear()
    assert len({one["_person_id"] for one in table.query(fields=["_person_id"])}) == 12_345
    assert [(one.method, one.path) for one in rig.log] == [("POST", QUERY), ("POST", DOWNLOAD)]


def test_pages_end_where_the_service_ends_them(rig, people):
    table = people(12_345).search["person"]
    rows = table.query(order_by="-_person_id", limit=200, offset=9_900, fields=["_person_id"]).to_records()
    assert [one["_person_id"] for one in rows] == [f"p{12_344 - at:05}" for at in range(9_900, 10_100)]
    assert rig.log.count("POST", DOWNLOAD) == 1
    every = sorted(table.query(), key=lambda one: (one["age"] is None, one["age"] or 0, one["_person_id"]))
    rows = table.query(order_by="age", limit=20, offset=9_990, fields=["height"]).to_records()
    assert rows == [{"height": one["height"]} for one in every[9_990:10_010]], (
        "sorted here, by what was not asked for"
    )
    rig.log.clear()
    assert len(table.query(limit=2_500, offset=7_500, fields=["city"]).to_records()) == 2_500
    assert rig.log.count("POST", QUERY) == 3
    assert rig.log.count("POST", DOWNLOAD) == 0


def test_a_limit_behind_a_filter_of_ours_goes_on_beyond_the_last_page(rig, people):
    table = people(12_345).search["person"]
    rows = table.query("_person_id like '%2_00'", limit=100, page_size=5_000, fields=["_person_id"]).to_records()
    assert [one["_person_id"] for one in rows][-1] == "p12300"
    assert len({one["_person_id"] for one in rows}) == len(rows) == 14
    assert rig.log.count("POST", DOWNLOAD) == 1


def test_groups_are_counted_there(rig, people):
    table = people().search["person"]
    every = table.query().to_records()
    table.schema  # noqa: B018
    rig.log.clear()
    counts = table.group_by("city").count().to_records()
    assert len(rig.log) == 1
    assert counts == [
        {"city": city, "count": sum(one["city"] == city for one in every)}
        for city in ("Utrecht", "Zürich", "a,b", "utrecht", None)
    ]
    assert table.distinct("city", "age > 85") == sorted({one["city"] for one in every if (one["age"] or 0) > 85})
    assert {one["tags"]: one["count"] for one in table.group_by("tags").count()}["t1"] == sum(
        "t1" in one["tags"] for one in every
    )


def test_a_commons_that_counts_a_missing_value_as_a_text(rig, people):
    """A record without a city is not one of the city `no data`, which a filter of that name finds it by there."""
    table = people().search["person"]
    index = rig.state.indices["person"]
    index.alias, index.documents[1]["city"] = "no data", "no data"
    asked = "query {_aggregation {person {city {histogram {key}}}}}"
    told = rig.connect(access="read").client.query.graphql_query(asked)["data"]["_aggregation"]["person"]["city"]
    assert {"key": "no data"} in told["histogram"]
    for where in ("city = 'no data'", "city in ('no data', 'Zürich')"):
        assert {one["city"] for one in table.query(where)} == set(where.split("'")[1::2])
        assert table.count(where) == len(table.query(where).to_records())
    counts = {one["city"]: one["count"] for one in table.group_by("city").count()}
    assert (counts["no data"], counts[None]) == (1, 40)
    assert None not in table.distinct("city")


ASKS = {
    "schema": lambda connection: connection.search["person"].schema,
    "count": lambda connection: connection.search["person"].count(),
    "page": lambda connection: connection.search["person"].query(limit=1).to_records(),
    "scan": lambda connection: connection.search["person"].query().to_records(),
    "groups": lambda connection: connection.search["person"].group_by("city").count().to_records(),
    "histogram": lambda connection: connection.extras.histogram("person", "age"),
}


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("data", [
    "null", "[]", "{}", '{"__schema": {}, "_aggregation": null}', '{"_aggregation": {"person": null}}',
    '{"_aggregation": {"person": {"_totalCount": null, "city": {}, "age": {"histogram": null}}}}',
])  # fmt: skip
def test_an_answer_of_another_shape_is_said(rig, people, ask, data):
    connection = people()
    if ask != "schema":
        connection.search["person"].schema  # noqa: B018 - asked for before
    rig.faults.add(f"POST {QUERY}", status=200, body=f'{{"data": {data}}}')
    with pytest.raises(biodata.ProtocolError) as caught:
        ASKS[ask](connection)
    assert caught.value.code == "BD-REMOTE-FORMAT"


def test_rows_of_another_shape_are_said(rig, people):
    table = people().search["person"]
    table.schema  # noqa: B018
    rig.faults.add(f"POST {QUERY}", status=200, body='{"data": {"person": ["secretville"]}}')
    with pytest.raises(biodata.ProtocolError) as caught:
        table.get("p00001")
    assert "secretville" not in str(caught.value)


def test_a_histogram(people):
    connection = people()
    bins = connection.extras.histogram("person", "age", "city = 'Utrecht'", start=0, end=90, step=30)
    every = [one["age"] for one in connection.search["person"].query("city = 'Utrecht' and age >= 0")]
    assert [(one.low, one.high, one.count) for one in bins] == [
        (low, low + 30, sum(low <= age < low + 30 for age in every)) for low in (0, 30, 60)
    ]
    assert sum(one.sum for one in bins) == sum(every)
    assert sum(one.count for one in connection.extras.histogram("person", "height", bins=4)) == 200
    assert [one.count for one in connection.extras.histogram("person", "height")] == [200]
    for wrong in (
        {"field": "city"},
        {"field": "age", "step": 1, "bins": 2},
        {"field": "age", "where": "city is null"},
        {"field": "age", "step": 0},
        {"field": "age", "step": 0.5},
        {"field": "age", "bins": -1},
        {"field": "age", "start": 2**31},
    ):
        with pytest.raises(biodata.QueryError):
            connection.extras.histogram("person", **wrong)


# --- who may see what -----------------------------------------------------------------------------------------


def _third(number):
    return THEIRS if number % 3 == 0 else MINE


@pytest.mark.parametrize(("tier", "user", "number"), [
    ("regular", READER, 133), ("private", READER, 133), ("libre", READER, 200), ("regular", ADMIN, 200),
    ("private", NOBODY, 0), ("libre", NOBODY, 200),
])  # fmt: skip
def test_a_user_reads_what_the_tier_shows(people, tier, user, number):
    table = people(user=user, tier=tier, resource=_third).search["person"]
    assert len(table.query().to_records()) == table.count() == number
    assert len(table.query(limit=1_000).to_records()) == number
    assert sum(one["count"] for one in table.group_by("city").count()) == number


def test_what_a_user_may_not_read_is_said_in_words(rig, people):
    connection = people(user=READER, resource=_third)
    every = connection.extras.search("all")["person"]
    asks = (every.query().to_records, every.query(limit=5).to_records, every.count)
    for ask in asks:
        with pytest.raises(biodata.PermissionDenied) as caught:
            ask()
        assert caught.value.code == "BD-AUTH-DENIED"
        assert "connection.search" in caught.value.hint
    assert rig.log.count("POST", DOWNLOAD) == 0, "the count told already"
    assert rig.logins() == 1, "another token would not help"
    rig.state.tier_limit = 10
    assert every.count() == 200
    with pytest.raises(biodata.PermissionDenied):
        every.query().to_records()
    assert rig.log.count("POST", DOWNLOAD) == 1
    assert connection.extras.search("unaccessible")["person"].count() == 67


def test_a_refused_filter_keeps_its_values(rig, people):
    table = people().search["person"]
    table.schema  # noqa: B018
    del rig.state.indices["person"].fields["city"]
    with pytest.raises(biodata.QueryError) as caught:
        table.query(col("city") == "Secretville", fields=["age"], limit=3).to_records()
    assert caught.value.code == "BD-QUERY-REFUSED"
    assert "Secretville" not in str(caught.value)


def test_a_cut_download_is_no_answer(rig, people):
    table = people().search["person"]
    rig.faults.add("POST /guppy/download", status=200, body="[]")
    with pytest.raises(biodata.RemoteError) as caught:
        table.query().to_records()
    assert caught.value.code == "BD-REMOTE-SHORT"


def test_an_index_that_is_filled_anew_between_pages(rig, people):
    table = people().search["person"]
    rows = iter(table.query(limit=150, page_size=50))
    next(rows)
    del rig.state.indices["person"].documents[60:]
    with pytest.raises(biodata.RemoteError) as caught:
        list(rows)
    assert caught.value.code == "BD-REMOTE-CHANGED"


def test_an_index_that_is_filled_anew_before_the_download_of_the_rest(rig, people):
    """The download is whole in itself, and of another index than the pages before it."""
    table = people(10_050).search["person"]
    rows = iter(table.query("_person_id like 'p%'", limit=10_040, page_size=10_000, fields=["_person_id"]))
    next(rows)
    del rig.state.indices["person"].documents[:20]
    with pytest.raises(biodata.RemoteError) as caught:
        list(rows)
    assert caught.value.code == "BD-REMOTE-CHANGED"


def test_keys_may_be_numbers(rig, people):
    connection = people()
    rows = [{"id": at, AUTH: MINE} for at in range(30)]
    rig.state.indices = {"thing": Index({"id": "integer", AUTH: "keyword"}, rows)}
    found = connection.search["thing"].get([7, 99, 3], fields=["id"])
    assert (list(found), found.missing) == ([{"id": 7}, {"id": 3}], (99,))


def test_what_several_records_have_is_no_key(rig, people):
    """An index of visits may be called after the people: one of them is not told as the only one."""
    connection = people()
    rows = [{"visit_id": f"v{at // 2}", "at": at, AUTH: MINE} for at in range(9)]
    rig.state.indices = {"visit": Index({"visit_id": "keyword", "at": "integer", AUTH: "keyword"}, rows)}
    table = connection.search["visit"]
    for keys in ("v1", ["v1", "v4"]):
        with pytest.raises(biodata.QueryError) as caught:
            table.get(keys)
        assert caught.value.code == "BD-KEY-NONE"
    assert table.get("v4")["at"] == 8
    assert {one["at"] for one in table.query("visit_id = 'v1'")} == {2, 3}
    assert len(table.query().to_records()) == 9


def test_an_index_without_a_key_is_read_whole(rig, people):
    connection = people()
    rig.state.indices = {
        "thing": Index({"name": "keyword", AUTH: "keyword"}, [{"name": str(at), AUTH: MINE} for at in range(30)])
    }
    table = connection.search["thing"]
    assert table.schema.key == ()
    assert len(table.query(limit=12).to_records()) == 12
    assert table.query("name = '7'").first()["name"] == "7"
    assert rig.log.count("POST", DOWNLOAD) == 2


def test_a_commons_without_the_service(rig):
    rig.state.indices = {}
    with pytest.raises(biodata.Unsupported, match="no search service"):
        rig.connect(access="read").search.tables()


def test_another_platform_has_none(sandbox, tmp_path):
    with (
        biodata.connect(str(tmp_path / "x.duckdb"), platform="duckdb") as connection,
        pytest.raises(biodata.Unsupported, match="no search"),
    ):
        connection.search  # noqa: B018
