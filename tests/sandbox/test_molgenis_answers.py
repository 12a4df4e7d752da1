"""What users of a MOLGENIS server run into, on the sandbox: facts of the sheet that no single recording shows."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from biodata_molgenis.sandbox import Attribute

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.sandbox import Sandbox
    from biodata_molgenis.sandbox import State

    Ask = Callable[..., requests.Response]

ALL_TYPES = """name,entity,dataType,idAttribute,labelAttribute,nillable,refEntity,enumOptions,mappedBy,\
partOfAttribute,rangeMin,rangeMax
id,kind,string,AUTO,,FALSE,,,,,,
a_string,kind,string,,TRUE,FALSE,,,,,,
a_text,kind,text,,,,,,,,,
a_int,kind,int,,,,,,,,1,10
a_long,kind,long,,,,,,,,,
a_decimal,kind,decimal,,,,,,,,,
a_bool,kind,bool,,,,,,,,,
a_date,kind,date,,,,,,,,,
a_datetime,kind,datetime,,,,,,,,,
a_xref,kind,xref,,,,kind,,,,,
a_mref,kind,mref,,,,kind,,,,,
a_cat,kind,categorical,,,,kind,,,,,
a_cats,kind,categorical_mref,,,,kind,,,,,
a_enum,kind,enum,,,,,"x,y",,,,
a_mail,kind,email,,,,,,,,,
a_link,kind,hyperlink,,,,,,,,,
a_html,kind,html,,,,,,,,,
a_script,kind,script,,,,,,,,,
a_file,kind,file,,,,,,,,,
a_group,kind,compound,,,,,,,,,
a_part,kind,string,,,,,,,a_group,,
a_many,kind,one_to_many,,,,kind,,a_xref,,,
"""


def zipped(**sheets: str) -> dict[str, Any]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in sheets.items():
            archive.writestr(f"{name}.csv", text)
    return {"files": {"file": ("emx.zip", out.getvalue())}}


def imported(ask: Ask, action: str = "add", **sheets: str) -> dict[str, Any]:
    run = ask("POST", f"/plugin/importwizard/importFile?action={action}", **zipped(**sheets))
    assert run.status_code == 201, run.text
    assert run.headers["Location"] == run.text
    return ask("GET", run.text).json()


@pytest.fixture
def person(state: State) -> None:
    state.create_table("City", [Attribute(name="code"), Attribute(name="name", is_label=True)])
    state.create_table(
        "Person",
        [
            Attribute(name="id"),
            Attribute(name="name", is_label=True),
            Attribute(name="age", type="int"),
            Attribute(name="active", type="bool"),
            Attribute(name="city", type="xref", ref="City"),
            Attribute(name="visited", type="mref", ref="City"),
        ],
    )
    state.add_rows("City", [{"code": "gro", "name": "Groningen"}, {"code": "ams", "name": "Amsterdam"}])
    state.add_rows(
        "Person",
        [
            {"id": "a", "name": "Ann 50%", "age": 7, "active": True, "city": "gro", "visited": ["gro", "ams"]},
            {"id": "b", "name": "Bob_", "age": 41, "visited": ["ams"]},
            {"id": "c", "name": 'Cor O\'Neil "x"', "active": False},
        ],
    )


def ids(ask: Ask, q: str, **more: Any) -> list[str]:
    response = ask("GET", "/api/v2/Person", params={"q": q, "attrs": "id", **more})
    assert response.status_code == 200, response.text
    return [row["id"] for row in response.json()["items"]]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("age!=7", "b"),
        ("active!=true", "bc"),
        ("age==''", "c"),
        ("age!=''", "ab"),
        ("age=rng=(7,41)", "ab"),
        ("age=rng=('',41)", ""),
        ("age=in=(7,8)", "a"),
        ("name=like=%", "abc"),
        ("name=like=_b", "b"),
        ("name=notlike=ANN", "bc"),
        ("city==gro", "a"),
        ("visited=in=(ams)", "ab"),
        ("visited==''", "c"),
        ("city.name==Groningen", "a"),
        ("city.name!=Groningen", "bc"),
        ("name=q=neil", ""),
        ("name=q=cor", "c"),
        ("*=q=groningen", "a"),
        ("*=sq='ann | bob*'", "ab"),
        ("age<10,name==Bob_;age>40", "ab"),
        ("(age<10,name==Bob_);age>40", "b"),
        ("id==A", ""),
    ],
)
def test_rsql(ask: Ask, person: None, q: str, expected: str) -> None:
    assert "".join(ids(ask, q)) == expected


@pytest.mark.parametrize(
    ("q", "status", "code"),
    [
        ("age==x", 500, None),
        ("age=out=(1)", 500, "WEB02"),
        ("age=rng=(1)", 500, None),
        ("name>a", 500, "WEB03"),
        ("bogus==1", 404, "D04"),
        ("city.bogus==1", 404, "D04"),
        ("age=foo=1", 400, "typeMismatch"),
        ("age==(1,2)", 400, "typeMismatch"),
        ("id=in=()", 400, "typeMismatch"),
    ],
)
def test_rsql_errors(ask: Ask, person: None, q: str, status: int, code: str | None) -> None:
    response = ask("GET", "/api/v2/Person", params={"q": q})
    assert (response.status_code, response.json()["errors"][0].get("code")) == (status, code)


def test_order(ask: Ask, person: None) -> None:
    assert "".join(ids(ask, "", sort="age")) == "abc", "nulls last"
    assert "".join(ids(ask, "", sort="age:desc")) == "cba", "nulls first"


def test_search_shows_10000_hits_and_no_more(ask: Ask, state: State) -> None:
    state.create_table("Big", [Attribute(name="id"), Attribute(name="word")])
    state.add_rows("Big", ({"id": f"{number:05}", "word": "same"} for number in range(10_100)))
    path = "/api/v2/Big?attrs=id&start=10000&num=1"
    assert ask("GET", path).json()["items"] == [{"_href": "/api/v2/Big/10000", "id": "10000"}]
    assert ask("GET", path + "&q=word==same").status_code == 200
    assert ask("GET", path + "&q=word=q=same").status_code == 500


def test_page_as_long_as_the_table_and_empty_table(ask: Ask, person: None) -> None:
    whole = ask("GET", "/api/v2/Person?num=3").json()
    assert (len(whole["items"]), "nextHref" in whole) == (3, False)
    assert ask("DELETE", "/api/v1/Person").status_code == 204
    page = ask("GET", "/api/v2/Person").json()
    assert (page["items"], page["total"], "nextHref" in page) == ([], 0, False)


def test_links_keep_the_query(ask: Ask, person: None, empty_molgenis: Sandbox) -> None:
    page = ask("GET", "/api/v2/Person?num=1&q=age%3E1&start=1").json()
    base = empty_molgenis.url("molgenis") + "/api/v2/Person?num=1&q=age%3E1&start="
    assert (page["prevHref"], page.get("nextHref")) == (base + "0", None)


def test_odd_ids(ask: Ask, state: State) -> None:
    state.create_table("Odd", [Attribute(name="id"), Attribute(name="note")])
    odd = ["a/b", "a&b", "a#b", "it's", '"q"', "a b", "é", "a+b", "a%b"]
    assert ask("POST", "/api/v2/Odd", json={"entities": [{"id": one} for one in odd]}).status_code == 201
    for one in odd[1:]:
        response = ask("GET", "/api/v2/Odd/" + requests.utils.quote(one, safe=""))
        assert (response.status_code, response.json()["id"]) == (200, one)
    refused = ask("GET", "/api/v2/Odd/a%2Fb")
    assert (refused.status_code, refused.headers["Content-Type"]) == (400, "text/html;charset=utf-8")
    assert ask("GET", "/api/v2/Odd", params={"q": 'id=="a/b"'}).json()["total"] == 1
    assert ask("DELETE", "/api/v2/Odd", json={"entityIds": odd}).status_code == 204
    assert state.rows("Odd") == {}


def test_v1_rules_say_what_rsql_cannot(ask: Ask, person: None) -> None:
    rules = [{"field": "name", "operator": "EQUALS", "value": 'Cor O\'Neil "x"'}]
    found = ask("POST", "/api/v1/Person?_method=GET", json={"q": rules, "num": 10}).json()
    assert [row["id"] for row in found["items"]] == ["c"]
    either = [
        {"operator": "NOT"},
        {"field": "age", "operator": "EQUALS", "value": 7},
        {"operator": "OR"},
        {"field": "id", "operator": "IN", "value": ["c"]},
    ]
    found = ask("POST", "/api/v1/Person?_method=GET", json={"q": either, "attributes": ["ID"]}).json()
    assert [row["id"] for row in found["items"]] == ["b", "c"]


def test_v1_never_reads_on_past_what_it_cannot_read(ask: Ask, person: None) -> None:
    number = ask("GET", "/api/v1/Person?num=x").json()["errors"][0]
    assert (number["code"], number["message"].startswith("Field 'num' of 'entityCollectionRequest' Failed")) == (
        "typeMismatch",
        True,
    )
    for rules in ("id==a", {"field": "id"}, ["id"]):
        response = ask("POST", "/api/v1/Person?_method=GET", json={"q": rules})
        assert (response.status_code, response.json()["errors"][0]["message"]) == (400, "Invalid request body.")


def test_v1_expand_and_csv(ask: Ask, person: None) -> None:
    row = ask("GET", "/api/v1/Person/a?expand=city,visited").json()
    assert row["city"] == {"href": "/api/v1/City/gro", "code": "gro", "name": "Groningen"}
    assert (row["visited"]["href"], row["visited"]["total"]) == ("/api/v1/Person/a/visited", 2)
    csv = ask("GET", "/api/v1/csv/Person?attributes=id,visited&sortColumn=id&sortOrder=DESC").text
    assert csv.splitlines() == ['"id","visited"', '"c",""', '"b","ams"', '"a","gro,ams"']


def test_v1_attributes_go_by_case_first_and_without_it_where_that_is_clear(ask: Ask, state: State) -> None:
    names = (Attribute(name="id", is_id=True), *(Attribute(name=name) for name in ("Name", "pos", "POS")))
    state.create_table("odd", names)
    state.add_rows("odd", [{"id": "1", "Name": "n", "pos": "small", "POS": "large"}])
    assert ask("GET", "/api/v1/odd/1?attributes=NAME,POS").json() == {
        "href": "/api/v1/odd/1",
        "Name": "n",
        "POS": "large",
    }
    assert ask("GET", "/api/v1/odd/1?attributes=Pos").status_code == 404
    assert ask("GET", "/api/v2/odd/1?attrs=NAME").status_code == 404, "v2 tells case apart"


def test_partial_expansion_in_each_api(ask: Ask, person: None) -> None:
    v1 = ask("GET", "/api/v1/Person/a?attributes=city&expand=city[name]").json()["city"]
    assert v1 == {"href": "/api/v1/City/gro", "name": "Groningen"}
    v2 = ask("GET", "/api/v2/Person/a?attrs=city(name)").json()["city"]
    assert v2 == {"_href": "/api/v2/City/gro", "name": "Groningen"}
    v3 = ask("GET", "/api/data/Person/a?filter=city(name)&expand=city").json()["data"]["city"]["data"]
    assert v3 == {"name": "Groningen"}


def test_files_stay_by_their_name_and_only_so(ask: Ask, state: State) -> None:
    state.create_table("doc", (Attribute(name="n", type="int", is_id=True), Attribute(name="f", type="file")))
    upload = {"files": {"f": ("a.txt", b"one")}, "data": {"n": "7"}}
    assert ask("POST", "/api/v1/doc", **upload).headers["location"] == "/api/v1/doc/7"
    held = ask("GET", "/api/v2/doc/7").json()["f"]
    assert ask("GET", f"/api/files/{held['id']}?alt=media").content == b"one"
    assert ask("PUT", "/api/v1/doc/7", json={"n": 7, "f": "a.txt"}).status_code == 200
    assert ask("PUT", "/api/v2/doc", json={"entities": [{"n": 7, "f": "a.txt"}]}).status_code == 200
    assert ask("POST", "/api/v1/doc/7?_method=PUT", data={"n": "7", "f": "a.txt"}).status_code == 204
    assert ask("GET", "/api/v2/doc/7").json()["f"] == held
    assert ask("PUT", "/api/v1/doc/7", json={"n": 7, "f": "other.txt"}).status_code == 400
    new = {"files": {"f": ("b.txt", b"two")}, "data": {"n": "7"}}
    assert ask("POST", "/api/v1/doc/7?_method=PUT", **new).status_code == 204
    assert ask("GET", "/api/v2/doc/7").json()["f"]["filename"] == "b.txt"
    assert ask("PUT", "/api/v1/doc/7", json={"n": 7}).status_code == 200
    assert "f" not in ask("GET", "/api/v2/doc/7").json(), "a row without it loses it"


def test_replacing_wipes_and_one_attribute_does_not(ask: Ask, person: None) -> None:
    assert ask("PUT", "/api/v2/Person", json={"entities": [{"id": "a", "name": "A"}]}).status_code == 200
    assert "age" not in ask("GET", "/api/v2/Person/a").json()
    one = {"entities": [{"id": "b", "age": 42}]}
    assert ask("PUT", "/api/v2/Person/age", json=one).status_code == 200
    assert ask("GET", "/api/v2/Person/b").json()["visited"][0]["code"] == "ams"
    absent = ask("PUT", "/api/v2/Person", json={"entities": [{"id": "b", "name": "B"}, {"id": "no", "name": "N"}]})
    message = "Cannot update [Person] with id [no] because it does not exist"
    assert (absent.status_code, absent.json()["errors"][0]["message"]) == (400, message)
    assert ask("GET", "/api/v2/Person/b").json()["name"] == "Bob_", "the whole batch is refused"


@pytest.mark.parametrize(
    ("row", "status", "code", "words"),
    [
        ({"id": "x"}, 400, "D21a", "can not be null"),
        ({"name": "x"}, 400, "D21a", "can not be null"),
        ({"id": "a", "name": "x"}, 400, "D24a", "already exists"),
        ({"id": "x", "name": "x", "city": "no"}, 400, "D23", "Unknown xref value 'no'"),
        ({"id": "x", "name": "x", "visited": ["gro", "gro"]}, 400, "D25", "Duplicate list value 'gro'"),
        ({"id": "x", "name": 1}, 400, None, "is of type [Double] instead of [String]"),
        ({"id": "x", "name": "x", "age": "seven"}, 500, None, 'For input string: "seven"'),
        ({"id": "x", "name": "x", "age": True}, 400, None, "is of type [Boolean]"),
        ({"id": "x", "name": "x" * 256}, 400, None, "less than or equal to 255"),
    ],
)
def test_refused_rows(ask: Ask, person: None, row: dict[str, Any], status: int, code: str | None, words: str) -> None:
    response = ask("POST", "/api/v2/Person", json={"entities": [{"id": "first", "name": "F"}, row]})
    error = response.json()["errors"][0]
    assert (response.status_code, error.get("code")) == (status, code)
    assert words in error["message"]
    assert ask("GET", "/api/v2/Person?num=0").json()["total"] == 3, "all or nothing"


def test_numbers(ask: Ask, state: State) -> None:
    state.create_table("N", [Attribute(name="id", type="int"), Attribute(name="big", type="long")])
    rows = [{"id": 1.9, "big": 2**53 + 1}, {"id": "2", "big": str(2**53 + 1)}]
    created = ask("POST", "/api/v2/N", json={"entities": rows}).json()
    assert created["resources"] == [{"href": "/api/v2/N/1"}, {"href": "/api/v2/N/2"}]
    assert [row["big"] for row in ask("GET", "/api/v2/N").json()["items"]] == [2**53, 2**53 + 1]


def test_emx_brings_every_type(ask: Ask) -> None:
    data = (
        "id,a_string,a_text,a_int,a_long,a_decimal,a_bool,a_date,a_datetime,a_xref,a_mref,a_cat,a_cats,a_enum,"
        "a_mail,a_link,a_html,a_script,a_part\n"
        'one,s,t,5,9007199254740993,1.5,TRUE,2020-02-29,2020-02-29T10:00:00+0100,one,"one,two",one,two,x,'
        "a@b.org,https://example.org/,<b>h</b>,s,p\n"
        "two,s,,,,,,,,,,,,,,,,,\n"
    )
    run = imported(ask, attributes=ALL_TYPES, kind=data)
    assert (run["status"], run["message"]) == ("FINISHED", "Imported 2 kind entities.<br />")
    meta = ask("GET", "/api/v2/kind?num=0").json()["meta"]
    kinds = {one["name"]: one["fieldType"] for one in meta["attributes"]}
    assert (kinds["a_cats"], kinds["a_many"], kinds["a_group"]) == ("CATEGORICAL_MREF", "ONE_TO_MANY", "COMPOUND")
    group = next(one for one in meta["attributes"] if one["name"] == "a_group")
    assert [one["name"] for one in group["attributes"]] == ["a_part"]
    row = ask("GET", "/api/v2/kind/one").json()
    assert (row["a_long"], row["a_decimal"], row["a_bool"]) == (9007199254740993, 1.5, True)
    assert (row["a_date"], row["a_datetime"]) == ("2020-02-29", "2020-02-29T09:00:00Z")
    assert [one["id"] for one in row["a_mref"]] == ["one", "two"]
    assert (row["a_part"], [one["id"] for one in row["a_many"]]) == ("p", ["one"])
    created = ask("POST", "/api/v1/kind", json={"a_string": "auto"})
    assert len(created.headers["Location"].rpartition("/")[2]) == 26
    too_big = ask("POST", "/api/v1/kind", json={"a_string": "x", "a_int": 11})
    assert "Value must be between 1 and 10" in too_big.json()["errors"][0]["message"]
    not_listed = ask("POST", "/api/v1/kind", json={"a_string": "x", "a_enum": "z"})
    assert "Value must be one of [x, y]" in not_listed.json()["errors"][0]["message"]


def test_import_actions(ask: Ask, person: None) -> None:
    two = "code,name\ngro,Changed\nrtm,Rotterdam\n"
    assert imported(ask, City=two)["status"] == "FAILED"
    assert ask("GET", "/api/v2/City?num=0").json()["total"] == 2
    assert imported(ask, "add_ignore_existing", City=two)["message"] == "Imported 1 City entities.<br />"
    assert ask("GET", "/api/v2/City/gro").json()["name"] == "Groningen"
    assert imported(ask, "add_update_existing", City=two)["status"] == "FINISHED"
    assert ask("GET", "/api/v2/City/gro").json()["name"] == "Changed"
    assert "does not exist" in imported(ask, "update", City="code,name\nno,No\n")["message"]
    assert imported(ask, Nowhere="a\n1\n")["message"] == "Unknown entity type 'Nowhere'."


def test_v3(ask: Ask, person: None, empty_molgenis: Sandbox) -> None:
    base = empty_molgenis.url("molgenis") + "/api/data"
    page = ask("GET", "/api/data/Person?size=2&sort=-id&q=age=out=(7)").json()
    assert [one["data"]["id"] for one in page["items"]] == ["b"], "null is not out of the list either"
    assert page["page"] == {"size": 2, "totalElements": 1, "totalPages": 1, "number": 0}
    row = ask("GET", "/api/data/Person/a?expand=visited").json()["data"]
    assert row["city"] == {"links": {"self": f"{base}/City/gro"}}
    assert [one["data"]["code"] for one in row["visited"]["items"]] == ["gro", "ams"]
    assert ask("PATCH", "/api/data/Person/a", json={"age": None}).status_code == 204
    assert ask("GET", "/api/v2/Person/a").json()["city"]["code"] == "gro"
    assert ask("PUT", "/api/data/Person/a", json={"name": "Whole"}).status_code == 204
    assert "city" not in ask("GET", "/api/v2/Person/a").json()
    wrong = ask("PATCH", "/api/data/Person/a", json={"age": "7"})
    assert (wrong.status_code, wrong.json()["errorCode"]) == (400, "D16")
    assert ask("DELETE", "/api/data/Person?q=id==a").status_code == 204
    assert ask("GET", "/api/data/Person/a").json()["errorCode"] == "D02a"


def test_metadata_api(ask: Ask, person: None) -> None:
    listed = ask("GET", "/api/metadata?q=id==Person").json()
    assert [one["data"]["id"] for one in listed["items"]] == ["Person"]
    body = {"id": "made", "attributes": [{"name": "key", "idAttribute": True}, {"name": "n", "type": "int"}]}
    assert ask("POST", "/api/metadata", json=body).status_code == 201
    assert ask("POST", "/api/metadata", json=body).status_code == 409
    assert ask("POST", "/api/v2/made", json={"entities": [{"key": "k", "n": 1}]}).status_code == 201
    assert ask("DELETE", "/api/metadata/made").status_code == 202
    assert ask("GET", "/api/v2/made").status_code == 404


def test_who_asks(ask: Ask, person: None, empty_molgenis: Sandbox, http: requests.Session) -> None:
    url = empty_molgenis.url("molgenis") + "/api/v2/City"
    assert http.get(url, timeout=5).status_code == 401
    assert http.get(url, headers={"Authorization": "Bearer x"}, timeout=5).status_code == 401
    basic = http.get(url, auth=("admin", "admin"), timeout=5)
    assert basic.status_code == 200
    assert "JSESSIONID" in http.cookies
    assert http.get(url, timeout=5).status_code == 200, "the cookie carries the identity on"
    dead = http.get(url, headers={"x-molgenis-token": "dead"}, timeout=5)
    assert dead.json()["errors"][0]["message"].startswith(
        "No 'Read metadata' permission on entity type 'Entity type'"
    )


def test_a_public_table(
    ask: Ask, person: None, state: State, empty_molgenis: Sandbox, http: requests.Session
) -> None:
    state.grant("anonymous", "City", "read")
    url = empty_molgenis.url("molgenis")
    page = http.get(f"{url}/api/v2/City", timeout=5).json()
    assert (page["total"], page["meta"]["permissions"][-1]) == (2, "READ_METADATA")
    hidden = http.get(f"{url}/api/v2/Person", timeout=5)
    assert hidden.json()["errors"][0]["message"] == (
        "No 'Read metadata' permission on entity type 'Person' with id 'Person'."
    )


def test_aggregates(ask: Ask, state: State) -> None:
    sex = Attribute(name="sex", type="enum", enum_options=("f", "m"), aggregatable=True)
    state.create_table("P", [Attribute(name="id"), sex, Attribute(name="ok", type="bool", aggregatable=True)])
    rows = [("1", "f", True), ("2", "m", True), ("3", "m", False), ("4", None, True)]
    state.add_rows("P", [{"id": key, "sex": one, "ok": ok} for key, one, ok in rows])
    aggs = ask("GET", "/api/v2/P?aggs=x==sex;y==ok").json()["aggs"]
    assert aggs == {"matrix": [[0, 1], [1, 1], [0, 1]], "xLabels": ["f", "m", None], "yLabels": [0, 1]}


def test_table_that_others_need_stays(ask: Ask, person: None) -> None:
    refused = ask("DELETE", "/api/v1/City/meta")
    message = "Cannot delete entity 'City' because entity 'Person' depends on it."
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (400, message)
    assert ask("DELETE", "/api/v1/Person/meta").status_code == 204
    assert ask("DELETE", "/api/v1/City/meta").status_code == 204
    assert ask("GET", "/api/v1/City/exist").text == "false"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x,T,xref,,,,Nowhere,,,,,", "Unknown refEntity [Nowhere]"),
        ("x,T,mref,,,,,,,,,", "Missing refEntity"),
        ("x,T,one_to_many,,,,T,,id,,,", "Invalid mappedBy [id]"),
        ("x,T,compound,,,,,,,x,,", "Invalid partOfAttribute [x]"),
        ("x,T,strange,,,,,,,,,", "Unsupported data type [strange]"),
        ("id,T,string,,,,,,,,,", "Duplicate attribute name"),
        ("x,T,int,,,,,,,,one,", "Invalid range value [one]"),
    ],
)
def test_emx_that_contradicts_itself(ask: Ask, state: State, line: str, words: str) -> None:
    sheet = ALL_TYPES.splitlines()[0] + f"\nid,T,string,TRUE,,FALSE,,,,,,\n{line}\n"
    run = imported(ask, attributes=sheet)
    assert run["status"] == "FAILED"
    assert words in run["message"]
    assert "T" not in state.types


def test_emx_changes_a_table(ask: Ask, person: None) -> None:
    head = "name,entity,dataType,idAttribute,labelAttribute,nillable\n"
    head += "code,City,string,TRUE,,\nname,City,string,,TRUE,\n"
    required = imported(ask, attributes=head + "size,City,int,,,FALSE\n")
    assert required["message"] == "The attribute 'size' of entity 'City' contains null values."
    assert imported(ask, attributes=head + "size,City,int,,,TRUE\n")["status"] == "FINISHED"
    assert ask("PUT", "/api/v1/City/gro/size", json=5).status_code == 200
    assert [row.get("size") for row in ask("GET", "/api/v2/City?sort=code").json()["items"]] == [None, 5]
    other = imported(ask, attributes=head + "size,City,string,,,TRUE\n")
    assert "type update from [INT] to [STRING]" in other["message"]


def test_threads(ask: Ask, state: State) -> None:
    state.create_table("T", [Attribute(name="id")])
    batches = [[{"id": f"{batch}-{number}"} for number in range(50)] for batch in range(20)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda rows: ask("POST", "/api/v2/T", json={"entities": rows}), batches))
        same = list(pool.map(lambda _: ask("POST", "/api/v1/T", json={"id": "once"}), range(8)))
    assert {one.status_code for one in answers} == {201}
    assert sorted(one.status_code for one in same) == [201] + [400] * 7
    assert len(state.rows("T")) == 1001


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_jsonp_as_old_servers_had_it(state: State, ask: Ask, api: str) -> None:
    state.create_table("t", (Attribute(name="id", is_id=True),))
    state.add_rows("t", [{"id": "a"}])
    plain = ask("GET", f"/api/{api}/t/a").text
    padded = ask("GET", f"/api/{api}/t/a?callback=page.show")
    assert padded.headers["Content-Type"] == "application/javascript;charset=UTF-8"
    assert padded.text == f"page.show({plain});"
    for other in ("alert(1)//", "", "a b"):
        assert ask("GET", f"/api/{api}/t/a", params={"callback": other}).text == plain
    written = ask("POST", "/api/v2/t?callback=f", json={"entities": [{"id": "b"}]})
    assert written.json()["resources"] == [{"href": "/api/v2/t/b"}], "what writes is answered as ever"
    assert ask("DELETE", f"/api/{api}/t/a?callback=f").text == ""
    assert ask("GET", f"/api/{api}/t/a?callback=f").text.startswith('f({"errors":[')
